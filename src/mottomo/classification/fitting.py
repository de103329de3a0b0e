"""The fit of a softmax model to rows, as a value: coefficients, whether there is a maximum, and how the fit ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mottomo.classification.columns import Dependence, dependent_columns
from mottomo.classification.existence import Existence, existence
from mottomo.classification.objective import Data, Objective, Rows, keeping
from mottomo.classification.optimisation import Optimum, Progress, Standing, train
from mottomo.classification.scaling import Scaling
from mottomo.kernels.sums import accurate_sum
from mottomo.kernels.threads import one_thread_blas

_SMALL = 1 << 21  # numbers in a sparse matrix that is as well worked on as a dense one
_FAR = 1e3  # times its spread from 0: a column whose products would lose that many digits of the logits


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted softmax model.

    Attributes
    ----------
    w, b : (p, K) and (K,), adding to zero over the categories; dependent columns have 0.
    coordinates : (P, K - 1) of the columns that are not dependent. dependent : columns that others determine.
    existence : whether there is a maximum. converged, reason, n_passes : how the fit ended.
    gap, gap_is_proved : what may be left to gain, nats of log L (less penalty): a bound, or an estimate.
    log_likelihood, null_log_likelihood : nats, of the fit and of the model without features.
    gradient_norm : the largest component of the gradient of the objective, nats a row.
    """

    w: np.ndarray
    b: np.ndarray
    coordinates: np.ndarray
    dependent: tuple[Dependence, ...]
    existence: Existence
    converged: bool
    reason: str
    n_passes: int
    gap: float
    gap_is_proved: bool
    log_likelihood: float
    null_log_likelihood: float
    gradient_norm: float

    def kept(self) -> np.ndarray:
        """The columns that are not dependent."""
        return np.setdiff1d(np.arange(len(self.w)), [one.column for one in self.dependent])


@one_thread_blas()
def fit(
    data: Data,
    *,
    strength: float,
    intercept: bool = True,
    tolerance: float,
    most_passes: int = 1000,
    progress: Progress | None = None,
) -> Fit:
    """Fit to rows that have been checked; `tolerance` in nats, see ``train``; `progress` hears how it goes."""
    if isinstance(data, Rows) and data.is_sparse and data.n * data.n_features <= _SMALL:
        data = data.dense()
    centre = far_centre(data, intercept)
    if centre.any():
        data = data.mapped(lambda x: x - centre, data.n_features)
    dependent = () if strength or data.is_sparse else dependent_columns(data, intercept)
    kept = np.setdiff1d(np.arange(data.n_features), [one.column for one in dependent])
    learnt = keeping(data, kept) if dependent else data
    optimum, objective = train(
        learnt,
        strength=strength,
        intercept=intercept,
        tolerance=tolerance,
        most_passes=most_passes,
        progress=progress,
    )
    optimum, found = _decided(learnt, optimum, objective, tolerance, progress)
    some, b = objective.coefficients(optimum.point.coordinates)
    w = np.zeros((data.n_features, data.n_categories))
    w[kept] = some
    return Fit(
        w=w,
        b=b - centre @ w,
        coordinates=optimum.point.coordinates,
        dependent=tuple(one.moved(centre) for one in dependent),
        existence=_over_all(found, kept, centre),
        converged=optimum.converged and found.has_maximum,
        reason=optimum.reason,
        n_passes=max(optimum.n_passes, 1),
        gap=optimum.gap,
        gap_is_proved=optimum.proved,
        log_likelihood=0.5 * strength * float(np.vdot(w, w)) - optimum.point.value * data.weight,
        null_log_likelihood=_null_log_likelihood(data, intercept),
        gradient_norm=float(np.abs(optimum.point.gradient).max(initial=0.0)),
    )


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
        optimum = replace(optimum, reason="gap")
    return optimum, found


# --- columns far from 0 ----------------------------------------------------------------------------------------------


def far_centre(data: Data, intercept: bool) -> np.ndarray:
    """(p,) what to take from columns that lie far from 0 beside their spread; 0 for all others.

    The intercept takes it back: the model is the same, and its logits do not cancel.
    """
    if data.is_sparse or not intercept or not data.n_features:
        return np.zeros(data.n_features)
    scaling = Scaling.of(data.sample(1000), intercept)
    return np.where((np.abs(scaling.centre) > _FAR * scaling.scale) & (scaling.spread > 0), scaling.centre, 0.0)


def _over_all(found: Existence, kept: np.ndarray, centre: np.ndarray) -> Existence:
    """The same direction over all columns, dependent ones with 0, from which nothing was taken."""
    if found.direction is None:
        return found
    direction = np.zeros((len(centre) + 1, found.direction.shape[1]))
    direction[np.append(kept, len(centre))] = found.direction
    direction[-1] -= centre @ direction[:-1]
    length = np.abs(direction).max()
    return replace(found, direction=direction / length, reach=found.reach * length)


def _null_log_likelihood(data: Data, intercept: bool) -> float:
    """log L of the model without features: the die's, sum_k t_k log(t_k / n); without an intercept n log(1 / K)."""
    if not intercept:
        return -data.weight * float(np.log(data.n_categories))
    weights = data.category_weights()
    seen = weights[weights > 0]
    return float(accurate_sum(seen * np.log(seen / seen.sum())))
