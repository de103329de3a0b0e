"""log L of rows in memory with its gradient and its information, at any coefficients: what exact Newton steps need.

    log L(V) = sum_i w_i sum_k t_ik log y_ik,   y_i = softmax(x~_i V Q')

in the coordinates V (P, K - 1) of scaled features x~, in blocks of P: v = (V_1', ..., V_(K-1)')'. Firth's penalty adds
half the logarithm of the determinant of the information.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mottomo.classification.curvature import information
from mottomo.classification.objective import Rows
from mottomo.classification.scaling import Scaling
from mottomo.numerics.contrasts import contrasts

_CHUNK = 1 << 20  # numbers in a temporary array


@dataclass(frozen=True, slots=True, eq=False)
class At:
    """A concave objective at one point.

    Attributes
    ----------
    value : nats.
    gradient : (P (K - 1),) nats.
    curvature : (P (K - 1), P (K - 1)) minus its Hessian, or near it; positive definite or nearly so.
    """

    value: float
    gradient: np.ndarray
    curvature: np.ndarray


class Surface(Protocol):
    """A concave function of the coordinates v."""

    @property
    def design(self) -> np.ndarray:
        """(n, P) the scaled features."""
        ...

    def __call__(self, v: np.ndarray) -> At:
        """The function at v, (P (K - 1),)."""
        ...


class LocalLikelihood:
    """log L of rows in memory.

    Attributes
    ----------
    design : (n, P) the scaled features.
    q : (K, K - 1) from the coordinates to the categories.
    """

    def __init__(self, rows: Rows, scaling: Scaling) -> None:
        self.design = scaling.design(rows.features)
        self.q = contrasts(rows.n_categories)
        self._flat = Scaling.none(self.design.shape[1], False)
        self._rows = Rows(self.design, rows.n_categories, rows.labels, rows.targets, rows.weights)
        if rows.targets is None:
            assert rows.labels is not None
            targets = np.zeros((rows.n, rows.n_categories))
            targets[np.arange(rows.n), rows.labels] = 1
        else:
            targets = rows.targets
        self.weights = np.ones(rows.n) if rows.weights is None else rows.weights
        self._targets = targets

    def coefficients(self, v: np.ndarray) -> np.ndarray:
        """(P, K) coefficients of the scaled features, adding to zero over the categories."""
        return v.reshape(self.q.shape[1], -1).T @ self.q.T

    def coordinates(self, coefficients: np.ndarray) -> np.ndarray:
        """v of coefficients (P, K) of the scaled features."""
        return np.ascontiguousarray((coefficients @ self.q).T).ravel()

    def __call__(self, v: np.ndarray) -> At:
        """As in Surface."""
        value, y = self.value_and_probabilities(v)
        residuals = (self._targets - y) * self.weights[:, None]
        gradient = ((residuals @ self.q).T @ self.design).ravel()
        return At(value, gradient, self.information(v))

    def value_and_probabilities(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        """log L, nats, and y (n, K)."""
        z = self.design @ self.coefficients(v)
        z -= z.max(axis=1, keepdims=True)
        y = np.exp(z)
        total = y.sum(axis=1)
        # log of the sum without the largest term, which is 1: exact where one category is nearly certain.
        rest = np.where(total < 1.5, np.log1p(_without_largest(y)), np.log(total))
        logs = z - rest[:, None]
        y /= total[:, None]
        value = float(((self._targets * logs).sum(axis=1) * self.weights).sum())
        return value, y

    def information(self, v: np.ndarray) -> np.ndarray:
        """The information at v, (P (K - 1), P (K - 1))."""
        w = np.ascontiguousarray(self.coefficients(v))
        return information(self._rows, w, np.zeros(w.shape[1]), self._flat)


class FirthLikelihood:
    """log L + 1/2 log det I, the likelihood with Jeffreys' prior, whose maximum is finite (Firth 1993).

    Its gradient is that of log L and, for a row, w_i/2 sum_k y_ik h_ik (q_k - sum_l y_il q_l) (x) x~_i with
    h_ik = (q_k - mean)' (x~_i' I^-1 x~_i) (q_k - mean). Another reference category or other units change log det I by a
    constant, and the maximum not at all.
    """

    def __init__(self, likelihood: LocalLikelihood) -> None:
        self.likelihood = likelihood

    @property
    def design(self) -> np.ndarray:
        """As in Surface."""
        return self.likelihood.design

    def __call__(self, v: np.ndarray) -> At:
        """As in Surface; the curvature is the information, which the penalty changes little."""
        own = self.likelihood
        plain = own(v)
        factor, log_determinant = inverse_factor(plain.curvature)
        _, y = own.value_and_probabilities(v)
        blocks = factor.reshape(own.q.shape[1], -1, len(v))
        pulls = np.empty((len(y), own.q.shape[1]))
        step = max(1, _CHUNK // (len(v) * own.q.shape[0]))
        for first in range(0, len(y), step):
            at = slice(first, first + step)
            half = np.einsum("ip,apq->iaq", own.design[at], blocks, optimize=True)
            # q_k - sum_l y_l q_l = sum_l y_l (q_k - q_l) keeps its digits where y_k is near 1.
            apart = np.einsum("il,kla->ika", y[at], own.q[:, None] - own.q[None])
            h = (np.einsum("ika,iaq->ikq", apart, half, optimize=True) ** 2).sum(axis=2)
            pulls[at] = 0.5 * np.einsum("ik,ika->ia", y[at] * h, apart, optimize=True)
        gradient = plain.gradient + ((pulls * own.weights[:, None]).T @ own.design).ravel()
        return At(plain.value + 0.5 * log_determinant, gradient, plain.curvature)


def widest_change(surface: Surface, step: np.ndarray) -> float:
    """By how much a step of v changes the difference of two logits of a row at most."""
    size = surface.design.shape[1]
    q = contrasts(len(step) // size + 1)
    change = surface.design @ (step.reshape(-1, size).T @ q.T)
    return float((change.max(axis=1) - change.min(axis=1)).max())


def inverse_factor(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """F with F F' the inverse of a positive definite matrix, and the logarithm of its determinant.

    Raises LinAlgError if it is not positive definite within rounding.
    """
    from scipy.linalg.lapack import dtrtri

    units = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    lower = np.linalg.cholesky(matrix * units * units[:, None])
    log_determinant = 2 * float(np.log(np.diag(lower)).sum() - np.log(units).sum())
    return np.tril(dtrtri(lower, lower=1)[0]).T * units[:, None], log_determinant


def _without_largest(e: np.ndarray) -> np.ndarray:
    """The sum of each row of e (n, K) without one of its largest numbers."""
    largest = e.argmax(axis=1)
    rest = e.copy()
    rest[np.arange(len(e)), largest] = 0
    return np.asarray(rest.sum(axis=1))
