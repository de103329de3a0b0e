"""Writes the 10,000 silhouettes of the package animal-mnist as folders of pictures: learnt, new, new without copies.

Needs animal-mnist 0.4, whose arrays are pickled; nothing but arrays is read of them.
"""

from __future__ import annotations

import gzip
import pickle
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

NAMES = ("bear", "bird", "cat", "cow", "dog", "elephant", "giraffe", "horse", "sheep", "zebra")
N_LEARNT = 8_000
_OF_ARRAYS = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")


class _Arrays(pickle.Unpickler):
    """Reads arrays, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _OF_ARRAYS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def silhouettes() -> tuple[np.ndarray, np.ndarray]:
    """Pictures (10000, 28, 28) of uint8, and their categories, in an order that is fixed."""
    found = find_spec("animal_mnist")
    if found is None or not found.submodule_search_locations:
        sys.exit("the silhouettes are not installed: python -m pip install --no-deps animal-mnist==0.4")
    folder = Path(found.submodule_search_locations[0]) / "data" / "Animal_MNIST"
    arrays = []
    for part in ("data", "label"):
        with gzip.open(folder / f"animal_{part}_version_3.gz") as stream:
            arrays.append(np.asarray(_Arrays(stream).load()))
    order = np.random.default_rng(0).permutation(len(arrays[0]))
    return arrays[0].reshape(-1, 28, 28)[order].astype(np.uint8), arrays[1].astype(int)[order]


def main(place: Path) -> None:
    pictures, labels = silhouettes()
    learnt = {picture.tobytes() for picture in pictures[:N_LEARNT]}
    for number, (picture, label) in enumerate(zip(pictures, labels.tolist(), strict=True)):
        parts = ["learnt"] if number < N_LEARNT else ["new"]
        if number >= N_LEARNT and picture.tobytes() not in learnt:
            parts.append("new-without-copies")
        for part in parts:
            path = place / part / NAMES[label] / f"{number:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)
    print(f"{len(pictures)} silhouettes in {place}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
