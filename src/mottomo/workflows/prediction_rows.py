"""A table as a classifier reads it, and the probabilities of its rows, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from mottomo.classification.classifier import Classifier, without_covariance
from mottomo.classification.foreign import ForeignClassifier
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.predictions import PredictedRows
from mottomo.classification.wald import probability_intervals
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import say, verbatim
from mottomo.sources.columns import Columns, ColumnSelection, KeptColumns
from mottomo.sources.pictures.folder import PICTURE
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
        if error.code != "unknown-column" or str(error.got) not in names:
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


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Some rows as a classifier takes them.

    Attributes
    ----------
    columns : with the numbers of pictures in place of their names.
    names : of the pictures; None without any.
    skipped : pictures among them that have no row, because they cannot be read.
    is_complete : (n,) whether all that the model reads is there; None where that is sure.
    """

    columns: Columns
    names: tuple[str, ...] | None = None
    skipped: tuple[SkippedPicture, ...] = ()
    is_complete: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class TableReading:
    """How a table is read for a classifier.

    Attributes
    ----------
    missing_values : texts that stand for a missing value.
    where : an SQL condition on the rows.
    unknown : ``error`` refuses texts that are no known levels before any row is given.
    missing : of rows with missing values: ``error`` refuses them, ``drop`` leaves them out, ``empty`` gives them no
        probabilities.
    keep : columns that are repeated.
    level : of the intervals of the probabilities; None without any.
    beside : columns that are read besides its own, and those of them that are text.
    reads, picture_reads : hear how much of a file is read, in percent, and how many pictures of how many.
    """

    missing_values: tuple[str, ...] = ()
    where: str | None = None
    unknown: str = "error"
    missing: str = "error"
    keep: tuple[str, ...] = ()
    level: float | None = None
    beside: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    reads: ReadProgress | None = None
    picture_reads: PictureProgress | None = None

    @property
    def is_numbered(self) -> bool:
        """Whether rows need their numbers, because some may be left out."""
        return self.where is not None or self.missing == "drop"


def refuse_idle(classifier: Classifier, table: Table, unknown: str, skip_bad: bool) -> None:
    """Refuse options that mean nothing for a model or for the data."""
    if unknown != "error" and isinstance(classifier, ForeignClassifier):
        raise InvalidCall(
            "unknown-foreign",
            say("--unknown goes with a model of ours; an ONNX file decides itself what it takes a text for"),
            verbatim("unknown"),
            say("a file that train wrote"),
        )
    if skip_bad and not isinstance(table, PictureTable):
        raise InvalidCall(
            "no-images",
            say("--skip-bad goes with pictures"),
            verbatim("skip_bad"),
            say("a picture or several, a folder, or a table with a column of them"),
        )


def fitting(table: Table, classifier: Classifier) -> Table:
    """The table as the model reads it: pictures that are given alone are its column of pictures.

    Raises InvalidInput : the model reads something else.
    """
    if not isinstance(table, PictureTable) or not isinstance(table.table, Mapping):
        return table
    if not table.is_alone:
        return table
    images = classifier.image_column
    names = [one.name for one in classifier.encoding.features]
    if names != [images]:
        raise InvalidInput(
            "not-pictures-alone",
            say("the model does not read pictures alone"),
            say("data"),
            say("a table with the columns {names}", names=names),
            say("pictures"),
        )
    assert images is not None
    others = {name: cells for name, cells in table.table.items() if name not in (PICTURE, images)}
    return replace(table, table={images: table.table[PICTURE], **others}, column=images)


_PLAIN = TableReading()


@contextmanager
def rows_read(
    classifier: Classifier, table: Table, reading: TableReading
) -> Iterator[tuple[KeptColumns, int, Iterator[ReadRows]]]:
    """The columns of a table as they are kept, how many rows were left out, and the rows, some at a time.

    Raises InvalidInput for a missing value, an infinite one or an unknown level before any row is given.
    """
    features = classifier.encoding.features
    own = tuple(one.name for one in features)
    names = tuple(dict.fromkeys((*own, *reading.beside)))
    text = frozenset((*(one.name for one in features if not one.is_number), *reading.text))
    only_kept = frozenset(reading.keep).difference(names)
    every = tuple(dict.fromkeys((*names, *reading.keep)))
    choice = ColumnSelection(every, text, reading.missing_values, reading.where, as_written=only_kept)
    with ExitStack() as stack:
        with _naming_absent(own):
            kept = stack.enter_context(opened(table, choice, reading.reads))
        n_dropped = 0
        gaps = kept.gaps(names) if names else None
        if gaps is not None and reading.missing != "empty":
            if reading.missing != "drop":
                raise gaps.refused(
                    kept.where, say("fill them in, or leave such rows out with --missing drop or --where")
                )
            if gaps.n_rows == kept.n:
                raise InvalidInput("no-rows", say("every row has a missing value"), kept.where, say("complete rows"))
            kept.drop_gaps(names)
            n_dropped = gaps.n_rows
        kept.refuse_infinite(names)
        if reading.unknown == "error" and not _knows_all(classifier, kept):
            mend = None
            if isinstance(classifier, ForeignClassifier):
                mend = say("use the file that train --model wrote, with --unknown baseline")
            for columns in kept.batches(_BATCH):
                complete = _complete(columns, own) if gaps is not None else None
                known = columns if complete is None else columns.chosen(np.flatnonzero(complete))
                classifier.encoding.refuse_unknown(known, mend)
        if isinstance(table, PictureTable) and table.column in own:
            if gaps is not None and reading.missing == "empty":
                raise gaps.refused(kept.where, say("leave such rows out with --missing drop"))
            yield kept, n_dropped, _pictured(classifier, kept, table, reading.picture_reads)
        else:
            is_empty = gaps is not None and reading.missing == "empty"
            batches = kept.batches(_BATCH)
            yield (
                kept,
                n_dropped,
                (ReadRows(columns, is_complete=_complete(columns, own) if is_empty else None) for columns in batches),
            )


