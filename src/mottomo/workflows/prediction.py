"""From a classifier and a table to probabilities, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.errors import InvalidInput
from mottomo.messages import say, say_count
from mottomo.sources.columns import Choice, open_columns
from mottomo.sources.table import TableFile

_BATCH = 1 << 16


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

    Raises InvalidInput for a missing value or an infinite one before any row is given, for an unknown level when its
    batch is reached (``unknown="baseline"`` takes it for none of the known ones).
    """
    features = classifier.encoding.features
    names = tuple(one.name for one in features)
    text = frozenset(one.name for one in features if one.levels is not None)
    with open_columns(file, Choice(names or None, text, missing_values, where), reading) as table:
        gaps = table.gaps() if names else None
        if gaps is not None:
            name = next(iter(gaps.n_cells))
            raise InvalidInput(
                "missing-values",
                say("values are missing"),
                say("{where}, row {row}, column {column}", where=table.where, row=gaps.first[name], column=name),
                say("a value in every cell of the columns that are used"),
                say_count("{count} row", "{count} rows", gaps.n_rows),
                say("fill them in, or leave such rows out with --where"),
            )
        table.refuse_infinite(names)
        for columns in table.batches(_BATCH):
            yield classifier.probabilities(columns, unknown)
