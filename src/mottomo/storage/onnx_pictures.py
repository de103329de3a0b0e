"""The part of an ONNX graph that turns squares of pixels into the numbers of a block, with its network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

# The red, green and blue of brightness, in 65536ths, as Pillow has them; and a half, to round.
_BRIGHTNESS, _HALF, _SHIFT = (19595, 38470, 7471), 0x8000, 1 << 16
_OLDEST_OPSET = 13  # from which on the operators of a graph mean what they do in the newer ones


@dataclass(frozen=True)
class PicturePart:
    """Nodes from pixels (n, side, side, 3) of uint8 to a block (n, width) of float64.

    Attributes
    ----------
    nodes : of the graph.
    constants : that the nodes read, beside those of `constant`.
    output : the name of the block.
    opsets : the versions of operators that the nodes need, by domain.
    ir_version : of the network's file; 0 without one.
    """

    nodes: list[Any]
    constants: list[Any]
    output: str
    opsets: Mapping[str, int]
    ir_version: int


def picture_part(
    recipe: Mapping[str, Any],
    pixels: str,
    prefix: str,
    constant: Callable[[str, np.ndarray], str],
    network: bytes | None,
    opset: int,
) -> PicturePart:
    """The part for a recipe.

    pixels : the name of the input.
    prefix : of the names inside the graph.
    constant : adds a constant to the graph, and returns its name there.
    network : the ONNX file of a recipe with a network.
    opset : the version of operators, if the network needs no other.
    """
    from onnx import TensorProto, helper

    node, output = helper.make_node, f"{prefix}block"
    if network is not None:
        return _of_network(recipe, pixels, prefix, constant, network, opset)
    cast, whole, ratio = (f"{prefix}{name}" for name in ("cast", "whole", "ratio"))
    nodes = [node("Cast", [pixels], [cast], to=TensorProto.INT32)]
    if recipe["kind"] == "grey":
        weighted, summed, rounded = (f"{prefix}{name}" for name in ("weighted", "summed", "rounded"))
        colours = constant(f"{prefix}brightness", np.array(_BRIGHTNESS, np.int32))
        nodes += [
            node("Mul", [cast, colours], [weighted]),
            node("ReduceSum", [weighted, constant(f"{prefix}axis", np.array([3]))], [summed], keepdims=0),
            node("Add", [summed, constant(f"{prefix}half", np.array(_HALF, np.int32))], [rounded]),
            node("Div", [rounded, constant(f"{prefix}shift", np.array(_SHIFT, np.int32))], [whole]),
        ]
    else:
        nodes.append(node("Identity", [cast], [whole]))
    scaled, flat = f"{prefix}scaled", f"{prefix}flat"
    nodes += [
        node("Cast", [whole], [scaled], to=TensorProto.FLOAT),
        node("Div", [scaled, constant(f"{prefix}largest", np.array(255, np.float32))], [ratio]),
        node("Flatten", [ratio], [flat]),
        node("Cast", [flat], [output], to=TensorProto.DOUBLE),
    ]
    return PicturePart(nodes, [], output, {"": opset}, 0)


def _of_network(
    recipe: Mapping[str, Any],
    pixels: str,
    prefix: str,
    constant: Callable[[str, np.ndarray], str],
    network: bytes,
    opset: int,
) -> PicturePart:
    """The nodes of the network, its input scaled as the recipe says, its output as float64."""
    from onnx import TensorProto, compose, helper, load_model_from_string, version_converter

    model = load_model_from_string(network)
    opsets = {one.domain: one.version for one in model.opset_import}
    if opsets.get("", opset) < _OLDEST_OPSET:
        model = version_converter.convert_version(model, opset)
        opsets = {one.domain: one.version for one in model.opset_import}
    graph = compose.add_prefix(model, f"{prefix}network/").graph
    entry, node = graph.input[0], helper.make_node
    shape = [axis.dim_value for axis in entry.type.tensor_type.shape.dim]
    nodes, now = [], pixels
    if entry.type.tensor_type.elem_type != TensorProto.UINT8:
        steps = [f"{prefix}{name}" for name in ("float", "centred", "scaled")]
        mean, deviation = (np.array(recipe[name], np.float32) for name in ("mean", "deviation"))
        nodes += [
            node("Cast", [now], [steps[0]], to=TensorProto.FLOAT),
            node("Sub", [steps[0], constant(f"{prefix}mean", mean)], [steps[1]]),
            node("Div", [steps[1], constant(f"{prefix}deviation", deviation)], [steps[2]]),
        ]
        now = f"{prefix}typed"
        nodes.append(node("Cast", [steps[2]], [now], to=entry.type.tensor_type.elem_type))
    if shape[1] == 3 and shape[3] != 3:
        nodes.append(node("Transpose", [now], [f"{prefix}first"], perm=[0, 3, 1, 2]))
        now = f"{prefix}first"
    nodes.append(node("Identity", [now], [entry.name]))
    flat, output = f"{prefix}flat", f"{prefix}block"
    last = [
        node("Flatten", [f"{prefix}network/{recipe['output']}"], [flat]),
        node("Cast", [flat], [output], to=TensorProto.DOUBLE),
    ]
    return PicturePart(
        [*nodes, *graph.node, *last], list(graph.initializer), output, {"": opset, **opsets}, model.ir_version
    )
