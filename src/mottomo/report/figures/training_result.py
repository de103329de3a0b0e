"""The figure of a softmax regression: the coefficients, with their intervals where they have some."""

from __future__ import annotations

import math

import altair as alt

from mottomo.classification.training_result import TrainingResult
from mottomo.messages import say
from mottomo.report.figures.contact_sheet import sheet_of
from mottomo.report.figures.drawing import COLOURS, MOST, Figure, Look, bars, layered, titled
from mottomo.report.numbers import percent


def draw(result: TrainingResult, look: Look) -> Figure:
    """The coefficients without the intercepts; of pictures held out in turn the pictures themselves.

    Where there is no maximum, or no features whose coefficients mean something, what training bought.
    """
    sheet = sheet_of(result.held_out, result.pictures, look)
    if sheet is not None:
        return sheet
    blocks = {one.name for one in result.classifier.encoding.features if one.block is not None}
    hidden = {
        place for name, places in result.classifier.encoding.groups().items() if name in blocks for place in places
    }
    last = len(result.columns) - 1
    places = [place for place in result.shown_rows if place[0] not in hidden and place[0] != last]
    if result.shows_direction or not places:
        return _bought(result, look)
    values, intervals = result.coefficients(), result.intervals
    names = result.classifier.categories.names
    rows = []
    for j, k in places[:MOST]:
        value = float(values[j, k])
        ends = {"value": value, "lower": value, "upper": value}
        if intervals is not None:
            ends |= {"lower": float(intervals.lower[j, k]), "upper": float(intervals.upper[j, k])}
        rows.append({"name": result.columns[j], "category": names[k], **ends})
    axis = look.words(say("coefficient"))
    base = alt.Chart().encode(
        alt.Y("name:N", sort=None, title=None, axis=alt.Axis(grid=False)),
        alt.Color("category:N", legend=None, scale=alt.Scale(range=list(COLOURS))),
    )
    zero = base.mark_rule(color=look.ink, strokeDash=[4, 4]).encode(alt.XDatum(0))
    lines = base.mark_rule(strokeWidth=6, strokeCap="round", opacity=0.4).encode(
        alt.X("lower:Q", title=axis), alt.X2("upper:Q")
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(alt.X("value:Q", title=axis))
    chart = (
        layered(zero, lines, points, rows=rows)
        .properties(width=260, height=alt.Step(22))
        .facet(alt.Facet("category:N", sort=list(names), title=None), columns=2)
    )
    against = say("against “{reference}”, per unit of each column", reference=result.reference)
    if intervals is not None:
        against = say("{against}; the lines are {level} intervals", against=against, level=percent(intervals.level))
    return titled(chart, look.words(say("Coefficients")), look.words(against))


def _bought(result: TrainingResult, look: Look) -> Figure:
    """The cross-entropy before training, of a die, and after training; on rows held out, if there are any."""
    rows = [
        (say("untrained (log K)"), math.log(len(result.classifier.categories))),
        (say("the intercept-only model"), result.null_cross_entropy),
        (say("the model, on the rows learnt"), result.cross_entropy),
    ]
    if result.held_out is not None:
        rows.append((say("the model, on rows held out"), result.held_out.model.value))
    named = [{"name": look.words(name), "value": value} for name, value in rows]
    axis = look.words(say("cross-entropy, nats"))
    chart = bars(named, look, of="", x=axis, order=[str(row["name"]) for row in named], are_counts=False)
    return titled(chart, look.words(say("What training bought")))
