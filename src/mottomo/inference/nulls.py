"""What the tests of a null share: its categories, its probabilities as fractions, the error of a budget."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.probabilities import Probabilities
from mottomo.tallies import Tally

_SMALLEST = Fraction(1, 10**301)  # below 1e-300, because that may have been divided by a sum
LARGE_EXPECTED = 1000  # with so many expected outcomes in every category, Auto() takes chi-square past the budget


def exact_probabilities(probabilities: Probabilities) -> tuple[tuple[Fraction, ...], bool]:
    """The probabilities as fractions that sum to 1, and whether they were given exactly.

    Floats are converted exactly and divided by their sum; ties under them are decided within a band.
    """
    least = min((p for p in probabilities.exact or probabilities.values.tolist() if p > 0), default=1)
    if least < _SMALLEST:
        raise InvalidInput(
            "probability-too-small",
            say("a probability is too small to compute with"),
            say("probabilities"),
            say("0, or at least 1e-300"),
            verbatim(_power_of_ten(least)),
            say("an outcome that cannot happen has probability 0"),
        )
    if probabilities.exact is not None:
        return probabilities.exact, True
    values = [Fraction(value) for value in probabilities.values.tolist()]
    total = sum(values, Fraction(0))
    return tuple(value / total for value in values), False


def _power_of_ten(value: Fraction | float) -> str:
    exact = Fraction(value)
    return f"10^{math.log10(exact.numerator) - math.log10(exact.denominator):.1f}"


def null_of(tally: Tally, null: Any, normalise: bool = False) -> Probabilities:
    """The null over the categories of the tally.

    If these were discovered, the null has to name its categories and thereby declares them.
    """
    if isinstance(null, Probabilities) and null.categories.names == tally.categories.names:
        return null
    if tally.categories.declared:
        return Probabilities.of(null, tally.categories, normalise=normalise)
    if isinstance(null, str) and null.strip() == "fair":
        return Probabilities.of(null, tally.categories)  # refused, with how to declare them
    named = isinstance(null, Probabilities | dict) or (isinstance(null, str) and "=" in null) or hasattr(null, "index")
    if not named or isinstance(null, list | tuple):
        raise InvalidInput(
            "positions-of-discovered",
            say("the categories were discovered, so a list of probabilities does not say which is whose"),
            say("null"),
            say("a probability by name for each of {names}", names=list(tally.categories.names[:10])),
            say("probabilities by position"),
            say("name them (a=0.5,b=0.5), or declare the categories, for example --categories a,b"),
        )
    return Probabilities.of(null, normalise=normalise)


def budget_error(factor: float) -> InvalidInput:
    """The error of an exact computation that needs about `factor` times the default budget."""
    return InvalidInput(
        "budget-exceeded",
        say("the exact computation does not fit the budget"),
        say("method"),
        say("fewer categories or observations, or a larger budget"),
        say("about {factor} times the usual budget would be needed", factor=f"{max(factor, 1.1):.2g}"),
        say("use --method auto (Auto()), which says what it does instead, or raise --budget (Exact(budget=...))"),
    )
