"""From a classifier and a table to probabilities, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.errors import InvalidInput
from mottomo.messages import say
from mottomo.sources.columns import Choice, KeptColumns, open_columns
from mottomo.sources.table_file import TableFile

_BATCH = 1 << 16


@contextmanager
def _naming_absent(names: tuple[str, ...]) -> Iterator[None]:
    """A column that the model reads and the table does not have is no mistake in a name that the user gave."""
    try:
        yield
    except InvalidInput as error:
        if error.code != "unknown-column":
            raise
        raise InvalidInput(
            error.code,
            say("the table lacks a column that the model reads"),
            error.where,
            say("the columns {names}", names=list(names)),
            say("no column {name}", name=error.got or ""),
            error.mend,
        ) from None


def _knows_all(classifier: Classifier, table: KeptColumns) -> bool:
    """Whether each text of the table was seen in training."""
    texts = [one for one in classifier.encoding.features if one.levels is not None and table.is_text(one.name)]
    return all(set(table.levels(one.name)) <= set(one.levels or ()) for one in texts)


def predict_table(
    classifier: Classifier,
    file: TableFile,
    *,
    missing_values: tuple[str, ...] = (),
    where: str | None = None,
    unknown: str = "error",
    reading: Any = None,
) -> Iterator[np.ndarray]:
    """The probabilities of each row of a table, (m, K) at a time, in the order of its rows.

    Raises InvalidInput for a missing value, an infinite one or an unknown level before any row is given
    (``unknown="baseline"`` takes it for none of the known ones).
    """
    features = classifier.encoding.features
    names = tuple(one.name for one in features)
    text = frozenset(one.name for one in features if one.levels is not None)
    choice = Choice(names, text, missing_values, where)
    with _naming_absent(names), open_columns(file, choice, reading) as table:
        gaps = table.gaps() if names else None
        if gaps is not None:
            name = next(iter(gaps.n_cells))
            raise InvalidInput(
                "missing-values",
                say("values are missing"),
                say("{where}, row {row}, column {column}", where=table.where, row=gaps.first[name], column=name),
                say("a value in every cell of the columns that are used"),
                gaps.said(),
                say("fill them in, or leave such rows out with --where"),
            )
        table.refuse_infinite(names)
        if unknown == "error" and not _knows_all(classifier, table):
            for columns in table.batches(_BATCH):
                classifier.encoding.codes(columns, unknown)  # which says where
        for columns in table.batches(_BATCH):
            yield classifier.probabilities(columns, unknown)
