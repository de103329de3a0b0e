"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then moved there."""
    path = path.resolve()  # a link stays a link
    try:
        if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced, only written to
            path.write_bytes(content)
            return
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            os.chmod(draft, mode)
            os.replace(draft, path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SourceError(
            "cannot-save",
            say("the output cannot be saved"),
            verbatim(str(path)),
            say("a file that may be written, in a folder that exists"),
            verbatim(error.strerror or str(error)),
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
