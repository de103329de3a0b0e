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

_HEAD = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file: plain, or decompressed from gzip; of Zstandard only the first lines, through DuckDB."""
    if path.suffix.lower() == ".zst":
        with duck.decompressed_head(path, _HEAD) as stream:
            yield stream
    elif path.suffix.lower() == ".gz":
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
    else:
        with path.open("rb") as plain:
            yield plain
