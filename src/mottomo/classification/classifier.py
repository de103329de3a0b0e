"""A trained classifier as a value: what it reads, its coefficients, how they were got. A model file holds one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.encoding import Encoding
from mottomo.messages import Message


@dataclass(frozen=True, eq=False)
class Classifier:
    """y = softmax(x W + b) for the encoded columns x of a table.

    Attributes
    ----------
    target : the column that it predicts. categories : its K categories. encoding : how columns become features.
    coefficients, intercepts : W (p, K) and b (K,) in the units of the columns, each adding to zero over the categories.
    penalty_strength : of the L2 penalty, 0 for maximum likelihood.
    history : what is kept of the training: log L, numbers of rows, verdict, version.
    """

    target: str
    categories: Categories
    encoding: Encoding
    coefficients: np.ndarray
    intercepts: np.ndarray
    penalty_strength: float
    history: Mapping[str, Any]

    def probabilities(
        self, columns: Mapping[str, np.ndarray], where: Message | None = None, unknown: str = "error"
    ) -> np.ndarray:
        """y_k of each row, (n, K) float64, from the columns that the encoding names."""
        z = self.logits(columns, where, unknown)
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        return z

    def logits(
        self, columns: Mapping[str, np.ndarray], where: Message | None = None, unknown: str = "error"
    ) -> np.ndarray:
        """x W + b, (n, K) float64."""
        if not self.encoding.features:
            n = len(next(iter(columns.values()), ()))
            return np.tile(self.intercepts, (n, 1))
        x = self.encoding.encode(columns, where, unknown)
        return np.asarray(x @ self.coefficients) + self.intercepts
