"""As many columns as rows: then a combination of them separates any labels, and log L has no maximum.

If the rows with their ones are linearly independent, x_i W + b can be any logits at all, also those that are 1 for the
observed category and 0 for the others. The shortest such W is found through the products of the rows with each other,
(n, n), without a look at how thousands of columns depend on one another. That it separates is then checked row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo.classification.objective import Rows
from mottomo.classification.separation import margins
from mottomo.kernels.threads import one_thread_blas

_MOST_ROWS = 6000  # of which a matrix (n, n) is factored, 300 MB
_MOST_COPIES = 20  # of a row, on average, up to which distinct rows are looked for
_LEAST_MARGIN = 0.5  # of 1; rounding may take the rest


@one_thread_blas()
def separating(data: Rows, intercept: bool) -> np.ndarray | None:
    """A direction (p + 1, K), the intercept last, that separates every row from all other categories.

    None if there are fewer columns than rows, or rows that depend on each other, or too many of them.
    """
    if data.labels is None or not data.n:
        return None
    some = _distinct(data, data.n_features + intercept)
    if some is None or len(some) > min(data.n_features + intercept, _MOST_ROWS):
        return None
    n, labels = len(some), data.labels[some]
    x = data.features[some].astype(np.float64)
    centre = np.zeros(data.n_features)
    if intercept and not data.is_sparse:  # far columns differ by little, and the intercept makes up for the rest
        centre = x.mean(axis=0)
        x -= centre
    scale = _lengths(x)
    if not np.isfinite(scale).all():
        return None
    x = x.multiply(1 / scale).tocsr() if data.is_sparse else x / scale
    products = np.asarray((x @ x.T).toarray() if data.is_sparse else x @ x.T)
    products += intercept
    try:
        lower = np.linalg.cholesky(products)
    except np.linalg.LinAlgError:  # rows that depend on each other
        return None
    targets = np.zeros((n, data.n_categories))
    targets[np.arange(n), labels] = 1
    targets -= 1 / data.n_categories
    from scipy.linalg import cho_solve

    shares = cho_solve((lower, True), targets)
    w = np.asarray(x.T @ shares) / scale[:, None]
    b = shares.sum(axis=0) - centre @ w if intercept else np.zeros(data.n_categories)
    found = margins(data.features, data.labels, w, b)
    found[np.arange(data.n), data.labels] = 1
    return np.vstack([w, b]) if found.min() > _LEAST_MARGIN else None


def _distinct(data: Rows, most: int) -> np.ndarray | None:
    """The first of each group of equal rows, so that a row and a weight count alike; None if there are more."""
    if data.n > _MOST_COPIES * most:
        return None
    first: dict[bytes, int] = {}
    for row in range(data.n):
        one = data.features[row]
        key = one.indices.tobytes() + one.data.tobytes() if data.is_sparse else np.ascontiguousarray(one).tobytes()
        first.setdefault(key, row)
        if len(first) > most:
            return None
    return np.array(sorted(first.values()))


def _lengths(x: Any) -> np.ndarray:
    """(p,) the root mean square of each column, or 1 where it is 0."""
    squares = np.asarray(x.multiply(x).mean(axis=0)).ravel() if hasattr(x, "indptr") else (x**2).mean(axis=0)
    return np.where(squares > 0, np.sqrt(squares), 1.0)
