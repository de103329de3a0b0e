"""Checks of the form of a delimited text while DuckDB counts it, because DuckDB accepts some forms that are ambiguous.

If lines end in different ways, or text stands between a quoted cell and the next quotation mark, counts can be wrong
without an error. A fast search looks for byte patterns that occur in such texts. If it finds one, the records are read
one by one, and these decide.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path

from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources import files
from mottomo.sources.delimited_text import OpenQuote, TextAfterQuote, records

_CHUNK = 1 << 20
_MOST_BLANKS = 1 << 20
_QUOTE_AFTER_BLANKS = re.compile(rb'" +"')
_NAMES = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}


class TextForm:
    """Checks a file in a separate thread, which ``start`` starts; ``confirm`` waits for it and raises the error."""

    def __init__(self, path: Path, delimiter: str, where: Message) -> None:
        self._path, self._delimiter, self._where = path, delimiter, where
        self._stopped = threading.Event()
        self._failure: OSError | None = None
        self._is_suspect = False
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread without a result."""
        self._stopped.set()
        self._thread.join()

    def confirm(self) -> None:
        """Wait for the thread; raise SourceError if line ends differ or a quoted cell is followed by text."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        if self._is_suspect:
            refuse_other_forms(self._path, self._delimiter, self._where)

    def _look(self) -> None:
        try:
            self._is_suspect = self._has_traces()
        except OSError as error:  # raised in confirm, because nobody sees an exception of this thread
            self._failure = error

    def _has_traces(self) -> bool:
        ends, last = set(), b""
        with files.opened(self._path) as stream:
            while not self._stopped.is_set() and (chunk := stream.read(_CHUNK)):
                chunk = last + chunk if last else chunk
                last = chunk[-1:] if chunk[-1:] in b'\r" ' else b""
                if last == b" ":  # blanks after a quotation mark are kept with it
                    last = chunk[max(len(chunk.rstrip(b" ")) - 1, 0) :]
                    last = last if last.startswith(b'"') else b""
                    if len(last) > _MOST_BLANKS:
                        return True
                whole = chunk[: len(chunk) - len(last)] if last == b"\r" else chunk
                ends |= _line_ends(whole)
                if b'"' in chunk and b'" ' in chunk and _QUOTE_AFTER_BLANKS.search(chunk):
                    return True
        ends |= _line_ends(last)
        return len(ends) > 1


def _line_ends(chunk: bytes) -> set[str]:
    """The kinds of line ends in a chunk, also inside quotation marks; the chunk does not end within CR LF."""
    if b"\r" not in chunk:
        return {"\n"} if b"\n" in chunk else set()
    n_both, n_returns, n_feeds = chunk.count(b"\r\n"), chunk.count(b"\r"), chunk.count(b"\n")
    found = {"\r\n": n_both, "\r": n_returns - n_both, "\n": n_feeds - n_both}
    return {end for end, count in found.items() if count}


def refuse_other_forms(path: Path, delimiter: str, where: Message) -> None:
    """Read the records one by one; raise SourceError, with the line, if line ends differ or quotes are wrong."""
    first = None
    with files.opened(path) as stream:
        try:
            for record in records(stream, delimiter):
                first = first or record.end
                if record.end not in ("", first):
                    raise SourceError(
                        "mixed-line-ends",
                        say("the lines do not all end alike"),
                        say("{file}, line {line}", file=where, line=record.line),
                        verbatim(_NAMES[first]),
                        verbatim(_NAMES[record.end]),
                        say("convert the line ends first, for example with dos2unix"),
                    )
        except OpenQuote as error:
            raise open_quote(_place(where, error.line)) from None
        except TextAfterQuote as error:
            raise text_after_quote(_place(where, error.line)) from None


def _place(where: Message, line: int) -> Message:
    return say("{file}, line {line}", file=where, line=line)


def open_quote(where: Message) -> SourceError:
    """The error for a quotation mark that is never closed."""
    return SourceError(
        "open-quote",
        say("a quotation mark is opened and never closed"),
        where,
        None,
        None,
        say('write "" for a quotation mark inside a quoted cell'),
    )


def text_after_quote(where: Message) -> SourceError:
    """The error for text between a closing quotation mark and the next separator."""
    return SourceError(
        "text-after-quote",
        say("a quoted cell is followed by text"),
        where,
        say("a separator or the end of the line after the closing quotation mark"),
        None,
        say('write "" for a quotation mark inside a quoted cell'),
    )
