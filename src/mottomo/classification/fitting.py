"""Fit a softmax model to rows: the coefficients, whether a maximum exists, and how the fit ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mottomo.classification.collinearity import Dependence, far_centre, recoded
from mottomo.classification.existence import Existence, along, existence
from mottomo.classification.many_columns import separating
from mottomo.classification.objective import Data, Objective, Rows
from mottomo.classification.optimisation import FitState, Optimum, Progress, train
from mottomo.classification.recoding import Recoding
from mottomo.classification.scaling import Scaling
from mottomo.classification.softmax import logits
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.kernels.threads import one_thread_blas
from mottomo.numerics.sums import accurate_sum

_FAINT = 1e-8  # relative to a row's x^2: with a smaller penalty, rounding matters if columns are nearly collinear
_MOST_LOST = 0.01  # nats of log L that rounding the coefficients may cost a converged fit
_FAR_ENOUGH = 8.0  # nats: margins of 1 times this make each row's own category all but certain
_SMALL = 1 << 21  # numbers in a sparse matrix, zeros included, up to which it is made dense


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted softmax model.

    Attributes
    ----------
    w : (p, K) coefficients, adding to zero over the categories; columns that are left out have 0.
    b : (K,) intercepts, adding to zero.
    recoding : the recoding of the columns for the fit.
    learnt_w : (p', K) coefficients of the recoded columns.
    learnt_b : (K,) intercepts that go with `learnt_w`.
    collinear : collinear columns that are left out.
    near : nearly collinear columns, left out or not; with any of them no gap is proved.
    existence : whether a maximum exists.
    converged : True if the maximum exists and was reached.
    reason : why the fit ended, see ``Optimum``; also ``rounding`` if double precision cannot hold the coefficients.
    n_passes : passes over all rows.
    gap : optimality gap with the recoded columns, nats of log L (less penalty): a bound or an estimate.
    gap_is_proved : True if `gap` is a bound.
    log_likelihood : log L of the fit, nats.
    null_log_likelihood : log L of the intercept-only (null) model, nats.
    gradient_norm : largest component of the gradient of the objective in the recoded features, nats a row.
    """

    w: np.ndarray
    b: np.ndarray
    recoding: Recoding
    learnt_w: np.ndarray
    learnt_b: np.ndarray
    collinear: tuple[Dependence, ...]
    near: tuple[Dependence, ...]
    existence: Existence
    converged: bool
    reason: str
    n_passes: int
    gap: float
    gap_is_proved: bool
    log_likelihood: float
    null_log_likelihood: float
    gradient_norm: float

    def at_limit(self) -> tuple[np.ndarray, np.ndarray]:
        """(w, b) moved along the direction of separation, if there is one, until log L is at its supremum."""
        found = self.existence
        if found.direction is None:
            return self.w, self.b
        return self.w + found.reach * found.direction[:-1], self.b + found.reach * found.direction[-1]


@one_thread_blas()
def fit(
    data: Data,
    *,
    ridge: np.ndarray | None = None,
    intercept: bool = True,
    tolerance: float,
    most_passes: int = 1000,
    progress: Progress | None = None,
) -> Fit:
    """Fit to checked rows.

    ridge : (p,) see ``ridge_of``; None for maximum likelihood.
    tolerance : of the optimality gap, nats, see ``train``.
    most_passes : passes over all rows after which the fit stops.
    progress : called with a FitState in each iteration.
    """
    if isinstance(data, Rows) and data.is_sparse and data.n * data.n_features <= _SMALL:
        data = data.dense()
    direction = separating(data, intercept) if ridge is None and isinstance(data, Rows) else None
    if direction is not None:
        return _along_direction(data, direction, intercept)
    recoding, collinear = _recoding(data, ridge, intercept)
    learnt = recoding.of(data)
    optimum, objective = train(
        learnt,
        ridge=None if ridge is None else recoding.ridge(ridge),
        intercept=intercept,
        tolerance=tolerance,
        most_passes=most_passes,
        progress=progress,
    )
    optimum, found = _decided(learnt, optimum, objective, tolerance, progress)
    learnt_w, learnt_b = objective.coefficients(optimum.point.coordinates)
    middle = middle_of(data)
    w, b = recoding.back(learnt_w, learnt_b, middle)
    penalty = _penalty(ridge, w)
    log_likelihood = penalty - optimum.point.value * data.weight
    near = tuple(one for one in collinear if one.kind == "rounding")
    lost = 0.0
    if not recoding.is_identity and found.direction is None:
        log_likelihood = _log_likelihood(data, w, b)
        lost = max(penalty - optimum.point.value * data.weight - log_likelihood, 0.0)
        if lost > tolerance:
            near += tuple(_all_but_determined(data, recoding))
    return Fit(
        w=w,
        b=b,
        recoding=recoding,
        learnt_w=learnt_w,
        learnt_b=learnt_b,
        collinear=collinear,
        near=near,
        existence=_over_all(found, recoding, middle),
        converged=optimum.converged and found.has_maximum and lost <= _MOST_LOST,
        reason=optimum.reason if lost <= _MOST_LOST else "rounding",
        n_passes=max(optimum.n_passes, 1),
        gap=optimum.gap + lost,
        gap_is_proved=optimum.proved and not near,
        log_likelihood=log_likelihood,
        null_log_likelihood=null_log_likelihood(data, intercept),
        gradient_norm=float(np.abs(optimum.point.gradient).max(initial=0.0)),
    )


