"""One pass of training: the loss of all rows and its gradient for linear logits, with each row read once.

    z_i = x_i W + b,   loss_i = log sum_k exp(z_ik) - sum_k t_ik z_ik,   G = sum_i w_i x_i' (softmax(z_i) - t_i)

A few rows at a time are processed while they are in the cache, so that neither the logits nor the probabilities of all
rows are ever stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.kernels.arrays import check_sparse, floats, integers
from mottomo.kernels.cross_entropy import softmax_losses, weighted_sum
from mottomo.kernels.native import extension
from mottomo.kernels.threads import Range, Run, ranges, workers

_PART = 2e6  # the least number of products in a range
_WORTH_A_THREAD = 1e7  # products; with fewer, handing work to a thread costs more than it saves
_MOST_RANGES = 32
_NUMPY_ROWS = 1 << 16  # numbers in a range of rows, for numpy


def _doubles(array: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    return floats(array, shape, name).astype(np.float64, copy=False)


def _categories(labels: Any, n: int, n_categories: int) -> np.ndarray:
    """The labels, (n,) int64; raises ValueError unless each is in 0 .. K - 1."""
    codes = integers(labels, (n,), "labels")
    if n and not (codes.min() >= 0 and codes.max() < n_categories):
        raise ValueError(f"labels hold numbers other than 0 to {n_categories - 1}")
    return codes


@dataclass(frozen=True, slots=True)
class PassSums:
    """The loss of all rows and its gradient.

    Attributes
    ----------
    loss : sum_i w_i loss_i, nats.
    gradient : (p, K) in W.
    intercept_gradient : (K,) in b.
    """

    loss: float
    gradient: np.ndarray
    intercept_gradient: np.ndarray


class TrainingPass:
    """Rows with their labels, ready for passes with any W and b.

    Parameters
    ----------
    features : (n, p) float32 or float64, best contiguous along either axis; or a CSR matrix (``indptr``, ``indices``,
        ``data``, ``shape``), best with 32-bit column numbers and 64-bit row starts. Its parts are checked here, once.
    labels : (n,) int64 in 0 .. K - 1; or None with `targets`.
    targets : (n, K) float64, each row summing to 1.
    weights : (n,) float64 >= 0, or None.

    Arrays of another layout or dtype are copied first. Raises TypeError or ValueError if arrays do not fit together.
    """

    def __init__(
        self,
        features: Any,
        n_categories: int,
        labels: np.ndarray | None,
        targets: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> None:
        self.is_sparse = hasattr(features, "indptr")
        if self.is_sparse:
            check_sparse(features)
            self._values = floats(features.data, (-1,), "values")
            self._starts = integers(features.indptr, (-1,), "row starts")
            self._columns = integers(features.indices, (-1,), "columns", np.int32)
        else:
            features = floats(features, (-1, -1), "features", either_axis=True)
        n, p = features.shape
        if (labels is None) == (targets is None):
            raise TypeError("either labels or targets are given")
        self._features, self._size = features, n_categories
        self._labels = None if labels is None else _categories(labels, n, n_categories)
        self._targets = None if targets is None else _doubles(targets, (n, n_categories), "targets")
        self._weights = None if weights is None else _doubles(weights, (n,), "weights")
        entries = int(features.indptr[-1]) if self.is_sparse else n * p
        self.work = 4.0 * entries * n_categories + 30.0 * n * n_categories
        # Each range has its own gradient; clearing and adding it should cost little compared with the range itself.
        worth = min(self.work / _PART, n / 600, entries / (20.0 * p + 1), _MOST_RANGES)
        self._ranges = ranges(n, max(int(worth), 1))

    @contextmanager
    def running(self) -> Iterator[TrainingPass]:
        """Keep the threads alive for several passes."""
        with workers(self.work if extension() else 0, len(self._ranges), _WORTH_A_THREAD) as run:
            self._run: Run = run
            yield self

    def sums(self, w: np.ndarray, b: np.ndarray) -> PassSums:
        """One pass: the sums over all rows at W (p, K) and b (K,), float64."""
        w, b = _doubles(w, (self._features.shape[1], self._size), "W"), _doubles(b, (self._size,), "b")
        native = extension()
        if native is None:
            return self._with_numpy(w, b)
        width = -(-self._size // native.lanes()) * native.lanes()
        intercept = np.zeros(width)
        intercept[: self._size] = b
        by_rows = not self.is_sparse and self._features.flags.c_contiguous
        few = by_rows and 2 <= self._size <= native.FEW
        if few:  # this loop needs the coefficients of each category contiguous
            padded = np.ascontiguousarray(w.T)
        else:
            padded = np.zeros((len(w), width))
            padded[:, : self._size] = w
        parts = self._run(lambda first, last: self._native_part(native, padded, intercept, (first, last)), self._ranges)
        losses, gradient, intercept_gradient = [parts[0][0]], parts[0][1], parts[0][2]
        for loss, other, other_intercept in parts[1:]:
            losses.append(loss)
            gradient += other
            intercept_gradient += other_intercept
        loss = math.fsum(losses) if all(map(math.isfinite, losses)) else sum(losses)
        return PassSums(loss, gradient.T if few else gradient[:, : self._size], intercept_gradient[: self._size])

    def _native_part(
        self, native: Any, w: np.ndarray, b: np.ndarray, rows: Range
    ) -> tuple[float, np.ndarray, np.ndarray]:
        gradient, intercept_gradient = np.zeros_like(w), np.zeros_like(b)
        x: Any = self._features
        values: Any = x
        where: dict[str, Any]
        if self.is_sparse:
            values, where = self._values, {"starts": self._starts, "columns": self._columns}
        else:
            where = {"row": x.shape[1], "column": 1} if x.flags.c_contiguous else {"row": 1, "column": x.shape[0]}
        loss, _, _ = native.run(
            "training_pass", values.itemsize, *rows, self._size, values,
            labels=self._labels, targets=self._targets, weights=self._weights, p=x.shape[1], w=w, b=b, width=len(b),
            gradient=gradient, intercept_gradient=intercept_gradient, **where,
        )  # fmt: skip
        return loss, gradient, intercept_gradient

    def _with_numpy(self, w: np.ndarray, b: np.ndarray) -> PassSums:
        """The same as the C loop."""
        n, p = self._features.shape
        gradient, intercept_gradient, losses = np.zeros((p, self._size)), np.zeros(self._size), []
        for first, last in ranges(n, max(1, n * max(self._size, 1 if self.is_sparse else p) // _NUMPY_ROWS)):
            at = slice(first, last)
            x = self._features[at]
            labels = None if self._labels is None else self._labels[at]
            targets = None if self._targets is None else self._targets[at]
            residual, loss = softmax_losses(np.asarray(x @ w) + b, labels, targets)
            weights = np.ones(len(loss)) if self._weights is None else self._weights[at]
            residual *= weights[:, None]
            losses.append(weighted_sum(loss, weights))
            gradient += x.T @ residual
            intercept_gradient += residual.sum(axis=0)
        return PassSums(math.fsum(losses) if np.isfinite(losses).all() else sum(losses), gradient, intercept_gradient)
