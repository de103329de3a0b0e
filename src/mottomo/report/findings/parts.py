"""What several sentences are made of: numbers of observations, categories, groups, and short lists of names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Any

from mottomo.messages import Message, say, say_count
from mottomo.report.numbers import SMALLEST_POWER, power_of_ten, rounded, rounded_down, rounded_up, whole

Values = Mapping[str, Any]

_WIDE = math.log10(1.01)


def observations(values: Values) -> Message:
    return say_count("{number} observation", "{number} observations", values["n"], number=whole(values["n"]))


def categories(values: Values) -> Message:
    count = values["n_categories"]
    return say_count("{number} category", "{number} categories", count, number=whole(count))


def groups(values: Values) -> Message:
    return say_count("{number} group", "{number} groups", values["n_groups"], number=whole(values["n_groups"]))


def some(names: list[str], total: int) -> list[str | Message]:
    shown: list[str | Message] = list(names)
    if total > len(names):
        shown.append(say("and {number} more", number=whole(total - len(names))))
    return shown


def p_text(value: float, log10: float) -> str:
    """A p-value to three digits; one too small for a float by its power of ten.

    >>> p_text(0.6524546870304362, -0.185), p_text(0.0, -333.5077)
    ('0.652', '10^-333.51')
    """
    if SMALLEST_POWER > log10 > -math.inf:
        return power_of_ten(log10, 2)
    return rounded(value, 3)


def p_limits(values: Values, digits: int) -> tuple[str, str]:
    """Both ends of what is certain about a p-value, rounded outward."""
    if values["log10_lower"] < SMALLEST_POWER:
        decimals = digits // 2 + 1
        return (
            power_of_ten(values["log10_lower"], decimals, ROUND_FLOOR),
            power_of_ten(values["log10_upper"], decimals, ROUND_CEILING),
        )
    return rounded_down(values["lower"], digits), rounded_up(values["upper"], digits)


def is_wide(values: Values) -> bool:
    """Whether a proven bracket is told instead of a number: its ends differ by more than a percent."""
    return bool(values["is_bracket"]) and values["log10_upper"] - values["log10_lower"] > _WIDE


def p_formula(values: Values) -> tuple[str, str]:
    r"""A p-value as a relation, in LaTeX and as text: equal to a number only where it is known to be.

    >>> known = {"p": 0.0, "log10_p": -571.459, "log10_lower": -575.4, "log10_upper": -571.459, "is_bracket": True}
    >>> print(*p_formula({**known, "algorithm": "chernoff-bound"}))
    p \le 10^{-571.45} p ≤ 10^-571.45
    """
    text = p_text(values["p"], values["log10_p"])
    if values["algorithm"] == "chernoff-bound":
        text = p_limits(values, 3)[1]
        return rf"p \le {in_latex(text)}", f"p ≤ {text}"
    if is_wide(values):
        lower, upper = p_limits(values, 2)
        return rf"{in_latex(lower)} \le p \le {in_latex(upper)}", f"{lower} ≤ p ≤ {upper}"
    return f"p = {in_latex(text)}", f"p = {text}"


def in_latex(p: str) -> str:
    r"""A p-value's text in LaTeX: 10^-333.5 and 1e-12 as powers.

    >>> print(in_latex("10^-333.51"), in_latex("1.9e-56"), in_latex("0.652"), in_latex("10^-(3.010e14)"))
    10^{-333.51} 1.9 \times 10^{-56} 0.652 10^{-3.010 \times 10^{14}}
    """
    if p.startswith("10^"):
        return f"10^{{{in_latex(p[3:].replace('(', '').replace(')', ''))}}}"  # whose exponent may have one itself
    mantissa, _, exponent = p.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else p


def chi_square_texts(result: Any) -> dict[str, str]:
    """The p-values that chi-square would give, by the statistic."""
    logarithms = result.log10_asymptotic_p_value
    return {name: p_text(value, logarithms[name]) for name, value in result.asymptotic_p_value.items()}


def percent_about(share: float) -> str | Message:
    """A share in whole percent, with a digit more near 0 and 1.

    >>> percent_about(0.2361), percent_about(0.9996).template
    ('24 %', 'over 99.9 %')
    """
    if share > 0.999:
        return say("over 99.9 %")
    return f"{share * 100:.0f} %" if 0.01 <= share <= 0.99 else f"{share * 100:.1f} %"
