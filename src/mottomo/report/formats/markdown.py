"""Documents as Markdown, formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re

from mottomo.messages import visible
from mottomo.report.document import Block, Cell, Document, Formula, Heading, Notes, Paragraph, Table, Verdict
from mottomo.report.wording import Translate

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&])")


def to_markdown(document: Document, translate: Translate) -> str:
    parts = [_block(block, translate) for block in (Heading(document.title), *document.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, translate: Translate) -> str:
    match block:
        case Heading(text, level):
            return "#" * level + " " + escaped(text.worded(translate))
        case Paragraph(text):
            return escaped(text.worded(translate))
        case Formula(latex, _, number):
            return f"$$\n{latex}" + (f" \\tag{{{number}}}" if number else "") + "\n$$"
        case Table():
            return _table(block, translate)
        case Notes(sentences):
            return "\n".join("- " + escaped(sentence.worded(translate)) for sentence in sentences)
        case Verdict(sentence):
            return f"**{escaped(sentence.worded(translate))}**"


def _table(table: Table, translate: Translate) -> str:
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    titles = [escaped(column.title.worded(translate)) for column in table.columns]
    rules = ["--:" if column.numeric else ":--" for column in table.columns]
    rows = [[_cell(cell, translate) for cell in row] for row in table.rows]
    return "\n".join([line(titles), line(rules), *(line(row) for row in rows)])


def _cell(cell: Cell, translate: Translate) -> str:
    return escaped(visible(cell) if isinstance(cell, str) else cell.worded(translate))


def escaped(text: str) -> str:
    """Text in which no character is read as markup."""
    return _SPECIAL.sub(r"\\\1", text)
