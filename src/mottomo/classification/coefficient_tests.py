"""Standard errors, Wald tests and likelihood-ratio tests of the coefficients, at the maximum of the likelihood.

The covariance of the estimated coefficients is the inverse of the information sum_i w_i S_i (x) x_i x_i'. It is
computed in the coordinates V, which are as many as the free parameters, and transformed to the coding that is shown.
Probabilities and tests do not depend on the coding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.classification.collinearity import recoded
from mottomo.classification.curvature import information
from mottomo.classification.fitting import Fit
from mottomo.classification.objective import Data, keeping
from mottomo.classification.optimisation import train
from mottomo.classification.recoding import Recoding
from mottomo.classification.scaling import Scaling
from mottomo.kernels.threads import one_thread_blas
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.numerics.contrasts import contrasts

_LARGEST_WORK = 1e12  # operations to compute the information of all rows
_LEAST_SHARE = 1e-12  # of a coefficient's information that remains given the others; less is singular
_ROWS_AT_ONCE = 1 << 15
_LARGEST_REFITS = 2e10  # operations for all refits, each without one feature


class Covariance:
    """The covariance of the coefficients of a fitted model, in any coding."""

    def __init__(
        self,
        data: Data,
        w: np.ndarray,
        b: np.ndarray,
        intercept: bool,
        back: np.ndarray | None = None,
        working: Callable[[], None] = lambda: None,
    ) -> None:
        """The covariance at coefficients `w` (p, K) and `b` (K,).

        back : (P, P), maps the coefficients of these features to those that are reported; None for the identity.
        working : called from time to time during the computation.

        Raises LinAlgError if the information is singular within rounding.
        """
        full: np.ndarray | float = 0.0
        with one_thread_blas():
            scaling = Scaling.robust(data, intercept)
            for rows in data.batches():
                for first in range(0, rows.n, _ROWS_AT_ONCE):
                    working()
                    some = rows.taken(slice(first, first + _ROWS_AT_ONCE))
                    full = full + information(some, w, b, scaling)
            inverse = _inverted(np.asarray(full))
        self._p1, self._d = data.n_features + intercept, data.n_categories - 1
        self._covariance = ((inverse + inverse.T) / 2).reshape(self._d, self._p1, self._d, self._p1)
        # Maps the coefficients of the scaled features to those of the features; the last row is the intercept.
        self._back = np.zeros((self._p1, self._p1))
        p = data.n_features
        self._back[np.arange(p), np.arange(p)] = 1 / scaling.scale
        if intercept:
            self._back[-1, :p] = -scaling.centre / scaling.scale
            self._back[-1, -1] = 1
        if back is not None:
            self._back = back @ self._back

    @staticmethod
    def affordable(data: Data, intercept: bool) -> bool:
        """True if the information of all rows can be computed in reasonable time and memory."""
        parameters = (data.n_features + intercept) * (data.n_categories - 1)
        work = float(data.n) * parameters * (data.n_features + 1) * data.n_categories + float(parameters) ** 3
        return work < _LARGEST_WORK and parameters <= 8192

    def standard_errors(self, reference: int | None) -> np.ndarray:
        """(P, K) of the coefficients relative to category `reference` (its own: 0); None for the sum-to-zero coding."""
        q = contrasts(self._d + 1)
        coding = q if reference is None else q - q[reference]
        errors = np.empty((self._p1, self._d + 1))
        for j, row in enumerate(self._back):
            block = np.einsum("p,apbq,q->ab", row, self._covariance, row, optimize=True)
            variances = np.einsum("ka,ab,kb->k", coding, block, coding)
            if (variances < -1e-9 * np.abs(variances).max()).any():
                raise np.linalg.LinAlgError("a variance below 0")
            errors[j] = np.sqrt(np.maximum(variances, 0))
        return errors

    def wald(self, v: np.ndarray, rows: Sequence[int]) -> float:
        """theta' Cov(theta)^-1 theta, where theta are the coordinates V (P, K - 1) of some rows, tested jointly."""
        index = np.asarray(rows)
        back = self._back[index]
        block = np.einsum("jp,apbq,iq->jaib", back, self._covariance, back, optimize=True)
        size = len(index) * self._d
        theta = v[index].reshape(size)
        return float(theta @ np.linalg.solve(block.reshape(size, size), theta))


def _inverted(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix; its accuracy does not depend on the units of the rows.

    Raises LinAlgError if the matrix is singular within rounding.
    """
    import scipy.linalg

    units = 1 / np.sqrt(np.diag(matrix))
    scaled = matrix * units * units[:, None]
    factor = scipy.linalg.cho_factor(scaled, lower=True)
    if (np.diag(factor[0]) ** 2 < _LEAST_SHARE).any():
        raise np.linalg.LinAlgError("the information is singular")
    return np.asarray(scipy.linalg.cho_solve(factor, np.eye(len(scaled)), check_finite=False)) * units * units[:, None]


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
) -> tuple[FeatureTest, ...]:
    """A test of each feature: Wald's, and the likelihood-ratio test if the refits are affordable.

    data : the features before any recoding.
    fitted : the fit to `data`.
    groups : the encoded columns of each feature.
    working : called from time to time during the computation.
    """
    refits = 40.0 * len(groups) * 4 * data.n * (data.n_features + 1) * data.n_categories
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
        if refits < _LARGEST_REFITS:
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
