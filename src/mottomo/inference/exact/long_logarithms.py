"""Logarithms of integers, fractions and factorials to 110 decimals, because differences of floats would cancel.

log n! for n = 10^15 is 3.4e16, and neighbouring floats there are 4 apart. With 110 decimals log-probabilities can be
compared, and their difference has digits enough for a float.
"""

from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache

_DECIMALS = 110
_EXACT_BELOW = 1000  # below, factorials are computed as integers; from here on Stirling's series has 140 decimals
_TERMS = 30
_HALF_LOG_TWO_PI = Decimal(
    "0.9189385332046727417803297364056176398613974736377834128171515404827656959272603976947432986359541976"
    "2200564662463433744636686288184079357216"
)


@cache
def _context(precision: int) -> Context:
    return Context(prec=precision, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX)


def context_for(largest: int) -> Context:
    """A decimal context that keeps 110 decimals of the logarithms of factorials up to `largest`."""
    return _context(_DECIMALS + len(str(largest)) + 4)


def log_of(value: int | Fraction, context: Context) -> Decimal:
    """log of a positive integer or fraction."""
    exact = Fraction(value)
    if exact.denominator == 1:
        return context.ln(Decimal(exact.numerator))
    return context.subtract(context.ln(Decimal(exact.numerator)), context.ln(Decimal(exact.denominator)))


def log_factorial(n: int, context: Context) -> Decimal:
    """log n! of a whole n >= 0."""
    return _log_factorial(n, context.prec)


@lru_cache(maxsize=4096)
def _log_factorial(n: int, precision: int) -> Decimal:
    context = _context(precision)
    if n < _EXACT_BELOW:
        return context.ln(Decimal(math.factorial(n)))
    whole = Decimal(n)
    inverse = context.divide(1, whole)
    square = context.multiply(inverse, inverse)
    series = Decimal(0)
    for term in reversed(_stirling_terms(precision)):
        series = context.fma(series, square, term)
    main = context.subtract(context.multiply(context.add(whole, Decimal("0.5")), context.ln(whole)), whole)
    return context.add(context.add(main, _HALF_LOG_TWO_PI), context.multiply(series, inverse))


@cache
def _stirling_terms(precision: int) -> tuple[Decimal, ...]:
    """B_2k / (2k (2k - 1)): the coefficients of 1/n, 1/n^3, ... in log n!."""
    context = _context(precision)
    terms = (bernoulli / (2 * k * (2 * k - 1)) for k, bernoulli in enumerate(_bernoulli_numbers(), 1))
    return tuple(context.divide(Decimal(term.numerator), Decimal(term.denominator)) for term in terms)


@cache
def _bernoulli_numbers() -> tuple[Fraction, ...]:
    """B_2, B_4, ...: sum_j C(m + 1, j) B_j = 0."""
    found = [Fraction(1)]
    for m in range(1, 2 * _TERMS + 1):
        found.append(-sum((math.comb(m + 1, j) * found[j] for j in range(m)), Fraction(0)) / (m + 1))
    return tuple(found[2::2])
