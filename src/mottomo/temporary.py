"""Temporary folders and drafts: gone after use, also where a signal ends the process, and named where they fail."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mottomo.errors import SourceError
from mottomo.leftovers import Undoing
from mottomo.messages import Message, say, verbatim

_CHUNK = 1 << 20
_MOST_ATTEMPTS = 20
_OWN = re.compile(r"mottomo-[0-9a-f]{16}-.*")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder in the user's folder for temporary files; it and all in it are gone afterwards.

    Raises SourceError where none can be made.
    """
    place, prefix = _place(), unique_prefix("mottomo-")
    with removed_at_end(place, prefix):
        try:
            made = tempfile.TemporaryDirectory(prefix=prefix, dir=place)
        except OSError as error:
            raise temporary_error(say("no temporary folder can be made"), place, error) from None
        with made as folder:
            yield Path(folder)


def _place() -> Path:
    """Where temporary files are put: the first place of Python's that can be used, the user's wish first.

    ``tempfile`` would try a place by writing a file to it, which a signal leaves there.
    """
    if tempfile.tempdir is not None:
        return Path(os.fsdecode(tempfile.tempdir)).absolute()
    asked = [place for name in ("TMPDIR", "TEMP", "TMP") if (place := os.environ.get(name))]
    usual = ["/tmp", "/var/tmp", "/usr/tmp"] if os.name == "posix" else [tempfile.gettempdir()]
    places = asked + usual
    return Path(next((place for place in places if os.access(place, os.W_OK | os.X_OK)), places[0])).absolute()


def unique_prefix(beginning: str) -> str:
    """The beginning of a name that nobody else gives."""
    return f"{beginning}{os.urandom(8).hex()}-"


def removed_at_end(folder: Path, prefix: str) -> Undoing:
    """While entered, an end of the process removes what is in the folder under names that begin with `prefix`.

    The prefix is unique and noted before anything is made: so there is no moment at which something is left.
    """
    return Undoing(lambda: _remove(str(folder), prefix))


def _remove(folder: str, prefix: str) -> None:
    for _ in range(_MOST_ATTEMPTS):  # a thread of DuckDB may still be writing
        try:
            left = [entry.path for entry in os.scandir(folder) if entry.name.startswith(prefix)]
        except OSError:
            return
        for path in left:
            _remove_one(path)
        if not any(map(os.path.lexists, left)):
            return
        time.sleep(0.01)


def _remove_one(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        os.unlink(path)
    except OSError:
        return  # the process ends, and nothing more can be done


def write_copy(source: BinaryIO, path: Path, before: bytes = b"") -> None:
    """Write all bytes of a stream to a temporary file, after those given. What goes wrong in writing names its folder.

    Without a buffer: one that a full disk left unwritten would fail again when the file is closed.
    """
    with explained(path):
        target = path.open("wb", buffering=0)
    with target:
        chunk = memoryview(before or source.read(_CHUNK))
        while chunk:
            while chunk:
                with explained(path):
                    n_written = target.write(chunk)
                chunk = chunk[n_written:]
            chunk = memoryview(source.read(_CHUNK))


@contextmanager
def explained(path: Path, what: Message | None = None) -> Iterator[None]:
    """An OSError of a temporary file as one that names its folder."""
    try:
        yield
    except OSError as error:
        raise temporary_error(what or say("a temporary file cannot be written"), path.parent, error) from None


def temporary_error(what: Message, folder: Path, error: OSError | str | None) -> SourceError:
    """The error for temporary files that cannot be kept in a folder; one of ours is gone when this is read."""
    folder = next((one.parent for one in (folder, *folder.parents) if _OWN.fullmatch(one.name)), folder)
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else error
    return SourceError(
        "temporary-file",
        what,
        verbatim(str(folder)),
        say("a folder that may be written to, with room for temporary files"),
        verbatim(reason) if reason else None,
        say("name another folder in the environment variable TMPDIR"),
    )
