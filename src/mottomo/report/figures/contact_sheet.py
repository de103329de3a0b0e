"""Pictures that were held out, each with its probabilities as bars and its loss, the worst first."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

import altair as alt

from mottomo.classification.pictures import TrainedPictures
from mottomo.held_out import HeldOut
from mottomo.messages import say
from mottomo.report.figures.drawing import COLOURS, Figure, Look, data, layered, titled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS, _CELL, _PICTURE = 6, (150, 150), 64  # pictures in a line, and pixels
_MOST = 120  # pictures


def sheet_of(held_out: HeldOut | None, pictures: TrainedPictures | None, look: Look) -> Figure | None:
    """The sheet of a training on pictures, each of which was held out; None for any other."""
    if held_out is None or not held_out.rows or pictures is None or pictures.thumbnails is None:
        return None
    return contact_sheet(held_out, pictures.thumbnails, look)


def contact_sheet(found: HeldOut, thumbnails: NDArray[np.uint8], look: Look) -> Figure:
    """A sheet of the pictures with the largest losses.

    thumbnails : (n, side, side, 3), in the order of the rows.
    """
    worst = sorted(found.rows, key=lambda one: -one.loss)[:_MOST]
    names = [one.name for one in found.hits]
    pictures, bars, words = [], [], []
    for place, one in enumerate(worst):
        column, line = place % _COLUMNS, place // _COLUMNS
        x, y = column * _CELL[0], line * _CELL[1]
        pictures.append({"x": x + _PICTURE / 2, "y": y + _PICTURE / 2, "url": _url(thumbnails[one.row])})
        words.append({"x": x + _PICTURE + 6, "y": y + 12, "text": f"{one.loss:.3f}"})
        words.append({"x": x + _PICTURE + 6, "y": y + 28, "text": one.category})
        if one.group is not None:
            words.append({"x": x + _PICTURE + 6, "y": y + 44, "text": one.group})
        for k, name in enumerate(names):
            top = y + _PICTURE + 8 + 16 * k
            long = (_CELL[0] - 70) * one.probabilities[k]
            kind = look.words(say("its category")) if name == one.category else look.words(say("another category"))
            bars.append({"x": x + 46, "x2": x + 46 + long, "y": top, "y2": top + 11, "kind": kind})
            words.append({"x": x, "y": top + 6, "text": name[:7]})
    width = _COLUMNS * _CELL[0]
    height = -(-len(worst) // _COLUMNS) * _CELL[1]
    across = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    down = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(
            domain=[look.words(say("its category")), look.words(say("another category"))], range=list(COLOURS[:2])
        ),
        legend=alt.Legend(orient="top"),
    )
    chart = layered(
        alt.Chart(data(pictures)).mark_image(width=_PICTURE, height=_PICTURE).encode(across, down, url="url:N"),
        alt.Chart(data(bars)).mark_rect().encode(across, down, colour, x2="x2:Q", y2="y2:Q"),
        alt.Chart(data(words)).mark_text(align="left", fontSize=11, color=look.ink).encode(across, down, text="text:N"),
    ).properties(width=width, height=height)
    left_out = found.left_out
    says = say(
        "Each predicted without its group of “{column}”: mean loss {loss} nats, untrained {untrained}.",
        column="" if left_out is None else left_out.column,
        loss=f"{found.model.value:.4g}",
        untrained=f"{found.untrained:.4g}",
    )
    title = say("The pictures held out, the largest loss first")
    if len(found.rows) > len(worst):
        title = say("The {shown} of {n} pictures held out with the largest losses", shown=len(worst), n=len(found.rows))
    return titled(chart, look.words(title), look.words(says))


def _url(picture: NDArray[np.uint8]) -> str:
    """A picture (side, side, 3) as an address that holds it, a PNG."""
    height, width, _ = picture.shape
    lines = b"".join(b"\0" + picture[row].tobytes() for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(one)) + kind + one + struct.pack(">I", zlib.crc32(kind + one)) for kind, one in chunks
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()
