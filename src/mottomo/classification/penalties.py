"""Penalties, which are asked for and named: maximum likelihood has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim


@dataclass(frozen=True)
class L2:
    """A ridge on the coefficients: log L - strength / 2 sum_jk W_jk^2 is made large instead of log L.

    W are the symmetric coefficients, which add to zero over the categories, so that the answer does not depend on which
    category is called first; intercepts are free. It is the log-density of a normal prior with variance 1 / strength
    on each W (up to a constant). In scikit-learn's terms strength = 1 / C, and 2 / C for two categories, where
    scikit-learn penalises the difference of the coefficients, which is twice each of W.

    >>> L2(strength=0.5)
    L2(strength=0.5)
    """

    strength: float = 1.0

    def __post_init__(self) -> None:
        ok = isinstance(self.strength, int | float | np.integer | np.floating) and not isinstance(self.strength, bool)
        if not ok or not 0 < self.strength < float("inf"):
            raise InvalidInput(
                "penalty-strength",
                say("the strength of a penalty is not a number above 0"),
                verbatim("strength"),
                say("a number above 0, such as 1"),
                verbatim(repr(self.strength)),
                say("for maximum likelihood leave the penalty out"),
            )


def strength_of(penalty: L2 | None) -> float:
    """The strength of a penalty; 0 for none. Anything else is refused: a bare number, or another tool's word."""
    if penalty is None:
        return 0.0
    if isinstance(penalty, L2):
        return float(penalty.strength)
    raise InvalidInput(
        "penalty",
        say("this is not a penalty"),
        verbatim("penalty"),
        say("None for maximum likelihood, or mottomo.L2(strength=...)"),
        verbatim(repr(penalty)),
        say("scikit-learn's C=2 is L2(strength=1/2), for two categories L2(strength=1)"),
    )
