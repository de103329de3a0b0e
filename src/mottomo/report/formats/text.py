"""Documents as plain text for a terminal or a file: aligned by display width, no colour, no control characters."""

from __future__ import annotations

from dataclasses import replace

from mottomo.report.layout import display_width, padded, pasted, shortened, wrapped
from mottomo.report.report import Block, Formula, Heading, Paragraph, Report, Source, Table, Verdict
from mottomo.report.tables import Shown, TextRow, shown
from mottomo.report.wording import Translate

_LONGEST_LABEL, _SHORTEST_LABEL, _LONGEST_TITLE = 28, 12, 20
# Where a long formula is broken, the loosest bond first.
_BREAKS = ((" = ", " ≈ "), (" + ",), (" × ", " · "), (", ",), ("   ", " ("), (" ",))


def to_text(report: Report, translate: Translate, width: int) -> str:
    """The report in lines of at most `width` columns.

    Words are wrapped, long formulas broken, long labels shortened, columns that do not fit left out with a word.
    """
    notes = "\n".join(_wrapped("- " + note.text.worded(translate), width, indent=2) for note in report.notes)
    text, previous = "", None
    for block in report.blocks:
        part = _block(block, block is report.body.data, translate, width)
        if part:
            together = isinstance(block, Formula) and isinstance(previous, Formula)
            text += ("\n" if together else "\n\n") * bool(text) + part
            previous = block
    source = _source(report.source, translate, width)
    return text + "\n\n" * bool(notes) + notes + "\n\n" + source + "\n"


def _source(source: Source, translate: Translate, width: int) -> str:
    """The command as it can be pasted, and the rest beside it or below."""
    line = source.line.worded(translate)
    if source.command is None:
        return _wrapped(line, width, indent=2)
    both = f"{source.command} {line}"
    if display_width(both) <= width:
        return both
    return "\n".join([pasted(source.command, width), *("  " + one for one in _wrapped(line, width - 2).split("\n"))])


def _wrapped(text: str, width: int, indent: int = 0) -> str:
    return wrapped(text, width, indent, breaks_words=True)


def _block(block: Block, is_data: bool, translate: Translate, width: int) -> str:
    match block:
        case Heading(text, level):
            title = _wrapped(text.worded(translate), width)
            longest = max(map(display_width, title.split("\n")))
            return f"{title}\n{('=' if level == 1 else '-') * longest}"
        case Paragraph(text) | Verdict(text):
            return _wrapped(text.worded(translate), width)
        case Formula(_, text, number):
            return _formula(text, number, width)
        case Table():
            return _table(shown(block, is_data, translate), translate, width)


def _formula(text: str, number: str | None, width: int) -> str:
    """A formula indented, broken before a relation or an operator where it is too long."""
    tail = f"  ({number})" if number else ""
    lines = _broken("  " + text, width - display_width(tail))
    lines[-1] += tail
    return "\n".join(lines)


def _broken(line: str, width: int) -> list[str]:
    lines = []
    while display_width(line) > width:
        cut = next((cut for marks in _BREAKS if (cut := max(line.rfind(mark, 8, width) for mark in marks)) > 0), width)
        lines.append(line[:cut].rstrip())
        line = "     " + (line[cut:] if line[cut:].startswith(" ") else " " + line[cut:])
    return [*lines, line]


def _table(table: Shown, translate: Translate, width: int) -> str:
    """Labels are shortened as far as that helps; then columns are left out, from the last on."""
    fitted = _with_labels(table, _LONGEST_LABEL)
    for longest in range(_LONGEST_LABEL - 1, _SHORTEST_LABEL - 1, -1):
        if _width_of(fitted) <= width:
            break
        fitted = _with_labels(table, longest)
    while _width_of(fitted) > width and len(fitted.titles) > 1:
        fitted = fitted.narrowed(len(fitted.titles) - 1)
    widths = _widths(fitted)
    text = []
    for line in (fitted.titles, tuple("-" * one for one in widths), *fitted.remarked(translate)):
        if isinstance(line, str):
            text.append(_wrapped(line, width))
            continue
        cells = map(padded, line, widths, fitted.are_numeric)
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def _with_labels(table: Shown, longest: int) -> Shown:
    """The table with labels of at most that width, and titles too, which are rarely long."""

    def cut(line: TextRow | str) -> TextRow | str:
        if isinstance(line, str):
            return line
        cells = zip(line, table.are_numeric, strict=True)
        return tuple(cell if is_numeric else shortened(cell, longest) for cell, is_numeric in cells)

    titles = tuple(shortened(title, max(longest, _LONGEST_TITLE)) for title in table.titles)
    lines = tuple(map(cut, table.lines))
    return replace(
        table, titles=titles, lines=lines, is_cut=table.is_cut or (titles, lines) != (table.titles, table.lines)
    )


def _widths(table: Shown) -> list[int]:
    return [max(map(display_width, column)) for column in zip(table.titles, *table.rows, strict=True)]


def _width_of(table: Shown) -> int:
    return sum(_widths(table)) + 2 * (len(table.titles) - 1)
