"""The columns of a table, read in ranges of rows in their order: numbers as float64, everything else as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.sources import duck
from mottomo.sources.conditions import ROW_NUMBER, check_condition, conditioned, raw_name
from mottomo.sources.frame import column_type_error
from mottomo.sources.reading import TableFile
from mottomo.sources.rows import duplicate_column, no_such_column
from mottomo.sources.table import CATEGORY_TYPES, opened_table, querying

_MEMORY = "512MiB"  # for the reader's store, which continues on disk
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_SHOWN_COLUMNS = 10
_EXPRESSIONS = 50  # in one query


@dataclass(frozen=True, slots=True)
class Columns:
    """Some rows of the columns of a table.

    Attributes
    ----------
    values : (n,) by name: float64 with NaN for a missing number, or objects that are text or None.
    numbers : (n,) the numbers of the rows in the file, from 1.
    where : what messages call the source.
    """

    values: dict[str, np.ndarray]
    numbers: np.ndarray
    where: Message

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def chosen(self, rows: np.ndarray) -> Columns:
        """The rows at these places."""
        return Columns({name: cells[rows] for name, cells in self.values.items()}, self.numbers[rows], self.where)

    def place(self, index: int, name: str) -> Message:
        """What messages call the place of a cell."""
        number = int(self.numbers[index])
        return say("{where}, row {row}, column {column}", where=self.where, row=number, column=name)

    def row_place(self, index: int) -> Message:
        """What messages call the place of a row."""
        return say("{where}, row {row}", where=self.where, row=int(self.numbers[index]))


@dataclass(frozen=True, slots=True)
class Gaps:
    """The missing cells of a table.

    Attributes
    ----------
    n_rows : how many rows have a missing cell.
    n_cells : how many missing cells each column has, for columns that have any.
    first : the number of the first row in which the cell is missing, for the same columns.
    """

    n_rows: int
    n_cells: dict[str, int]
    first: dict[str, int]

    def refused(self, where: Message, mend: Message) -> InvalidInput:
        """The error of a table whose rows have to be complete."""
        name = next(iter(self.n_cells))
        return InvalidInput(
            "missing-values",
            say("values are missing"),
            say("{where}, row {row}, column {column}", where=where, row=self.first[name], column=name),
            say("a value in every cell of the columns that are used"),
            self._said(),
            mend,
        )

    def _said(self) -> Message:
        return say_count(
            "{count} row with missing values (columns {names})",
            "{count} rows with missing values (columns {names})",
            self.n_rows,
            names=[f"{name}: {count}" for name, count in list(self.n_cells.items())[:_SHOWN_COLUMNS]],
        )


@dataclass(frozen=True, slots=True)
class ColumnSelection:
    """Which columns of a table are read, and how.

    Attributes
    ----------
    names : the columns wanted, in order; None for all.
    text : columns that are text even if all their cells are numbers.
    missing_values : texts that stand for a missing cell, besides the empty text.
    where : an SQL condition on the rows, or None.
    needed : columns that the table has to have, also if all are wanted.
    wanted : which columns are read, decided by those of the table, in place of `names`; None for `names`.
    as_written : columns of any type that are only repeated: as text, whatever they hold.
    """

    names: tuple[str, ...] | None = None
    text: frozenset[str] = frozenset()
    missing_values: tuple[str, ...] = ()
    where: str | None = None
    needed: tuple[str, ...] = ()
    as_written: frozenset[str] = frozenset()
    wanted: Callable[[Sequence[str]], tuple[str, ...]] | None = None

    def chosen(self, columns: Sequence[str]) -> list[str]:
        """The columns wanted of a table with these columns, in order."""
        names = self.names if self.wanted is None else self.wanted(columns)
        return list(columns) if names is None else list(dict.fromkeys(names))


class KeptColumns:
    """Columns that were read into the reader's store, which continues on disk if it does not fit in memory.

    Rows are in the order of the file. The store is deleted when ``open_columns`` is left.

    Attributes
    ----------
    n : how many rows there are.
    where : what messages call the source.
    """

    def __init__(self, connection: Any, numeric: dict[str, bool], where: Message) -> None:
        self._connection, self._numeric, self.where = connection, numeric, where
        self._table = "kept"
        self.n = self._count()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the order in which they were chosen."""
        return tuple(self._numeric)

    def is_text(self, name: str) -> bool:
        """Whether a column is text; else it is numbers."""
        return not self._numeric[name]

    def gaps(self, names: Sequence[str] | None = None) -> Gaps | None:
        """The cells that are missing, which are NULL or not-a-number, in some columns; None if there are none."""
        tests = {name: self._is_missing(name) for name in (self.names if names is None else names)}
        all_counts = zip(tests, self._ask([f"count(*) FILTER ({test})" for test in tests.values()]), strict=True)
        counts = {name: count for name, count in all_counts if count}
        if not counts:
            return None
        firsts = self._ask([f"min(number) FILTER ({tests[name]})" for name in counts])
        n_rows = self._ask([f"count(*) FILTER ({' OR '.join(tests[name] for name in counts)})"])[0]
        return Gaps(n_rows, counts, dict(zip(counts, firsts, strict=True)))

    def drop_gaps(self, names: Sequence[str] | None = None) -> None:
        """Keep only rows that are complete in some columns."""
        chosen = self.names if names is None else names
        whole = " AND ".join(f"NOT ({self._is_missing(name)})" for name in chosen)
        self._replace(f"SELECT * FROM {self._table} WHERE {whole}")

    def _replace(self, chosen: str) -> None:
        """Replace the kept rows by those that a query selects."""
        table = f"{self._table}_"
        self._run(f"CREATE TEMP TABLE {table} AS {chosen}")
        self._run(f"DROP TABLE {self._table}")
        self._table = table
        self.n = self._count()

    def drop(self, rows: Sequence[int]) -> None:
        """Leave out the rows at these places, counted from 0."""
        self._connection.register("dropped", {"place": np.asarray(rows, dtype=np.int64)})
        chosen = "rowid NOT IN (SELECT place FROM dropped) ORDER BY rowid"
        self._replace(f"SELECT * FROM {self._table} WHERE {chosen}")

    def refuse_infinite(self, names: Sequence[str]) -> None:
        """Raise InvalidInput if a number in these columns is infinite, naming the first such row."""
        numbers = [name for name in names if self._numeric[name]]
        if not numbers:
            return
        tests = [f"isinf({self._cell(name)})" for name in numbers]
        counts = self._ask([f"count(*) FILTER ({test})" for test in tests])
        for name, test, count in zip(numbers, tests, counts, strict=True):
            if count:
                row = self._ask([f"min(number) FILTER ({test})"])[0]
                raise InvalidInput(
                    "not-finite",
                    say("a number is infinite"),
                    say("{where}, row {row}, column {column}", where=self.where, row=row, column=name),
                    say("a finite number"),
                    say_count("{count} such row", "{count} such rows", count),
                    say("leave such rows out with --where, or mend them before"),
                )

    def levels(self, name: str, weights: str | None = None) -> list[str]:
        """The distinct texts of a column, in no order.

        weights : a column; only rows with a weight above 0 are considered.
        """
        cell = self._cell(name)
        counted = f" AND {self._cell(weights)} > 0" if weights is not None and self._numeric[weights] else ""
        sql = f"SELECT DISTINCT {cell} FROM {self._table} WHERE {cell} IS NOT NULL{counted}"
        found = duck.fetch_all(self._connection, sql)
        return [row[0] for row in found]

    def rows(self, start: int, stop: int) -> Columns:
        """The rows from `start` to before `stop`, counted from 0."""
        cells = ", ".join(["number", *(self._cell(name) for name in self.names)])
        chosen = f"WHERE rowid >= {start} AND rowid < {stop} ORDER BY rowid"
        numbers, *arrays = duck.fetch_arrays(self._connection, f"SELECT {cells} FROM {self._table} {chosen}")
        values = {name: self._array(name, array) for name, array in zip(self.names, arrays, strict=True)}
        return Columns(values, np.asarray(numbers), self.where)

    def batches(self, size: int) -> Iterator[Columns]:
        """All rows, at most `size` at a time."""
        for start in range(0, self.n, size):
            yield self.rows(start, min(start + size, self.n))

    def _array(self, name: str, array: Any) -> np.ndarray:
        if self._numeric[name]:
            filled = array.filled(np.nan) if isinstance(array, np.ma.MaskedArray) else array
            return np.asarray(filled, dtype=np.float64)
        texts = np.asarray(array.data if isinstance(array, np.ma.MaskedArray) else array, dtype=object).copy()
        texts[np.ma.getmaskarray(array)] = None
        return texts

    def _cell(self, name: str) -> str:
        return f"v{self.names.index(name)}"

    def _is_missing(self, name: str) -> str:
        cell = self._cell(name)
        return f"{cell} IS NULL OR isnan({cell})" if self._numeric[name] else f"{cell} IS NULL"

    def _count(self) -> int:
        return int(self._ask(["count(*)"])[0])

    def _ask(self, expressions: list[str]) -> tuple[Any, ...]:
        """The value of each expression over all rows; a few in a query, whose time grows with the square of them."""
        found: list[Any] = []
        for first in range(0, len(expressions), _EXPRESSIONS):
            some = ", ".join(expressions[first : first + _EXPRESSIONS])
            found += duck.fetch_all(self._connection, f"SELECT {some} FROM {self._table}")[0]
        return tuple(found)

    def _run(self, sql: str) -> None:
        duck.fetch_all(self._connection, sql)


