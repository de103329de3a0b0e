"""The layers of a neural network: from features to logits."""

from __future__ import annotations

from typing import Any

import numpy as np

Layers = tuple[tuple[np.ndarray, np.ndarray], ...]  # weights and intercepts of each


def network_logits(features: Any, centre: np.ndarray, scale: np.ndarray, layers: Layers) -> np.ndarray:
    """z (n, K): h = (x - c) / s, then h = max(h W_l + b_l, 0) for each hidden layer, and z = h W + b of the last.

    features : (n, p) dense or sparse.
    centre, scale : (p,) c and s.
    """
    x = features.toarray() if hasattr(features, "toarray") else np.asarray(features, dtype=np.float64)
    h = (x - centre) / scale
    for w, b in layers[:-1]:
        h = np.maximum(h @ w + b, 0.0)
    w, b = layers[-1]
    return np.asarray(h @ w + b)
