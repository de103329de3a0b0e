"""Numbers as people read them; JSON and CSV carry all digits."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction

_LONGEST_EXACT = 10**16
_WHOLE_EXPONENT, _LONG_EXPONENT = 6, 10  # digits before the point, less one
SMALLEST_POWER = -307.0  # log10 of what float64 still holds with all its digits


def whole(number: int) -> str:
    """An integer with thousands separated; beyond 10^15 by its leading digits.

    >>> whole(20000)
    '20,000'
    """
    if abs(number) >= 10**15:
        digits = str(number)
        return f"{digits[0]}.{digits[1:4]}e+{len(digits) - 1}" if number > 0 else digits
    return f"{number:,}"


def rounded(number: float, digits: int = 4) -> str:
    """A number to some significant digits, plainly where that is short.

    >>> rounded(0.39438793), rounded(1e-12), rounded(1.0)
    ('0.3944', '1e-12', '1')
    """
    if not math.isfinite(number):
        return "–" if math.isnan(number) else ("∞" if number > 0 else "−∞")
    if 0 < 1 - number < 10**-digits:
        return f"1 - {1 - number:.2g}"
    return f"{number:.{digits}g}"


def significant(number: float, digits: int = 4) -> str:
    """A number that is no probability: one near 1 is not written by what it lacks.

    >>> significant(0.99999999), rounded(0.99999999)
    ('1', '1 - 1e-08')
    """
    return f"{number:.{digits}g}" if math.isfinite(number) else rounded(number)


def exactly(number: Fraction) -> str | None:
    """All digits of a number, or its fraction where that is short; None where neither is.

    >>> exactly(Fraction(1234567)), exactly(Fraction(3, 2)), exactly(Fraction(1, 3)), exactly(Fraction(1, 2**31))
    ('1234567', '1.5', '1/3', '1/2147483648')
    """
    if (number * 10**6).denominator == 1 and number < _LONGEST_EXACT:
        return f"{Decimal(int(number * 10**6)) / 10**6:f}"
    return str(number) if max(number.numerator, number.denominator) < _LONGEST_EXACT else None


def rounded_down(number: float, digits: int = 4) -> str:
    """A lower limit to some significant digits, never above it: what is guaranteed stays so in print.

    >>> rounded_down(0.15548), rounded_up(0.15542)
    ('0.1554', '0.1555')
    """
    return _rounded_towards(number, digits, ROUND_FLOOR)


def rounded_up(number: float, digits: int = 4) -> str:
    """An upper limit to some significant digits, never below it."""
    return _rounded_towards(number, digits, ROUND_CEILING)


def _rounded_towards(number: float, digits: int, direction: str) -> str:
    if number in (0.0, 1.0) or not math.isfinite(number):
        return rounded(number)
    if 0 < 1 - number < 10**-digits:
        distance = (Decimal(1) - Decimal(number)).normalize()
        opposite = ROUND_CEILING if direction == ROUND_FLOOR else ROUND_FLOOR
        return f"1 - {_significant(distance, 2, opposite):g}"
    return f"{_significant(Decimal(number), digits, direction):.{digits}g}"


def _significant(value: Decimal, digits: int, direction: str) -> Decimal:
    return value.quantize(Decimal((0, (1,), value.adjusted() - digits + 1)), rounding=direction)


def full(number: float) -> str:
    """A float with as many digits as it takes to get it back.

    >>> full(-34.11620581889958)
    '-34.11620581889958'
    """
    if not math.isfinite(number):
        return rounded(number)
    return repr(float(number)).removesuffix(".0")


def power_of_ten(log10: float, decimals: int, direction: str = ROUND_HALF_EVEN) -> str:
    """A power of ten by its exponent: to some decimals, a large one as a whole number, a larger one to four digits.

    >>> power_of_ten(-571.459, 2), power_of_ten(-9976110.4, 2), power_of_ten(-301029995663980.9, 2)
    ('10^-571.46', '10^-9976110', '10^-(3.010e14)')
    """
    exact = Decimal(log10)
    size = exact.adjusted()
    if size < _LONG_EXPONENT:
        places = decimals if size < _WHOLE_EXPONENT else 0
        return f"10^{exact.quantize(Decimal((0, (1,), -places)), rounding=direction)}"
    shown = exact.quantize(Decimal((0, (1,), size - 3)), rounding=direction)
    size = shown.adjusted()
    sign = "-" if shown < 0 else ""
    return f"10^{sign}({abs(shown).scaleb(-size):.3f}e{size})"


def full_p_value(value: float, log10: float) -> str:
    """A p-value with all its digits; one that is too small for a float as a decimal number, which text can hold.

    >>> full_p_value(0.25, -0.602), full_p_value(0.0, -575.3160258689034)
    ('0.25', '4.830300293e-576')
    """
    if math.isnan(value):
        return ""
    if log10 > SMALLEST_POWER or math.isinf(log10):
        return repr(float(value))
    exponent = math.floor(log10)
    digits = max(13 - len(str(-exponent)), 1)  # log10 has 16 digits, of which the exponent takes some
    mantissa = f"{10 ** (log10 - exponent):.{digits}g}"
    return f"{mantissa}e{exponent}" if float(mantissa) < 10 else f"1e{exponent + 1}"


def percent(share: float) -> str:
    """A share in percent, without trailing zeros.

    >>> percent(0.95), percent(0.999)
    ('95 %', '99.9 %')
    """
    return f"{share * 100:.10g} %"
