"""Which recipe turns pictures into numbers, and what it needs to run: a network, and the store of what was computed."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.errors import InvalidCall, InvalidInput, SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.onnx_session import need_runtime
from mottomo.sources.pictures.decoding import DECODING, need_pillow
from mottomo.sources.pictures.extraction import Extraction
from mottomo.sources.pictures.network import Network
from mottomo.sources.pictures.recipe import Recipe, of_pixels
from mottomo.storage.feature_store import FeatureStore

_LARGEST_SIDE = 1024  # of pixels as features
_FARTHEST = 1e6  # of what is subtracted from a colour, and one over it of what the rest is divided by
_extractions: dict[Recipe, Extraction] = {}  # of this process, so that a network is loaded once


def extraction_of(recipe: Recipe) -> Extraction:
    """The recipe, ready for use. Raises MissingExtra or SourceError : what it needs is not there."""
    if recipe not in _extractions:
        need_pillow()
        libraries = ["pillow"]
        network = None
        if recipe.network is not None:
            need_runtime()
            libraries.append("onnxruntime")
            network = network_content(recipe)
        made = f"{recipe.fingerprint} decoding {DECODING} {' '.join(f'{name} {version(name)}' for name in libraries)}"
        _extractions[recipe] = Extraction(recipe, network, FeatureStore.in_cache(made))
    return _extractions[recipe]


def network_content(recipe: Recipe) -> bytes:
    """The ONNX file of the network of a recipe. Raises SourceError : it is not there, or another one."""
    from mottomo.storage import pretrained

    assert recipe.network is not None
    if recipe.network == pretrained.NAME:
        own, content = pretrained.WEIGHTS_SHA256, pretrained.pretrained_network()
    else:
        content = file_content(recipe.network)
        own = hashlib.sha256(content).hexdigest()
    if own != recipe.sha256:
        raise SourceError(
            "network-hash",
            say("the network for pictures is not the one that the model was trained with"),
            verbatim(recipe.network),
            say("the SHA-256 {hash}", hash=recipe.sha256 or ""),
            verbatim(own),
            say("take the file that was used then, or train again"),
        )
    return content


def save_onnx(classifier: Classifier, path: Path) -> None:
    """Write a classifier as ONNX, with the network of its pictures if it has some."""
    from mottomo.storage import onnx_file

    recipes = [Recipe.from_dict(one.block.recipe) for one in classifier.encoding.features if one.block is not None]
    network = next((network_content(one) for one in recipes if one.network is not None), None)
    onnx_file.save_onnx(classifier, path, network)


def recipe_of(given: str | None, content: bytes | None = None) -> Recipe:
    """The recipe that ``--image-features`` names; by default the pretrained network.

    ``pixels:32``, ``grey:28``, ``efficientnet-lite0`` or ``FILE.onnx``, each perhaps with settings after commas:
    ``crop=0.875``, and of a file ``output=NAME``, ``mean=127``, ``deviation=128`` (a number, or three with ``/``).

    content : that of the file, where it was read already.

    Raises InvalidInput, SourceError.
    """
    from mottomo.storage import pretrained

    name, settings = name_and_settings(given or pretrained.NAME)
    crop = _number(settings.pop("crop", "1"), "crop")
    kind, _, side = name.partition(":")
    if not 0 < crop <= 1:
        raise _refused("crop", say("a share of the shorter side, above 0 and at most 1"), f"crop={crop:g}")
    if kind in ("pixels", "grey"):
        if settings:
            raise _refused(name, say("crop alone"), ", ".join(settings))
        if not side.isascii() or not side.isdigit() or not 1 <= int(side) <= _LARGEST_SIDE:
            expected = say("a side of 1 to {most} pixels, such as {example}", most=_LARGEST_SIDE, example=f"{kind}:32")
            raise _refused(kind, expected, name)
        return of_pixels("pixels" if kind == "pixels" else "grey", int(side), crop)
    if name == pretrained.NAME and not settings:
        return Recipe(
            "network", pretrained.SIDE, pretrained.WIDTH, crop, name, pretrained.WEIGHTS_SHA256, pretrained.FEATURES
        )
    if not name.lower().endswith(".onnx"):
        raise _unknown(given or name)
    others = set(settings) - {"output", "mean", "deviation"}
    if others:
        raise _refused(name, say("output, mean, deviation, crop"), ", ".join(sorted(others)))
    content = file_content(name) if content is None else content
    network = Network.of(content, verbatim(name), settings.get("output"))
    if network.dtype != np.uint8 and not {"mean", "deviation"} <= set(settings):
        raise SourceError(
            "network-scale",
            say("how the ONNX model wants its colours is not known"),
            verbatim(name),
            say("what is subtracted from each colour of 0 to 255, and what the rest is divided by"),
            None,
            say("add it, for example {text}", text=f"{name},mean=123.675/116.28/103.53,deviation=58.395/57.12/57.375"),
        )
    return Recipe(
        "network",
        network.side,
        network.width,
        crop,
        name,
        hashlib.sha256(content).hexdigest(),
        network.output,
        _colours(settings.get("mean", "0"), "mean"),
        _colours(settings.get("deviation", "1"), "deviation"),
    )


def name_and_settings(text: str) -> tuple[str, dict[str, str]]:
    """The name of a file, and the settings after its commas."""
    parts = text.split(",")
    settings: dict[str, str] = {}
    while len(parts) > 1 and "=" in parts[-1]:
        key, _, value = parts.pop().partition("=")
        if key in settings:
            raise _refused(text, say("each setting once"), f"{key}={value}, {key}={settings[key]}")
        settings[key] = value
    return ",".join(parts), settings


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refused(name, say("a number"), f"{name}={text}") from None


def _colours(text: str, name: str) -> tuple[float, float, float]:
    numbers = [_number(part, name) for part in text.split("/")]
    if len(numbers) == 1:
        numbers *= 3
    is_inside = all(abs(one) <= _FARTHEST for one in numbers)  # and no NaN
    if len(numbers) != 3 or not is_inside or (name == "deviation" and min(numbers) < 1 / _FARTHEST):
        expected = say("a number, or three with / between them, of the size of colours from 0 to 255")
        raise _refused(name, expected, f"{name}={text}")
    return numbers[0], numbers[1], numbers[2]


def _unknown(text: str) -> InvalidCall:
    return InvalidCall(
        "image-features",
        say("--image-features takes pixels:SIDE, grey:SIDE, efficientnet-lite0 or FILE.onnx"),
        verbatim("image_features"),
        say("such as pixels:32, or network.onnx,output=features,mean=127,deviation=128,crop=0.875"),
        verbatim(text),
    )


def _refused(where: str, expected: Message, got: str) -> InvalidInput:
    """The error of a setting after the name of a file or of a recipe."""
    return InvalidInput(
        "picture-setting",
        say("a setting of how pictures become numbers has no meaning"),
        verbatim(where),
        expected,
        verbatim(got),
    )


def file_content(name: str) -> bytes:
    """The content of an ONNX file. Raises SourceError."""
    path = Path(name)
    where = verbatim(name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceError(
            "no-such-file",
            say("the ONNX file is not there"),
            None,
            say("an ONNX file"),
            where,
            say("put the file there"),
        ) from None
    except (OSError, ValueError) as error:  # ValueError: the name holds a null character or is not UTF-8
        got = verbatim(getattr(error, "strerror", None) or str(error))
        raise SourceError("unreadable", say("the file cannot be opened"), where, say("an ONNX file"), got) from None
