"""A neural network, trained epoch by epoch until the cross-entropy of rows that are kept aside no longer falls.

scikit-learn's MLPClassifier takes the steps; what they minimise is -log L / N + strength / (2 N) sum W^2, as for
softmax regression. The same rows and the same seed give the same network to the last bit: one thread computes it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.classification.layers import Layers, network_logits
from mottomo.classification.objective import Rows
from mottomo.held_out import Groups
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.kernels.threads import one_thread_blas

_LARGEST_BATCH, _SMALLEST_BATCH = 200, 16  # rows of a step
_STEPS = 30  # in an epoch, where the batches allow it
_PATIENCE = 10  # epochs without a better cross-entropy
_MOST_EPOCHS = 500
_ASIDE = 0.1  # of the rows, kept aside to see when to stop
_FEWEST_ASIDE, _FEWEST = 5, 20  # rows kept aside, and rows from which on some are


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """The settings of a network.

    Attributes
    ----------
    hidden : units of each hidden layer.
    seed : of the first weights, of the order of the rows, of the rows kept aside and of the copies.
    copies : of each picture in each epoch, mirrored at random and shifted by up to a pixel; 0 for the picture alone.
    side : of the pictures that are copied.
    """

    hidden: tuple[int, ...] = (64, 32)
    seed: int = 0
    copies: int = 0
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """The cross-entropy after an epoch, nats: of the rows learnt, and of those kept aside (NaN without any)."""

    epoch: int
    training: float
    aside: float


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A trained network.

    Attributes
    ----------
    centre, scale, layers : as in ``NetworkClassifier``.
    curve : the epochs.
    best : the epoch whose weights are kept.
    n_aside : how many rows were kept aside.
    reason : why it ended: ``patience``, ``epochs``, ``interrupted``.
    """

    centre: np.ndarray
    scale: np.ndarray
    layers: Layers
    curve: tuple[Epoch, ...]
    best: int
    n_aside: int
    reason: str

    def logits(self, features: Any) -> np.ndarray:
        """z (m, K), of features (m, p)."""
        return network_logits(features, self.centre, self.scale, self.layers)


@one_thread_blas()
def fit_network(
    data: Rows,
    settings: NetworkSettings,
    strength: float,
    is_number: np.ndarray,
    groups: Groups | None = None,
    progress: Callable[[Epoch], None] | None = None,
) -> FittedNetwork:
    """Train a network on checked rows.

    strength : of the ridge on all weights of the layers; 0 for none.
    is_number : (p,) the columns that are standardised; the others are centred.
    groups : whole groups are kept aside, if there are at least five.
    progress : called after each epoch; a KeyboardInterrupt out of it ends the training with what was found.
    """
    assert data.labels is not None
    weights = np.ones(data.n) if data.weights is None else data.weights
    x = np.asarray(data.features.toarray() if data.is_sparse else data.features, dtype=np.float64)
    centre = weights @ x / weights.sum()
    spread = np.sqrt(weights @ (x - centre) ** 2 / weights.sum())
    scale = np.where(is_number & (spread > 0), spread, 1.0)
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    aside = _aside(data.n, groups, rng)
    learnt = ~aside
    made = _Network(data.n_categories, settings, strength, int(learnt.sum()))
    curve: list[Epoch] = []
    kept, best, reason = made.layers(), 0, "epochs"
    try:
        for epoch in range(1, _MOST_EPOCHS + 1):
            copies = _copied(x[learnt], settings, rng)
            made.step((copies - centre) / scale, np.tile(data.labels[learnt], max(settings.copies, 1)),
                      np.tile(weights[learnt], max(settings.copies, 1)))  # fmt: skip
            layers = made.layers()
            losses = _losses(network_logits(x, centre, scale, layers), data.labels)
            found = [
                float(np.average(losses[part], weights=weights[part])) if part.any() else float("nan")
                for part in (learnt, aside)
            ]
            curve.append(Epoch(epoch, found[0], found[1]))
            watched = [one.aside if aside.any() else one.training for one in curve]
            if best == 0 or watched[-1] < watched[best - 1]:
                kept, best = layers, epoch
            if progress is not None:
                progress(curve[-1])
            if epoch - best >= _PATIENCE:
                reason = "patience"
                break
    except KeyboardInterrupt:
        reason = "interrupted"
    return FittedNetwork(centre, scale, kept, tuple(curve), best, int(aside.sum()), reason)


class _Network:
    """scikit-learn's network, one epoch at a time."""

    def __init__(self, n_categories: int, settings: NetworkSettings, strength: float, n: int) -> None:
        from sklearn.neural_network import MLPClassifier

        rows = n * max(settings.copies, 1)
        batch = min(max(rows // _STEPS, _SMALLEST_BATCH), _LARGEST_BATCH, rows)
        batch = -(-rows // -(-rows // batch))  # so that the last one is about as large as the others
        self._classes = np.arange(n_categories)
        self._peer = MLPClassifier(
            settings.hidden,
            alpha=strength * batch / n,  # its penalty is divided by the rows of a step, ours by all of them
            batch_size=batch,
            random_state=np.random.RandomState(settings.seed % 2**32),
        )

    def step(self, x: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> None:
        """One epoch over the rows."""
        with warnings.catch_warnings():  # the words of scikit-learn are not ours; `reason` says how a training ended
            warnings.simplefilter("ignore")
            self._peer.partial_fit(x, labels, weights, self._classes)

    def layers(self) -> Layers:
        """The weights and intercepts of each layer; two categories have a logit each, adding to 0."""
        if not hasattr(self._peer, "coefs_"):
            return ()
        layers = [(w.copy(), b.copy()) for w, b in zip(self._peer.coefs_, self._peer.intercepts_, strict=True)]
        w, b = layers[-1]
        if len(self._classes) == 2:
            layers[-1] = np.hstack([-w, w]) / 2, np.concatenate([-b, b]) / 2
        return tuple(layers)


def _aside(n: int, groups: Groups | None, rng: np.random.Generator) -> np.ndarray:
    """Which rows are kept aside: a tenth of them, or of the groups."""
    aside = np.zeros(n, dtype=bool)
    if n < _FEWEST:
        return aside
    if groups is not None and len(seen := groups.seen()) >= _FEWEST_ASIDE:
        chosen = rng.permutation(seen)[: max(1, round(len(seen) * _ASIDE))]
        return np.isin(groups.codes, chosen)
    aside[rng.permutation(n)[: max(_FEWEST_ASIDE, round(n * _ASIDE))]] = True
    return aside


def _copied(x: np.ndarray, settings: NetworkSettings, rng: np.random.Generator) -> np.ndarray:
    """Copies of pictures, each mirrored with probability 1/2 and shifted by -1, 0 or 1 pixels; the edge is repeated."""
    if not settings.copies:
        return x
    assert settings.side is not None
    side, copies = settings.side, []
    pictures = x.reshape(len(x), side, side, -1)
    for _ in range(settings.copies):
        padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        down, right = rng.integers(0, 3, len(x)), rng.integers(0, 3, len(x))
        rows, columns = (start[:, None] + np.arange(side) for start in (down, right))
        moved = padded[np.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :]]
        mirrored = rng.random(len(x)) < 0.5
        moved[mirrored] = moved[mirrored, :, ::-1]
        copies.append(moved.reshape(len(x), -1))
    return np.vstack(copies)


def _losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    found = cross_entropy_of_logits(np.ascontiguousarray(logits), labels, losses=True).losses
    assert found is not None
    return found