@contextmanager
def open_columns(
    file: TableFile, choice: ColumnSelection, progress: Callable[[float], None] | None = None
) -> Iterator[KeptColumns]:
    """Read columns of a file. In a text format, a column is numbers if every cell that is not missing is a number.

    Raises InvalidInput if only some cells of a column are numbers, if a column holds dates, or if a name is unknown.
    """
    with (
        opened_table(file) as table,
        querying(table.file, choice.where, table.columns, in_order=True, memory=_MEMORY) as connection,
        keep_columns(
            connection, table.relation, table.columns, table.columns, choice, file.where, table.types, progress
        ) as kept,
    ):
        table.confirm()
        yield kept


@contextmanager
def keep_columns(
    connection: Any,
    relation: str,
    columns: Sequence[str],
    known: Sequence[str],
    choice: ColumnSelection,
    where: Message,
    types: dict[str, str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[KeptColumns]:
    """Read the chosen columns of a relation into the store of a connection.

    columns : the names of the relation's columns in the table.
    known : the names of all columns of the table.
    where : what messages call the source.
    types : DuckDB's types of the relation's columns; looked up unless given.
    """
    names = list(columns) if choice.names is None and choice.wanted is None else choice.chosen(known)
    check_names([*names, *choice.text, *choice.needed], known, where)
    types = types or duck.column_types(connection, relation)
    plain, named = list(types), dict(zip(columns, types.values(), strict=True))
    source = relation
    if choice.where is not None:
        source = conditioned(relation, zip(plain, columns, strict=True), named, choice.where, numbered=True)
    raw = {name: _raw(columns, plain, name, choice) for name in names}
    cells = {name: _cell(raw[name], named[name], choice) for name in names}
    if choice.where is not None:
        check_condition(connection, source, choice.where)
    for name in choice.text.intersection(names):
        _refuse_fractions(connection, raw[name], name, named[name], source, where)
    found = _numeric(connection, cells, named, source, choice, where)
    numeric = {name: found[name] for name in cells}
    _keep(connection, cells, numeric, source, choice.where is not None, progress)
    kept = KeptColumns(connection, numeric, where)
    if not kept.n and choice.where is None:
        raise SourceError("no-rows", say("the table has a header and no rows"), where, say("at least one row"))
    yield kept


def _keep(
    connection: Any,
    cells: dict[str, str],
    numeric: dict[str, bool],
    source: str,
    is_numbered: bool,
    progress: Callable[[float], None] | None,
) -> None:
    pieces = [f"{ROW_NUMBER if is_numbered else 'row_number() OVER ()'} AS number"]
    for index, (name, cell) in enumerate(cells.items()):
        pieces.append(f"CAST({cell} AS {'DOUBLE' if numeric[name] else 'VARCHAR'}) AS v{index}")
    duck.fetch_all(connection, f"CREATE TEMP TABLE kept AS SELECT {', '.join(pieces)} FROM {source}", progress)


def check_names(names: Sequence[str], columns: Sequence[str], where: Message) -> None:
    """Raise InvalidInput if the table has no column of one of these names, or two."""
    for name in names:
        if name not in columns:
            raise no_such_column(name, columns, where)
        if columns.count(name) > 1:
            raise duplicate_column(name, where)


def _raw(columns: Sequence[str], plain: list[str], name: str, choice: ColumnSelection) -> str:
    index = columns.index(name)
    return raw_name(index) if choice.where is not None else duck.identifier(plain[index])


def _cell(raw: str, kind: str, choice: ColumnSelection) -> str:
    """A cell in SQL: NULL if it is missing; JSON becomes text."""
    cell = f"({raw} ->> '$')" if kind == "JSON" else raw
    if kind in ("JSON", "VARCHAR"):
        nulls = ", ".join(duck.literal(text) for text in ("", *filter(duck.is_text, choice.missing_values)))
        cell = f"CASE WHEN trim({cell}) IN ({nulls}) THEN NULL ELSE {cell} END"
    return cell


def _numeric(
    connection: Any, cells: dict[str, str], types: dict[str, str], source: str, choice: ColumnSelection, where: Message
) -> dict[str, bool]:
    """Whether each column is numbers: by its type or, if that is text, if every cell that is not missing is a number.

    Raises InvalidInput for other types, and if only some cells are numbers.
    """
    numeric, unsure = {}, []
    for name in cells:
        kind = types[name].split("(")[0].removeprefix("U")
        if name in choice.text or name in choice.as_written or kind in ("ENUM", "BOOLEAN", "UUID", "UID", '"NULL"'):
            numeric[name] = False
        elif kind in _NUMBERS:
            numeric[name] = True
        elif kind in ("VARCHAR", "JSON"):
            unsure.append(name)
        else:
            raise InvalidInput(
                "column-type",
                say("a column is neither numbers nor text"),
                say("{where}, column {column}", where=where, column=name),
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
                raise _mixed(connection, cells[name], name, source, numbers, filled, where)
            numeric[name] = numbers > 0
    return numeric


def _refuse_fractions(connection: Any, raw: str, name: str, kind: str, source: str, where: Message) -> None:
    """Raise InvalidInput if a column that is to be text holds fractions or dates: 1.0 would be another text than 1."""
    if kind == "JSON":
        fractions = f"SELECT count(*) FROM {source} WHERE json_type({raw}) = 'DOUBLE'"
        if duck.fetch_all(connection, fractions)[0][0]:
            raise column_type_error(name, "DOUBLE", where)
    elif not CATEGORY_TYPES.fullmatch(kind) and kind not in ("UUID", '"NULL"'):
        raise column_type_error(name, kind, where)


def _mixed(
    connection: Any, cell: str, name: str, source: str, numbers: int, filled: int, where: Message
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
        say("{where}, column {column}", where=where, column=name),
        say("numbers in every cell, or text in every cell"),
        say(
            "{numbers} of {filled} cells are numbers; the others: {shown}", numbers=numbers, filled=filled, shown=shown
        ),
        _mend_of_mixed(others[0][0], name),
    )


def _mend_of_mixed(value: str, name: str) -> Message:
    if "," in value:  # a comma separates the texts of --missing-values, so this value cannot be one
        return say("write numbers plainly, as 1234.5; if the column is text, train with --text {name}", name=name)
    return say(
        "if {value} stands for a missing value, say --missing-values {value}; if the column is text, train with --text "
        "{name}",
        value=value,
        name=name,
    )
