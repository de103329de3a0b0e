r"""What x outcomes in a category cost and weigh: the tables from which every exact computation is made.

A multinomial is K independent Poissons given their total, so P(x) is a product over categories divided by
Poisson(n; n), and a statistic T is a sum of costs. All costs are convex in x and at least 0:

    likelihood-ratio   2 e h(d / e),  h(u) = (1 + u) log(1 + u) - u,   d = x - e,  e = n p
    pearson            d^2 / e
    probability        -2 log Poisson(x; e), above its minimum

Categories with the same probability are of one *kind*: their outcomes can be exchanged, so they are counted as
multisets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from mottomo.inference.exact.fingerprints import logarithms_of_fractions, logarithms_of_range
from mottomo.kernels.series import relative_entropy_term, stirling_error

Ordering = Literal["likelihood-ratio", "pearson", "probability"]
ORDERINGS: tuple[Ordering, ...] = ("likelihood-ratio", "pearson", "probability")

# Fractions with longer terms are treated as floats: their ties are decided within a band instead of exactly.
_LONGEST_TERM = 2**64
_QUICK_TERM, _QUICK_TOTAL = 10**12, 2_000_000  # factoring longer terms for more outcomes would take seconds
# Pearson's costs are integers; their remainders by this prime add, and 2^14 of them fit 64 bits.
PEARSON_PRIME = 2**50 - 27
_SMALLEST_RATE = Fraction(1, 10**290)


def log_poisson(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """log Poisson(x; rate), whole x >= 0, rate > 0: Loader's form, in which nothing cancels."""
    positive = np.maximum(x, 1).astype(np.float64)
    body = stirling_error(positive) + 0.5 * np.log(2 * np.pi * positive)
    return -divergence(x, rate) - np.where(x > 0, body, 0.0)


