"""A network for pictures, run by ONNX Runtime: from squares of pixels to rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.onnx_session import FLOATS, output_of, run, session_of


@dataclass(frozen=True)
class Network:
    """A network whose input is a batch of pictures, and one of its outputs.

    Attributes
    ----------
    session : of ONNX Runtime.
    input : the name of the input.
    is_channels_first : whether the colours come before rows and columns.
    dtype : of its numbers; uint8 pixels are given as they are.
    side : of its pictures, in pixels.
    output : the name of the output.
    width : the numbers that it gives a picture.
    where : what messages call it.
    """

    session: Any
    input: str
    is_channels_first: bool
    dtype: Any
    side: int
    output: str
    width: int
    where: Message

    @classmethod
    def of(cls, content: bytes, where: Message, output: str | None = None) -> Network:
        """From an ONNX file. `output` may be left out where there is one.

        Raises SourceError : its input is no batch of square pictures, or it has no such output.
        """
        session = session_of(content, where)
        name, is_first, dtype, side = _input(session, where)
        expected = say("an output of shape (n, width), of float")
        one = output_of(session, output, _is_rows, expected, where)
        return cls(session, name, is_first, dtype, side, one.name, int(one.shape[1]), where)

    def run(self, pixels: np.ndarray, mean: tuple[float, ...], deviation: tuple[float, ...]) -> np.ndarray:
        """(n, width) of float32, from pixels (n, side, side, 3) of uint8."""
        values: np.ndarray = pixels
        if self.dtype != np.uint8:
            values = (values - np.asarray(mean, np.float32)) / np.asarray(deviation, np.float32)
        if self.is_channels_first:
            values = values.transpose(0, 3, 1, 2)
        given = {self.input: np.ascontiguousarray(values, self.dtype)}
        found = run(self.session, self.output, given, self.where)
        rows = np.asarray(found, dtype=np.float32)
        if len(rows) != len(pixels) or rows.size != len(pixels) * self.width:
            raise SourceError(
                "network-rows",
                say("the ONNX model does not give a row for each picture"),
                self.where,
                say("{rows} rows of {width} numbers", rows=len(pixels), width=self.width),
                verbatim(str(rows.shape)),
            )
        return rows.reshape(len(pixels), self.width)


def _input(session: Any, where: Message) -> tuple[str, bool, Any, int]:
    """Name, order of axes, type and side of the input. Raises SourceError : it is no batch of square pictures."""
    inputs = session.get_inputs()
    one = inputs[0]
    shape = [axis if isinstance(axis, int) else None for axis in one.shape]
    dtype = {**FLOATS, "tensor(uint8)": np.uint8}.get(one.type)
    if len(inputs) == 1 and len(shape) == 4 and dtype is not None and shape[0] in (None, 0, -1):
        for is_first, (rows, columns, colours) in ((True, shape[2:4] + shape[1:2]), (False, shape[1:4])):
            if colours == 3 and rows is not None and rows == columns and rows > 0:
                return one.name, is_first, dtype, rows
    raise SourceError(
        "network-input",
        say("the input of the ONNX model is no batch of pictures"),
        where,
        say("one input of shape (n, 3, side, side) or (n, side, side, 3), of float or uint8"),
        verbatim("; ".join(f"{each.name}: {each.type} {each.shape}" for each in inputs)[:300]),
        say("export the model with a free number of pictures, and a fixed size of each"),
    )


def _is_rows(output: Any) -> bool:
    """Whether an output is a row of floats for each picture."""
    shape = output.shape
    is_row = len(shape) >= 2 and isinstance(shape[1], int) and all(axis == 1 for axis in shape[2:])
    return is_row and output.type in FLOATS
