"""``mo.predict``: from a classifier and a table to probabilities, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal, Unpack

from mottomo._checks import check_level
from mottomo.classification.foreign import Outputs
from mottomo.classification.predictions import Batches, PredictedRows, Predictions
from mottomo.errors import SourceError
from mottomo.messages import say
from mottomo.sources.reading import Reading
from mottomo.workflows.estimators import refuse_of_files
from mottomo.workflows.models import model_of
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.picture_rows import PictureProgress, bad_pictures
from mottomo.workflows.prediction_rows import TableReading, fitting, predict_table, refuse_idle
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import table_of
from mottomo.workflows.training_options import names_of


@checked
def predict(
    model: Any,
    data: Any,
    *,
    most_probable: bool = False,
    intervals: bool = False,
    level: float = 0.95,
    keep: Iterable[str] | str = (),
    unknown: Literal["error", "baseline"] = "error",
    missing: Literal["error", "drop", "empty"] = "error",
    outputs: Outputs | None = None,
    categories: Any = None,
    features: Iterable[str] | str | None = None,
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    skip_bad: bool = False,
    fingerprint: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Predictions:
    """Predict the probability of each category for the rows of a table, or for pictures: ``mottomo predict``.

    Parameters
    ----------
    model : a classifier (``train(...).model``); a ``pathlib.Path`` to the file of one, or to an ONNX file of anybody's;
        an estimator with ``predict_proba``, as scikit-learn has them.
    data : a table with the columns that the model was trained on, as ``mo.train`` takes it; or for a model of pictures
        a picture or a list of them (paths, pictures of Pillow, arrays of uint8), a folder, a pattern (``"p/*.jpg"``).
    most_probable : name the most probable category of each row too.
    intervals : give each probability an interval, of how sure the coefficients are: by the delta method on the scale of
        logits, so it is inside [0, 1]. The model has to be a softmax regression by maximum likelihood or Firth's.
    level : of each interval.
    keep : columns of the table that are repeated beside the probabilities, such as a key.
    unknown : a text never seen in training: ``"error"`` refuses it, ``"baseline"`` takes it for the baseline level.
    missing : rows with missing values: ``"error"`` refuses them, ``"drop"`` leaves them out and says how many,
        ``"empty"`` gives them no probabilities.
    outputs, categories, features : of an ONNX file, as in ``mo.load_model``.
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
        intervals=intervals,
        level=level,
        keep=keep,
        unknown=unknown,
        missing=missing,
        outputs=outputs,
        categories=categories,
        features=features,
        missing_values=missing_values,
        where=where,
        fingerprint=fingerprint,
        skip_bad=skip_bad,
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
    intervals: bool = False,
    level: float = 0.95,
    keep: Iterable[str] | str = (),
    unknown: Literal["error", "baseline"] = "error",
    missing: Literal["error", "drop", "empty"] = "error",
    outputs: Outputs | None = None,
    categories: Any = None,
    features: Iterable[str] | str | None = None,
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    progress: Callable[[float], None] | None = None,
    picture_reads: PictureProgress | None = None,
    label: Any = None,
    fingerprint: bool = False,
    skip_bad: bool = False,
    **reading: Unpack[ReadingOptions],
) -> Iterator[Predictions]:
    """What ``predict`` gives, its rows read as they are wanted, for as long as the table is open.

    Pictures that cannot be read are left out; `skip_bad` says whether that was asked for.
    """
    check_level(level)
    given_model = model_of(model, outputs, categories, features)
    kept = names_of(keep)
    settings = given(
        outputs=outputs,
        categories=None if categories is None else given_model.categories.names,
        features=None if features is None else names_of(features),
        where=where or None,
        missing_values=names_of(missing_values) or None,
        unknown=None if unknown == "error" else unknown,
        missing=None if missing == "error" else missing,
        keep=kept or None,
        intervals=intervals or None,
        level=level if intervals and level != 0.95 else None,
        most_probable=most_probable or None,
    )
    classifier = given_model.classifier
    if classifier is None:
        estimator = given_model.estimator
        assert estimator is not None
        refuse_of_files(
            Reading.of(reading),
            where=where,
            missing_values=names_of(missing_values),
            unknown=unknown,
            missing=missing,
            keep=kept,
            intervals=intervals,
            skip_bad=skip_bad,
            fingerprint=fingerprint,
        )
        rows = estimator.rows_of(data)
        one = PredictedRows(estimator.outputs(rows).probabilities())
        made = Predictions("category", estimator.categories, Batches(lambda: iter([one])), most_probable)
        yield made.with_provenance(lambda: given_model.beside(rows.provenance.with_settings(settings)))
        return
    images = classifier.image_column
    with table_of(data, Reading.of(reading), label, fingerprint, images=images) as found:
        table = fitting(found.table, classifier)
        refuse_idle(classifier, table, unknown, skip_bad)

        how = TableReading(
            missing_values=names_of(missing_values),
            where=where,
            unknown=unknown,
            missing=missing,
            keep=kept,
            level=level if intervals else None,
            reads=progress,
            picture_reads=picture_reads,
        )

        def batches() -> Iterator[PredictedRows]:
            return predict_table(classifier, table, how)

        made = Predictions(
            classifier.target,
            classifier.categories,
            Batches(batches),
            most_probable,
            images,
            classifier.refusal,
            how.level,
            kept,
            how.is_numbered,
        )
        yield made.with_provenance(lambda: given_model.beside(found.provenance().with_settings(settings)))
