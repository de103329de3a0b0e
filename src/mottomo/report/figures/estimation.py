"""The figure of an estimate: a dot for each probability, with its interval."""

from __future__ import annotations

from mottomo.inference.estimation import Estimate
from mottomo.messages import say
from mottomo.report.figures.drawing import MOST, Figure, Look, dots, titled
from mottomo.report.results.estimation import interval_title


def draw(estimate: Estimate, look: Look) -> Figure:
    """Probabilities with their intervals; of several groups one below the other."""
    tally = estimate.tally
    groups = [f"{'/'.join(group)}: " for group in tally.groups] if tally.is_grouped else [""]
    names = [f"{group}{name}" for group in groups for name in tally.categories]
    values = zip(
        names,
        estimate.probabilities.reshape(-1).tolist(),
        estimate.intervals.lower.reshape(-1).tolist(),
        estimate.intervals.upper.reshape(-1).tolist(),
        strict=True,
    )
    rows = [{"name": name, "value": y, "lower": low, "upper": high} for name, y, low, high in values][:MOST]
    chart = dots(
        rows,
        look,
        of=look.words(say("category")),
        x=look.words(say("probability")),
        interval=look.words(interval_title(estimate.intervals.level)),
        order=names[:MOST],
        domain=None,
    )
    left_out = say("{shown} of {n} are shown", shown=MOST, n=len(names))
    return titled(
        chart, look.words(say("Maximum likelihood estimate")), look.words(left_out) if len(names) > MOST else ""
    )
