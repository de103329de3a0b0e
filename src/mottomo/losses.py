"""Losses of predictions: their mean with its standard error, as sums that merge; and those on rows held out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.numerics.sums import accurate_sum


@dataclass(frozen=True, slots=True)
class Losses:
    """The mean of the losses of some rows, nats, and its standard error: s / sqrt(n)."""

    value: float
    standard_error: float

    def to_dict(self) -> dict[str, float]:
        return {"value": self.value, "standard_error": self.standard_error}


@dataclass(frozen=True, slots=True)
class LossSums:
    """Number, mean and sum of squares about the mean of the losses of some rows; those of disjoint rows add up.

    The mean of losses of which some are infinite is so too, and NaN where infinite ones have both signs.
    """

    n: int = 0
    mean: float = 0.0
    square: float = 0.0

    @classmethod
    def of(cls, losses: np.ndarray, weights: np.ndarray | None = None) -> LossSums:
        """`weights` (n,) say how often each counts."""
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
        """The mean and its standard error, which a single row does not have."""
        deviation = math.sqrt(self.square / (self.n - 1) / self.n) if self.n > 1 else math.nan
        return Losses(self.mean, deviation)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Cross-entropy on rows that the training did not see, of the model and of the die, which knows no inputs.

    n_rows, n_observations : the rows, and the sum of their weights.
    gain : the die's loss less the model's, row by row: positive where the inputs help. impossible : rows whose category
    the model gives probability 0, or that training never saw.
    """

    n_rows: int
    n_observations: int
    seed: int
    model: Losses
    die: Losses
    gain: Losses
    n_impossible: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "n_rows": self.n_rows,
            "n_observations": self.n_observations,
            "seed": self.seed,
            "cross_entropy": self.model.to_dict(),
            "null_cross_entropy": self.die.to_dict(),
            "gain": self.gain.to_dict(),
            "impossible": self.n_impossible,
        }
