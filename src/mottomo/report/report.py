"""What a report is made of: sentences without a language, and tables at full precision, without a format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from mottomo.messages import Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["label", "count", "probability", "share", "p_value", "lower", "upper", "number", "flag", "formula"]
NOT_NUMERIC = ("label", "flag")
ALL_DIGITS = 17
ALL = sys.maxsize  # as the end of rows of which nobody knows the number


@dataclass(frozen=True, slots=True)
class Named:
    """A label that people read in their language and programs as a stable name."""

    name: str
    words: Message


@dataclass(frozen=True, slots=True)
class P:
    """A p-value in a table, with its log10 for those too small for floats; `is_bound`: known to be at most that."""

    value: float
    log10: float
    is_bound: bool = False


Cell = str | bool | int | float | Fraction | tuple[str, ...] | Named | P | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    key : its name in CSV and in data frames, the same in every language.
    title : what people read above it.
    kind : what its cells are; the formats decide by it how they are rounded and aligned. A ``lower`` and the ``upper``
        after it are shown as one interval.
    digits : significant digits for people, where not those of the kind; ALL_DIGITS : as many as it takes.
    is_shown : False for columns that only programs read.
    """

    key: str
    title: Message
    kind: Kind = "number"
    digits: int | None = None
    is_shown: bool = True


class Array(Protocol):
    """What a column takes of an array."""

    def __getitem__(self, place: slice[int, int, None], /) -> Array: ...

    def __len__(self) -> int: ...

    def tolist(self) -> list[Cell]:
        """The cells as Python's own numbers."""
        ...


# The cells of a column: what can be sliced, or what gives the cell of a row.
Cells: TypeAlias = Sequence[Cell] | Sequence[str] | Array | Callable[[int], Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and their rows at full precision, made when a format asks for them.

    n_rows : how many there are; None where only reading them tells.
    rows : the rows from a first one to before another.
    n_groups : where the rows are the categories of one group after another, and people see a column for each group:
        how many groups; else 0.
    """

    columns: tuple[Column, ...]
    n_rows: int | None
    rows: Callable[[int, int], Iterator[Row]]
    n_groups: int = 0

    @classmethod
    def of(cls, n_rows: int, *columns: tuple[Column, Cells], n_groups: int = 0) -> Table:
        """A table from its columns, each with its cells: a sequence, an array, or a function of the row's number."""
        sources = tuple(cells for _, cells in columns)
        for column, cells in columns:
            if not callable(cells) and len(cells) != n_rows:
                raise ValueError(f"column {column.key} has {len(cells)} cells, and the table {n_rows} rows")

        def rows(start: int, stop: int) -> Iterator[Row]:
            stop = min(stop, n_rows)
            return zip(*(_cut(cells, start, stop) for cells in sources), strict=True)

        return cls(tuple(column for column, _ in columns), n_rows, rows, n_groups)

    def data(self) -> tuple[tuple[str, ...], Iterator[Row]]:
        """The keys and the rows that programs read; a name of the data that is also one of ours ends in ``_``."""
        return self.keys, self.rows(0, ALL)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns, each once."""
        return _told_apart([column.key for column in self.columns])

    def count(self) -> int:
        """How many rows there are."""
        return sum(1 for _ in self.rows(0, ALL)) if self.n_rows is None else self.n_rows


def _told_apart(keys: list[str]) -> tuple[str, ...]:
    """Names of which each comes once: the columns of the data stand first, and give way."""
    for place in range(len(keys)):
        while keys.count(keys[place]) > 1:
            keys[place] += "_"
    return tuple(keys)


def _cut(cells: Cells, start: int, stop: int) -> Sequence[Cell]:
    if callable(cells):
        return [cells(row) for row in range(start, stop)]
    part = cells[start:stop]
    return part if isinstance(part, Sequence) else part.tolist()  # numbers of Python


def p_cells(
    values: NDArray[np.float64], log10: NDArray[np.float64], is_bound: NDArray[np.bool_] | None = None
) -> Callable[[int], P]:
    """The cells of a column of p-values."""
    return lambda row: P(float(values[row]), float(log10[row]), is_bound is not None and bool(is_bound[row]))


def stacked(first: Table, second: Table) -> Table:
    """The rows of one table and then those of another, under the columns of both; what one lacks is empty."""
    known = {column.key for column in first.columns}
    columns = (*first.columns, *(column for column in second.columns if column.key not in known))
    assert first.n_rows is not None
    assert second.n_rows is not None
    n_first, n_rows = first.n_rows, first.n_rows + second.n_rows

    def rows(start: int, stop: int) -> Iterator[Row]:
        for table, begin, end in (
            (first, start, min(stop, n_first)),
            (second, max(start - n_first, 0), min(stop, n_rows) - n_first),
        ):
            place = {column.key: index for index, column in enumerate(table.columns)}
            for row in table.rows(begin, end) if begin < end else ():
                yield tuple(row[place[column.key]] if column.key in place else None for column in columns)

    return Table(columns, n_rows, rows)


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is that of the report."""

    text: Message
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or several."""

    text: Message


@dataclass(frozen=True, slots=True)
class Formula:
    """One displayed line of mathematics, in LaTeX and as plain text, with its equation number in the article."""

    latex: str
    text: str
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence that answers the question."""

    text: Message


Block = Heading | Paragraph | Formula | Table | Verdict


@dataclass(frozen=True, slots=True)
class Sentence:
    """A verdict or a note: a stable code, and its words."""

    code: str
    text: Message


@dataclass(frozen=True, slots=True)
class Body:
    """What a result says beside its verdict and its notes.

    data : the table that is its CSV and its data frame, shown or not; None where it has none.
    """

    title: Message
    blocks: tuple[Block, ...]
    data: Table | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a result comes from.

    command : the command line that gives it again, if a command gave it; without control characters.
    line : files, options and versions, with the beginning of each hash.
    full : the same with whole hashes.
    """

    command: str | None
    line: Message
    full: Message


@dataclass(frozen=True, slots=True)
class Report:
    """All that a result says, in the order of reading.

    command : the name of the command that makes such results.
    told_source : gives `source`, which is known after the rows.
    """

    command: str
    body: Body
    verdict: Sentence
    notes: tuple[Sentence, ...]
    told_source: Callable[[], Source]

    @property
    def source(self) -> Source:
        """Where it comes from."""
        return self.told_source()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The title, the answer, and then the details."""
        return (Heading(self.body.title), Verdict(self.verdict.text), *self.body.blocks)
