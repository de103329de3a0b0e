"""What an explanation is: steps with formulas, values and a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mottomo.explanation.notation import Line
from mottomo.results import Finding, Result
from mottomo.tallies import Tally


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the derivation.

    name : a stable name. equation : its numbers in the article, or None. lines : the formulas, in order.
    values : the numbers in it. holds : whether its claims were re-evaluated and found true.
    variant : which wording fits these data (``zero-counts``, ``one-category``, ...), empty for the usual one.
    """

    name: str
    equation: str | None
    lines: tuple[Line, ...]
    values: Mapping[str, Any]
    holds: bool
    variant: str = ""

    @property
    def latex(self) -> str:
        """The lines as LaTeX, one below the other."""
        return r" \\ ".join(line.latex for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "equation": self.equation,
            "latex": self.latex,
            "values": dict(self.values),
            "holds": self.holds,
        }


@dataclass(frozen=True, eq=False)
class Explanation(Result):
    """The derivation from the tally to the estimate and on to the cross-entropy, on the tally's own numbers."""

    tally: Tally
    steps: tuple[Step, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"n_observations": self.tally.n_observations, "steps": [step.to_dict() for step in self.steps]}

    @property
    def verdict(self) -> Finding:
        if self.tally.n_observations == 0:
            return Finding("no-observations", {"n": 0, "n_categories": self.tally.n_categories})
        failed = [step.name for step in self.steps if not step.holds]
        if failed:
            return Finding("explanation-fails", {"names": failed})
        return Finding("explained", {"n_steps": len(self.steps)})

    @property
    def notes(self) -> tuple[Finding, ...]:
        found = list(self.tally.notes)
        if not self.tally.categories.declared:
            found.append(Finding("categories-discovered", {"n_categories": self.tally.n_categories}))
        return tuple(found)
