"""A classifier for other programs: an ONNX graph from the columns of a table to predicted probabilities.

Each column is a separate input, (n, 1): numbers as float64, texts as strings; pictures are (n, side, side, 3) of uint8.
A number is multiplied by its coefficients; a text selects the coefficients of its level; a picture becomes its block of
numbers by the network in the same file. All but the network is computed in float64.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.classification.classifier import Classifier, NetworkClassifier, SoftmaxClassifier
from mottomo.classification.encoding import Encoding, Feature
from mottomo.classification.terms import Factor, Term
from mottomo.errors import InvalidInput, MissingExtra, SourceError
from mottomo.messages import say, verbatim
from mottomo.storage.onnx_pictures import picture_part
from mottomo.storage.whole_file import write_whole

_OWN = "mottomo:"  # how the names inside the graph begin
_OPSET, _ML_OPSET, _IR_VERSION = 17, 3, 8  # what ONNX Runtime reads from version 1.12 on


def save_onnx(classifier: Classifier, path: Path, network: bytes | None = None) -> None:
    """Write a classifier as ONNX, whole or not at all; `network` is that of its pictures."""
    write_whole(path, onnx_bytes(classifier, network))


def onnx_bytes(classifier: Classifier, network: bytes | None = None) -> bytes:
    """The ONNX model: inputs named like the columns; outputs ``probabilities`` (n, K) and ``label`` (n,).

    For a level that training never saw, the runtime raises an error, because the index is out of bounds; the metadata
    names the levels of each column, so that a reader can say which text it was.

    Raises
    ------
    MissingExtra : the library onnx is not installed.
    InvalidInput : the model has no features, or a column's name cannot be the name of an input.
    SourceError : the model cannot be written as ONNX.
    """
    need_onnx()
    if not classifier.encoding.features:
        raise no_inputs(classifier.target)
    check_input_names(feature.name for feature in classifier.encoding.features)
    from google.protobuf.message import EncodeError  # type: ignore[import-untyped]
    from onnx.checker import ValidationError

    try:
        return _graph_bytes(classifier, network)
    except (ValidationError, EncodeError, UnicodeError, ValueError) as error:
        raise SourceError(
            "not-onnx",
            say("this model cannot be written as ONNX"),
            verbatim("--onnx"),
            say("names and categories in UTF-8, and at most 2 GiB"),
            verbatim(type(error).__name__),
            say("write it with --model"),
        ) from error


def _graph_bytes(classifier: Classifier, network: bytes | None) -> bytes:
    from onnx import TensorProto, checker, helper

    parts = _Parts()
    nodes, terms = [], []
    opsets, ir_version = {"": _OPSET, "ai.onnx.ml": _ML_OPSET}, _IR_VERSION
    layers = _layers(classifier)
    for index, (factors, rows) in enumerate(_shares(classifier.encoding, layers[0][0])):
        term = _own(f"term_{index}")
        weights = parts.constant(f"coefficients_{index}", rows)
        feature = factors[0][0]
        if feature.block is not None:
            part = picture_part(
                feature.block.recipe, feature.name, _own(f"picture_{index}/"), parts.constant, network, _OPSET
            )
            nodes += [*part.nodes, helper.make_node("MatMul", [part.output, weights], [term])]
            parts.constants += part.constants
            opsets, ir_version = {**opsets, **part.opsets}, max(ir_version, part.ir_version)
        else:
            nodes += _of_factors(factors, index, weights, term, parts)
        terms.append(term)
    names = parts.constant("categories", np.array(classifier.categories.names, dtype=object))
    logits, position = _own("logits"), _own("position")
    probabilities, label = _output("probabilities", classifier), _output("label", classifier)
    now = logits if len(layers) == 1 else _own("layer_0")
    nodes.append(helper.make_node("Sum", [*terms, parts.constant("intercepts", layers[0][1][None, :])], [now]))
    for place, (w, b) in enumerate(layers[1:], start=1):
        above, product = _own(f"above_{place}"), _own(f"product_{place}")
        nodes += [
            helper.make_node("Max", [now, parts.constant(f"zero_{place}", np.zeros(()))], [above]),
            helper.make_node("MatMul", [above, parts.constant(f"weights_{place}", w)], [product]),
        ]
        now = logits if place == len(layers) - 1 else _own(f"layer_{place}")
        nodes.append(helper.make_node("Add", [product, parts.constant(f"intercepts_{place}", b)], [now]))
    nodes += [
        helper.make_node("Softmax", [logits], [probabilities], axis=1),
        helper.make_node("ArgMax", [logits], [position], axis=1, keepdims=0),
        helper.make_node("Gather", [names, position], [label]),
    ]
    inputs = [_input(one) for one in classifier.encoding.features]
    outputs = [
        helper.make_tensor_value_info(probabilities, TensorProto.DOUBLE, ["n", len(classifier.categories)]),
        helper.make_tensor_value_info(label, TensorProto.STRING, ["n"]),
    ]
    graph = helper.make_graph(nodes, "mottomo", inputs, outputs, parts.constants)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(domain, number) for domain, number in opsets.items()],
        ir_version=ir_version,
        producer_name="mottomo",
        producer_version=str(classifier.history.get("version", "")),
    )
    helper.set_model_props(model, _properties(classifier))
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _input(feature: Feature) -> Any:
    from onnx import TensorProto, helper

    if feature.block is not None:
        side = int(feature.block.recipe["side"])
        return helper.make_tensor_value_info(feature.name, TensorProto.UINT8, ["n", side, side, 3])
    kind = TensorProto.DOUBLE if feature.levels is None else TensorProto.STRING
    return helper.make_tensor_value_info(feature.name, kind, ["n", 1])


def no_inputs(target: str) -> InvalidInput:
    """The error of a model without features: a graph needs an input."""
    return InvalidInput(
        "no-inputs",
        say("a model without features cannot be written as ONNX"),
        verbatim(target),
        say("a model with at least one feature"),
    )


def check_input_names(names: Iterable[str]) -> None:
    """Refuse names of columns that cannot name inputs: empty, not UTF-8, or beginning as names inside the graph do."""
    for name in names:
        if not name or name.startswith(_OWN) or any("\ud800" <= letter <= "\udfff" for letter in name):
            raise InvalidInput(
                "input-name",
                say("a column's name cannot be the name of an input of an ONNX model"),
                verbatim("--onnx"),
                say("columns with names in UTF-8 that do not begin with {own}", own=_OWN),
                verbatim(name) if name else say("a column without a name"),
                say("give it a name in the header, or choose other columns with --features"),
            )


def need_onnx() -> None:
    """Raise MissingExtra if the library that writes ONNX is not installed."""
    if importlib.util.find_spec("onnx") is None:
        raise MissingExtra(
            "missing-extra",
            say("writing ONNX needs a library that is not installed"),
            None,
            verbatim("onnx"),
            None,
            say("install it: python -m pip install onnx"),
        )


def _layers(classifier: Classifier) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and intercepts of each layer, the first for the columns as they are."""
    if isinstance(classifier, SoftmaxClassifier):
        return [(classifier.coefficients, classifier.intercepts)]
    assert isinstance(classifier, NetworkClassifier)
    (w, b), *rest = classifier.layers
    w = w / classifier.scale[:, None]
    return [(w, b - classifier.centre @ w), *rest]


