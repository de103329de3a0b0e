"""Minimise the objective: preconditioned L-BFGS that stops when the optimality gap is small enough.

Each iteration takes about one pass over all rows. The preconditioner comes from a sample of the rows: their exact
Hessian if it is small enough, otherwise a Kronecker product. It is computed again once the passes since the last time
have cost as much as it costs. Each stop has a reason and an optimality gap of log L: with the exact Hessian a proved
bound (``certificate``), otherwise an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mottomo.classification.certificate import Certificate
from mottomo.classification.curvature import Curvature, ExactCurvature, LeastCurvature
from mottomo.classification.gap_estimates import RemainingGains, Shortfall, gain
from mottomo.classification.kronecker import HEAD, ROWS_A_COLUMN, HeadCurvature, KroneckerCurvature
from mottomo.classification.objective import Data, Objective, Point
from mottomo.classification.quasi_newton import MEMORY, Memory, line_search
from mottomo.classification.scaling import Scaling

_MOST_STEPS_TO_START = 40  # iterations with the first, rough preconditioner
_LEAST_STEPS = 8  # iterations with one Hessian before it is computed again
_PASSES_WHEN_HARD = 100  # after so many passes the exact Hessian of all rows is used
_LAST_STEPS = 30  # further iterations with one Hessian close to the optimum
_LARGEST_EXACT = 4096  # parameters up to which the exact Hessian is stored
_LARGEST_DENSE = 20_000_000  # numbers up to which a sample of sparse rows is made dense
_ROWS_A_PARAMETER = 10  # sampled rows for the exact Hessian
_START_ROWS_A_COLUMN = 4  # sampled rows for the first, rough preconditioner
_PROOF_ROWS_A_COLUMN = 10  # sampled rows for the exact Hessian of a proof
_LEAST_ROWS, _ROWS_A_COLUMN = 1000, 25  # sampled rows for the exact Hessian where it costs more than a few passes
_PASSES_FOR_EXACT = 40  # cost that it may have then
_PASSES_FOR_PROOF = 150  # cost of an exact Hessian that proves the gap of a penalised fit
_NEWTON = 4e7  # operations up to which the Hessian is computed in each of the first steps
_MOST_NEWTON_STEPS = 15
_SLOW_STEPS, _SLOW = 3, 0.25  # after so many steps each is to leave less than this share of the gap
_FINE_ENOUGH = 1e-6  # of the tolerance, at which coefficients need no more polish
_POLISHING_PASSES = 12  # after convergence, if passes are cheap
_NEXT_TO_NOTHING = 5e7  # operations of a cheap pass
_PASSES_OF_A_GOOD_STEP = 3  # passes of a line search; with more, the exact Hessian misleads
_EXTRA_PASSES = 12  # from a small estimate of the gap to a proved bound

Progress = Callable[["FitState"], None]


@dataclass(frozen=True, slots=True)
class FitState:
    """Progress of a training.

    Attributes
    ----------
    n_passes : passes over all rows so far.
    value : the objective, nats a row.
    gap : estimated optimality gap, nats.
    stage : what is being computed: ``passes``, then ``existence`` of a maximum, then ``standard-errors``.
    """

    n_passes: int
    value: float
    gap: float
    stage: str = "passes"


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best point found, and its optimality gap.

    Attributes
    ----------
    point : the point.
    gap : optimality gap of N times the objective, nats: a bound or an estimate.
    proved : True if `gap` is a bound.
    reason : why the iterations stopped.
        ``gap`` : the gap is small enough.
        ``separated`` : every row's observed category has a probability above 1/2, so there is no maximum.
        ``unproved`` : the gap seems small, but the existence of a maximum could not be proved.
        ``rounding`` : no step decreases the objective any more.
        ``passes`` : the limit of passes was reached.
        ``interrupted`` : by Ctrl-C.
    n_passes : passes over all rows.
    exists : True if the existence of an optimum is proved.
    is_estimable : False if a proof with the exact Hessian failed because of rounding; the estimated gap may then be
        far too small.
    """

    point: Point
    gap: float
    proved: bool
    reason: str
    n_passes: int
    exists: bool
    is_estimable: bool = True

    @property
    def converged(self) -> bool:
        """True if the gap is small enough, proved or estimated."""
        return self.reason == "gap"