def _along_direction(data: Data, direction: np.ndarray, intercept: bool) -> Fit:
    """The fit of rows that a direction separates completely: coefficients on their way to infinity."""
    w, b = _FAR_ENOUGH * direction[:-1], _FAR_ENOUGH * direction[-1]
    with data.running() as sums:
        found = sums(w, b)
    gradient = max(np.abs(found.gradient).max(initial=0.0), np.abs(found.intercept_gradient).max())
    return Fit(
        w=w,
        b=b,
        recoding=Recoding.centred(np.zeros(data.n_features), intercept),
        learnt_w=w,
        learnt_b=b,
        collinear=(),
        near=(),
        existence=along(data, w, b, direction, all_of_it=True),
        converged=False,
        reason="separated",
        n_passes=1,
        gap=found.loss,
        gap_is_proved=True,
        log_likelihood=-found.loss,
        null_log_likelihood=null_log_likelihood(data, intercept),
        gradient_norm=float(gradient / data.weight),
    )


def _recoding(data: Data, ridge: np.ndarray | None, intercept: bool) -> tuple[Recoding, tuple[Dependence, ...]]:
    """The recoding of the columns for the fit, and the columns that it leaves out.

    With a penalty no column is left out. Unless the penalty is faint, it also keeps the coefficients of collinear
    columns small, so that only far columns need centring.
    """
    if ridge is None and not data.is_sparse:
        return recoded(data, intercept)
    recoding = Recoding.centred(far_centre(data, intercept), intercept)
    if ridge is None or data.is_sparse or not data.n_features:
        return recoding, ()
    some = recoding.of(data.sample(1000))
    decay = ridge / Scaling.of(some, intercept).scale ** 2 / data.weight
    return (recoding, ()) if decay.min() > _FAINT else recoded(data, intercept, leaves_out=False)


def _decided(
    data: Data, optimum: Optimum, objective: Objective, tolerance: float, progress: Progress | None
) -> tuple[Optimum, Existence]:
    """Decide whether a maximum exists. If so, an ``unproved`` fit with a small, reliable estimated gap has converged.

    Ctrl-C leaves the existence undecided and keeps the fit.
    """

    def waiting() -> None:
        if progress is not None:
            progress(FitState(optimum.n_passes, optimum.point.value, optimum.gap, "existence"))

    try:
        found = existence(data, optimum, objective, waiting)
    except KeyboardInterrupt:
        return replace(optimum, reason="interrupted"), Existence("undecided")
    if optimum.reason == "unproved" and found.has_maximum and optimum.gap <= tolerance:
        optimum = replace(optimum, reason="gap" if optimum.is_estimable else "rounding")
    return optimum, found


# --- back to the original columns ------------------------------------------------------------------------------------


def middle_of(data: Data) -> np.ndarray:
    """(p,) approximate means of dense features; 0 for sparse ones."""
    if data.is_sparse:
        return np.zeros(data.n_features)
    return np.asarray(data.sample(1000).features.mean(axis=0, dtype=np.float64))


def _penalty(ridge: np.ndarray | None, w: np.ndarray) -> float:
    """The penalty that a ridge subtracts from log L, nats."""
    return 0.0 if ridge is None else 0.5 * float(np.vdot(w, ridge[:, None] * w))


def _log_likelihood(data: Data, w: np.ndarray, b: np.ndarray) -> float:
    """log L, nats, at coefficients rounded to floats; the logits are computed in double-double where they cancel."""
    total = 0.0
    for rows in data.batches():
        z = np.ascontiguousarray(logits(rows.features, w, b))
        total -= cross_entropy_of_logits(z, rows.labels, targets=rows.targets, weights=rows.weights).total
    return total


def _all_but_determined(data: Data, recoding: Recoding) -> list[Dependence]:
    """The columns that the recoding replaces by a remainder, if only by centring, each with its remainder."""
    combinations = {c: recoding.combination(c) for c in recoding.columns.tolist()}
    combinations = {c: one for c, one in combinations.items() if one.constant or one.shares}
    squares = dict.fromkeys(combinations, 0.0)
    for rows in recoding.of(data).batches():
        for place, column in enumerate(recoding.columns.tolist()):
            if column in squares:
                squares[column] += float(rows.features[:, place] @ rows.features[:, place])
    return [
        Dependence(column, taken, "near", float(np.sqrt(squares[column] / data.n)))
        for column, taken in combinations.items()
    ]


def _over_all(found: Existence, recoding: Recoding, middle: np.ndarray) -> Existence:
    """The same result with the direction in terms of the original columns."""
    if found.direction is None:
        return found
    w, b = recoding.back(found.direction[:-1], found.direction[-1], middle)
    direction = np.vstack([w, b])
    length = np.abs(direction).max()
    return replace(found, direction=direction / length, reach=found.reach * length)


def null_log_likelihood(data: Data, intercept: bool) -> float:
    """log L of the null model, nats: sum_k t_k log(t_k / n) for intercepts only, n log(1 / K) without an intercept."""
    if not intercept:
        return -data.weight * float(np.log(data.n_categories))
    weights = data.category_weights()
    seen = weights[weights > 0]
    return float(accurate_sum(seen * np.log(seen / seen.sum())))
