"""The probabilities of the rows of a table, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.predictions import PredictedRows
from mottomo.errors import InvalidInput
from mottomo.messages import say
from mottomo.sources.columns import ColumnSelection, KeptColumns
from mottomo.sources.pictures.recipe import Recipe
from mottomo.workflows.picture_rows import PictureProgress, extracted
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.tables import ReadProgress, Table, opened

_BATCH = 1 << 16
_PICTURES = 256


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
    picture_reads: PictureProgress | None = None,
) -> Iterator[PredictedRows]:
    """The probabilities of each row of a table, some rows at a time, in the order of its rows.

    A picture that cannot be read has no row; it is named.

    Raises InvalidInput for a missing value, an infinite one or an unknown level before any row is given
    (``unknown="baseline"`` takes it for none of the known ones).
    """
    features = classifier.encoding.features
    names = tuple(one.name for one in features)
    text = frozenset(one.name for one in features if not one.is_number)
    choice = ColumnSelection(names, text, missing_values, where)
    with _naming_absent(names), opened(table, choice, reads) as kept:
        gaps = kept.gaps() if names else None
        if gaps is not None:
            raise gaps.refused(kept.where, say("fill them in, or leave such rows out with --where"))
        kept.refuse_infinite(names)
        if unknown == "error" and not _knows_all(classifier, kept):
            for columns in kept.batches(_BATCH):
                classifier.encoding.codes(columns, unknown)  # which says where
        if isinstance(table, PictureTable):
            yield from _pictured(classifier, kept, table, unknown, picture_reads)
            return
        for columns in kept.batches(_BATCH):
            yield PredictedRows(classifier.probabilities(columns, unknown))


def _pictured(
    classifier: Classifier, kept: KeptColumns, table: PictureTable, unknown: str, progress: PictureProgress | None
) -> Iterator[PredictedRows]:
    """The same for a table with pictures."""
    block = next(one.block for one in classifier.encoding.features if one.name == table.column)
    assert block is not None
    recipe = Recipe.from_dict(block.recipe)
    table.hashes.restart()
    n = 0
    for columns in kept.batches(_PICTURES):
        names = columns.values[table.column].tolist()
        good: list[int] = []
        rows: list[np.ndarray] = []
        bad: list[SkippedPicture] = []
        for index, found in enumerate(extracted(recipe, table, names)):
            if found.problem is None:
                assert found.features is not None
                good.append(index)
                rows.append(found.features)
            else:
                bad.append(SkippedPicture(names[index], found.problem))
            n += 1
            if progress is not None:
                progress(n, kept.n)
        if not good:
            yield PredictedRows(np.empty((0, len(classifier.categories))), (), tuple(bad))
            continue
        chosen = columns.chosen(np.array(good))
        chosen = replace(chosen, values={**chosen.values, table.column: np.stack(rows)})
        called = tuple(names[index] for index in good)
        features = chosen.values[table.column]
        scores = None if classifier.refusal is None else classifier.refusal.scores(features)
        yield PredictedRows(classifier.probabilities(chosen, unknown), called, tuple(bad), scores)
