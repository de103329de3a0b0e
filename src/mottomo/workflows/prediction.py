"""``mo.predict``: from a classifier and a table to probabilities, a batch of rows at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.classification.predictions import Batches, Predictions
from mottomo.errors import InvalidInput
from mottomo.messages import say, written
from mottomo.results import Provenance, SourceFile
from mottomo.sources.columns import ColumnSelection, KeptColumns
from mottomo.sources.file_hash import FileHash
from mottomo.sources.reading import Reading
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import ReadProgress, Table, opened, table_of
from mottomo.workflows.training import names_of

_BATCH = 1 << 16


@checked
def predict(
    model: Any,
    data: Any,
    *,
    most_probable: bool = False,
    unknown: Literal["error", "baseline"] = "error",
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    fingerprint: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Predictions:
    """Predict the probability of each category for the rows of a table: ``mottomo predict``.

    Parameters
    ----------
    model : a classifier (``train(...).model``), or a ``pathlib.Path`` to the file of one.
    data : a table with the columns that the model was trained on, as ``mo.train`` takes it.
    most_probable : name the most probable category of each row too.
    unknown : a text never seen in training: ``"error"`` refuses it, ``"baseline"`` takes it for the baseline level.
    missing_values, where, fingerprint, reading : as in ``mo.train``.

    Returns
    -------
    Predictions : `probabilities` (n, K), a row for each row of the data.

    >>> from mottomo.workflows.training import train
    >>> pets = {"weight": [3, 4, 5, 20, 25, 8, 9, 30], "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"]}
    >>> found = predict(train(pets, target="pet").model, {"weight": [10]})
    >>> found.categories.names, found.probabilities.round(4).tolist()
    (('cat', 'dog'), [[0.5272, 0.4728]])
    """
    with predictions_of(
        model,
        data,
        most_probable=most_probable,
        unknown=unknown,
        missing_values=missing_values,
        where=where,
        fingerprint=fingerprint,
        **reading,
    ) as found:
        batches = list(found.batches)
        made = replace(found, batches=Batches(partial(iter, batches)))
        return made.with_provenance(found.provenance)


@contextmanager
def predictions_of(
    model: Any,
    data: Any,
    *,
    most_probable: bool = False,
    unknown: Literal["error", "baseline"] = "error",
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    progress: Callable[[float], None] | None = None,
    label: Any = None,
    fingerprint: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Iterator[Predictions]:
    """What ``predict`` gives, its rows read as they are wanted, for as long as the table is open."""
    is_file = isinstance(model, os.PathLike)
    classifier = load_model(model) if is_file else model
    model_file = FileHash(Path(model)) if is_file else None
    if not isinstance(classifier, Classifier):
        raise InvalidInput(
            "not-a-model",
            say("this is no model"),
            say("model"),
            say("the model of a training, or the path of its file"),
            say("{value} of type {type}", value=written(model, repr)[:60], type=type(model).__name__),
            say("give train(...).model, or pathlib.Path of a file that train wrote"),
        )
    with table_of(data, Reading.of(reading), label, fingerprint) as found:

        def batches() -> Iterator[np.ndarray]:
            return predict_table(
                classifier,
                found.table,
                missing_values=names_of(missing_values),
                where=where,
                unknown=unknown,
                reads=progress,
            )

        made = Predictions(classifier.target, classifier.categories, Batches(batches), most_probable)
        settings = given(
            where=where or None,
            missing_values=names_of(missing_values) or None,
            unknown=None if unknown == "error" else unknown,
            most_probable=most_probable or None,
        )
        yield made.with_provenance(
            lambda: _with_model(found.provenance().with_settings(settings), classifier, model_file)
        )


@checked
def load_model(path: Any) -> Classifier:
    """The classifier in a file that ``mottomo train --model`` or ``result.model.save(path)`` wrote.

    path : a ``pathlib.Path``, or its name. Raises SourceError : there is no such file, or it is none of ours.

    >>> import tempfile
    >>> from mottomo.workflows.training import train
    >>> found = train({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}, target="y")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.model.save(Path(folder) / "y.mottomo")
    ...     load_model(Path(folder) / "y.mottomo").target
    'y'
    """
    from mottomo.storage.model_file import load_classifier

    return load_classifier(path)


def _with_model(found: Provenance, classifier: Classifier, file: FileHash | None) -> Provenance:
    """Where predictions come from, with the file of the model; of one in memory, with the hash that its file has."""
    if file is not None:
        model = file.found()
    else:
        from mottomo.storage.model_file import classifier_bytes

        content = classifier_bytes(classifier)
        model = SourceFile("model", len(content), hashlib.sha256(content).hexdigest())
    return replace(found, sources=(*found.sources, replace(model, role="model")))


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
            name = next(iter(gaps.n_cells))
            raise InvalidInput(
                "missing-values",
                say("values are missing"),
                say("{where}, row {row}, column {column}", where=kept.where, row=gaps.first[name], column=name),
                say("a value in every cell of the columns that are used"),
                gaps.said(),
                say("fill them in, or leave such rows out with --where"),
            )
        kept.refuse_infinite(names)
        if unknown == "error" and not _knows_all(classifier, kept):
            for columns in kept.batches(_BATCH):
                classifier.encoding.codes(columns, unknown)  # which says where
        for columns in kept.batches(_BATCH):
            yield classifier.probabilities(columns, unknown)
