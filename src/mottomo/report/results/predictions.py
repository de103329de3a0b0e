"""What predictions say: a row of probabilities for each row of the data."""

from __future__ import annotations

from collections.abc import Iterator

from mottomo.classification.predictions import PredictionRemark, Predictions, PredictionVerdict
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.numbers import whole
from mottomo.report.pictures import given_one_of_them, left_out, refusal_rule
from mottomo.report.report import Body, Cell, Column, Row, Table
from mottomo.report.results import Words, worded


def _body(result: Predictions) -> Body:
    columns = [Column(name, verbatim(name), "probability") for name in result.categories.names]
    if result.name_column is not None:
        columns.insert(0, Column(result.name_column, verbatim(result.name_column), "label"))
    if result.names_most_probable:
        columns.append(Column("most_probable", say("most probable"), "label"))
    refusal = result.refusal
    if refusal is not None:
        columns.append(Column("refused", say("refused"), "flag"))
        columns.append(Column("refusal_score", _SCORES[refusal.kind], digits=3))

    def rows(start: int, stop: int) -> Iterator[Row]:
        for row in result.rows(start, stop):
            cells: list[Cell] = [] if row.name is None else [row.name]
            cells += row.probabilities
            if row.most_probable is not None:
                cells.append(row.most_probable)
            if refusal is not None and row.score is not None:
                cells += [row.score > refusal.threshold, row.score]
            yield tuple(cells)

    table = Table(tuple(columns), result.batches.n, rows)
    return Body(say("Predicted probabilities of “{target}”", target=result.target), (table,), table)


_SCORES = {
    "learnt": say("none of these"),
    "nearest": say("distance"),
    "mass": say("none of these"),
}


def _refusals(result: Predictions) -> Message:
    refusal = result.refusal
    assert refusal is not None
    number = int(result.refused.sum())
    counted = say_count(
        "{number} picture is refused as none of these.",
        "{number} pictures are refused as none of these.",
        number,
        number=whole(number),
    )
    return say("{refused} {rule}", refused=counted, rule=refusal_rule(refusal))


WORDS = Words[Predictions](
    "predict",
    _body,
    worded(
        PredictionVerdict,
        {
            "predicted": lambda result: say_count(
                "{number} row predicted: the probabilities of “{target}”.",
                "{number} rows predicted: the probabilities of “{target}”.",
                result.n_observations,
                number=whole(result.n_observations),
                target=result.target,
            )
        },
    ),
    worded(
        PredictionRemark,
        {
            "given-one-of-them": lambda result: given_one_of_them(result.categories.names),
            "refusals": _refusals,
            "pictures-skipped": lambda result: left_out(result.skipped),
        },
    ),
)
