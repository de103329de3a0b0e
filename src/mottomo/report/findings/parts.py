"""What several sentences are made of: numbers of observations, categories, groups, and short lists of names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mottomo.messages import Message, say, say_count
from mottomo.report.numbers import rounded, whole

Values = Mapping[str, Any]


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
    if value == 0 and log10 > float("-inf"):
        return f"10^{log10:.2f}"
    return rounded(value, 3)


def in_latex(p: str) -> str:
    r"""A p-value's text in LaTeX: 10^-333.5 and 1e-12 as powers.

    >>> print(in_latex("10^-333.51"), in_latex("1.9e-56"), in_latex("0.652"))
    10^{-333.51} 1.9 \times 10^{-56} 0.652
    """
    if p.startswith("10^"):
        return f"10^{{{p[3:]}}}"
    mantissa, _, exponent = p.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else p


def percent_about(share: float) -> str | Message:
    """A share in whole percent, with a digit more near 0 and 1.

    >>> percent_about(0.2361), percent_about(0.9996).template
    ('24 %', 'over 99.9 %')
    """
    if share > 0.999:
        return say("over 99.9 %")
    return f"{share * 100:.0f} %" if 0.01 <= share <= 0.99 else f"{share * 100:.1f} %"