def _shares(encoding: Encoding, coefficients: np.ndarray) -> Iterator[tuple[list[tuple[Feature, int]], np.ndarray]]:
    """Each term as its features with their powers, and its rows of W.

    Of a term of numbers there is one row (1, K); of texts one for each combination of their levels, the last text
    fastest, where that of a baseline level without an indicator is 0; of a block one for each number.
    """
    named = {feature.name: feature for feature in encoding.features}
    terms = encoding.terms
    if terms is None:
        terms = tuple(Term((Factor(one.name, 1, one.baseline is None),)) for one in encoding.features)
    positions = list(encoding.groups().values())
    for term, own in zip(terms, positions, strict=True):
        factors = [(named[factor.column], factor) for factor in term.factors]
        sizes, kept = [], []
        for feature, factor in factors:
            if feature.levels is not None:
                sizes.append(len(feature.levels))
                without = None if factor.is_full else feature.baseline
                kept.append([place for place, level in enumerate(feature.levels) if level != without])
        rows = coefficients[own]
        if sizes:
            full = np.zeros((*sizes, rows.shape[1]))
            full[np.ix_(*kept)] = rows.reshape(*(len(one) for one in kept), rows.shape[1])
            rows = full.reshape(-1, rows.shape[1])
        yield [(feature, factor.power) for feature, factor in factors], rows


