"""One outcome a line, from a pipe or a file of lines: counted as the bytes arrive, in constant memory."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import BinaryIO

from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.encodings import BYTE_ORDER_MARK, decoded, not_utf8, refuse_other_marks
from mottomo.sources.reading import Reading
from mottomo.sources.rows import CountedRows

_CHUNK = 1 << 20
_MOST_KEPT = 4 << 20  # the most bytes that are kept for the order of outcomes, about two million of them


def count_lines(
    stream: BinaryIO, where: Message, reading: Reading | None = None, path: Path | None = None
) -> CountedRows:
    """Count the lines of a binary stream: LF, CR LF or CR, with or without a byte-order mark.

    A blank line is a missing outcome. If `path` is given, errors name the line. The order of the outcomes is kept for
    up to 4 MB.
    """
    if reading is not None and reading.encoding is not None:
        stream = decoded(stream, reading.encoding, where)
    kept = _Kept()
    lines = _counted_chunks(stream, where, kept)
    if not lines:
        raise SourceError(
            "empty-source", say("there is nothing to read"), where, say("one outcome a line"), say("0 bytes")
        )
    counts = _split_carriage_returns(lines)
    n_missing = counts.pop(b"", 0)
    try:
        values = [line.decode("utf-8") for line in counts]
    except UnicodeDecodeError as error:
        raise not_utf8(error.object, where) from None
    return CountedRows(
        values,
        list(counts.values()),
        n_missing=n_missing,
        where=where,
        locate=_locator(path),
        in_order=kept.outcomes if kept.whole else None,
    )


class _Kept:
    """The bytes of a stream in their order, unless there are too many."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def whole(self) -> bool:
        """Whether all bytes so far are kept."""
        return self._size <= _MOST_KEPT

    def add(self, chunk: bytes) -> None:
        """Keep more bytes, or give up and forget all."""
        self._size += len(chunk)
        if self.whole:
            self._chunks.append(chunk)
        else:
            self._chunks.clear()

    def outcomes(self) -> list[str]:
        """The lines in their order as text, without blank ones."""
        text = b"".join(self._chunks).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return [line.decode("utf-8") for line in text.split(b"\n") if line]


def _counted_chunks(stream: BinaryIO, where: Message, kept: _Kept) -> Counter[bytes]:
    """Counts of the pieces between line feeds; the piece after the last one counts only if it is not empty."""
    counts: Counter[bytes] = Counter()
    rest = [b""]
    first = True
    read = getattr(stream, "read1", stream.read)
    while chunk := read(_CHUNK):
        while first and len(chunk) < len(BYTE_ORDER_MARK) + 1 and (more := read(_CHUNK)):
            chunk += more  # a byte-order mark may arrive in pieces
        if first:
            refuse_other_marks(chunk, where)
            chunk, first = chunk.removeprefix(BYTE_ORDER_MARK), False
        kept.add(chunk)
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            rest.append(tail)
            continue
        rest.append(head)
        counts.update(b"".join(rest).split(b"\n"))
        rest = [tail]
    last = b"".join(rest)
    if last:
        counts[last] += 1
    return counts


def _split_carriage_returns(lines: Counter[bytes]) -> Counter[bytes]:
    """The counts after splitting lines at CR too; equal lines are split alike, so they can be counted before."""
    if not any(b"\r" in line for line in lines):
        return lines
    counts: Counter[bytes] = Counter()
    for line, count in lines.items():
        ends_with_return = line.endswith(b"\r")
        for piece in (line[:-1] if ends_with_return else line).split(b"\r"):
            counts[piece] += count
    return counts


def _locator(path: Path | None):  # type: ignore[no-untyped-def]
    def locate(value: str) -> Message | None:
        if path is None:
            return None
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.rstrip(b"\r\n").removeprefix(BYTE_ORDER_MARK) == value.encode():
                    return say("{file}, line {line}", file=str(path), line=number)
        return verbatim(str(path))

    return locate
