"""What is known of the pictures that a classifier was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo.errors import MottomoError

PictureRemark = Literal[
    "pictures-skipped", "pictures-in-two-categories", "pictures-copied", "other-files", "groups-alike"
]


@dataclass(frozen=True, slots=True)
class SkippedPicture:
    """A picture that was left out.

    Attributes
    ----------
    name : as it was given.
    problem : what is wrong with it.
    """

    name: str
    problem: MottomoError

    def to_dict(self) -> dict[str, str]:
        """Plain data for JSON: the name, and the code of the problem."""
        return {"name": self.name, "problem": self.problem.code}


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Two groups that hold pictures which look almost alike.

    Attributes
    ----------
    groups : their names.
    n_pairs : how many pairs of pictures.
    example : the names of the two that are most alike.
    """

    groups: tuple[str, str]
    n_pairs: int
    example: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedPictures:
    """The pictures that a classifier was trained on.

    Attributes
    ----------
    n : how many; without those that were left out.
    made : how each became numbers, as ``--image-features`` says it.
    n_copies : how many have the same content as one before them.
    in_two_categories : pairs of names with the same content and different categories.
    skipped : what was left out, because it cannot be read.
    near_copies : groups that hold pictures which look almost alike; None if they were not compared.
    n_other_files : files of the folder that were passed over, since they are no pictures by their names.
    thumbnails : (n, side, side, 3) uint8, for a sheet of the pictures; None without one.
    """

    n: int
    made: str
    n_copies: int = 0
    in_two_categories: tuple[tuple[str, str], ...] = ()
    skipped: tuple[SkippedPicture, ...] = ()
    near_copies: tuple[NearCopies, ...] | None = None
    n_other_files: int = 0
    thumbnails: np.ndarray | None = None

    @property
    def remarks(self) -> list[PictureRemark]:
        """The codes of what a reader has to know of them."""
        found: list[PictureRemark] = []
        if self.skipped:
            found.append("pictures-skipped")
        if self.in_two_categories:
            found.append("pictures-in-two-categories")
        if self.n_copies:
            found.append("pictures-copied")
        if self.n_other_files:
            found.append("other-files")
        if self.near_copies:
            found.append("groups-alike")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "n": self.n,
            "features": self.made,
            "n_copies": self.n_copies,
            "n_other_files": self.n_other_files,
            "in_two_categories": [list(pair) for pair in self.in_two_categories],
            "skipped": [one.to_dict() for one in self.skipped],
            "near_copies": None
            if self.near_copies is None
            else [
                {"groups": list(one.groups), "n_pairs": one.n_pairs, "example": list(one.example)}
                for one in self.near_copies
            ],
        }
