"""What the order of outcomes says: dependence and drift, which a tally cannot show."""

from __future__ import annotations

from collections.abc import Mapping

from mottomo.inference.exchangeability import (
    ExchangeabilityResult,
    OrderRemark,
    OrderStatistic,
    OrderVerdict,
)
from mottomo.messages import Message, say
from mottomo.report.numbers import rounded, whole
from mottomo.report.report import Block, Body, Column, Named, P, Paragraph, Table
from mottomo.report.results import Say, Says, Words, about, tallies, worded
from mottomo.report.sentences import p_text
from mottomo.tallies import Tally


def _body(result: ExchangeabilityResult) -> Body:
    names = {
        "dependence": say("dependence on the outcome before"),
        "drift": say("drift between {number} blocks", number=whole(result.n_blocks)),
    }
    ways = list(result.ways.values())
    table = Table.of(
        len(ways),
        (Column("way", say("by its order"), "label"), [Named(name, names[name]) for name in result.ways]),
        (Column("deviance", say("deviance G")), [way.deviance for way in ways]),
        (Column("degrees_of_freedom", say("df"), "count"), [way.degrees_of_freedom for way in ways]),
        (Column("p_value", say("p"), "p_value"), [P(way.p.value, way.p.log10) for way in ways]),
        (Column("adjusted_p_value", say("adj. p"), "p_value"), [P(way.adjusted, way.log10_adjusted) for way in ways]),
    )
    blocks: list[Block] = [table]
    if ways:
        blocks.append(
            Paragraph(
                say(
                    "An outcome equals the one before {repeats} times; in a random order it would {expected} times on "
                    "average.",
                    repeats=whole(result.repeats),
                    expected=rounded(result.expected_repeats),
                )
            )
        )
    return Body(say("The order of the outcomes"), tuple(blocks), table)


def _tally(result: ExchangeabilityResult) -> Tally:
    return result.tally


def _found(way: OrderStatistic | None) -> dict[str, str]:
    """A p-value and the most conspicuous cell of its table."""
    assert way is not None
    return {
        "p": p_text(way.p.value, way.p.log10),
        "row": way.row,
        "column": way.column,
        "observed": whole(way.observed),
        "expected": rounded(way.expected, 3),
    }


def _dependence(result: ExchangeabilityResult) -> Message:
    return say(
        "Successive outcomes go together otherwise than in a random order: p = {p} (“{column}” after “{row}” "
        "{observed} times, expected {expected}).",
        **_found(result.dependence),
    )


def _drift(result: ExchangeabilityResult) -> Message:
    return say(
        "The shares change along the sequence more than in a random order: p = {p} (“{column}” in outcomes {row} "
        "{observed} times, expected {expected}).",
        **_found(result.drift),
    )


def _simulated(result: ExchangeabilityResult) -> Message:
    assert result.dependence is not None
    return say(
        "p-values of the order are shares of {draws} random orders with seed {seed}.",
        draws=whole(result.dependence.p.draws or 0),
        seed=str(result.dependence.p.seed),
    )


VERDICTS: Mapping[str, Say[ExchangeabilityResult]] = worded(
    OrderVerdict,
    {
        "order-agrees": lambda result: say(
            "The order of the outcomes shows neither dependence (p = {dependence}) nor drift (p = {drift}).",
            dependence=_found(result.dependence)["p"],
            drift=_found(result.drift)["p"],
        ),
        "order-dependence": _dependence,
        "order-drift": _drift,
        "order-dependence-and-drift": lambda result: say(
            "{dependence} {drift} Either can be the cause of the other.",
            dependence=_dependence(result),
            drift=_drift(result),
        ),
        "order-nothing": lambda result: say("Too few outcomes, or all alike: their order tells nothing."),
    },
)
REMARKS: Mapping[str, Says[ExchangeabilityResult]] = worded(
    OrderRemark,
    {
        **about(_tally, tallies.REMARKS),
        "order-monte-carlo": _simulated,
        "order-asymptotic": lambda result: say("p-values of the order are by chi-square, which is approximate."),
    },
)
WORDS = Words[ExchangeabilityResult]("test", _body, VERDICTS, REMARKS)
