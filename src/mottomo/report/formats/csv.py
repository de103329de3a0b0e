"""The table of a report as CSV: every row, full precision, the same column names in every language."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.numbers import full_p_value
from mottomo.report.report import Cell, Named, P, Report

_PIECE = 1 << 16  # characters


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


def _written(names: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]) -> Iterator[str]:
    room = io.StringIO()
    writer = csv.writer(room, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([cell if _is_plain(cell) else _cell(cell) for cell in row])
        if room.tell() > _PIECE:
            yield room.getvalue()
            room.seek(0)
            room.truncate()
    yield room.getvalue()


def _is_plain(cell: Cell) -> bool:
    """Whether the writer has the right text for it: all digits of a float too."""
    if type(cell) is float:
        return not math.isnan(cell)
    return type(cell) is str or type(cell) is int


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
