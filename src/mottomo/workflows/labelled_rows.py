"""Rows whose categories are known, with what a model predicts for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.classifier import Classifier
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.refusal import Refusal
from mottomo.classification.score import ScoredRows, Scoring
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, say, verbatim
from mottomo.results import Provenance
from mottomo.sources.columns import Columns
from mottomo.sources.reading import Reading
from mottomo.workflows.estimators import refuse_of_files
from mottomo.workflows.given_labels import categories_in, labels_of, lengths
from mottomo.workflows.models import Model
from mottomo.workflows.picture_rows import PictureProgress, bad_pictures
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.prediction_rows import TableReading, fitting, refusal_scores, refuse_idle, rows_read
from mottomo.workflows.tables import ReadProgress, table_of
from mottomo.workflows.training_options import group_of, no_target, target_of
from mottomo.workflows.training_rows import frequency_weights

_MOST = 2.0**53  # of weights; beyond, not every sum is a float


@dataclass(frozen=True)
class LabelledRows:
    """The rows of data with what a model predicts and what happened.

    Attributes
    ----------
    model : what it is called.
    target : the column of the categories.
    classifier : the model; None for an estimator.
    categories : that it knows.
    refusal : its rule for pictures; None without one.
    history : the record of its training; None for somebody else's.
    group : the column of groups; None without any.
    n_dropped : rows that were left out because of missing values.
    where : what messages call the data.
    batches : the rows, read as they are wanted.
    provenance : where they come from, known when they were read.
    """

    model: str
    target: str
    classifier: Classifier | None
    categories: Categories
    refusal: Refusal | None
    history: Mapping[str, Any] | None
    group: str | None
    n_dropped: int
    where: Message
    batches: Iterator[ScoredRows]
    provenance: Callable[[], Provenance]


def refuse_unscored(sums: Scoring, where: Message, asked: Asked) -> None:
    """Raise SourceError for pictures that cannot be read, InvalidInput where no row counts, after all were tried."""
    weights = asked.weights
    if sums.skipped and not asked.skip_bad:
        raise bad_pictures(list(sums.skipped), sums.n_rows + len(sums.skipped), where)
    if not sums.total:
        raise InvalidInput(
            "no-rows" if weights is None else "weights-zero",
            say("there are no rows to score") if weights is None else say("all sample weights are zero"),
            where,
            say("at least one row") if weights is None else say("at least one row with a weight above 0"),
        )
    if sums.total >= _MOST:
        raise InvalidInput(
            "weights-sum",
            say("the sample weights are too large to add up"),
            where,
            say("a sum below 2^53"),
            verbatim(f"{sums.total:.6g}"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How rows are to be read and counted: options of ``mo.score`` by their names there."""

    reading: Reading
    weights: str | None = None
    group: str | int | None = None
    unknown: str = "error"
    missing: str = "error"
    missing_values: tuple[str, ...] = ()
    where: str | None = None
    skip_bad: bool = False
    fingerprint: bool = False
    progress: ReadProgress | None = None
    picture_reads: PictureProgress | None = None
    label: Any = None


@contextmanager
def labelled_rows(known: Model, data: Any, target: Any, asked: Asked) -> Iterator[LabelledRows]:
    """The rows of data with what a model predicts and what happened, for as long as the data are open."""
    labels = None if target is None or isinstance(target, str) else labels_of(target)
    if known.classifier is None:
        yield _of_estimator(known, data, target, labels, asked)
    else:
        with _of_classifier(known, known.classifier, data, target, labels, asked) as rows:
            yield rows


