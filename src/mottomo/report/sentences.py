"""What several sentences are made of: numbers of observations, categories, groups, and short lists of names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import TYPE_CHECKING

from mottomo.messages import Message, say, say_count
from mottomo.report.numbers import SMALLEST_POWER, power_of_ten, rounded, rounded_down, rounded_up, whole

if TYPE_CHECKING:
    from mottomo.inference.p_values import PValue
    from mottomo.inference.tested import Tested

_MOST_NAMES = 10
_WIDE = math.log10(1.01)


def observations(n: int) -> Message:
    """How many observations, in words."""
    return say_count("{number} observation", "{number} observations", n, number=whole(n))


def categories(n: int) -> Message:
    """How many categories, in words."""
    return say_count("{number} category", "{number} categories", n, number=whole(n))


def groups(n: int) -> Message:
    """How many groups, in words."""
    return say_count("{number} group", "{number} groups", n, number=whole(n))


def quoted(names: Sequence[str], most: int = _MOST_NAMES) -> Message:
    """The first of some names, each in quotes, and how many more there are."""
    *before, last = some(names, most)
    found = last if isinstance(last, Message) else say("“{name}”", name=last)
    for name in reversed(before):
        found = say("“{name}”, {others}", name=name, others=found)
    return found


def some(names: Sequence[str | Message], most: int = _MOST_NAMES) -> list[str | Message]:
    """The first of some names, and how many more there are."""
    shown: list[str | Message] = list(names[:most])
    if len(names) > most:
        shown.append(say("and {number} more", number=whole(len(names) - most)))
    return shown


def p_text(value: float, log10: float) -> str:
    """A p-value to three digits; one too small for a float by its power of ten.

    >>> p_text(0.6524546870304362, -0.185), p_text(0.0, -333.5077)
    ('0.652', '10^-333.51')
    """
    if SMALLEST_POWER > log10 > -math.inf:
        return power_of_ten(log10, 2)
    return rounded(value, 3)


def p_limits(p: PValue, digits: int) -> tuple[str, str]:
    """Both ends of what is certain about a p-value, rounded outward."""
    if p.log10_lower < SMALLEST_POWER:
        decimals = digits // 2 + 1
        return power_of_ten(p.log10_lower, decimals, ROUND_FLOOR), power_of_ten(p.log10_upper, decimals, ROUND_CEILING)
    return rounded_down(p.lower, digits), rounded_up(p.upper, digits)


def _is_wide(p: PValue) -> bool:
    """Whether a proven bracket is told instead of a number: its ends differ by more than a percent."""
    return p.is_bracket and p.log10_upper - p.log10_lower > _WIDE


def p_words(p: PValue) -> Message:
    """A p-value with how it was got: equal to a number only where it is known to be."""
    text = p_text(p.value, p.log10)
    if p.algorithm == "chernoff-bound":
        return say("p ≤ {p}", p=p_limits(p, 3)[1])
    if _is_wide(p):
        lower, upper = p_limits(p, 2)
        return say("p between {lower} and {upper}", lower=lower, upper=upper)
    return {
        "exact": say("exact p = {p}", p=text),
        "monte-carlo": say("simulated p = {p}", p=text),
        "asymptotic": say("approximate p = {p}", p=text),
    }[p.method]


def p_formula(p: PValue) -> tuple[str, str]:
    r"""A p-value as a relation, in LaTeX and as text: equal to a number only where it is known to be.

    >>> from mottomo.inference.p_values import PValue
    >>> bound = PValue(0.0, -571.459, 0.0, 5e-324, "exact", "chernoff-bound", log10_lower=-575.4, log10_upper=-571.459)
    >>> print(*p_formula(bound))
    p \le 10^{-571.45} p ≤ 10^-571.45
    """
    text = p_text(p.value, p.log10)
    if p.algorithm == "chernoff-bound":
        text = p_limits(p, 3)[1]
        return rf"p \le {in_latex(text)}", f"p ≤ {text}"
    if _is_wide(p):
        lower, upper = p_limits(p, 2)
        return rf"{in_latex(lower)} \le p \le {in_latex(upper)}", f"{lower} ≤ p ≤ {upper}"
    return f"p = {in_latex(text)}", f"p = {text}"


def _p_exact(result: Tested) -> Message:
    p = result.p
    if not p.is_bracket:
        return say("The p-value is exact, in the order of {order}.", order=result.statistic.title)
    lower, upper = p_limits(p, 6)
    return say(
        "The p-value is proven to lie between {lower} and {upper}, in the order of {order}.",
        lower=lower,
        upper=upper,
        order=result.statistic.title,
    )


def _p_simulated(result: Tested) -> Message:
    p = result.p
    return say(
        "Simulated: p = (1 + tallies as far) / (1 + all), of {draws} with seed {seed}. The exact p-value lies between "
        "{lower} and {upper} at 99.9 % confidence, in the order of {order}.",
        draws=whole(p.draws or 0),
        seed=str(p.seed),
        lower=rounded_down(p.lower, 3),
        upper=rounded_up(p.upper, 3),
        order=result.statistic.title,
    )


# How far the p-value of a test can be trusted.
P_REMARKS: dict[str, Callable[[Tested], Message]] = {
    "p-exact": _p_exact,
    "p-monte-carlo": _p_simulated,
    "p-asymptotic": lambda result: say(
        "The p-value is approximate: by chi-square, which is right only for large expected counts."
    ),
}


def in_latex(p: str) -> str:
    r"""A p-value's text in LaTeX: 10^-333.5 and 1e-12 as powers.

    >>> print(in_latex("10^-333.51"), in_latex("1.9e-56"), in_latex("0.652"), in_latex("10^-(3.010e14)"))
    10^{-333.51} 1.9 \times 10^{-56} 0.652 10^{-3.010 \times 10^{14}}
    """
    if p.startswith("10^"):
        return f"10^{{{in_latex(p[3:].replace('(', '').replace(')', ''))}}}"  # whose exponent may have one itself
    mantissa, _, exponent = p.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else p


def chi_square_texts(p_values: dict[str, float], log10: dict[str, float]) -> dict[str, str]:
    """The p-values that chi-square would give, by the statistic."""
    return {name: p_text(value, log10[name]) for name, value in p_values.items()}


def percent_about(share: float) -> str | Message:
    """A share in whole percent, with a digit more near 0 and 1.

    >>> percent_about(0.2361), percent_about(0.9996).template
    ('24 %', 'over 99.9 %')
    """
    if share > 0.999:
        return say("over 99.9 %")
    return f"{share * 100:.0f} %" if 0.01 <= share <= 0.99 else f"{share * 100:.1f} %"
