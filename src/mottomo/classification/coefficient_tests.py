"""Does a feature say anything, given the others? Wald's test and the likelihood-ratio test of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mottomo.classification.collinearity import recoded
from mottomo.classification.covariance import Covariance
from mottomo.classification.fitting import Fit
from mottomo.classification.objective import Data, keeping
from mottomo.classification.optimisation import train
from mottomo.classification.recoding import Recoding
from mottomo.kernels.threads import one_thread_blas
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.numerics.contrasts import contrasts

_LARGEST_REFITS = 2e10  # operations for all refits, each without one feature


@dataclass(frozen=True, slots=True)
class FeatureTest:
    """Test whether a feature has an effect, given the others. p-values use the asymptotic chi-square distribution.

    Attributes
    ----------
    name : the feature; a text column is one feature with several encoded columns.
    degrees_of_freedom : encoded columns that are kept, times K - 1.
    wald : Wald's statistic.
    likelihood_ratio : 2 (log L - log L without the feature); None if the model was not refitted.
    """

    name: str
    degrees_of_freedom: int
    wald: float
    likelihood_ratio: float | None

    @property
    def wald_p_value(self) -> float:
        """The upper tail of chi-square at ``wald``."""
        return float(chi_square_tail(self.wald, self.degrees_of_freedom))

    @property
    def log10_wald_p_value(self) -> float:
        """log10 of ``wald_p_value``; finite also where the p-value underflows."""
        return log10_chi_square_tail(self.wald, self.degrees_of_freedom)

    @property
    def p_value(self) -> float:
        """The upper tail of chi-square at the likelihood ratio, or at Wald's statistic if there was no refit."""
        return float(chi_square_tail(self._statistic, self.degrees_of_freedom))

    @property
    def log10_p_value(self) -> float:
        """log10 of ``p_value``; finite also where the p-value underflows."""
        return log10_chi_square_tail(self._statistic, self.degrees_of_freedom)

    @property
    def _statistic(self) -> float:
        return self.wald if self.likelihood_ratio is None else self.likelihood_ratio


@one_thread_blas()
def feature_tests(
    data: Data,
    fitted: Fit,
    covariance: Covariance,
    groups: Mapping[str, list[int]],
    *,
    intercept: bool,
    tolerance: float,
    working: Callable[[], None] = lambda: None,
    refits: bool = True,
) -> tuple[FeatureTest, ...]:
    """A test of each feature: Wald's, and the likelihood-ratio test if the refits are affordable.

    data : the features before any recoding.
    fitted : the fit to `data`.
    groups : the encoded columns of each feature.
    working : called from time to time during the computation.
    refits : whether likelihood-ratio tests are meaningful, as without a penalty.
    """
    work = 40.0 * len(groups) * 4 * data.n * (data.n_features + 1) * data.n_categories
    place = {column: index for index, column in enumerate(fitted.recoding.columns.tolist())}
    q = contrasts(data.n_categories)
    v = np.vstack([fitted.w[fitted.recoding.columns], fitted.b]) @ q
    tests = []
    for name, columns in groups.items():
        kept = [column for column in columns if column in place]
        if not kept:
            continue
        working()
        ratio = None
        if refits and work < _LARGEST_REFITS:
            less = _without(data, kept, fitted.recoding, intercept, tolerance, working)
            ratio = None if less is None else max(2 * (fitted.log_likelihood - less), 0.0)
        df = len(kept) * (data.n_categories - 1)
        tests.append(FeatureTest(name, df, covariance.wald(v, [place[column] for column in kept]), ratio))
    return tuple(tests)


def _without(
    data: Data,
    columns: list[int],
    recoding: Recoding,
    intercept: bool,
    tolerance: float,
    working: Callable[[], None],
) -> float | None:
    """log L, nats, of the model without some columns; None if its maximum, which exists, was not reached."""
    others = np.setdiff1d(recoding.columns, columns)
    if recoding.taken:  # a combination may contain a removed column
        left = keeping(data, others)
        less = recoded(left, intercept)[0].of(left)
    else:
        less = recoding.without(columns).of(data)
    optimum, _ = train(less, ridge=None, intercept=intercept, tolerance=tolerance, progress=lambda _: working())
    if optimum.reason == "interrupted":
        raise KeyboardInterrupt
    reached = optimum.converged or (optimum.reason == "unproved" and optimum.gap <= tolerance)
    return -optimum.point.value * data.weight if reached else None
