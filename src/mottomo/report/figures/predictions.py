"""The figure of predictions: the probabilities of each row as bars."""

from __future__ import annotations

import itertools

import altair as alt

from mottomo.classification.predictions import Predictions
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, Figure, Look, layered, titled
from mottomo.report.layout import shortened
from mottomo.report.pictures import given_one_of_them

_MOST_ROWS = 24
_LONGEST = 40  # columns of letters of a name


def draw(found: Predictions, look: Look) -> Figure:
    """A bar a category, for the first rows; refused pictures are said to be so."""
    names = found.categories.names
    rows, titles = [], []
    for number, one in enumerate(itertools.islice(found.rows(), _MOST_ROWS), start=1):
        title = look.words(say("row {number}", number=number)) if one.name is None else shortened(one.name, _LONGEST)
        if found.refusal is not None and one.score is not None and one.score > found.refusal.threshold:
            title = f"{look.words(say('refused: none of these'))} — {title}"
        if title in titles:  # or two rows would share a chart
            title = f"{number}: {title}"
        titles.append(title)
        rows += [{"row": title, "name": name, "value": y} for name, y in zip(names, one.probabilities, strict=True)]
    base = alt.Chart().encode(
        alt.Y("name:N", sort=list(names), title=None),
        alt.X("value:Q", title=look.words(say("probability")), scale=alt.Scale(domain=[0, 1])),
    )
    bars = base.mark_bar(color=COLOURS[0], height=14)
    numbers = base.mark_text(align="left", dx=4, color=look.ink).encode(text=alt.Text("value:Q", format=".3f"))
    chart = (
        layered(bars, numbers, rows=rows)
        .properties(width=230, height=alt.Step(20))
        .facet(alt.Facet("row:N", sort=titles, title=None), columns=2)
    )
    n = found.n_observations
    below = [look.words(say("{shown} of {n} are shown", shown=_MOST_ROWS, n=n))] if n > _MOST_ROWS else []
    if found.name_column is not None:
        below.append(look.words(given_one_of_them(found.categories.names)))
    heading = say("Predicted probabilities of “{target}”", target=found.target)
    return titled(chart, look.words(heading), " ".join(below))
