"""Preconditioners for Hessians that are too large: a Kronecker product, combined with a diagonal if sparse."""

from __future__ import annotations

import numpy as np

from mottomo.classification.curvature import solved
from mottomo.classification.objective import RUN, Excerpt, Rows
from mottomo.classification.scaling import Scaling, add_in_blocks
from mottomo.classification.softmax import training_probabilities
from mottomo.kernels.threads import processors, ranges, workers
from mottomo.numerics.contrasts import contrasts

ROWS_A_COLUMN = 8  # sampled rows for a Kronecker product, per column
_ALIKE = 8.0  # largest ratio of eigenvalues that share a Cholesky factor
HEAD = 1536  # sparse columns, those with the largest sums of squares, that get a Kronecker product
_LEAST_CURVATURE = 1e-9  # relative to the mean x^2: lower bound of the diagonal where rows are nearly certain
_CHUNK = 1 << 17  # numbers in a temporary array, so that it fits into the L2 cache


def _kronecker_factors(
    some: Excerpt, w: np.ndarray, b: np.ndarray, scaling: Scaling, columns: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The weighted means of S_i (K - 1, K - 1), and of x~_i x~_i' (P, P) with weights w_i (1 - sum_k y_ik^2).

    For sparse rows x~ contains only `columns`, which are made dense a few rows at a time.
    """
    p1, q, rows = len(scaling.scale) + scaling.intercept, contrasts(w.shape[1]), some.rows
    dense = rows.features if columns is None else rows.features[:, columns]

    def part(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, float]:
        mean, gram, total = np.zeros((q.shape[1], q.shape[1])), np.zeros((p1, p1)), 0.0
        for first, last in some.runs[start:stop]:
            run = slice(first, last)
            y = training_probabilities(rows.features[run], w, b)
            weights = np.ones(len(y)) if rows.weights is None else rows.weights[run]
            yq = y @ q
            mean += (q.T * (weights @ y)) @ q - (yq * weights[:, None]).T @ yq
            undecided = weights * (1 - (y**2).sum(axis=1))
            design = scaling.design(dense[run] if columns is None else dense[run].toarray())
            design *= np.sqrt(undecided)[:, None]
            gram += design.T @ design  # BLAS computes only one triangle
            total += float(undecided.sum())
        return mean, gram, total

    work = 2.0 * len(some.runs) * RUN * p1 * p1
    where = ranges(len(some.runs), min(int(work / 1e8), processors()))
    with workers(work, len(where)) as run:
        means, grams, totals = zip(*run(part, where), strict=True)
    return sum(means) / some.weight, sum(grams) / sum(totals)


class KroneckerCurvature:
    """B (x) A with the means B of S_i and A of x~_i x~_i', the latter weighted by uncertainty, 1 - sum_k y_ik^2."""

    def __init__(
        self,
        some: Excerpt,
        w: np.ndarray,
        b: np.ndarray,
        scaling: Scaling,
        decay: np.ndarray | float,
        columns: np.ndarray | None = None,
    ) -> None:
        import scipy.linalg

        self._scaling = scaling
        mean, gram = _kronecker_factors(some, w, b, scaling, columns)
        values, self._basis = np.linalg.eigh(mean)
        values = np.maximum(values, 1e-12 * values[-1] + 1e-300)
        penalty = scaling.penalty(decay)
        floor = 1e-10 * np.trace(gram) / len(gram)
        self._groups = []
        start = 0
        while start < len(values):  # b A + P = b (A + P / b); similar eigenvalues b share P / b
            stop = start + int(np.searchsorted(values[start:], _ALIKE * values[start], side="right"))
            typical = float(np.exp(np.log(values[start:stop]).mean()))
            matrix = gram.copy()
            add_in_blocks(matrix, penalty, 1 / typical)
            matrix.ravel()[:: len(gram) + 1] += floor
            factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
            self._groups.append((slice(start, stop), values[start:stop], factor))
            start = stop

    def solve(self, g: np.ndarray) -> np.ndarray:
        """As in Curvature, with the Kronecker product plus penalty in place of H."""
        rotated = self._scaling.gradient(g) @ self._basis
        for columns, values, factor in self._groups:
            rotated[:, columns] = solved(factor[0], rotated[:, columns]) / values
        return self._scaling.step(rotated @ self._basis.T)


class DiagonalCurvature:
    """The diagonal of the Hessian, (P, K - 1), as a preconditioner."""

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: np.ndarray | float) -> None:
        import scipy.sparse

        weights = np.ones(rows.n) if rows.weights is None else rows.weights
        squares = contrasts(w.shape[1]) ** 2
        p = rows.n_features
        self._diagonal = np.zeros((p + scaling.intercept, w.shape[1] - 1))
        squares_of = np.full(p + scaling.intercept, float(weights.sum()))
        squares_of[:p] = 0
        step = max(256, _CHUNK // w.shape[1])
        for first in range(0, rows.n, step):
            at = slice(first, first + step)
            x = rows.features[at]
            y = training_probabilities(x, w, b)
            own = (y @ squares - (y @ contrasts(w.shape[1])) ** 2) * weights[at, None]
            if scipy.sparse.issparse(x):
                x = x.copy()
                x.data **= 2
            else:
                x = x**2
            self._diagonal[:p] += x.T @ own
            squares_of[:p] += x.T @ weights[at]
            if scaling.intercept:
                self._diagonal[-1] += own.sum(axis=0)
        self._diagonal /= rows.weight
        self._diagonal += scaling.penalty(decay)[:, None]
        self._diagonal += (_LEAST_CURVATURE * squares_of / rows.weight + 1e-300)[:, None]

    def solve(self, g: np.ndarray) -> np.ndarray:
        """As in Curvature, with the diagonal in place of H."""
        return np.asarray(g / self._diagonal)


class HeadCurvature:
    """For many sparse features: a Kronecker product for the most frequent ones, the diagonal for the others.

    If frequencies fall like 1 / rank, the frequent features are the ones that are correlated with each other and with
    the intercept. The Hessian of a rare feature is small relative to its penalty.
    """

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: np.ndarray | float) -> None:
        self._diagonal = DiagonalCurvature(rows, w, b, scaling, decay)
        x = rows.features
        squares = np.bincount(x.indices, np.square(x.data, dtype=np.float64), minlength=rows.n_features)
        head = np.sort(np.argsort(-squares, kind="stable")[:HEAD])
        sample = rows.excerpt(ROWS_A_COLUMN * len(head))
        intercept = scaling.intercept
        units = Scaling(np.zeros(len(head)), np.sqrt(squares[head] / rows.n), intercept)
        own = decay[head] if isinstance(decay, np.ndarray) else decay
        self._head = KroneckerCurvature(sample, w, b, units, own, head)
        self._at = np.append(head, rows.n_features) if intercept else head

    def solve(self, g: np.ndarray) -> np.ndarray:
        """As in Curvature, block by block: the frequent features with the intercept, and each other one alone."""
        step = self._diagonal.solve(g)
        step[self._at] = self._head.solve(g[self._at])
        return step
