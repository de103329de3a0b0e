"""What tests of many groups say: the groups by evidence, the strongest first."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.inference.group_tests import GroupRemark, GroupTests, GroupVerdict
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.numbers import rounded, whole
from mottomo.report.report import Body, Cells, Column, Table, p_cells
from mottomo.report.results import Words, about, tallies, worded
from mottomo.report.results.goodness_of_fit import float_null
from mottomo.report.results.simulation import NORMALISED
from mottomo.report.sentences import groups


def _body(result: GroupTests) -> Body:
    tally, order = result.tally, result.smallest_p_first
    # Beside a bound, with which they are adjusted together, the adjusted p-values are bounds too.
    are_bounds = result.bounded | result.bounded.any()

    def part(place: int) -> Callable[[int], str]:
        return lambda row: tally.groups[order[row]][place]

    names: list[tuple[Column, Cells]] = [
        (Column(name, verbatim(name), "label"), part(place)) for place, name in enumerate(tally.by)
    ]
    table = Table.of(
        order.size,
        *names,
        (Column("n", verbatim("n"), "count"), tally.n_observations[order]),
        (Column("deviance", verbatim("G")), result.deviance[order]),
        (Column("pearson", verbatim("X^2"), is_shown=False), result.pearson[order]),
        (
            Column("p_value", verbatim("p"), "p_value"),
            p_cells(result.p_values[order], result.log10_p_values[order], result.bounded[order]),
        ),
        (
            Column("benjamini_hochberg", verbatim("BH"), "p_value"),
            p_cells(result.benjamini_hochberg[order], result.log10_benjamini_hochberg[order], are_bounds),
        ),
        (
            Column("holm", verbatim("Holm"), "p_value"),
            p_cells(result.holm[order], result.log10_holm[order], are_bounds),
        ),
        (Column("bounded", say("bounded"), "flag", is_shown=False), result.bounded[order]),
        (Column("method", say("method"), "label", is_shown=False), result.methods[order]),
    )
    return Body(say("Goodness of fit, group by group"), (table,), table)


def _by_chance(result: GroupTests) -> dict[str, str]:
    return {
        "significance": rounded(result.significance),
        "discoveries": whole(result.n_discoveries),
        "unadjusted": whole(result.n_unadjusted),
        "expected": rounded(result.expected_by_chance),
    }


def _simulated(result: GroupTests) -> Message:
    return say_count(
        "Simulated p-values ({draws} draws, seed {seed}): {count} group.",
        "Simulated p-values ({draws} draws, seed {seed}): {count} groups.",
        result.n_by("monte-carlo"),
        draws=whole(result.draws or 0),
        seed=str(result.seed),
    )


WORDS = Words[GroupTests](
    "test",
    _body,
    worded(
        GroupVerdict,
        {
            "groups-rejected": lambda result: say(
                "Departing after Holm's correction at {significance}: {flagged} ({discoveries} after Benjamini and "
                "Hochberg). Unadjusted, {unadjusted} have p ≤ {significance}, and about {expected} or fewer would be "
                "expected by chance.",
                flagged=groups(result.n_flagged),
                **_by_chance(result),
            ),
            "groups-not-rejected": lambda result: say(
                "None of {groups} departs after Holm's correction ({discoveries} after Benjamini and Hochberg). "
                "Unadjusted, {unadjusted} have p ≤ {significance}, and about {expected} or fewer would be expected by "
                "chance.",
                groups=groups(result.p_values.size),
                **_by_chance(result),
            ),
            "groups-cannot-tell": lambda result: say("No observations: nothing can be said about the claim."),
        },
    ),
    worded(
        GroupRemark,
        {
            **about(lambda result: result.tally, tallies.REMARKS),
            "normalised": lambda result: NORMALISED,
            "float-null": lambda result: float_null(),
            "groups-impossible": lambda result: say(
                "Refuted for certain, because an outcome of probability 0 happened: {groups}.",
                groups=groups(result.n_impossible),
            ),
            "groups-exact": lambda result: say("Exact p-values: {groups}.", groups=groups(result.n_by("exact"))),
            "groups-monte-carlo": _simulated,
            "groups-asymptotic": lambda result: say(
                "p-values by chi-square, which is approximate: {groups}.", groups=groups(result.n_by("asymptotic"))
            ),
            "groups-bounded": lambda result: say(
                "Only a proven upper bound of p is known (≤): {groups}.", groups=groups(int(result.bounded.sum()))
            ),
        },
    ),
)
