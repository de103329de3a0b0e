"""The figure of a tally: a bar for each count, of several groups beside one another."""

from __future__ import annotations

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.figures.drawing import MOST, Figure, Look, bars, titled
from mottomo.tallies import Tally

_MOST_GROUPS = 12


def draw(tally: Tally, look: Look) -> Figure:
    """Bars of counts. Raises InvalidInput : nothing is counted."""
    if not tally.counts.size:
        raise InvalidInput("no-figure", say("without observations there is no figure"), verbatim("figure"))
    groups = ["/".join(group) for group in tally.groups] if tally.is_grouped else [""]
    names = list(tally.categories.names)
    rows = [
        {"group": group, "name": name, "value": int(tally.counts.reshape(len(groups), -1)[place, k])}
        for place, group in enumerate(groups[:_MOST_GROUPS])
        for k, name in enumerate(names[:MOST])
    ]
    chart = bars(
        rows,
        look,
        of=look.words(say("category")),
        x=look.words(say("count t")),
        order=names[:MOST],
        groups=groups[:_MOST_GROUPS] if tally.is_grouped else None,
    )
    shown = min(len(groups), _MOST_GROUPS) * min(len(names), MOST)
    left_out = say("{shown} of {n} are shown", shown=shown, n=tally.counts.size)
    return titled(chart, look.words(say("Tally")), look.words(left_out) if shown < tally.counts.size else "")
