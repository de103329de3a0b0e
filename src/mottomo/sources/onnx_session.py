"""ONNX Runtime: from the content of an ONNX file to a session, and from inputs to an output."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mottomo.errors import MissingExtra, SourceError
from mottomo.messages import Message, say, verbatim

FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


def need_runtime() -> None:
    """Raise MissingExtra if ONNX Runtime is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise MissingExtra(
            "missing-extra",
            say("running an ONNX model needs a library that is not installed"),
            None,
            verbatim("onnxruntime"),
            None,
            say("install it: python -m pip install 'mottomo[images]'"),
        )


def session_of(content: bytes, where: Message) -> Any:
    """A session on one thread: several threads may use it at once, and its numbers do not depend on how many.

    Raises MissingExtra, or SourceError : it is no ONNX model that the runtime can run.
    """
    need_runtime()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes, one for each kind of damage
        raise SourceError(
            "not-onnx",
            say("this is no ONNX model that can be run"),
            where,
            say("a whole ONNX file that ONNX Runtime {version} knows", version=onnxruntime.__version__),
            verbatim(_said(error)),
        ) from None


def run(session: Any, output: str, inputs: Mapping[str, np.ndarray], where: Message) -> Any:
    """One output of a session. Raises SourceError : the model stops on these inputs."""
    try:
        return session.run([output], dict(inputs))[0]
    except Exception as error:
        raise SourceError(
            "network-failed",
            say("the ONNX model stops on this input"),
            where,
            say("an output for each row"),
            verbatim(_said(error)),
        ) from None


def output_of(
    session: Any, wanted: str | None, can_be: Callable[[Any], bool], expected: Message, where: Message
) -> Any:
    """The output that is read: the one that was named, or the only one that can be it.

    can_be : whether an output has the shape and the type that are wanted.
    expected : these, in words.

    Raises SourceError : there is no such output, or more than one and none was named.
    """
    outputs = session.get_outputs()
    fitting = [one for one in outputs if can_be(one)]
    names = [one.name for one in fitting]
    if wanted is None and len(fitting) == 1:
        return fitting[0]
    if wanted in names:
        return fitting[names.index(wanted)]
    shown = verbatim("; ".join(f"{one.name}: {one.type} {one.shape}" for one in outputs)[:300])
    if not names:
        raise SourceError(
            "onnx-outputs", say("the ONNX model has no output with a row of numbers"), where, expected, shown
        )
    if wanted is not None:
        raise SourceError(
            "onnx-outputs",
            say("the ONNX model has no such output with a row of numbers"),
            where,
            say("one of {names}", names=names),
            verbatim(wanted),
        )
    raise SourceError(
        "onnx-outputs",
        say("the ONNX model has several outputs"),
        where,
        say("the name of one: {names}", names=names),
        shown,
        say("name it after a comma: {text}", text=f"FILE.onnx,output={names[0]}"),
    )


def _said(error: Exception) -> str:
    """What ONNX Runtime says, without its codes and the places in its source."""
    text = str(error).partition("\n")[0]
    text = text.rpartition("Status Message: ")[2]
    text = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : |\S+\.(cc|h):\d+ \S+ (\S*\) )?", "", text)
    return text.strip()[:200] or type(error).__name__
