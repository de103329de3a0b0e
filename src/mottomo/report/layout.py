"""Text measured in the columns of a terminal: wide Japanese characters take two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NARROWEST = 20  # the fewest columns that text may have
WIDTH = 80
_SHELL_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
_WIDE = "\u3000-\u9fff\uff00-\uffef"
# A piece is what is not broken: a wide character with the brackets that open before it and the punctuation that may not
# begin a line, or a word with the spaces after it; a number keeps its percent sign.
_PIECE = re.compile(
    rf"(?:[^\s{_WIDE}]*[(「『(])?[{_WIDE}][、。」』)),.!?:;ー〜]*\s*"
    rf"|[^\s{_WIDE}]+(?: %[.,;:)]*(?=\s|$))?[、。」』)]*\s*|\s+"
)


def display_width(text: str) -> int:
    """Columns a terminal needs: two for wide East Asian characters, none for combining marks.

    >>> display_width("die"), display_width("サイコロ")
    (3, 8)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def shortened(text: str, width: int) -> str:
    """`text` cut to a display width, with an ellipsis where something was cut: names that differ often do at the end.

    >>> shortened("temperature_in_january", 14)
    'temper…january'
    """
    if display_width(text) <= width:
        return text
    end = _fitting(text[::-1], width // 2)[::-1]
    return _fitting(text, width - 1 - display_width(end)) + "…" + end


def _fitting(text: str, width: int) -> str:
    """As much of the beginning of a text as a width takes."""
    used = 0
    for count, character in enumerate(text):
        used += display_width(character)
        if used > width:
            return text[:count]
    return text


def padded(text: str, width: int, right: bool = False) -> str:
    """`text` filled with spaces to a display width, on its left if it is to stand on the `right`."""
    space = " " * (width - display_width(text))
    return space + text if right else text + space


def wrapped(text: str, width: int = WIDTH, indent: int = 0, *, breaks_words: bool = False) -> str:
    """Text broken into lines of at most `width` columns: between words, and between Japanese characters.

    A word that is longer than a line, such as a path, keeps its length unless `breaks_words`.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, width - indent) if breaks_words else _PIECE.findall(text):
        if line and display_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = " " * indent + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def pasted(command: str, width: int) -> str:
    r"""A command line in lines of at most `width` columns that a shell reads as the same command.

    Each but the last ends in a backslash: between words, or inside a word that is longer than a line.

    >>> print(pasted("mottomo tally throws.csv --categories 'a b,c'", 32))
    mottomo tally throws.csv \
        --categories 'a b,c'
    """
    lines: list[str] = []
    line = ""
    for word in _SHELL_WORD.findall(command):
        if line and display_width(f"{line} {word}") + 2 > width:
            lines.append(f"{line} \\")
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line else word
        while display_width(line) > width - 2:
            part = _fitting(line, width - 3)  # room for a quote, and for the backslash
            quote = _open_quote(part)
            lines.append(f"{part}{quote}\\")
            line = quote + line[len(part) :]
    return "\n".join([*lines, line])


def _open_quote(text: str) -> str:
    """The quote inside which the end of some words of a shell stands; empty if in none."""
    quote = ""
    for character in text:
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
    return quote


def _pieces(text: str, width: int) -> Iterator[str]:
    """What stays together on a line: words, and parts of a word that is longer than a line."""
    for piece in _PIECE.findall(text):
        rest = piece
        while display_width(rest.rstrip()) > width:
            part = _fitting(rest, width)
            yield part
            rest = rest[len(part) :]
        yield rest
