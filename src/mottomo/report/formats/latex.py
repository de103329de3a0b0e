r"""Documents as LaTeX for the body of a document.

``amsmath`` is needed; for Japanese text and labels LuaLaTeX and ``luatexja`` too. Text is never read as a command: a
row that began with ``[`` or ``*`` would be taken for an argument of the ``\\`` before it.
"""

from __future__ import annotations

import re

from mottomo.messages import visible
from mottomo.report.document import Block, Cell, Document, Formula, Heading, Notes, Paragraph, Table, Verdict
from mottomo.report.layout import display_width
from mottomo.report.wording import Translate

_SYMBOLS = {
    "×": r"\times",
    "±": r"\pm",
    "−": "-",
    "≤": r"\le",
    "≥": r"\ge",
    "≈": r"\approx",
    "∞": r"\infty",
    "∂": r"\partial",
    "‖": r"\|",
    "λ": r"\lambda",
    "Σ": r"\Sigma",
    "Π": r"\Pi",
}
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\texttt{\char95}",  # \_ of the oldest encoding is a rule, which nobody can search or copy
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",
    "\u00a0": "~",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\ldots{}",
    "–": r"\textendash{}",
    "·": r"\textperiodcentered{}",
    "①": r"\textcircled{1}",
    "②": r"\textcircled{2}",
    **{symbol: f"\\ensuremath{{{command}}}" for symbol, command in _SYMBOLS.items()},
}
# What the fonts of luatexja have: Latin, Greek, Cyrillic, kana, Japanese punctuation, ideographs, full and half width.
_IN_FONTS = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u0137\u0139-\u0148\u014a-\u0165\u0168-\u017e"
    "\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9\u0401\u0410-\u044f\u0451"
    "\u3001-\u3019\u301c-\u301f\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff\uff01-\uff5e\uff61-\uff9f]"
)
# The second of two characters that a font may draw as one.
_LIGATURES = re.compile(r"(?<=-)-|(?<=`)`|(?<=')'|(?<=,),|(?<=<)<|(?<=>)>|(?<=[?!])`")
_APART = "{\\kern0pt}"
_LONG, _PIECE = 40, 10  # a longer label is broken into lines, wherever it has to be


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
            tag = f" \\tag{{{number}}}" if number else ""
            return f"\\begin{{equation*}}\n{_mathematics(latex)}{tag}\n\\end{{equation*}}"
        case Table():
            return _table(block, translate)
        case Notes(sentences):
            items = "\n".join("\\item " + escaped(sentence.worded(translate)) for sentence in sentences)
            return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}" if sentences else ""
        case Verdict(sentence):
            return f"\\textbf{{{escaped(sentence.worded(translate))}}}"


def _mathematics(latex: str) -> str:
    """A formula without the symbols that numbers have where they are no numbers."""
    for symbol, command in _SYMBOLS.items():
        latex = latex.replace(symbol, command)
    return latex


def _table(table: Table, translate: Translate) -> str:
    rows = [[_text(cell, translate) for cell in row] for row in table.rows]
    kinds = [_kind(column.numeric, cells) for column, cells in zip(table.columns, _columns(table, rows), strict=True)]
    titles = " & ".join(escaped(column.title.worded(translate)) for column in table.columns)
    lines = [titles + " \\\\ \\hline", *(_row(row, kinds) + " \\\\" for row in rows)]
    lines[-1] = lines[-1].removesuffix(" \\\\")
    return f"\\begin{{tabular}}{{{''.join(kinds)}}}\n" + "\n".join(lines) + "\n\\end{tabular}"


def _columns(table: Table, rows: list[list[str]]) -> list[list[str]]:
    """The cells of each column, without remarks across the table."""
    filled = [row for row in rows if not _spans(row)]
    return [[row[index] for row in filled] for index in range(len(table.columns))]


def _kind(numeric: bool, cells: list[str]) -> str:
    if numeric:
        return "r"
    return "p{0.35\\linewidth}" if max(map(display_width, cells), default=0) > _LONG else "l"


def _row(row: list[str], kinds: list[str]) -> str:
    if _spans(row):
        return f"\\multicolumn{{{len(row)}}}{{l}}{{{escaped(row[0])}}}"
    return " & ".join(
        _breakable(cell) if kind.startswith("p") else escaped(cell) for cell, kind in zip(row, kinds, strict=True)
    )


def _spans(row: list[str]) -> bool:
    """Whether a row is a remark across the table."""
    return len(row) > 1 and bool(row[0]) and not any(row[1:])


def _breakable(text: str) -> str:
    """A label that may go on in the next line after every few characters."""
    return "\\allowbreak{}".join(escaped(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))


def _text(cell: Cell, translate: Translate) -> str:
    return visible(cell) if isinstance(cell, str) else cell.worded(translate)


def escaped(text: str) -> str:
    r"""Text in which no character is read as a command or drawn as another, and none is lost for want of a glyph.

    >>> print(escaped("[0, 10) a--b 犬 😀"))
    {[}0, 10) a-{\kern0pt}-b 犬 \textbackslash{}U0001f600
    """
    apart = _LIGATURES.sub(lambda match: "\0" + match[0], text)
    spaced = re.sub("^ | $|(?<= ) ", "\1", apart)
    return "".join(map(_escaped, spaced))


def _escaped(character: str) -> str:
    if character == "\0":
        return _APART
    if character == "\1":
        return "\\ "
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _IN_FONTS.fullmatch(character):
        return character
    code = ord(character)
    return _ESCAPES["\\"] + (f"u{code:04x}" if code < 0x10000 else f"U{code:08x}")
