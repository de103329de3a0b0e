"""Methods for p-values; each is a value with settings. ``Auto`` is exact if that is affordable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mottomo._checks import check_positive, check_whole
from mottomo.errors import InvalidCall, InvalidInput, nearest
from mottomo.messages import say, verbatim, written


@dataclass(frozen=True, slots=True)
class Auto:
    """Exact if that takes a few seconds, else chi-square if all expected counts are at least 1000, else Monte Carlo.

    Two categories and tables of 2 x 2 are exact at every n.

    Attributes
    ----------
    draws : of Monte Carlo, if it is used.
    seed : of Monte Carlo, if it is used.
    """

    draws: int = 100_000
    seed: int = 0
    name: ClassVar[str] = "auto"

    def __post_init__(self) -> None:
        check_whole("draws", self.draws, 1)
        check_whole("seed", self.seed, 0)

    @property
    def simulation(self) -> MonteCarlo:
        """The Monte Carlo method for cases in which neither an exact p-value nor chi-square is used."""
        return MonteCarlo(self.draws, self.seed)


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact, or an error that says how large a budget is needed.

    Attributes
    ----------
    budget : in multiples of the default budget (a few seconds, 1 GiB).
    relative_width : the relative width wanted of the bracket of p, if p cannot be computed by enumeration. The bracket
        may be wider; its bounds are in the result.
    """

    budget: float = 1.0
    relative_width: float = 1e-3
    name: ClassVar[str] = "exact"

    def __post_init__(self) -> None:
        check_positive("budget", self.budget)
        check_positive("relative_width", self.relative_width)


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Simulation under the null: p = (1 + far) / (1 + draws), where `far` draws are at least as far from the null.

    It is a valid p-value for any number of draws.
    """

    draws: int = 100_000
    seed: int = 0
    name: ClassVar[str] = "monte-carlo"

    def __post_init__(self) -> None:
        check_whole("draws", self.draws, 1)
        check_whole("seed", self.seed, 0)


@dataclass(frozen=True, slots=True)
class Asymptotic:
    """The chi-square distribution, to which the distribution of the statistic converges as expected counts grow."""

    name: ClassVar[str] = "asymptotic"


Method = Auto | Exact | MonteCarlo | Asymptotic


METHODS = ("auto", "exact", "monte-carlo", "asymptotic")


def method_of(
    given: Method | str, budget: float | None = None, draws: int | None = None, seed: int | None = None
) -> Method:
    """The method that is given, or the one of that name with these settings.

    Raises InvalidCall : the method does not have such a setting. Raises InvalidInput : there is no such method.
    """
    simulation = {key: value for key, value in (("draws", draws), ("seed", seed)) if value is not None}
    if not isinstance(given, str):
        check_method(given)
        if budget is not None or simulation:
            raise InvalidCall(
                "method-settings",
                say("a method that is a value has its settings itself"),
                say("method"),
                say("the settings in the method, such as MonteCarlo(draws=1000)"),
                say("{names}", names=[*simulation, *([] if budget is None else ["budget"])]),
            )
        return given
    if given not in METHODS:
        raise InvalidInput(
            "test-method",
            say("this is no method for a test"),
            say("method"),
            say("one of {names}", names=list(METHODS)),
            verbatim(given),
            nearest(given, METHODS),
        )
    if budget is not None and given != "exact":
        raise InvalidCall("budget-method", say("--budget goes with --method exact"))
    if simulation and given not in ("auto", "monte-carlo"):
        raise InvalidCall("simulation-method", say("--draws and --seed go with --method monte-carlo or auto"))
    if given == "exact":
        return Exact() if budget is None else Exact(budget=budget)
    if given == "monte-carlo":
        return MonteCarlo(**simulation)
    return Asymptotic() if given == "asymptotic" else Auto(**simulation)


def check_method(method: object) -> None:
    """Refuse what is no method."""
    if not isinstance(method, Auto | Exact | MonteCarlo | Asymptotic):
        raise InvalidInput(
            "test-method",
            say("this is no method for a test"),
            say("method"),
            say("Auto(), Exact(), MonteCarlo(draws=..., seed=...) or Asymptotic()"),
            verbatim(written(method, repr)),
        )
