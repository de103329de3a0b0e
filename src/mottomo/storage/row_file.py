"""Rows of numbers in a temporary file, written once and then read in order, batch by batch, any number of times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from mottomo.messages import say
from mottomo.temporary import explained


class RowFile:
    """Rows of `width` numbers of one dtype in a private file; `n` is how many there are."""

    def __init__(self, path: Path, width: int, kind: type[np.generic]) -> None:
        self._path, self._width, self._kind = path, width, np.dtype(kind)
        self.n = 0

    def append(self, rows: np.ndarray) -> None:
        """Append rows (m, width); if the width is 0 they are only counted."""
        with _kept(self._path), self._path.open("ab") as stream:
            stream.write(np.ascontiguousarray(rows, dtype=self._kind).data if rows.size else b"")
        self.n += len(rows)

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """All rows in order, (m, width) at a time with m at most `size`."""
        with _kept(self._path), self._path.open("rb") as stream:
            for start in range(0, self.n, size):
                m = min(size, self.n - start)
                yield np.fromfile(stream, self._kind, m * self._width).reshape(m, self._width)


def _kept(path: Path) -> AbstractContextManager[None]:
    return explained(path, say("rows cannot be kept on disk"))
