"""Documents as Markdown, formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re

from mottomo.report.report import Block, Formula, Heading, Paragraph, Report, Table, Verdict
from mottomo.report.tables import Shown, shown
from mottomo.report.wording import Translate

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&])")


def to_markdown(report: Report, translate: Translate) -> str:
    """The report as one text."""
    parts = [_block(block, block is report.body.data, translate) for block in report.blocks]
    parts.append("\n".join("- " + escaped(note.text.worded(translate)) for note in report.notes))
    source = report.source
    parts += ["---", _code(source.command), escaped(source.full.worded(translate))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _code(command: str | None) -> str:
    """The command as a code block. Its fence is longer than any run of backticks in the command."""
    if command is None:
        return ""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return f"{fence}sh\n{command}\n{fence}"


def _block(block: Block, is_data: bool, translate: Translate) -> str:
    match block:
        case Heading(text, level):
            return "#" * level + " " + escaped(text.worded(translate))
        case Verdict(text):
            return f"**{escaped(text.worded(translate))}**"
        case Paragraph(text):
            return escaped(text.worded(translate))
        case Formula(latex, _, number):
            return f"$$\n{latex}" + (f" \\tag{{{number}}}" if number else "") + "\n$$"
        case Table():
            return _table(shown(block, is_data, translate), translate)


def _table(table: Shown, translate: Translate) -> str:
    n_columns = len(table.titles)
    rules = ["--:" if is_numeric else ":--" for is_numeric in table.are_numeric]
    lines = [_line([escaped(title) for title in table.titles]), _line(rules)]
    for line in table.remarked(translate):
        cells = [line, *[""] * (n_columns - 1)] if isinstance(line, str) else line
        lines.append(_line([escaped(cell) for cell in cells]))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """Text in which no character is read as markup."""
    return _SPECIAL.sub(r"\\\1", text)
