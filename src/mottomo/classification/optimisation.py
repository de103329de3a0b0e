"""Where the objective is smallest: quasi-Newton steps that start from curvature, and stop on what is left to gain.

One pass over all rows a step (L-BFGS); the curvature that a step starts from is that of a sample of the rows: exact
where it is small enough, a Kronecker product otherwise. It is taken anew when as much has been spent on passes as it
costs. Each stop has a reason, and says how far log L can still be from its maximum: proved, where the exact curvature
is known (``certificate``), else estimated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mottomo.classification.certificate import Certificate
from mottomo.classification.curvature import (
    HEAD,
    ROWS_A_COLUMN,
    Curvature,
    ExactCurvature,
    HeadCurvature,
    KroneckerCurvature,
    Scaling,
)
from mottomo.classification.objective import Data, Objective, Point
from mottomo.kernels.threads import one_thread_blas

_MEMORY = 30
_LEAST_STEPS = 8  # from one curvature
_ARMIJO, _WOLFE = 1e-4, 0.9
_LARGEST_EXACT = 4096  # parameters of which the exact curvature is kept
_LARGEST_DENSE = 20_000_000  # numbers of a sample of sparse rows that is made dense
_ROWS_A_PARAMETER = 10
_START_ROWS_A_COLUMN = 4
_PROOF_ROWS_A_COLUMN = 10
_PASSES_FOR_ALL = 300
_POLISHING_PASSES = 12
_NEXT_TO_NOTHING = 5e7  # operations of a pass
_EXTRA_PASSES = 12  # to go from an estimate of the gap to a bound

Progress = Callable[["Standing"], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where training stands: passes over all rows so far, log L, and how much the estimate says is left to gain."""

    n_passes: int
    value: float
    gap: float


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best point found, and how good it is.

    `gap` bounds (`proved`) or estimates what is left to gain, in nats of N times the objective. `reason` is one of
    ``gap`` (small enough), ``separated`` (every row's own category beyond 1/2: no maximum), ``unproved`` (it seems
    small, but that there is a maximum cannot be proved), ``rounding`` (no step goes down any more), ``passes`` (too
    many) and ``interrupted``.
    """

    point: Point
    gap: float
    proved: bool
    reason: str
    n_passes: int

    @property
    def converged(self) -> bool:
        return self.reason == "gap"


class Memory:
    """L-BFGS: a curvature corrected by the last steps and the changes of the gradient along them."""

    def __init__(self, curvature: Curvature) -> None:
        self.curvature = curvature
        self._pairs: list[tuple[np.ndarray, np.ndarray, float]] = []
        self._scale = 1.0

    def renewed(self, curvature: Curvature) -> Memory:
        """The same steps on another curvature: what they say beside an approximate one remains true of it."""
        other = Memory(curvature)
        other._pairs, other._scale = self._pairs, self._scale
        return other

    def learn(self, step: np.ndarray, change: np.ndarray) -> None:
        product = float(np.vdot(step, change))
        if product > 1e-14 * float(np.linalg.norm(step)) * float(np.linalg.norm(change)):
            self._pairs.append((step, change, 1 / product))
            self._scale = product / float(np.vdot(change, self.curvature.solve(change)))
            del self._pairs[:-_MEMORY]

    @property
    def has_learnt(self) -> bool:
        return bool(self._pairs)

    def solve(self, g: np.ndarray) -> np.ndarray:
        """The two-loop recursion."""
        q = g.copy()
        shares = []
        for step, change, inverse in reversed(self._pairs):
            share = inverse * float(np.vdot(step, q))
            shares.append(share)
            q -= share * change
        d = self._scale * self.curvature.solve(q)
        for (step, change, inverse), share in zip(self._pairs, reversed(shares), strict=True):
            d += (share - inverse * float(np.vdot(change, d))) * step
        return d


def line_search(objective: Objective, at: Point, direction: np.ndarray, most: int = 25) -> Point | None:
    """A point along `direction` that is lower by enough and flat enough; None where rounding hides any descent."""
    slope = float(np.vdot(at.gradient, direction))
    low, high, t = 0.0, math.inf, 1.0
    noise = 4e-16 * abs(at.value)
    best = None
    for _ in range(most):
        new = objective(at.coordinates + t * direction)
        rise = new.value - at.value
        new_slope = float(np.vdot(new.gradient, direction)) if math.isfinite(new.value) else math.inf
        # Where values differ by rounding alone, the slope tells which side of the minimum this is (Hager and Zhang).
        lower = rise <= _ARMIJO * t * slope or (rise <= noise and new_slope <= -_WOLFE * slope)
        if math.isfinite(new.value) and lower:
            best = new
            if new_slope >= _WOLFE * slope:
                return new
            low = t
            flatter = slope - new_slope  # < 0; 0 where the slope has not changed at all
            t = (
                0.5 * (low + high)
                if math.isfinite(high)
                else t * min(10.0, max(2.0, slope / flatter if flatter else 10.0))
            )
            continue
        high = t
        inside = -slope / (new_slope - slope) if math.isfinite(new_slope) and new_slope > 0 else 0.3
        t = low + (high - low) * min(0.9, max(0.1, inside))
        if t * float(np.linalg.norm(direction)) <= 1e-16 * float(np.linalg.norm(at.coordinates)):
            break
    return best


def kronecker_rows(n: int, n_columns: int, one_pass: float) -> int:
    """How many rows a Kronecker product is made of: as many as cost about two passes, whose operations are slower."""
    worth = 10 * one_pass / (2.0 * n_columns**2)
    return min(n, max(int(min(worth, 64 * n_columns)), ROWS_A_COLUMN * n_columns, 2000))


@dataclass(frozen=True, slots=True)
class Costs:
    """Elementary operations of a pass over all rows and of a curvature, exact or a Kronecker product."""

    one_pass: float
    exact: float
    kronecker: float

    @classmethod
    def of(cls, n: int, size: int, n_parameters: int, n_categories: int) -> Costs:
        """For dense features; `size` rows in a sample."""
        p1, d = n_parameters // (n_categories - 1), n_categories - 1
        one_pass = 4.0 * n * p1 * n_categories + 60.0 * n * n_categories + 5e4
        exact = float(size) * p1**2 * d * (d + 1) + n_parameters**3 / 3
        return cls(one_pass, exact, 2.0 * kronecker_rows(n, p1, one_pass) * p1**2 + p1**3)

    @classmethod
    def of_sparse(cls, entries: float, n: int, n_categories: int) -> Costs:
        """For sparse features, which are read in no order: some ten times what a product costs in a dense matrix."""
        return cls(40.0 * entries * n_categories, math.inf, 2.0 * min(n, ROWS_A_COLUMN * HEAD) * HEAD**2)


class Training:
    """One training of a model: the rows, the sample whose curvature guides it, and what has been spent."""

    def __init__(
        self, data: Data, objective: Objective, tolerance: float, most_passes: int, progress: Progress | None
    ) -> None:
        self.objective, self.tolerance, self.progress = objective, tolerance, progress
        self._data, self._most_passes = data, most_passes
        self.n_parameters = (data.n_features + objective.has_intercept) * (data.n_categories - 1)
        size = _ROWS_A_PARAMETER * self.n_parameters
        costs = Costs.of(data.n, min(size, data.n), self.n_parameters, data.n_categories)
        worth = 6 * costs.one_pass + costs.kronecker
        if 3 * size >= data.n:  # all rows: their curvature proves the most
            worth = max(worth, _PASSES_FOR_ALL * costs.one_pass)
        exact_pays = self.n_parameters <= _LARGEST_EXACT and costs.exact < worth
        if not exact_pays:
            size = max(ROWS_A_COLUMN * data.n_features, 2000)
        self.sample = data.sample(size if 3 * size < data.n else data.n)
        self.is_sparse = data.is_sparse and self.sample.n * data.n_features > _LARGEST_DENSE
        self.takes_exact = exact_pays and not self.is_sparse  # curvature, which costs no more than what it saves
        if self.is_sparse:
            entries = self.sample.features.nnz * (data.n / self.sample.n)
            self.costs = Costs.of_sparse(entries, data.n, data.n_categories)
            self.scaling = Scaling.none(data.n_features, objective.has_intercept)
        else:
            if data.is_sparse:
                self.sample = self.sample.dense()
            self.costs = Costs.of(data.n, self.sample.n, self.n_parameters, data.n_categories)
            if not self.takes_exact:
                columns = data.n_features + objective.has_intercept
                source = self.sample if data.is_sparse else data
                self.excerpt = source.excerpt(kronecker_rows(data.n, columns, self.costs.one_pass))
            self.scaling = Scaling.of(self.sample, objective.has_intercept)
        self._point: Point | None = None
        self._gap = math.inf
        self._extra = 0
        self._proves = False
        self._memory: Memory | None = None
        self._least_weight = data.least_weight()

    @property
    def samples(self) -> bool:
        """Whether the sample is only a part of the rows."""
        return self.sample.n < self._data.n

    def curvature(self, point: Point, exact: bool) -> Curvature:
        at = (*self.objective.coefficients(point.coordinates), self.scaling, self.objective.decay)
        if self.is_sparse:
            return HeadCurvature(self.sample, *at)
        return ExactCurvature(self.sample, *at) if exact else KroneckerCurvature(self.excerpt, *at)

    def start(self) -> Point:
        """From the input-free model to near the optimum of the sample, where its curvature is worth taking."""
        v = self.objective.start(self._data.category_weights(), self._data.n_features)
        with self.sample.running() as sums:
            objective = self.objective.on(sums, self.sample.weight)
            point = objective(v)
            memory = Memory(self._first_curvature(point))
            # An optimum of m rows is about P / 2 m nats a row above that of all: nearer to it is no use.
            enough = 0.02 * self.n_parameters / self.sample.n if self.samples else 1e-4 * abs(point.value)
            for _ in range(40):
                d = memory.solve(point.gradient)
                if 0.5 * float(np.vdot(d, point.gradient)) <= enough:
                    break
                new = line_search(objective, point, -d)
                if new is None:
                    break
                memory.learn(new.coordinates - point.coordinates, new.gradient - point.gradient)
                point = new
        if self.samples:
            return self.objective(point.coordinates)
        self._memory = memory
        return point

    def _first_curvature(self, point: Point) -> Curvature:
        """A rough one of part of the sample."""
        if self.is_sparse:
            return self.curvature(point, exact=False)
        every = max(self.sample.n // max(_START_ROWS_A_COLUMN * self._data.n_features, 1000), 1)
        few = self.sample.taken(slice(None, None, every))
        at = self.objective.coefficients(point.coordinates)
        return KroneckerCurvature(few.excerpt(few.n), *at, self.scaling, self.objective.decay)

    def _is_separated(self, point: Point) -> bool:
        """Whether all losses add up to less than log 2 for one row: then each row's own category is beyond 1/2."""
        if self.objective.decay or self._least_weight is None:
            return False
        return point.value * self.objective.weight < math.log(2) * self._least_weight

    def run(self) -> Optimum:
        """Walk until nothing is left to gain, or a reason to stop; Ctrl-C gives the best point so far."""
        try:
            with one_thread_blas():
                self._point = self.start()
                while (stopped := self._walk(self.curvature(self._point, self.takes_exact))) is None:
                    pass
            return stopped
        except KeyboardInterrupt:
            if self._point is None:
                raise
            return self._stop("interrupted", self._gap)

    def _stop(self, reason: str, gap: float, proved: bool = False) -> Optimum:
        assert self._point is not None
        rounding = 4 * float(np.finfo(np.float64).eps) * abs(self._point.value) * self.objective.weight
        return Optimum(self._point, max(gap, rounding), proved, reason, self.objective.n_passes)

    def _begins_proof(self) -> bool:
        """Whether to go on with the exact curvature of some rows: without a penalty only a bound proves a maximum."""
        if self.objective.decay or self.is_sparse or self.n_parameters > _LARGEST_EXACT:
            return False
        size = _PROOF_ROWS_A_COLUMN * self.n_parameters // (self._data.n_categories - 1)
        sample = self._data.sample(min(max(size, 1000), self._data.n))
        self.sample = sample.dense() if self._data.is_sparse else sample
        self.takes_exact = self._proves = True
        return True

    def _walk(self, curvature: Curvature) -> Optimum | None:
        """Steps from one curvature; None when it is time for another."""
        certificate, history = None, Shortfall()
        exact = isinstance(curvature, ExactCurvature)
        cost = (self.costs.exact if exact else self.costs.kronecker) / self.costs.one_pass
        allowance = max(_LEAST_STEPS if exact else _MEMORY, round(cost))
        anew = self._memory is None or (exact and not self._proves)
        memory = Memory(curvature) if anew else self._memory.renewed(curvature)  # type: ignore[union-attr]
        self._memory = memory
        spent = 0
        while spent < allowance or self._gap < 1e3 * self.tolerance:  # so near the end another curvature is no use
            spent += 1
            point = self._point
            assert point is not None
            d = memory.solve(point.gradient)
            estimate = 0.5 * float(np.vdot(d, point.gradient)) * self.objective.weight
            self._gap = estimate * history.factor(point.value * self.objective.weight, estimate)
            if self.progress is not None:
                self.progress(Standing(self.objective.n_passes, point.value, self._gap))
            if self._is_separated(point):
                return self._stop("separated", point.value * self.objective.weight, proved=True)
            if self._gap <= self.tolerance:
                if not exact:
                    return None if self._begins_proof() else self._stop("gap", self._gap)
                assert isinstance(curvature, ExactCurvature)
                certificate = certificate or Certificate(curvature, self.objective.weight)
                bound = certificate.bound(point, *self.objective.coefficients(point.coordinates))
                bound *= self.objective.weight
                if bound <= self.tolerance:
                    return self._polished(memory, certificate, bound)
                if self._extra >= _EXTRA_PASSES:
                    return self._stop("unproved", self._gap)
                self._extra += 1
                if not self.samples and memory.has_learnt:
                    return None  # the exact curvature where it is now proves more, and costs little
            if self.objective.n_passes >= self._most_passes:
                return self._stop("passes", self._gap)
            new = line_search(self.objective, point, -d)
            if new is None:
                return self._stop("rounding", self._gap)
            memory.learn(new.coordinates - point.coordinates, new.gradient - point.gradient)
            self._point = new
        return None

    def _polished(self, memory: Memory, certificate: Certificate, bound: float) -> Optimum:
        """Converged; where passes cost next to nothing, a few more steps for the last digits of the coefficients."""
        for _ in range(_POLISHING_PASSES if self.costs.one_pass < _NEXT_TO_NOTHING else 0):
            point = self._point
            assert point is not None
            d = memory.solve(point.gradient)
            new = self.objective(point.coordinates - d)
            memory.learn(new.coordinates - point.coordinates, new.gradient - point.gradient)
            left = certificate.bound(new, *self.objective.coefficients(new.coordinates)) * self.objective.weight
            if not left < bound:
                break
            self._point, bound = new, left
        return self._stop("gap", bound, proved=True)


class Shortfall:
    """How far estimates of the gap fell short of what was gained after them, on the way so far."""

    def __init__(self) -> None:
        self._past: list[tuple[float, float]] = []

    def factor(self, total: float, estimate: float) -> float:
        """What to multiply an estimate with, from the estimates before it and what has been gained since."""
        worst = max(((then - total) / guess for then, guess in self._past if guess > 0), default=1.0)
        self._past.append((total, estimate))
        return max(1.0, worst)


def train(
    data: Data,
    *,
    strength: float,
    intercept: bool,
    tolerance: float,
    most_passes: int = 1000,
    progress: Progress | None = None,
) -> tuple[Optimum, Objective]:
    """The optimum of the objective on `data`, and the objective that turns it into coefficients.

    `tolerance` is in nats of log L (less the penalty): how far it may remain below its maximum.
    """
    with data.running() as sums:
        objective = Objective(sums, data.n_categories, data.weight, strength, intercept)
        training = Training(data, objective, tolerance, most_passes, progress)
        return training.run(), objective
