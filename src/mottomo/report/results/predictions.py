"""What predictions say: a row of probabilities for each row of the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from mottomo.classification.predictions import PredictionRemark, Predictions, PredictionVerdict
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.held_out import dropped
from mottomo.report.numbers import percent, whole
from mottomo.report.pictures import given_one_of_them, left_out, refusal_rule
from mottomo.report.report import Body, Cell, Column, Row, Table
from mottomo.report.results import Words, worded


def _body(result: Predictions) -> Body:
    columns = [Column("row", say("row"), "count")] if result.has_numbers else []
    columns += [Column(name, verbatim(name), "label") for name in result.kept_columns]
    if result.name_column is not None:
        columns.append(Column(result.name_column, verbatim(result.name_column), "label"))
    for name in result.categories.names:
        columns.append(Column(name, verbatim(name), "probability"))
        if result.level is not None:
            columns.append(Column(f"{name}_lower", say("{level}", level=percent(result.level)), "lower"))
            columns.append(Column(f"{name}_upper", say("{level}", level=percent(result.level)), "upper"))
    if result.names_most_probable:
        columns.append(Column("most_probable", say("most probable"), "label"))
    refusal = result.refusal
    if refusal is not None:
        columns.append(Column("refused", say("refused"), "flag"))
        columns.append(Column("refusal_score", _SCORES[refusal.kind], digits=3))

    def rows(start: int, stop: int) -> Iterator[Row]:
        for row in result.rows(start, stop):
            cells: list[Cell] = [] if row.number is None else [row.number]
            cells += row.kept if row.name is None else (*row.kept, row.name)
            if row.probabilities[0] != row.probabilities[0]:  # NaN
                cells += [None] * (len(row.probabilities) * (1 if result.level is None else 3))
            elif row.lower is None or row.upper is None:
                cells += row.probabilities
            else:
                cells += chain(*zip(row.probabilities, row.lower, row.upper, strict=True))
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
            "rows-dropped": lambda result: dropped(result.n_dropped),
            "rows-empty": lambda result: say_count(
                "{number} row has missing values and no probabilities.",
                "{number} rows have missing values and no probabilities.",
                result.batches.n_empty,
                number=whole(result.batches.n_empty),
            ),
            "pictures-skipped": lambda result: left_out(result.skipped),
        },
    ),
)
