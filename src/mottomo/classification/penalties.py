"""Penalties, which are asked for and named: maximum likelihood has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.classification.objective import Data
from mottomo.classification.standardisation import deviations
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import say, verbatim, written

STANDARDISED = "number columns, standardised; levels of text columns as they are"
AS_THEY_ARE = "columns as they are"


def penalty_of(given: L2 | str | None) -> L2 | None:
    """A penalty, or the one of text such as ``"l2=1"``; ``"l2"`` alone has strength 1. None is none.

    Raises InvalidCall : the text is no penalty.
    """
    if given is None or isinstance(given, L2):
        return given
    kind, _, words = given.partition("=") if isinstance(given, str) else ("", "", "")
    try:
        strength = float(words or 1)
    except ValueError:
        kind = ""
    if kind.strip().lower() != "l2":
        raise InvalidCall(
            "penalty",
            say("--penalty takes l2=STRENGTH, such as l2=1"),
            verbatim("penalty"),
            say("L2(strength=1), or text such as l2=1"),
            verbatim(written(given, repr)),
        )
    return L2(strength=strength)


@dataclass(frozen=True)
class L2:
    """A ridge on the coefficients: log L - strength / 2 sum_jk W_jk^2 is made large instead of log L.

    W are the coefficients of the columns divided by their standard deviations (with divisor n), so that the unit of a
    column changes no probability; with ``standardised=False`` those of the columns as they are. They add to zero over
    the categories, so that the answer does not depend on which category is called first; intercepts are free. Of two
    categories it is the difference of their coefficients that counts, the slope of the log-odds: log L - strength / 2
    sum_j (W_j1 - W_j2)^2. It is the log-density of a normal prior with variance 1 / strength (up to a constant).

    ``L2(strength, standardised=False)`` is scikit-learn's penalty with C = 1 / strength.

    >>> L2(strength=0.5)
    L2(strength=0.5, standardised=True)
    """

    strength: float = 1.0
    standardised: bool = True

    def __post_init__(self) -> None:
        ok = isinstance(self.strength, int | float | np.integer | np.floating) and not isinstance(
            self.strength, bool | np.timedelta64
        )
        if not ok or not 0 < self.strength < float("inf"):
            raise InvalidInput(
                "penalty-strength",
                say("the strength of a penalty is not a number above 0"),
                verbatim("strength"),
                say("a number above 0, such as 1"),
                verbatim(written(self.strength, repr)),
                say("for maximum likelihood leave the penalty out"),
            )
        if not isinstance(self.standardised, bool | np.bool_):
            raise InvalidInput(
                "setting",
                say("a setting is out of range"),
                verbatim("standardised"),
                say("True or False"),
                verbatim(repr(self.standardised)),
            )

    def to_dict(self) -> dict[str, Any]:
        """As plain data: what JSON and a model file say of it."""
        of = STANDARDISED if self.standardised else AS_THEY_ARE
        return {"kind": "l2", "strength": float(self.strength), "of": of}

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> L2:
        """From what ``to_dict`` gives; ValueError where it is something else."""
        if description["kind"] != "l2" or description["of"] not in (STANDARDISED, AS_THEY_ARE):
            raise ValueError("a penalty of another kind")
        return cls(float(description["strength"]), description["of"] == STANDARDISED)


def checked_penalty(penalty: L2 | None) -> L2 | None:
    """A penalty or None; anything else is refused: a bare number, or another tool's word."""
    if penalty is None or isinstance(penalty, L2):
        return penalty
    raise InvalidInput(
        "penalty",
        say("this is not a penalty"),
        verbatim("penalty"),
        say("None for maximum likelihood, or mottomo.L2(strength=...)"),
        verbatim(written(penalty, repr)),
        say("scikit-learn's C=2 is L2(strength=1/2, standardised=False)"),
    )


def ridge_of(penalty: L2 | None, data: Data, is_number: np.ndarray | None = None) -> np.ndarray | None:
    """(p,) what half the sum of the squares of each column's coefficients costs, nats; None without a penalty.

    `is_number` (p,) tells columns of numbers from levels of texts, which are 0 or 1 and not standardised; None if all
    are numbers. A column that does not vary keeps its unit.
    """
    if penalty is None:
        return None
    two = np.count_nonzero(data.category_weights()) == 2  # of which sum W^2 is half the square of the difference
    strength = float(penalty.strength) * (2.0 if two else 1.0)
    if not penalty.standardised or not data.n_features:
        return np.full(data.n_features, strength)
    scale = deviations(data)
    kept = scale > 0 if is_number is None else is_number & (scale > 0)
    return strength * np.where(kept, scale, 1.0) ** 2
