"""Numbers as people read them; JSON and CSV carry all digits."""

from __future__ import annotations

import math


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


def full(number: float) -> str:
    """A float with as many digits as it takes to get it back.

    >>> full(-34.11620581889958)
    '-34.11620581889958'
    """
    if not math.isfinite(number):
        return rounded(number)
    return repr(float(number)).removesuffix(".0")


def percent(share: float) -> str:
    """A share in percent, without trailing zeros.

    >>> percent(0.95), percent(0.999)
    ('95 %', '99.9 %')
    """
    return f"{share * 100:.10g} %"
