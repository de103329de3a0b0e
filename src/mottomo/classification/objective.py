"""The softmax likelihood of rows as a statistic that merges, and the objective that training minimises.

    log L(W, b) = sum_i w_i sum_k t_ik log softmax(x_i W + b)_k
    objective = -log L / N + sum_j ridge_j |W_j|^2 / (2 N),   N = sum_i w_i

Without a penalty, minimising it maximises the likelihood. The sums over disjoint rows add up, so a file in batches,
the partitions of a cluster and an array in memory give the same objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from mottomo.kernels.threads import Range, ranges
from mottomo.kernels.training import TrainingPass
from mottomo.numerics.contrasts import contrasts

RUN = 128  # consecutive rows in a run of an excerpt


@dataclass(frozen=True, slots=True)
class ObjectiveSums:
    """Sums over some rows, at given W (p, K) and b (K,).

    Sums of disjoint rows at the same W and b add up: ``empty + x == x``, and ``+`` is associative and commutative up to
    rounding (the error of each number is at most n eps times the sum of the sizes of its terms).

    Attributes
    ----------
    loss : sum of the losses, nats.
    gradient : (p, K), derivative of `loss` with respect to W.
    intercept_gradient : (K,), derivative of `loss` with respect to b.
    weight : sum of the weights of the rows.
    """

    loss: float
    gradient: np.ndarray
    intercept_gradient: np.ndarray
    weight: float

    @classmethod
    def empty(cls, n_features: int, n_categories: int) -> ObjectiveSums:
        """The sums of no rows: the neutral element of ``+``."""
        return cls(0.0, np.zeros((n_features, n_categories)), np.zeros(n_categories), 0.0)

    def __add__(self, other: ObjectiveSums) -> ObjectiveSums:
        return ObjectiveSums(
            self.loss + other.loss,
            self.gradient + other.gradient,
            self.intercept_gradient + other.intercept_gradient,
            self.weight + other.weight,
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Checked training rows in memory.

    Attributes
    ----------
    features : (n, p) dense or CSR, see ``TrainingPass``.
    n_categories : K.
    labels : (n,) int64 codes of the observed categories; None if there are soft targets.
    targets : (n, K) soft targets; None if there are labels.
    weights : (n,) frequency weights; None means 1 each.
    """

    features: Any
    n_categories: int
    labels: np.ndarray | None
    targets: np.ndarray | None = None
    weights: np.ndarray | None = None

    @property
    def n(self) -> int:
        """As in Data."""
        return int(self.features.shape[0])

    @property
    def weight(self) -> float:
        """As in Data."""
        return float(self.n) if self.weights is None else float(self.weights.sum())

    @property
    def is_sparse(self) -> bool:
        """As in Data."""
        return hasattr(self.features, "indptr")

    def least_weight(self) -> float | None:
        """As in Data."""
        if self.labels is None:
            return None
        return 1.0 if self.weights is None else float(self.weights[self.weights > 0].min())

    def category_weights(self) -> np.ndarray:
        """As in Data."""
        if self.labels is None:
            assert self.targets is not None
            weights = self.targets if self.weights is None else self.targets * self.weights[:, None]
            return np.asarray(weights.sum(axis=0))
        return np.bincount(self.labels, self.weights, minlength=self.n_categories).astype(np.float64)

    @property
    def n_features(self) -> int:
        """As in Data."""
        return int(self.features.shape[1])

    def sample(self, size: int, seed: int = 0) -> Rows:
        """As in Data."""
        if size >= self.n:
            return self
        return self.taken(chosen_rows(self.n, size, seed))

    def taken(self, index: np.ndarray | slice) -> Rows:
        """The rows at `index`; for a slice, dense features are a view."""

        def some(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[index]

        features = with_wide_starts(self.features[index]) if self.is_sparse else self.features[index]
        return Rows(features, self.n_categories, some(self.labels), some(self.targets), some(self.weights))

    def excerpt(self, size: int) -> Excerpt:
        """About `size` rows in runs spread over all rows; dense features are not copied."""
        if self.is_sparse or size >= self.n or self.n < RUN:
            sample = self.sample(size)
            return Excerpt(sample, ranges(sample.n, -(-sample.n // RUN)))
        strata = ranges(self.n, min(-(-size // RUN), self.n // RUN))  # each stratum holds at least one run
        free = np.random.default_rng(0).random(len(strata))
        starts = [first + int(share * (last - first - RUN)) for (first, last), share in zip(strata, free, strict=True)]
        return Excerpt(self, [(start, start + RUN) for start in starts])

    def dense(self) -> Rows:
        """The same rows with sparse features made dense."""
        return replace(self, features=self.features.toarray())

    def batches(self) -> Iterator[Rows]:
        """These rows as one batch."""
        yield self

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> Rows:
        """As in Data; `change` is applied at once."""
        return replace(self, features=change(self.features))

    @contextmanager
    def running(self) -> Iterator[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]:
        """As in Data; the threads are kept ready between calls."""
        weight = self.weight
        rows = TrainingPass(self.features, self.n_categories, self.labels, self.targets, self.weights)
        with rows.running():

            def sums(w: np.ndarray, b: np.ndarray) -> ObjectiveSums:
                found = rows.sums(w, b)
                return ObjectiveSums(found.loss, found.gradient, found.intercept_gradient, weight)

            yield sums


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of the rows, as runs of consecutive ones, for computing a Hessian or a preconditioner.

    Attributes
    ----------
    rows : the rows that contain the runs.
    runs : first row and end (exclusive) of each run.
    """

    rows: Rows
    runs: list[Range]

    @property
    def weight(self) -> float:
        """The sum of the weights of the rows in the runs."""
        if self.rows.weights is None:
            return float(sum(last - first for first, last in self.runs))
        return float(sum(self.rows.weights[first:last].sum() for first, last in self.runs))


def chosen_rows(n: int, size: int, seed: int) -> np.ndarray:
    """(size,) row numbers below n in increasing order: one at random of each of `size` runs of about equal length."""
    ends = np.arange(size + 1) * n // size
    room = np.diff(ends)
    return np.asarray(ends[:-1] + (np.random.default_rng(seed).random(size) * room).astype(np.int64))


def keeping(data: Data, columns: np.ndarray) -> Data:
    """The same rows with only some of their features."""

    def kept(x: Any) -> Any:
        return x[:, columns] if hasattr(x, "indptr") else np.ascontiguousarray(x[:, columns])

    return data.mapped(kept, len(columns))


def with_wide_starts(matrix: Any) -> Any:
    """Convert a CSR matrix in place for the kernels: `indptr` as int64, `indices` as int32."""
    matrix.indptr = matrix.indptr.astype(np.int64, copy=False)
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    return matrix


class Data(Protocol):
    """Training rows, wherever they are: an array in memory, or a file that is read again in each pass."""

    @property
    def n_categories(self) -> int:
        """K."""
        ...

    @property
    def n_features(self) -> int:
        """p."""
        ...

    @property
    def n(self) -> int:
        """The number of rows."""
        ...

    @property
    def weight(self) -> float:
        """N, the sum of the weights of the rows."""
        ...

    @property
    def is_sparse(self) -> bool:
        """True if the features are a CSR matrix."""
        ...

    def category_weights(self) -> np.ndarray:
        """(K,) float64, the total weight of each category: all that the intercept-only (null) model depends on."""
        ...

    def least_weight(self) -> float | None:
        """The smallest weight above 0 of a row; None if the rows have soft targets."""
        ...

    def batches(self) -> Iterator[Rows]:
        """All rows in order, a batch at a time."""
        ...

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> Data:
        """The same rows with features `change` (features), which have `n_features` columns."""
        ...

    def sample(self, size: int, seed: int = 0) -> Rows:
        """`size` rows drawn at random without replacement, the same for one seed; all rows if there are no more."""
        ...

    def excerpt(self, size: int) -> Excerpt:
        """About `size` rows at random, without copying them if possible."""
        ...

    def running(self) -> AbstractContextManager[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]:
        """A context that gives a function from W (p, K) and b (K,) to the sums over all rows."""
        ...


@dataclass(frozen=True, slots=True)
class Point:
    """The objective at one point.

    Attributes
    ----------
    coordinates : V (P, K - 1).
    value : the objective, nats a row.
    gradient : (P, K - 1) with respect to V, nats a row.
    """

    coordinates: np.ndarray
    value: float
    gradient: np.ndarray


class Objective:
    """-log L / N + sum_j ridge_j |W_j|^2 / (2 N) as a function of V (P, K - 1).

    The last row of V is the intercept, if there is one. A ridge (p, p) means sum_ij ridge_ij W_i W_j' in place of
    sum_j ridge_j |W_j|^2; None means no penalty.

    Attributes
    ----------
    has_intercept : True if V has a row for the intercept.
    weight : N.
    decay : ridge / N, or 0 without a penalty.
    is_penalised : True if there is a ridge.
    n_passes : passes over all rows so far.
    """

    def __init__(
        self,
        sums: Callable[[np.ndarray, np.ndarray], ObjectiveSums],
        n_categories: int,
        weight: float,
        ridge: np.ndarray | None,
        intercept: bool,
    ) -> None:
        self._sums = sums
        self._contrasts = contrasts(n_categories)
        self.has_intercept = intercept
        self.weight = weight
        self.decay: np.ndarray | float = 0.0 if ridge is None else ridge / weight
        self.is_penalised = ridge is not None
        self.n_passes = 0

    def on(self, sums: Callable[[np.ndarray, np.ndarray], ObjectiveSums], weight: float) -> Objective:
        """The same objective on other rows, of total weight `weight`; the ridge is scaled to keep `decay`."""
        ridge = np.asarray(self.decay) * weight if self.is_penalised else None
        return Objective(sums, self._contrasts.shape[0], weight, ridge, self.has_intercept)

    def __call__(self, v: np.ndarray) -> Point:
        """Value and gradient at `v`; one pass over all rows."""
        self.n_passes += 1
        w, b = self.coefficients(v)
        sums = self._sums(w, b)
        gradient = np.empty_like(v)
        slopes = v[: len(w)]
        gradient[: len(w)] = sums.gradient @ self._contrasts / self.weight
        value = sums.loss / self.weight
        if self.is_penalised:
            decay = np.asarray(self.decay)
            pull = decay @ slopes if decay.ndim == 2 else decay[:, None] * slopes
            gradient[: len(w)] += pull
            value += 0.5 * float(np.vdot(slopes, pull))
        if self.has_intercept:
            gradient[-1] = sums.intercept_gradient @ self._contrasts / self.weight
        return Point(v, value, gradient)

    def coefficients(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (p, K) and b (K,), each adding to zero over the categories."""
        full = v @ self._contrasts.T
        if self.has_intercept:
            return np.ascontiguousarray(full[:-1]), full[-1]
        return np.ascontiguousarray(full), np.zeros(full.shape[1])

    def start(self, category_weights: np.ndarray, n_features: int) -> np.ndarray:
        """V (P, K - 1) of the intercept-only (null) model: W = 0 and b = log(t / n), or b = 0 without an intercept."""
        v = np.zeros((n_features + self.has_intercept, self._contrasts.shape[1]))
        if self.has_intercept:
            logs = np.log(np.maximum(category_weights, 0.5) / category_weights.sum())
            v[-1] = (logs - logs.mean()) @ self._contrasts
        return v
