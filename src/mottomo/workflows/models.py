"""What is handed over as a model: a classifier, the file of one, anybody's ONNX file, or an estimator."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mottomo.categories import Categories
from mottomo.classification.classifier import Classifier
from mottomo.classification.foreign import ForeignClassifier, Outputs
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import say, verbatim, written
from mottomo.results import Provenance, SourceFile
from mottomo.sources.file_hash import FileHash
from mottomo.workflows.estimators import Estimator, is_estimator
from mottomo.workflows.foreign_models import is_onnx, onnx_classifier
from mottomo.workflows.options import checked


@dataclass(frozen=True)
class Model:
    """What was handed over as a model: a classifier, or else an estimator.

    Attributes
    ----------
    name : what results call it.
    file : of the model, with its hash, which may have to be waited for; None for an estimator.
    """

    classifier: Classifier | None
    estimator: Estimator | None
    name: str
    file: Callable[[], SourceFile] | None

    @property
    def categories(self) -> Categories:
        """The categories that it predicts."""
        found = self.classifier or self.estimator
        assert found is not None
        return found.categories

    def beside(self, found: Provenance) -> Provenance:
        """Where data come from, with the file of the model."""
        if self.file is None:
            return found.with_settings({"model": self.name})
        return replace(found, sources=(*found.sources, replace(self.file(), role="model")))


def model_of(
    model: Any, outputs: Any = None, categories: Any = None, features: Iterable[str] | str | None = None
) -> Model:
    """What `model` is; the other options are those of ``load_model``. Raises InvalidInput : it is none."""
    if isinstance(model, os.PathLike):
        found = load_model(model, outputs=outputs, categories=categories, features=features)
        if isinstance(found, ForeignClassifier):
            return _of_classifier(found)
        return Model(found, None, str(model), FileHash(Path(model)).found)
    if isinstance(model, Classifier):
        _refuse_declarations(outputs, categories, features)
        return _of_classifier(model)
    if is_estimator(model):
        _refuse_declarations(outputs, None, features)
        estimator = Estimator.of(model, categories)
        return Model(None, estimator, estimator.name, None)
    raise InvalidInput(
        "not-a-model",
        say("this is no model"),
        say("model"),
        say("the model of a training, the path of its file, or an estimator with predict_proba"),
        say("{value} of type {type}", value=written(model, repr)[:60], type=type(model).__name__),
        say("give train(...).model, or pathlib.Path of a file that train wrote"),
    )


def _of_classifier(classifier: Classifier) -> Model:
    """A classifier in memory, with the hash of the file that it comes from, or that it would have."""
    if isinstance(classifier, ForeignClassifier):
        file = classifier.file
        assert file is not None
        return Model(classifier, None, classifier.name, lambda: file)

    def own() -> SourceFile:
        from mottomo.storage.model_file import classifier_bytes

        content = classifier_bytes(classifier)
        return SourceFile(type(classifier).__name__, len(content), hashlib.sha256(content).hexdigest())

    return Model(classifier, None, type(classifier).__name__, own)


def _refuse_declarations(outputs: Any, categories: Any, features: Any) -> None:
    """Refuse what is declared of a model that says it itself."""
    for name, value in (("outputs", outputs), ("categories", categories), ("features", features)):
        if value is not None:
            raise InvalidCall(
                "own-declarations",
                say("{option} goes with an ONNX file; other models say it themselves", option=f"--{name}"),
                verbatim(name),
                say("an ONNX file"),
            )


@checked
def load_model(
    path: Any,
    *,
    outputs: Outputs | None = None,
    categories: Any = None,
    features: Iterable[str] | str | None = None,
) -> Classifier:
    """The classifier in a file that ``mottomo train --model`` or ``result.model.save(path)`` wrote, or an ONNX file.

    Parameters
    ----------
    path : a ``pathlib.Path``, or its name. Anybody's ONNX file may have settings after commas: ``output=NAME``, and of
        one that reads pictures ``mean``, ``deviation`` and ``crop``, as ``image_features`` of ``mo.train`` has them.
    outputs : of an ONNX file: ``"probabilities"``, ``"log-probabilities"`` or ``"logits"``; declared, never guessed.
    categories : of an ONNX file, in the order of its outputs; not needed where it names them.
    features : of an ONNX file that reads a matrix: the columns of the table, in their order.

    An ONNX file that mottomo wrote says all of this itself.

    Raises
    ------
    SourceError : there is no such file, it is none of ours, or no ONNX file of a table or of pictures.
    InvalidInput : something is not declared.

    >>> import tempfile
    >>> from mottomo.workflows.training import train
    >>> found = train({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}, target="y")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.model.save(Path(folder) / "y.mottomo")
    ...     load_model(Path(folder) / "y.mottomo").target
    'y'
    """
    if isinstance(path, str | os.PathLike) and isinstance(os.fspath(path), str) and is_onnx(path):
        return onnx_classifier(path, outputs, categories, features)
    _refuse_declarations(outputs, categories, features)
    from mottomo.storage.model_file import load_classifier

    return load_classifier(path)
