"""Decide in integer arithmetic whether a combination of columns is exactly zero; find simple fractions to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from mottomo.classification.recoding import split
from mottomo.numerics.sums import accurate_combination

_WORD = 64
_LONGEST_MULTIPLE = 900  # bits; longer integers may exceed the range of a float
_NONE = 1 << 20  # stands for the exponent of 0
_ACCURACY = 2.0**-98  # error of ``accurate_combination`` per term, relative to the sum of the sizes of the terms
_SMALLEST = 2.0**-1074  # additional error per term where a product is subnormal


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator in [low, high], by continued fractions.

    >>> simplest_between(Fraction("0.333"), Fraction("0.334"))
    Fraction(1, 3)
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole = math.floor(low)
    if whole == low:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


def vanishes(terms: Sequence[tuple[Fraction, np.ndarray]], constant: Fraction) -> bool:
    """True if constant + sum_j share_j x_j = 0 in every row is proved, for columns x_j (n,) of floats.

    All terms of a row are integer multiples of one small unit. Their sum is computed modulo 2^64 units, without
    rounding. A floating-point estimate with a bound of its error shows that the sum is below 2^63 units; if it is also
    0 modulo 2^64, it is 0.
    """
    rows = len(terms[0][1])
    size = sum((abs(float(share)) * np.abs(x) for share, x in terms), np.full(rows, abs(float(constant))))
    floats = [(*split(share), x) for share, x in terms]
    estimate = np.abs(accurate_combination([(*split(constant), np.ones(rows)), *floats])[0])
    error = len(terms) * (_ACCURACY * size + _SMALLEST)
    if (estimate > error).any():
        return False
    multiple = math.lcm(*(share.denominator for share, _ in terms))
    constant *= multiple
    if constant.denominator & (constant.denominator - 1) or multiple.bit_length() > _LONGEST_MULTIPLE:
        return False  # the denominator has an odd factor, so floats cannot cancel the constant
    pieces = [np.frexp(x) for _, x in terms]
    least = np.full(rows, 1 - constant.denominator.bit_length() if constant else _NONE)
    for fraction, exponent in pieces:
        least = np.where(fraction != 0, np.minimum(least, exponent - 53), least)
    unit = np.where(least == _NONE, 0, least)  # of each row, as a power of two
    with np.errstate(over="ignore"):
        most = np.ldexp(float(multiple) * (estimate + error), -unit)
    if not (most < 2.0 ** (_WORD - 1)).all():
        return False
    total = _in_units(
        np.full(rows, constant.numerator % (1 << _WORD), dtype=np.uint64), 1 - constant.denominator.bit_length() - unit
    )
    for (share, _), (fraction, exponent) in zip(terms, pieces, strict=True):
        mantissa = (fraction * 2.0**53).astype(np.int64).astype(np.uint64)
        value = _in_units(mantissa, np.where(fraction != 0, exponent - 53 - unit, 0))
        total += value * np.uint64(int(share * multiple) % (1 << _WORD))
    return not total.any()


def _in_units(numbers: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """`numbers` (uint64) times 2^shift, modulo 2^64."""
    shifted = numbers << np.minimum(shift, _WORD - 1).astype(np.uint64)
    return np.where(shift < _WORD, shifted, np.uint64(0))
