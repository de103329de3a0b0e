"""Rows whose categories are known, with what a model predicts for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories, category_name
from mottomo.classification.classifier import Classifier
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.refusal import Refusal
from mottomo.classification.score import ScoredRows, Scoring
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, say, say_count, verbatim, written
from mottomo.results import Provenance
from mottomo.sources.columns import Columns
from mottomo.sources.reading import Reading
from mottomo.workflows.models import fitting, model_of
from mottomo.workflows.picture_rows import PictureProgress
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.prediction_rows import TableReading, refusal_scores, rows_read
from mottomo.workflows.tables import ReadProgress, table_of
from mottomo.workflows.training_options import group_of, target_of
from mottomo.workflows.training_rows import frequency_weights


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


def refuse_nothing(sums: Scoring, where: Message, weights: str | None) -> None:
    """Raise InvalidInput where there are no rows, or all count as nothing."""
    if not sums.total:
        raise InvalidInput(
            "no-rows" if weights is None else "weights-zero",
            say("there are no rows to score") if weights is None else say("all sample weights are zero"),
            where,
            say("at least one row with a weight above 0"),
        )


@contextmanager
def labelled_rows(
    model: Any,
    data: Any,
    target: Any,
    *,
    outputs: Any,
    categories: Any,
    features: Iterable[str] | str | None,
    reading: Reading,
    weights: str | None = None,
    group: str | int | None = None,
    unknown: str = "error",
    missing: str = "error",
    missing_values: tuple[str, ...] = (),
    where: str | None = None,
    fingerprint: bool = False,
    progress: ReadProgress | None = None,
    picture_reads: PictureProgress | None = None,
    label: Any = None,
) -> Iterator[LabelledRows]:
    """The rows of data with what a model predicts and what happened, for as long as the data are open."""
    known = model_of(model, outputs, categories, features)
    labels = None if target is None or isinstance(target, str) else _labels(target)
    classifier = known.classifier
    if classifier is None:
        estimator = known.estimator
        assert estimator is not None
        if target is None:
            raise _no_target()
        column = target if labels is None else None
        beside = tuple(dict.fromkeys(str(name) for name in (column, weights, group) if name is not None))
        with estimator.rows_of(data, reading, where=where, missing_values=missing_values, beside=beside) as rows:
            logs = estimator.outputs(rows).log_probabilities()
            columns = Columns(
                {name: np.array(list(cells), dtype=object) for name, cells in rows.beside.items()},
                np.arange(1, len(logs) + 1),
                rows.where,
            )
            if weights is not None:
                columns = _with_numbers(columns, weights)
            batch = _scored(logs, columns, column, labels, weights, None if group is None else str(group))
            yield LabelledRows(
                known.name,
                column or "category",
                None,
                known.categories,
                None,
                None,
                None if group is None else str(group),
                0,
                rows.where,
                iter([batch]),
                lambda: known.beside(rows.provenance()),
            )
        return
    with table_of(
        data, reading, label, fingerprint, images=classifier.image_column, with_categories=labels is None
    ) as found:
        grouped = group_of(group, found.table)
        column = None if labels is not None else target_of(target, found.table)
        table = fitting(found.table, classifier)
        how = TableReading(
            missing_values=missing_values,
            where=where,
            unknown=unknown,
            drops=missing == "drop",
            beside=tuple(name for name in (column, weights, grouped) if name is not None),
            text=tuple(name for name in (column, grouped) if name is not None),
            reads=progress,
            picture_reads=picture_reads,
        )
        with rows_read(classifier, table, how) as (kept, n_dropped, batches):

            def scored() -> Iterator[ScoredRows]:
                n = 0
                for rows in batches:
                    n += rows.columns.n + len(rows.skipped)
                    logs = np.empty((0, len(classifier.categories)))
                    if rows.columns.n:
                        logs = classifier.log_probabilities(rows.columns, unknown)
                    scores = refusal_scores(classifier, rows)
                    refused = None
                    if scores is not None and classifier.refusal is not None:
                        refused = scores > classifier.refusal.threshold
                    yield _scored(
                        logs, rows.columns, column, labels, weights, grouped, rows.names, refused, rows.skipped
                    )
                if labels is not None and not n_dropped and where is None and n != len(labels):
                    raise _lengths(len(labels), n)

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
        if columns.n and int(columns.numbers.max()) > len(labels):
            raise _lengths(len(labels), int(columns.numbers.max()))
        outcomes = [labels[number - 1] for number in columns.numbers.tolist()]
    else:
        assert target is not None
        outcomes = [_named(value, columns, row, target) for row, value in enumerate(columns.values[target].tolist())]
    return ScoredRows(
        logs,
        outcomes,
        columns.numbers,
        None if weights is None else frequency_weights(columns, weights),
        None if group is None else [str(name) for name in columns.values[group].tolist()],
        names,
        is_refused,
        skipped,
    )


def _named(value: Any, columns: Columns, row: int, target: str) -> str:
    """The category that happened in a row. Raises InvalidInput : it is missing, or none."""
    try:
        return category_name(value)
    except InvalidInput as error:
        raise InvalidInput(
            error.code, error.what, columns.place(row, target), error.expected, error.got, error.mend
        ) from None


def _labels(target: Any) -> list[str]:
    """Categories that are given beside the data, one for each row."""
    found = target.tolist() if hasattr(target, "tolist") else target
    found = found.to_list() if hasattr(found, "to_list") else found
    if not isinstance(found, list | tuple):
        raise InvalidInput(
            "labels",
            say("these are no categories of rows"),
            verbatim("target"),
            say("the name of a column, or a category for each row"),
            say("{value} of type {type}", value=written(target, repr)[:60], type=type(target).__name__),
        )
    columns = Columns(
        {"target": np.array([None] * len(found), dtype=object)}, np.arange(1, len(found) + 1), say("data")
    )
    return [_named(value, columns, row, "target") for row, value in enumerate(found)]


def _with_numbers(columns: Columns, name: str) -> Columns:
    """The columns, with that of the weights as floats where they are numbers."""
    cells = columns.values[name].tolist()
    if any(not isinstance(one, int | float | np.number) or isinstance(one, bool) for one in cells):
        return columns
    return Columns({**columns.values, name: np.array(cells, dtype=np.float64)}, columns.numbers, columns.where)


def _lengths(found: int, expected: int) -> InvalidInput:
    return InvalidInput(
        "lengths",
        say("there is not one category for each row"),
        verbatim("target"),
        say_count("{number} category", "{number} categories", expected, number=expected),
        verbatim(str(found)),
    )


def _no_target() -> InvalidCall:
    return InvalidCall(
        "no-target",
        say("which categories happened is not known; name their column with --target"),
        verbatim("target"),
        say("a column, or a category for each row"),
    )
