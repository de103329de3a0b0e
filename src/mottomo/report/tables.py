"""A table as people read it: its cells rounded by their kind, long and wide ones shortened, which is always said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from mottomo.messages import Message, say, visible
from mottomo.report.numbers import full, rounded, rounded_down, rounded_up, significant, whole
from mottomo.report.report import ALL_DIGITS, NOT_NUMERIC, Cell, Column, Kind, Named, P, Row, Table
from mottomo.report.sentences import p_text
from mottomo.report.wording import Translate

MOST_ROWS = 40  # a longer table is shortened to its first 20 and last 5 rows; CSV and JSON have them all
_FIRST, _LAST = 20, 5
_MOST_COLUMNS = 12
_MOST_ACROSS = 8  # groups, or categories, beside each other
_WITH_COUNTS = 3  # with more groups a line has no room for counts beside the shares
_LONGEST_SET = 10
_NOTHING = "–"
CSV, JSON = "--format csv", "--json"  # what shows all of a table that is shortened

T = TypeVar("T")
TextRow = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A table of text: titles, and lines; one that is no tuple is a remark across the table.

    n_hidden : how many columns were left out.
    is_cut : whether labels or sets are cut short.
    without_counts : whether only shares are shown.
    way : what shows all of it.
    """

    titles: TextRow
    kinds: tuple[Kind, ...]
    lines: tuple[TextRow | str, ...]
    n_hidden: int
    way: str
    is_cut: bool = False
    without_counts: bool = False

    @property
    def are_numeric(self) -> tuple[bool, ...]:
        """Which columns stand on the right."""
        return tuple(kind not in NOT_NUMERIC for kind in self.kinds)

    @property
    def rows(self) -> list[TextRow]:
        """The lines without remarks."""
        return [line for line in self.lines if not isinstance(line, str)]

    def narrowed(self, n_columns: int) -> Shown:
        """The first columns of it."""
        lines = tuple(line if isinstance(line, str) else line[:n_columns] for line in self.lines)
        hidden = self.n_hidden + len(self.titles) - n_columns
        return replace(self, titles=self.titles[:n_columns], kinds=self.kinds[:n_columns], lines=lines, n_hidden=hidden)

    def remarked(self, translate: Translate) -> tuple[TextRow | str, ...]:
        """The lines, and last what was left out."""
        remarks = []
        if self.n_hidden:
            number = whole(self.n_hidden)
            remarks.append(say("… {number} more columns; {option} has them all", number=number, option=self.way))
        if self.without_counts:
            remarks.append(say("… shares alone; {option} has the counts too", option=self.way))
        if self.is_cut:
            remarks.append(say("… cut short; {option} has all of it", option=self.way))
        return (*self.lines, *(remark.worded(translate) for remark in remarks))


