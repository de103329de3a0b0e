"""The Hessian of the softmax objective, computed from some of the rows: it turns a gradient into a step.

    H = sum_i w_i S_i (x) x_i x_i' / N + diag decay,   S = Q' (diag y - y y') Q

in the coordinates V of ``coordinates``. Features are centred and scaled first, so the steps do not depend on units.
Each class here solves H d = g, with the exact H of its rows or with an approximation (a preconditioner).
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from mottomo.classification.objective import Rows
from mottomo.classification.scaling import Scaling, add_in_blocks
from mottomo.classification.softmax import training_probabilities
from mottomo.kernels.threads import processors, ranges, workers
from mottomo.numerics.contrasts import contrasts

_PIVOT_EPS = 64  # see ``_stands_out``
_CHUNK = 1 << 17  # numbers in a temporary array, so that it fits into the L2 cache
_NEARLY_CERTAIN = 0.9  # probability from which on terms cancel by a digit and more
_FEW_PAIRS = 6  # of categories, with which the products of columns are not worth their making
_WORTH_A_THREAD = 3e7  # operations


class Curvature(Protocol):
    """A Hessian or an approximation of one (a preconditioner) that can solve H d = g."""

    def solve(self, g: np.ndarray) -> np.ndarray:
        """d (P, K - 1) with H d = g, for a gradient g (P, K - 1)."""
        ...


def category_curvature(y: np.ndarray) -> np.ndarray:
    """S of each row as its upper triangle, (K (K - 1) / 2, m), from probabilities y (K, m).

    S = sum_k y_k q_k q_k' - (sum_k y_k q_k)(sum_k y_k q_k)'. Where one category is nearly certain these cancel; there
    the q are taken relative to that of this category, which keeps full precision.
    """
    q = contrasts(len(y))
    first, second = np.triu_indices(q.shape[1])
    mean = q.T @ y
    s = (q[:, first] * q[:, second]).T @ y - mean[first] * mean[second]
    sure = np.flatnonzero(y.max(axis=0) > _NEARLY_CERTAIN)
    top = y[:, sure].argmax(axis=0)
    for category in np.unique(top).tolist():
        its = sure[top == category]
        apart = q - q[category]
        mean = apart.T @ y[:, its]
        s[:, its] = (apart[:, first] * apart[:, second]).T @ y[:, its] - mean[first] * mean[second]
    return np.asarray(s)


def probabilities_by_category(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """softmax(x W + b) as (K, m), of recoded features, whose products do not cancel: categories first is faster."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = w.T @ x.T
        z += b[:, None]
        z -= z.max(axis=0)
        if np.isnan(z).any():  # where products overflow
            return training_probabilities(x, w, b).T
        np.exp(z, out=z)
    z /= z.sum(axis=0)
    return np.asarray(z)


