"""The covariance of the coefficients at the maximum of the likelihood: the inverse of the information.

The information is sum_i w_i S_i (x) x_i x_i', with S_i = Q' (diag y_i - y_i y_i') Q in the coordinates V, which are as
many as the free parameters. It is inverted for recoded and scaled columns, where it is well conditioned. What is kept
is a factor F of the inverse, F F', not the inverse: the standard error of a sum g'V is the length of F'g, which loses
half as many digits to cancellation and is never below 0. Probabilities and tests do not depend on the coding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.classification.curvature import information
from mottomo.classification.objective import Data, Rows
from mottomo.classification.scaling import Scaling
from mottomo.classification.softmax import training_probabilities
from mottomo.classification.wald import complements
from mottomo.kernels.threads import one_thread_blas
from mottomo.numerics.contrasts import contrasts

_LARGEST_WORK = 1e12  # operations to compute the information of all rows
_LARGEST_TRIANGLE = 2e11  # operations of a triangle of all rows, which is more accurate
_MOST_PARAMETERS = 8192
_LEAST_SHARE = 1e-12  # of a coefficient's information that remains given the others; less is singular
_LEAST_OF_TRIANGLE = 1e-26  # the same, of a triangle
_ACCURATE_SHARE = 1e-5  # from this share on the information itself is accurate enough
_ROWS_AT_ONCE = 1 << 15
_CHUNK = 1 << 18  # numbers in a temporary array


@dataclass(frozen=True, eq=False)
class Covariance:
    """The covariance of the coefficients of a fitted model, in any coding.

    Attributes
    ----------
    columns : (P - 1,) or, without an intercept, (P,): the positions of the encoded columns that the fit keeps.
    back : (P, P) from coefficients of scaled columns to those of the columns; of the intercept last, if there is one.
    factor : (P (K - 1), P (K - 1)) F, with Cov(V of scaled columns) = F F'; in blocks of P rows, one for each
        coordinate.
    """

    columns: np.ndarray
    back: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(
        cls,
        data: Data,
        w: np.ndarray,
        b: np.ndarray,
        intercept: bool,
        columns: np.ndarray | None = None,
        back: np.ndarray | None = None,
        working: Callable[[], None] = lambda: None,
    ) -> Covariance:
        """The covariance at coefficients `w` (p, K) and `b` (K,) of the features of `data`.

        columns, back : the positions of these features among those that are reported, and the map (P, P) from their
            coefficients to the reported ones; None for the identity.
        working : called from time to time during the computation.

        Raises LinAlgError if the information is singular within rounding.
        """
        with one_thread_blas():
            scaling = Scaling.robust(data, intercept)
            factor = _factor(data, w, b, scaling, working)
        own = scaling.matrix()
        at = np.arange(data.n_features) if columns is None else columns
        return cls(at, own if back is None else back @ own, factor)

    @staticmethod
    def affordable(data: Data, intercept: bool) -> bool:
        """True if the information of all rows can be computed in reasonable time and memory."""
        parameters = (data.n_features + intercept) * (data.n_categories - 1)
        work = float(data.n) * parameters * (data.n_features + 1) * data.n_categories + float(parameters) ** 3
        return work < _LARGEST_WORK and parameters <= _MOST_PARAMETERS

    @property
    def n_rows(self) -> int:
        """P, the coefficients of one category."""
        return len(self.back)

    @property
    def n_coordinates(self) -> int:
        """K - 1."""
        return len(self.factor) // len(self.back)

    def standard_errors(self, reference: int | None) -> np.ndarray:
        """(P, K) of the coefficients relative to category `reference` (its own: 0); None for the sum-to-zero coding."""
        coding = _coding(self.n_coordinates + 1, reference)
        blocks = self._blocks()
        errors = np.empty((self.n_rows, len(coding)))
        for j, row in enumerate(self.back):
            errors[j] = np.linalg.norm(coding @ np.einsum("p,apq->aq", row, blocks), axis=1)
        return errors

    def matrix(self, reference: int | None) -> np.ndarray:
        """The covariance matrix of the coefficients relative to category `reference`, ((K - 1) P, (K - 1) P).

        In blocks of P, one for each category but the reference, in their order; of a block the columns in their order,
        the intercept last. None stands for the sum-to-zero coding: (K P, K P), whose blocks add to 0.
        """
        coding = _coding(self.n_coordinates + 1, reference)
        if reference is not None:
            coding = np.delete(coding, reference, axis=0)
        half = np.einsum("ka,jp,apq->kjq", coding, self.back, self._blocks(), optimize=True)
        half = half.reshape(len(coding) * self.n_rows, -1)
        return np.asarray(half @ half.T)

    def wald(self, v: np.ndarray, rows: Sequence[int]) -> float:
        """theta' Cov(theta)^-1 theta, where theta are the coordinates V (P, K - 1) of some rows, tested jointly."""
        index = np.asarray(rows)
        half = np.einsum("jp,apq->jaq", self.back[index], self._blocks(), optimize=True)
        half = half.reshape(len(index) * self.n_coordinates, -1)
        r = np.asarray(np.linalg.qr(half.T, mode="r"))
        root = np.linalg.solve(r.T, v[index].reshape(-1))
        return float(root @ root)

    def logit_errors(self, features: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(n, K) standard errors of logit y_k = log(y_k / (1 - y_k)) by the delta method, for features (n, p).

        d logit y_k = x'dV Q'(e_k - y) / (1 - y_k): what the other categories have in common does not matter. inf where
        1 - y_k is 0.
        """
        q = contrasts(y.shape[1])
        design = self.design(features)
        blocks = self._blocks()
        errors = np.empty(y.shape)
        step = max(1, _CHUNK // max(len(self.factor), 1))
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, len(y), step):
                at = slice(first, first + step)
                half = np.einsum("ip,apq->iaq", design[at], blocks, optimize=True)
                own, away = y[at], complements(y[at])
                for k in range(y.shape[1]):
                    # (q_k - sum_l y_l q_l) / (1 - y_k) is a mean of q_k - q_l over the others, which does not cancel.
                    shares = np.divide(own, away[:, k : k + 1], out=np.zeros_like(own), where=away[:, k : k + 1] > 0)
                    shares[:, k] = 0
                    errors[at, k] = np.linalg.norm(np.einsum("ia,iaq->iq", shares @ (q[k] - q), half), axis=1)
                    errors[at, k][away[:, k] == 0] = np.inf
        errors[~np.isfinite(errors)] = np.inf  # so far beyond the data that it overflows
        return errors

    def errors_of(self, slopes: np.ndarray) -> np.ndarray:
        """(m,) standard errors of functions of V by the delta method.

        slopes : (m, P, K - 1) their derivatives by the coordinates V of scaled columns.
        """
        flat = slopes.transpose(0, 2, 1).reshape(len(slopes), -1)
        return np.asarray(np.linalg.norm(flat @ self.factor, axis=1))

    def design(self, features: np.ndarray) -> np.ndarray:
        """The scaled features (n, P) of features (n, p), with what stands for the intercept."""
        kept = np.asarray(features, dtype=np.float64)[:, self.columns]
        if self.n_rows > len(self.columns):
            kept = np.hstack([kept, np.ones((len(kept), 1))])
        return np.asarray(kept @ self.back)

    def _blocks(self) -> np.ndarray:
        return self.factor.reshape(self.n_coordinates, self.n_rows, -1)


def _coding(n_categories: int, reference: int | None) -> np.ndarray:
    """(K, K - 1) from the coordinates V to the coefficients of each category."""
    q = contrasts(n_categories)
    return q if reference is None else q - q[reference]


def _factor(data: Data, w: np.ndarray, b: np.ndarray, scaling: Scaling, working: Callable[[], None]) -> np.ndarray:
    """F with F F' the inverse of the information. Raises LinAlgError if that is singular within rounding."""
    full: np.ndarray | float = 0.0
    for rows in _pieces(data):
        working()
        full = full + information(rows, w, b, scaling)
    matrix = np.asarray(full)
    units = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    try:
        lower = np.linalg.cholesky(matrix * units * units[:, None])
        least = float(np.diag(lower).min()) ** 2
    except np.linalg.LinAlgError:
        least = 0.0
    n_parameters = len(matrix)
    if least < _ACCURATE_SHARE and 2.0 * data.n * data.n_categories * n_parameters**2 < _LARGEST_TRIANGLE:
        lower = _triangle(data, w, b, scaling, units, working).T
        least = float(np.diag(lower).min()) ** 2 * (_LEAST_SHARE / _LEAST_OF_TRIANGLE)
    if not least > _LEAST_SHARE:
        raise np.linalg.LinAlgError("singular within rounding")
    from scipy.linalg.lapack import dtrtri

    return np.asarray(np.tril(dtrtri(lower, lower=1)[0]).T * units[:, None])


def _triangle(
    data: Data, w: np.ndarray, b: np.ndarray, scaling: Scaling, units: np.ndarray, working: Callable[[], None]
) -> np.ndarray:
    """R with R'R the information in `units`, by QR of its square root: it has twice the digits of the information.

    The square root has K rows for each row: sqrt(w_i y_k) (q_k - sum_l y_l q_l) (x) x_i.
    """
    q = contrasts(data.n_categories)
    size = len(units)
    r = np.zeros((0, size))
    for rows in _pieces(data, max(64, 4 * size // data.n_categories)):
        working()
        y = training_probabilities(rows.features, w, b)
        design = scaling.design(rows.features)
        # q_k - sum_l y_l q_l = sum_l y_l (q_k - q_l) keeps its digits where y_k is near 1.
        apart = np.einsum("il,kla->ika", y, q[:, None] - q[None])
        root = np.sqrt(y if rows.weights is None else y * rows.weights[:, None])
        part = np.einsum("ik,ika,ip->ikap", root, apart, design, optimize=True).reshape(-1, size) * units
        r = np.asarray(np.linalg.qr(np.vstack([r, part]), mode="r"))
    return np.asarray(r * np.sign(np.diag(r))[:, None])


def _pieces(data: Data, size: int = _ROWS_AT_ONCE) -> Iterator[Rows]:
    """The rows, at most `size` at a time."""
    for rows in data.batches():
        for first in range(0, rows.n, size):
            yield rows.taken(slice(first, first + size))
