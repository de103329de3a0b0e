"""The maximum likelihood estimate of category probabilities, with a check that anybody can repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from mottomo.inference.intervals import IntervalMethod, Intervals, interval_method
from mottomo.likelihoods import bits, perplexity
from mottomo.numerics.sums import accurate_sum
from mottomo.probabilities import Probabilities
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally, TallyRemark, check_tally, shares_of

EstimateVerdict = Literal[
    "estimated",
    "estimated-groups",
    "no-observations",
    "single-observation",
    "single-category",
    "single-category-discovered",
]
EstimateRemark = Literal[
    TallyRemark,
    "intervals-simultaneous",
    "intervals-per-category",
    "intervals-approximate",
    "intervals-approximate-per-category",
    "unseen-categories",
    "categories-discovered",
]


@dataclass(frozen=True, eq=False)
class OptimalityCheck:
    """The conditions that make y the maximum of log L on the simplex.

    Attributes
    ----------
    multiplier : n, the Lagrange multiplier: t_k / y_k equals it for every category that was seen.
    gap : the optimality gap max_k t_k / y_k - n over the seen categories, from the float probabilities as reported.
        For any y that sums to 1, log L is at most this far below its maximum; here it is 0 up to rounding, n 2^-52.
    maximum : ``strict`` (all categories were seen: the second derivative is negative in every direction), ``boundary``
        (some category was never seen, so its probability is 0 and the maximum is on the boundary) or ``not-unique``
        (n = 0).
    """

    multiplier: Any
    gap: np.ndarray
    maximum: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """The three fields as plain numbers and text, or lists of them for groups."""
        return {"multiplier": _plain(self.multiplier), "gap": _plain(self.gap), "maximum": _plain(self.maximum)}


@dataclass(frozen=True, eq=False)
class Estimate(ResultWithRows):
    """The probabilities that maximise the likelihood of a tally, with their uncertainty.

    Attributes
    ----------
    tally : the Tally it comes from.
    probabilities : (..., K) float64, t_k / n rounded once; NaN where n = 0, because then every y is a maximum.
    standard_errors : (..., K) float64, sqrt(y (1 - y) / n); NaN where y is 0 or 1: the formula gives 0 there, although
        y is not certain, so read the interval.
    log_likelihood : (...) float64, nats, at the maximum.
    intervals : Intervals, one for each probability.
    check : OptimalityCheck.
    null : claimed probabilities, which stand beside the estimate; None without any.
    """

    tally: Tally
    probabilities: np.ndarray
    standard_errors: np.ndarray
    log_likelihood: Any
    intervals: Intervals
    check: OptimalityCheck
    null: Probabilities | None = None
    method: ClassVar[str] = "maximum-likelihood"

    @cached_property
    def probabilities_exact(self) -> Any:
        """t_k / n as Fractions: a tuple, or with groups a tuple of tuples; empty where n = 0."""
        if self.tally.is_grouped:
            return tuple(_fractions(row.tolist()) for row in self.tally.counts)
        return _fractions(self.tally.counts.tolist())

    @cached_property
    def cross_entropy(self) -> Any:
        """-log L / n = H(t/n), (...) float64, nats: the mean loss of the best constant prediction. NaN where n = 0."""
        n = np.asarray(self.tally.n_observations, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.where(n > 0, -np.asarray(self.log_likelihood) / n, np.nan) + 0.0)[()]

    @property
    def bits(self) -> Any:
        """The cross-entropy in bits, (...) float64."""
        return bits(self.cross_entropy)

    @property
    def perplexity(self) -> Any:
        """exp(cross-entropy), (...) float64: how many equally likely categories would be as hard to predict."""
        return perplexity(self.cross_entropy)

    def to_dict(self) -> dict[str, Any]:
        """The tally with what is estimated; with groups, one such dictionary for each group."""
        shared = self.tally.counts_dict()
        claim = {} if self.null is None else {"null_probabilities": self.null.values.tolist()}
        if not self.tally.is_grouped:
            return {**shared, **next(self._rows()), **claim}
        groups = [{**group, **row} for group, row in zip(shared.pop("groups"), self._rows(), strict=True)]
        return {**shared, "groups": groups, **claim}

    def _rows(self) -> Iterator[dict[str, Any]]:
        """The estimates of each group as a dictionary for JSON; a single tally is one group."""
        n_categories = self.tally.n_categories
        exact = self.probabilities_exact if self.tally.is_grouped else (self.probabilities_exact,)
        tables = [
            values.reshape(-1, n_categories).tolist() if n_categories else [[]]
            for values in (self.probabilities, self.standard_errors, self.intervals.lower, self.intervals.upper)
        ]
        nats = np.atleast_1d(self.cross_entropy)
        per_group = [nats, bits(nats), perplexity(nats), self.log_likelihood, *self.check.to_dict().values()]
        columns = [np.atleast_1d(np.asarray(values, dtype=object)).tolist() for values in per_group]
        method = self.intervals.settings()
        for fractions, y, error, lower, upper, *scalars in zip(exact, *tables, *columns, strict=True):
            in_nats, in_bits, as_perplexity, log_likelihood, multiplier, gap, maximum = scalars
            yield {
                "method": self.method,
                "probabilities": y,
                "probabilities_exact": [str(fraction) for fraction in fractions] or [None] * n_categories,
                "standard_errors": error,
                "log_likelihood": log_likelihood,
                "cross_entropy": {"nats": in_nats, "bits": in_bits, "perplexity": as_perplexity},
                "intervals": {**method, "lower": lower, "upper": upper},
                "check": {"multiplier": multiplier, "gap": gap, "maximum": maximum},
            }

    @cached_property
    def highest(self) -> tuple[str, ...]:
        """The categories of a single tally that were seen most often."""
        counts = self.tally.counts
        return tuple(self.tally.categories[index] for index in np.flatnonzero(counts == counts.max()).tolist())

    @property
    def deviation(self) -> float:
        """max |t_k / y_k - n| over the seen categories of a single tally, from the float probabilities as reported."""
        counts, n = self.tally.counts.tolist(), self.tally.n_observations
        ratios = (count / y for count, y in zip(counts, self.probabilities.tolist(), strict=True) if count)
        return float(max(abs(ratio - n) for ratio in ratios))

    @property
    def verdict(self) -> EstimateVerdict:
        """The code of what could be estimated: groups are one case, and so are n = 0, n = 1 and K = 1."""
        tally = self.tally
        if tally.is_grouped:
            return "estimated-groups"
        if tally.n_observations == 0:
            return "no-observations"
        if tally.n_categories == 1:
            return "single-category" if tally.categories.declared else "single-category-discovered"
        return "single-observation" if tally.n_observations == 1 else "estimated"

    @property
    def remarks(self) -> tuple[EstimateRemark, ...]:
        """The codes of what the intervals claim, and of categories never seen or only discovered."""
        found: list[EstimateRemark] = [*self.tally.remarks, self._interval_remark]
        if self.tally.unseen and not self.tally.is_grouped and self.tally.n_observations > 0:
            found.append("unseen-categories")
        if not self.tally.categories.declared:
            found.append("categories-discovered")
        return tuple(found)

    @property
    def _interval_remark(self) -> EstimateRemark:
        if self.intervals.guaranteed:
            return "intervals-simultaneous" if self.intervals.simultaneous else "intervals-per-category"
        return "intervals-approximate" if self.intervals.simultaneous else "intervals-approximate-per-category"


def estimate(tally: Tally, *, intervals: IntervalMethod | str | None = None, level: float | None = None) -> Estimate:
    r"""Maximum likelihood estimate of the probabilities behind a tally.

    y_k = t_k / n maximises log L(y) = sum_k t_k log y_k on the simplex, because log L(t/n) - log L(y) =
    n KL(t/n || y) >= 0; zero counts included.

    Parameters
    ----------
    tally : Tally, with or without groups; all groups are estimated in one pass.
    intervals : a method such as ``ClopperPearson(level=0.95)``, the default, whose intervals hold for all categories
        at once and are guaranteed at every n; or its name, such as ``"wilson"``.
    level : the confidence level of a method that is given by its name, 0.95 by default.

    Returns
    -------
    Estimate : probabilities (float and exact), standard errors, log L (nats), intervals, the optimality check.

    Source: docs/theory/likelihood.md, eq. (5); the article's sections 3-5 and 3-6.

    >>> die = estimate(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> [str(y) for y in die.probabilities_exact], round(float(die.log_likelihood), 4)
    (['1/10', '1/4', '1/10', '1/5', '1/10', '1/4'], -34.1162)
    """
    check_tally(tally)
    method = interval_method(intervals, level)
    counts = tally.counts
    totals = np.asarray(tally.n_observations, dtype=counts.dtype)[..., None]
    probabilities = shares_of(counts, totals)
    n = totals.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (counts > 0) & (counts < totals)
        others = shares_of(totals - counts, totals)
        standard_errors = np.where(inner, np.sqrt(probabilities * others / n), np.nan)
        log_likelihood = accurate_sum(
            np.where(counts == 0, 0.0, counts.astype(np.float64) * _logarithms(probabilities, others))
        )
        ratios = np.where(counts == 0, -np.inf, counts.astype(np.float64) / probabilities)
    gap = np.where(n[..., 0] > 0, _largest(ratios) - n[..., 0], 0.0)
    check = OptimalityCheck(tally.n_observations, gap[()], _kind_of_maximum(counts, totals))
    for array in (probabilities, standard_errors):
        array.setflags(write=False)
    maximum = log_likelihood + 0.0 if tally.is_grouped else float(log_likelihood) + 0.0  # + 0.0 turns -0.0 into 0.0
    return Estimate(tally, probabilities, standard_errors, maximum, method(tally), check)


def _logarithms(probabilities: np.ndarray, others: np.ndarray) -> np.ndarray:
    """log y; for y > 1/2 as log1p(-(1 - y)), because the float 1 - y has digits that y has lost."""
    return np.where(probabilities > 0.5, np.log1p(-np.minimum(others, 0.5)), np.log(probabilities))


def _largest(ratios: np.ndarray) -> np.ndarray:
    return np.asarray(ratios.max(axis=-1, initial=-np.inf))


def _kind_of_maximum(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    boundary = (counts == 0).any(axis=-1)
    return np.where((totals == 0)[..., 0], "not-unique", np.where(boundary, "boundary", "strict"))


def _fractions(counts: list[int]) -> tuple[Fraction, ...]:
    total = sum(counts)
    return tuple(Fraction(count, total) for count in counts) if total else ()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
