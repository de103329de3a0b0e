"""Rows read batch by batch, again in each pass, from a file that does not fit into memory."""

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
    """Training rows of which one batch is in memory at a time.

    The batch boundaries affect the fit only through the rounding of sums.

    Attributes
    ----------
    read : gives the batches; each call gives the same rows in the same order.
    n : the number of rows.
    n_features : p.
    n_categories : K.
    is_sparse : True if the features are CSR matrices.
    tally : (K,) float64, the weight of each category.
    smallest_weight : the smallest weight of a row.
    """

    read: Callable[[], Iterator[Rows]]
    n: int
    n_features: int
    n_categories: int
    is_sparse: bool
    tally: np.ndarray
    smallest_weight: float

    @classmethod
    def of(cls, read: Callable[[], Iterator[Rows]]) -> BatchedRows:
        """Read all batches once to count rows and weights; there must be at least one batch."""
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
        """N, the sum of all weights."""
        return float(accurate_sum(self.tally))

    def category_weights(self) -> np.ndarray:
        """As in Data."""
        return self.tally

    def least_weight(self) -> float | None:
        """As in Data."""
        return self.smallest_weight

    def batches(self) -> Iterator[Rows]:
        """The batches, read anew from the source."""
        return self.read()

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> BatchedRows:
        """The same rows; `change` is applied to the features of each batch when it is read."""

        def read() -> Iterator[Rows]:
            return (rows.mapped(change, n_features) for rows in self.read())

        return replace(self, read=read, n_features=n_features)

    def sample(self, size: int, seed: int = 0) -> Rows:
        """`size` rows drawn at random without replacement, in memory; fewer if they would not fit.

        The same rows as ``Rows.sample`` draws, wherever the batches begin.
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
        """`size` rows drawn at random; unlike those of ``Rows.excerpt`` they are copied."""
        sample = self.sample(size)
        return sample.excerpt(sample.n)

    @contextmanager
    def running(self) -> Iterator[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]:
        """A function from W and b to the sums over all rows; each call is one pass over the batches."""

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
