"""What is said of rows that were held out of a training, and of a penalty that was chosen on such rows."""

from __future__ import annotations

from collections.abc import Iterable

from mottomo.classification.penalty_choice import PenaltyChoice
from mottomo.held_out import HeldOut, LeftOut
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.numbers import rounded, significant, whole
from mottomo.report.report import Block, Column, Named, Paragraph, Table
from mottomo.report.sentences import some

_MOST_NAMES = 5
_NULL = say("the intercept-only model")


def counted(n_rows: int, n_observations: int) -> Message:
    """How many rows there are, and with weights how many observations they stand for."""
    rows = say_count("{number} row", "{number} rows", n_rows, number=whole(n_rows))
    if n_observations == n_rows:
        return rows
    return say("{rows} that count as {n}", rows=rows, n=whole(n_observations))


def held_out(found: HeldOut, null: Message = _NULL) -> list[Block]:
    """The losses of the model on held-out rows, and beside them those of the intercept-only model and log K.

    null : what the intercept-only model is called.
    """
    named = [
        (Named("model", say("the model")), found.model.value, found.model.standard_error),
        (Named("null", null), found.null.value, found.null.standard_error),
        (Named("gain", say("gain of the model")), found.gain.value, found.gain.standard_error),
        (Named("untrained", say("untrained (log K)")), found.untrained, 0.0),
    ]
    blocks: list[Block] = [
        Paragraph(_which_rows(found)),
        Table.of(
            len(named),
            (Column("what", say("cross-entropy, nats"), "label"), [name for name, *_ in named]),
            (Column("value", say("mean"), digits=5), [value for _, value, _ in named]),
            (Column("standard_error", say("std. error"), digits=2), [error for *_, error in named]),
        ),
        Paragraph(_hits(found)),
    ]
    if found.left_out is not None:
        blocks.append(_by_group(found.left_out, null))
    return blocks


def _which_rows(found: HeldOut) -> Message:
    rows, left_out = counted(found.n_rows, found.n_observations), found.left_out
    if left_out is None:
        return (
            say("{rows}:", rows=rows)
            if found.seed is None
            else say("{rows}, chosen by seed {seed}:", rows=rows, seed=found.seed)
        )
    n = len(left_out.groups)
    errors = (
        say("Standard errors are those of {number} groups.", number=n)
        if n > 1
        else say("One group has no standard error.")
    )
    if left_out.in_turn:
        return say(
            "{rows}. Each group of “{column}” was left out of a training of its own. {errors}",
            rows=rows,
            column=left_out.column,
            errors=errors,
        )
    if found.seed is None:
        return say("{rows}, in groups of “{column}”. {errors}", rows=rows, column=left_out.column, errors=errors)
    return say(
        "{rows}, whole groups of “{column}” chosen by seed {seed}. {errors}",
        rows=rows,
        column=left_out.column,
        seed=found.seed,
        errors=errors,
    )


def _hits(found: HeldOut) -> Message:
    shown = [f"{one.name} {whole(one.hits)}/{whole(one.n)}" for one in found.hits]
    return say(
        "The most probable category is the right one for {right} of {n}: {hits}.",
        right=whole(sum(one.hits for one in found.hits)),
        n=whole(found.n_observations),
        hits=some(shown, _MOST_NAMES),
    )


def _by_group(left_out: LeftOut, null: Message) -> Table:
    groups = left_out.groups
    return Table.of(
        len(groups),
        (Column("group", verbatim(left_out.column), "label"), [one.name for one in groups]),
        (Column("n", verbatim("n"), "count"), [one.n for one in groups]),
        (Column("cross_entropy", say("the model"), digits=4), [one.model for one in groups]),
        (Column("null_cross_entropy", null, digits=4), [one.null for one in groups]),
    )


def held_out_impossible(found: HeldOut | None) -> Message:
    """How many held-out rows have an infinite loss."""
    assert found is not None
    return say_count(
        "{number} row held out has a category to which the model or the intercept-only model gives probability 0: "
        "its loss is infinite.",
        "{number} rows held out have a category to which the model or the intercept-only model gives probability 0: "
        "their loss is infinite.",
        found.n_impossible,
        number=whole(found.n_impossible),
    )


def dropped(n: int) -> Message:
    """How many rows with missing values were left out."""
    return say_count(
        "{number} row with missing values was left out, as asked.",
        "{number} rows with missing values were left out, as asked.",
        n,
        number=whole(n),
    )


def penalty_choice(found: PenaltyChoice | None) -> Iterable[Paragraph]:
    """How the strength of a penalty was chosen, if it was."""
    if found is None:
        return
    best = min(found.losses, key=lambda losses: losses.value)
    own = found.losses[found.strengths.index(found.chosen)]
    yield Paragraph(
        say(
            "The strength {chosen} of the penalty was chosen by leaving out each group of “{column}”: the largest of "
            "{tried} whose cross-entropy ({own}) is within one standard error of the best ({best} ± {error}).",
            chosen=significant(found.chosen, 6),
            column=found.column,
            tried=[significant(strength, 6) for strength in found.strengths],
            own=rounded(own.value, 4),
            best=rounded(best.value, 4),
            error=rounded(best.standard_error, 2),
        )
    )
