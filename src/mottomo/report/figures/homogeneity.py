"""The figure of a comparison: the shares of each category in each group, with intervals."""

from __future__ import annotations

import altair as alt

from mottomo.inference.homogeneity import ComparisonResult
from mottomo.inference.intervals import ClopperPearson
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, MOST, Figure, Look, layered, titled


def draw(result: ComparisonResult, look: Look) -> Figure:
    """A small chart for each category, in which the groups stand below one another."""
    tally = result.tally
    limits = ClopperPearson(level=1 - result.significance)(tally)
    groups = ["/".join(group) for group in tally.groups]
    rows = [
        {
            "group": group,
            "category": name,
            "value": float(tally.shares[g, k]),
            "lower": float(limits.lower[g, k]),
            "upper": float(limits.upper[g, k]),
        }
        for k, name in enumerate(tally.categories.names)
        for g, group in enumerate(groups)
    ]
    most = max(1, MOST * 4 // max(len(groups), 1))
    names = list(tally.categories.names)[:most]
    rows = [row for row in rows if row["category"] in names]
    axis = look.words(say("share"))
    base = alt.Chart().encode(
        alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(grid=False)),
        alt.Color("group:N", legend=None, scale=alt.Scale(range=list(COLOURS))),
    )
    lines = base.mark_rule(strokeWidth=6, strokeCap="round", opacity=0.4).encode(
        alt.X("lower:Q", title=axis, scale=alt.Scale(zero=False)), alt.X2("upper:Q")
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(alt.X("value:Q", title=axis))
    chart = (
        layered(lines, points, rows=rows)
        .properties(width=220, height=alt.Step(20))
        .facet(alt.Facet("category:N", sort=names, title=None), columns=2)
    )
    left_out = say("{shown} of {n} are shown", shown=len(names), n=len(tally.categories))
    return titled(
        chart,
        look.words(say("Shares by group")),
        look.words(left_out) if len(names) < len(tally.categories) else "",
    )
