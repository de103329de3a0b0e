"""The probabilities of the rows of a table, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.errors import InvalidInput
from mottomo.messages import say
from mottomo.sources.columns import ColumnSelection, KeptColumns
from mottomo.workflows.tables import ReadProgress, Table, opened

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
    table: Table,
    *,
    missing_values: tuple[str, ...] = (),
    where: str | None = None,
    unknown: str = "error",
    reads: ReadProgress | None = None,
) -> Iterator[np.ndarray]:
    """The probabilities of each row of a table, (m, K) at a time, in the order of its rows.

    Raises InvalidInput for a missing value, an infinite one or an unknown level before any row is given
    (``unknown="baseline"`` takes it for none of the known ones).
    """
    features = classifier.encoding.features
    names = tuple(one.name for one in features)
    text = frozenset(one.name for one in features if one.levels is not None)
    choice = ColumnSelection(names, text, missing_values, where)
    with _naming_absent(names), opened(table, choice, reads) as kept:
        gaps = kept.gaps() if names else None
        if gaps is not None:
            raise gaps.refused(kept.where, say("fill them in, or leave such rows out with --where"))
        kept.refuse_infinite(names)
        if unknown == "error" and not _knows_all(classifier, kept):
            for columns in kept.batches(_BATCH):
                classifier.encoding.codes(columns, unknown)  # which says where
        for columns in kept.batches(_BATCH):
            yield classifier.probabilities(columns, unknown)
