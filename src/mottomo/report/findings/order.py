"""Words of the order of outcomes: dependence and drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mottomo.messages import Message, say
from mottomo.report.findings.parts import Values, p_text
from mottomo.report.numbers import rounded, whole


def _p(way: Any) -> str:
    return p_text(way.p.value, way.p.log10)


def _cell(way: Any) -> dict[str, str]:
    """The most conspicuous cell of its table."""
    return {
        "row": way.row,
        "column": way.column,
        "observed": whole(way.observed),
        "expected": rounded(way.expected, 3),
    }


def _dependence(values: Values) -> Message:
    way = values["dependence"]
    return say(
        "Successive outcomes go together otherwise than in a random order: p = {p} (“{column}” after “{row}” "
        "{observed} times, expected {expected}).",
        p=_p(way),
        **_cell(way),
    )


def _drift(values: Values) -> Message:
    way = values["drift"]
    return say(
        "The shares change along the sequence more than in a random order: p = {p} (“{column}” in outcomes {row} "
        "{observed} times, expected {expected}).",
        p=_p(way),
        **_cell(way),
    )


WORDS: dict[str, Callable[[Values], Message]] = {
    "order-agrees": lambda values: say(
        "The order of the outcomes shows neither dependence (p = {dependence}) nor drift (p = {drift}).",
        dependence=_p(values["dependence"]),
        drift=_p(values["drift"]),
    ),
    "order-dependence": _dependence,
    "order-drift": _drift,
    "order-dependence-and-drift": lambda values: say(
        "{dependence} {drift} Either can be the cause of the other.",
        dependence=_dependence(values),
        drift=_drift(values),
    ),
    "order-nothing": lambda values: say("Too few outcomes, or all alike: their order tells nothing."),
    "order-monte-carlo": lambda values: say(
        "p-values of the order are shares of {draws} random orders with seed {seed}.",
        draws=whole(values["draws"]),
        seed=str(values["seed"]),
    ),
    "order-asymptotic": lambda values: say("p-values of the order are by chi-square, which is approximate."),
    "order-invalidates": lambda values: say(
        "The test supposes independent outcomes. If these came in the order in which they happened, its p-value and "
        "the intervals cannot be trusted."
    ),
}
