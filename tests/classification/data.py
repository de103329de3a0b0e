"""Data for the tests of the classifier."""

from __future__ import annotations

import numpy as np

from mottomo.classification.objective import Rows
from mottomo.messages import verbatim
from mottomo.sources.columns import Columns


def simulated(n: int, p: int, size: int, seed: int = 0, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features with a correlation of 0.8, and labels drawn from a softmax model of them."""
    generator = np.random.default_rng(seed)
    x = np.sqrt(0.2) * generator.standard_normal((n, p)) + np.sqrt(0.8) * generator.standard_normal((n, 1))
    z = x @ (generator.standard_normal((p, size)) * scale / np.sqrt(p))
    return x, (z + generator.gumbel(size=z.shape)).argmax(axis=1)


def rows_of(x, labels, size=None) -> Rows:
    x, labels = np.ascontiguousarray(x, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    return Rows(x, size or int(labels.max()) + 1, labels)


def ridge(rows, strength: float) -> np.ndarray | None:
    """The same penalty for each column as it is; None for none."""
    return np.full(rows.n_features, float(strength)) if strength else None


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def columns_of(values):
    """Columns as a reader of tables gives them."""
    return Columns(values, np.arange(1, 1 + len(next(iter(values.values())))), verbatim("t.csv"))
