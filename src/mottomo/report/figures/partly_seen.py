"""The figure of an estimate from outcomes seen in part: dots with intervals, or ranges of what is equally plausible."""

from __future__ import annotations

import altair as alt

from mottomo.inference.partly_seen import PartlySeenEstimate
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, MOST, Figure, Look, data, dots, layered, titled
from mottomo.report.results.estimation import interval_title


def draw(found: PartlySeenEstimate, look: Look) -> Figure:
    """Where a probability is not determined, the range of its equally plausible values stands in place of the dot."""
    names = list(found.categories.names)[:MOST]
    values = zip(
        names,
        found.probabilities.tolist(),
        found.intervals.lower.tolist(),
        found.intervals.upper.tolist(),
        found.identified.tolist(),
        found.lower.tolist(),
        found.upper.tolist(),
        strict=False,
    )
    rows, ranges = [], []
    for name, y, low, high, is_determined, lowest, highest in values:
        rows.append({"name": name, "value": y if is_determined else None, "lower": low, "upper": high})
        if not is_determined:
            ranges.append({"name": name, "from": lowest, "to": highest})
    chart = dots(
        rows,
        look,
        of=look.words(say("category")),
        x=look.words(say("probability")),
        interval=look.words(interval_title(found.intervals.level)),
        order=names,
        domain=None,
    )
    if not ranges:
        return titled(chart, look.words(say("Maximum likelihood estimate, some outcomes seen only in part")))
    loose = (
        alt.Chart(data(ranges))
        .mark_rule(strokeWidth=3, color=COLOURS[1])
        .encode(alt.Y("name:N", sort=names), alt.X("from:Q"), alt.X2("to:Q"))
    )
    below = look.words(say("The narrow lines are values that are equally plausible."))
    title = look.words(say("Maximum likelihood estimate, some outcomes seen only in part"))
    return titled(layered(chart, loose), title, below)
