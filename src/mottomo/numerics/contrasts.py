"""Helmert's contrasts: an orthonormal basis of the vectors that add to zero."""

from __future__ import annotations

import numpy as np


def contrasts(n_categories: int) -> np.ndarray:
    """Q (K, K - 1): orthonormal columns that each add to zero (Helmert's contrasts).

    >>> contrasts(2).round(4).tolist()
    [[0.7071], [-0.7071]]
    """
    q = np.zeros((n_categories, n_categories - 1))
    for j in range(1, n_categories):
        q[:j, j - 1] = 1
        q[j, j - 1] = -j
        q[:, j - 1] /= np.sqrt(j * (j + 1))
    return q
