"""Practical equivalence: is every probability within a margin of the claim? Yes, no, or cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mottomo.inference.intervals import ClopperPearson, Intervals
from mottomo.probabilities import Probabilities
from mottomo.tallies import Tally


@dataclass(frozen=True, eq=False)
class Tolerance:
    """Practical equivalence: is every probability within `margin` of the null's?

    A wrong ``equivalent`` or ``different`` has a probability of at most 1 - level, because the intervals are
    guaranteed.

    Attributes
    ----------
    margin : in probability.
    verdict : ``equivalent`` (all simultaneous intervals lie within the margin), ``different`` (one lies outside) or
        ``cannot-tell``.
    intervals : the simultaneous Clopper-Pearson intervals.
    """

    margin: float
    verdict: str
    intervals: Intervals

    def to_dict(self) -> dict[str, Any]:
        """Margin, verdict and intervals for JSON."""
        limits = {"lower": self.intervals.lower.tolist(), "upper": self.intervals.upper.tolist()}
        return {
            "margin": self.margin,
            "verdict": self.verdict,
            "intervals": {**self.intervals.settings(), **limits},
        }


def tolerance_of(tally: Tally, null: Probabilities, margin: float, significance: float) -> Tolerance:
    """Compare the simultaneous intervals of a single tally with null +- margin."""
    intervals = ClopperPearson(level=1 - significance)(tally)
    low, high = null.values - margin, null.values + margin
    if ((intervals.lower > high) | (intervals.upper < low)).any():
        verdict = "different"
    elif ((intervals.lower >= low) & (intervals.upper <= high)).all():
        verdict = "equivalent"
    else:
        verdict = "cannot-tell"
    return Tolerance(float(margin), verdict, intervals)
