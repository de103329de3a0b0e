"""Average marginal effects: by how much each probability changes, on average over the rows, for 1 more of a column.

    effect_jk = 1/N sum_i w_i dy_ik / dx_ij = 1/N sum_i w_i y_ik (W_jk - sum_l y_il W_jl)

for a column of numbers; for a level of text it is the average change of y_k from the baseline level to this one. The
standard errors are by the delta method.

Source: docs/theory/classifier.md; Long, Regression Models for Categorical and Limited Dependent Variables (1997).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.classification.classifier import SoftmaxClassifier
from mottomo.classification.covariance import Covariance
from mottomo.classification.objective import Data, Rows
from mottomo.classification.softmax import probabilities
from mottomo.classification.wald import wald_intervals
from mottomo.numerics.contrasts import contrasts

_LARGEST_WORK = 2e10  # operations
_CHUNK = 1 << 18  # numbers in a temporary array


@dataclass(frozen=True, eq=False)
class MarginalEffects:
    """The average marginal effects of the encoded columns.

    Attributes
    ----------
    columns : (p,) their names.
    values : (p, K) probability for 1 more of the column, or from the baseline level to this one; each row sums to 0.
    standard_errors : (p, K) by the delta method.
    level : of the intervals.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    standard_errors: np.ndarray
    level: float

    @property
    def lower(self) -> np.ndarray:
        """(p, K) lower limits, by the normal approximation."""
        return wald_intervals(self.values, self.standard_errors, self.level)[0]

    @property
    def upper(self) -> np.ndarray:
        """(p, K) upper limits, by the normal approximation."""
        return wald_intervals(self.values, self.standard_errors, self.level)[1]

    def to_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Plain data, by category."""

        def by_category(values: np.ndarray) -> dict[str, list[float]]:
            return {name: values[:, k].tolist() for k, name in enumerate(names)}

        return {
            "columns": list(self.columns),
            "level": self.level,
            "values": by_category(self.values),
            "standard_errors": by_category(self.standard_errors),
            "lower": by_category(self.lower),
            "upper": by_category(self.upper),
        }


def marginal_effects(
    data: Data, classifier: SoftmaxClassifier, covariance: Covariance, level: float
) -> MarginalEffects | None:
    """On the rows of `data`, with features encoded as the classifier reads them; None if it would take too long."""
    k, p = len(classifier.categories), data.n_features
    if float(data.n) * p * k * len(covariance.factor) > _LARGEST_WORK:
        return None
    values, slopes = np.zeros((p, k)), np.zeros((p, k, covariance.n_rows, k - 1))
    q = contrasts(k)
    of_numbers, of_levels = _kinds(classifier)
    for rows in _pieces(data, max(64, _CHUNK // (p * k + 1))):
        x = rows.features.toarray() if rows.is_sparse else np.asarray(rows.features, dtype=np.float64)
        weights = np.ones(rows.n) if rows.weights is None else rows.weights
        y = probabilities(x, classifier.coefficients, classifier.intercepts)
        design = covariance.design(x)
        for j in of_numbers:
            w = classifier.coefficients[j]
            away = w - (y @ w)[:, None]
            effects = y * away
            values[j] += weights @ effects
            # d effect_k / d z_m = y_k (delta_km - y_m) away_k - y_k y_m away_m
            change = -y[:, :, None] * (y[:, None, :] * (away[:, :, None] + away[:, None, :]))
            change[:, np.arange(k), np.arange(k)] += effects
            slopes[j] += np.einsum("i,ikm,ma,ip->kpa", weights, change, q, design, optimize=True)
            # and through the coefficient itself: d effect_k / d W_jm = y_k (delta_km - y_m)
            direct = -np.einsum("i,ik,im->km", weights, y, y) + np.diag(weights @ y)
            slopes[j] += np.einsum("km,ma,p->kpa", direct, q, _row_of(covariance, j))
        for j, others in of_levels:
            there = x.copy()
            there[:, others] = 0
            for sign, value in ((-1.0, 0.0), (1.0, 1.0)):
                there[:, j] = value
                own = probabilities(there, classifier.coefficients, classifier.intercepts)
                values[j] += sign * (weights @ own)
                change = -own[:, :, None] * own[:, None, :]
                change[:, np.arange(k), np.arange(k)] += own
                slopes[j] += sign * np.einsum(
                    "i,ikm,ma,ip->kpa", weights, change, q, covariance.design(there), optimize=True
                )
    n = data.weight
    errors = np.stack([covariance.errors_of(one / n) for one in slopes]) if p else np.zeros((0, k))
    return MarginalEffects(classifier.encoding.columns, values / n, errors, level)


def _kinds(classifier: SoftmaxClassifier) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """The positions of columns of numbers; those of levels, each with all levels of the same text."""
    numbers: list[int] = []
    levels: list[tuple[int, list[int]]] = []
    groups = classifier.encoding.groups()
    for feature in classifier.encoding.features:
        own = groups[feature.name]
        if feature.levels is None:
            numbers += own
        else:
            levels += [(j, own) for j in own]
    return numbers, levels


def _row_of(covariance: Covariance, column: int) -> np.ndarray:
    """(P,) the row of ``back`` of an encoded column; 0 for one that is left out."""
    place = np.flatnonzero(covariance.columns == column)
    return covariance.back[place[0]] if place.size else np.zeros(covariance.n_rows)


def _pieces(data: Data, size: int) -> Iterator[Rows]:
    for rows in data.batches():
        for first in range(0, rows.n, size):
            yield rows.taken(slice(first, first + size))
