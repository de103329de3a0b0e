"""What an estimate says: probabilities with errors and intervals, log L, and the check of the maximum."""

from __future__ import annotations

import numpy as np

from mottomo.inference.estimation import Estimate, EstimateRemark, EstimateVerdict
from mottomo.messages import Message, say
from mottomo.report.numbers import full, percent, rounded, rounded_down, rounded_up, whole
from mottomo.report.report import Block, Body, Cells, Column, Formula, Paragraph, Table
from mottomo.report.results import Words, about, tallies, worded
from mottomo.report.sentences import categories, groups, observations, quoted, some
from mottomo.report.tables import MOST_ROWS

_LONGEST_FRACTION = 19
_MOST_HIGHEST = 3


def _body(estimate: Estimate) -> Body:
    tally, intervals = estimate.tally, estimate.intervals
    columns = [*tallies.names(tally), (tallies.COUNT, tally.counts.reshape(-1))]
    if not tally.is_grouped:
        exact = estimate.probabilities_exact or [None] * tally.n_categories
        columns.append((Column("exact", say("t/n"), "number", is_shown=_fractions_fit(estimate)), exact))
    table = Table.of(
        tallies.n_rows(tally),
        *columns,
        (Column("probability", say("probability"), "probability"), estimate.probabilities.reshape(-1)),
        *_claimed(estimate),
        (Column("standard_error", say("std. error"), "probability"), estimate.standard_errors.reshape(-1)),
        (Column("lower", interval_title(intervals.level), "lower"), intervals.lower.reshape(-1)),
        (Column("upper", interval_title(intervals.level), "upper"), intervals.upper.reshape(-1)),
    )
    return Body(say("Maximum likelihood estimate"), (table, *_check(estimate)), table)


