"""One picture as a square of pixels: every format, mode and turn; what is no picture is said."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import say
from mottomo.sources.pictures.decoding import MOST_PIXELS, content_of, square

WHERE = say("test")
SIDE = 32


def gradient(width: int = 90, height: int = 60) -> Image.Image:
    """A picture without symmetry, smooth enough that formats with loss keep it."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 200, height))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], axis=2).round().astype(np.uint8))


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def seen(content: object, crop: float = 1.0) -> np.ndarray:
    return square(content, WHERE, SIDE, crop).astype(int)


def expected(image: Image.Image, crop: float = 1.0) -> np.ndarray:
    """The middle square by another way: cut in whole pixels, then resized."""
    side = round(min(image.size) * crop)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    middle = image.crop((left, top, left + side, top + side))
    return np.asarray(middle.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(int)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "JPEG", "WEBP", "JPEG2000", "ICO"])
def test_every_format_gives_the_same_picture(format):
    image = gradient(60, 60)
    content = encoded(image, format, **({"sizes": [(60, 60)]} if format == "ICO" else {}))
    assert np.abs(seen(content) - expected(image)).max() <= (12 if format in ("JPEG", "WEBP", "GIF") else 1)


@pytest.mark.parametrize("crop", [1.0, 0.5])
def test_the_middle_is_seen_and_no_side_of_a_wide_picture_is_squeezed(crop):
    image = gradient()
    assert np.abs(seen(encoded(image), crop) - expected(image, crop)).max() <= 1


def test_each_orientation_of_a_camera_is_turned_upright():
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = encoded(gradient(), "JPEG", exif=exif, quality=95)
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        assert np.abs(seen(content) - expected(upright)).max() <= 1


MODES = ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_of_colours_is_read(mode):
    image = gradient(40, 40).convert(mode)
    found = seen(encoded(image, "TIFF" if mode == "CMYK" else "PNG"))
    assert np.abs(found - expected(image.convert("RGB"))).max() <= (60 if mode == "1" else 1)


def test_sixteen_bits_are_those_of_eight_with_more_digits():
    grey = np.asarray(gradient(40, 40).convert("L"))
    sixteen = Image.fromarray(grey.astype(np.uint16) * 257)
    assert np.array_equal(seen(encoded(sixteen)), seen(encoded(Image.fromarray(grey))))
    assert np.array_equal(seen(encoded(sixteen, "TIFF")), seen(encoded(Image.fromarray(grey))))


def test_what_is_transparent_is_white():
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert (seen(encoded(image)) == 255).all()
    half = Image.new("RGBA", (40, 40), (0, 0, 0, 128))
    assert np.abs(seen(encoded(half)) - 127).max() <= 1
    palette = Image.new("P", (40, 40), 3)
    palette.putpalette([200, 10, 10] * 256)
    assert (seen(encoded(palette, transparency=3)) == 255).all()
    keyed = Image.new("RGB", (40, 40), (9, 8, 7))
    assert (seen(encoded(keyed, transparency=(9, 8, 7))) == 255).all()


def test_a_large_picture_is_averaged_before_it_is_resized_and_looks_the_same():
    image = gradient(1800, 1200)
    for content in (encoded(image), encoded(image, "JPEG", quality=95)):
        assert np.abs(seen(content) - expected(image)).max() <= 3


def test_pictures_in_memory_are_read_like_files():
    image = gradient(50, 50)
    array = np.asarray(image)
    assert np.array_equal(seen(image), seen(encoded(image)))
    assert np.array_equal(seen(array), seen(encoded(image)))
    assert np.array_equal(seen(array[:, :, 0]), seen(encoded(Image.fromarray(array[:, :, 0]))))
    before = array.copy()
    assert (array == before).all()
    for wrong in (array / 255, array.astype(int), array[:, :, :2], np.zeros((0, 3), np.uint8), np.zeros(3, np.uint8)):
        with pytest.raises(InvalidInput, match="no picture"):
            seen(wrong)


def png_that_claims(width: int, height: int) -> bytes:
    """The beginning of a PNG that says it is as large as that, and has almost no bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


ANIMATION = encoded(gradient(20, 20), "GIF", save_all=True, append_images=[gradient(20, 20).rotate(90)])
BAD = {
    "no picture": (b"not a picture at all", "not-a-picture"),
    "text that begins like one": (b"\x89PNG\r\n\x1a\n", "not-a-picture"),
    "cut PNG": (encoded(gradient())[:200], "picture-damaged"),
    "cut JPEG": (encoded(gradient(400, 400), "JPEG")[:2000], "picture-damaged"),
    "animation": (ANIMATION, "picture-animated"),
    "pages": (
        encoded(gradient(20, 20), "TIFF", save_all=True, append_images=[gradient(20, 20)]),
        "picture-animated",
    ),
    "fractions": (encoded(Image.fromarray(np.ones((9, 9), np.float32)), "TIFF"), "picture-mode"),
    "bomb": (png_that_claims(30_000, 30_000), "picture-too-large"),
    "just too large": (png_that_claims(15_000, MOST_PIXELS // 15_000 + 1), "picture-too-large"),
    "script": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not-a-picture"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_said_in_our_words_and_without_warnings(name):
    content, code = BAD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SourceError) as caught:
            seen(content)
    assert caught.value.code == code


def outcome(content: bytes) -> str:
    try:
        return "read" if seen(content).shape == (SIDE, SIDE, 3) else "of another shape"
    except SourceError as error:
        return error.code


def test_every_cut_of_a_picture_is_read_or_refused():
    rng = np.random.default_rng(7)
    whole = [encoded(gradient(50, 40), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")]
    for content in whole:
        for _ in range(20):
            damaged = bytearray(content[: rng.integers(1, len(content) + 1)])
            for place in rng.integers(0, len(damaged), 3):
                damaged[place] = rng.integers(0, 256)
            assert outcome(bytes(damaged)) in ("read", "picture-damaged", "picture-animated", "not-a-picture")


def test_files_that_are_none_are_named(tmp_path: Path):
    (tmp_path / "empty.png").touch()
    for path, code in (
        (tmp_path / "no.png", "no-such-file"),
        (tmp_path, "not-a-file"),
        (tmp_path / "empty.png", "empty-source"),
    ):
        with pytest.raises(SourceError) as caught:
            content_of(path)
        assert caught.value.code == code
        assert str(path) in str(caught.value)


@pytest.mark.slow
def test_a_hundred_megapixels_need_less_than_two_gigabytes(tmp_path: Path):
    import resource

    content = encoded(Image.new("RGBA", (10_000, 10_000), (10, 200, 30, 255)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = seen(content)
    assert np.abs(found - [10, 200, 30]).max() <= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2_000_000
