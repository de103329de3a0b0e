"""Whatever the outcomes are in, one call folds them into a Tally."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mottomo._arrays import exact_counts
from mottomo.categories import Categories, category_name, unknown_category
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count, verbatim, written
from mottomo.probabilities import Probabilities
from mottomo.sources.files import is_compressed
from mottomo.sources.rows import CountedRows, Selection, column_text
from mottomo.tallies import Tally, group_order
from mottomo.workflows.file_kinds import check_file, check_settings, checked_kind


def tally(
    outcomes: Any,
    *,
    column: Any = None,
    count_column: Any = None,
    categories: Any = None,
    by: Any = None,
    where: str | None = None,
    missing: str = "error",
    encoding: str | None = None,
    delimiter: str | None = None,
    names: Iterable[str] | None = None,
) -> Tally:
    r"""Count how often each category was seen, whatever the outcomes are in.

    t_k = number of outcomes equal to category k: all that the likelihood needs to know of independent outcomes.

    Parameters
    ----------
    outcomes : an iterable of outcomes, a numpy array, a Series; a data frame or relation (pandas, polars, pyarrow,
        DuckDB, whatever narwhals knows), an Arrow stream; a ``pathlib.Path`` to a .csv, .tsv, .jsonl, .parquet or
        .txt file; an open binary file of lines. A bare string is refused: a path, or one outcome a letter?
    column : the column with the outcomes; not needed where there is only one. In a data frame a name may be what that
        has: a number, or a tuple of pandas' levels.
    count_column : a column that says how often, for tables of value and count.
    categories : the declared categories (a list, ``range(1, 7)``, ``"1..6"``). Without it they are discovered in the
        data, and the tally knows that.
    by : name or names of columns, for one tally a group; for outcomes without columns, the group of each.
    where : of files: an SQL condition; only the rows for which it is true are counted.
    missing : ``"error"`` refuses missing outcomes and counts them; ``"drop"`` leaves them out and notes how many.
    encoding, delimiter, names : of text files: the encoding if not UTF-8, the separator if neither comma nor tab, the
        columns of a table without a header.

    Raises
    ------
    InvalidInput : floats, dates or mixed types as categories; an outcome that was not declared; missing outcomes.
    SourceError : a file that cannot be read as what it is.

    >>> tally(["a", "b", "a"]).to_dict()
    {'n_observations': 3, 'categories': ['a', 'b'], 'declared': False, 'counts': [2, 1]}
    """
    declared = None if categories is None else Categories.of(categories)
    if isinstance(outcomes, os.PathLike):
        selection = _selection_of_file(column, count_column, by, where)
        columns = None if names is None else tuple(names)
        rows = count_path(Path(outcomes), selection, encoding=encoding, names=columns, delimiter=delimiter)
        return tally_of_rows(rows, declared, selection.by, missing)
    check_settings(
        "outcomes", say("outcomes"), {"where": where, "encoding": encoding, "delimiter": delimiter, "names": names}
    )
    rows, groups = _counted_rows(outcomes, column, count_column, by)
    return tally_of_rows(rows, declared, groups, missing)


def _counted_rows(outcomes: Any, column: Any, count_column: Any, by: Any) -> tuple[CountedRows, tuple[str, ...]]:
    """The distinct outcomes of any source, counted, and the names of the groups: which reader serves which type."""
    if isinstance(outcomes, str | bytes | Mapping | Tally):
        raise _not_outcomes(outcomes)
    if hasattr(outcomes, "read"):
        from mottomo.sources.stream import count_lines

        Selection(column, count_column, _column_names(by)).refuse(
            say("a stream of lines has no columns"), say("stream")
        )
        return count_lines(*_binary(outcomes)), ()
    if not isinstance(outcomes, list | tuple | range) and not _is_array(outcomes):
        from mottomo.sources import frame

        table = frame.Frame.of(outcomes)
        if table is not None and (not table.is_series or by is None):
            selection = Selection(column, count_column, _column_names(by))
            return frame.count_frame(table, selection), tuple(map(column_text, selection.by))
        if table is None and (hasattr(outcomes, "__arrow_c_stream__") or _is_arrow(outcomes)):
            from mottomo.sources.table import count_arrow

            selection = Selection(column, count_column, _column_names(by))
            return count_arrow(outcomes, selection), tuple(map(column_text, selection.by))
    if not isinstance(outcomes, Iterable):
        raise _not_outcomes(outcomes)
    from mottomo.sources.memory import count_values

    Selection(column, count_column).refuse(say("outcomes in a row have no columns"), say("outcomes"))
    if isinstance(by, str) or not isinstance(by, Iterable | None):
        raise _no_columns_to_group(by)
    return count_values(outcomes, by), () if by is None else ("group",)


def _binary(stream: Any) -> tuple[Any, Message, str | None]:
    """The bytes below an open file, with the encoding that a text file was opened with."""
    if not isinstance(stream, io.TextIOBase):
        return stream, say("stream"), None
    if not hasattr(stream, "buffer"):
        return io.BytesIO(stream.read().encode("utf-8", "surrogatepass")), say("stream"), None
    return stream.buffer, say("stream"), stream.encoding


def _column_names(by: Any) -> tuple[Any, ...]:
    """The names of grouping columns, from one name or several."""
    is_one = isinstance(by, str) or not isinstance(by, Iterable) or getattr(by, "shape", None) == ()
    return () if by is None else (by,) if is_one else tuple(by)


def _selection_of_file(column: Any, count_column: Any, by: Any, where: str | None) -> Selection:
    """A selection of the columns of a file, which are called by texts."""
    selection = Selection(column, count_column, _column_names(by), where)
    options = [("column", column), ("count_column", count_column), *(("by", name) for name in selection.by)]
    for option, name in options:
        if name is not None and not isinstance(name, str):
            raise InvalidInput(
                "column-name",
                say("a column of a file is not named by a text"),
                verbatim(option),
                say("the name of a column"),
                verbatim(written(name, repr)),
            )
    return selection


def _no_columns_to_group(name: Any) -> InvalidInput:
    return InvalidInput(
        "no-columns",
        say("outcomes in a row have no columns"),
        say("by"),
        say("the group of each outcome"),
        verbatim(written(name, repr)),
        say("give a sequence as long as the outcomes, or a data frame"),
    )


def _is_arrow(outcomes: Any) -> bool:
    return type(outcomes).__module__.startswith("pyarrow")


def _is_array(outcomes: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(outcomes, numpy.ndarray)


def _not_outcomes(outcomes: Any) -> InvalidInput:
    if isinstance(outcomes, str | bytes):
        text = written(outcomes, repr)
        mend = say("for a file give pathlib.Path({text}); for single letters give list({text})", text=text)
    elif isinstance(outcomes, Mapping):
        mend = say("counts by category go to Tally.from_counts(...)")
    else:
        mend = say("give a list, an array, a Series, a data frame or a pathlib.Path")
    return InvalidInput(
        "not-outcomes",
        say("this cannot be read as outcomes"),
        say("outcomes"),
        say("an iterable of outcomes, a table, or a pathlib.Path"),
        say("{value} of type {type}", value=written(outcomes, repr)[:60], type=type(outcomes).__name__),
        mend,
    )


def count_path(
    path: Path,
    selection: Selection,
    *,
    kind: str | None = None,
    encoding: str | None = None,
    names: tuple[str, ...] | None = None,
    delimiter: str | None = None,
    label: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> CountedRows:
    """Count a file, by the kind its name tells or that is given."""
    kind = checked_kind(path, kind, label, encoding=encoding, names=names, delimiter=delimiter)
    where = verbatim(label or str(path))
    if kind == "lines":
        from mottomo.sources.files import opened
        from mottomo.sources.stream import count_lines

        selection.refuse(say("a file of lines has no columns"), where)
        with opened(path) as stream:
            return count_lines(
                stream,
                where,
                encoding,
                path if encoding is None and path.is_file() and not is_compressed(path) else None,
            )
    from mottomo.sources.table import count_table
    from mottomo.sources.table_file import TableFile

    return count_table(TableFile(path, kind, encoding, names, delimiter, label), selection, progress)


def tally_of_rows(
    rows: CountedRows, declared: Categories | None, by: tuple[str, ...] = (), missing: str = "error"
) -> Tally:
    """The fold: counted rows become categories by name, and a Tally of one or many groups."""
    if missing not in ("error", "drop"):
        raise InvalidInput(
            "missing-policy",
            say("there is no such way to treat missing outcomes"),
            verbatim("missing"),
            say("error or drop"),
            verbatim(written(missing, repr)),
            nearest(str(missing), ("error", "drop")),
        )
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


def probabilities_of(spec: str, categories: Any = None, *, normalise: bool = False) -> Probabilities:
    """Probabilities as the command line takes them: text, or the name of a .csv or .tsv file of category and value."""
    return Probabilities.of(odds_of(spec), categories, normalise=normalise)


def odds_of(spec: str) -> Any:
    """What ``Probabilities.of`` reads: the text itself, or what the file of that name says."""
    path = Path(spec)
    if path.suffix.lower() not in (".csv", ".tsv") or set(spec) & set("=,:"):
        return spec
    from mottomo.sources.probability_file import read_probabilities

    check_file(path)
    return read_probabilities(path)