def _own(name: str) -> str:
    """A name inside the graph, with a prefix that no column has."""
    return f"{_OWN}{name}"


def _output(name: str, classifier: Classifier) -> str:
    """The name of an output; underscores are appended if a column has that name."""
    columns = {feature.name for feature in classifier.encoding.features}
    while name in columns:
        name += "_"
    return name


def _of_factors(factors: list[tuple[Feature, int]], index: int, weights: str, term: str, parts: _Parts) -> list[Any]:
    """The nodes of a term: the row of its levels, times its numbers.

    A text that is no level selects a row that is not there, so that the runtime stops.
    """
    from onnx import helper

    nodes: list[Any] = []
    texts = [feature for feature, _ in factors if feature.levels is not None]
    n_rows = math.prod(len(feature.levels or ()) for feature in texts)
    code, stride = "", n_rows
    for place, feature in enumerate(texts):
        levels = list(feature.levels or ())
        stride //= len(levels)
        own = _own(f"code_{index}_{place}")
        nodes.append(
            helper.make_node(
                "LabelEncoder",
                [feature.name],
                [own],
                domain="ai.onnx.ml",
                keys_strings=levels,
                values_int64s=[stride * at for at in range(len(levels))],
                default_int64=n_rows,
            )
        )
        if code:
            both = _own(f"codes_{index}_{place}")
            nodes.append(helper.make_node("Add", [code, own], [both]))
        code = own if not code else both
    number = ""
    for place, (feature, power) in enumerate(one for one in factors if one[0].levels is None):
        own = feature.name
        if power > 1:
            own = _own(f"power_{index}_{place}")
            exponent = parts.constant(f"exponent_{index}_{place}", np.array(float(power)))
            nodes.append(helper.make_node("Pow", [feature.name, exponent], [own]))
        if number:
            both = _own(f"numbers_{index}_{place}")
            nodes.append(helper.make_node("Mul", [number, own], [both]))
        number = own if not number else both
    if not texts:
        return [*nodes, helper.make_node("MatMul", [number, weights], [term])]
    flat, chosen = _own(f"flat_{index}"), term if not number else _own(f"chosen_{index}")
    nodes += [
        helper.make_node("Reshape", [code, parts.constant(f"shape_{index}", np.array([-1]))], [flat]),
        helper.make_node("Gather", [weights, flat], [chosen], axis=0),
    ]
    return nodes if not number else [*nodes, helper.make_node("Mul", [chosen, number], [term])]


class _Parts:
    """The constants of a graph."""

    def __init__(self) -> None:
        self.constants: list[Any] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add an array to the constants, and return its name in the graph."""
        from onnx import TensorProto, helper, numpy_helper

        name = _own(name)
        if values.dtype == object:
            texts = [text.encode() for text in values.tolist()]
            self.constants.append(helper.make_tensor(name, TensorProto.STRING, values.shape, texts))
        else:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _properties(classifier: Classifier) -> dict[str, str]:
    """The metadata of the model: target, categories, the levels of columns of text, penalty and history."""
    levels = {one.name: list(one.levels) for one in classifier.encoding.features if one.levels is not None}
    return {
        "target": classifier.target,
        "categories": json.dumps(list(classifier.categories.names), ensure_ascii=False),
        "levels": json.dumps(levels, ensure_ascii=False),
        "penalty": json.dumps(None if classifier.penalty is None else classifier.penalty.to_dict()),
        "history": json.dumps(dict(classifier.history), ensure_ascii=False),
    }
