"""What descriptions share: notes and verdict at the end, and long tables cut to what a person reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mottomo.messages import say, verbatim
from mottomo.report.document import Cell, Column, Notes, Verdict
from mottomo.report.findings import worded_finding
from mottomo.report.numbers import whole

MOST_ROWS = 40  # a longer table is shortened to its first 20 and last 5 rows; CSV and JSON have them all
_FIRST, _LAST = 20, 5
CSV, JSON = "--format csv", "--json"  # what shows all of a table that is cut


def closing(result: Any) -> tuple[Notes, Verdict]:
    """The notes and the verdict, which end every description."""
    return Notes(tuple(worded_finding(note) for note in result.notes)), Verdict(worded_finding(result.verdict))


def group_columns(tally: Any) -> list[Column]:
    """A column for each name that groups the tally."""
    return [Column(name, verbatim(name), False) for name in tally.by]


def shown(tally: Any, cells: Callable[[Any, int | None, int], list[Cell]]) -> list[list[Cell]]:
    """The rows that a person sees: all of a short table, the first and the last of a long one."""
    n_categories = tally.n_categories
    n_rows = (len(tally.groups) if tally.is_grouped else 1) * n_categories
    shortened = n_rows > MOST_ROWS
    rows: list[list[Cell]] = []
    for row in range(n_rows) if not shortened else [*range(_FIRST), *range(n_rows - _LAST, n_rows)]:
        if shortened and row == n_rows - _LAST:
            rows.append(rest(n_rows - _FIRST - _LAST, len(rows[0])))
        group, index = divmod(row, n_categories)
        key: tuple[str, ...] = tally.groups[group] if tally.is_grouped else ()
        rows.append([*key, tally.categories[index], *cells(tally, group if tally.is_grouped else None, index)])
    return rows


def rest(hidden: int, n_columns: int, option: str = CSV) -> list[Cell]:
    """The row that stands for rows left out: how many, and what shows them."""
    remark = say("… {number} more rows; {option} has them all", number=whole(hidden), option=option)
    return [remark, *[""] * (n_columns - 1)]


def rest_of_columns(hidden: int, n_columns: int, option: str = CSV) -> list[Cell]:
    """The row that says how many columns were left out, and what shows them."""
    remark = say("… {number} more columns; {option} has them all", number=whole(hidden), option=option)
    return [remark, *[""] * (n_columns - 1)]


def cut(rows: list[list[Cell]], n_rows: int, n_columns: int, option: str = CSV) -> list[list[Cell]]:
    """The first of `n_rows` rows, with a row that stands for those left out."""
    return [*rows, rest(n_rows - len(rows), n_columns, option)] if n_rows > len(rows) else rows


class Lazy:
    """Rows that are made only when a format wants them, and as often as it does."""

    def __init__(self, make: Callable[[], Iterator[list[object]]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[list[object]]:
        return iter(self._make())
