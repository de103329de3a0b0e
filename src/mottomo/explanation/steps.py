"""The parts of an explanation: steps with formulas, values and a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mottomo.explanation.notation import Line
from mottomo.results import Result


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the derivation.

    Attributes
    ----------
    name : a stable name.
    equation : the numbers of its equations in the article; None if it has none.
    lines : the formulas, in order.
    values : the numbers of the step by name, for JSON and for the wording.
    holds : whether its claims were computed again and found true.
    variant : the wording that fits these data, such as ``zero-counts`` or ``one-category``; empty for the usual one.
    """

    name: str
    equation: str | None
    lines: tuple[Line, ...]
    values: Mapping[str, Any]
    holds: bool
    variant: str = ""

    @property
    def latex(self) -> str:
        """All lines as LaTeX, joined by line breaks."""
        return r" \\ ".join(line.latex for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the lines only as LaTeX."""
        return {
            "name": self.name,
            "equation": self.equation,
            "latex": self.latex,
            "values": dict(self.values),
            "holds": self.holds,
        }


class Derivation(Result):
    """A result that is a derivation.

    Attributes
    ----------
    steps : the steps, in order.
    """

    steps: tuple[Step, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the steps whose claims do not hold for these numbers."""
        return tuple(step.name for step in self.steps if not step.holds)
