"""The cross-entropy of a classifier, of all rows and of each group, beside that of the shares of the rows."""

from __future__ import annotations

import altair as alt

from mottomo.classification.score import Score
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, Figure, Look, data, layered, titled

_MOST_GROUPS = 40
_UNTRAINED = say("The broken line is log K, the cross-entropy of equal probabilities.")
_INFINITE = say("What is not drawn is infinite: something happened that was impossible by the model.")
_ERRORS = say("The lines are one standard error to each side.")


def draw(found: Score, look: Look) -> Figure:
    """Dots with standard errors for all rows; for groups, dots alone."""
    held_out = found.held_out
    model, null = look.words(say("the model")), look.words(say("the shares t/n"))
    every = look.words(say("all rows"))
    rows: list[dict[str, str | float]] = [
        {
            "what": every,
            "kind": kind,
            "loss": losses.value,
            "low": losses.value - losses.standard_error,
            "high": losses.value + losses.standard_error,
        }
        for kind, losses in ((model, held_out.model), (null, held_out.null))
    ]
    groups = () if held_out.left_out is None else held_out.left_out.groups[:_MOST_GROUPS]
    for one in groups:
        rows.append({"what": one.name, "kind": model, "loss": one.model})
        rows.append({"what": one.name, "kind": null, "loss": one.null})
    order = [every, *(one.name for one in groups)]
    down = alt.Y("what:N", sort=order, title=None)
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=[model, null], range=list(COLOURS[:2])),
        legend=alt.Legend(orient="top"),
    )
    shape = alt.Shape("kind:N", title=None, scale=alt.Scale(domain=[model, null], range=["circle", "diamond"]))
    across = alt.X("loss:Q", title=look.words(say("cross-entropy, nats")), scale=alt.Scale(zero=True))
    untrained = alt.Chart(data([{"loss": held_out.untrained}])).mark_rule(strokeDash=[4, 4], color=look.ink)
    drawn = [row for row in rows if row["loss"] != float("inf")]
    shown = data(drawn)
    chart = layered(
        untrained.encode(alt.X("loss:Q")),
        alt.Chart(shown).mark_rule(strokeWidth=2).encode(alt.X("low:Q"), down, colour, x2="high:Q"),
        alt.Chart(shown).mark_point(filled=True, size=90, opacity=1).encode(across, down, colour, shape),
    )
    title = look.words(say("Score of a classifier for “{target}”", target=found.target))
    below = [
        look.words(say("The broken line is log K, the cross-entropy of equal probabilities.")),
        look.words(_ERRORS),
    ]
    if len(drawn) < len(rows):
        below.append(
            look.words(say("What is not drawn is infinite: something happened that was impossible by the model."))
        )
    return titled(chart, title, " ".join(below))
