"""The figure of a test: what was observed beside what was claimed, and which categories depart."""

from __future__ import annotations

import altair as alt

from mottomo.inference.goodness_of_fit import TestResult
from mottomo.inference.intervals import ClopperPearson
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, MOST, STEP, WIDTH, Figure, Look, data, layered, titled
from mottomo.report.results import verdict_of


def draw(result: TestResult, look: Look) -> Figure:
    """The shares with intervals, the claim as a mark, departing categories in another colour."""
    tally = result.tally
    limits = ClopperPearson(level=1 - result.significance)(tally)
    departs = set(result.residuals.flagged(tally.categories.names))
    observed, departing = look.words(say("observed")), look.words(say("observed, departs"))
    claimed = look.words(say("claimed"))
    rows = [
        {
            "name": name,
            "value": share,
            "lower": low,
            "upper": high,
            "claim": claim,
            "kind": departing if name in departs else observed,
        }
        for name, share, low, high, claim in zip(
            tally.categories.names,
            tally.shares.tolist(),
            limits.lower.tolist(),
            limits.upper.tolist(),
            result.null.values.tolist(),
            strict=True,
        )
    ][:MOST]
    order = [str(row["name"]) for row in rows]
    axis = look.words(say("probability"))
    base = alt.Chart(data(rows)).encode(alt.Y("name:N", sort=order, title=look.words(say("category"))))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[observed, departing], range=[COLOURS[0], COLOURS[1]]),
        legend=alt.Legend(orient="top"),
    )
    lines = base.mark_rule(strokeWidth=6, strokeCap="round", opacity=0.4).encode(
        alt.X("lower:Q", title=axis, scale=alt.Scale(zero=False)), alt.X2("upper:Q"), colour
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        alt.X("value:Q", title=axis), colour, alt.Shape("kind:N", legend=None)
    )
    ticks = base.mark_tick(thickness=3, size=STEP - 6, color=look.ink).encode(
        alt.X("claim:Q", title=axis), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("claim:Q", title=claimed)]
    )
    chart = layered(lines, ticks, points).properties(width=WIDTH, height=alt.Step(STEP))
    below = say("The upright marks are the claim. {verdict}", verdict=verdict_of(result))
    return titled(chart, look.words(say("Observed and claimed")), look.words(below))