def _claimed(estimate: Estimate) -> list[tuple[Column, Cells]]:
    """The claim beside the estimate, if there is one."""
    if estimate.null is None:
        return []
    values = np.tile(estimate.null.values, tallies.n_rows(estimate.tally) // len(estimate.null.values))
    return [(Column("null_probability", say("claimed"), "probability"), values)]


def interval_title(level: float) -> Message:
    """What stands above intervals."""
    return say("{level} interval", level=percent(level))


def _fractions_fit(estimate: Estimate) -> bool:
    if estimate.tally.n_categories > MOST_ROWS:
        return False
    return all(len(str(fraction)) <= _LONGEST_FRACTION for fraction in estimate.probabilities_exact)


def _check(estimate: Estimate) -> list[Block]:
    if estimate.tally.is_grouped or estimate.tally.n_observations == 0:
        return []
    log_l, nats = full(float(estimate.log_likelihood)), full(float(estimate.cross_entropy))
    bits, perplexity = full(float(estimate.bits)), rounded(float(estimate.perplexity), 10)
    maximum = {
        "strict": say("a strict maximum: every category was seen"),
        "boundary": say("a maximum on the boundary: some category was never seen"),
    }[str(estimate.check.maximum)]
    deviation = say(", exactly")
    if estimate.deviation:
        deviation = say(", within {size}", size=rounded(estimate.deviation, 2))
    return [
        Formula(rf"\log L = {log_l}", f"log L = {log_l}"),
        Formula(
            rf"-\log L / n = {nats}\ \mathrm{{nats}} = {bits}\ \mathrm{{bits}}",
            f"-log L / n = {nats} nats = {bits} bits (perplexity {perplexity})",
        ),
        Paragraph(
            say(
                "Check: t/y = {n} for every category that was seen{deviation}; {maximum}.",
                n=whole(estimate.tally.n_observations),
                deviation=deviation,
                maximum=maximum,
            )
        ),
    ]


def _estimated(estimate: Estimate) -> Message:
    top = estimate.tally.categories.names.index(estimate.highest[0])
    return say(
        "From {observations}, most plausible are the relative frequencies. The highest is {categories} with "
        "{probability} ({level} interval {lower} to {upper}).",
        categories=quoted(estimate.highest, _MOST_HIGHEST),
        probability=rounded(float(estimate.probabilities[top])),
        lower=rounded_down(float(estimate.intervals.lower[top])),
        upper=rounded_up(float(estimate.intervals.upper[top])),
        level=percent(estimate.intervals.level),
        observations=observations(estimate.tally.n_observations),
    )


def _lowest(estimate: Estimate) -> dict[str, str]:
    """How low the probability of the category that was seen may be."""
    top = estimate.tally.categories.names.index(estimate.highest[0])
    return {
        "category": estimate.highest[0],
        "lower": rounded_down(float(estimate.intervals.lower[top])),
        "level": percent(estimate.intervals.level),
    }


def _unseen(estimate: Estimate) -> Message:
    unseen = estimate.tally.unseen
    first = estimate.tally.categories.names.index(unseen[0])  # the limit is alike for all unseen ones
    return say(
        "Never seen: {names}. The estimate 0 sits on the boundary and does not mean impossible: "
        "the probability of each may be as high as {upper}.",
        names=some(unseen),
        upper=rounded_up(float(estimate.intervals.upper[first])),
    )


def _claim(estimate: Estimate) -> dict[str, str | Message]:
    """What the intervals claim, for how many categories."""
    intervals = estimate.intervals
    return {
        "method": intervals.title,
        "categories": categories(estimate.tally.n_categories),
        "level": percent(intervals.level),
    }


NO_OBSERVATIONS = say("No observations: log L is 0 for all probabilities, so none is the most plausible.")
DISCOVERED = say(
    "The categories were discovered in the data; one that never came up is missing here. Declare them with "
    "--categories (in Python: categories=...)."
)
WORDS = Words[Estimate](
    "estimate",
    _body,
    worded(
        EstimateVerdict,
        {
            "estimated": _estimated,
            "estimated-groups": lambda estimate: say(
                "Probabilities of {groups} estimated from {observations}.",
                groups=groups(len(estimate.tally.groups)),
                observations=observations(estimate.tally.total_observations),
            ),
            "no-observations": lambda estimate: NO_OBSERVATIONS,
            "single-observation": lambda estimate: say(
                "One observation makes {category} certain, which says more about maximum likelihood than about the "
                "next outcome: its probability may be as low as {lower} at {level} confidence.",
                **_lowest(estimate),
            ),
            "single-category": lambda estimate: say(
                "Only {category} was declared, so its probability is 1 by definition.", category=estimate.highest[0]
            ),
            "single-category-discovered": lambda estimate: say(
                "Only {category} was seen; if other outcomes can happen, its probability may be as low as {lower} "
                "at {level} confidence.",
                **_lowest(estimate),
            ),
        },
    ),
    worded(
        EstimateRemark,
        {
            **about(lambda estimate: estimate.tally, tallies.REMARKS),
            "intervals-simultaneous": lambda estimate: say(
                "The {method} intervals hold for all {categories} at once, at {level} or more, at every number of "
                "observations.",
                **_claim(estimate),
            ),
            "intervals-per-category": lambda estimate: say(
                "Each {method} interval alone holds at {level} or more; all {categories} at once hold less often.",
                **_claim(estimate),
            ),
            "intervals-approximate": lambda estimate: say(
                "{method} intervals approximate {level} for all {categories} at once; the true level can be lower.",
                **_claim(estimate),
            ),
            "intervals-approximate-per-category": lambda estimate: say(
                "{method} intervals approximate {level} for each category by itself; for all {categories} at once it "
                "is lower.",
                **_claim(estimate),
            ),
            "unseen-categories": _unseen,
            "categories-discovered": lambda estimate: DISCOVERED,
        },
    ),
    lambda estimate: tallies.summary(estimate.tally, [rounded(y) for y in estimate.probabilities.reshape(-1)[:6]]),
)
