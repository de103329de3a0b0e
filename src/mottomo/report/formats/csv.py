"""The table of a report as CSV: every row, full precision, the same column names in every language."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterator

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.numbers import full_p_value
from mottomo.report.report import Cell, Named, P, Report, Row

_SOME, _PIECE = 512, 1 << 16  # rows that are written at once, and characters in a piece


def to_csv(report: Report) -> Iterator[str]:
    """The table that is the data of the report, some rows at a time; a report without one has no CSV form."""
    table = report.body.data
    if table is None:
        raise InvalidInput(
            "no-csv",
            say("this result is not a table, so it has no CSV form"),
            verbatim("--format"),
            say("one of {names}", names=["text", "json", "md", "html", "latex"]),
            verbatim("csv"),
        )
    return _written(*table.data())


def _written(names: tuple[str, ...], rows: Iterator[Row]) -> Iterator[str]:
    room = io.StringIO()
    writer = csv.writer(room, lineterminator="\n")
    writer.writerow(names)
    while some := list(itertools.islice(rows, _SOME)):
        writer.writerows(some if _are_plain(some) else [[_cell(cell) for cell in row] for row in some])
        if room.tell() > _PIECE:
            yield room.getvalue()
            room.seek(0)
            room.truncate()
    yield room.getvalue()


def _are_plain(rows: list[Row]) -> bool:
    """Whether the writer has the right text for all cells: it writes all digits of a float, and nan."""
    if not set(map(type, itertools.chain.from_iterable(rows))) <= {str, int, float}:
        return False
    return not any(cell != cell for cell in itertools.chain.from_iterable(rows))  # noqa: PLR0124 - as nan does


def _cell(cell: Cell) -> str:
    """All of a cell; nothing for what there is not."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, P):
        return full_p_value(cell.value, cell.log10)
    if isinstance(cell, tuple):
        return ",".join(cell)
    return cell.name if isinstance(cell, Named) else str(cell)
