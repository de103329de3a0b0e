"""The figure of tests of many groups: the evidence of each, by the exponent of its p-value."""

from __future__ import annotations

import math

import altair as alt

from mottomo.inference.group_tests import GroupTests
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, MOST, STEP, WIDTH, Figure, Look, data, layered, titled
from mottomo.report.results import verdict_of

_FARTHEST = 300.0  # exponents that are drawn


def draw(result: GroupTests, look: Look) -> Figure:
    """log10 p adjusted after Holm, the strongest evidence first, and the significance as a line."""
    order = result.smallest_p_first[:MOST]
    names = ["/".join(group) for group in result.tally.groups]
    departs, nothing = look.words(say("departs")), look.words(say("no evidence"))
    rows = []
    for group in order.tolist():
        log10 = float(result.log10_holm[group])
        if math.isnan(log10):
            continue
        kind = departs if result.holm[group] <= result.significance else nothing
        rows.append({"name": names[group], "evidence": min(-log10, _FARTHEST) + 0.0, "kind": kind})
    base = alt.Chart(data(rows)).encode(
        alt.Y("name:N", sort=[str(row["name"]) for row in rows], title="/".join(result.tally.by)),
        alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=[nothing, departs], range=[COLOURS[0], COLOURS[1]]),
            legend=alt.Legend(orient="top"),
        ),
    )
    title = look.words(say("evidence: -log10 of the p-value after Holm"))
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        alt.X("evidence:Q", title=title), alt.Shape("kind:N", legend=None)
    )
    line = alt.Chart(data([{"evidence": -math.log10(result.significance)}])).mark_rule(
        strokeDash=[6, 4], color=look.ink
    )
    chart = layered(line.encode(alt.X("evidence:Q")), points).properties(width=WIDTH, height=alt.Step(STEP))
    below = say("Right of the broken line a group departs. {verdict}", verdict=verdict_of(result))
    return titled(chart, look.words(say("Goodness of fit, group by group")), look.words(below))
