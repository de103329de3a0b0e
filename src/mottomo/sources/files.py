"""The bytes of a file, decompressed where its name says so."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim
from mottomo.sources import duck


def head(path: Path, size: int) -> bytes:
    """The first bytes of a file, decompressed: at most `size`, and of Zstandard at most its first hundred lines."""
    if is_zstandard(path):
        return duck.decompressed_head(path, size)
    with opened(path) as stream:
        return stream.read(size)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """All bytes of a file: plain, or decompressed from gzip. Zstandard is refused: only DuckDB reads it, as a table."""
    if is_zstandard(path):
        raise SourceError(
            "compressed-text",
            say("text compressed with Zstandard is read only as a table in UTF-8"),
            verbatim(str(path)),
            None,
            None,
            say("decompress it on the way: zstd -dc FILE | mottomo COMMAND -"),
        )
    if path.suffix.lower() != ".gz":
        with path.open("rb") as plain:
            yield plain
        return
    import gzip

    try:
        with gzip.open(path) as unpacked:
            yield cast(BinaryIO, unpacked)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(
            "damaged-compression",
            say("the file cannot be decompressed"),
            verbatim(str(path)),
            say("a whole gzip file"),
            verbatim(str(error)),
        ) from None


def is_zstandard(path: Path) -> bool:
    return path.suffix.lower() == ".zst"
