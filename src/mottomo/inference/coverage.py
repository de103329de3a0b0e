"""The exact coverage of intervals, enumerated over all outcomes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo._checks import check_whole
from mottomo.errors import InvalidInput
from mottomo.inference.intervals import IntervalMethod, interval_method
from mottomo.inference.nulls import exact_probabilities
from mottomo.messages import say, verbatim
from mottomo.numerics.compositions import compositions
from mottomo.numerics.poisson import log_poisson
from mottomo.probabilities import Probabilities
from mottomo.tallies import Tally

_MOST_OUTCOMES = 5_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often intervals contain the true probabilities, exactly, for one truth and one n.

    Attributes
    ----------
    simultaneous : the probability that all intervals contain their probabilities.
    per_category : K probabilities, in the order of the categories: that the interval contains the probability.
    mean_width : the expected width of an interval, averaged over the categories.
    level : the confidence level of the method, with which the coverage is to be compared.
    """

    simultaneous: float
    per_category: tuple[float, ...]
    mean_width: float
    level: float


def coverage(method: IntervalMethod | str, probabilities: Any, n: int, *, categories: Any = None) -> Coverage:
    """The exact coverage of an interval method: a sum over all outcomes of n observations, by their probability.

    Parameters
    ----------
    method : such as ``ClopperPearson()``, or its name.
    probabilities : the truth, as ``goodness_of_fit`` takes its null.
    n : observations; C(n + K - 1, K - 1) outcomes are enumerated, at most 5 million.

    Raises InvalidInput : more outcomes than that.

    >>> from mottomo.inference.intervals import Goodman
    >>> round(coverage(Goodman(), "fair", 20, categories=range(1, 7)).simultaneous, 3)
    0.933
    """
    method = interval_method(method)
    check_whole("n", n, 1)
    truth = Probabilities.of(probabilities, categories)
    shares, _ = exact_probabilities(truth)
    size = len(shares)
    outcomes = math.comb(int(n) + size - 1, size - 1)
    if outcomes > _MOST_OUTCOMES:
        raise InvalidInput(
            "too-many-outcomes",
            say("there are too many outcomes to enumerate"),
            verbatim("n"),
            say("at most {most} outcomes", most=f"{_MOST_OUTCOMES:,}"),
            say("{count} outcomes", count=f"{outcomes:,}"),
            say("take fewer observations or categories"),
        )
    tables = compositions(int(n), size)
    logs = np.zeros(len(tables))
    for column, share in enumerate(shares):
        x = np.arange(int(n) + 1)
        table = log_poisson(x, share * n) if share > 0 else np.where(x == 0, 0.0, -np.inf)
        logs += table[tables[:, column]]
    weights = np.exp(logs)
    weights /= weights.sum()
    possible = weights > 0
    intervals = method(Tally.from_counts(tables[possible], truth.categories))
    weights = weights[possible]
    inside = (intervals.lower <= truth.values) & (truth.values <= intervals.upper)
    return Coverage(
        math.fsum((weights * inside.all(axis=1)).tolist()),
        tuple(math.fsum((weights * column).tolist()) for column in inside.T),
        float((weights[:, None] * (intervals.upper - intervals.lower)).sum() / size),
        method.level,
    )
