"""Rows whose categories are known, with what a model predicts for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo._arrays import is_missing
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
from mottomo.workflows.estimators import Estimator, refuse_of_files
from mottomo.workflows.models import Model, fitting, model_of, refuse_idle
from mottomo.workflows.picture_rows import PictureProgress
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.prediction_rows import TableReading, refusal_scores, rows_read
from mottomo.workflows.tables import ReadProgress, table_of
from mottomo.workflows.training_options import group_of, target_of
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


def refuse_nothing(sums: Scoring, where: Message, weights: str | None) -> None:
    """Raise InvalidInput where there are no rows, or all count as nothing."""
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
    skip_bad: bool = False,
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
        refuse_of_files(
            reading,
            where=where,
            missing_values=missing_values,
            missing=missing,
            unknown=unknown,
            skip_bad=skip_bad,
            fingerprint=fingerprint,
        )
        yield _of_estimator(known, estimator, data, target if labels is None else None, labels, weights, group)
        return
    with table_of(
        data, reading, label, fingerprint, images=classifier.image_column, with_categories=labels is None
    ) as found:
        if labels is not None and where is not None:
            raise InvalidCall(
                "labels-where",
                say("where chooses rows of a file, and the categories beside it are of all rows"),
                verbatim("target"),
                say("the name of a column"),
            )
        grouped = group_of(group, found.table)
        column = None if labels is not None else target_of(target, found.table)
        table = fitting(found.table, classifier)
        refuse_idle(classifier, table, unknown, skip_bad)
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
            if labels is not None and kept.n + n_dropped != len(labels):
                raise _lengths(len(labels), kept.n + n_dropped)

            def scored() -> Iterator[ScoredRows]:
                for rows in batches:
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


def _of_estimator(
    known: Model,
    estimator: Estimator,
    data: Any,
    target: str | None,
    labels: list[str] | None,
    weights: str | None,
    group: str | int | None,
) -> LabelledRows:
    """The rows of data in memory with what an estimator predicts; `target` is a column unless `labels` are given."""
    grouped = None if group is None else str(group)
    beside = tuple(dict.fromkeys(name for name in (target, weights, grouped) if name is not None))
    rows = estimator.rows_of(data, beside)
    logs = estimator.outputs(rows).log_probabilities()
    if labels is not None and len(labels) != len(logs):
        raise _lengths(len(labels), len(logs))
    columns = Columns(
        {name: np.array([*cells, None], dtype=object)[:-1] for name, cells in rows.beside.items()},
        np.arange(1, len(logs) + 1),
        rows.where,
    )
    if weights is not None:
        columns = _with_numbers(columns, weights)
    if grouped is not None:
        names = [_named(value, columns, row, grouped) for row, value in enumerate(columns.values[grouped].tolist())]
        columns = Columns({**columns.values, grouped: np.array(names, dtype=object)}, columns.numbers, columns.where)
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
        outcomes = [_named(value, columns, row, target) for row, value in enumerate(columns.values[target].tolist())]
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


def _named(value: Any, columns: Columns, row: int, target: str) -> str:
    """The category that a cell names. Raises InvalidInput : it is missing, or none."""
    if is_missing(value):
        raise InvalidInput(
            "missing-values",
            say("values are missing"),
            columns.place(row, target),
            say("a value in every cell of the columns that are used"),
            verbatim(str(value)),
            say("fill them in, or leave such rows out before"),
        )
    try:
        return category_name(value)
    except InvalidInput as error:
        raise InvalidInput(
            error.code, error.what, columns.place(row, target), error.expected, error.got, error.mend
        ) from None


def _labels(target: Any) -> list[str]:
    """Categories that are given beside the data, one for each row."""
    found = target
    for name in ("to_pylist", "tolist", "to_list"):  # of Arrow, numpy and pandas, polars
        found = getattr(found, name)() if hasattr(found, name) else found
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