@contextmanager
def _of_classifier(
    known: Model, classifier: Classifier, data: Any, target: Any, labels: list[str] | None, asked: Asked
) -> Iterator[LabelledRows]:
    """The rows of a table or of pictures; `labels` are given beside them, unless `target` names a column."""
    images, with_categories = classifier.image_column, labels is None
    with table_of(
        data, asked.reading, asked.label, asked.fingerprint, images=images, with_categories=with_categories
    ) as found:
        if labels is not None and asked.where is not None:
            raise InvalidCall(
                "labels-where",
                say("where chooses rows of a file, and the categories beside it are of all rows"),
                verbatim("target"),
                say("the name of a column"),
            )
        grouped = group_of(asked.group, found.table)
        column = None if labels is not None else target_of(target, found.table)
        table = fitting(found.table, classifier)
        refuse_idle(classifier, table, asked.unknown, asked.skip_bad)
        numbers = [one.name for one in classifier.encoding.features if one.is_number]
        own = [one.name for one in classifier.encoding.features]
        if grouped is not None and grouped == column:
            raise InvalidInput(
                "group-is-target",
                say("the groups are the categories"),
                verbatim("group"),
                say("a column of groups other than that of the categories"),
                verbatim(grouped),
            )
        for name, part, refused in ((column, "target", own), (grouped, "group", numbers)):
            if name in refused:
                raise InvalidInput(
                    f"{part}-among-features",
                    say("the model reads this column, so it cannot say something else too"),
                    verbatim(part),
                    say("a column that the model does not read"),
                    verbatim(str(name)),
                )
        how = TableReading(
            missing_values=asked.missing_values,
            where=asked.where,
            unknown=asked.unknown,
            missing=asked.missing,
            beside=tuple(name for name in (column, asked.weights, grouped) if name is not None),
            text=tuple(name for name in (column, grouped) if name is not None),
            reads=asked.progress,
            picture_reads=asked.picture_reads,
        )
        with rows_read(classifier, table, how) as (kept, n_dropped, batches):
            if labels is not None and kept.n + n_dropped != len(labels):
                raise lengths(len(labels), kept.n + n_dropped)

            def scored() -> Iterator[ScoredRows]:
                for rows in batches:
                    logs = np.empty((0, len(classifier.categories)))
                    if rows.columns.n:
                        logs = classifier.log_probabilities(rows.columns, asked.unknown)
                    scores = refusal_scores(classifier, rows)
                    refused = None
                    if scores is not None and classifier.refusal is not None:
                        refused = scores > classifier.refusal.threshold
                    yield _scored(
                        logs, rows.columns, column, labels, asked.weights, grouped, rows.names, refused, rows.skipped
                    )

            yield LabelledRows(
                known.name,
                column or classifier.target,
                classifier,
                classifier.categories,
                classifier.refusal,
                classifier.history,
                grouped,
                n_dropped,
                say("pictures") if isinstance(table, PictureTable) and table.name is None else kept.where,
                scored(),
                lambda: known.beside(found.provenance()),
            )


def _of_estimator(known: Model, data: Any, given: Any, labels: list[str] | None, asked: Asked) -> LabelledRows:
    """The rows of data in memory; `labels` are given beside them, unless `given` names a column."""
    estimator = known.estimator
    assert estimator is not None
    if given is None:
        raise no_target()
    refuse_of_files(
        asked.reading,
        where=asked.where,
        missing_values=asked.missing_values,
        missing=asked.missing,
        unknown=asked.unknown,
        skip_bad=asked.skip_bad,
        fingerprint=asked.fingerprint,
    )
    target, weights = None if labels is not None else given, asked.weights
    grouped = None if asked.group is None else str(asked.group)
    beside = tuple(dict.fromkeys(name for name in (target, weights, grouped) if name is not None))
    rows = estimator.rows_of(data, beside)
    logs = estimator.outputs(rows).log_probabilities()
    if labels is not None and len(labels) != len(logs):
        raise lengths(len(labels), len(logs))
    columns = Columns(
        {name: np.array([*cells, None], dtype=object)[:-1] for name, cells in rows.beside.items()},
        np.arange(1, len(logs) + 1),
        rows.where,
    )
    if weights is not None:
        columns = _with_numbers(columns, weights)
    if grouped is not None:
        names = np.array(categories_in(columns, grouped), dtype=object)
        columns = Columns({**columns.values, grouped: names}, columns.numbers, columns.where)
    return LabelledRows(
        known.name,
        target or "category",
        None,
        known.categories,
        None,
        None,
        grouped,
        0,
        rows.where,
        iter([_scored(logs, columns, target, labels, weights, grouped)]),
        lambda: known.beside(rows.provenance),
    )


def _scored(
    logs: np.ndarray,
    columns: Columns,
    target: str | None,
    labels: list[str] | None,
    weights: str | None,
    group: str | None,
    names: tuple[str, ...] | None = None,
    is_refused: np.ndarray | None = None,
    skipped: tuple[SkippedPicture, ...] = (),
) -> ScoredRows:
    """Rows with their categories: of a column, or given beside the data."""
    if labels is not None:
        outcomes = [labels[number - 1] for number in columns.numbers.tolist()]
    else:
        assert target is not None
        outcomes = categories_in(columns, target)
    return ScoredRows(
        logs,
        outcomes,
        columns.numbers,
        None if weights is None else frequency_weights(columns, weights),
        None if group is None else columns.values[group].tolist(),
        names,
        is_refused,
        skipped,
    )


def _with_numbers(columns: Columns, name: str) -> Columns:
    """The columns, with that of the weights as floats where they are numbers."""
    cells = columns.values[name].tolist()
    if any(not isinstance(one, int | float | np.number) or isinstance(one, bool) for one in cells):
        return columns
    return Columns({**columns.values, name: np.array(cells, dtype=np.float64)}, columns.numbers, columns.where)
