"""What a plan says: the claim beside the alternative, the effect, and the number of observations."""

from __future__ import annotations

from mottomo.inference.planning import Plan, PlanRemark, PlanVerdict
from mottomo.messages import Message, say
from mottomo.report.numbers import percent, rounded, whole
from mottomo.report.report import Block, Body, Column, Paragraph, Table
from mottomo.report.results import Words, worded
from mottomo.report.results.tallies import CATEGORY
from mottomo.report.sentences import observations, percent_about


def _body(plan: Plan) -> Body:
    blocks: list[Block] = []
    table = _alternative(plan)
    if table is not None:
        blocks.append(table)
    if plan.effect_size is not None:
        blocks.append(
            Paragraph(
                say(
                    "Effect size w = {w}; significance {significance}.",
                    w=rounded(plan.effect_size),
                    significance=rounded(_known(plan.significance)),
                )
            )
        )
    if plan.exact_power is not None:
        blocks.append(
            Paragraph(
                say(
                    "At n = {n} the exact test has size {size} (how often it rejects a true claim) and power {power}.",
                    n=whole(plan.n_observations),
                    size=rounded(_known(plan.exact_size)),
                    power=rounded(plan.exact_power),
                )
            )
        )
    return Body(say("How many observations"), tuple(blocks), table)


def _alternative(plan: Plan) -> Table | None:
    if plan.null is None or plan.alternative is None:
        return None
    return Table.of(
        len(plan.null.categories),
        (CATEGORY, plan.null.categories.names),
        (Column("null_probability", say("claimed"), "probability"), plan.null.values),
        (Column("alternative_probability", say("alternative"), "probability"), plan.alternative.values),
    )


def _known(value: float | None) -> float:
    """What a plan of its goal has."""
    assert value is not None
    return value


def _exactness(plan: Plan) -> Message:
    return say("exact") if plan.method == "exact" else say("approximate")


def _power(plan: Plan) -> Message:
    found = {
        "n": whole(plan.n_observations),
        "target": percent(_known(plan.target_power)),
        "significance": rounded(_known(plan.significance)),
        "power": rounded(_known(plan.power), 4),
    }
    if plan.method == "exact" or plan.exact_power is None:
        return say(
            "{n} observations would notice the departure {target} of the time at significance {significance} "
            "({exactness}; power {power}).",
            exactness=_exactness(plan),
            **found,
        )
    return say(
        "By chi-square {n} observations would notice the departure {target} of the time at significance "
        "{significance} (approximate: power {power}; exactly it is {exact}).",
        exact=rounded(plan.exact_power, 4),
        **found,
    )


def _n(plan: Plan) -> Message:
    return say(
        "{observations} would notice the departure {power} of the time at significance {significance} ({exactness}).",
        observations=observations(plan.n_observations),
        power=percent_about(_known(plan.power)),
        significance=rounded(_known(plan.significance)),
        exactness=_exactness(plan),
    )


def _half_width(plan: Plan) -> Message:
    return say(
        "From {n} observations on, the simultaneous {level} intervals are no wider than ±{half_width}, if the shares "
        "are those planned for.",
        n=whole(plan.n_observations),
        level=percent(_known(plan.level)),
        half_width=rounded(_known(plan.half_width)),
    )


def _from_estimate(plan: Plan) -> Message:
    assert plan.tally is not None
    return say(
        "The alternative is the estimate from {observations}: a plan for the next experiment, no evidence.",
        observations=observations(plan.tally.n_observations),
    )


def _approximate(plan: Plan) -> Message:
    if plan.exact_power is None:
        return say("Approximate: from the noncentral chi-square distribution.")
    return say(
        "The number is from the noncentral chi-square; at {n} the exact test has power {power}. --method exact looks "
        "for the exact number.",
        n=whole(plan.n_observations),
        power=rounded(plan.exact_power),
    )


WORDS = Words[Plan](
    "plan",
    _body,
    worded(PlanVerdict, {"plan-power": _power, "plan-n": _n, "plan-half-width": _half_width}),
    worded(
        PlanRemark,
        {
            "plan-from-estimate": _from_estimate,
            "plan-approximate": _approximate,
            "plan-exact": lambda plan: say(
                "Exact power rises with teeth; it was computed for every n from {n} to {searched_to} and stays at or "
                "above the target.",
                n=whole(plan.n_observations),
                searched_to=whole(plan.searched_to or 0),
            ),
        },
    ),
)
