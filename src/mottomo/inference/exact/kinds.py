"""The cost and the weight of x outcomes in a category, from which every exact computation starts.

A multinomial is K independent Poissons given their total, so P(x) is a product over categories divided by
Poisson(n; n), and a test statistic is a sum of costs (``statistics.py``). All costs are convex in x; the least one is
subtracted, so they are at least 0.

Categories with the same probability are of one *kind*: their counts can be exchanged, so they are enumerated as
multisets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from mottomo.inference.exact.fingerprints import logarithms_of_fractions
from mottomo.inference.statistics import Statistic
from mottomo.numerics.poisson import log_poisson

# If a numerator or denominator is larger, ties are decided within a band instead of exactly.
_LONGEST_TERM = 2**64
_QUICK_TERM, _QUICK_TOTAL = 10**12, 2_000_000  # factoring larger terms for more outcomes would take seconds
# The fingerprint of Pearson's integer costs is their remainder by this prime; a sum of 2^14 of them fits 64 bits.
PEARSON_PRIME = 2**50 - 27


def whole_array(values: Sequence[int]) -> np.ndarray:
    """Whole numbers >= 0 as int64, or as Python integers if one is 2^62 or more."""
    return np.array(values, dtype=np.int64 if max(values, default=0) < 2**62 else object)


@dataclass(frozen=True, eq=False)
class Kind:
    """Categories with the same null probability p and, if there is an alternative, the same probability under it.

    Attributes
    ----------
    statistic : the test statistic.
    multiplicity : how many categories there are.
    rate : n p, the expected count.
    total : n.
    log_print : the fingerprint of log p; None if it does not decide ties.
    units : integers (scale, shift, factor) so that Pearson's cost is factor (scale x - shift)^2 units, or None.
    alternative_rate : the expected count under the alternative, or None.
    """

    statistic: Statistic
    multiplicity: int
    rate: Fraction
    total: int
    log_print: int | None = None
    units: tuple[int, int, int] | None = None
    alternative_rate: Fraction | None = None

    def costs(self, x: np.ndarray) -> np.ndarray:
        """What x outcomes (L,) add to the test statistic, (L,) float64, at least 0."""
        found = self.statistic.costs(x, self.rate)
        return found if self.statistic.is_least_at_expected else np.maximum(found - self._least, 0.0)

    @property
    def largest(self) -> int:
        """The most outcomes a category can have."""
        return self.total

    @cached_property
    def _least(self) -> float:
        mode = min(math.floor(self.rate), self.total)
        return float(np.min(self.statistic.costs(np.array([mode, max(mode - 1, 0)]), self.rate)))

    def log_weights(self, x: np.ndarray) -> np.ndarray:
        """log Poisson(x; n p) for each hypothesis: (1, L), or (2, L) with an alternative."""
        rates = (self.rate,) if self.alternative_rate is None else (self.rate, self.alternative_rate)
        return np.array(
            [log_poisson(x, rate) if rate > 0 else np.where(x == 0, 0.0, -np.inf) for rate in rates]
        ).reshape(len(rates), -1)

    def magnitude(self, x: np.ndarray) -> float:
        """The size of the numbers that are subtracted to give a cost; its rounding error is a few eps of this."""
        largest = float(self.costs(x).max(initial=0.0))
        return largest if self.statistic.is_least_at_expected else largest + abs(self._least)

    def unit_costs(self, x: np.ndarray) -> list[int]:
        """Pearson's costs as exact integers."""
        assert self.units is not None
        scale, shift, factor = self.units
        return [factor * (scale * value - shift) ** 2 for value in x.tolist()]

    def fingerprints(self, first: int, last: int) -> np.ndarray:
        """The fingerprints of the costs of x = first .. last, uint64, up to a constant; zeros if ties are not exact."""
        x = np.arange(first, last + 1, dtype=np.int64)
        if self.units is not None:
            return np.array([cost % PEARSON_PRIME for cost in self.unit_costs(x)], dtype=np.uint64)
        prints = None if self.log_print is None else self.statistic.prints(first, last)
        if prints is None or self.log_print is None:
            return np.zeros(x.size, dtype=np.uint64)
        return prints - x.astype(np.uint64) * np.uint64(self.log_print)


@dataclass(frozen=True, eq=False)
class Problem:
    """A test statistic and a multinomial.

    Attributes
    ----------
    kinds : the kinds of categories.
    total : n.
    exact_ties : whether fingerprints decide ties; if not, values within a band count as tied (``TIE_BAND``).
    unit : the value of one unit of Pearson's integer costs; None if there are no integer costs.
    log_normaliser : log of the probability that the independent x have the total n.
    """

    kinds: tuple[Kind, ...]
    total: int
    exact_ties: bool
    unit: Fraction | None
    log_normaliser: float

    def same(self, fingerprints: np.ndarray, fingerprint: int) -> np.ndarray:
        """Which of the fingerprints belong to the same value of the statistic as `fingerprint`, bool.

        All are sums over all categories.
        """
        if self.statistic.has_integer_costs:
            return np.asarray(fingerprints % np.uint64(PEARSON_PRIME) == np.uint64(fingerprint % PEARSON_PRIME))
        return np.asarray(fingerprints == np.uint64(fingerprint % 2**64))

    @property
    def statistic(self) -> Statistic:
        """The test statistic, the same for all kinds."""
        return self.kinds[0].statistic

    @property
    def n_categories(self) -> int:
        """How many categories have a positive probability, over all kinds."""
        return sum(kind.multiplicity for kind in self.kinds)


def multinomial_problem(
    probabilities: Sequence[Fraction],
    total: int,
    statistic: Statistic,
    *,
    exact: bool = True,
    alternative: Sequence[Fraction] | None = None,
) -> tuple[Problem, list[int]]:
    """The problem for a null with positive probabilities, and for each category the index of its kind.

    exact : whether the probabilities were given exactly, so that ties are to be decided exactly.
    alternative : probabilities for computing a power, or None.
    """
    partners: Sequence[Fraction | None] = [None] * len(probabilities) if alternative is None else alternative
    distinct: dict[tuple[Fraction, Fraction | None], list[int]] = {}
    for index, pair in enumerate(zip(probabilities, partners, strict=True)):
        distinct.setdefault(pair, []).append(index)
    pairs = list(distinct)
    has_prints = statistic.prints(0, 0) is not None
    longest = _QUICK_TERM if has_prints and total > _QUICK_TOTAL else _LONGEST_TERM
    exact = exact and all(max(p.numerator, p.denominator) < longest for p, _ in pairs)
    prints: list[int | None] = [None] * len(pairs)
    if exact and has_prints:
        prints = [*logarithms_of_fractions([p for p, _ in pairs], total)]
    units, unit = None, None
    if exact and statistic.has_integer_costs:
        units, unit = _pearson_units([p for p, _ in pairs], total)
    kinds = tuple(
        Kind(
            statistic,
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
    exact_ties = exact and (has_prints or units is not None)
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
