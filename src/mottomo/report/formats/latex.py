"""Documents as LaTeX for the body of a document; only ``amsmath`` is needed."""

from __future__ import annotations

from mottomo.messages import visible
from mottomo.report.document import Block, Cell, Document, Formula, Heading, Notes, Paragraph, Table, Verdict
from mottomo.report.wording import Translate

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def to_latex(document: Document, translate: Translate) -> str:
    parts = [_block(block, translate) for block in (Heading(document.title), *document.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block, translate: Translate) -> str:
    match block:
        case Heading(text, level):
            return ("\\section*{" if level == 1 else "\\subsection*{") + escaped(text.worded(translate)) + "}"
        case Paragraph(text):
            return escaped(text.worded(translate))
        case Formula(latex, _, number):
            return "\\begin{equation*}\n" + latex + (f" \\tag{{{number}}}" if number else "") + "\n\\end{equation*}"
        case Table():
            return _table(block, translate)
        case Notes(sentences):
            items = "\n".join("\\item " + escaped(sentence.worded(translate)) for sentence in sentences)
            return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}" if sentences else ""
        case Verdict(sentence):
            return f"\\textbf{{{escaped(sentence.worded(translate))}}}"


def _table(table: Table, translate: Translate) -> str:
    alignment = "".join("r" if column.numeric else "l" for column in table.columns)
    titles = " & ".join(escaped(column.title.worded(translate)) for column in table.columns)
    rows = [" & ".join(_cell(cell, translate) for cell in row) for row in table.rows]
    body = " \\\\\n".join([titles + " \\\\ \\hline", *rows]).replace("\\hline \\\\", "\\hline")
    return f"\\begin{{tabular}}{{{alignment}}}\n{body}\n\\end{{tabular}}"


def _cell(cell: Cell, translate: Translate) -> str:
    return escaped(visible(cell) if isinstance(cell, str) else cell.worded(translate))


def escaped(text: str) -> str:
    """Text in which no character is read as a command."""
    return "".join(_ESCAPES.get(character, character) for character in text)
