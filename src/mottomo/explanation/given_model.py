"""The derivation on the rows of a table with a model that is given: from its probabilities to the cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.score import Score, ScoredRows
from mottomo.explanation.notation import line, number, total
from mottomo.explanation.rows import (
    SHOWN_ROWS,
    about,
    cross_entropy_step,
    likelihood_step,
    log_likelihood_step,
    one_hot_lines,
    over_categories,
    pair,
    slope_lines,
    some_categories,
)
from mottomo.explanation.steps import Derivation, Step
from mottomo.tallies import Tally

ModelExplanationVerdict = Literal["explained", "explanation-fails"]
ModelExplanationRemark = Literal["rows-dropped", "pictures-skipped", "nothing-proved"]
ModelKind = Literal["softmax", "network", "zero-shot", "foreign"]


@dataclass(frozen=True, eq=False)
class ModelExplanation(Derivation):
    """The derivation on rows whose probabilities a given model computes.

    Attributes
    ----------
    score : what the model is worth on these rows.
    kind : what the model is.
    layers : of a network, the units of each; empty for others.
    steps : the steps of the derivation, in order.
    """

    score: Score
    kind: ModelKind
    layers: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def tally(self) -> Tally:
        """The categories of the rows."""
        return self.score.tally

    @property
    def verdict(self) -> ModelExplanationVerdict:
        """``explained`` if the claims of all steps hold."""
        return "explanation-fails" if self.failed else "explained"

    @property
    def remarks(self) -> tuple[ModelExplanationRemark, ...]:
        """As in Result."""
        found: list[ModelExplanationRemark] = []
        if self.score.n_dropped:
            found.append("rows-dropped")
        if self.score.skipped:
            found.append("pictures-skipped")
        return (*found, "nothing-proved")

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""
        return {
            "n_observations": self.tally.n_observations,
            "target": self.score.target,
            "model": self.score.model,
            "kind": self.kind,
            "layers": list(self.layers),
            "n_dropped": self.score.n_dropped,
            "skipped": [one.to_dict() for one in self.score.skipped],
            "steps": [step.to_dict() for step in self.steps],
        }


@dataclass
class ModelRows:
    """What the derivation needs of the rows; it takes them up batch by batch.

    Attributes
    ----------
    first : the log-probabilities of the first rows, nats.
    losses : the sum of those of each batch, nats.
    predicted : (K,) the sums of y over the rows.
    """

    categories: Categories
    first: list[np.ndarray] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    times: list[int] | None = None
    n_rows: int = 0
    losses: list[float] = field(default_factory=list)
    predicted: np.ndarray = field(default_factory=lambda: np.zeros(0))
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def add(self, rows: ScoredRows) -> None:
        """Take up some rows; the model knows the categories of all that count."""
        k = len(self.categories)
        if rows.weights is not None:
            rows = _counting(rows, rows.weights > 0)
        if not rows.outcomes:
            return
        if not self.n_rows:
            self.predicted, self.counts = np.zeros(k), np.zeros(k)
        position = {name: code for code, name in enumerate(self.categories.names)}
        codes = np.array([position[name] for name in rows.outcomes], dtype=np.int64)
        weights = np.ones(len(codes)) if rows.weights is None else rows.weights
        logs = rows.log_probabilities
        own = -logs[np.arange(len(codes)), codes]
        self.losses.append(math.fsum((own * weights).tolist()))
        self.predicted += weights @ np.exp(logs)
        self.counts += np.bincount(codes, weights, k)
        room = SHOWN_ROWS - len(self.first)
        self.first += list(logs[:room])
        self.labels += codes[:room].tolist()
        if rows.names is not None:
            self.names += rows.names[:room]
        if rows.weights is not None:
            self.times = [*(self.times or []), *(round(float(one)) for one in rows.weights[:room])]
        self.n_rows += len(codes)


def _counting(rows: ScoredRows, chosen: np.ndarray) -> ScoredRows:
    """The rows that count."""
    places = np.flatnonzero(chosen)
    return replace(
        rows,
        log_probabilities=rows.log_probabilities[places],
        outcomes=[rows.outcomes[place] for place in places.tolist()],
        numbers=rows.numbers[places],
        weights=None if rows.weights is None else rows.weights[places],
        names=None if rows.names is None else tuple(rows.names[place] for place in places.tolist()),
    )


@dataclass(frozen=True)
class _Case:
    """Rows with a model, for the steps that all derivations on rows share."""

    rows: ModelRows
    score: Score

    @property
    def names(self) -> tuple[str, ...]:
        return self.rows.categories.names

    @property
    def n_categories(self) -> int:
        return len(self.names)

    @property
    def counts(self) -> list[int]:
        return [round(count) for count in self.rows.counts.tolist()]

    @property
    def n(self) -> int:
        return self.score.n_observations

    @property
    def is_weighted(self) -> bool:
        return self.rows.times is not None

    @property
    def labels(self) -> list[int]:
        return self.rows.labels

    @property
    def y(self) -> list[float]:
        return [math.exp(value) for value in self.rows.first[0].tolist()]

    @property
    def losses(self) -> np.ndarray:
        return np.array([-one[label] for one, label in zip(self.rows.first, self.labels, strict=True)])

    @property
    def loss_of_first(self) -> float:
        """-log y of the first row's category; from the other probabilities where y is near 1, which has more digits."""
        own, y = self.labels[0], self.y
        others = math.fsum(value for k, value in enumerate(y) if k != own)
        return -math.log1p(-others) if others < 0.5 else -math.log(y[own]) if y[own] else self.losses[0]

    @property
    def loss(self) -> float:
        return math.fsum(self.rows.losses)

    @property
    def log_likelihood(self) -> float:
        return -self.score.held_out.model.value * self.n

    @property
    def null_log_likelihood(self) -> float:
        return -self.score.held_out.null.value * self.n


