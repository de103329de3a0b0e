"""A trained classifier as a value: its columns, its coefficients and its training. A model file holds one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.encoding import Encoding, TableRows
from mottomo.classification.penalties import L2
from mottomo.classification.softmax import logits, probabilities


@dataclass(frozen=True, eq=False)
class Classifier:
    """y = softmax(x W + b) for the encoded columns x of a table.

    Attributes
    ----------
    target : the column that it predicts.
    categories : the K categories of the target.
    encoding : how columns become features.
    coefficients : W (p, K) in the units of the columns; each row sums to zero over the categories.
    intercepts : b (K,), summing to zero.
    penalty : None for maximum likelihood.
    history : the record of the training: log L, number of observations, verdict, version.
    """

    target: str
    categories: Categories
    encoding: Encoding
    coefficients: np.ndarray
    intercepts: np.ndarray
    penalty: L2 | None
    history: Mapping[str, Any]

    def save(self, path: Any) -> None:
        """Write the model to a file, atomically; ``mo.load_model(path)`` and ``mottomo predict`` read it."""
        import mottomo

        mottomo._load_storage().save_classifier(self, path)

    def probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """y_k of each row, (n, K) float64; `unknown` as in ``Encoding.codes``."""
        return probabilities(self.encoding.encode(columns, unknown), self.coefficients, self.intercepts)

    def logits(self, features: Any) -> np.ndarray:
        """x W + b, (n, K) float64, of encoded features (n, p)."""
        return logits(features, self.coefficients, self.intercepts)
