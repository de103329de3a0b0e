"""Maximum likelihood where some outcomes were seen only in part: "even", "not 6", unreadable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mottomo._arrays import exact_counts
from mottomo._checks import check_between
from mottomo.categories import Categories, category_name, natural_order, unknown_category
from mottomo.errors import InvalidInput, nearest
from mottomo.inference.binomial_limits import binomial_limits
from mottomo.inference.estimation import OptimalityCheck
from mottomo.inference.intervals import Intervals
from mottomo.inference.partly_seen_maximum import PartlySeenMaximum, partly_seen_maximum
from mottomo.messages import say, verbatim, written
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally, TallyRemark, check_single

_CONVERGED = 1e-13  # an optimality gap per observation above this is more than rounding


PartlySeenVerdict = Literal["partly-seen-estimated", "partly-seen-not-determined", "no-observations"]
PartlySeenRemark = Literal[
    TallyRemark,
    "label-never-seen",
    "too-flat",
    "label-tells-nothing",
    "coarsened-at-random",
    "intervals-whatever-hid",
    "maximum-not-reached",
    "categories-discovered",
]


@dataclass(frozen=True, slots=True)
class PartialLabel:
    """A label that stands for an outcome seen only in part.

    Attributes
    ----------
    name : the label, such as ``even``.
    members : positions of the categories that it may stand for.
    count : how often it was seen.
    probability : the sum of the estimated probabilities of its members. If the label was seen, this sum is determined
        even if the probabilities of the members are not.
    """

    name: str
    members: tuple[int, ...]
    count: int
    probability: float


@dataclass(frozen=True, eq=False)
class PartlySeenEstimate(ResultWithRows):
    """The probabilities under which outcomes, some of them seen only in part, are most plausible.

    Attributes
    ----------
    tally : the Tally, whose categories include the labels.
    categories : the K categories without the labels.
    counts : (K,) how often each category was seen in full.
    labels : PartialLabel, one for each label.
    probabilities : (K,) float64, a maximum of log L = sum_k t_k log y_k + sum_l t_l log(sum of y_k over k in l). If
        there are several maxima, the share of a set is spread over its members as evenly as the maximum allows.
    standard_errors : (K,) float64, from the inverse of the observed information; NaN where y is 0 or 1, or not
        determined.
    identified : (K,) bool, whether every maximum has this y_k.
    lower : (K,) float64, the smallest y_k among all maxima; equal to y_k where that is identified.
    upper : (K,) float64, the largest y_k among all maxima; equal to y_k where that is identified.
    log_likelihood : float, nats.
    intervals : Clopper-Pearson limits, which hold whatever the reason for partial views was.
    check : OptimalityCheck.
    converged : whether the gap of `check` is within rounding.
    too_flat : whether log L is so flat in some direction that float64 cannot tell where its maximum is; then there are
        no standard errors.
    """

    tally: Tally
    categories: Categories
    counts: np.ndarray
    labels: tuple[PartialLabel, ...]
    probabilities: np.ndarray
    standard_errors: np.ndarray
    identified: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    log_likelihood: float
    intervals: Intervals
    check: OptimalityCheck
    converged: bool
    too_flat: bool
    method: ClassVar[str] = "maximum-likelihood"

    @property
    def n_partly_seen(self) -> int:
        """How many outcomes are known only by a label."""
        return sum(label.count for label in self.labels)

    def to_dict(self) -> dict[str, Any]:
        """The estimate for JSON; ``partly_seen`` has one entry for each label."""
        return {
            "n_observations": self.tally.n_observations,
            "categories": list(self.categories),
            "declared": self.categories.declared,
            "counts": self.counts.tolist(),
            "partly_seen": [
                {
                    "label": label.name,
                    "means": [self.categories[index] for index in label.members],
                    "count": label.count,
                    "probability": label.probability,
                }
                for label in self.labels
            ],
            "method": self.method,
            "probabilities": self.probabilities.tolist(),
            "standard_errors": self.standard_errors.tolist(),
            "identified": self.identified.tolist(),
            "maxima": {"lower": self.lower.tolist(), "upper": self.upper.tolist()},
            "log_likelihood": self.log_likelihood,
            "intervals": {
                **self.intervals.settings(),
                "lower": self.intervals.lower.tolist(),
                "upper": self.intervals.upper.tolist(),
            },
            "check": self.check.to_dict(),
            "converged": self.converged,
            "too_flat": self.too_flat,
        }

    @property
    def not_determined(self) -> tuple[str, ...]:
        """Categories whose probability is not the same in all maxima."""
        return tuple(name for name, known in zip(self.categories, self.identified.tolist(), strict=True) if not known)

    @property
    def never_seen(self) -> tuple[str, ...]:
        """Labels that do not occur in a tally of discovered categories: perhaps their names are misspelt."""
        return () if self.categories.declared else tuple(label.name for label in self.labels if label.count == 0)

    @property
    def uninformative(self) -> tuple[str, ...]:
        """Labels that may stand for every category."""
        return tuple(label.name for label in self.labels if len(label.members) == len(self.categories))

    @property
    def verdict(self) -> PartlySeenVerdict:
        """The code of whether the observations determine all probabilities."""
        if self.tally.n_observations == 0:
            return "no-observations"
        return "partly-seen-not-determined" if self.not_determined else "partly-seen-estimated"

    @property
    def remarks(self) -> tuple[PartlySeenRemark, ...]:
        """The codes of what the estimate supposes, and of what went wrong: labels, a flat likelihood."""
        found: list[PartlySeenRemark] = [*self.tally.remarks]
        if self.never_seen:
            found.append("label-never-seen")
        if self.too_flat:
            found.append("too-flat")
        if self.uninformative:
            found.append("label-tells-nothing")
        if self.n_partly_seen:
            found.append("coarsened-at-random")
        found.append("intervals-whatever-hid")
        if not self.converged:
            found.append("maximum-not-reached")
        if not self.categories.declared:
            found.append("categories-discovered")
        return tuple(found)


def estimate_partly_seen(tally: Tally, means: Mapping[str, Any], *, level: float = 0.95) -> PartlySeenEstimate:
    r"""Maximum likelihood estimate from outcomes of which some were seen only in part.

    log L(y) = sum_k t_k log y_k + sum_l t_l log(sum_{k in l} y_k), concave in y. With A the gradient, log L is at most
    max_k A_k - n below its maximum; that is the optimality check.

    The formula holds if the reason for a partial view does not depend on which of its members the outcome was
    (coarsening at random). The intervals need no such assumption: for a lower limit no partly seen outcome counts as
    the category, for an upper limit every one that may be it does.

    Parameters
    ----------
    tally : Tally whose categories are the faces and the labels, such as 1 .. 6 and ``even``.
    means : for each label the categories that it may stand for: ``{"even": "2,4,6", "not 6": range(1, 6)}``.
    level : the confidence level of the intervals, for all categories at once.

    Returns
    -------
    PartlySeenEstimate : probabilities, standard errors, and which of the probabilities the observations determine.

    Raises
    ------
    InvalidInput : a label that is not in a declared tally, or that means an unknown category or another label; groups.

    Source: docs/theory/partly_seen.md; Dempster, Laird and Rubin, JRSS B 39 (1977); Heitjan and Rubin, Annals of
    Statistics 19 (1991).

    >>> die = Tally.from_counts({"1": 2, "2": 5, "3": 2, "4": 4, "5": 2, "6": 5, "even": 10})
    >>> found = estimate_partly_seen(die, {"even": "2,4,6"})
    >>> [round(y * 105, 9) for y in found.probabilities.tolist()]
    [7.0, 30.0, 7.0, 24.0, 7.0, 30.0]
    """
    check_single(tally)
    level = check_between("level", level, "0.95")
    categories, labels = _read_means(tally, means)
    return _estimated(tally, categories, labels, level)


def _read_means(tally: Tally, means: Any) -> tuple[Categories, dict[str, tuple[str, ...]]]:
    """The categories without the labels, and the members of each label."""
    if not isinstance(means, Mapping) or not means:
        raise InvalidInput(
            "means-type",
            say("it is not said what the labels mean"),
            say("means"),
            say("for each label the categories it may stand for"),
            verbatim(written(means, repr)[:60]),
            say("give a mapping such as {example}", example="{'even': ['2', '4', '6']}"),
        )
    labels = {category_name(label): _members(spec) for label, spec in means.items()}
    known = set(tally.categories)
    whole = [name for name in tally.categories if name not in labels]
    if tally.categories.declared:
        categories = Categories(tuple(whole))
        missing = next((label for label in labels if label not in known), None)
        if missing is not None:
            raise InvalidInput(
                "label-not-declared",
                say("a label is not among the categories of the tally"),
                say("means"),
                say("one of {names}", names=list(tally.categories[:10])),
                verbatim(missing),
                nearest(missing, tally.categories.names),
            )
    else:
        named = {name for members in labels.values() for name in members if name not in labels}
        categories = Categories(tuple(natural_order(named.union(whole))), declared=False)
    known = set(categories)
    for label, members in labels.items():
        nested = next((name for name in members if name in labels), None)
        if nested is not None:
            raise InvalidInput(
                "label-means-label",
                say("a label means another label"),
                say("means, {label}", label=label),
                say("categories that an outcome can be"),
                verbatim(nested),
            )
        strange = next((name for name in members if name not in known), None)
        if strange is not None:
            raise unknown_category(strange, categories, say("means, {label}", label=label))
    return categories, labels


def _members(spec: Any) -> tuple[str, ...]:
    if isinstance(spec, str) and "," not in spec and ".." not in spec:
        return (spec,)
    return Categories.of(spec).names


def _estimated(
    tally: Tally, categories: Categories, labels: dict[str, tuple[str, ...]], level: float
) -> PartlySeenEstimate:
    n, count_of = tally.n_observations, dict(zip(tally.categories, tally.counts.tolist(), strict=True))
    counts = exact_counts(np.array([count_of.get(name, 0) for name in categories], dtype=object))
    position = {name: index for index, name in enumerate(categories)}
    sets = [tuple(position[name] for name in members) for members in labels.values()]
    seen = [count_of.get(name, 0) for name in labels]
    membership = np.zeros((len(sets), len(categories)), dtype=bool)
    for row, members in enumerate(sets):
        membership[row, list(members)] = True
    found = _maximum(counts, membership, seen, n)
    y = found.probabilities
    known = tuple(
        PartialLabel(name, members, count, math.fsum(y[list(members)].tolist()))
        for name, members, count in zip(labels, sets, seen, strict=True)
    )
    kind = "not-unique" if not found.identified.all() else "boundary" if (y == 0).any() else "strict"
    for array in (y, found.standard_errors, found.identified, found.lower, found.upper, counts):
        array.setflags(write=False)
    return PartlySeenEstimate(
        tally,
        categories,
        counts,
        known,
        y,
        found.standard_errors,
        found.identified,
        found.lower,
        found.upper,
        _log_likelihood(counts, y, known),
        _whatever_hid(counts, membership, seen, n, level),
        OptimalityCheck(n, np.asarray(found.gap * n), np.asarray(kind)),
        found.gap <= _CONVERGED,
        found.too_flat,
    )


def _maximum(counts: np.ndarray, membership: np.ndarray, seen: list[int], n: int) -> PartlySeenMaximum:
    size = counts.size
    if n == 0:
        nothing = np.full(size, np.nan)
        return PartlySeenMaximum(
            nothing, nothing, np.zeros(size, dtype=bool), np.zeros(size), np.ones(size), 0.0, False
        )
    informative = [row for row, count in enumerate(seen) if count and not membership[row].all()]
    weights = np.array([float(seen[row]) for row in informative])
    return partly_seen_maximum(counts.astype(np.float64), membership[informative], weights)


def _log_likelihood(counts: np.ndarray, y: np.ndarray, labels: tuple[PartialLabel, ...]) -> float:
    alone = [float(t) * math.log(p) for t, p in zip(counts.tolist(), y.tolist(), strict=True) if t]
    together = [float(label.count) * math.log(min(label.probability, 1.0)) for label in labels if label.count]
    return math.fsum([*alone, *together]) + 0.0


def _whatever_hid(counts: np.ndarray, membership: np.ndarray, seen: list[int], n: int, level: float) -> Intervals:
    """Lower limits from the smallest possible true count of each category, upper limits from the largest."""
    possible = counts.astype(object)  # Python integers, because a sum may exceed int64
    for row, count in zip(membership, seen, strict=True):
        possible[row] += count
    totals, tail = np.full(counts.size, n, dtype=object), (1 - level) / 2 / counts.size
    least, most, totals = (exact_counts(part) for part in (counts, possible, totals))
    if counts.size == 1:
        lower, upper = np.ones(1), np.ones(1)
    else:
        lower, upper = binomial_limits(least, totals, tail)[0], binomial_limits(most, totals, tail)[1]
    return Intervals(
        "clopper-pearson-bonferroni-worst-case",
        True,
        True,
        level,
        lower,
        upper,
        title=say("Clopper-Pearson (Bonferroni)"),
    )
