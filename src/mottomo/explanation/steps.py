"""What an explanation is: steps with formulas, values and a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mottomo.explanation.notation import Line


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
