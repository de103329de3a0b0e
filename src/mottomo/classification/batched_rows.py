"""Rows that come in batches, each time anew: from a file that is too large for memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mottomo.classification.objective import Excerpt, ObjectiveSums, Rows, chosen_rows, with_wide_starts
from mottomo.numerics.sums import accurate_sum

_LARGEST_SAMPLE = 1 << 27  # numbers that a sample may hold


@dataclass(frozen=True)
class BatchedRows:
    """Rows to learn from of which one batch is in memory at a time.

    `read` gives the same rows in the same order each time that it is called. What is learnt depends on where the
    batches begin and end by the rounding of sums alone.
    """

    read: Callable[[], Iterator[Rows]]
    n: int
    n_features: int
    n_categories: int
    is_sparse: bool
    tally: np.ndarray  # (K,) float64: the weight of each category
    smallest_weight: float

    @classmethod
    def of(cls, read: Callable[[], Iterator[Rows]]) -> BatchedRows:
        """From one reading of all batches, of which there is at least one."""
        n, tally, smallest, last = 0, None, np.inf, None
        for last in read():
            n += last.n
            weights, least = last.category_weights(), last.least_weight()
            tally = weights if tally is None else tally + weights
            assert least is not None
            smallest = min(smallest, least)
        assert last is not None
        assert tally is not None
        return cls(read, n, last.n_features, last.n_categories, last.is_sparse, tally, float(smallest))

    @property
    def weight(self) -> float:
        return float(accurate_sum(self.tally))

    def category_weights(self) -> np.ndarray:
        return self.tally

    def least_weight(self) -> float | None:
        return self.smallest_weight

    def batches(self) -> Iterator[Rows]:
        return self.read()

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> BatchedRows:
        """The same rows with features changed as they are read."""

        def read() -> Iterator[Rows]:
            return (rows.mapped(change, n_features) for rows in self.read())

        return replace(self, read=read, n_features=n_features)

    def sample(self, size: int, seed: int = 0) -> Rows:
        """`size` rows chosen at random without replacement (fewer where they would fill the memory), in memory.

        They are those that ``Rows.sample`` chooses, wherever the batches begin.
        """
        size = max(1, min(size, self.n, _LARGEST_SAMPLE // max(self.n_features, 1)))
        chosen = np.arange(self.n) if size == self.n else chosen_rows(self.n, size, seed)
        parts, start = [], 0
        for rows in self.read():
            first, last = np.searchsorted(chosen, [start, start + rows.n])
            if first < last:
                parts.append(rows.taken(chosen[first:last] - start))
            start += rows.n
        return _joined(parts)

    def excerpt(self, size: int) -> Excerpt:
        """As many rows at random: of a file they have to be copied."""
        sample = self.sample(size)
        return sample.excerpt(sample.n)

    @contextmanager
    def running(self) -> Iterator[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]:
        """A function from W and b to the sums of all rows: it reads each batch once."""

        def sums(w: np.ndarray, b: np.ndarray) -> ObjectiveSums:
            total = ObjectiveSums.empty(*w.shape)
            for rows in self.read():
                with rows.running() as part:
                    total = total + part(w, b)
            return total

        yield sums


def _joined(parts: list[Rows]) -> Rows:
    def joined(name: str) -> np.ndarray | None:
        values = [getattr(part, name) for part in parts]
        return None if values[0] is None else np.concatenate(values)

    features = [part.features for part in parts]
    if parts[0].is_sparse:
        import scipy.sparse

        whole = with_wide_starts(scipy.sparse.vstack(features, format="csr"))
    else:
        whole = np.vstack(features)
    return Rows(whole, parts[0].n_categories, joined("labels"), joined("targets"), joined("weights"))
