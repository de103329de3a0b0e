"""The fit of a softmax model to rows, as a value: coefficients, whether there is a maximum, and how the fit ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo.classification.columns import Dependence, dependent_columns
from mottomo.classification.existence import Existence, existence
from mottomo.classification.objective import Data, Rows, keeping
from mottomo.classification.optimisation import Progress, train
from mottomo.kernels.sums import accurate_sum

_SMALL = 1 << 21  # numbers in a sparse matrix that is as well worked on as a dense one


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
    some, b = objective.coefficients(optimum.point.coordinates)
    w = np.zeros((data.n_features, data.n_categories))
    w[kept] = some
    found = existence(learnt, optimum, objective)
    return Fit(
        w=w,
        b=b,
        coordinates=optimum.point.coordinates,
        dependent=dependent,
        existence=found,
        converged=optimum.converged and found.has_maximum,
        reason=optimum.reason,
        n_passes=max(optimum.n_passes, 1),
        gap=optimum.gap,
        gap_is_proved=optimum.proved,
        log_likelihood=0.5 * strength * float(np.vdot(w, w)) - optimum.point.value * data.weight,
        null_log_likelihood=_null_log_likelihood(data, intercept),
        gradient_norm=float(np.abs(optimum.point.gradient).max(initial=0.0)),
    )


def _null_log_likelihood(data: Data, intercept: bool) -> float:
    """log L of the model without features: the die's, sum_k t_k log(t_k / n); without an intercept n log(1 / K)."""
    if not intercept:
        return -data.weight * float(np.log(data.n_categories))
    weights = data.category_weights()
    seen = weights[weights > 0]
    return float(accurate_sum(seen * np.log(seen / seen.sum())))
