"""One picture as a square of pixels, whatever its format, its mode of colours and its size."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mottomo.errors import InvalidInput, MissingExtra, SourceError
from mottomo.messages import Message, say, say_count, verbatim

if TYPE_CHECKING:
    from PIL import Image

# The formats that are read, by Pillow's names; some others run programs or have no pixels of their own.
_FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
ENDINGS = (
    *(".avif", ".bmp", ".gif", ".ico", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm"),
    *(".ppm", ".tif", ".tiff", ".webp"),
)
LARGEST_FILE = 1 << 29  # bytes
MOST_PIXELS = 150_000_000  # of one picture; a small file can claim any number
DECODING = 2  # changes where the same file gives other pixels, so that numbers of before are computed again
_LARGE = 20_000_000  # pixels; of larger pictures one at a time is decoded
_WHITE = (255, 255, 255, 255)
_GAP = 2.0  # a picture is first averaged down to at least this many times the wanted size, which is fast

_opening = threading.Lock()
_large_one = threading.Lock()


def need_pillow() -> None:
    """Raise MissingExtra if the library that decodes pictures is not installed."""
    if importlib.util.find_spec("PIL") is None:
        raise MissingExtra(
            "missing-extra",
            say("reading pictures needs a library that is not installed"),
            None,
            verbatim("Pillow"),
            None,
            say("install it: python -m pip install 'mottomo[images]'"),
        )


def content_of(path: Path) -> bytes:
    """The bytes of a picture's file. Raises SourceError : it cannot be read, is empty, or too large."""
    where = verbatim(str(path))
    expected = say("a picture")
    try:
        if path.exists() and not path.is_file():
            raise SourceError("not-a-file", say("this is no file"), where, expected)
        size = path.stat().st_size
        if size > LARGEST_FILE:
            got = say("{size} bytes", size=size)
            limit = say("at most {size} bytes", size=LARGEST_FILE)
            raise SourceError("picture-too-large", say("the picture is too large"), where, limit, got)
        content = path.read_bytes()
    except FileNotFoundError:
        raise SourceError("no-such-file", say("there is no such file"), None, expected, where) from None
    except (OSError, ValueError) as error:
        got = verbatim(getattr(error, "strerror", None) or str(error))
        raise SourceError("unreadable", say("the file cannot be opened"), where, expected, got) from None
    if not content:
        raise SourceError("empty-source", say("there is nothing to read"), where, expected, say("0 bytes"))
    return content


def square(picture: Any, where: Message, side: int, crop: float) -> np.ndarray:
    """The middle of a picture, upright and over white, as (side, side, 3) uint8.

    picture : the bytes of a file, an image of Pillow, or an array (height, width) or (height, width, 3 or 4) of uint8.
    crop : the side of the middle, as a share of the shorter side of the picture.

    Raises SourceError or InvalidInput : it is no picture, cut, animated, too large, or of a kind whose range of values
    is unknown.
    """
    image = _opened(picture, where, round(side / crop))
    with _large_one if image.width * image.height > _LARGE else contextlib.nullcontext():
        return _square(image, where, side, crop)


def _square(image: Image.Image, where: Message, side: int, crop: float) -> np.ndarray:
    from PIL import Image

    turn = None
    try:
        image.load()
        if hasattr(image, "filename"):  # it comes from a file
            with _quiet():
                turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # Pillow's readers raise whatever their code trips over
        raise damaged(where) from error
    image = _in_colour(image, where)
    width, height = image.size
    half = min(width, height) * crop / 2
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    image = image.resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=_GAP)
    if turn is not None:
        image = image.transpose(Image.Transpose(turn))
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, _WHITE)
        white.alpha_composite(image)
        image = white
    return np.array(image.convert("RGB"))


