"""The tables of a result as people see them, for tests to look into."""

from __future__ import annotations

from dataclasses import dataclass

from mottomo.report.report import Column, Table
from mottomo.report.results import report_of
from mottomo.report.tables import shown
from mottomo.report.wording import translator


@dataclass(frozen=True)
class SeenTable:
    """Rows by title, the columns by title (of an interval that of its lower end), and the remarks across it."""

    rows: list[dict[str, str]]
    columns: dict[str, Column]
    remarks: list[str]
    n_rows: int
    n_shown_columns: int
    is_by_group: bool


def tables_of(result, language="en"):
    """The tables of the report of a result."""
    report, translate = report_of(result), translator(language)
    return [
        _seen(block, shown(block, block is report.body.data, translate), translate)
        for block in report.body.blocks
        if isinstance(block, Table)
    ]


def _seen(table, found, translate):
    by_title = {}
    for column in table.columns:
        if column.is_shown:
            by_title.setdefault(column.title.worded(translate), column)
    return SeenTable(
        [dict(zip(found.titles, row, strict=True)) for row in found.rows],
        {title: by_title[title] for title in found.titles if title in by_title},
        [line for line in found.remarked(translate) if isinstance(line, str)],
        table.count(),
        len(by_title),
        bool(table.n_groups),
    )
