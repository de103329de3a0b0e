"""``mo.score``: any classifier on rows whose categories are known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Unpack

from mottomo.classification.foreign import Outputs
from mottomo.classification.score import Score, Scoring
from mottomo.errors import InvalidInput
from mottomo.messages import say, say_count
from mottomo.sources.reading import Reading
from mottomo.workflows.labelled_rows import Asked, labelled_rows, refuse_unscored
from mottomo.workflows.models import model_of
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.picture_rows import PictureProgress
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import ReadProgress
from mottomo.workflows.training_options import names_of


@checked
def score(
    model: Any,
    data: Any,
    target: Any = None,
    *,
    outputs: Outputs | None = None,
    categories: Any = None,
    features: Iterable[str] | str | None = None,
    weights: str | None = None,
    group: str | int | None = None,
    unknown: Literal["error", "baseline"] = "error",
    missing: Literal["error", "drop"] = "error",
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    skip_bad: bool = False,
    fingerprint: bool = False,
    progress: ReadProgress | None = None,
    picture_reads: PictureProgress | None = None,
    label: Any = None,
    **reading: Unpack[ReadingOptions],
) -> Score:
    """What a classifier is worth on rows whose categories are known: ``mottomo score``.

    Cross-entropy -(1/n) sum_i log y_i of the categories that happened, nats a row, with its standard error; beside it
    that of the input-free model (the die t / n of these very rows) and log K.

    Parameters
    ----------
    model : as ``mo.predict`` takes it: a classifier, the file of one, anybody's ONNX file, an estimator with
        ``predict_proba``.
    data : rows that the model was not trained on, as ``mo.train`` takes them. An estimator gets data in memory as they
        are, without the columns of `target`, `weights` and `group`.
    target : the column with the categories that happened, or these categories themselves, one for each row; of a folder
        of pictures its folders.
    outputs, categories, features : of an ONNX file, as in ``mo.load_model``.
    weights : a column that says how often each row counts.
    group : a column of groups of rows that go together, or a level of folders; the standard errors are those of groups.
    unknown : a text never seen in training: as in ``mo.predict``.
    missing : ``"error"`` refuses rows with missing values, ``"drop"`` leaves them out.
    skip_bad : leave out pictures that cannot be read, and say which.
    missing_values, where, fingerprint, reading : as in ``mo.train``.
    progress : hears how much of a file is read, in percent.
    picture_reads : hears how many pictures of how many are read.
    label : what messages call a stream.

    Raises
    ------
    InvalidInput : rows that are no probabilities; categories none of which the model knows; missing values.
    SourceError : pictures that cannot be read, after all others were.

    >>> from mottomo.workflows.training import train
    >>> pets = {"weight": [3, 4, 5, 20, 25, 8, 9, 30], "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"]}
    >>> found = score(train(pets, target="pet").model, {"weight": [4, 28, 6], "pet": ["cat", "dog", "cat"]}, "pet")
    >>> round(found.held_out.model.value, 4), round(found.held_out.null.value, 4)
    (0.5218, 0.6365)
    """
    known = model_of(model, outputs, categories, features)
    asked = Asked(
        reading=Reading.of(reading),
        weights=weights,
        group=group,
        unknown=unknown,
        missing=missing,
        missing_values=names_of(missing_values),
        where=where,
        skip_bad=skip_bad,
        fingerprint=fingerprint,
        progress=progress,
        picture_reads=picture_reads,
        label=label,
    )
    with labelled_rows(known, data, target, asked) as rows:
        sums = Scoring(rows.categories)
        for batch in rows.batches:
            sums.add(batch)
        refuse_unscored(sums, rows.where, asked)
        if not sums.n_known:
            raise InvalidInput(
                "no-known-category",
                say("none of the rows has a category that the model knows"),
                rows.where,
                say("categories among {names}", names=list(rows.categories.names[:10])),
                say_count("{number} row", "{number} rows", sums.n_rows, number=sums.n_rows),
                say("name the column of the categories with --target"),
            )
        found = sums.found(
            rows.model,
            rows.target,
            refusal=rows.refusal,
            n_dropped=rows.n_dropped,
            group_column=rows.group,
            history=rows.history,
        )
        settings = given(
            target=target if isinstance(target, str) else None,
            outputs=outputs,
            categories=None if categories is None else rows.categories.names,
            features=None if features is None else names_of(features),
            weights=weights,
            group=group,
            unknown=None if unknown == "error" else unknown,
            missing=None if missing == "error" else missing,
            missing_values=names_of(missing_values) or None,
            where=where,
            skip_bad=skip_bad or None,
        )
        return found.with_provenance(rows.provenance().with_settings(settings))
