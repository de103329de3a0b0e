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
from mottomo.sources.file_hash import FileHash
from mottomo.sources.reading import Reading
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.prediction_rows import predict_table
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import table_of
from mottomo.workflows.training import names_of


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
