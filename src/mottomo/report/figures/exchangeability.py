"""The figure of the order of outcomes: how often one equals the one before, and how often in a random order."""

from __future__ import annotations

from mottomo.errors import InvalidInput
from mottomo.inference.exchangeability import ExchangeabilityResult
from mottomo.messages import say, verbatim
from mottomo.report.figures.drawing import Figure, Look, bars, titled
from mottomo.report.results import verdict_of


def draw(result: ExchangeabilityResult, look: Look) -> Figure:
    """Two bars. Raises InvalidInput : there is nothing to order."""
    if not result.ways:
        raise InvalidInput("no-figure", say("without observations there is no figure"), verbatim("figure"))
    observed, expected = look.words(say("observed")), look.words(say("in a random order, on average"))
    rows: list[dict[str, str | float]] = [
        {"name": observed, "value": result.repeats},
        {"name": expected, "value": result.expected_repeats},
    ]
    axis = look.words(say("outcomes that equal the one before"))
    chart = bars(rows, look, of="", x=axis, order=[observed, expected])
    return titled(chart, look.words(say("The order of the outcomes")), look.words(verdict_of(result)))
