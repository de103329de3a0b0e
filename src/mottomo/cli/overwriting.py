"""No output of a command replaces a file that it reads."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path

from mottomo.cli.usage import usage_error
from mottomo.messages import say

_INPUTS = ("data", "null", "alternative", "probabilities", "none", "image_features")
_OUTPUTS = ("save", "figure", "onnx")


def refuse_overwriting(command: str, settings: Mapping[str, object]) -> None:
    """Refuse an output that is there and is read: as DATA or below its folder, as a claim, as a model or a network.

    Of a table, also a picture whose name it holds.
    """
    inputs = _INPUTS if command == "train" else (*_INPUTS, "model")
    outputs = (*_OUTPUTS, "model") if command == "train" else _OUTPUTS
    written = [(name, Path(name).resolve()) for name in _texts(settings, outputs) if Path(name).exists()]
    if not written:
        return
    for text in _texts(settings, inputs):
        for name, path in written:
            is_below = Path(text).is_dir() and path.is_relative_to(Path(text).resolve())
            if path in _files(text) or is_below or _names(Path(text), path):
                raise usage_error(say("the output {file} is also an input, and would replace it", file=name))


def _names(table: Path, path: Path) -> bool:
    """Whether a file may be a table that names this picture."""
    from mottomo.sources.pictures.folder import is_picture

    if not is_picture(path) or not table.is_file() or is_picture(table):
        return False
    with table.open("rb") as stream:
        return any(path.name.encode() in line for line in stream)


def _texts(settings: Mapping[str, object], names: tuple[str, ...]) -> Iterator[str]:
    """The values of some settings that are texts; some have several."""
    for name in names:
        value = settings.get(name)
        yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str) and one)


def _files(text: str) -> set[Path]:
    """The files that a text may stand for: itself, without settings after commas, or all of a pattern."""
    from mottomo.workflows.picture_recipes import name_and_settings

    found = {Path(text)}
    if "," in text and "=" in text:
        found.add(Path(name_and_settings(text)[0]))
    if any(letter in text for letter in "*?["):
        found |= {Path(name) for name in glob.glob(text, recursive=True)}
    return {path.resolve() for path in found if path.is_file()}