def divergence(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """e h((x - e) / e) = x log(x/e) - x + e, at least 0."""
    if rate < _SMALLEST_RATE:  # x is 0, or e is nothing beside it
        log_rate = math.log(rate.numerator) - math.log(rate.denominator)
        positive = np.maximum(x, 1).astype(np.float64)
        return np.where(x > 0, positive * (np.log(positive) - log_rate - 1), float(rate))
    expected = float(rate)
    return expected * relative_entropy_term(_deviations(x, rate) / expected)


def _deviations(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """x - e with one rounding, so that it keeps its digits where x is near e."""
    whole = round(rate)
    if whole >= 2**62:
        x = np.asarray(x, dtype=object)
    return (np.asarray(x) - whole).astype(np.float64) - float(rate - whole)


def whole_array(values: Sequence[int]) -> np.ndarray:
    """Whole numbers as int64, or as Python integers where those do not suffice."""
    return np.array(values, dtype=np.int64 if max(values, default=0) < 2**62 else object)


@dataclass(frozen=True, eq=False)
class Kind:
    """`multiplicity` categories of one null probability (and one alternative probability, where there is one).

    rate : n p, the expected count. log_print : the fingerprint of log p, or None where ties are not exact.
    units : integers (scale, shift, factor) with which Pearson's cost is factor (scale x - shift)^2 units, or None.
    """

    ordering: Ordering
    multiplicity: int
    rate: Fraction
    total: int
    log_print: int | None = None
    units: tuple[int, int, int] | None = None
    alternative_rate: Fraction | None = None

    def costs(self, x: np.ndarray) -> np.ndarray:
        """What x outcomes add to the statistic, float64, at least 0."""
        if self.ordering == "pearson":
            deviations = _deviations(x, self.rate)
            if self.rate < _SMALLEST_RATE:
                return np.where(np.asarray(x) > 0, np.inf, 0.0)
            return np.asarray(deviations * deviations / float(self.rate))
        if self.ordering == "likelihood-ratio":
            return 2 * divergence(x, self.rate)
        return np.maximum(-2 * log_poisson(x, self.rate) - self._least, 0.0)

    @property
    def largest(self) -> int:
        """The most outcomes a category can have."""
        return self.total

    @cached_property
    def _least(self) -> float:
        mode = min(math.floor(self.rate), self.total)
        return float(np.min(-2 * log_poisson(np.array([mode, max(mode - 1, 0)]), self.rate)))

    def log_weights(self, x: np.ndarray) -> np.ndarray:
        """log Poisson(x; n p) for each hypothesis: (1, L), or (2, L) with an alternative."""
        rates = (self.rate,) if self.alternative_rate is None else (self.rate, self.alternative_rate)
        return np.array(
            [log_poisson(x, rate) if rate > 0 else np.where(x == 0, 0.0, -np.inf) for rate in rates]
        ).reshape(len(rates), -1)

    def magnitude(self, x: np.ndarray) -> float:
        """The size of the numbers whose difference a cost is: what its absolute rounding error is relative to."""
        largest = float(self.costs(x).max(initial=0.0))
        return largest + abs(self._least) if self.ordering == "probability" else largest

    def unit_costs(self, x: np.ndarray) -> list[int]:
        """Pearson's costs as exact integers."""
        assert self.units is not None
        scale, shift, factor = self.units
        return [factor * (scale * value - shift) ** 2 for value in x.tolist()]

    def fingerprints(self, first: int, last: int) -> np.ndarray:
        """Fingerprints of the costs of x = first .. last, up to a constant (uint64); zeros where ties are not exact."""
        x = np.arange(first, last + 1, dtype=np.int64)
        if self.ordering == "pearson":
            if self.units is None:
                return np.zeros(x.size, dtype=np.uint64)
            return np.array([cost % PEARSON_PRIME for cost in self.unit_costs(x)], dtype=np.uint64)
        if self.log_print is None:
            return np.zeros(x.size, dtype=np.uint64)
        logarithms = logarithms_of_range(first, last)
        slope = x.astype(np.uint64) * np.uint64(self.log_print)
        if self.ordering == "likelihood-ratio":
            return x.astype(np.uint64) * logarithms - slope
        return np.cumsum(logarithms, dtype=np.uint64) - slope


@dataclass(frozen=True, eq=False)
class Problem:
    """A statistic and a multinomial: kinds of categories and the total n.

    exact_ties : whether fingerprints decide ties; otherwise values within a band count as tied (``tail.TIE_BAND``).
    unit : what one unit of Pearson's integer costs is worth, where they are integers. log_normaliser : log of the
    probability that the independent x have the total n.
    """

    kinds: tuple[Kind, ...]
    total: int
    exact_ties: bool
    unit: Fraction | None
    log_normaliser: float

    def same(self, fingerprints: np.ndarray, fingerprint: int) -> np.ndarray:
        """Which fingerprints, sums over all categories, are that of the same value of the statistic."""
        if self.kinds[0].ordering == "pearson":
            return np.asarray(fingerprints % np.uint64(PEARSON_PRIME) == np.uint64(fingerprint % PEARSON_PRIME))
        return np.asarray(fingerprints == np.uint64(fingerprint % 2**64))

    @property
    def n_categories(self) -> int:
        return sum(kind.multiplicity for kind in self.kinds)


def multinomial_problem(
    probabilities: Sequence[Fraction],
    total: int,
    ordering: Ordering,
    *,
    exact: bool = True,
    alternative: Sequence[Fraction] | None = None,
) -> tuple[Problem, list[int]]:
    """The problem for a null with positive probabilities, and for each category the index of its kind.

    exact : whether the probabilities are the rationals that are meant, so that ties are decided exactly.
    """
    partners: Sequence[Fraction | None] = [None] * len(probabilities) if alternative is None else alternative
    distinct: dict[tuple[Fraction, Fraction | None], list[int]] = {}
    for index, pair in enumerate(zip(probabilities, partners, strict=True)):
        distinct.setdefault(pair, []).append(index)
    pairs = list(distinct)
    longest = _LONGEST_TERM if total <= _QUICK_TOTAL or ordering == "pearson" else _QUICK_TERM
    exact = exact and all(max(p.numerator, p.denominator) < longest for p, _ in pairs)
    prints: list[int | None] = [None] * len(pairs)
    if exact and ordering != "pearson":
        prints = [*logarithms_of_fractions([p for p, _ in pairs], total)]
    units, unit = _pearson_units([p for p, _ in pairs], total) if exact and ordering == "pearson" else (None, None)
    kinds = tuple(
        Kind(
            ordering,
            len(members),
            p * total,
            total,
            prints[index],
            None if units is None else units[index],
            None if q is None else q * total,
        )
        for index, ((p, q), members) in enumerate(distinct.items())
    )
    kind_of = [0] * len(probabilities)
    for index, members in enumerate(distinct.values()):
        for member in members:
            kind_of[member] = index
    log_normaliser = float(log_poisson(whole_array([total]), Fraction(total))[0]) if total else 0.0
    exact_ties = exact and (ordering != "pearson" or units is not None)
    return Problem(kinds, total, exact_ties, unit, log_normaliser), kind_of


def _pearson_units(
    probabilities: list[Fraction], total: int
) -> tuple[list[tuple[int, int, int]] | None, Fraction | None]:
    """Pearson's costs as integers: (x - n a/D)^2 / (n a/D) = (D x - n a)^2 (A/a) / (n D A), A = lcm of all a."""
    denominator = math.lcm(*(p.denominator for p in probabilities))
    numerators = [p.numerator * (denominator // p.denominator) for p in probabilities]
    common = math.lcm(*numerators)
    units = []
    for numerator in numerators:
        shared = math.gcd(denominator, total * numerator)
        units.append((denominator // shared, total * numerator // shared, common // numerator * shared * shared))
    reduced = math.gcd(*(factor for _, _, factor in units))
    if total == 0:
        return None, None
    units = [(scale, shift, factor // reduced) for scale, shift, factor in units]
    return units, Fraction(reduced, total * denominator * common)
