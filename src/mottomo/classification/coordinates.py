"""Coordinates of a softmax model: K columns of coefficients that may all be shifted alike, or K - 1 that may not.

softmax(z + c) = softmax(z), so the K columns of coefficients that add to zero say everything. They are V Q' with Q an
orthonormal basis of the vectors that add to zero: V is free, and |V| = |V Q'|, so a penalty is the same in both.
"""

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


def centred(coefficients: np.ndarray) -> np.ndarray:
    """The same model with coefficients (..., K) that add to zero over the categories."""
    return coefficients - coefficients.mean(axis=-1, keepdims=True)


def referred(coefficients: np.ndarray, reference: int) -> np.ndarray:
    """The same model with the coefficients (..., K) of one category 0."""
    return coefficients - coefficients[..., reference : reference + 1]
