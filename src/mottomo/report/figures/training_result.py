"""The figure of a softmax regression: the coefficients, with intervals of 95 % where they have standard errors."""

from __future__ import annotations

import altair as alt

from mottomo.classification.training_result import TrainingResult
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.figures.contact_sheet import sheet_of
from mottomo.report.figures.drawing import COLOURS, MOST, Figure, Look, layered, titled

_NORMAL = 1.959963984540054  # the 0.975 quantile of the normal distribution


def draw(result: TrainingResult, look: Look) -> Figure:
    """The coefficients without the intercepts; of pictures held out in turn the pictures themselves.

    Raises InvalidInput : there is no maximum, or there are no features whose coefficients mean something.
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
        raise InvalidInput(
            "no-figure",
            say("there are no coefficients to draw"),
            verbatim("figure"),
            say("a maximum, and features that are numbers or text; or pictures with --holdout each"),
        )
    values, errors = result.coefficients(), result.standard_errors
    names = result.classifier.categories.names
    rows = []
    for j, k in places[:MOST]:
        value = float(values[j, k])
        half = 0.0 if errors is None else _NORMAL * float(errors[j, k])
        ends = {"value": value, "lower": value - half, "upper": value + half}
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
    if errors is not None:
        against = say("{against}; the lines are 95 % intervals", against=against)
    return titled(chart, look.words(say("Coefficients")), look.words(against))
