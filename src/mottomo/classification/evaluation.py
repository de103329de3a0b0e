"""What a classifier is worth on rows that it was not trained on: held out once, or each group in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.objective import Data, Rows
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.losses import CategoryHits, GroupLosses, HeldOut, HeldOutRow, LeftOut, Losses, LossSums, clustered

Logits = Callable[[Any], np.ndarray]  # from features (m, p) to logits (m, K), float64


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

    def add(self, rows: Rows, logits: np.ndarray, shares: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """Add rows; their losses, nats.

        logits : (m, K) of the model.
        shares : (K,) of the categories in the rows that were trained on: the intercept-only model.
        groups : (m,) codes.
        """
        assert rows.labels is not None
        losses = cross_entropy_of_logits(np.ascontiguousarray(logits), rows.labels, losses=True).losses
        assert losses is not None
        with np.errstate(divide="ignore"):
            own = -np.log(shares)[rows.labels]
        losses = np.where(np.isfinite(own), losses, np.inf)
        weights = np.ones(rows.n) if rows.weights is None else rows.weights
        self._n_rows += rows.n
        self._n_impossible += round(weights[~np.isfinite(losses)].sum())
        self._n += np.bincount(rows.labels, weights, len(self._names))
        is_hit = logits.argmax(axis=1) == rows.labels
        self._hits += np.bincount(rows.labels, weights * is_hit, len(self._names))
        for code in [0] if groups is None else np.unique(groups).tolist():
            chosen = slice(None) if groups is None else groups == code
            part = None if rows.weights is None else rows.weights[chosen]
            sums = self._groups.setdefault(code, _Sums())
            with np.errstate(invalid="ignore"):
                sums.model += LossSums.of(losses[chosen], part)
                sums.null += LossSums.of(own[chosen], part)
                sums.gain += LossSums.of((own - losses)[chosen], part)
        return losses

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


def held_out_losses(
    logits: Logits, counts: np.ndarray, categories: Categories, data: Data, seed: int, groups: Groups | None
) -> HeldOut:
    """What a classifier is worth on held-out rows.

    counts : (K,) the categories of the rows that it was trained on.
    groups : of the held-out rows, where whole groups were held out.
    """
    found, start = Evaluation(categories), 0
    for rows in data.batches():
        codes = None if groups is None else groups.codes[start : start + rows.n]
        found.add(rows, logits(rows.features), counts / counts.sum(), codes)
        start += rows.n
    return found.found(seed, groups)


def left_out_in_turn(
    data: Rows,
    groups: Groups,
    categories: Categories,
    refit: Callable[[Rows, Groups], Logits],
    names: Sequence[str] | None,
) -> HeldOut:
    """What a classifier is worth on groups that it was not trained on: each is left out in turn.

    refit : trains on the rows of the other groups.
    names : what rows are called.
    """
    assert data.labels is not None
    found, rows_of = Evaluation(categories), []
    for code, inside, outside in parted(groups):
        kept, out = data.taken(inside), data.taken(outside)
        counts = kept.category_weights()
        logits = refit(kept, groups.taken(inside))(out.features)
        losses = found.add(out, logits, counts / counts.sum(), groups.codes[outside])
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        likely = np.where(counts > 0, likely, 0.0)
        likely /= likely.sum(axis=1, keepdims=True)
        for place, row in enumerate(outside.tolist()):
            rows_of.append(
                HeldOutRow(
                    row,
                    None if names is None else names[row],
                    categories.names[data.labels[row]],
                    groups.names[code],
                    tuple(likely[place].tolist()),
                    float(losses[place]),
                )
            )
    return replace(found.found(None, groups, in_turn=True), rows=tuple(sorted(rows_of, key=lambda one: one.row)))


def parted(groups: Groups) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each group, the rows of the others, and its own."""
    for code in groups.seen():
        yield code, np.flatnonzero(groups.codes != code), np.flatnonzero(groups.codes == code)
