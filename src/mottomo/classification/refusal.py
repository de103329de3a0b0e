"""None of these: a score of how unlike the pictures of the training one is, and a threshold above which it is refused.

    score = P(none of these), by the likelihood of "is it one of these?"      where pictures of anything else were given
    score = 1 - cosine to the nearest picture of the training                 otherwise
    threshold: the ceil((n + 1) (1 - rate))-th smallest score of the own pictures, each scored without its group

So at most about `rate` of the pictures of a new group are refused, if it is like the groups of the training. How many
pictures of anything else are missed is measured where there are such pictures, on kinds that were not learnt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo.classification.fitting import fit
from mottomo.classification.objective import Rows
from mottomo.classification.penalties import L2, ridge_of
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim, written
from mottomo.numerics.softmax import softmax_of_relative

_FOLDS = 5  # of kinds of other pictures, and of pictures without groups
_MOST_KEPT = 2000  # pictures to which a distance is measured
_ROWS = 1024  # pictures that are compared at a time
_TOLERANCE = 1e-6  # nats

RefusalKind = Literal["learnt", "nearest", "mass"]


@dataclass(frozen=True, eq=False)
class Refusal:
    """The rule that refuses a picture as none of the categories.

    Attributes
    ----------
    kind : ``learnt`` from other pictures, ``nearest`` picture of the training, or ``mass`` of the other classes.
    feature : the column of the pictures.
    threshold : a picture with a larger score is refused; infinite where there are too few pictures for the rate.
    rate : of false refusals, that was asked for.
    n : pictures of the training that the threshold comes from.
    column : the groups that were left out for it; None for parts at random.
    missed, n_others : the share of other pictures that are not refused, and how many there were; NaN and 0 for none.
    arrays : ``weights`` (p,) and ``intercept`` (1,); or ``pictures`` (m, p) of length 1; or ``classes``, the numbers of
        those that are not other ones.
    """

    kind: RefusalKind
    feature: str
    threshold: float
    rate: float
    n: int
    column: str | None
    missed: float
    n_others: int
    arrays: dict[str, np.ndarray]

    def scores(self, features: np.ndarray) -> np.ndarray:
        """(m,) of pictures (m, p): larger for those that are less like the training's."""
        if self.kind == "mass":
            z = np.asarray(features, dtype=np.float64)
            every = softmax_of_relative(z - z.max(axis=1, keepdims=True))
            return np.asarray(1.0 - every[:, self.arrays["classes"].astype(int)].sum(axis=1))
        if self.kind == "learnt":
            return _learnt_scores(features, self.arrays["weights"], float(self.arrays["intercept"][0]))
        return _distances(features, self.arrays["pictures"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON and for the model file; None for a threshold that is infinite, and for NaN."""
        return {
            "kind": self.kind,
            "feature": self.feature,
            "threshold": None if math.isinf(self.threshold) else self.threshold,
            "rate": self.rate,
            "n": self.n,
            "column": self.column,
            "missed": None if math.isnan(self.missed) else self.missed,
            "n_others": self.n_others,
        }

    @classmethod
    def from_dict(cls, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Refusal:
        """The inverse of ``to_dict``; raises various exceptions for anything else."""
        given = dict(description)
        threshold, missed = given.pop("threshold"), given.pop("missed")
        found = cls(
            **given,
            threshold=math.inf if threshold is None else threshold,
            missed=math.nan if missed is None else missed,
            arrays=dict(arrays),
        )
        wanted = {"learnt": {"weights", "intercept"}, "nearest": {"pictures"}, "mass": {"classes"}}[found.kind]
        if found.to_dict() != dict(description) or set(arrays) != wanted:
            raise ValueError("a refusal of another kind")
        return found


@dataclass(frozen=True, eq=False)
class Others:
    """Pictures of anything else.

    Attributes
    ----------
    features : (m, p).
    kinds : (m,) the codes of their kinds, such as species.
    groups : (m,) their groups, by the codes of the groups of the training; -1 for none of those.
    """

    features: np.ndarray
    kinds: np.ndarray
    groups: np.ndarray


def check_rate(rate: Any) -> None:
    """Raise InvalidInput if this is no rate of false refusals."""
    is_number = isinstance(rate, int | float | np.floating | np.integer) and not isinstance(rate, bool)
    if not is_number or not 0 <= rate < 1:
        raise InvalidInput(
            "refuse",
            say("the rate of false refusals is out of range"),
            verbatim("--refuse"),
            say("a rate above 0 and below 1, or 0 for no refusals"),
            verbatim(written(rate)),
        )


def refusal_of(
    feature: str,
    features: np.ndarray,
    groups: np.ndarray | None,
    column: str | None,
    others: Others | None,
    *,
    rate: float,
    seed: int,
) -> Refusal:
    """The rule, from the pictures of the training (n, p).

    groups : (n,) codes; None for none.
    others : pictures of anything else; None for none, then the nearest picture decides.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    if groups is None or len(np.unique(groups)) < 2:
        column = None
        groups = rng.permutation(len(features)) % min(_FOLDS, len(features))
    if others is None:
        chosen = np.sort(rng.permutation(len(features))[:_MOST_KEPT])
        kept, groups = features[chosen], groups[chosen]
        own = _left_out_distances(kept, groups)
        return Refusal(
            "nearest", feature, _threshold(own, rate), rate, len(own), column, math.nan, 0, {"pictures": _units(kept)}
        )
    own, foreign = _left_out_scores(features, groups, others, rng)
    threshold = _threshold(own, rate)
    weights, intercept = _learnt(features, others.features)
    missed = float((foreign <= threshold).mean())
    return Refusal(
        "learnt",
        feature,
        threshold,
        rate,
        len(own),
        column,
        missed,
        len(foreign),
        {"weights": weights, "intercept": np.array([intercept])},
    )


def _threshold(scores: np.ndarray, rate: float) -> float:
    """The conformal threshold; infinite if there are too few scores for the rate."""
    rank = math.ceil((len(scores) + 1) * (1 - rate))
    return math.inf if rank > len(scores) else float(np.sort(scores)[rank - 1])


# --- learnt ----------------------------------------------------------------------------------------------------------


def _learnt(inside: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept of the logit of "none of these", with the ridge l2=1."""
    features = np.ascontiguousarray(np.vstack([inside, outside]), dtype=np.float64)
    labels = np.repeat(np.array([0, 1]), [len(inside), len(outside)])
    data = Rows(features, 2, labels)
    ridge = ridge_of(L2(1.0), data, np.zeros(features.shape[1], dtype=bool))
    found = fit(data, ridge=ridge, tolerance=_TOLERANCE)
    return found.w[:, 1] - found.w[:, 0], float(found.b[1] - found.b[0])


def _learnt_scores(features: np.ndarray, weights: np.ndarray, intercept: float) -> np.ndarray:
    z = np.asarray(features, dtype=np.float64) @ weights + intercept
    both = np.stack([np.zeros_like(z), z], axis=1)
    return softmax_of_relative(both - both.max(axis=1, keepdims=True))[:, 1]


def _left_out_scores(
    features: np.ndarray, groups: np.ndarray, others: Others, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The scores of own pictures and of others, each by a rule that knows neither its group nor its kind.

    An own picture is scored once for each part of the kinds, and has the mean of these.
    """
    seen = np.unique(groups)
    kinds = np.unique(others.kinds)
    part_of = dict(zip(rng.permutation(kinds).tolist(), (np.arange(len(kinds)) % _FOLDS).tolist(), strict=True))
    parts = np.array([part_of[kind] for kind in others.kinds.tolist()])
    # Another picture of a group that the training does not have is tested beside one of its groups.
    places = np.where(np.isin(others.groups, seen), others.groups, seen[np.arange(len(parts)) % len(seen)])
    own, n_parts = np.zeros(len(features)), len(np.unique(parts))
    foreign = np.zeros(len(parts))
    for group in seen.tolist():
        for part in np.unique(parts).tolist():
            known = others.features[(parts != part) & (others.groups != group)]
            inside = features[groups != group]
            if not len(known) or not len(inside):
                raise _too_few()
            weights, intercept = _learnt(inside, known)
            own[groups == group] += _learnt_scores(features[groups == group], weights, intercept) / n_parts
            tested = (parts == part) & (places == group)
            foreign[tested] = _learnt_scores(others.features[tested], weights, intercept)
    return own, foreign


def _too_few() -> InvalidInput:
    return InvalidInput(
        "too-few-others",
        say("there are too few pictures to learn what is none of the categories"),
        verbatim("--none"),
        say("at least two groups of pictures, and two kinds of other pictures"),
        None,
        say("give more of them, in a folder for each kind"),
    )


# --- nearest ---------------------------------------------------------------------------------------------------------


def _units(features: np.ndarray) -> np.ndarray:
    """Each picture divided by its length, (m, p) float32."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def _distances(features: np.ndarray, units: np.ndarray) -> np.ndarray:
    """1 - cosine to the nearest of some pictures."""
    found = np.empty(len(features))
    for start in range(0, len(features), _ROWS):
        part = slice(start, start + _ROWS)
        found[part] = np.maximum(1.0 - (_units(features[part]) @ units.T).max(axis=1), 0.0)  # not below 0 by rounding
    return found


def _left_out_distances(features: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The distance of each picture to the nearest of another group."""
    found = np.empty(len(features))
    for group in np.unique(groups).tolist():
        chosen = groups == group
        found[chosen] = _distances(features[chosen], _units(features[~chosen]))
    return found
