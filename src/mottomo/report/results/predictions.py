"""What predictions say: a row of probabilities for each row of the data."""

from __future__ import annotations

from collections.abc import Iterator

from mottomo.classification.predictions import Predictions, PredictionVerdict
from mottomo.messages import say, say_count, verbatim
from mottomo.report.numbers import whole
from mottomo.report.report import Body, Column, Row, Table
from mottomo.report.results import Words, worded

_MOST_PROBABLE = "most_probable"


def _body(result: Predictions) -> Body:
    names = result.categories.names
    columns = [Column(name, verbatim(name), "probability") for name in names]
    if result.names_most_probable:
        key = _MOST_PROBABLE
        while key in names:
            key += "_"
        columns.append(Column(key, say("most probable"), "label"))

    def rows(start: int, stop: int) -> Iterator[Row]:
        at = 0
        for batch in result.batches:
            if at + len(batch) > start:
                part = batch[max(start - at, 0) : stop - at]
                if result.names_most_probable:
                    best = (names[k] for k in part.argmax(axis=1).tolist())
                    yield from ((*row, name) for row, name in zip(part.tolist(), best, strict=True))
                else:
                    yield from map(tuple, part.tolist())
            at += len(batch)
            if at >= stop:
                return

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
    {},
)
