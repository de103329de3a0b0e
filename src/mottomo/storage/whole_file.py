"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim
from mottomo.temporary import removed_at_end, unique_prefix

_LONGEST_NAME = 40  # characters of the file's name in the name of its draft, which may have 255 bytes


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a draft is written beside it and then renamed."""
    with whole_file(path) as stream:
        stream.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream for the content of a file, which is replaced only if the body ends without an exception."""
    path = _resolved(path)  # so that a link is kept and its target is replaced
    try:
        if path.exists() and not path.is_file():  # a device or a pipe is written to directly
            with path.open("wb") as stream:
                yield stream
            return
        prefix = unique_prefix(f".{path.name[:_LONGEST_NAME]}.")
        with removed_at_end(path.parent, prefix):
            handle, draft = tempfile.mkstemp(prefix=prefix, dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as stream:
                    yield stream
                mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
                os.chmod(draft, mode)
                os.replace(draft, path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _cannot_save(path, error.strerror or str(error)) from None


def refuse_unwritable(path: Path) -> None:
    """Raise the SourceError of ``write_whole`` if the folder does not exist or may not be written to."""
    folder = _resolved(path).parent
    if folder.is_dir() and os.access(folder, os.W_OK) and not path.is_dir():
        return
    code = errno.EISDIR if path.is_dir() else errno.EACCES if folder.is_dir() else errno.ENOENT
    raise _cannot_save(path, os.strerror(code))


def _resolved(path: Path) -> Path:
    """Where a path leads to. Raises SourceError : it is the name of no file."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a null character, no UTF-8, a circle of links
        raise _cannot_save(path, getattr(error, "strerror", None) or str(error)) from None


def _cannot_save(path: Path, got: str) -> SourceError:
    return SourceError(
        "cannot-save",
        say("the output cannot be saved"),
        verbatim(str(path)),
        say("a file that may be written, in a folder that exists"),
        verbatim(got),
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
