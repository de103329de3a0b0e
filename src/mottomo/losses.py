"""Losses of predictions: the mean with its standard error, from sums that merge; and losses on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class GroupLosses:
    """The mean losses of one group of rows, nats.

    n : the sum of their weights.
    """

    name: str
    n: int
    model: float
    null: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that were held out in whole groups.

    Attributes
    ----------
    column : what names the groups.
    groups : the losses of each.
    in_turn : True if each group was left out of a training of its own, so that every row was held out once.
    """

    column: str
    groups: tuple[GroupLosses, ...]
    in_turn: bool


@dataclass(frozen=True, slots=True)
class CategoryHits:
    """Of the held-out rows of a category, those for which it was the most probable one.

    n, hits : sums of weights.
    """

    name: str
    n: int
    hits: int


@dataclass(frozen=True, slots=True)
class HeldOutRow:
    """A held-out row: its place in the data, its category, and what was predicted without it.

    name : such as that of its picture; None where rows have no names.
    """

    row: int
    name: str | None
    category: str
    group: str | None
    probabilities: tuple[float, ...]
    loss: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Cross-entropy on held-out rows, of the model and of the intercept-only (null) model.

    Attributes
    ----------
    n_rows : the number of held-out rows.
    n_observations : the sum of their weights.
    seed : the seed with which they were chosen; None if every group was left out in turn.
    model : losses of the model.
    null : losses of the null model.
    gain : loss of the null model minus loss of the model, row by row; positive if the features help.
    n_impossible : weight of the rows whose category has probability 0 by the model, or was not seen in training.
    hits : for each category of the rows.
    left_out : where whole groups were held out; standard errors are then those of the groups.
    rows : each row, where every group was left out in turn.
    """

    n_rows: int
    n_observations: int
    seed: int | None
    model: Losses
    null: Losses
    gain: Losses
    n_impossible: int
    hits: tuple[CategoryHits, ...]
    left_out: LeftOut | None = None
    rows: tuple[HeldOutRow, ...] = ()

    @property
    def accuracy(self) -> float:
        """The share of the rows whose category was the most probable one."""
        return sum(one.hits for one in self.hits) / self.n_observations

    @property
    def untrained(self) -> float:
        """The cross-entropy of equal probabilities, log K, nats."""
        return math.log(len(self.hits))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found: dict[str, Any] = {
            "n_rows": self.n_rows,
            "n_observations": self.n_observations,
            "seed": self.seed,
            "cross_entropy": self.model.to_dict(),
            "null_cross_entropy": self.null.to_dict(),
            "untrained_cross_entropy": self.untrained,
            "gain": self.gain.to_dict(),
            "impossible": self.n_impossible,
            "accuracy": self.accuracy,
            "hits": [{"category": one.name, "n": one.n, "hits": one.hits} for one in self.hits],
        }
        if self.left_out is not None:
            groups = [
                {"group": one.name, "n": one.n, "cross_entropy": one.model, "null_cross_entropy": one.null}
                for one in self.left_out.groups
            ]
            found |= {"group_column": self.left_out.column, "in_turn": self.left_out.in_turn, "groups": groups}
        if self.rows:
            names = [one.name for one in self.hits]
            found["rows"] = [
                {
                    "row": one.row,
                    **({} if one.name is None else {"name": one.name}),
                    "category": one.category,
                    "group": one.group,
                    "probabilities": dict(zip(names, one.probabilities, strict=True)),
                    "loss": one.loss,
                }
                for one in self.rows
            ]
        return found


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
