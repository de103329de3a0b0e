"""The records of delimited text: the one definition of cells, quotation marks and line ends.

A cell that begins with a quotation mark, or with one blank and a quotation mark, is quoted: it ends at the next single
quotation mark, "" stands for a quotation mark inside it, and blanks may follow it. Any other cell is taken literally. A
record ends with LF, CR LF or CR outside quotation marks. DuckDB reads the rows of tables; its first row is compared
with the one read here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

_CHUNK = 1 << 20
_LONGEST = 1 << 26  # characters of a record


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a text.

    Attributes
    ----------
    cells : its cells, without quotation marks.
    start : its position in the text.
    stop : the position of the next record.
    end : its line end; empty at the end of the text.
    is_quoted : whether any cell is quoted.
    line : the number of its first line, from 1.
    """

    cells: list[str]
    start: int
    stop: int
    end: str
    is_quoted: bool
    line: int = 1

    @property
    def is_blank(self) -> bool:
        """Whether the line is empty; a quoted empty cell is no blank line."""
        return self.cells == [""] and not self.is_quoted


class OpenQuote(ValueError):
    """A quotation mark is opened and not closed in the text; `line` is the first line of the record."""

    line = 1


class TextAfterQuote(ValueError):
    """A quoted cell is followed by text, not by a separator or a line end; `line` is the first of the record."""

    line = 1


def record_at(text: str, start: int, delimiter: str) -> Record:
    """The record that begins at position `start`, which is not the end of the text.

    Raises OpenQuote or TextAfterQuote.
    """
    stops, cells, at, is_quoted = _stops(delimiter), [], start, False
    while True:
        quote = at + 1 if text.startswith(' "', at) and delimiter != " " else at
        if text.startswith('"', quote):
            cell, at = _quoted(text, quote + 1)
            is_quoted = True
            while delimiter != " " and text.startswith(" ", at):
                at += 1
            if at < len(text) and not stops.match(text, at):
                raise TextAfterQuote
            cells.append(cell)
        else:
            found = stops.search(text, at)
            stop = found.start() if found else len(text)
            cells.append(text[at:stop])
            at = stop
        if not text.startswith(delimiter, at):
            break
        at += len(delimiter)
    end = "\r\n" if text.startswith("\r\n", at) else text[at : at + 1]
    return Record(cells, start, at + len(end), end, is_quoted)


@lru_cache
def _stops(delimiter: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(delimiter)}|[\r\n]")


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The quoted cell whose text begins at a position, and the position after its closing quotation mark."""
    parts = []
    while True:
        close = text.find('"', at)
        if close < 0:
            raise OpenQuote
        parts.append(text[at:close])
        if not text.startswith('"', close + 1):
            return "".join(parts), close + 1
        parts.append('"')
        at = close + 2


def records(stream: BinaryIO, delimiter: str) -> Iterator[Record]:
    """The records of a stream of bytes, one after the other; bytes that are not UTF-8 become surrogates.

    The positions of a record are in the part of the text that is held at the time. Raises OpenQuote or TextAfterQuote,
    with the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text, at, line, size, is_first = "", 0, 1, _CHUNK, True
    while True:
        chunk = stream.read(size)
        text, at = text[at:] + decoder.decode(chunk, not chunk), 0
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        while at < len(text):
            try:
                found = record_at(text, at, delimiter)
            except (OpenQuote, TextAfterQuote) as error:
                if chunk and len(text) - at < _LONGEST and isinstance(error, OpenQuote):
                    break
                error.line = line
                raise
            if chunk and found.stop >= len(text):  # it may go on in the next chunk
                break
            yield Record(found.cells, found.start, found.stop, found.end, found.is_quoted, line)
            line += n_line_ends(text, at, found.stop)
            at = found.stop
        if not chunk:
            return
        size = max(_CHUNK, len(text) - at)


def n_line_ends(text: str, start: int, stop: int) -> int:
    """How many lines end in text[start:stop]; CR LF is one line end."""
    return text.count("\n", start, stop) + text.count("\r", start, stop) - text.count("\r\n", start, stop)
