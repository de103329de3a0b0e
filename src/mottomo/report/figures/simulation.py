"""The figure of a simulation: how often each category came up, and how often it would on average."""

from __future__ import annotations

from mottomo.inference.simulation import Simulation
from mottomo.messages import say
from mottomo.report.figures.drawing import MOST, Figure, Look, bars_with_marks, titled


def draw(found: Simulation, look: Look) -> Figure:
    """Bars of counts, and an upright mark at n y."""
    names = list(found.die.categories.names)[:MOST]
    n = int(found.tally.n_observations)
    rows = [
        {"name": name, "value": int(count), "expected": n * y}
        for name, count, y in zip(names, found.tally.counts.tolist(), found.die.values.tolist(), strict=False)
    ]
    chart = bars_with_marks(rows, look, of=look.words(say("category")), x=look.words(say("count t")), order=names)
    below = look.words(say("The upright marks are n y, the counts on average."))
    return titled(chart, look.words(say("Simulated outcomes")), below)
