"""What predictions are worth on rows that the model did not see: losses beside those of the input-free model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.losses import Losses, LossSums, clustered


@dataclass(frozen=True)
class Groups:
    """Rows that go together, such as the pictures of one artist.

    Attributes
    ----------
    column : what names them.
    names : of the groups.
    codes : (n,) the group of each row.
    """

    column: str
    names: tuple[str, ...]
    codes: np.ndarray

    def taken(self, rows: np.ndarray) -> Groups:
        """The groups of some rows."""
        return Groups(self.column, self.names, self.codes[rows])

    def seen(self) -> list[int]:
        """The groups that have rows."""
        return np.unique(self.codes).tolist()


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
    seed : the seed with which they were chosen; None if they were not chosen by chance.
    model : losses of the model.
    null : losses of the null model.
    gain : loss of the null model minus loss of the model, row by row; positive if the features help.
    n_impossible : weight of the rows whose category has probability 0 by the model, or was not seen in training.
    hits : for each category of the rows.
    left_out : where whole groups were held out; standard errors are then those of the groups.
    n_unknown : how many of the categories the model does not know.
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
    n_unknown: int = 0

    @property
    def accuracy(self) -> float:
        """The share of the rows whose category was the most probable one."""
        return sum(one.hits for one in self.hits) / self.n_observations

    @property
    def untrained(self) -> float:
        """The cross-entropy of equal probabilities, log K, nats."""
        return math.log(len(self.hits) - self.n_unknown)

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


@dataclass
class _Sums:
    """The sums of losses of some rows."""

    model: LossSums = field(default_factory=LossSums)
    null: LossSums = field(default_factory=LossSums)
    gain: LossSums = field(default_factory=LossSums)


class Evaluation:
    """Adds up the losses of held-out rows; gives a ``HeldOut`` at the end."""

    def __init__(self, categories: Categories) -> None:
        self._names = categories.names
        self._groups: dict[int, _Sums] = {}
        self._n_rows, self._n_impossible = 0, 0
        self._n, self._hits = (np.zeros(len(categories)) for _ in range(2))

    def add(
        self,
        labels: np.ndarray,
        losses: np.ndarray,
        null_losses: np.ndarray,
        is_hit: np.ndarray,
        weights: np.ndarray | None = None,
        groups: np.ndarray | None = None,
    ) -> None:
        """Add m rows.

        labels : (m,) codes of their categories.
        losses, null_losses : (m,) of the model and of the intercept-only model, nats.
        is_hit : (m,) whether the category was the most probable one.
        weights : (m,) how often each row counts; None for once.
        groups : (m,) codes.
        """
        counted = np.ones(len(labels)) if weights is None else weights
        self._n_rows += len(labels)
        self._n_impossible += round(counted[~np.isfinite(losses)].sum())
        self._n += np.bincount(labels, counted, len(self._names))
        self._hits += np.bincount(labels, counted * is_hit, len(self._names))
        for code in [0] if groups is None else np.unique(groups).tolist():
            chosen = slice(None) if groups is None else groups == code
            part = None if weights is None else weights[chosen]
            sums = self._groups.setdefault(code, _Sums())
            with np.errstate(invalid="ignore"):
                sums.model += LossSums.of(losses[chosen], part)
                sums.null += LossSums.of(null_losses[chosen], part)
                sums.gain += LossSums.of((null_losses - losses)[chosen], part)

    def found(self, seed: int | None, groups: Groups | None = None, in_turn: bool = False) -> HeldOut:
        """The losses of all rows that were added. With groups each standard error is computed from the group sums."""

        def losses(name: str) -> Losses:
            parts: list[LossSums] = [getattr(one, name) for one in self._groups.values()]
            return clustered(parts) if groups is not None else parts[0].losses()

        left_out = None
        if groups is not None:
            each = [
                GroupLosses(groups.names[code], sums.model.n, sums.model.mean, sums.null.mean)
                for code, sums in sorted(self._groups.items())
            ]
            left_out = LeftOut(groups.column, tuple(each), in_turn)
        hits = zip(
            self._names, self._n.round().astype(int).tolist(), self._hits.round().astype(int).tolist(), strict=True
        )
        return HeldOut(
            self._n_rows,
            round(self._n.sum()),
            seed,
            losses("model"),
            losses("null"),
            losses("gain"),
            self._n_impossible,
            tuple(CategoryHits(*one) for one in hits),
            left_out,
        )
