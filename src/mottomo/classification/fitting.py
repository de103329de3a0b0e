"""The fit of a softmax model to rows, as a value: coefficients, whether there is a maximum, and how the fit ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mottomo.classification.collinearity import Dependence, far_centre, recoded
from mottomo.classification.existence import Existence, existence
from mottomo.classification.objective import Data, Objective, Rows
from mottomo.classification.optimisation import Optimum, Progress, Standing, train
from mottomo.classification.recoding import Recoding
from mottomo.classification.scaling import Scaling
from mottomo.classification.softmax import logits
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.kernels.threads import one_thread_blas
from mottomo.numerics.sums import accurate_sum

_FAINT = 1e-8  # of a row's curvature: a penalty beside which rounding could be seen where columns are nearly collinear
_MOST_LOST = 0.01  # nats of log L to the rounding of coefficients, with which a fit is still near enough
_SMALL = 1 << 21  # numbers in a sparse matrix that is as well worked on as a dense one


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted softmax model.

    Attributes
    ----------
    w, b : (p, K) and (K,), adding to zero over the categories; columns that are left out have 0.
    recoding : how the columns are learnt; learnt_w, learnt_b the coefficients of what is learnt, (p', K) and (K,).
    dependent : columns that are left out because others determine them, or all but do. near : columns that are nearly
    collinear, left out or not: with them nothing is proved.
    existence : whether there is a maximum. converged, reason, n_passes : how the fit ended.
    gap, gap_is_proved : what may be left to gain with the columns that are learnt, nats of log L (less penalty): a
    bound, or an estimate.
    log_likelihood, null_log_likelihood : nats, of the fit and of the model without features.
    gradient_norm : the largest component of the gradient of the objective in the learnt features, nats a row.
    """

    w: np.ndarray
    b: np.ndarray
    recoding: Recoding
    learnt_w: np.ndarray
    learnt_b: np.ndarray
    dependent: tuple[Dependence, ...]
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
        """Coefficients so far along the direction of separation, if there is one, that log L is at its supremum."""
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
    """Fit to rows that have been checked; `ridge` (p,) see ``ridge_of``; `tolerance` in nats, see ``train``.

    `progress` hears how it goes.
    """
    if isinstance(data, Rows) and data.is_sparse and data.n * data.n_features <= _SMALL:
        data = data.dense()
    recoding, dependent = _recoding(data, ridge, intercept)
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
    middle = _middle(data)
    w, b = recoding.back(learnt_w, learnt_b, middle)
    penalty = _penalty(ridge, w)
    log_likelihood = penalty - optimum.point.value * data.weight
    near = tuple(one for one in dependent if one.kind == "rounding")
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
        dependent=dependent,
        near=near,
        existence=_over_all(found, recoding, middle),
        converged=optimum.converged and found.has_maximum and lost <= _MOST_LOST,
        reason=optimum.reason if lost <= _MOST_LOST else "rounding",
        n_passes=max(optimum.n_passes, 1),
        gap=optimum.gap + lost,
        gap_is_proved=optimum.proved and not near,
        log_likelihood=log_likelihood,
        null_log_likelihood=_null_log_likelihood(data, intercept),
        gradient_norm=float(np.abs(optimum.point.gradient).max(initial=0.0)),
    )


def _recoding(data: Data, ridge: np.ndarray | None, intercept: bool) -> tuple[Recoding, tuple[Dependence, ...]]:
    """How the columns are learnt. A penalty determines all coefficients; one that is not faint keeps them small too."""
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
    """Whether there is a maximum; where the gap seems small and only that was left to prove, the fit has converged.

    Ctrl-C leaves the question open and the fit as it is.
    """

    def waiting() -> None:
        if progress is not None:
            progress(Standing(optimum.n_passes, optimum.point.value, optimum.gap, "existence"))

    try:
        found = existence(data, optimum, objective, waiting)
    except KeyboardInterrupt:
        return replace(optimum, reason="interrupted"), Existence("undecided")
    if optimum.reason == "unproved" and found.has_maximum and optimum.gap <= tolerance:
        optimum = replace(optimum, reason="gap" if optimum.is_estimable else "rounding")
    return optimum, found


# --- back to the columns as they are ---------------------------------------------------------------------------------


def _middle(data: Data) -> np.ndarray:
    """(p,) where the dense features are, roughly."""
    if data.is_sparse:
        return np.zeros(data.n_features)
    return np.asarray(data.sample(1000).features.mean(axis=0, dtype=np.float64))


def _penalty(ridge: np.ndarray | None, w: np.ndarray) -> float:
    """What a ridge takes from log L, nats."""
    return 0.0 if ridge is None else 0.5 * float(np.vdot(w, ridge[:, None] * w))


def _log_likelihood(data: Data, w: np.ndarray, b: np.ndarray) -> float:
    """log L of coefficients as they are, rounded, nats: large products that cancel are added in twice the digits."""
    total = 0.0
    for rows in data.batches():
        z = np.ascontiguousarray(logits(rows.features, w, b))
        total -= cross_entropy_of_logits(z, rows.labels, targets=rows.targets, weights=rows.weights).total
    return total


def _all_but_determined(data: Data, recoding: Recoding) -> list[Dependence]:
    """The columns that are learnt as what is left of them, if only of a constant, and how much that is."""
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
    """The same direction over all columns as they are."""
    if found.direction is None:
        return found
    w, b = recoding.back(found.direction[:-1], found.direction[-1], middle)
    direction = np.vstack([w, b])
    length = np.abs(direction).max()
    return replace(found, direction=direction / length, reach=found.reach * length)


def _null_log_likelihood(data: Data, intercept: bool) -> float:
    """log L of the model without features: the die's, sum_k t_k log(t_k / n); without an intercept n log(1 / K)."""
    if not intercept:
        return -data.weight * float(np.log(data.n_categories))
    weights = data.category_weights()
    seen = weights[weights > 0]
    return float(accurate_sum(seen * np.log(seen / seen.sum())))