def _complete(columns: Columns, names: tuple[str, ...]) -> np.ndarray:
    """(n,) whether the cells of some columns are all there."""
    found = np.ones(columns.n, dtype=bool)
    for name in names:
        cells = columns.values[name]
        found &= np.array([cell is not None for cell in cells], bool) if cells.dtype == object else ~np.isnan(cells)
    return found


def predict_table(classifier: Classifier, table: Table, reading: TableReading = _PLAIN) -> Iterator[PredictedRows]:
    """The probabilities of each row of a table, some rows at a time, in the order of its rows.

    A picture that cannot be read has no row; it is named. Rows have their numbers where others may be left out.

    Raises InvalidInput : intervals of a model that has no covariance.
    """
    covariance = None
    if reading.level is not None:
        covariance = getattr(classifier, "covariance", None)
        if covariance is None:
            raise without_covariance(classifier)
    is_first = True
    with rows_read(classifier, table, reading) as (_, n_dropped, batches):
        for rows in batches:
            known = rows.columns
            if rows.is_complete is not None:
                known = known.chosen(np.flatnonzero(rows.is_complete))
            found = np.empty((0, len(classifier.categories)))
            limits: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
            if known.n:
                found = classifier.probabilities(known, reading.unknown)
            if covariance is not None:
                limits = (found, found)
                if known.n:
                    x = classifier.encoding.encode(known, reading.unknown)
                    x = x.toarray() if hasattr(x, "indptr") else x
                    limits = probability_intervals(found, covariance.logit_errors(x, found), reading.level or 0.95)
            lower, upper = (None if one is None else _spread(one, rows.is_complete) for one in limits)
            yield PredictedRows(
                _spread(found, rows.is_complete),
                rows.names,
                rows.skipped,
                refusal_scores(classifier, rows),
                lower=lower,
                upper=upper,
                numbers=rows.columns.numbers if reading.is_numbered else None,
                kept={name: _cells(rows.columns.values[name]) for name in reading.keep},
                n_dropped=n_dropped if is_first else 0,
            )
            is_first = False


def _spread(values: np.ndarray, is_complete: np.ndarray | None) -> np.ndarray:
    """Rows (m, K) at the places of the complete ones, and NaN at the others."""
    if is_complete is None:
        return values
    found = np.full((len(is_complete), values.shape[1]), np.nan)
    found[is_complete] = values
    return found


def _cells(values: np.ndarray) -> list[str | None]:
    """The cells of a column that is repeated: texts as they are, numbers in as few digits as it takes."""
    if values.dtype == object:
        return values.tolist()
    return [None if np.isnan(one) else f"{one:.17g}" if one % 1 == 0 else repr(one) for one in values.tolist()]


def refusal_scores(classifier: Classifier, rows: ReadRows) -> np.ndarray | None:
    """What the refusal of a classifier says of each row, (m,); None without one."""
    column = classifier.image_column
    if classifier.refusal is None or column is None or not rows.columns.n:
        return None
    return classifier.refusal.scores(rows.columns.values[column])


def _pictured(
    classifier: Classifier, kept: KeptColumns, table: PictureTable, progress: PictureProgress | None
) -> Iterator[ReadRows]:
    """The rows of a table with pictures."""
    block = next(one.block for one in classifier.encoding.features if one.name == table.column)
    assert block is not None
    recipe = Recipe.from_dict(block.recipe)
    table.hashes.restart()
    n = 0
    for columns in kept.batches(_PICTURES):
        names = columns.values[table.column].tolist()
        good: list[int] = []
        numbers: list[np.ndarray] = []
        bad: list[SkippedPicture] = []
        for index, found in enumerate(extracted(recipe, table, names)):
            if found.problem is None:
                assert found.features is not None
                good.append(index)
                numbers.append(found.features)
            else:
                bad.append(SkippedPicture(names[index], found.problem))
            n += 1
            if progress is not None:
                progress(n, kept.n)
        chosen = columns.chosen(np.array(good, dtype=np.int64))
        block_of = np.stack(numbers) if numbers else np.empty((0, block.width), dtype=np.float32)
        chosen = replace(chosen, values={**chosen.values, table.column: block_of})
        yield ReadRows(chosen, tuple(names[index] for index in good), tuple(bad))
