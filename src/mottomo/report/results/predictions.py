"""What predictions say: a row of probabilities for each row of the data."""

from __future__ import annotations

from collections.abc import Iterator

from mottomo.classification.predictions import PredictionRemark, Predictions, PredictionVerdict
from mottomo.messages import say, say_count, verbatim
from mottomo.report.numbers import whole
from mottomo.report.pictures import left_out
from mottomo.report.report import Body, Column, Row, Table
from mottomo.report.results import Words, worded


def _body(result: Predictions) -> Body:
    columns = [Column(name, verbatim(name), "probability") for name in result.categories.names]
    if result.name_column is not None:
        columns.insert(0, Column(result.name_column, verbatim(result.name_column), "label"))
    if result.names_most_probable:
        columns.append(Column("most_probable", say("most probable"), "label"))

    def rows(start: int, stop: int) -> Iterator[Row]:
        for name, probabilities, best in result.rows(start, stop):
            row: Row = tuple(probabilities)
            row = row if name is None else (name, *row)
            yield row if best is None else (*row, best)

    table = Table(tuple(columns), result.batches.n, rows)
    return Body(say("Predicted probabilities of “{target}”", target=result.target), (table,), table)


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
    worded(PredictionRemark, {"pictures-skipped": lambda result: left_out(result.skipped)}),
)
