"""The SHA-256 of a file, computed on another thread while the file is counted."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from mottomo.results import SourceFile

_CHUNK = 1 << 20
LARGE = 1 << 30  # bytes: larger files are hashed only where that is asked for


class FileHash:
    """What ``sha256sum`` prints for a file, once ``found`` is asked for.

    A pipe is not read: that can be done once.
    """

    def __init__(self, path: Path, name: str | None = None, *, however_large: bool = False) -> None:
        self._path, self._name = path, name or str(path)
        self._stopped = threading.Event()
        self._hash: Any = None
        is_file = path.is_file()
        self._size = path.stat().st_size if is_file else None
        self._thread: threading.Thread | None = None
        if self._size is not None and (however_large or self._size <= LARGE):
            self._thread = threading.Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        found = hashlib.sha256()
        try:
            with self._path.open("rb") as stream:
                while not self._stopped.is_set() and (chunk := stream.read(_CHUNK)):
                    found.update(chunk)
        except OSError:
            return  # whoever counts the file says what is wrong with it
        if not self._stopped.is_set():
            self._hash = found

    def stop(self) -> None:
        """Give up: nobody will ask."""
        self._stopped.set()

    def found(self) -> SourceFile:
        """The file, with its hash where that was computed."""
        if self._thread is not None:
            self._thread.join()
        return SourceFile(self._name, self._size, None if self._hash is None else self._hash.hexdigest())
