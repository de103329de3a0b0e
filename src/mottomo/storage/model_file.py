"""A classifier as a file: its arrays as safetensors, everything else as JSON in the header, with a hash of both.

Reading runs no code and guesses nothing: a file that is cut, was changed, or has another format is refused.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.classifier import Classifier, NetworkClassifier, SoftmaxClassifier, ZeroShotClassifier
from mottomo.classification.covariance import Covariance
from mottomo.classification.encoding import Encoding
from mottomo.classification.penalties import penalty_from_dict
from mottomo.classification.refusal import Refusal
from mottomo.errors import InvalidInput, MottomoError, SourceError
from mottomo.messages import Message, say, verbatim, written
from mottomo.storage.whole_file import write_whole

FORMAT = 3
_OLDER = 2  # without a type: all were softmax regressions
_KIND = "classifier"
_REFUSAL = "refusal."  # how the names of its arrays begin
_KEY = "mottomo"  # the only entry of the header; with several, their order and so the bytes would vary


def save_classifier(classifier: Classifier, path: Path | str) -> None:
    """Write a classifier to a file, whole or not at all."""
    write_whole(_path_of(path), classifier_bytes(classifier))


def classifier_bytes(classifier: Classifier) -> bytes:
    """The content of a classifier's file; the same classifier gives the same bytes."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(values, dtype=np.float64) for name, values in _arrays(classifier).items()}
    if classifier.refusal is not None:
        arrays |= {f"{_REFUSAL}{name}": values for name, values in classifier.refusal.arrays.items()}
    text = json.dumps(_description(classifier), ensure_ascii=False, sort_keys=True)
    header = {"kind": _KIND, "format": FORMAT, "description": text, "sha256": _hash(text, arrays)}
    return save(arrays, metadata={_KEY: json.dumps(header, sort_keys=True)})


def _arrays(classifier: Classifier) -> dict[str, np.ndarray]:
    if isinstance(classifier, SoftmaxClassifier):
        own = {"coefficients": classifier.coefficients, "intercepts": classifier.intercepts}
        return own if classifier.covariance is None else {**own, **_of_covariance(classifier.covariance)}
    if isinstance(classifier, ZeroShotClassifier):
        return {}
    assert isinstance(classifier, NetworkClassifier)
    layers = {
        f"{name}_{place}": values
        for place, layer in enumerate(classifier.layers)
        for name, values in zip(("weights", "intercepts"), layer, strict=True)
    }
    return {"centre": classifier.centre, "scale": classifier.scale, **layers}


def _of_covariance(covariance: Covariance) -> dict[str, np.ndarray]:
    """The covariance of coefficients as arrays; of its factor the triangle that is not 0."""
    return {
        "covariance.columns": covariance.columns.astype(np.float64),
        "covariance.back": covariance.back,
        "covariance.factor": covariance.factor[np.triu_indices(len(covariance.factor))],
    }


def _covariance(arrays: Mapping[str, np.ndarray], p: int, n_categories: int) -> Covariance | None:
    """The inverse of ``_of_covariance``; None if there is none. Raises ValueError for arrays that are none."""
    if "covariance.factor" not in arrays:
        return None
    columns, back = arrays["covariance.columns"].astype(np.int64), arrays["covariance.back"]
    size = len(back) * (n_categories - 1)
    upper = np.triu_indices(size)
    are_columns = len(columns) == len(back) - 1 and (np.diff(columns) > 0).all() and set(columns) <= set(range(p))
    if not are_columns or back.shape != (len(back),) * 2 or arrays["covariance.factor"].shape != (len(upper[0]),):
        raise ValueError("a covariance that is none")
    factor = np.zeros((size, size))
    factor[upper] = arrays["covariance.factor"]
    return Covariance(columns, back, factor)


def _path_of(value: object) -> Path:
    """The path of a model's file. Raises InvalidInput if it is none."""
    if isinstance(value, str | os.PathLike) and isinstance(os.fspath(value), str):
        return Path(value)
    raise InvalidInput(
        "not-a-path",
        say("this is no path of a file"),
        say("model"),
        say("a pathlib.Path, or its name"),
        say("{value} of type {type}", value=written(value, repr)[:60], type=type(value).__name__),
    )


def _description(classifier: Classifier) -> dict[str, Any]:
    """Everything about a classifier but its arrays, for JSON."""
    own: dict[str, Any] = {"type": "softmax"}
    terms = classifier.encoding.terms
    if isinstance(classifier, NetworkClassifier):
        own = {"type": "network", "settings": dict(classifier.settings)}
    elif isinstance(classifier, ZeroShotClassifier):
        own = {"type": "zero-shot", "classes": [list(classes) for classes in classifier.classes]}
    return {
        **own,
        "target": classifier.target,
        "categories": list(classifier.categories.names),
        "declared": classifier.categories.declared,
        "encoding": classifier.encoding.to_list(),
        "terms": None if terms is None else [term.to_list() for term in terms],
        "penalty": None if classifier.penalty is None else classifier.penalty.to_dict(),
        "history": dict(classifier.history),
        "refusal": None if classifier.refusal is None else classifier.refusal.to_dict(),
    }


