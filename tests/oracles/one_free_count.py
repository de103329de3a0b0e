"""Tails of a distribution of one count, in mpmath: it shares nothing with the code but the statement of the problem."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import mpmath

_DIGITS = 60
_BITS = 220
_MOST_TERMS = 400_000


def log10_of_tail(factors: Sequence[tuple[int, int]], odds: Fraction, seen: int, ordering: str) -> mpmath.mpf:
    """log10 P(T >= t), where P(x) is proportional to odds^x / prod (offset + sign x)! over what is possible."""
    with mpmath.workdps(_DIGITS):
        return _Oracle(factors, odds).log10_of_tail(seen, ordering)


class _Oracle:
    def __init__(self, factors: Sequence[tuple[int, int]], odds: Fraction) -> None:
        self.factors, self.odds = factors, odds
        self.log_odds = mpmath.log(mpmath.mpf(odds.numerator) / odds.denominator)
        self.lowest = max(-offset for offset, sign in factors if sign > 0)
        self.highest = min(offset for offset, sign in factors if sign < 0)
        # Vandermonde, or the binomial theorem: the sum of all weights.
        if len(factors) == 2:
            n = self.highest
            self.log_sum = n * mpmath.log(1 + mpmath.exp(self.log_odds)) - mpmath.loggamma(n + 1)
            self.mean = Fraction(n) * odds / (1 + odds)
        else:
            row, column = (offset for offset, sign in factors if sign < 0)
            n = factors[-1][0] + row + column
            ways = [n, -row, row - n, -column, column - n]
            self.log_sum = sum((1 if way > 0 else -1) * mpmath.loggamma(abs(way) + 1) for way in ways)
            self.mean = Fraction(row * column, n)

    def log_weight(self, x: int) -> mpmath.mpf:
        return x * self.log_odds - sum(mpmath.loggamma(offset + sign * x + 1) for offset, sign in self.factors)

    def distance(self, x: int, ordering: str) -> mpmath.mpf:
        if ordering == "pearson":
            difference = x - self.mean
            return mpmath.mpf(difference.numerator**2) / difference.denominator**2
        if ordering == "probability":
            return -self.log_weight(x)
        values = (offset + sign * x for offset, sign in self.factors)
        return sum(y * mpmath.log(y) for y in values if y) - x * self.log_odds

    def log10_of_tail(self, seen: int, ordering: str) -> mpmath.mpf:
        own = self.distance(seen, ordering)
        nearer = own - abs(own) * mpmath.mpf(10) ** -45 - mpmath.mpf(10) ** -45  # equal ones differ by rounding
        below = self.mean > seen
        nearest = round(self.mean)
        parts = [self._side(seen, -1 if below else 1)]
        low, high = (nearest, self.highest + 1) if below else (self.lowest - 1, nearest)
        while high - low > 1:
            middle = (low + high) // 2
            far = self.distance(middle, ordering) >= nearer
            if far == below:
                high = middle
            else:
                low = middle
        if below and high <= self.highest:
            parts.append(self._side(high, 1))
        if not below and low >= self.lowest:
            parts.append(self._side(low, -1))
        largest = max(parts)
        total = sum(mpmath.exp(part - largest) for part in parts)
        return (largest + mpmath.log(total) - self.log_sum) / mpmath.log(10)

    def _side(self, x: int, direction: int) -> mpmath.mpf:
        """log of the sum of weights from x on in one direction."""
        values = [(offset + sign * x, sign * direction) for offset, sign in self.factors]
        odds = self.odds if direction > 0 else 1 / self.odds
        if len(self.factors) == 2:
            return self.log_weight(x) + mpmath.log(_by_continued_fraction(values, odds))
        return self.log_weight(x) + mpmath.log(_by_terms(values, odds))


def _by_continued_fraction(values: list[tuple[int, int]], odds: Fraction) -> mpmath.mpf:
    """2F1(1, -m; b + 1; -odds): Gauss's continued fraction, by Lentz's method; m outcomes are left, b are there."""
    left = next(value for value, sign in values if sign < 0)
    there = next(value for value, sign in values if sign > 0)
    z = -mpmath.mpf(odds.numerator) / odds.denominator
    tiny, b, c = mpmath.mpf(10) ** -1000, mpmath.mpf(-left), there + 1
    # 2F1(1, b; c; z) = 1 / (1 - k_1 z / (1 - k_2 z / (1 - ...))).
    found, numerator, denominator = mpmath.mpf(1), mpmath.mpf(1), mpmath.mpf(0)
    for index in range(1, _MOST_TERMS):
        half, odd = divmod(index, 2)
        if odd:
            k = (half + b) * (c - 1 + half) / ((c + 2 * half - 1) * (c + 2 * half))
            k = k if half else b / c
        else:
            k = half * (c - b + half - 1) / ((c + 2 * half - 2) * mpmath.mpf(c + 2 * half - 1))
        step = -k * z
        denominator = 1 / ((1 + step * denominator) or tiny)
        numerator = (1 + step / numerator) or tiny
        factor = numerator * denominator
        found *= factor
        if abs(factor - 1) < mpmath.mpf(10) ** -30:
            return 1 / found
    raise ArithmeticError("the continued fraction did not end")


def _by_terms(values: list[tuple[int, int]], odds: Fraction) -> mpmath.mpf:
    """The sum of ratios term by term in integers, or by quadrature where that is too long."""
    one = 1 << _BITS
    term, total, steps = one, one, 0
    while term > 1 and steps < _MOST_TERMS:
        steps += 1
        above, below = odds.numerator, odds.denominator
        for value, sign in values:
            if sign > 0:
                below *= value + steps
            else:
                above *= value - steps + 1
        term = term * above // below
        total += term
    if term <= 1 or term < total >> 110:
        return mpmath.mpf(total) / one
    return _by_quadrature(values, odds)


def _by_quadrature(values: list[tuple[int, int]], odds: Fraction) -> mpmath.mpf:
    log_odds = mpmath.log(mpmath.mpf(odds.numerator) / odds.denominator)
    start = sum(mpmath.loggamma(value + 1) for value, _ in values)

    def ratio(d: mpmath.mpf) -> mpmath.mpf:
        return mpmath.exp(d * log_odds + start - sum(mpmath.loggamma(value + sign * d + 1) for value, sign in values))

    end = mpmath.mpf(1)
    while ratio(end) > mpmath.mpf(10) ** -25:
        end *= mpmath.mpf("1.5")
    integral = mpmath.quad(ratio, [end * k / 16 for k in range(17)], method="gauss-legendre", maxdegree=5)
    first = log_odds - sum(sign * mpmath.digamma(value + 1) for value, sign in values)
    return integral + mpmath.mpf("0.5") - first / 12
