"""The figure of a plan: the power at each number of observations, by the noncentral chi-square."""

from __future__ import annotations

import altair as alt
import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.methods import Asymptotic
from mottomo.inference.planning import Plan, power
from mottomo.messages import say, verbatim
from mottomo.report.figures.drawing import COLOURS, WIDTH, Figure, Look, data, layered, titled

_POINTS = 60


def draw(plan: Plan, look: Look) -> Figure:
    """Power against n, with the n and the power of the plan as a dot. Raises InvalidInput : it plans half-widths."""
    if plan.null is None or plan.alternative is None or plan.power is None:
        raise InvalidInput(
            "no-figure",
            say("a plan of half-widths has no figure"),
            verbatim("figure"),
            say("a plan of power"),
            verbatim(plan.goal),
        )
    assert plan.significance is not None
    numbers = np.unique(np.geomspace(1, max(4 * plan.n_observations, 10), _POINTS).round().astype(int)).tolist()
    curve = [
        {
            "n": n,
            "power": power(plan.null, plan.alternative, n, significance=plan.significance, method=Asymptotic()).power,
        }
        for n in numbers
    ]
    axis_n, axis_power = look.words(say("observations n")), look.words(say("power"))
    x = alt.X("n:Q", title=axis_n, scale=alt.Scale(type="log", nice=False))
    y = alt.Y("power:Q", title=axis_power, scale=alt.Scale(domain=[0, 1]))
    line = alt.Chart(data(curve)).mark_line(color=COLOURS[0], strokeWidth=3).encode(x, y)
    own = [{"n": plan.n_observations, "power": plan.exact_power if plan.exact_power is not None else plan.power}]
    dot = alt.Chart(data(own)).mark_point(filled=True, size=120, color=COLOURS[1], opacity=1).encode(x, y)
    layers = [line, dot]
    if plan.target_power is not None:
        goal = alt.Chart(data([{"power": plan.target_power}])).mark_rule(color=look.ink, strokeDash=[4, 4])
        layers.insert(0, goal.encode(y))
    chart = layered(*layers).properties(width=WIDTH, height=280)
    return titled(
        chart,
        look.words(say("Power against the number of observations")),
        look.words(say("The curve is asymptotic; the dot is the plan, n = {n}.", n=plan.n_observations)),
    )
