r"""The tail for tests in which one count determines all others: two categories, or a table of 2 x 2.

Given n, or given the margins, the probability of x is

    w(x) = C odds^x / prod_j y_j(x)!,   y_j(x) = offset_j + sign_j x

    two categories     y = (x, n - x)                                        odds = p / (1 - p)
    2 x 2              y = (x, r_1 - x, c_1 - x, n - r_1 - c_1 + x)          odds = 1

Every test statistic is convex in x, so the outcomes at least as far as the observed one are x <= a and x >= b. One of a
and b is observed; the other is found by bisection, in which every comparison and every tie is exact. Each of the two
tails is w(a) or w(b), with 110 decimals, times a sum of ratios of at most 1, in which nothing cancels:

    log w(b + d) / w(b) = rho d - sum_j [ y_j h(s_j d / y_j) + c(y_j + s_j d) - c(y_j) ]

with rho = log(odds prod_- y_j / prod_+ y_j), h(u) = (1 + u) log(1 + u) - u and c(y) = log y! - (y log y - y). Long sums
are computed as integrals (Euler and Maclaurin), so no n is too large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from mottomo.inference.exact.fingerprints import product_of_powers_is_one
from mottomo.inference.exact.long_logarithms import context_for, log_factorial, log_of
from mottomo.inference.exact.tail import Tail
from mottomo.inference.statistics import TIE_BAND, Statistic
from mottomo.numerics.series import relative_entropy_term, stirling_error

_LONGEST_PRODUCT = 10_000
_NEGLIGIBLE = 42.0  # a sum leaves out terms below exp(-42) = 6e-19 of the largest
_LONGEST_SUM = 50_000  # terms; for a longer, smoother sum three terms of Euler and Maclaurin give all digits
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_PANELS = 32
_SUM_ERROR = 1e-13  # relative error of a sum of ratios; in 1,500 comparisons with mpmath it was below 4e-15
_EPS = 2.0**-52


@dataclass(frozen=True, eq=False)
class OutcomeLine:
    """A distribution of one count x.

    Attributes
    ----------
    factors : (offset, sign) of each y_j.
    odds : of the weight w(x).
    mean : of x.
    mode : of x.
    log_constant : log C.
    context : in which decimals are computed.
    """

    factors: tuple[tuple[int, int], ...]
    odds: Fraction
    mean: Fraction
    mode: int
    log_constant: Decimal
    context: Context

    @classmethod
    def binomial(cls, n: int, p: Fraction) -> OutcomeLine:
        """The number of successes in n trials with probability p, 0 < p < 1."""
        context = context_for(n)
        constant = context.fma(n, log_of(1 - p, context), log_factorial(n, context))
        mode = min(math.floor((n + 1) * p), n)
        return cls(((0, 1), (n, -1)), p / (1 - p), n * p, mode, constant, context)

    @classmethod
    def hypergeometric(cls, row: int, column: int, n: int) -> OutcomeLine:
        """The first cell of a 2 x 2 table with the total n, given the totals of its row and its column."""
        context = context_for(n)
        constant = log_factorial(n, context).copy_negate()
        for margin in (row, n - row, column, n - column):
            constant = context.add(constant, log_factorial(margin, context))
        factors = ((0, 1), (row, -1), (column, -1), (n - row - column, 1))
        mode = (row + 1) * (column + 1) // (n + 2)
        return cls(factors, Fraction(1), Fraction(row * column, n), mode, constant, context)

    @cached_property
    def lowest(self) -> int:
        """The least x for which no y_j(x) is negative."""
        return max(-offset for offset, sign in self.factors if sign > 0)

    @cached_property
    def highest(self) -> int:
        """The largest x for which no y_j(x) is negative."""
        return min(offset for offset, sign in self.factors if sign < 0)

    @cached_property
    def _log_odds(self) -> Decimal:
        return Decimal(0) if self.odds == 1 else log_of(self.odds, self.context)

    def values(self, x: int) -> list[int]:
        """All y_j(x): the counts that x determines."""
        return [offset + sign * x for offset, sign in self.factors]

    def log_weight(self, x: int) -> Decimal:
        """log w(x), the log-probability of x."""
        return self.context.subtract(self.log_constant, self.summed(x, log_factorial))

    def log_tail(self, x: int, sign: int) -> float:
        """log P(X >= x) for sign 1, log P(X <= x) for sign -1."""
        return float(self.context.add(self.log_weight(x), Decimal(math.log(self._ratios(x, sign)))))

    @cached_property
    def expected(self) -> tuple[Fraction, ...]:
        """The expected counts: all y_j at the mean of x."""
        return tuple(offset + sign * self.mean for offset, sign in self.factors)

    def summed(self, x: int, part: Callable[[int, Context], Decimal]) -> Decimal:
        """sum_j part(y_j) - x log odds."""
        total = self.context.multiply(-x, self._log_odds)
        for value in self.values(x):
            total = self.context.add(total, part(value, self.context))
        return total

    def has_equal_weights(self, x: int, other: int) -> bool:
        """Whether w(x) = w(other) as rationals; to be asked only if their logarithms agree to 80 decimals.

        If x and `other` are more than 10,000 apart the products are too long, and True is returned.
        """
        steps = abs(x - other)
        return steps > _LONGEST_PRODUCT or self._ratio(min(x, other), steps) == 1

    def has_equal_powers(self, x: int, other: int) -> bool:
        """Whether prod_j y_j^y_j / odds^x is the same at x and at `other`, as rationals."""
        powers = [(self.odds.numerator, other - x), (self.odds.denominator, x - other)]
        powers += [(value, value) for value in self.values(x) if value]
        powers += [(value, -value) for value in self.values(other) if value]
        return product_of_powers_is_one(powers)

    def _ratio(self, x: int, steps: int) -> Fraction:
        """w(x + steps) / w(x)."""
        above, below = self.odds.numerator**steps, self.odds.denominator**steps
        for value, (_, sign) in zip(self.values(x), self.factors, strict=True):
            if sign > 0:
                below *= math.prod(range(value + 1, value + steps + 1))
            else:
                above *= math.prod(range(value - steps + 1, value + 1))
        return Fraction(above, below)

    def _ratios(self, x: int, direction: int) -> float:
        """sum_{d >= 0} w(x + direction d) / w(x)."""
        values = [(value, sign * direction) for value, (_, sign) in zip(self.values(x), self.factors, strict=True)]
        odds = self.odds if direction > 0 else 1 / self.odds
        room = min(value for value, sign in values if sign < 0)
        if room == 0:
            return 1.0
        ratios = _Ratios.of(values, odds)
        marks = np.unique(np.append(np.geomspace(1.0, float(room), 400), float(room)))
        far = np.flatnonzero(ratios.logarithms(marks) <= -_NEGLIGIBLE)
        end = float(marks[far[0]]) if far.size else float(room)
        if end <= _LONGEST_SUM:
            return float(np.exp(ratios.logarithms(np.arange(min(math.ceil(end), room) + 1.0))).sum())
        return ratios.long_sum(end)


@dataclass(frozen=True, eq=False)
class _Ratios:
    """w(x + d) / w(x) as a function of d >= 0, also between whole numbers.

    values : y_j at d = 0, and by how much it changes with d, 1 or -1.
    slope : rho.
    """

    values: tuple[tuple[int, int], ...]
    slope: float

    @classmethod
    def of(cls, values: list[tuple[int, int]], odds: Fraction) -> _Ratios:
        """With rho computed from integers, so that it is accurate also near 0."""
        above = odds.numerator * math.prod(value for value, sign in values if sign < 0)
        below = odds.denominator * math.prod(value for value, sign in values if sign > 0)
        near = below < 2 * above < 4 * below
        return cls(tuple(values), math.log1p((above - below) / below) if near else _log_quotient(above, below))

    def logarithms(self, steps: np.ndarray) -> np.ndarray:
        """log w(x + d) / w(x) for each d in `steps`, float64."""
        total = self.slope * steps
        for value, sign in self.values:
            size = float(value)
            total -= size * relative_entropy_term(np.maximum(sign * steps / size, -1.0))
            total -= _factorial_remainder(size + sign * steps) - _factorial_remainder(np.array(size))
        return total

    def long_sum(self, end: float) -> float:
        """sum_d r(d) = int r + 1/2 - r'(0) / 12 + r'''(0) / 720 - ..., up to where r is negligible."""
        width = end / _PANELS
        steps = (width / 2 * (_NODES + 1) + width * np.arange(_PANELS)[:, None]).ravel()
        integral = float((np.exp(self.logarithms(steps)).reshape(_PANELS, -1) @ _WEIGHTS).sum()) * width / 2
        first = self.slope - math.fsum(sign / (2 * value) for value, sign in self.values)
        second = -math.fsum(1 / value for value, _ in self.values)
        return integral + 0.5 - first / 12 + (first**3 + 3 * first * second) / 720


def _factorial_remainder(y: np.ndarray) -> np.ndarray:
    """log y! - (y log y - y)."""
    positive = np.maximum(y, 1.0)
    return np.where(y > 0, 0.5 * np.log(2 * np.pi * positive) + stirling_error(positive), 0.0)


def _log_quotient(above: int, below: int) -> float:
    return math.log(above) - math.log(below)


class _Comparison:
    """Compares outcomes with the one that was seen, by their distance from the null.

    nearest : the outcome with the least test statistic.
    band : if > 0, distances that differ by at most this count as equal.
    """

    def __init__(self, line: OutcomeLine, seen: int, statistic: Statistic, band: float) -> None:
        self.line, self.seen, self.statistic = line, seen, statistic
        self.band = Fraction(band) * statistic.unit(line)
        self.nearest = self._beside_the_mean() if statistic.is_least_at_expected else line.mode

    def _beside_the_mean(self) -> int:
        """The outcome with the least statistic: it is convex and 0 at the mean, so it is one of the two beside that."""
        below = math.floor(self.line.mean)
        if below >= self.line.highest:
            return below
        return below if self._excess(below, self.statistic.distance(below + 1, self.line)) <= 0 else below + 1

    @cached_property
    def _seen_distance(self) -> Fraction | Decimal:
        return self.statistic.distance(self.seen, self.line)

    def _excess(self, x: int, other: Fraction | Decimal) -> Fraction | Decimal:
        """The distance of x minus `other`, a distance."""
        own = self.statistic.distance(x, self.line)
        if isinstance(own, Decimal) and isinstance(other, Decimal):
            return self.line.context.subtract(own, other)
        return Fraction(own) - Fraction(other)

    def sign(self, x: int) -> int:
        """-1 if x is nearer to the null than the outcome that was seen, 0 if it is as far, 1 if it is farther."""
        excess = self._excess(x, self._seen_distance)
        if self.statistic.are_tied(x, self.seen, excess, self.line):
            return 0
        if self.band and abs(Fraction(excess)) <= self.band:
            return 0
        return 1 if excess > 0 else -1

    def partner(self, direction: int) -> int | None:
        """The first outcome from `nearest` in a direction that is at least as far as the one seen, or None."""
        line, start = self.line, self.nearest
        room = line.highest - start if direction > 0 else start - line.lowest
        guess = math.ceil((2 * line.mean - self.seen - start) * direction)
        steps = _first(lambda k: self.sign(start + direction * k) >= 0, guess, room)
        return None if steps is None else start + direction * steps


def _first(holds: Callable[[int], bool], guess: int, most: int) -> int | None:
    """The least k in 1 .. most for which the condition holds; None if there is none.

    If it holds for k it has to hold for k + 1. The search starts at `guess`.
    """
    if most < 1:
        return None
    k, step = min(max(guess, 1), most), 1
    if holds(k):
        low, high = 0, k
        while high - low > 1 and holds(k := max(high - step, low + 1)):
            high, step = k, 2 * step
        low = k if k < high else low
    else:
        low, high = k, most + 1
        while high - low > 1 and not holds(k := min(low + step, high - 1)):
            low, step = k, 2 * step
        high = k if k > low else high
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return None if high > most else high


def tail_of_line(line: OutcomeLine, seen: int, statistic: Statistic, band: float = 0.0) -> Tail:
    """P(T >= t), ties included, for the statistic t of `seen`; statistics that differ by at most `band` are ties."""
    comparison = _Comparison(line, seen, statistic, band)
    ties = [seen]
    if comparison.sign(comparison.nearest) >= 0:
        ends = range(max(seen - 1, line.lowest), min(seen + 1, line.highest) + 1)
        ties = [x for x in ends if comparison.sign(x) == 0]
        log_p, error = 0.0, 0.0
    else:
        direction = 1 if seen < comparison.nearest else -1
        other = comparison.partner(direction)
        logs = [line.log_tail(seen, -direction)]
        if other is not None:
            logs.append(line.log_tail(other, direction))
            ties += [other] if comparison.sign(other) == 0 else []
        log_p = min(float(np.logaddexp.reduce(logs)), 0.0)
        error = _SUM_ERROR + 2 * _EPS * abs(log_p)
    tied = math.fsum(math.exp(max(float(line.log_weight(x)), -745.2)) for x in ties)
    return Tail(log_p, log_p - error, min(log_p + error, 0.0), tied, "tails-in-logarithms")


def two_category_tail(
    counts: Sequence[int], null: Sequence[Fraction], statistic: Statistic, *, is_exact: bool, threshold: float
) -> Tail:
    """The tail of two counts under positive probabilities.

    is_exact : whether the probabilities were given exactly, so that ties are decided exactly.
    threshold : the test statistic of the counts; if ties are not exact, they are decided within a band of it.
    """
    line = OutcomeLine.binomial(sum(counts), null[0])
    return tail_of_line(line, counts[0], statistic, 0.0 if is_exact else TIE_BAND * max(threshold, 1.0))


def two_by_two_tail(table: Sequence[Sequence[int]], statistic: Statistic) -> Tail:
    """The tail of a 2 x 2 table given its margins, none of which is 0."""
    (first, second), (third, fourth) = table
    line = OutcomeLine.hypergeometric(first + second, first + third, first + second + third + fourth)
    return tail_of_line(line, first, statistic)