def kronecker_rows(n: int, n_columns: int, one_pass: float) -> int:
    """The number of rows for a Kronecker product, which may cost about as much time as two passes."""
    worth = 10 * one_pass / (2.0 * n_columns**2)
    return min(n, max(int(min(worth, 64 * n_columns)), ROWS_A_COLUMN * n_columns, 2000))


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs in elementary operations.

    Attributes
    ----------
    one_pass : a pass over all rows.
    exact : the exact Hessian of the sample.
    kronecker : the Kronecker product.
    """

    one_pass: float
    exact: float
    kronecker: float

    @classmethod
    def of(cls, n: int, size: int, n_parameters: int, n_categories: int) -> Costs:
        """For n rows of dense features, with the exact Hessian from `size` of them."""
        p1, d = n_parameters // (n_categories - 1), n_categories - 1
        one_pass = 4.0 * n * p1 * n_categories + 60.0 * n * n_categories + 5e4
        exact = float(size) * p1**2 * d * (d + 1) + n_parameters**3 / 3
        return cls(one_pass, exact, 2.0 * kronecker_rows(n, p1, one_pass) * p1**2 + p1**3)

    @classmethod
    def of_sparse(cls, entries: float, n: int, n_categories: int) -> Costs:
        """For sparse features: random access makes a product about ten times as slow as in a dense matrix."""
        return cls(40.0 * entries * n_categories, math.inf, 2.0 * min(n, ROWS_A_COLUMN * HEAD) * HEAD**2)


# Sentinel: the iterations go on with the same Hessian.
_GO_ON = Optimum(Point(np.zeros(0), 0.0, np.zeros(0)), math.inf, False, "", 0, False)


def _sample_size(data: Data, n_parameters: int) -> tuple[int, bool]:
    """How many rows are sampled for a Hessian or a preconditioner, and whether the exact Hessian of them pays."""
    if n_parameters > _LARGEST_EXACT:
        return max(ROWS_A_COLUMN * data.n_features, 2000), False
    size = min(_ROWS_A_PARAMETER * n_parameters, data.n)
    costs = Costs.of(data.n, size, n_parameters, data.n_categories)
    if _NEWTON < costs.exact < 6 * costs.one_pass + costs.kronecker:
        return size, True
    size = max(_LEAST_ROWS, _ROWS_A_COLUMN * (n_parameters // (data.n_categories - 1)))
    costs = Costs.of(data.n, size if 2 * size < data.n else data.n, n_parameters, data.n_categories)
    if costs.exact < max(_NEWTON, _PASSES_FOR_EXACT * costs.one_pass):
        return size, True
    return max(ROWS_A_COLUMN * data.n_features, 2000), False


class Training:
    """The state of one training: the data, the sample that gives the preconditioner, and the best point so far."""

    def __init__(
        self, data: Data, objective: Objective, tolerance: float, most_passes: int, progress: Progress | None
    ) -> None:
        self.objective, self.tolerance, self.progress = objective, tolerance, progress
        self._data, self._most_passes = data, most_passes
        self.n_parameters = (data.n_features + objective.has_intercept) * (data.n_categories - 1)
        size, exact_pays = _sample_size(data, self.n_parameters)
        self.sample = data.sample(size if 2 * size < data.n else data.n)
        self.is_sparse = data.is_sparse and self.sample.n * data.n_features > _LARGEST_DENSE
        self.takes_exact = exact_pays and not self.is_sparse  # the exact Hessian saves more passes than it costs
        self.takes_newton = False  # it is computed in each of the first steps
        if self.is_sparse:
            entries = self.sample.features.nnz * (data.n / self.sample.n)
            self.costs = Costs.of_sparse(entries, data.n, data.n_categories)
            self.scaling = Scaling.none(data.n_features, objective.has_intercept)
        else:
            if data.is_sparse:
                self.sample = self.sample.dense()
            self.costs = Costs.of(data.n, self.sample.n, self.n_parameters, data.n_categories)
            self.takes_newton = self.takes_exact and self.costs.exact <= _NEWTON
            if not self.takes_exact:
                columns = data.n_features + objective.has_intercept
                source = self.sample if data.is_sparse else data
                self.excerpt = source.excerpt(kronecker_rows(data.n, columns, self.costs.one_pass))
            self.scaling = Scaling.of(self.sample, objective.has_intercept)
        self._point: Point | None = None
        self._ready: Curvature | None = None  # computed already, for the first steps
        self._design: np.ndarray | None = None  # the scaled features, for Newton's steps
        self._gap = math.inf
        self._extra = 0
        self._bound = 0.0  # from the last attempt at a proof
        self._proves = False
        self._tail = RemainingGains()
        self._is_hard = False
        self._trust = 0.5
        self._memory: Memory | None = None
        self._certificate: Certificate | None = None
        self._least_weight = data.least_weight()

    @property
    def samples(self) -> bool:
        """True if the sample is only a part of the rows."""
        return self.sample.n < self._data.n

    def curvature(self, point: Point, exact: bool) -> Curvature:
        """The exact Hessian of the sample at `point`, or a preconditioner; always a preconditioner if sparse."""
        at = (*self.objective.coefficients(point.coordinates), self.scaling, self.objective.decay)
        if self.is_sparse:
            return HeadCurvature(self.sample, *at)
        if not exact:
            return KroneckerCurvature(self.excerpt, *at)
        if self.takes_newton and self._design is None:
            self._design = self.scaling.design(self.sample.features)
        return ExactCurvature(self.sample, *at, design=self._design)

    def _next_curvature(self) -> Curvature:
        """The Hessian or preconditioner for the next iterations, at the best point so far."""
        point = self._point
        assert point is not None
        if self.objective.n_passes >= _PASSES_WHEN_HARD:
            self._becomes_hard()
        ready, self._ready = self._ready, None
        if not self._is_hard:
            return ready or self.curvature(point, self.takes_exact)
        at = (*self.objective.coefficients(point.coordinates), self.scaling, self.objective.decay)
        return ExactCurvature(self.sample, *at, point.gradient, self._trust * point.value)

    def _becomes_hard(self) -> bool:
        """Switch to the exact Hessian of all rows: if the categories are nearly separated, few rows determine it.

        False if that was done already, or if it would be too large.
        """
        if self._is_hard or self.is_sparse or self.n_parameters > _LARGEST_EXACT:
            return False
        sample = self._data.sample(_LARGEST_DENSE // max(self._data.n_features, 1))
        self.sample = sample.dense() if self._data.is_sparse else sample
        self._design = None
        self.takes_newton = False
        self.takes_exact = self._is_hard = True
        return True

    def _newton(self) -> Optimum | None:
        """Newton's steps from the null model; None where they do not converge fast.

        That is so without a maximum, and where a far row outweighs all others in the Hessian.
        """
        point = self.objective(self.objective.start(self._data.category_weights(), self._data.n_features))
        for n_steps in range(_MOST_NEWTON_STEPS):
            before = self._gap
            curvature = self.curvature(point, exact=True)
            assert isinstance(curvature, ExactCurvature)
            d = curvature.solve(point.gradient)
            self._stands_at(point, 0.5 * float(np.vdot(d, point.gradient)) * self.objective.weight)
            if self._is_separated(point):
                return self._stop("separated", point.value * self.objective.weight, proved=True)
            if self._gap <= self.tolerance:
                certificate = Certificate(curvature, self.objective.weight)
                bound = certificate.bound(point, *self.objective.coefficients(point.coordinates))
                bound *= self.objective.weight
                if bound > self.tolerance:
                    return None
                self._bound = bound
                return self._polished(Memory(curvature), certificate, bound)
            if self.objective.n_passes >= self._most_passes:
                return self._stop("passes", self._gap)
            is_slow = n_steps >= _SLOW_STEPS and self._gap > _SLOW * before
            new = None if is_slow or curvature.floor else line_search(self.objective, point, -d)
            if new is None:
                return None
            self._tail.gained(gain(new.coordinates - point.coordinates, point, new) * self.objective.weight)
            point = new
        return None

    def _samples_anew(self) -> None:
        """Take a small sample, in which a far row is unlikely, for the steps that follow Newton's."""
        self.takes_newton, self._design = False, None
        size = _ROWS_A_PARAMETER * self.n_parameters
        if 3 * size < self._data.n:
            self.sample = self._data.sample(size)
            self.costs = Costs.of(self._data.n, size, self.n_parameters, self._data.n_categories)
            self.scaling = Scaling.of(self.sample, self.objective.has_intercept)

    def start(self) -> Point:
        """From the null model to near the optimum of the sample, where computing its Hessian pays."""
        v = self.objective.start(self._data.category_weights(), self._data.n_features)
        if not self.samples:
            return self._near_optimum(self.objective, v)
        with self.sample.running() as sums:
            own = self.objective.on(sums, self.sample.weight)
            point = self._by_newton(own, v) if self.takes_newton else self._near_optimum(own, v)
        whole = self.objective(point.coordinates)
        return whole if whole.value <= self._input_free_value() else self.objective(v)

    def _by_newton(self, objective: Objective, v: np.ndarray) -> Point:
        """Newton's steps from coordinates `v` to near the optimum of the sample; `objective` is of the sample."""
        point = objective(v)
        for _ in range(_MOST_NEWTON_STEPS):
            curvature = self.curvature(point, exact=True)
            d = curvature.solve(point.gradient)
            self._ready = curvature
            if 0.5 * float(np.vdot(d, point.gradient)) <= 0.02 * self.n_parameters / self.sample.n:
                break
            new = line_search(objective, point, -d)
            if new is None:
                break
            point = new
        return point

    def _near_optimum(self, objective: Objective, v: np.ndarray) -> Point:
        """Iterations with a rough preconditioner from coordinates `v`; `objective` is of the sample or of all rows."""
        point = objective(v)
        memory = Memory(self._first_curvature(point))
        # The optimum of m sampled rows is about (number of parameters) / 2 m nats a row worse than that of all rows,
        # so a more accurate one is of no use.
        enough = 0.02 * self.n_parameters / self.sample.n if self.samples else 1e-4 * abs(point.value)
        for _ in range(_MOST_STEPS_TO_START):
            d = memory.solve(point.gradient)
            left = 0.5 * float(np.vdot(d, point.gradient))
            if not self.samples:
                self._stands_at(point, left * self.objective.weight)
            if left <= enough or objective.n_passes >= self._most_passes:
                break
            new = line_search(objective, point, -d)
            if new is None:
                break
            step = new.coordinates - point.coordinates
            memory.learn(step, new.gradient - point.gradient)
            if not self.samples:
                self._tail.gained(gain(step, point, new) * self.objective.weight)
            point = new
        if not self.samples:
            self._memory = memory
        return point

    def _stands_at(self, point: Point, gap: float) -> None:
        """Record the best point so far and its estimated optimality gap, and report the progress."""
        self._point, self._gap = point, gap
        if self.progress is not None:
            self.progress(FitState(self.objective.n_passes, point.value, gap))

    def _input_free_value(self) -> float:
        """The objective at the null model, nats a row."""
        if not self.objective.has_intercept:
            return math.log(self._data.n_categories)
        weights = self._data.category_weights()
        seen = weights[weights > 0] / weights.sum()
        return -float(seen @ np.log(seen))

    def _first_curvature(self, point: Point) -> Curvature:
        """A rough preconditioner from part of the sample."""
        if self.is_sparse:
            return self.curvature(point, exact=False)
        every = max(self.sample.n // max(_START_ROWS_A_COLUMN * self._data.n_features, 1000), 1)
        few = self.sample.taken(slice(None, None, every))
        at = self.objective.coefficients(point.coordinates)
        return KroneckerCurvature(few.excerpt(few.n), *at, self.scaling, self.objective.decay)

    def _is_separated(self, point: Point) -> bool:
        """True if all losses sum to less than log 2 for one row: every observed category has probability above 1/2."""
        if self.objective.is_penalised or self._least_weight is None:
            return False
        return point.value * self.objective.weight < math.log(2) * self._least_weight

    def run(self) -> Optimum:
        """Iterate until the gap is small enough or another reason stops it; Ctrl-C gives the best point so far."""
        try:
            if self.takes_newton and not self.samples:
                ended = self._newton()
                if ended is not None:
                    return ended
                self._samples_anew()
            self._point = self.start()
            while (stopped := self._walk(self._next_curvature())) is None:
                pass
            return stopped
        except KeyboardInterrupt:
            if self._point is None:
                raise
            return self._stop("interrupted", self._gap)

    def _stop(self, reason: str, gap: float, proved: bool = False, exists: bool = False) -> Optimum:
        """The result at the best point; the gap is at least the rounding of log L and at most the total loss."""
        assert self._point is not None
        rounding = 4 * float(np.finfo(np.float64).eps) * abs(self._point.value) * self.objective.weight
        most = self._point.value * self.objective.weight  # no loss is below 0
        exists = exists or (reason == "gap" and proved)
        gap = max(min(gap, most), rounding)
        return Optimum(self._point, gap, proved, reason, self.objective.n_passes, exists, self._bound < math.inf)

    def _begins_proof(self) -> bool:
        """Switch to the exact Hessian of some rows to prove that a maximum exists; False if not needed or too large."""
        if self.is_sparse or self.n_parameters > _LARGEST_EXACT:
            return False
        size = _PROOF_ROWS_A_COLUMN * self.n_parameters // (self._data.n_categories - 1)
        size = min(max(size, 1000), self._data.n)
        if self.objective.is_penalised:  # its maximum exists; only the gap is to be proved, if that costs little
            cost = Costs.of(self._data.n, size, self.n_parameters, self._data.n_categories).exact
            if cost > _PASSES_FOR_PROOF * self.costs.one_pass:
                return False
        sample = self._data.sample(size)
        self.sample = sample.dense() if self._data.is_sparse else sample
        self._design = None
        self.takes_newton = False
        self.takes_exact = self._proves = True
        return True

    def _proved_from_below(self, memory: Memory) -> Optimum:
        """Stop without an exact Hessian, which is too large; a lower bound of it may prove that a maximum exists."""
        if self.objective.is_penalised or self.is_sparse:
            return self._stop("gap", self._gap)
        assert self._point is not None
        sample = self._data.sample(_LARGEST_DENSE // max(self._data.n_features, 1))
        rows = sample.dense() if self._data.is_sparse else sample
        at = self.objective.coefficients(self._point.coordinates)
        certificate = Certificate(LeastCurvature(rows, *at, self.scaling, 0.0), self.objective.weight)
        for _ in range(_EXTRA_PASSES):
            point = self._point
            bound = certificate.bound(point, *self.objective.coefficients(point.coordinates)) * self.objective.weight
            if bound <= self.tolerance:
                return self._stop("gap", bound, proved=True)
            if math.isfinite(bound):
                return self._stop("gap", self._gap, exists=True)
            new = line_search(self.objective, point, -memory.solve(point.gradient))
            if new is None:
                break
            memory.learn(new.coordinates - point.coordinates, new.gradient - point.gradient)
            self._point = new
        return self._stop("gap", self._gap)

    def _walk(self, curvature: Curvature) -> Optimum | None:
        """Iterate with one Hessian or preconditioner; None when the next one should be computed."""
        exact = isinstance(curvature, ExactCurvature)
        cost = (self.costs.exact if exact else self.costs.kronecker) / self.costs.one_pass
        allowance = _LEAST_STEPS if self._is_hard else max(_LEAST_STEPS if exact else MEMORY, round(cost))
        anew = self._memory is None or (exact and not self._proves)
        memory = Memory(curvature) if anew else self._memory.renewed(curvature)  # type: ignore[union-attr]
        self._memory, self._certificate, history = memory, None, Shortfall()
        spent = 0
        # Close to the optimum a new Hessian does not pay, except when the iterates diverge (separation).
        while spent < allowance or (self._gap < 1e3 * self.tolerance and spent < allowance + _LAST_STEPS):
            spent += 1
            point = self._point
            assert point is not None
            d = memory.solve(point.gradient)
            self._estimate_gap(point, d, history, exact)
            if self._is_separated(point):
                return self._stop("separated", point.value * self.objective.weight, proved=True)
            if self._gap <= self.tolerance:
                ended = self._ended_with_proof(point, memory) if exact else self._ended_with_estimate(memory)
                if ended is not _GO_ON:
                    return ended
            if self.objective.n_passes >= self._most_passes:
                return self._stop("passes", self._gap)
            before = self.objective.n_passes
            new = line_search(self.objective, point, -d)
            if new is None:
                return None if self._becomes_hard() else self._stopped_by_rounding()
            if exact and spent == 1:
                self._judge(self.objective.n_passes - before)
            step = new.coordinates - point.coordinates
            memory.learn(step, new.gradient - point.gradient)
            self._tail.gained(gain(step, point, new) * self.objective.weight)
            self._point = new
        return None

    def _stopped_by_rounding(self) -> Optimum:
        """Stop because no step decreases the objective; ``unproved`` if the extrapolated gains are small as well."""
        gap = max(self._gap, self._tail.left())
        return self._stop("unproved" if gap <= self.tolerance else "rounding", gap)

    def _estimate_gap(self, point: Point, d: np.ndarray, history: Shortfall, exact: bool) -> None:
        """Estimate the gap from the step d, the error of past estimates, and the extrapolated gains."""
        total = point.value * self.objective.weight
        estimate = 0.5 * float(np.vdot(d, point.gradient)) * self.objective.weight
        left = 0.0 if exact else self._tail.left()  # with the exact Hessian a proof follows
        self._stands_at(point, min(max(estimate * history.factor(total, estimate), left), total))

    def _judge(self, n_passes: int) -> None:
        """Trust exact Hessians less if the full step was too long, so that the line search took several passes."""
        if self._is_hard:
            self._trust = min(1.0, 2 * self._trust) if n_passes == 1 else self._trust / 2
        elif n_passes > _PASSES_OF_A_GOOD_STEP:
            self._becomes_hard()

    def _ended_with_estimate(self, memory: Memory) -> Optimum | None:
        """None if the exact Hessian is to prove the estimated gap; otherwise the result."""
        return None if self._begins_proof() else self._proved_from_below(memory)

    def _ended_with_proof(self, point: Point, memory: Memory) -> Optimum | None:
        """The result if the gap is proved to be small; else `_GO_ON`, or None if a new Hessian would prove more."""
        assert isinstance(memory.curvature, ExactCurvature)
        certificate = self._certificate or Certificate(memory.curvature, self.objective.weight)
        self._certificate = certificate
        bound = certificate.bound(point, *self.objective.coefficients(point.coordinates)) * self.objective.weight
        self._bound = bound
        if bound <= self.tolerance:
            return self._polished(memory, certificate, bound)
        if self._extra >= _EXTRA_PASSES:
            if not self._becomes_hard():
                return self._stop("unproved", max(self._gap, self._tail.left()))
            self._extra = 0
            return None
        self._extra += 1
        renewed_proves_more = not self.samples and memory.has_learnt
        return None if renewed_proves_more else _GO_ON

    def _polished(self, memory: Memory, certificate: Certificate, bound: float) -> Optimum:
        """The converged result; if passes are cheap, after a few more iterations for more accurate coefficients."""
        most = min(_POLISHING_PASSES, self._most_passes - self.objective.n_passes)
        for _ in range(most if self.costs.one_pass < _NEXT_TO_NOTHING else 0):
            point = self._point
            assert point is not None
            d = memory.solve(point.gradient)
            new = self.objective(point.coordinates - d)
            memory.learn(new.coordinates - point.coordinates, new.gradient - point.gradient)
            left = certificate.bound(new, *self.objective.coefficients(new.coordinates)) * self.objective.weight
            if not left < bound:
                break
            self._point, bound = new, left
            if bound <= _FINE_ENOUGH * self.tolerance:
                break
        return self._stop("gap", bound, proved=True)


def train(
    data: Data,
    *,
    ridge: np.ndarray | None,
    intercept: bool,
    tolerance: float,
    most_passes: int = 1000,
    progress: Progress | None = None,
) -> tuple[Optimum, Objective]:
    """The optimum of the objective on `data`, and the objective that turns it into coefficients.

    ridge : (p,) or (p, p), the penalty, see ``Objective``; None without a penalty.
    tolerance : of the optimality gap of log L (less the penalty), nats.
    most_passes : passes over all rows after which the iterations stop.
    progress : called with a FitState in each iteration.
    """
    with data.running() as sums:
        objective = Objective(sums, data.n_categories, data.weight, ridge, intercept)
        training = Training(data, objective, tolerance, most_passes, progress)
        return training.run(), objective
