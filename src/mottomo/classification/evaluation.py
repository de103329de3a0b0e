"""What a classifier is worth on rows that it was not trained on: held out once, or each group in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.objective import Data, Rows
from mottomo.held_out import Evaluation, Groups, HeldOut, HeldOutRow
from mottomo.kernels.cross_entropy import cross_entropy_of_logits

Logits = Callable[[Any], np.ndarray]  # from features (m, p) to logits (m, K), float64


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
        _add(found, rows, logits(rows.features), counts / counts.sum(), codes)
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
        losses = _add(found, out, logits, counts / counts.sum(), groups.codes[outside])
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


def _add(
    found: Evaluation, rows: Rows, logits: np.ndarray, shares: np.ndarray, groups: np.ndarray | None
) -> np.ndarray:
    """Add rows with their logits (m, K) to an evaluation; their losses (m,), nats.

    shares : (K,) of the categories in the rows that were trained on. One that was not seen in them is impossible.
    """
    assert rows.labels is not None
    losses = cross_entropy_of_logits(np.ascontiguousarray(logits), rows.labels, losses=True).losses
    assert losses is not None
    with np.errstate(divide="ignore"):
        own = -np.log(shares)[rows.labels]
    losses = np.where(np.isfinite(own), losses, np.inf)
    found.add(rows.labels, losses, own, logits.argmax(axis=1) == rows.labels, rows.weights, groups)
    return losses


def parted(groups: Groups) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each group, the rows of the others, and its own."""
    for code in groups.seen():
        yield code, np.flatnonzero(groups.codes != code), np.flatnonzero(groups.codes == code)
