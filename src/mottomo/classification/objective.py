"""The softmax likelihood of rows as a statistic that merges, and the objective that training makes small.

    log L(W, b) = sum_i w_i sum_k t_ik log softmax(x_i W + b)_k
    objective = -log L / N + sum_j ridge_j |W_j|^2 / (2 N),   N = sum_i w_i

Without a penalty its minimum is the maximum of the likelihood. The sums over rows add up: a file in
batches, the partitions of a cluster and an array in memory give the same objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from mottomo.classification.coordinates import contrasts
from mottomo.kernels.threads import Range, ranges
from mottomo.kernels.training import TrainingPass

RUN = 128  # rows of a run in an excerpt


@dataclass(frozen=True, slots=True)
class ObjectiveSums:
    """What rows say of W (p, K) and b (K,): sum of losses in nats, its gradient, and the weight of the rows.

    Sums of disjoint rows at the same W and b add up: ``empty + x == x``, and ``+`` is associative and commutative up to
    rounding (each number within n eps of the exact sum of its terms' sizes).
    """

    loss: float
    gradient: np.ndarray
    intercept_gradient: np.ndarray
    weight: float

    @classmethod
    def empty(cls, n_features: int, n_categories: int) -> ObjectiveSums:
        """The sums of no rows."""
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
    """Checked rows to learn from: see ``TrainingPass`` for shapes; `weights` None means 1 each."""

    features: Any
    n_categories: int
    labels: np.ndarray | None
    targets: np.ndarray | None = None
    weights: np.ndarray | None = None

    @property
    def n(self) -> int:
        return int(self.features.shape[0])

    @property
    def weight(self) -> float:
        return float(self.n) if self.weights is None else float(self.weights.sum())

    @property
    def is_sparse(self) -> bool:
        return hasattr(self.features, "indptr")

    def least_weight(self) -> float | None:
        """The smallest weight above 0 of a row with a label; None for soft targets."""
        if self.labels is None:
            return None
        return 1.0 if self.weights is None else float(self.weights[self.weights > 0].min())

    def category_weights(self) -> np.ndarray:
        """The weight of each category, (K,) float64: the tally of the labels, that the input-free model fits."""
        if self.labels is None:
            assert self.targets is not None
            weights = self.targets if self.weights is None else self.targets * self.weights[:, None]
            return np.asarray(weights.sum(axis=0))
        return np.bincount(self.labels, self.weights, minlength=self.n_categories).astype(np.float64)

    @property
    def n_features(self) -> int:
        return int(self.features.shape[1])

    def sample(self, size: int, seed: int = 0) -> Rows:
        """`size` rows chosen at random without replacement, always the same ones; all rows where there are no more."""
        if size >= self.n:
            return self
        return self.taken(chosen_rows(self.n, size, seed))

    def taken(self, index: np.ndarray | slice) -> Rows:
        """Some of the rows, by number; of a slice dense features are a view."""

        def some(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[index]

        features = with_wide_starts(self.features[index]) if self.is_sparse else self.features[index]
        return Rows(features, self.n_categories, some(self.labels), some(self.targets), some(self.weights))

    def excerpt(self, size: int) -> Excerpt:
        """About `size` rows spread over all, without a copy where the features are dense."""
        if self.is_sparse or size >= self.n or self.n < RUN:
            sample = self.sample(size)
            return Excerpt(sample, ranges(sample.n, -(-sample.n // RUN)))
        strata = ranges(self.n, min(-(-size // RUN), self.n // RUN))  # none shorter than a run
        free = np.random.default_rng(0).random(len(strata))
        starts = [first + int(share * (last - first - RUN)) for (first, last), share in zip(strata, free, strict=True)]
        return Excerpt(self, [(start, start + RUN) for start in starts])

    def dense(self) -> Rows:
        """The same rows with features that are not sparse."""
        return replace(self, features=self.features.toarray())

    def batches(self) -> Iterator[Rows]:
        """These rows at once."""
        yield self

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> Rows:
        """The same rows with features changed."""
        return replace(self, features=change(self.features))

    @contextmanager
    def running(self) -> Iterator[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]:
        """A function from W and b to the sums of these rows, with threads kept ready."""
        weight = self.weight
        rows = TrainingPass(self.features, self.n_categories, self.labels, self.targets, self.weights)
        with rows.running():

            def sums(w: np.ndarray, b: np.ndarray) -> ObjectiveSums:
                found = rows.sums(w, b)
                return ObjectiveSums(found.loss, found.gradient, found.intercept_gradient, weight)

            yield sums


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Runs of consecutive rows: what a curvature is made of."""

    rows: Rows
    runs: list[Range]

    @property
    def weight(self) -> float:
        if self.rows.weights is None:
            return float(sum(last - first for first, last in self.runs))
        return float(sum(self.rows.weights[first:last].sum() for first, last in self.runs))


def chosen_rows(n: int, size: int, seed: int) -> np.ndarray:
    """`size` of n row numbers at random, without replacement, in order."""
    return np.sort(np.random.default_rng(seed).choice(n, size, replace=False))


def keeping(data: Data, columns: np.ndarray) -> Data:
    """The same rows with some of their features alone."""

    def kept(x: Any) -> Any:
        return x[:, columns] if hasattr(x, "indptr") else np.ascontiguousarray(x[:, columns])

    return data.mapped(kept, len(columns))


def with_wide_starts(matrix: Any) -> Any:
    """A CSR matrix as the loops read it: row starts of 64 bits, column numbers of 32."""
    matrix.indptr = matrix.indptr.astype(np.int64, copy=False)
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    return matrix


class Data(Protocol):
    """Rows to learn from, wherever they are: an array in memory, or a file that is read anew in each pass."""

    @property
    def n_categories(self) -> int: ...

    @property
    def n_features(self) -> int: ...

    @property
    def n(self) -> int: ...

    @property
    def weight(self) -> float: ...

    @property
    def is_sparse(self) -> bool: ...

    def category_weights(self) -> np.ndarray: ...

    def least_weight(self) -> float | None: ...

    def batches(self) -> Iterator[Rows]: ...

    def mapped(self, change: Callable[[Any], Any], n_features: int) -> Data: ...

    def sample(self, size: int, seed: int = 0) -> Rows: ...

    def excerpt(self, size: int) -> Excerpt: ...

    def running(self) -> AbstractContextManager[Callable[[np.ndarray, np.ndarray], ObjectiveSums]]: ...


@dataclass(frozen=True, slots=True)
class Point:
    """An objective at coordinates V (P, K - 1): its value and gradient, nats a row."""

    coordinates: np.ndarray
    value: float
    gradient: np.ndarray


class Objective:
    """-log L / N + sum_j ridge_j |W_j|^2 / (2 N) as a function of V (P, K - 1).

    The last row of V is the intercept, if there is one. `ridge` (p,) is None without a penalty; `decay` is ridge / N. A
    ridge (p, p) stands for sum_ij ridge_ij W_i W_j' in place of sum_j ridge_j |W_j|^2.
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
        """The same objective on other rows: a sample, whose penalty is the smaller the smaller it is."""
        ridge = np.asarray(self.decay) * weight if self.is_penalised else None
        return Objective(sums, self._contrasts.shape[0], weight, ridge, self.has_intercept)

    def __call__(self, v: np.ndarray) -> Point:
        """One pass over all rows."""
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
        """The input-free model, which is the die's estimate: W = 0 and b = log(t / n), or 0 without an intercept."""
        v = np.zeros((n_features + self.has_intercept, self._contrasts.shape[1]))
        if self.has_intercept:
            logs = np.log(np.maximum(category_weights, 0.5) / category_weights.sum())
            v[-1] = (logs - logs.mean()) @ self._contrasts
        return v
