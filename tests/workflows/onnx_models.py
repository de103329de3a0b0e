"""ONNX models of other people's making: small graphs, written node by node, as the usual exporters write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

KINDS = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
    "text": TensorProto.STRING,
    "truth": TensorProto.BOOL,
}
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]


def written(path: Path, inputs: list[Any], outputs: list[Any], nodes: list[Any], constants: dict[str, Any]) -> Path:
    """A graph as a file."""
    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "theirs", inputs, outputs, arrays)
    path.write_bytes(helper.make_model(graph, opset_imports=OPSETS, ir_version=8).SerializeToString())
    return path


def value(name: str, kind: str, shape: list[Any]) -> Any:
    """An input or an output."""
    return helper.make_tensor_value_info(name, KINDS[kind], shape)


def linear(path: Path, w: np.ndarray, b: np.ndarray, ends: tuple[str, ...] = ("Softmax",), **named: Any) -> Path:
    """From a matrix X (n, p) by X W + b and the nodes `ends` to (n, K), in float32."""
    names = ["logits", *(f"after_{place}" for place in range(len(ends)))]
    nodes = [
        helper.make_node("MatMul", ["X", "W"], ["product"]),
        helper.make_node("Add", ["product", "b"], [names[0]]),
        *(
            helper.make_node(kind, [names[at]], [names[at + 1]], **({"axis": 1} if "oft" in kind else {}))
            for at, kind in enumerate(ends)
        ),
    ]
    rows = named.get("rows", "n")
    return written(
        path,
        [value("X", "float", [rows, w.shape[0]])],
        [value(names[-1], "float", [rows, w.shape[1]])],
        nodes,
        {"W": w.astype(np.float32), "b": b.astype(np.float32)},
    )


def columns_by_name(path: Path, w: np.ndarray, b: np.ndarray, labels: list[str]) -> Path:
    """Two columns of numbers and one of texts; beside the label a mapping from categories for each row."""
    k = w.shape[1]
    nodes = [
        helper.make_node(
            "LabelEncoder", ["island"], ["code"], domain="ai.onnx.ml", keys_strings=["Biscoe", "Dream", "Torgersen"],
            values_floats=[0.0, 1.0, 2.0], default_float=-1.0,
        ),
        helper.make_node("Concat", ["length", "depth", "code"], ["x"], axis=1),
        helper.make_node("MatMul", ["x", "W"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
        helper.make_node("ZipMap", ["y"], ["probability"], domain="ai.onnx.ml", classlabels_strings=labels),
        helper.make_node("ArgMax", ["y"], ["label"], axis=1, keepdims=0),
    ]  # fmt: skip
    row = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    mapping = helper.make_value_info("probability", helper.make_sequence_type_proto(row))
    assert len(labels) == k
    return written(
        path,
        [value("length", "float", ["n", 1]), value("depth", "float", ["n", 1]), value("island", "text", ["n", 1])],
        [value("label", "int64", ["n"]), mapping],
        nodes,
        {"W": w.astype(np.float32), "b": b.astype(np.float32)},
    )


def passing(path: Path, kind: str = "float", width: int = 3, n_outputs: int = 1, axes: int = 2) -> Path:
    """A model that gives what it gets: whatever is wrong with that is wrong with its outputs."""
    shape = ["n", width, *[8] * (axes - 2)]
    nodes = [helper.make_node("Identity", ["X"], [f"out{number}"]) for number in range(n_outputs)]
    outputs = [value(f"out{number}", kind, shape) for number in range(n_outputs)]
    return written(path, [value("X", kind, shape)], outputs, nodes, {})
