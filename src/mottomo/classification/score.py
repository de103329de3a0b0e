"""What a classifier is worth on rows whose categories are known: any classifier, on rows that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.refusal import Refusal
from mottomo.held_out import Evaluation, Groups, HeldOut
from mottomo.losses import Losses, LossSums
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally

ScoreVerdict = Literal["score-gains", "score-loses", "score-unclear", "score-infinite"]
ScoreRemark = Literal[
    "rows-of-the-training",
    "rows-dropped",
    "impossible-rows",
    "unknown-categories",
    "given-one-of-them",
    "pictures-refused",
    "pictures-skipped",
]
_MOST_ROWS = 20  # impossible ones that are named
_CLEAR = 2.0  # standard errors from which on a gain or a loss is said to be one
_SAME = 1e-6  # difference of log L, nats or relative, below which rows are those of the training


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """Some rows: what was predicted, and what happened.

    Attributes
    ----------
    log_probabilities : (m, K) log y_k, nats.
    outcomes : (m,) the category of each row.
    numbers : (m,) of the rows in the data, from 1.
    weights : (m,) how often each row counts; None for once.
    groups : (m,) the group of each row; None without groups.
    names : what each row is called; None where rows have no names.
    is_refused : (m,) whether the row is refused as none of the categories; None without a rule.
    skipped : pictures among them that have no row.
    """

    log_probabilities: np.ndarray
    outcomes: list[str]
    numbers: np.ndarray
    weights: np.ndarray | None = None
    groups: list[str] | None = None
    names: tuple[str, ...] | None = None
    is_refused: np.ndarray | None = None
    skipped: tuple[SkippedPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class ImpossibleRow:
    """A row whose category has probability 0.

    row : its number in the data, from 1.
    name : such as that of its picture; None where rows have no names.
    """

    row: int
    name: str | None
    category: str


@dataclass(frozen=True, eq=False)
class Score(ResultWithRows):
    """What a classifier is worth on rows whose categories are known; a row for each category.

    Attributes
    ----------
    model : what the classifier is called.
    target : the column that is predicted.
    tally : the categories of the rows.
    held_out : cross-entropies; the null model knows the shares of these very rows, t / n, and nothing of the inputs.
    losses : the mean loss of each category, nats; NaN for one that did not happen.
    finite : the losses of the rows whose category is possible; None where all are, or none.
    impossible : the first rows whose category has probability 0, at most 20.
    n_impossible_rows : how many there are.
    unknown : categories that happened and that the classifier does not know.
    refusal : the rule that refuses pictures as none of the categories; None without one.
    n_refused : how many rows it refuses, by weight; they count in the losses like the others.
    n_dropped : rows that were left out because of missing values.
    skipped : pictures that were left out because they cannot be read.
    are_trained_on : whether these are the rows on which the model was trained: their number and log L are the same.
    """

    model: str
    target: str
    tally: Tally
    held_out: HeldOut
    losses: tuple[float, ...]
    finite: Losses | None = None
    impossible: tuple[ImpossibleRow, ...] = ()
    n_impossible_rows: int = 0
    unknown: tuple[str, ...] = ()
    refusal: Refusal | None = None
    n_refused: int = 0
    n_dropped: int = 0
    skipped: tuple[SkippedPicture, ...] = ()
    are_trained_on: bool = False

    @property
    def n_observations(self) -> int:
        """The sum of the weights of the rows."""
        return self.held_out.n_observations

    @property
    def verdict(self) -> ScoreVerdict:
        """As in Result."""
        if self.held_out.n_impossible:
            return "score-infinite"
        gain = self.held_out.gain
        if not abs(gain.value) > _CLEAR * gain.standard_error:  # or with a single row no error is known
            return "score-unclear"
        return "score-gains" if gain.value > 0 else "score-loses"

    @property
    def remarks(self) -> tuple[ScoreRemark, ...]:
        """As in Result."""
        found: list[ScoreRemark] = []
        if self.are_trained_on:
            found.append("rows-of-the-training")
        if self.n_dropped:
            found.append("rows-dropped")
        if self.impossible:
            found.append("impossible-rows")
        if self.unknown:
            found.append("unknown-categories")
        if self.refusal is not None:
            found += ["given-one-of-them", "pictures-refused"]
        if self.skipped:
            found.append("pictures-skipped")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""
        return {
            "n_observations": self.n_observations,
            "model": self.model,
            "target": self.target,
            "categories": list(self.tally.categories),
            "counts": [int(count) for count in self.tally.counts],
            "right": [one.hits for one in self.held_out.hits],
            "cross_entropy": list(self.losses),
            "held_out": self.held_out.to_dict(),
            "impossible": {
                "count": self.held_out.n_impossible,
                "n_rows": self.n_impossible_rows,
                "cross_entropy_without": None if self.finite is None else self.finite.to_dict(),
                "rows": [{"row": one.row, "name": one.name, "category": one.category} for one in self.impossible],
            },
            "are_trained_on": self.are_trained_on,
            "unknown_categories": list(self.unknown),
            "n_refused": None if self.refusal is None else self.n_refused,
            "refusal": None if self.refusal is None else self.refusal.to_dict(),
            "n_dropped": self.n_dropped,
            "skipped": [one.to_dict() for one in self.skipped],
        }


class Scoring:
    """Takes up rows with what was predicted and what happened; gives a ``Score`` at the end.

    What it keeps is three numbers a row: the null model's losses need the shares of all rows.
    """

    def __init__(self, categories: Categories) -> None:
        self._known = len(categories)
        self._position = {name: code for code, name in enumerate(categories.names)}
        self._groups: dict[str, int] = {}
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]] = []
        self._impossible: list[ImpossibleRow] = []
        self._n_impossible, self._n_refused = 0, 0.0
        self._skipped: list[SkippedPicture] = []

    def add(self, rows: ScoredRows) -> None:
        """Take up some rows."""
        self._skipped += rows.skipped
        if not rows.outcomes:
            return
        counted = np.ones(len(rows.outcomes)) if rows.weights is None else rows.weights
        counts = counted > 0
        codes = np.array([self._code(name, bool(one)) for name, one in zip(rows.outcomes, counts, strict=True)])
        logs = rows.log_probabilities
        is_known = codes < self._known
        losses = np.where(is_known, -logs[np.arange(len(codes)), np.where(is_known, codes, 0)], np.inf)
        losses += 0.0  # -log 1 is 0, not -0
        is_hit = logs.argmax(axis=1) == codes
        are_impossible = np.isinf(losses) & counts
        self._n_impossible += int(are_impossible.sum())
        for row in np.flatnonzero(are_impossible)[: _MOST_ROWS - len(self._impossible)].tolist():
            name = None if rows.names is None else rows.names[row]
            self._impossible.append(ImpossibleRow(int(rows.numbers[row]), name, rows.outcomes[row]))
        if rows.is_refused is not None:
            self._n_refused += float(counted[rows.is_refused].sum())
        groups = None
        if rows.groups is not None:
            groups = np.array([self._groups.setdefault(name, len(self._groups)) for name in rows.groups])
        if not counts.all():  # an infinite loss that counts as nothing is none
            codes, losses, is_hit, counted = codes[counts], losses[counts], is_hit[counts], counted[counts]
            groups = None if groups is None else groups[counts]
        self._parts.append((codes, losses, is_hit, None if rows.weights is None else counted, groups))

    def _code(self, name: str, counts: bool) -> int:
        """The code of a category. An unknown category gets a new code, but only from a row with a weight above 0."""
        if counts:
            return self._position.setdefault(name, len(self._position))
        return self._position.get(name, len(self._position))

    @property
    def skipped(self) -> tuple[SkippedPicture, ...]:
        """The pictures that have no row."""
        return tuple(self._skipped)

    @property
    def n_rows(self) -> int:
        """How many rows were taken up, whatever their weights."""
        return sum(len(codes) for codes, *_ in self._parts)

    @property
    def impossible(self) -> tuple[ImpossibleRow, ...]:
        """The first rows whose category has probability 0."""
        return tuple(self._impossible)

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return sum(float(len(codes) if weights is None else weights.sum()) for codes, _, _, weights, _ in self._parts)

    @property
    def n_known(self) -> int:
        """How many rows have a category that the classifier knows."""
        return sum(int((codes < self._known).sum()) for codes, *_ in self._parts)

    def found(
        self,
        model: str,
        target: str,
        *,
        refusal: Refusal | None = None,
        n_dropped: int = 0,
        group_column: str | None = None,
        history: Mapping[str, Any] | None = None,
    ) -> Score:
        """What the classifier is worth; there is at least one row with a weight above 0.

        history : of a model file, the record of its training.
        """
        names = tuple(self._position)
        categories = Categories(names, True)
        counts = np.zeros(len(names))
        for codes, _, _, weights, _ in self._parts:
            counts += np.bincount(codes, weights, len(names))
        with np.errstate(divide="ignore"):
            null = -np.log(counts / counts.sum())
        evaluation = Evaluation(categories)
        by_category, finite = [LossSums() for _ in names], LossSums()
        for codes, losses, is_hit, weights, groups in self._parts:
            evaluation.add(codes, losses, null[codes], is_hit, weights, groups)
            is_finite = np.isfinite(losses)
            finite += LossSums.of(losses[is_finite], None if weights is None else weights[is_finite])
            for code in np.unique(codes).tolist():
                own = codes == code
                by_category[code] += LossSums.of(losses[own], None if weights is None else weights[own])
        all_groups = None
        if group_column is not None:
            joined = np.concatenate([groups for *_, groups in self._parts if groups is not None])
            all_groups = Groups(group_column, tuple(self._groups), joined)
        held_out = replace(evaluation.found(None, all_groups), n_unknown=len(names) - self._known)
        return Score(
            model,
            target,
            Tally.from_counts(counts.round().astype(np.int64), categories),
            held_out,
            tuple(one.mean if one.n else float("nan") for one in by_category),
            finite.losses() if held_out.n_impossible and finite.n else None,
            self.impossible,
            self._n_impossible,
            names[self._known :],
            refusal,
            round(self._n_refused),
            n_dropped,
            self.skipped,
            history is not None and _are_trained_on(held_out, history),
        )


def _are_trained_on(found: HeldOut, history: Mapping[str, Any]) -> bool:
    """Whether rows have the number, the shares and the log L of those on which a model was trained."""
    if found.n_observations != history.get("n_observations"):
        return False
    pairs = ((found.null.value, "null_log_likelihood"), (found.model.value, "log_likelihood"))
    return all(
        math.isclose(-value * found.n_observations, history.get(name, math.nan), rel_tol=_SAME, abs_tol=_SAME)
        for value, name in pairs
    )
