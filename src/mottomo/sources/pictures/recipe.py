"""How a picture becomes numbers, as a value; a model file keeps it, so that pictures are treated alike later."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a picture becomes `width` numbers.

    Attributes
    ----------
    kind : ``pixels``, the red, green and blue of each, from 0 to 1; ``grey``, its brightness, from 0 to 1; ``network``,
        what a network for pictures makes of it.
    side : of the square of pixels.
    width : how many numbers a picture becomes.
    crop : the side of the middle that is seen, as a share of the shorter side of the picture.
    network : the name of the network, or its file; None without one.
    sha256 : of its weights, or of its file.
    output : the name of the output that is read.
    mean, deviation : what is subtracted from each colour (0 to 255), and what the rest is divided by.
    """

    kind: Literal["pixels", "grey", "network"]
    side: int
    width: int
    crop: float = 1.0
    network: str | None = None
    sha256: str | None = None
    output: str | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    deviation: tuple[float, ...] = (1.0, 1.0, 1.0)

    def __str__(self) -> str:
        """As ``--image-features`` takes it."""
        return self.network or f"{self.kind}:{self.side}"

    @property
    def fingerprint(self) -> str:
        """What tells recipes apart that give other numbers; a network by its hash, wherever its file is."""
        parts = {**self.to_dict(), "network": None}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON and for the model file."""
        found = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}

    @classmethod
    def from_dict(cls, description: Mapping[str, Any]) -> Recipe:
        """The inverse of ``to_dict``; raises ValueError or TypeError for anything else."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in description.items()
        }
        found = cls(**values)
        is_known = found.kind in ("pixels", "grey", "network") and (found.kind == "network") == bool(found.network)
        are_numbers = type(found.side) is type(found.width) is int and 0 < found.crop <= 1
        are_colours = all(isinstance(one, tuple) and len(one) == 3 for one in (found.mean, found.deviation))
        if not (is_known and are_numbers and are_colours) or found.to_dict() != dict(description):
            raise ValueError("a recipe of another kind")
        return found


def of_pixels(kind: Literal["pixels", "grey"], side: int, crop: float = 1.0) -> Recipe:
    """The pixels themselves."""
    return Recipe(kind, side, side * side * (3 if kind == "pixels" else 1), crop)