def _opened(picture: Any, where: Message, needed: int) -> Image.Image:
    """The picture, not yet decoded where it is a file."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(picture, np.ndarray):
        return Image.fromarray(_checked_array(picture, where))
    if isinstance(picture, Image.Image):
        return picture
    formats = _formats()
    with _quiet():
        try:
            image = Image.open(io.BytesIO(picture), formats=formats)
            is_too_large = image.width * image.height > MOST_PIXELS
            n_frames = 1 if is_too_large else getattr(image, "n_frames", 1)
        except Image.DecompressionBombError:
            raise _too_many_pixels(where, None) from None
        except UnidentifiedImageError:
            raise SourceError(
                "not-a-picture",
                say("this is no picture that can be read"),
                where,
                say("a picture, such as JPEG, PNG, WebP, GIF, TIFF or BMP"),
            ) from None
        except Exception as error:
            raise damaged(where) from error
    if is_too_large:
        raise _too_many_pixels(where, image.size)
    _refuse_animated(n_frames, image.format, where)
    image.draft(None, (needed, needed))  # of JPEG: an eighth, a quarter or a half, where that is still large enough
    return image


def checked(image: Any, where: Message) -> Any:
    """A picture in memory. Raises SourceError : one of Pillow is cut, was closed, is animated, or has no pixels."""
    if isinstance(image, np.ndarray):
        return image
    try:
        with _quiet():
            image.load()
            n_frames = getattr(image, "n_frames", 1)
    except Exception as error:  # Pillow's readers raise whatever their code trips over
        raise damaged(where) from error
    _refuse_animated(n_frames, image.format, where)
    if not image.width * image.height:
        raise SourceError(
            "picture-empty",
            say("the picture has no pixels"),
            where,
            say("a picture"),
            verbatim(f"{image.width} x {image.height}"),
        )
    return image


def _refuse_animated(n_frames: int, format: str | None, where: Message) -> None:
    if n_frames > 1 and format not in ("MPO", "ICO"):  # whose first picture is the picture
        raise SourceError(
            "picture-animated",
            say("the file holds several pictures, as an animation does"),
            where,
            say("one picture"),
            say_count("{count} picture", "{count} pictures", n_frames),
            say("save the one that is meant as a file of its own"),
        )


def damaged(where: Message) -> SourceError:
    """The error of a picture that is cut or damaged."""
    return SourceError(
        "picture-damaged",
        say("the picture is cut or damaged"),
        where,
        say("a whole picture"),
        None,
        say("take the file from where it came, or leave it out"),
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of Pillow, whose words are not ours; for one thread at a time, since they are for all."""
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@functools.cache
def _formats() -> tuple[str, ...]:
    """Those of the formats that this Pillow reads."""
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _too_many_pixels(where: Message, size: tuple[int, int] | None) -> SourceError:
    got = None if size is None else say("{width} × {height} pixels", width=size[0], height=size[1])
    return SourceError(
        "picture-too-large",
        say("the picture is too large"),
        where,
        say("at most {number} million pixels", number=MOST_PIXELS // 1_000_000),
        got,
        say("make it smaller"),
    )


def _checked_array(picture: np.ndarray, where: Message) -> np.ndarray:
    shape = picture.shape
    if picture.dtype == np.uint8 and (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) and picture.size:
        return np.ascontiguousarray(picture)
    raise InvalidInput(
        "not-a-picture",
        say("this array is no picture"),
        where,
        say("(height, width), or (height, width, 3 or 4) of uint8"),
        say("{shape} of {type}", shape=str(shape), type=str(picture.dtype)),
        say("numbers from 0 to 1 become a picture with (255 * x).round().astype('uint8')"),
    )


# --- colours ---------------------------------------------------------------------------------------------------------

_ORIENTATION = 0x0112  # the tag of EXIF
# What has to be done for each orientation, by Pillow's numbers of Transpose.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_OPAQUE = ("RGB", "RGBX", "CMYK", "YCbCr", "HSV")
_WITH_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")


def _in_colour(image: Image.Image, where: Message) -> Image.Image:
    """The picture as RGB, RGBA or grey with 8 bits each."""
    from PIL import Image

    mode = image.mode
    if mode in _WITH_ALPHA or "transparency" in image.info:
        return image if mode == "RGBA" else image.convert("RGBA")
    if mode in ("RGB", "L"):
        return image
    if mode in _OPAQUE or mode == "P":
        return image.convert("RGB")
    if mode == "1":
        return image.convert("L")
    if mode.startswith("I;16") or (mode == "I" and image.format in ("PNG", "PPM")):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))  # as Pillow does it for colours of 16 bits
    raise SourceError(
        "picture-mode",
        say("the range of the picture's values is not known"),
        where,
        say("colours or grey of 8 or 16 bits"),
        verbatim(mode),
        say("save it as PNG or JPEG"),
    )
