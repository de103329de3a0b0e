"""The bytes of a file, decompressed and checked if its name says that it is compressed."""

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
    """The first `size` bytes of a file, decompressed."""
    with opened(path) as stream:
        return stream.read(size)


def is_compressed(path: Path) -> bool:
    """Whether the name of a file ends as those of compressed files do."""
    return path.suffix.lower() in COMPRESSIONS


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A stream of the bytes of a file, decompressed; raises SourceError if a compressed file is damaged or cut."""
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
    """The module that opens a compressed file; Python itself has one for Zstandard since 3.14."""
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
    """A temporary regular file with the bytes of `path`, for a pipe, which can be read only once, or a compressed file.

    DuckDB could decompress too, but does not notice all damage.
    """
    with temporary_folder() as folder:
        copy = folder / f"copy{suffix}"
        with opened(path) as source:
            write_copy(source, copy)
        yield copy
