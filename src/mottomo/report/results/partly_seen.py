"""What an estimate from outcomes seen in part says: the labels, the probabilities, the check of the maximum."""

from __future__ import annotations

from dataclasses import replace

from mottomo.inference.partly_seen import PartlySeenEstimate, PartlySeenRemark, PartlySeenVerdict
from mottomo.messages import Message, say
from mottomo.report.numbers import full, percent, rounded, whole
from mottomo.report.report import Block, Body, Cells, Column, Formula, Paragraph, Table, stacked
from mottomo.report.results import Words, about, tallies, worded
from mottomo.report.results.estimation import DISCOVERED, NO_OBSERVATIONS, interval_title
from mottomo.report.sentences import observations, some

_PROBABILITY = Column("probability", say("probability"), "probability")


def _body(result: PartlySeenEstimate) -> Body:
    labels, categories = _labels(result), _categories(result)
    blocks: list[Block] = [labels, categories]
    if result.tally.n_observations:
        log_l = full(result.log_likelihood)
        blocks += [
            Formula(rf"\log L = {log_l}", f"log L = {log_l}"),
            Paragraph(
                say(
                    "Check: the gradient of log L is at most n = {n} everywhere, within {gap}; log L can be higher by "
                    "no more than that.",
                    n=whole(result.tally.n_observations),
                    gap=rounded(float(result.check.gap), 2),
                )
            ),
        ]
    title = say("Maximum likelihood estimate, some outcomes seen only in part")
    return Body(title, tuple(blocks), stacked(categories, labels))


def _labels(result: PartlySeenEstimate) -> Table:
    members = [tuple(result.categories[index] for index in label.members) for label in result.labels]
    return Table.of(
        len(members),
        (Column("category", say("label"), "label"), [label.name for label in result.labels]),
        (Column("means", say("one of"), "label"), members),
        (tallies.COUNT, [label.count for label in result.labels]),
        (_PROBABILITY, [label.probability for label in result.labels]),
    )


def _categories(result: PartlySeenEstimate) -> Table:
    # Where maxima differ, one of them is no estimate to be read: their range is.
    is_loose = bool(result.not_determined) and result.tally.n_observations > 0
    columns: list[tuple[Column, Cells]] = [
        (tallies.CATEGORY, result.categories.names),
        (tallies.COUNT, result.counts),
        (_PROBABILITY if not is_loose else replace(_PROBABILITY, is_shown=False), result.probabilities),
        (Column("lowest_maximum", say("equally plausible"), "lower", is_shown=is_loose), result.lower),
        (Column("highest_maximum", say("equally plausible"), "upper", is_shown=is_loose), result.upper),
        (Column("standard_error", say("std. error"), "probability"), result.standard_errors),
        (Column("identified", say("determined"), "flag", is_shown=False), result.identified),
        (Column("lower", interval_title(result.intervals.level), "lower"), result.intervals.lower),
        (Column("upper", interval_title(result.intervals.level), "upper"), result.intervals.upper),
    ]
    return Table.of(len(result.categories), *columns)


def _never_seen(result: PartlySeenEstimate) -> list[Message]:
    return [
        say(
            "The label {label} never occurs in the data; is its name right? Declared categories would have it checked.",
            label=label,
        )
        for label in result.never_seen
    ]


WORDS = Words[PartlySeenEstimate](
    "estimate",
    _body,
    worded(
        PartlySeenVerdict,
        {
            "partly-seen-estimated": lambda result: say(
                "From {observations}, {partly} of them seen only in part, the observations determine the probabilities "
                "of all categories.",
                observations=observations(result.tally.n_observations),
                partly=whole(result.n_partly_seen),
            ),
            "partly-seen-not-determined": lambda result: say(
                "From {observations}, {partly} of them seen only in part, not all probabilities are determined. "
                "Equally plausible values differ for {names}: the table shows their limits.",
                observations=observations(result.tally.n_observations),
                partly=whole(result.n_partly_seen),
                names=some(result.not_determined),
            ),
            "no-observations": lambda result: NO_OBSERVATIONS,
        },
    ),
    worded(
        PartlySeenRemark,
        {
            **about(lambda result: result.tally, tallies.REMARKS),
            "label-never-seen": _never_seen,
            "too-flat": lambda result: say(
                "The likelihood is too flat beside its size for float64 to tell where its top is: the probabilities "
                "have fewer right digits, and there are no standard errors."
            ),
            "label-tells-nothing": lambda result: say(
                "{names} may stand for every category, and so tells nothing about the probabilities.",
                names=some(result.uninformative),
            ),
            "coarsened-at-random": lambda result: say(
                "The estimate supposes that an outcome's being seen only in part did not depend on which category of "
                "its set it was; the intervals suppose nothing about it."
            ),
            "intervals-whatever-hid": lambda result: say(
                "The {level} intervals hold for all categories at once: each lower limit counts no partly seen outcome "
                "for the category, each upper limit all that may be it.",
                level=percent(result.intervals.level),
            ),
            "maximum-not-reached": lambda result: say(
                "The maximum was not reached within rounding: log L may be higher by up to {gap}.",
                gap=rounded(float(result.check.gap)),
            ),
            "categories-discovered": lambda result: DISCOVERED,
        },
    ),
)