class ExactCurvature:
    """The full Hessian of some rows as a Cholesky factor: (P (K - 1))^2 numbers.

    With a `gradient` it is damped (Levenberg-Marquardt) until the predicted decrease of a step is at most `most`; far
    from the optimum the quadratic model predicts too much.

    Attributes
    ----------
    rows : the rows whose Hessian this is.
    w, b : the coefficients (p, K) and (K,) at which it was computed.
    floor : the damping that was added to the diagonal; 0 for none.
    is_sure : True if it is undamped and its factor is accurate enough for a proof.
    """

    def __init__(
        self,
        rows: Rows,
        w: np.ndarray,
        b: np.ndarray,
        scaling: Scaling,
        decay: np.ndarray | float,
        gradient: np.ndarray | None = None,
        most: float = math.inf,
        design: np.ndarray | None = None,
    ) -> None:
        import scipy.linalg

        self.rows, self.w, self.b = rows, w, b
        self._scaling, self._design = scaling, design
        hessian = information(rows, w, b, scaling, design) / rows.weight
        p1, d = len(scaling.scale) + scaling.intercept, w.shape[1] - 1
        self._shape = (p1, d)
        add_in_blocks(hessian, scaling.penalty(decay))
        diagonal = hessian.ravel()[:: p1 * d + 1]
        least = 1e-11 * float(diagonal.mean()) + 1e-300
        self.floor = 0.0
        while True:
            try:
                self._factor = scipy.linalg.cho_factor(hessian, lower=True, check_finite=False)
                if gradient is None or 0.5 * float(np.vdot(self.solve(gradient), gradient)) <= most:
                    self.is_sure = not self.floor and _stands_out(self._factor[0], diagonal, rows.n)
                    return
            except np.linalg.LinAlgError:
                pass  # these rows leave H singular in some direction: damp it, other rows and later steps decide there
            raised = max(10 * self.floor, least)
            diagonal += raised - self.floor
            self.floor = raised

    def solve(self, g: np.ndarray) -> np.ndarray:
        """As in Curvature; exact for these rows, with the damping."""
        scaled = self._scaling.gradient(g).T.ravel()
        step = solved(self._factor[0], scaled)
        return self._scaling.step(np.ascontiguousarray(step.reshape(self._shape[::-1]).T))

    def length(self, d: np.ndarray) -> float:
        """sqrt(d'Hd) of a step d (P, K - 1) of the coefficients of x."""
        from scipy.linalg.blas import dtrmv

        scaled = self._scaling.back_step(d).T.ravel()
        return float(np.linalg.norm(dtrmv(self._factor[0], scaled, lower=1, trans=1)))

    def widest_logits(self) -> float:
        """Upper bound of the range of the change of a row's logits along a step d with d'Hd = 1.

        range_k (x~ d Q')_k <= |d|_H sqrt(2 sum_a x~' (H^-1)_aa x~), the largest over the rows.
        """
        import scipy.linalg.lapack

        inverse, _ = scipy.linalg.lapack.dpotri(self._factor[0], lower=1)
        p1, d = self._shape
        total = np.zeros((p1, p1))
        for a in range(d):
            at = slice(a * p1, (a + 1) * p1)
            total += np.tril(inverse[at, at]) + np.tril(inverse[at, at], -1).T
        most = 0.0
        for first in range(0, self.rows.n, 4096):
            at = slice(first, first + 4096)
            design = self._scaling.design(self.rows.features[at]) if self._design is None else self._design[at]
            most = max(most, float(np.einsum("ip,ip->i", design @ total, design).max()))
        return float(np.sqrt(2 * most))


