"""Losses of predictions: the mean with its standard error, from sums that merge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.numerics.sums import accurate_sum


@dataclass(frozen=True, slots=True)
class Losses:
    """The mean loss of some rows.

    Attributes
    ----------
    value : the mean, nats.
    standard_error : s / sqrt(n), nats; NaN for a single row or infinite losses.
    """

    value: float
    standard_error: float

    def to_dict(self) -> dict[str, float]:
        """Plain data for JSON."""
        return {"value": self.value, "standard_error": self.standard_error}


@dataclass(frozen=True, slots=True)
class LossSums:
    """Sums over the losses of some rows; those of disjoint rows add up, with ``+``.

    Attributes
    ----------
    n : the sum of the weights, rounded to a whole number.
    mean : the mean loss, nats; infinite if a loss is infinite, NaN if there are infinite ones of both signs.
    square : the sum of squared deviations from the mean; NaN if a loss is infinite.
    """

    n: int = 0
    mean: float = 0.0
    square: float = 0.0

    @classmethod
    def of(cls, losses: np.ndarray, weights: np.ndarray | None = None) -> LossSums:
        """From losses (m,), nats; `weights` (m,) say how often each row counts, None once."""
        n = losses.size if weights is None else round(float(weights.sum()))
        if not n:
            return cls()
        if not np.isfinite(losses).all():
            return cls(n, float(losses.sum()), math.nan)
        counted = 1.0 if weights is None else weights
        mean = float(accurate_sum(losses * counted)) / n
        return cls(n, mean, float(accurate_sum((losses - mean) ** 2 * counted)))

    def __add__(self, other: LossSums) -> LossSums:
        if not self.n or not other.n:
            return self if self.n else other
        n, apart = self.n + other.n, other.mean - self.mean
        if not math.isfinite(apart):
            return LossSums(n, self.mean + other.mean, math.nan)
        mean = self.mean + apart * (other.n / n)
        return LossSums(n, mean, self.square + other.square + apart**2 * (self.n * (other.n / n)))

    def losses(self) -> Losses:
        """The mean and its standard error, NaN for fewer than two rows."""
        deviation = math.sqrt(self.square / (self.n - 1) / self.n) if self.n > 1 else math.nan
        return Losses(self.mean, deviation)


def clustered(sums: Sequence[LossSums]) -> Losses:
    """The mean loss of all rows, with its standard error where rows of a group go together.

    s^2 = G / (G - 1) sum_g (n_g (mean_g - mean))^2 / n^2 for G groups; NaN for one group, or infinite losses.
    """
    total = LossSums()
    for one in sums:
        total += one
    if len(sums) < 2 or not math.isfinite(total.mean):
        return Losses(total.mean, math.nan)
    square = math.fsum((one.n * (one.mean - total.mean)) ** 2 for one in sums)
    return Losses(total.mean, math.sqrt(len(sums) / (len(sums) - 1) * square) / total.n)
