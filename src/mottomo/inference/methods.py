"""How a p-value is computed: a value with settings. ``Auto`` is exact wherever that is affordable, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written


@dataclass(frozen=True, slots=True)
class Auto:
    """Exact within a few seconds; past that Monte Carlo, or chi-square where all expected counts are above 1000.

    Two categories and tables of 2 x 2 are exact at every n.

    draws, seed : of Monte Carlo, if it comes to that.
    """

    draws: int = 100_000
    seed: int = 0
    name: ClassVar[str] = "auto"

    def __post_init__(self) -> None:
        check_whole("draws", self.draws, 1)
        check_whole("seed", self.seed, 0)

    @property
    def simulation(self) -> MonteCarlo:
        """What is done where neither the exact p-value nor chi-square will do."""
        return MonteCarlo(self.draws, self.seed)


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact, or an error that says how large a budget it would need.

    budget : how many times the default budget (a few seconds, 1 GiB) may be spent. relative_width : how narrow a
    bracket is aimed at where the value cannot be enumerated; it may stay wider, and says how wide it is.
    """

    budget: float = 1.0
    relative_width: float = 1e-3
    name: ClassVar[str] = "exact"

    def __post_init__(self) -> None:
        check_positive("budget", self.budget)
        check_positive("relative_width", self.relative_width)


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Simulated under the null: p = (1 + as far) / (1 + draws), which is a valid p-value at any number of draws."""

    draws: int = 100_000
    seed: int = 0
    name: ClassVar[str] = "monte-carlo"

    def __post_init__(self) -> None:
        check_whole("draws", self.draws, 1)
        check_whole("seed", self.seed, 0)


@dataclass(frozen=True, slots=True)
class Asymptotic:
    """The chi-square distribution, which the statistic approaches as all expected counts grow."""

    name: ClassVar[str] = "asymptotic"


_NO_NUMBERS = (bool, np.timedelta64)  # which Python and numpy call integers
Method = Auto | Exact | MonteCarlo | Asymptotic


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


def check_between(name: str, value: object, example: str) -> float:
    """A number inside (0, 1) as Python's float, which every function of scipy takes; anything else is refused."""
    is_number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    if not is_number or not 0 < value < 1 or not 0 < float(value) < 1:  # type: ignore[operator,arg-type]
        hint: Message | None = None
        if isinstance(value, int | float) and 1 <= value < 100:
            hint = say("write {share} for {value} percent", share=f"{value / 100:g}", value=f"{value:g}")
        raise InvalidInput(
            f"{name}-range",
            say("{name} is not between 0 and 1", name=name),
            verbatim(name),
            say("a number inside (0, 1), such as {example}", example=example),
            verbatim(written(value)),
            hint,
        )
    return float(value)  # type: ignore[arg-type]


def check_positive(name: str, value: object) -> None:
    """Refuse what is no positive, finite number."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, _NO_NUMBERS)
    if not is_number or not 0 < value < float("inf"):  # type: ignore[operator]
        raise InvalidInput(
            "not-positive",
            say("{name} is not a positive number", name=name),
            verbatim(name),
            say("a number above 0"),
            verbatim(written(value)),
        )


def check_whole(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number of at least `least`."""
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInput(
            "not-a-whole-number",
            say("{name} is not a whole number of {least} or more", name=name, least=least),
            verbatim(name),
            say("a whole number, {least} or more", least=least),
            verbatim(written(value, repr)),
        )
