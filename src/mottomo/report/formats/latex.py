r"""Documents as LaTeX for the body of a document.

``amsmath`` is needed; for Japanese text and labels LuaLaTeX and ``luatexja`` too. Text is never read as a command: a
row that began with ``[`` or ``*`` would be taken for an argument of the ``\\`` before it.
"""

from __future__ import annotations

import re

from mottomo.report.layout import display_width
from mottomo.report.report import Block, Formula, Heading, Paragraph, Report, Table, Verdict
from mottomo.report.tables import Shown, TextRow, shown
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


def to_latex(report: Report, translate: Translate) -> str:
    """The report as one text."""
    parts = [_block(block, block is report.body.data, translate) for block in report.blocks]
    if report.notes:
        items = "\n".join("\\item " + escaped(note.text.worded(translate)) for note in report.notes)
        parts.append(f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}")
    source = report.source
    told = " ".join(filter(None, [source.command, source.full.worded(translate)]))
    parts.append(f"\\begin{{flushleft}}\\footnotesize {_breaking(told)}\\end{{flushleft}}")
    return "\n\n".join(parts) + "\n"


def _breaking(text: str) -> str:
    """Words, of which long ones such as hashes and paths may go on in the next line."""
    return " ".join(_breakable(word) if len(word) > _LONG else escaped(word) for word in text.split(" "))


def _block(block: Block, is_data: bool, translate: Translate) -> str:
    match block:
        case Heading(text, level):
            return ("\\section*{" if level == 1 else "\\subsection*{") + escaped(text.worded(translate)) + "}"
        case Verdict(text):
            return f"\\textbf{{{escaped(text.worded(translate))}}}"
        case Paragraph(text):
            return escaped(text.worded(translate))
        case Formula(latex, _, number):
            tag = f" \\tag{{{number}}}" if number else ""
            return f"\\begin{{equation*}}\n{_mathematics(latex)}{tag}\n\\end{{equation*}}"
        case Table():
            return _table(shown(block, is_data, translate), translate)


def _mathematics(latex: str) -> str:
    """A formula without the symbols that numbers have where they are no numbers."""
    for symbol, command in _SYMBOLS.items():
        latex = latex.replace(symbol, command)
    return latex


def _table(table: Shown, translate: Translate) -> str:
    columns = [[row[place] for row in table.rows] for place in range(len(table.titles))]
    kinds = [_kind(is_numeric, cells) for is_numeric, cells in zip(table.are_numeric, columns, strict=True)]
    titles = " & ".join(escaped(title) for title in table.titles)
    lines = [titles + " \\\\ \\hline", *(_line(line, kinds) + " \\\\" for line in table.remarked(translate))]
    lines[-1] = lines[-1].removesuffix(" \\\\")
    return f"\\begin{{tabular}}{{{''.join(kinds)}}}\n" + "\n".join(lines) + "\n\\end{tabular}"


def _kind(is_numeric: bool, cells: list[str]) -> str:
    if is_numeric:
        return "r"
    return "p{0.35\\linewidth}" if max(map(display_width, cells), default=0) > _LONG else "l"


def _line(line: TextRow | str, kinds: list[str]) -> str:
    if isinstance(line, str):
        return f"\\multicolumn{{{len(kinds)}}}{{l}}{{{escaped(line)}}}"
    return " & ".join(
        _breakable(cell) if kind.startswith("p") else escaped(cell) for cell, kind in zip(line, kinds, strict=True)
    )


def _breakable(text: str) -> str:
    """A label that may go on in the next line after every few characters."""
    return "\\allowbreak{}".join(escaped(text[start : start + _PIECE]) for start in range(0, len(text), _PIECE))


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
