"""The figure of a neural network: its learning curve."""

from __future__ import annotations

import altair as alt

from mottomo.classification.network_result import NetworkResult
from mottomo.messages import say
from mottomo.report.figures.contact_sheet import sheet_of
from mottomo.report.figures.drawing import COLOURS, WIDTH, Figure, Look, data, layered, titled


def draw(result: NetworkResult, look: Look) -> Figure:
    """The cross-entropy after each epoch, of rows learnt and rows kept aside; of pictures held out in turn these."""
    sheet = sheet_of(result.held_out, result.pictures, look)
    if sheet is not None:
        return sheet
    learnt, aside = look.words(say("rows learnt")), look.words(say("rows kept aside"))
    rows = [{"epoch": one.epoch, "loss": one.training, "kind": learnt} for one in result.curve]
    if result.n_aside:
        rows += [{"epoch": one.epoch, "loss": one.aside, "kind": aside} for one in result.curve]
    x = alt.X("epoch:Q", title=look.words(say("epoch")))
    y = alt.Y("loss:Q", title=look.words(say("cross-entropy, nats")))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[learnt, aside], range=list(COLOURS[:2])),
        legend=alt.Legend(orient="top"),
    )
    lines = alt.Chart(data(rows)).mark_line(strokeWidth=3).encode(x, y, colour, alt.StrokeDash("kind:N", legend=None))
    best = alt.Chart(data([{"epoch": result.best}])).mark_rule(color=look.ink, strokeDash=[4, 4]).encode(x)
    null = alt.Chart(data([{"loss": result.null_cross_entropy}])).mark_rule(color=COLOURS[2]).encode(y)
    chart = layered(lines, best, null).properties(width=WIDTH, height=280)
    says = say("The upright line is the epoch whose weights are kept, the level one the loss without features.")
    return titled(chart, look.words(say("Learning curve")), look.words(says))