def solved(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A^-1 right, of A = L L' with L lower triangular; without the checks that cost more than small systems."""
    from scipy.linalg.lapack import dpotrs

    return np.asarray(dpotrs(lower, right, lower=1)[0])


def _stands_out(factor: np.ndarray, diagonal: np.ndarray, n: int) -> bool:
    """True if every pivot is well above rounding error; a smaller one would make the proof unsound.

    The rounding error of a sum over n rows is about sqrt(n) eps; elimination adds about one eps per earlier pivot.
    """
    least = _PIVOT_EPS * (len(factor) + math.sqrt(n)) * float(np.finfo(np.float64).eps)
    return bool((np.diag(factor) ** 2 > least * diagonal).all())


class LeastCurvature:
    """A lower bound of the Hessian of some rows that needs P^2 numbers for any number of categories.

    c'(diag y - y y')c >= min_k y_k |c|^2 for c that add to zero. So the Hessian is at least I (x) A in the Loewner
    order, with A = sum_i w_i min_k y_ik x~_i x~_i'. It is too small for Newton steps; it serves for proofs.

    Attributes
    ----------
    rows, w, b : as in ExactCurvature.
    is_sure : True if the factor exists and is accurate enough for a proof.
    """

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: np.ndarray | float) -> None:
        import scipy.linalg

        self.rows, self.w, self.b = rows, w, b
        self._scaling = scaling
        p1, chunk = len(scaling.scale) + scaling.intercept, max(64, _CHUNK // max(len(scaling.scale), 1))

        def part(start: int, stop: int) -> np.ndarray:
            total = np.zeros((p1, p1))
            for first in range(start, stop, chunk):
                some = slice(first, min(first + chunk, stop))
                design = scaling.design(rows.features[some])
                least = training_probabilities(rows.features[some], w, b).min(axis=1)
                design *= np.sqrt(least if rows.weights is None else least * rows.weights[some])[:, None]
                total += design.T @ design
            return total

        work = 2.0 * rows.n * p1 * p1
        where = ranges(rows.n, min(int(work / 1e8), processors()))
        with workers(work, len(where)) as run:
            matrix = sum(run(part, where)) / rows.weight
        add_in_blocks(matrix, scaling.penalty(decay))
        try:
            diagonal = np.diag(matrix).copy()
            self._factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
            self.is_sure = _stands_out(self._factor[0], diagonal, rows.n)
        except np.linalg.LinAlgError:
            self.is_sure = False

    def solve(self, g: np.ndarray) -> np.ndarray:
        """As in Curvature, with the lower bound in place of H; only if ``is_sure``."""
        import scipy.linalg

        scaled = self._scaling.gradient(g)
        return self._scaling.step(scipy.linalg.cho_solve(self._factor, scaled, check_finite=False))

    def widest_logits(self) -> float:
        """Upper bound of the range of the change of a row's logits along a step d of norm 1 in this bound of H.

        x~'(d_k - d_l) <= |d_k - d_l|_A sqrt(x~' A^-1 x~), and two columns of d Q' differ by at most sqrt(2) |d|_A.
        """
        import scipy.linalg

        most = 0.0
        for first in range(0, self.rows.n, 4096):
            design = self._scaling.design(self.rows.features[first : first + 4096])
            half = scipy.linalg.solve_triangular(self._factor[0], design.T, lower=True, check_finite=False)
            most = max(most, float((half**2).sum(axis=0).max()))
        return float(np.sqrt(2 * most))


def information(
    rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, design: np.ndarray | None = None
) -> np.ndarray:
    """sum_i w_i S_i (x) x~_i x~_i', ((K - 1) P, (K - 1) P) in blocks of P: the Fisher information, without penalty.

    design : (n, P) the scaled features, if they are at hand.
    """
    p1, d = len(scaling.scale) + scaling.intercept, w.shape[1] - 1
    first, second = np.triu_indices(d)
    by_products = len(first) >= max(_FEW_PAIRS, p1 / 3)
    width = (p1 * (p1 + 1)) // 2 if by_products else len(first) * p1
    chunk = max(64, _CHUNK // width)
    many = chunk * max(1, _CHUNK // (chunk * max(len(first), p1)))

    def part(start: int, stop: int) -> np.ndarray:
        total = np.zeros((len(first), width) if by_products else (p1, width))
        room = np.empty((width, chunk) if by_products else (chunk, len(first), p1))
        for at in range(start, stop, many):
            end = min(at + many, stop)
            x = rows.features[at:end]
            s = category_curvature(probabilities_by_category(x, w, b))
            if rows.weights is not None:
                s *= rows.weights[at:end]
            own = scaling.design(x) if design is None else design[at:end]
            for begin in range(0, len(x), chunk):
                few, some = own[begin : begin + chunk], s[:, begin : begin + chunk]
                if by_products:
                    total += some @ _products(few, room[:, : len(few)]).T
                elif d == 1:
                    half = np.multiply(few, np.sqrt(some[0])[:, None], out=room[: len(few), 0])
                    total += half.T @ half  # BLAS computes only one triangle
                else:
                    weighted = np.multiply(some.T[:, :, None], few[:, None, :], out=room[: len(few)])
                    total += few.T @ weighted.reshape(len(few), -1)
        return total

    work = (2.0 if by_products else 1.0) * rows.n * len(first) * width
    where = ranges(rows.n, min(int(work / _WORTH_A_THREAD), processors()))
    with workers(work, len(where)) as run:
        found = sum(run(part, where))
    blocks = _unpacked(found, p1) if by_products else found.reshape(p1, len(first), p1).transpose(1, 0, 2)
    full = np.empty((d, p1, d, p1))
    full[first, :, second, :] = blocks
    full[second, :, first, :] = blocks.transpose(0, 2, 1)
    return full.reshape(d * p1, d * p1)


def _products(x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """(P (P + 1) / 2, m) the products x_i x_j, i <= j, of the columns of x (m, P)."""
    columns, at = np.ascontiguousarray(x.T), 0
    for place in range(len(columns)):
        size = len(columns) - place
        np.multiply(columns[place], columns[place:], out=out[at : at + size])
        at += size
    return out


def _unpacked(triangles: np.ndarray, size: int) -> np.ndarray:
    """(m, P, P) symmetric matrices from their upper triangles (m, P (P + 1) / 2)."""
    first, second = np.triu_indices(size)
    found = np.empty((len(triangles), size, size))
    found[:, first, second] = triangles
    found[:, second, first] = triangles
    return found
