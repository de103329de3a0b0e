"""Rows to train on as numbers, filled in batch by batch: in memory, or on disk where they do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mottomo.classification.batched_rows import BatchedRows
from mottomo.classification.encoding import Encoding
from mottomo.classification.labelled_rows import checked_features
from mottomo.classification.objective import Rows
from mottomo.storage.row_file import RowFile

NUMBERS_IN_A_BATCH = 1 << 22


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows of a table as numbers: codes of the features, of the category, and how often each row counts."""

    codes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None

    @property
    def counted(self) -> np.ndarray:
        """Rows of weight 0 say nothing."""
        return np.ones(len(self.labels), dtype=bool) if self.weights is None else self.weights > 0

    def chosen(self, kept: np.ndarray) -> EncodedRows:
        """The rows where `kept` is true."""
        weights = None if self.weights is None else self.weights[kept]
        return EncodedRows(self.codes[kept], self.labels[kept], weights)

    def tally(self, kept: np.ndarray, n_categories: int) -> np.ndarray:
        """The counts of the categories among them."""
        weights = None if self.weights is None else self.weights[kept]
        return np.bincount(self.labels[kept], weights, n_categories).astype(np.int64)


class RowsInMemory:
    """Rows that are filled in batch by batch."""

    def __init__(self, path: Path, n: int, encoding: Encoding, n_categories: int, weighted: bool) -> None:
        self._encoding, self._n_categories = encoding, n_categories
        self._codes = np.empty((n, encoding.n_codes))
        self._labels = np.empty(n, dtype=np.int64)
        self._weights = np.empty(n) if weighted else None
        self.n = 0

    def append(self, batch: EncodedRows) -> None:
        """Keep more rows."""
        at = slice(self.n, self.n + len(batch.labels))
        self._codes[at], self._labels[at] = batch.codes, batch.labels
        if self._weights is not None:
            self._weights[at] = batch.weights
        self.n = at.stop

    def data(self) -> Rows:
        """The rows, as training reads them."""
        features = checked_features(self._encoding.expand(self._codes[: self.n]), self._encoding.columns)
        weights = None if self._weights is None else self._weights[: self.n]
        return Rows(features, self._n_categories, self._labels[: self.n], weights=weights)


class RowsOnDisk:
    """Rows in files, read anew batch by batch in each pass."""

    def __init__(self, path: Path, n: int, encoding: Encoding, n_categories: int, weighted: bool) -> None:
        self._encoding, self._n_categories = encoding, n_categories
        self._codes = RowFile(path.with_suffix(".codes"), encoding.n_codes, np.float64)
        self._labels = RowFile(path.with_suffix(".labels"), 1, np.int64)
        self._weights = RowFile(path.with_suffix(".weights"), 1, np.float64) if weighted else None
        self._size = max(256, NUMBERS_IN_A_BATCH // (len(encoding.columns) + 1))

    @property
    def n(self) -> int:
        """How many rows are kept."""
        return self._labels.n

    def append(self, batch: EncodedRows) -> None:
        """Keep more rows."""
        self._codes.append(batch.codes)
        self._labels.append(batch.labels)
        if self._weights is not None:
            assert batch.weights is not None
            self._weights.append(batch.weights)

    def data(self) -> BatchedRows:
        """The rows, as training reads them: anew in each pass."""
        return BatchedRows.of(self._read)

    def _read(self) -> Iterator[Rows]:
        size = self._size
        weights = self._weights.batches(size) if self._weights is not None else None
        for codes, labels in zip(self._codes.batches(size), self._labels.batches(size), strict=True):
            features = checked_features(self._encoding.expand(codes), self._encoding.columns)
            own = None if weights is None else next(weights)[:, 0]
            yield Rows(features, self._n_categories, labels[:, 0], weights=own)
