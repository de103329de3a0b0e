"""The counts of rows by category, beside the sums of the probabilities that were predicted for them."""

from __future__ import annotations

from collections.abc import Sequence

from mottomo.explanation.steps import Step
from mottomo.messages import say
from mottomo.report.figures.drawing import MOST, Figure, Look, bars_with_marks, titled


def counted_and_predicted(steps: Sequence[Step], look: Look) -> Figure:
    """Bars of counts, and upright marks at the sums of y: at the maximum of log L they meet."""
    values = next(step.values for step in steps if step.name in ("gradient", "model-gradient"))
    names = list(map(str, values["categories"]))[:MOST]
    rows = [
        {"name": name, "value": count, "expected": y}
        for name, count, y in zip(names, values["counts"], values["predicted"], strict=False)
    ]
    chart = bars_with_marks(rows, look, of=look.words(say("category")), x=look.words(say("count t")), order=names)
    below = look.words(say("The upright marks are the sums of y over the rows; at the maximum of log L they meet."))
    return titled(chart, look.words(say("What happened, and what was predicted on the whole")), below)