def _hash(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode(errors="surrogatepass"))
    for name in sorted(arrays):
        digest.update(f"\n{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def load_classifier(path: Path | str) -> Classifier:
    """Read a classifier from a file that ``save_classifier`` wrote.

    Raises SourceError if there is no such file, or if it is no model file, is cut, was changed, or has another format.
    """
    path = _path_of(path)
    header, arrays = _read(path)
    where = verbatim(str(path))
    if header.get("kind") != _KIND:
        raise SourceError(
            "not-a-model", say("this is no model file of mottomo"), where, say("a file that train --model wrote")
        )
    number = header.get("format")
    if number not in (FORMAT, _OLDER):
        raise SourceError(
            "model-format",
            say("the model file is of another format than this version of mottomo reads"),
            where,
            say("format {number}", number=FORMAT),
            say("format {number}", number=str(number)),
            say("install a newer version of mottomo, or train the model again"),
        )
    text = header.get("description")
    if not isinstance(text, str) or _hash(text, arrays) != header.get("sha256"):
        raise SourceError(
            "model-changed",
            say("the model file was changed after it was written"),
            where,
            say("contents that fit the hash in its header"),
            None,
            say("take the file from where it was written, or train the model again"),
        )
    try:
        older = {"type": "softmax", "refusal": None} if number == _OLDER else {}
        return _described({"terms": None, **older, **json.loads(text)}, arrays)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MottomoError) as error:
        raise _damaged(where, verbatim(type(error).__name__)) from error


def _described(description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Classifier:
    """The classifier from its description and arrays; raises various exceptions if they do not describe one."""
    penalty = description["penalty"]
    common: dict[str, Any] = {
        "target": str(description["target"]),
        "categories": Categories(tuple(map(str, description["categories"])), bool(description["declared"])),
        "encoding": Encoding.from_list(description["encoding"], description["terms"]),
        "penalty": None if penalty is None else penalty_from_dict(penalty),
        "history": dict(description["history"]),
    }
    if len(set(common["categories"].names)) < len(common["categories"]):
        raise ValueError("a category twice")
    if any(one.dtype not in (np.float64, np.float32) or not np.isfinite(one).all() for one in arrays.values()):
        raise ValueError("coefficients that are not finite")
    if description["refusal"] is not None:
        own = {name.removeprefix(_REFUSAL): one for name, one in arrays.items() if name.startswith(_REFUSAL)}
        common["refusal"] = Refusal.from_dict(description["refusal"], own)
    found = _of_type(description, common, arrays)
    given = {name: value for name, value in description.items() if name != "history"}
    if {**_description(found), "history": None} != {**given, "history": None}:  # such as a number instead of a text
        raise ValueError("values of other types")
    return found


def _of_type(description: dict[str, Any], common: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Classifier:
    p, n_categories = len(common["encoding"].columns), len(common["categories"])
    if description["type"] == "softmax":
        w, b = arrays["coefficients"], arrays["intercepts"]
        if w.shape != (p, n_categories) or b.shape != (n_categories,):
            raise ValueError(f"coefficients {w.shape}, intercepts {b.shape}")
        return SoftmaxClassifier(
            **common, coefficients=w, intercepts=b, covariance=_covariance(arrays, p, n_categories)
        )
    if description["type"] == "zero-shot":
        classes = tuple(tuple(map(int, own)) for own in description["classes"])
        if len(classes) != n_categories or not all(0 <= one < p for own in classes for one in own):
            raise ValueError("classes that are none")
        return ZeroShotClassifier(**common, classes=classes)
    if description["type"] != "network":
        raise ValueError("a model of another type")
    widths = [p, *description["settings"]["hidden"], n_categories]
    layers = []
    for place, (before, after) in enumerate(itertools.pairwise(widths)):
        w, b = arrays[f"weights_{place}"], arrays[f"intercepts_{place}"]
        if w.shape != (before, after) or b.shape != (after,):
            raise ValueError(f"weights {w.shape}, intercepts {b.shape}")
        layers.append((w, b))
    centre, scale = arrays["centre"], arrays["scale"]
    if centre.shape != (p,) or scale.shape != (p,) or (scale <= 0).any():
        raise ValueError("a scale that is none")
    return NetworkClassifier(
        **common, centre=centre, scale=scale, layers=tuple(layers), settings=description["settings"]
    )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    where = verbatim(str(path))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # it cannot be mapped into memory
            raise SourceError(
                "unreadable", say("the file cannot be opened"), where, say("a model file"), say("a device or a pipe")
            )
        with path.open("rb"):
            pass
        with safe_open(str(path), framework="numpy") as stream:
            header = _json((stream.metadata() or {}).get(_KEY))
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - it is no mapping
    except FileNotFoundError:
        raise SourceError("no-such-file", say("there is no such file"), None, say("a model file"), where) from None
    except OSError as error:
        got = verbatim(error.strerror or str(error))
        raise SourceError("unreadable", say("the file cannot be opened"), where, say("a model file"), got) from None
    except (SafetensorError, TypeError, ValueError, RecursionError) as error:  # also of types that numpy does not have
        raise _damaged(where) from error
    return header, arrays


def _damaged(where: Message, got: Message | None = None) -> SourceError:
    return SourceError(
        "model-damaged",
        say("the model file cannot be read: it is cut, damaged, or no model file"),
        where,
        say("a whole file that train --model wrote"),
        got,
        say("take the file from where it was written, or train the model again"),
    )


def _json(text: str | None) -> dict[str, Any]:
    try:
        header = json.loads(text or "{}")
    except ValueError:
        header = {}
    return header if isinstance(header, dict) else {}
