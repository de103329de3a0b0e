"""Counted rows become a Tally: categories by name, groups, exact counts."""

from __future__ import annotations

from typing import Any

from mottomo._arrays import exact_counts
from mottomo.categories import Categories, category_name, unknown_category
from mottomo.errors import InvalidInput
from mottomo.messages import say, say_count
from mottomo.sources.rows import CountedRows
from mottomo.tallies import Tally, group_order


def tally_of_rows(
    rows: CountedRows, declared: Categories | None, by: tuple[str, ...] = (), missing: str = "error"
) -> Tally:
    """The fold: counted rows become categories by name, and a Tally of one or many groups."""
    if rows.n_missing and missing != "drop":
        raise InvalidInput(
            "missing-outcomes",
            say("outcomes are missing"),
            rows.where,
            say("an outcome in every row"),
            say_count("{count} missing outcome", "{count} missing outcomes", rows.n_missing),
            say("leave them out with --missing drop (in Python: missing='drop')"),
        )
    names = _named_once(rows)
    categories = declared or Categories.discovered(names)
    position = {name: index for index, name in enumerate(categories.names)}
    unknown = next((name for name in names if name not in position), None)
    if unknown is not None:
        raise unknown_category(unknown, categories, rows.locate(unknown) or rows.where)
    columns = [position[name] for name in names]
    if not by:
        return Tally(categories, _summed(columns, rows.counts, len(categories)), n_missing_dropped=rows.n_missing)
    keys = [tuple(category_name(part) for part in key) for key in rows.groups or []]
    groups = tuple(sorted(set(keys), key=group_order))
    row_of = {key: row for row, key in enumerate(groups)}
    cells = [row_of[key] * len(categories) + column for key, column in zip(keys, columns, strict=True)]
    counts = _summed(cells, rows.counts, len(groups) * len(categories)).reshape(len(groups), len(categories))
    return Tally(categories, exact_counts(counts), by, groups, rows.n_missing)


def _named_once(rows: CountedRows) -> list[str]:
    """The category names of the rows; the place of a value that is none stands in the error."""
    kinds = {bool if isinstance(value, bool) else type(value) for value in rows.values}
    if len(kinds) > 1:
        raise InvalidInput(
            "mixed-types",
            say("the outcomes are of different types"),
            rows.where,
            say("one type: text, whole numbers, or true/false"),
            say("types {names}", names=sorted(kind.__name__ for kind in kinds)),
            say("convert them to one type first"),
        )
    try:
        return [category_name(value) for value in rows.values]
    except InvalidInput as error:
        if error.where is None and rows.where is not None:
            raise InvalidInput(error.code, error.what, rows.where, error.expected, error.got, error.mend) from None
        raise


def _summed(cells: list[int], counts: list[int], size: int) -> Any:
    """Exact counts by cell: in int64 where the total fits, else in Python integers."""
    import numpy as np

    if sum(counts) <= 2**62:
        sums = np.zeros(size, dtype=np.int64)
        np.add.at(sums, np.asarray(cells, dtype=np.int64), np.asarray(counts, dtype=np.int64))
    else:
        exact = [0] * size
        for cell, count in zip(cells, counts, strict=True):
            exact[cell] += count
        sums = np.array(exact, dtype=object)
    return exact_counts(sums)
