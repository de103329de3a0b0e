"""Somebody else's model as a classifier: an ONNX file of a table or of pictures, with what its outputs are declared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from mottomo._version import VERSION
from mottomo.categories import Categories
from mottomo.classification.encoding import Block, Encoding, Feature, TableRows
from mottomo.classification.foreign import ForeignClassifier, outputs_of
from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim
from mottomo.results import SourceFile
from mottomo.sources.onnx_session import session_of
from mottomo.sources.onnx_table import Described, OnnxTable, described, reads_pictures
from mottomo.sources.pictures.folder import PICTURE
from mottomo.workflows.picture_recipes import file_content, name_and_settings, recipe_of
from mottomo.workflows.training_options import names_of

_TARGET = "category"  # what somebody else's model predicts, where it does not say


def is_onnx(path: Any) -> bool:
    """Whether a model is an ONNX file by its name, perhaps with settings after commas."""
    return name_and_settings(os.fspath(path))[0].lower().endswith(".onnx")


def onnx_classifier(
    path: Any, outputs: Any = None, categories: Any = None, features: Iterable[str] | str | None = None
) -> ForeignClassifier:
    """The classifier in an ONNX file; nothing of what it gives is guessed.

    path : the file, perhaps with settings after commas: ``output=NAME``; of pictures ``mean``, ``deviation``, ``crop``.
    outputs : ``probabilities``, ``log-probabilities`` or ``logits``.
    categories : in the order of the outputs; not needed where the model names them.
    features : the columns of a model that reads a matrix, in their order.

    A file that mottomo wrote says all of this itself.

    Raises InvalidInput : something is not declared. SourceError : it is no model of a table or of pictures.
    """
    given = os.fspath(path)
    name, settings = name_and_settings(given)
    content = file_content(name)
    where = verbatim(name)
    session = session_of(content, where)
    ours = described(session)
    kind = outputs_of("probabilities" if outputs is None and ours is not None else outputs)
    _refuse_contradiction(ours, outputs, categories, where)
    target = _TARGET if ours is None else ours.target
    declared = None if categories is None else Categories.of(categories)
    if declared is None and ours is not None:
        declared = Categories(ours.categories, True)
    file = SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
    if reads_pictures(session):
        if features is not None:
            raise InvalidInput(
                "onnx-features",
                say("--features goes with a model of a table, and this one reads pictures"),
                where,
                say("a model that reads columns"),
                verbatim(",".join(names_of(features))),
                say("leave --features out"),
            )
        recipe = recipe_of(given, content)
        feature = Feature(PICTURE, block=Block(recipe.width, recipe.to_dict()))
        return ForeignClassifier(
            target=target,
            categories=declared or _undeclared(where, recipe.width),
            encoding=Encoding((feature,)),
            penalty=None,
            history={"version": VERSION},
            run=lambda columns: columns.values[feature.name],
            outputs=kind,
            name=name,
            file=file,
        )
    model = OnnxTable.of(session, where, settings.pop("output", None), names_of(features))
    if settings:
        raise InvalidInput(
            "onnx-settings",
            say("a setting of the ONNX file has no meaning for a model of a table"),
            where,
            say("output=NAME"),
            verbatim(",".join(settings)),
        )
    named = model.named()
    if declared is None and named is not None:
        declared = Categories(named, True)
    found = declared or _undeclared(where)
    names = found.names

    def run(columns: TableRows) -> np.ndarray:
        return model.run(columns.values, columns.place, names)

    return ForeignClassifier(
        target=target,
        categories=found,
        encoding=Encoding(tuple(_feature(one, model, ours) for one in model.columns)),
        penalty=None,
        history={"version": VERSION},
        run=run,
        outputs=kind,
        name=name,
        file=file,
    )


def _feature(name: str, model: OnnxTable, ours: Described | None) -> Feature:
    """A column as the model reads it; only a file of ours says which texts it knows."""
    levels = ours.levels.get(name) if ours is not None and model.is_text(name) else None
    return Feature(name, levels, is_free_text=levels is None and model.is_text(name))


def _refuse_contradiction(ours: Described | None, outputs: Any, categories: Any, where: Message) -> None:
    """Refuse declarations that are not what a file of ours says itself."""
    if ours is None:
        return
    own: tuple[tuple[str, Any, Any], ...] = (
        ("--outputs", outputs, "probabilities"),
        ("--categories", None if categories is None else Categories.of(categories).names, ours.categories),
    )
    for option, given, said in own:
        if given is not None and given != said:
            raise InvalidInput(
                "onnx-contradiction",
                say("the ONNX file, which mottomo wrote, says something else itself"),
                say("{option} {file}", option=option, file=where),
                verbatim(said if isinstance(said, str) else ",".join(said)),
                verbatim(given if isinstance(given, str) else ",".join(given)),
                say("leave {option} out", option=option),
            )


def _undeclared(where: Message, n: int | None = None) -> Categories:
    raise InvalidInput(
        "no-categories",
        say("the ONNX model does not name its categories; name them with --categories"),
        where,
        say("the categories in the order of its outputs")
        if n is None
        else say("{n} categories in the order of its outputs", n=n),
    )
