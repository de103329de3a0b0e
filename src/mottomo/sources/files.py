"""The bytes of a file, decompressed and checked where its name says that it is compressed."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim
from mottomo.temporary import temporary_folder, write_copy

COMPRESSIONS = (".gz", ".zst")


def head(path: Path, size: int) -> bytes:
    """The first bytes of a file, decompressed."""
    with opened(path) as stream:
        return stream.read(size)


def is_compressed(path: Path) -> bool:
    return path.suffix.lower() in COMPRESSIONS


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """All bytes of a file, decompressed from gzip or Zstandard; a damaged or cut file is an error."""
    if not is_compressed(path):
        with path.open("rb") as plain:
            yield plain
        return
    module = _compression(path)
    damaged = tuple(getattr(module, name) for name in ("BadGzipFile", "ZstdError") if hasattr(module, name))
    try:
        with module.open(path) as unpacked:
            yield cast(BinaryIO, unpacked)
    except (*damaged, EOFError, zlib.error) as error:
        raise SourceError(
            "damaged-compression",
            say("the file cannot be decompressed"),
            verbatim(str(path)),
            say("a whole {kind} file", kind="gzip" if path.suffix.lower() == ".gz" else "Zstandard"),
            verbatim(str(error)),
        ) from None


def _compression(path: Path) -> Any:
    """The module that opens a compressed file; Python has one for Zstandard from 3.14 on."""
    if path.suffix.lower() == ".gz":
        import gzip

        return gzip
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


@contextmanager
def plain_copy(path: Path, suffix: str) -> Iterator[Path]:
    """A temporary regular file with the bytes of `path`: of a pipe, which can be read once, or of what is compressed.

    DuckDB would decompress as well, but does not notice every damage.
    """
    with temporary_folder() as folder:
        copy = folder / f"copy{suffix}"
        with opened(path) as source:
            write_copy(source, copy)
        yield copy
