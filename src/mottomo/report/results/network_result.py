"""What the training of a neural network says: how far it came, its learning curve, and the rows held out."""

from __future__ import annotations

from mottomo.classification.network_result import NetworkRemark, NetworkResult, NetworkVerdict
from mottomo.messages import Message, say, say_count
from mottomo.report import trained
from mottomo.report.held_out import counted, held_out, penalty_choice
from mottomo.report.numbers import rounded, significant, whole
from mottomo.report.report import Block, Body, Column, Formula, Heading, Paragraph, Table
from mottomo.report.results import Words, about, worded
from mottomo.report.sentences import categories, some


def _body(result: NetworkResult) -> Body:
    curve = _curve(result)
    blocks: list[Block] = [
        _what(result),
        Formula(
            rf"\log L = {significant(result.log_likelihood, 9)}, \quad "
            rf"\log L(t/n) = \sum_k t_k \log \frac{{t_k}}{{n}} = {significant(result.null_log_likelihood, 9)}",
            f"log L = {significant(result.log_likelihood, 9)}   "
            f"log L(t/n) = {significant(result.null_log_likelihood, 9)}",
        ),
        *penalty_choice(result.penalty_choice),
        _stopping(result),
        curve,
    ]
    if result.held_out is not None:
        blocks += [Heading(say("Rows held out of the training"), 2), *held_out(result.held_out)]
    return Body(say("Neural network for “{target}”", target=result.classifier.target), tuple(blocks), curve)


def _what(result: NetworkResult) -> Paragraph:
    names = [f"{name} ({count})" for name, count in zip(result.tally.categories, result.tally.counts, strict=True)]
    layers = [len(result.classifier.centre), *result.classifier.settings["hidden"], len(names)]
    return Paragraph(
        say(
            "{rows}, {categories}: {names}. The network has {layers} units in its layers and {n} parameters.",
            rows=counted(result.n_rows, result.n_observations),
            categories=categories(len(names)),
            names=some(names),
            layers=" – ".join(map(str, layers)),
            n=whole(result.n_parameters),
        )
    )


def _stopping(result: NetworkResult) -> Paragraph:
    if not result.n_aside:
        return Paragraph(
            say("The weights are those of epoch {best}, the best of {n}.", best=result.best, n=len(result.curve))
        )
    aside = say_count(
        "{number} row was kept aside to see when to stop.",
        "{number} rows were kept aside to see when to stop.",
        result.n_aside,
        number=whole(result.n_aside),
    )
    return Paragraph(
        say(
            "{aside} The weights are those of epoch {best} of {n}, after which their cross-entropy did not fall below "
            "{loss} nats.",
            aside=aside,
            best=result.best,
            n=len(result.curve),
            loss=significant(min((one.aside for one in result.curve), default=float("nan")), 4),
        )
    )


def _curve(result: NetworkResult) -> Table:
    curve = result.curve
    return Table.of(
        len(curve),
        (Column("epoch", say("epoch"), "count"), [one.epoch for one in curve]),
        (Column("cross_entropy", say("rows learnt"), digits=4), [one.training for one in curve]),
        (Column("cross_entropy_aside", say("rows kept aside"), digits=4), [one.aside for one in curve]),
    )


def _trained(result: NetworkResult) -> Message:
    found = say(
        "The network is trained: cross-entropy {fit} nats a row, {null} without features.",
        fit=rounded(result.cross_entropy, 4),
        null=rounded(result.null_cross_entropy, 4),
    )
    if result.held_out is None:
        return found
    return say(
        "{found} On rows held out: {model} ± {error}, and {held_out_null} without features.",
        found=found,
        model=rounded(result.held_out.model.value, 4),
        error=rounded(result.held_out.model.standard_error, 2),
        held_out_null=rounded(result.held_out.null.value, 4),
    )


WORDS = Words[NetworkResult](
    "train",
    _body,
    worded(
        NetworkVerdict,
        {
            "network-trained": _trained,
            "network-still-falling": lambda result: say(
                "The cross-entropy still fell after {n} epochs: {fit} nats a row, {null} without features.",
                n=len(result.curve),
                fit=rounded(result.cross_entropy, 4),
                null=rounded(result.null_cross_entropy, 4),
            ),
            "network-interrupted": lambda result: say(
                "The training was interrupted after {n} epochs: cross-entropy {fit} nats a row, {null} without "
                "features.",
                n=len(result.curve),
                fit=rounded(result.cross_entropy, 4),
                null=rounded(result.null_cross_entropy, 4),
            ),
        },
    ),
    worded(
        NetworkRemark,
        {
            **about(lambda result: result, trained.REMARKS),
            "no-certificate": lambda result: say(
                "A network has many local optima. So nothing is proved of this one, and there are no standard errors; "
                "what it is worth shows on rows held out."
            ),
            "nothing-aside": lambda result: say(
                "There are too few rows to keep some aside, so the training stopped where it learnt nothing more; "
                "that is later than where it is best on new rows."
            ),
        },
    ),
)
