"""Intervals of the coefficients, and of the odds ratios exp(b) that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo.classification.firth import highest_of_firth
from mottomo.classification.fitting import Fit
from mottomo.classification.local_likelihood import FirthLikelihood, LocalLikelihood, Surface
from mottomo.classification.objective import Rows
from mottomo.classification.profile import NEARLY, grows_without_end, profile_end
from mottomo.classification.scaling import Scaling
from mottomo.classification.wald import normal_quantile, wald_intervals
from mottomo.kernels.threads import one_thread_blas

IntervalMethod = Literal["wald", "profile"]
_MOST_WORK = 2e11  # operations for all ends, some ten seconds
_STEPS_OF_AN_END = 8  # usual number
_LARGEST_PROGRAMME = 2e6  # numbers in the constraints of a linear programme


@dataclass(frozen=True, eq=False)
class CoefficientIntervals:
    """Limits of the coefficients, each at `level`.

    Attributes
    ----------
    method : ``wald``, by the normal approximation, or ``profile``, by the profile likelihood.
    level : of each interval by itself, approximately.
    lower, upper : (p + 1, K) relative to the reference, whose own are 0; the intercept last. An end that is not there
        is -inf or inf; NaN stands for a column that is left out, and for an end that was not found.
    """

    method: IntervalMethod
    level: float
    lower: np.ndarray
    upper: np.ndarray

    @property
    def odds_ratios(self) -> tuple[np.ndarray, np.ndarray]:
        """The limits of exp(b)."""
        with np.errstate(over="ignore"):
            return np.exp(self.lower), np.exp(self.upper)

    @property
    def is_one_sided(self) -> bool:
        """True if an end is not there."""
        return bool(np.isinf(self.lower).any() or np.isinf(self.upper).any())

    def to_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Plain data, by category."""
        lower, upper = self.odds_ratios

        def by_category(values: np.ndarray) -> dict[str, list[float]]:
            return {name: values[:, k].tolist() for k, name in enumerate(names)}

        return {
            "method": self.method,
            "level": self.level,
            "lower": by_category(self.lower),
            "upper": by_category(self.upper),
            "odds_ratio_lower": by_category(lower),
            "odds_ratio_upper": by_category(upper),
        }


def wald(coefficients: np.ndarray, errors: np.ndarray, level: float) -> CoefficientIntervals:
    """From coefficients and standard errors (p + 1, K)."""
    return CoefficientIntervals("wald", level, *wald_intervals(coefficients, errors, level))


@one_thread_blas()
def profile(
    data: Rows,
    fitted: Fit,
    reference: int,
    level: float,
    *,
    is_firth: bool = False,
    working: Callable[[], None] = lambda: None,
) -> CoefficientIntervals | None:
    """By the profile likelihood; None if it would take too long.

    data : dense rows, before any recoding.
    is_firth : whether the fit is that of Firth's penalised likelihood.
    working : called before each end.
    """
    learnt = fitted.recoding.of(data)
    assert isinstance(learnt, Rows)
    scaling = Scaling.robust(learnt, True)
    likelihood = LocalLikelihood(learnt, scaling)
    surface: Surface = FirthLikelihood(likelihood) if is_firth else likelihood
    back = fitted.recoding.matrix() @ scaling.matrix()
    k, p1 = data.n_categories, len(back)
    if 2.0 * _STEPS_OF_AN_END * (p1 * (k - 1)) * _work(data.n, p1, k) > _MOST_WORK:
        return None
    start = likelihood.coordinates(scaling.scaled(np.vstack([fitted.learnt_w, fitted.learnt_b])))
    most = surface(start).value
    has_maximum = fitted.existence.has_maximum
    if not has_maximum:
        assert fitted.existence.supremum is not None
        most = fitted.existence.supremum
    target = most - normal_quantile(level) ** 2 / 2
    if not has_maximum:
        start = highest_of_firth(likelihood, data.category_weights())  # coefficients on their way to infinity are far
    rows_of = [*fitted.recoding.columns.tolist(), data.n_features]
    ends = {sign: np.full((data.n_features + 1, k), np.nan) for sign in (-1.0, 1.0)}
    for category in range(k):
        for place, row in enumerate(rows_of):
            coding = likelihood.q[category] - likelihood.q[reference]
            c = np.kron(coding, back[place])
            for sign, found in ends.items():
                working()
                if category == reference:
                    found[row, category] = 0.0
                elif has_maximum:
                    found[row, category] = profile_end(surface, start, target, c, sign)
                elif learnt.labels is not None and learnt.n * (k - 1.0) * len(c) <= _LARGEST_PROGRAMME:
                    is_open = grows_without_end(likelihood, learnt.labels, sign * c)
                    end = sign * np.inf if is_open else profile_end(surface, start, target, c, sign, NEARLY)
                    found[row, category] = end
    return CoefficientIntervals("profile", level, ends[-1.0], ends[1.0])


def _work(n: int, p1: int, k: int) -> float:
    """Operations of one step: an information, and its factor."""
    return float(n) * p1**2 * k * (k - 1) + float(p1 * (k - 1)) ** 3 / 3
