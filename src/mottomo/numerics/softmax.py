"""Softmax of logits whose largest is 0."""

from __future__ import annotations

import numpy as np


def softmax_of_relative(logits: np.ndarray) -> np.ndarray:
    """exp(z) / sum exp(z) over the last axis, in place, for z = logits minus the largest of the row: none overflows.

    >>> softmax_of_relative(np.array([0.0, -np.inf, 0.0])).tolist()
    [0.5, 0.0, 0.5]
    """
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=-1, keepdims=True)
    return logits
