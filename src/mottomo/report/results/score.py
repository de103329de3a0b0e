"""What the score of a classifier says: its cross-entropy beside those of models that know no inputs."""

from __future__ import annotations

from mottomo.classification.score import Score, ScoreRemark, ScoreVerdict
from mottomo.messages import Message, say, say_count
from mottomo.report.held_out import dropped, held_out
from mottomo.report.numbers import rounded, whole
from mottomo.report.pictures import given_one_of_them, left_out, refusal_rule
from mottomo.report.report import Body, Column, Paragraph, Table
from mottomo.report.results import Words, worded
from mottomo.report.results.tallies import CATEGORY, COUNT
from mottomo.report.sentences import some

_MOST_NAMES = 5


def _body(found: Score) -> Body:
    table = _by_category(found)
    return Body(
        say("Score of a classifier for “{target}”", target=found.target),
        (
            *held_out(found.held_out, say("the shares t/n")),
            Paragraph(say("By the category that happened:")),
            table,
        ),
        table,
    )


def _by_category(found: Score) -> Table:
    hits = found.held_out.hits
    return Table.of(
        len(hits),
        (CATEGORY, [one.name for one in hits]),
        (COUNT, [one.n for one in hits]),
        (Column("right", say("most probable"), "count"), [one.hits for one in hits]),
        (Column("cross_entropy", say("cross-entropy, nats"), digits=4), found.losses),
    )


def _numbers(found: Score, sign: int) -> dict[str, str]:
    """The cross-entropy, and how far that of the shares is above it, or below with `sign` -1; with standard errors."""
    losses, gain = found.held_out.model, found.held_out.gain
    return {
        "model": rounded(losses.value, 4),
        "error": rounded(losses.standard_error, 2),
        "apart": rounded(sign * gain.value, 4),
        "apart_error": rounded(gain.standard_error, 2),
    }


def _gains(found: Score) -> Message:
    return say(
        "Cross-entropy {model} ± {error} nats a row: {apart} ± {apart_error} less than the shares of these rows have.",
        **_numbers(found, 1),
    )


def _loses(found: Score) -> Message:
    return say(
        "Cross-entropy {model} ± {error} nats a row: {apart} ± {apart_error} more than the shares of these rows have, "
        "which know nothing of the inputs, but were counted on these very rows.",
        **_numbers(found, -1),
    )


def _unclear(found: Score) -> Message:
    return say(
        "Cross-entropy {model} ± {error} nats a row, not clearly other than that of the shares of these rows: "
        "{apart} ± {apart_error} less.",
        **_numbers(found, 1),
    )


def _infinite(found: Score) -> Message:
    n = found.held_out.n_impossible
    what = say_count(
        "The cross-entropy is infinite: {number} row has a category to which the model gives probability 0.",
        "The cross-entropy is infinite: {number} rows have a category to which the model gives probability 0.",
        n,
        number=whole(n),
    )
    if found.finite is None:
        return what
    return say("{what} Without them it is {value} nats a row.", what=what, value=rounded(found.finite.value, 4))


def _impossible(found: Score) -> Message:
    rows = [
        say("row {row} ({category})", row=one.row, category=one.category)
        if one.name is None
        else say("{name} ({category})", name=one.name, category=one.category)
        for one in found.impossible[:_MOST_NAMES]
    ]
    more = found.n_impossible_rows - len(rows)
    if more:
        return say("Impossible by the model, but it happened: {rows} and {more} more.", rows=rows, more=whole(more))
    return say("Impossible by the model, but it happened: {rows}.", rows=rows)


def _refused(found: Score) -> Message:
    rule = refusal_rule(found.refusal)
    return say_count(
        "{number} of these pictures would be refused as none of the categories; it counts in the losses. {rule}",
        "{number} of these pictures would be refused as none of the categories; they count in the losses. {rule}",
        found.n_refused,
        number=whole(found.n_refused),
        rule=rule,
    )


WORDS = Words[Score](
    "score",
    _body,
    worded(
        ScoreVerdict,
        {"score-gains": _gains, "score-loses": _loses, "score-unclear": _unclear, "score-infinite": _infinite},
    ),
    worded(
        ScoreRemark,
        {
            "rows-of-the-training": lambda found: say(
                "These are the rows on which the model was trained: their log L is the same. So this is not what it is "
                "worth on new rows."
            ),
            "rows-dropped": lambda found: dropped(found.n_dropped),
            "impossible-rows": _impossible,
            "unknown-categories": lambda found: say(
                "The model does not know these categories, which happened: {names}.",
                names=some(list(found.unknown), _MOST_NAMES),
            ),
            "given-one-of-them": lambda found: given_one_of_them(
                found.tally.categories.names[: len(found.tally.categories) - len(found.unknown)]
            ),
            "pictures-refused": _refused,
            "pictures-skipped": lambda found: left_out(found.skipped),
        },
    ),
)
