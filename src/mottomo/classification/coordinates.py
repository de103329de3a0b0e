"""Coordinates of a softmax model: K redundant columns of coefficients, or K - 1 free ones.

softmax(z + c) = softmax(z), so the columns may be shifted until they add to zero. These are W = V Q', where Q is an
orthonormal basis of the vectors that add to zero. V is unconstrained, and |V| = |W|, so a penalty is the same in both.
"""

from __future__ import annotations

import numpy as np


def centred(coefficients: np.ndarray) -> np.ndarray:
    """Shift coefficients (..., K) so that they add to zero over the categories; the model is the same."""
    return coefficients - coefficients.mean(axis=-1, keepdims=True)


def referred(coefficients: np.ndarray, reference: int) -> np.ndarray:
    """Shift coefficients (..., K) so that those of category `reference` are 0; the model is the same."""
    return coefficients - coefficients[..., reference : reference + 1]
