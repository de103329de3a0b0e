"""The columns of a table, whole: numbers as float64, everything else as text, in the order of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources import duck
from mottomo.sources.rows import no_such_column
from mottomo.sources.table import TableFile, condition_error, conditioned, opened_table, querying, raw_name

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_TEXTS = ("VARCHAR", "ENUM", "BOOLEAN", "JSON", "UUID")


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of one length: float64 with NaN where a number is missing, or objects of text with None.

    `where` is the source, for messages.
    """

    values: dict[str, np.ndarray]
    where: Message

    @property
    def n(self) -> int:
        return len(next(iter(self.values.values()), ()))

    def is_text(self, name: str) -> bool:
        return self.values[name].dtype == object

    def missing(self, name: str) -> np.ndarray:
        """Which cells of a column are missing, (n,) bool."""
        values = self.values[name]
        return values == None if values.dtype == object else np.isnan(values)  # noqa: E711 - elementwise

    def rows(self, kept: np.ndarray) -> Columns:
        """Some of the rows, by number or by a mask."""
        return Columns({name: values[kept] for name, values in self.values.items()}, self.where)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns of a table, and how they are read.

    names : those wanted, in order; all for None. text : those that are text whatever they look like. missing_values :
    texts that stand for a missing cell, beside the empty one. where : an SQL condition on the rows.
    """

    names: tuple[str, ...] | None = None
    text: frozenset[str] = frozenset()
    missing_values: tuple[str, ...] = ()
    where: str | None = None


def read_columns(file: TableFile, choice: Choice, progress: Callable[[float], None] | None = None) -> Columns:
    """Read columns of a file. A column of a text format is numbers if every cell that is not missing is one.

    Raises InvalidInput where some cells of a column are numbers and some are not, for dates, and for unknown names.
    """
    with opened_table(file) as (readable, relation, columns, fixed_types):
        names = columns if choice.names is None else list(dict.fromkeys(choice.names))
        _check_names([*names, *choice.text], columns, file.where)
        with querying(readable, choice.where, in_order=True) as connection:
            types = fixed_types or duck.column_types(connection, relation)
            plain, named = list(types), dict(zip(columns, types.values(), strict=True))
            source = relation
            if choice.where is not None:
                source = conditioned(relation, zip(plain, columns, strict=True), named, choice.where)
            cells = {name: _cell(columns, plain, name, named[name], choice) for name in names}
            sql = f"SELECT {', '.join(cells.values())} FROM {source}"
            if choice.where is not None and not duck.is_one_statement(sql):
                raise condition_error(choice.where, say("one condition, and no statement after it"))
            numeric = _numeric(connection, cells, named, source, choice, file)
            values = _fetched(connection, cells, numeric, source, progress)
    if not len(next(iter(values.values()))) and choice.where is None:
        raise SourceError("no-rows", say("the table has a header and no rows"), file.where, say("at least one row"))
    return Columns(values, file.where)


def _check_names(names: Sequence[str], columns: list[str], where: Message) -> None:
    for name in names:
        if name not in columns:
            raise no_such_column(name, columns, where)
        if columns.count(name) > 1:
            raise InvalidInput(
                "duplicate-column",
                say("two columns have the same name"),
                where,
                say("one column of that name"),
                verbatim(name),
                say("rename one of them in the header"),
            )


def _cell(columns: list[str], plain: list[str], name: str, kind: str, choice: Choice) -> str:
    """A cell in SQL: NULL where it is missing, text out of JSON."""
    index = columns.index(name)
    cell = raw_name(index) if choice.where is not None else duck.identifier(plain[index])
    if kind == "JSON":
        cell = f"({cell} ->> '$')"
    if kind in ("JSON", "VARCHAR"):
        nulls = ", ".join(duck.literal(text) for text in ("", *choice.missing_values))
        cell = f"CASE WHEN trim({cell}) IN ({nulls}) THEN NULL ELSE {cell} END"
    return cell


def _numeric(
    connection: Any, cells: dict[str, str], types: dict[str, str], source: str, choice: Choice, file: TableFile
) -> dict[str, bool]:
    """Which columns are numbers: by their type, or where all is text because every cell is one."""
    numeric, unsure = {}, []
    for name in cells:
        kind = types[name].split("(")[0].removeprefix("U")
        if name in choice.text or kind in ("ENUM", "BOOLEAN", "UUID", "UID"):
            numeric[name] = False
        elif kind in _NUMBERS:
            numeric[name] = True
        elif kind in ("VARCHAR", "JSON"):
            unsure.append(name)
        else:
            raise InvalidInput(
                "column-type",
                say("a column is neither numbers nor text"),
                say("{where}, column {column}", where=file.where, column=name),
                say("numbers, text, or true/false"),
                verbatim(types[name]),
                say("convert it first, or name the other columns with --features"),
            )
    if unsure:
        counts = [f"count({cells[name]}), count(TRY_CAST({cells[name]} AS DOUBLE))" for name in unsure]
        found = duck.fetch_all(connection, f"SELECT {', '.join(counts)} FROM {source}")[0]
        for index, name in enumerate(unsure):
            filled, numbers = found[2 * index], found[2 * index + 1]
            if 0 < numbers < filled:
                raise _mixed(connection, cells[name], name, source, numbers, filled, file)
            numeric[name] = numbers > 0
    return numeric


def _mixed(
    connection: Any, cell: str, name: str, source: str, numbers: int, filled: int, file: TableFile
) -> InvalidInput:
    odd = f"SELECT {cell} AS v FROM {source}"
    others = duck.fetch_all(
        connection, f"SELECT v, count(*) FROM ({odd}) WHERE v IS NOT NULL AND TRY_CAST(v AS DOUBLE) IS NULL "
        "GROUP BY v ORDER BY count(*) DESC, v LIMIT 5",
    )  # fmt: skip
    shown = ", ".join(f"{value!r} ({count})" for value, count in others)
    return InvalidInput(
        "mixed-column",
        say("some cells of a column are numbers and some are not"),
        say("{where}, column {column}", where=file.where, column=name),
        say("numbers in every cell, or text in every cell"),
        say(
            "{numbers} of {filled} cells are numbers; the others: {shown}", numbers=numbers, filled=filled, shown=shown
        ),
        say(
            "if {value} stands for a missing value, say --missing-values {value}; if the column is text, --text {name}",
            value=others[0][0],
            name=name,
        ),
    )


def _fetched(
    connection: Any,
    cells: dict[str, str],
    numeric: dict[str, bool],
    source: str,
    progress: Callable[[float], None] | None,
) -> dict[str, np.ndarray]:
    pieces = [
        f"CAST({cell} AS {'DOUBLE' if numeric[name] else 'VARCHAR'}) AS v{index}"
        for index, (name, cell) in enumerate(cells.items())
    ]
    arrays = duck.fetch_arrays(connection, f"SELECT {', '.join(pieces)} FROM {source}", progress)
    values = {}
    for name, array in zip(cells, arrays, strict=True):
        if numeric[name]:
            filled = array.filled(np.nan) if isinstance(array, np.ma.MaskedArray) else array
            values[name] = np.asarray(filled, dtype=np.float64)
        else:
            texts = np.asarray(array.data if isinstance(array, np.ma.MaskedArray) else array, dtype=object).copy()
            texts[np.ma.getmaskarray(array)] = None
            values[name] = texts
    return values
