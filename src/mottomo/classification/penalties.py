"""Penalties on the coefficients. There is none by default: maximum likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mottomo.classification.objective import Data
from mottomo.classification.standardisation import deviations
from mottomo.errors import InvalidCall, InvalidInput, nearest
from mottomo.messages import say, verbatim, written

STANDARDISED = "number columns, standardised; levels of text columns as they are"
AS_THEY_ARE = "columns as they are"


@dataclass(frozen=True)
class L2:
    """A ridge penalty on the coefficients: log L - strength / 2 sum_jk W_jk^2 is maximised instead of log L.

    W are the coefficients of the columns divided by their standard deviations (with divisor n), so the unit of a column
    changes no probability; with ``standardised=False`` they are the coefficients of the columns as given. They add to
    zero over the categories, so the result does not depend on the order of the categories. Intercepts are not
    penalised. With two categories the penalty is on the slopes of the log-odds, the differences of the coefficients:
    log L - strength / 2 sum_j (W_j1 - W_j2)^2. The penalty is, up to a constant, the log-density of a normal prior with
    variance 1 / strength.

    ``L2(strength, standardised=False)`` is scikit-learn's penalty with C = 1 / strength.

    Attributes
    ----------
    strength : above 0, nats.
    standardised : whether the penalty is on the coefficients of standardised columns.

    >>> L2(strength=0.5)
    L2(strength=0.5, standardised=True)
    """

    strength: float = 1.0
    standardised: bool = True

    def __str__(self) -> str:
        """As ``--penalty`` takes it, where that can say it."""
        return f"l2={self.strength!r}".removesuffix(".0") if self.standardised else repr(self)

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

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name, as scikit-learn asks for them, so that ``penalty__strength`` can be searched."""
        return {"strength": self.strength, "standardised": self.standardised}

    def set_params(self, **params: Any) -> L2:
        """A penalty with other settings; this one is a value and stays as it is.

        Raises InvalidInput for a setting that it does not have.
        """
        unknown = next((name for name in params if name not in self.get_params()), None)
        if unknown is not None:
            raise InvalidInput(
                "setting",
                say("a penalty has no such setting"),
                verbatim("penalty"),
                say("one of {names}", names=list(self.get_params())),
                verbatim(unknown),
                nearest(unknown, self.get_params()),
            )
        return replace(self, **params)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON and for the model file."""
        of = STANDARDISED if self.standardised else AS_THEY_ARE
        return {"kind": "l2", "strength": float(self.strength), "of": of}

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> L2:
        """The inverse of ``to_dict``; raises ValueError for another kind of penalty."""
        if description["kind"] != "l2" or description["of"] not in (STANDARDISED, AS_THEY_ARE):
            raise ValueError("a penalty of another kind")
        return cls(float(description["strength"]), description["of"] == STANDARDISED)


@dataclass(frozen=True, slots=True)
class Firth:
    """Firth's penalty: log L + 1/2 log det I is maximised instead of log L, with I the information at the coefficients.

    It is the logarithm of Jeffreys' prior. The estimates are finite also where the categories are separated and log L
    has no maximum, are nearly without bias in small samples, and have standard errors; they do not depend on units or
    on which category is the reference. There is nothing to choose.

    Source: Firth, Biometrika 80 (1993), 27-38; Heinze and Schemper, Statistics in Medicine 21 (2002).

    >>> str(Firth())
    'firth'
    """

    def __str__(self) -> str:
        """As ``--penalty`` takes it."""
        return "firth"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """It has no settings."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON and for the model file."""
        return {"kind": "firth"}


def penalty_from_dict(description: Mapping[str, Any]) -> L2 | Firth:
    """The inverse of ``to_dict``; raises ValueError for another kind of penalty."""
    return Firth() if dict(description) == Firth().to_dict() else L2.from_dict(description)


STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)  # from which ``l2=auto`` chooses


@dataclass(frozen=True, slots=True)
class AutoL2:
    """A ridge whose strength is chosen by leaving groups out, see ``chosen_strength``."""

    def __str__(self) -> str:
        return "l2=auto"


Penalty = L2 | Firth | AutoL2


def penalty_of(given: Penalty | str | None, default: L2 | None = None) -> Penalty | None:
    """The penalty that is `given` as a value or as text.

    ``"l2=1"``, ``"l2"``, which has strength 1, ``"l2=auto"``, ``"firth"`` or ``"none"``.

    default : what None stands for.

    Raises InvalidCall if it is not a penalty.
    """
    if given is None or isinstance(given, L2 | Firth | AutoL2):
        return default if given is None else given
    if given == "none":
        return None
    if given == "l2=auto":
        return AutoL2()
    if given == "firth":
        return Firth()
    kind, _, words = given.partition("=") if isinstance(given, str) else ("", "", "")
    try:
        strength = float(words or 1)
    except ValueError:
        kind = ""
    if kind.strip().lower() != "l2":
        raise InvalidCall(
            "penalty",
            say("--penalty takes l2=STRENGTH, such as l2=1, l2=auto, firth or none"),
            verbatim("penalty"),
            say("L2(strength=1), Firth(), or text such as l2=1"),
            verbatim(written(given, repr)),
        )
    return L2(strength=strength)


def checked_penalty(penalty: L2 | Firth | None) -> L2 | Firth | None:
    """`penalty` itself; raises InvalidInput for anything but a penalty or None, such as a number or a name."""
    if penalty is None or isinstance(penalty, L2 | Firth):
        return penalty
    raise InvalidInput(
        "penalty",
        say("this is not a penalty"),
        verbatim("penalty"),
        say("None for maximum likelihood, mottomo.L2(strength=...) or mottomo.Firth()"),
        verbatim(written(penalty, repr)),
        say("scikit-learn's C=2 is L2(strength=1/2, standardised=False)"),
    )


def ridge_of(penalty: L2 | None, data: Data, is_number: np.ndarray | None = None) -> np.ndarray | None:
    """The ridge (p,) of a penalty, nats, so that log L is reduced by sum_j ridge_j |W_j|^2 / 2; None without a penalty.

    is_number : (p,) True for number columns, False for indicators of levels, which are not standardised; None if all
        are numbers. Constant columns are not standardised either.
    """
    if penalty is None:
        return None
    two = np.count_nonzero(data.category_weights()) == 2  # then sum_k W_jk^2 is half the square of the difference
    strength = float(penalty.strength) * (2.0 if two else 1.0)
    if not penalty.standardised or not data.n_features:
        return np.full(data.n_features, strength)
    scale = deviations(data)
    kept = scale > 0 if is_number is None else is_number & (scale > 0)
    return strength * np.where(kept, scale, 1.0) ** 2
