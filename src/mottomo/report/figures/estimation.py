"""The figure of an estimate: a dot for each probability, with its interval."""

from __future__ import annotations

import altair as alt
import numpy as np

from mottomo.inference.estimation import Estimate
from mottomo.messages import say
from mottomo.report.figures.drawing import MOST, STEP, Figure, Look, data, dots, layered, titled
from mottomo.report.results.estimation import interval_title


def draw(estimate: Estimate, look: Look) -> Figure:
    """Probabilities with their intervals; of several groups one below the other."""
    tally = estimate.tally
    groups = [f"{'/'.join(group)}: " for group in tally.groups] if tally.is_grouped else [""]
    names = [f"{group}{name}" for group in groups for name in tally.categories]
    claim = estimate.null
    claims = [None] * len(names) if claim is None else np.tile(claim.values, len(groups)).tolist()
    values = zip(
        names,
        estimate.probabilities.reshape(-1).tolist(),
        estimate.intervals.lower.reshape(-1).tolist(),
        estimate.intervals.upper.reshape(-1).tolist(),
        claims,
        strict=True,
    )
    rows = [
        {"name": name, "value": y, "lower": low, "upper": high, **({} if mark is None else {"claim": mark})}
        for name, y, low, high, mark in values
    ][:MOST]
    chart = dots(
        rows,
        look,
        of=look.words(say("category")),
        x=look.words(say("probability")),
        interval=look.words(interval_title(estimate.intervals.level)),
        order=names[:MOST],
        domain=None,
    )
    below = []
    if claim is not None:
        ticks = alt.Chart(data(rows)).mark_tick(thickness=3, size=STEP - 6, color=look.ink)
        chart = layered(chart, ticks.encode(alt.Y("name:N", sort=names[:MOST]), alt.X("claim:Q")))
        below.append(look.words(say("The upright marks are the claim.")))
    if len(names) > MOST:
        below.append(look.words(say("{shown} of {n} are shown", shown=MOST, n=len(names))))
    return titled(chart, look.words(say("Maximum likelihood estimate")), " ".join(below))