def shown(table: Table, is_data: bool, translate: Translate) -> Shown:
    """The table for people. `is_data`: whether CSV has it, or else JSON alone."""
    view = _ByGroup(table, translate) if table.n_groups and table.n_rows else _AsItIs(table, translate)
    way = CSV if is_data else JSON
    lines: list[TextRow | str] = [
        _more_rows(line.hidden, way).worded(translate) if isinstance(line, _Rest) else line
        for line in _shortened(view.n_lines, view.lines)
    ]
    return Shown(view.titles, view.kinds, tuple(lines), view.n_hidden, way, view.is_cut, view.without_counts)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What stands for rows that are left out."""

    hidden: int


def _shortened(n: int, rows: Callable[[int, int], Iterable[T]]) -> Iterator[T | _Rest]:
    """All rows of a short table; the first and the last of a long one."""
    if n <= MOST_ROWS:
        yield from rows(0, n)
        return
    yield from rows(0, _FIRST)
    yield _Rest(n - _FIRST - _LAST)
    yield from rows(n - _LAST, n)


def _more_rows(hidden: int, way: str) -> Message:
    return say("… {number} more rows; {option} has them all", number=whole(hidden), option=way)


class _AsItIs:
    """The rows of a table under those of its columns that people see."""

    without_counts = False

    def __init__(self, table: Table, translate: Translate) -> None:
        self._table, self._translate = table, translate
        places = _together(table.columns)
        self._places = places[:_MOST_COLUMNS]
        self.n_hidden = len(places) - len(self._places)
        columns = [table.columns[place[0]] for place in self._places]
        self.titles = tuple(column.title.worded(translate) for column in columns)
        self.kinds = tuple(column.kind for column in columns)
        self.n_lines = table.count()
        self.is_cut = False

    def lines(self, start: int, stop: int) -> Iterator[TextRow]:
        for row in self._table.rows(start, stop):
            self.is_cut |= any(_is_long(row[place[0]]) for place in self._places)
            yield tuple(_text(self._table.columns, row, place, self._translate) for place in self._places)


class _ByGroup:
    """A line for each category and a column for each group, or turned where there are many groups."""

    is_cut = False

    def __init__(self, table: Table, translate: Translate) -> None:
        self._table, self._translate = table, translate
        self._n_categories = table.count() // table.n_groups
        place = {column.key: index for index, column in enumerate(table.columns)}
        self._category, self._count, self._share = place["category"], place["count"], place["share"]
        self._after = [index for index in _together(table.columns) if index[0] > self._share]
        is_turned = table.n_groups > _MOST_ACROSS >= self._n_categories
        across = self._n_categories if is_turned else table.n_groups
        self.without_counts = table.n_groups > _WITH_COUNTS
        self._is_turned, self._n_across = is_turned, min(across, _MOST_ACROSS)
        self.n_lines = table.n_groups if is_turned else self._n_categories
        self.n_hidden = across - self._n_across
        names = [self._category_of(k) if is_turned else self._group_of(k) for k in range(self._n_across)]
        ends = [] if is_turned else [table.columns[index[0]].title.worded(translate) for index in self._after]
        head = table.columns[0 if is_turned else self._category].title.worded(translate)
        self.titles = (head, *names, *ends)
        shares: list[Kind] = ["share"] * len([*names, *ends])
        self.kinds: tuple[Kind, ...] = ("label", *shares)

    def _row(self, group: int, category: int) -> Row:
        at = group * self._n_categories + category
        return next(iter(self._table.rows(at, at + 1)))

    def _group_of(self, group: int) -> str:
        return visible("/".join(str(part) for part in self._row(group, 0)[: self._category]))

    def _category_of(self, category: int) -> str:
        return visible(str(self._row(0, category)[self._category]))

    def lines(self, start: int, stop: int) -> Iterator[TextRow]:
        for at in range(start, stop):
            pairs = [(at, k) if self._is_turned else (k, at) for k in range(self._n_across)]
            rows = [self._row(*pair) for pair in pairs]
            cells = [self._counted(row) for row in rows]
            if self._is_turned:
                yield (self._group_of(at), *cells)
            else:
                ends = [_text(self._table.columns, rows[0], place, self._translate) for place in self._after]
                yield (self._category_of(at), *cells, *ends)

    def _counted(self, row: Row) -> str:
        """The share, with the count where there is room."""
        share = _number(row[self._share], 3)
        return share if self.without_counts else f"{_count(row[self._count])} ({share})"


def _together(columns: Sequence[Column]) -> list[tuple[int, ...]]:
    """The places of the columns that people see, both ends of an interval together."""
    places: list[tuple[int, ...]] = []
    for place, column in enumerate(columns):
        if not column.is_shown:
            continue
        if column.kind == "upper" and places and columns[places[-1][-1]].kind == "lower":
            places[-1] = (*places[-1], place)
        else:
            places.append((place,))
    return places


def _text(columns: Sequence[Column], row: Row, place: tuple[int, ...], translate: Translate) -> str:
    """A cell, or an interval, which is a number where both ends are the same."""
    if len(place) == 2 and row[place[0]] == row[place[1]]:
        return _NOTHING if row[place[0]] is None else _number(row[place[0]], 4)
    return " … ".join(cell_text(row[at], columns[at], translate) for at in place)


def _is_long(cell: Cell) -> bool:
    return isinstance(cell, tuple) and len(cell) > _LONGEST_SET


def cell_text(cell: Cell, column: Column, translate: Translate) -> str:
    """A cell as people read it: rounded by its kind, limits outward."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return _NOTHING
    if isinstance(cell, Named):
        return cell.words.worded(translate)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, str):
        return visible(cell)
    if isinstance(cell, tuple):
        return visible(", ".join((*cell[: _LONGEST_SET - 1], "…") if _is_long(cell) else cell))
    if isinstance(cell, P):
        return "≤ " * cell.is_bound + p_text(cell.value, cell.log10)
    if column.kind == "count":
        return _count(cell)
    if column.kind in ("lower", "upper"):
        return _limit(float(cell), column.kind == "lower")
    if column.kind in ("probability", "share"):
        return _number(cell, column.digits or 4)
    if column.digits == ALL_DIGITS:
        return full(float(cell))
    return str(cell) if isinstance(cell, Fraction) else significant(float(cell), column.digits or 4)


def _count(cell: Cell) -> str:
    assert isinstance(cell, int)
    return whole(cell)


def _number(cell: Cell, digits: int) -> str:
    assert isinstance(cell, int | float | Fraction)
    return rounded(float(cell), digits)


def _limit(value: float, is_lower: bool) -> str:
    """A limit rounded outward, also below 0."""
    if value < 0:
        return "-" + (rounded_up if is_lower else rounded_down)(-value)
    return (rounded_down if is_lower else rounded_up)(value)
