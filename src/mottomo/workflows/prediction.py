"""``mo.predict``: from a classifier and a table to probabilities, a batch of rows at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Unpack

from mottomo.classification.classifier import Classifier
from mottomo.classification.predictions import Batches, PredictedRows, Predictions
from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import say, written
from mottomo.results import Provenance, SourceFile
from mottomo.sources.file_hash import FileHash
from mottomo.sources.pictures.folder import PICTURE
from mottomo.sources.reading import Reading
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.picture_rows import PictureProgress, bad_pictures
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.prediction_rows import predict_table
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import Table, table_of
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
    skip_bad: bool = False,
    fingerprint: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Predictions:
    """Predict the probability of each category for the rows of a table, or for pictures: ``mottomo predict``.

    Parameters
    ----------
    model : a classifier (``train(...).model``), or a ``pathlib.Path`` to the file of one.
    data : a table with the columns that the model was trained on, as ``mo.train`` takes it; or for a model of pictures
        a picture or a list of them (paths, pictures of Pillow, arrays of uint8), a folder, a pattern (``"p/*.jpg"``).
    most_probable : name the most probable category of each row too.
    unknown : a text never seen in training: ``"error"`` refuses it, ``"baseline"`` takes it for the baseline level.
    skip_bad : leave out pictures that cannot be read, and say which.
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
        if made.skipped and not skip_bad:
            raise problem_of(made)
        return made.with_provenance(found.provenance)


def problem_of(found: Predictions) -> SourceError:
    """The error of predictions without some of the pictures, which cannot be read."""
    n = found.n_observations + len(found.skipped)
    return bad_pictures(list(found.skipped), n, say("pictures"))


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
    picture_reads: PictureProgress | None = None,
    label: Any = None,
    fingerprint: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Iterator[Predictions]:
    """What ``predict`` gives, its rows read as they are wanted, for as long as the table is open.

    Pictures that cannot be read are left out.
    """
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
    images = next((one.name for one in classifier.encoding.features if one.block is not None), None)
    with table_of(data, Reading.of(reading), label, fingerprint, images=images) as found:
        table = _fitting(found.table, classifier, images)

        def batches() -> Iterator[PredictedRows]:
            return predict_table(
                classifier,
                table,
                missing_values=names_of(missing_values),
                where=where,
                unknown=unknown,
                reads=progress,
                picture_reads=picture_reads,
            )

        made = Predictions(
            classifier.target, classifier.categories, Batches(batches), most_probable, images, classifier.refusal
        )
        settings = given(
            where=where or None,
            missing_values=names_of(missing_values) or None,
            unknown=None if unknown == "error" else unknown,
            most_probable=most_probable or None,
        )
        yield made.with_provenance(
            lambda: _with_model(found.provenance().with_settings(settings), classifier, model_file)
        )


def _fitting(table: Table, classifier: Classifier, images: str | None) -> Table:
    """The table as the model reads it: pictures that are given alone are its column of pictures.

    Raises InvalidInput : the model reads something else.
    """
    if not isinstance(table, PictureTable) or not isinstance(table.table, Mapping) or set(table.table) != {PICTURE}:
        return table
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
    return replace(table, table={images: table.table[PICTURE]}, column=images)


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
