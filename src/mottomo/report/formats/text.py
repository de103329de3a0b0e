"""Documents as plain text for a terminal or a file: aligned by display width, no colour, no control characters."""

from __future__ import annotations

from mottomo.messages import visible
from mottomo.report.document import Block, Cell, Document, Formula, Heading, Notes, Paragraph, Table, Verdict
from mottomo.report.layout import WIDTH, display_width, padded, shortened, wrapped
from mottomo.report.wording import Translate

_LONGEST_LABEL, _SHORTEST_LABEL = 28, 12
# Where a long formula is broken, the loosest bond first.
_BREAKS = ((" = ", " ≈ "), (" + ",), (" × ", " · "), (", ",))


def to_text(document: Document, translate: Translate) -> str:
    """The document in lines of at most 80 columns: words are wrapped, long formulas broken, long labels shortened."""
    text, previous = "", None
    for block in (Heading(document.title), *document.blocks):
        part = _block(block, translate)
        if part:
            together = isinstance(block, Formula) and isinstance(previous, Formula)
            text += ("\n" if together else "\n\n") * bool(text) + part
            previous = block
    return text + "\n"


def _block(block: Block, translate: Translate) -> str:
    match block:
        case Heading(text, level):
            title = text.worded(translate)
            return f"{title}\n{('=' if level == 1 else '-') * display_width(title)}"
        case Paragraph(text):
            return wrapped(text.worded(translate))
        case Formula(_, text, number):
            return _formula(text, number)
        case Table():
            return _table(block, translate)
        case Notes(sentences):
            return "\n".join(wrapped("- " + sentence.worded(translate), indent=2) for sentence in sentences)
        case Verdict(sentence):
            return wrapped(sentence.worded(translate))


def _formula(text: str, number: str | None) -> str:
    """A formula indented, broken before a relation or an operator where it is too long."""
    tail = f"  ({number})" if number else ""
    lines = _broken("  " + text, WIDTH - display_width(tail))
    lines[-1] += tail
    return "\n".join(lines)


def _broken(line: str, width: int) -> list[str]:
    lines = []
    while display_width(line) > width:
        cut = next((cut for marks in _BREAKS if (cut := max(line.rfind(mark, 8, width) for mark in marks)) > 0), 0)
        if not cut:
            break
        lines.append(line[:cut])
        line = "     " + line[cut:]
    return [*lines, line]


def _table(table: Table, translate: Translate) -> str:
    titles = [column.title.worded(translate) for column in table.columns]
    longest = _LONGEST_LABEL
    while True:
        rows = [[_cell(cell, longest, translate) for cell in row] for row in table.rows]
        filled = [titles, *(row for row in rows if not _spans(row))]
        widths = [max(display_width(cell) for cell in column) for column in zip(*filled, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) <= WIDTH or longest <= _SHORTEST_LABEL:
            break
        longest -= 1
    lines = []
    for row in (titles, ["-" * width for width in widths], *rows):
        if _spans(row):
            lines.append(wrapped(row[0]))
            continue
        cells = [
            padded(cell, width, column.numeric) for cell, width, column in zip(row, widths, table.columns, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _spans(row: list[str]) -> bool:
    """Whether a row is a remark across the table."""
    return len(row) > 1 and not any(row[1:])


def _cell(cell: Cell, longest: int, translate: Translate) -> str:
    return shortened(visible(cell), longest) if isinstance(cell, str) else cell.worded(translate)