def explain_model(rows: ModelRows, score: Score, kind: ModelKind, layers: tuple[int, ...] = ()) -> ModelExplanation:
    """From one-hot rows and the model's probabilities by likelihood and cross-entropy to y - t.

    Each step computes its claims again and says in ``holds`` whether they are true.
    """
    case = _Case(rows, score)
    steps: tuple[Callable[[_Case], Step], ...] = (
        _rows,
        lambda case: _processing(case, kind, layers),
        likelihood_step,
        log_likelihood_step,
        cross_entropy_step,
        _gradient,
    )
    return ModelExplanation(score, kind, layers, tuple(make(case) for make in steps))


def _rows(case: _Case) -> Step:
    values = {
        "n": case.n,
        "n_rows": case.rows.n_rows,
        "names": case.rows.names or None,
        "counts": case.counts,
        "categories": list(case.names),
        "labels": case.labels,
        "weights": case.rows.times,
    }
    tally = dict(zip(case.score.tally.categories, map(int, case.score.tally.counts), strict=True))
    holds = case.counts == [tally.get(name, 0) for name in case.names]
    return Step("model-rows", None, tuple(one_hot_lines(case)), values, holds, "weighted" if case.is_weighted else "")


def _processing(case: _Case, kind: ModelKind, layers: tuple[int, ...]) -> Step:
    """The probabilities of the first row, and their sum."""
    lines = [line(pair("y", 1, k + 1), ("≈", about(case.y[k]))) for k in some_categories(case)]
    lines.append(line(total(over_categories(case, lambda k: pair("y", 1, k + 1))), ("=", number(1))))
    probabilities = [np.exp(one).tolist() for one in case.rows.first]
    values = {
        "categories": list(case.names),
        "names": case.rows.names or None,
        "probabilities": probabilities,
        "layers": list(layers),
    }
    sums = [math.fsum(row) for row in probabilities]
    holds = all(abs(one - 1) < 1e-12 * case.n_categories for one in sums)
    return Step("processing", None, tuple(lines), values, holds, kind)


def _gradient(case: _Case) -> Step:
    """y - t of the first row, and the sums of y beside the counts."""
    predicted = case.rows.predicted.tolist()
    values = {"predicted": predicted, "counts": case.counts, "categories": list(case.names)}
    holds = math.isclose(math.fsum(predicted), case.n, rel_tol=1e-9)
    return Step("model-gradient", None, tuple(slope_lines(case)), values, holds)
