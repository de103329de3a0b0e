"""The SHA-256 of a file, computed on another thread while the file is counted."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from mottomo.results import SourceFile

_CHUNK = 1 << 20
LARGE = 1 << 30  # bytes; a larger file is hashed only if that is asked for


class FileHash:
    """The SHA-256 of a file, computed in a thread; ``found`` waits for it.

    As a context manager it stops the thread at the end. A pipe is not hashed, because it can be read only once.
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
            return  # the reader that counts the file reports the error
        if not self._stopped.is_set():
            self._hash = found

    def __enter__(self) -> FileHash:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def found(self) -> SourceFile:
        """The file, with its hash if that was computed."""
        if self._thread is not None:
            self._thread.join()
        return SourceFile(self._name, self._size, None if self._hash is None else self._hash.hexdigest())
