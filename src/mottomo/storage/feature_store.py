"""The numbers of pictures that were seen before, in a file of SQLite: a second training begins at once."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mottomo.storage.cache import cache_folder

_LARGEST = 4 << 30  # bytes; a larger file is begun anew
_CHECK = 8  # bytes of the hash that stands before the numbers
_WAIT = 10.0  # seconds for another process that writes


class FeatureStore:
    """Rows of numbers by the SHA-256 of the picture and what made them.

    A row that was damaged is not given; what cannot be kept is left out, since it can be computed again.

    recipe : the fingerprint of what makes the numbers, with the versions of the libraries that do.
    """

    def __init__(self, path: Path, recipe: str) -> None:
        self._recipe = recipe.encode()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        with contextlib.suppress(OSError):
            if path.exists() and path.stat().st_size > _LARGEST:
                path.unlink()
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError:  # damaged; what was in it can be computed again
            with contextlib.suppress(OSError, sqlite3.Error):
                path.unlink(missing_ok=True)
                self._connection = _opened(path)

    @classmethod
    def in_cache(cls, recipe: str) -> FeatureStore | None:
        """The one in the cache of the user; None where there can be none."""
        folder = cache_folder("features")
        return None if folder is None else cls(folder / "features.sqlite", recipe)

    def get(self, sha256: str) -> np.ndarray | None:
        """The numbers of a picture (width,) float32, if they are known and whole."""
        if self._connection is None:
            return None
        try:
            with self._lock:
                sql = "SELECT numbers FROM features WHERE picture = ?"
                found = self._connection.execute(sql, (self._key(sha256),)).fetchone()
        except sqlite3.Error:
            return None
        if found is None or found[0][:_CHECK] != _check(found[0][_CHECK:]):
            return None
        return np.frombuffer(found[0], dtype="<f4", offset=_CHECK)

    def put(self, found: Iterable[tuple[str, np.ndarray]]) -> None:
        """Keep the numbers of pictures."""
        if self._connection is None:
            return
        rows = []
        for sha256, numbers in found:
            content = np.ascontiguousarray(numbers, dtype="<f4").tobytes()
            rows.append((self._key(sha256), _check(content) + content))
        with contextlib.suppress(sqlite3.Error), self._lock, self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            with self._lock:
                self._connection.close()
            self._connection = None

    def _key(self, sha256: str) -> bytes:
        return hashlib.sha256(self._recipe + sha256.encode()).digest()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS features (picture BLOB PRIMARY KEY, numbers BLOB NOT NULL)")
    connection.commit()
    return connection


def _check(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECK).digest()
