"""From pictures to rows of numbers, on all processors, in the order of the pictures and with bounded memory."""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mottomo.errors import MottomoError
from mottomo.kernels.threads import processors
from mottomo.messages import Message, say, verbatim
from mottomo.sources.pictures.decoding import checked, content_of, damaged, need_pillow, square
from mottomo.sources.pictures.network import Network
from mottomo.sources.pictures.recipe import Recipe

_BATCH = 4  # pictures that go through the network at once; on one thread more are not faster
_AHEAD = 3  # batches a processor that are begun before the first is wanted
# The red, green and blue of brightness, in 65536ths, as Pillow has them.
_BRIGHTNESS = np.array([19595, 38470, 7471], dtype=np.uint32)


class Store(Protocol):
    """Where the numbers of pictures are kept, by the SHA-256 of the picture."""

    def get(self, sha256: str) -> np.ndarray | None:
        """The numbers of a picture, if they are known."""
        ...

    def put(self, found: Iterable[tuple[str, np.ndarray]]) -> None:
        """Keep the numbers of pictures."""
        ...


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of one picture.

    Attributes
    ----------
    sha256 : of its file, or of its pixels; None if it cannot be read.
    size : of its file in bytes; 0 for a picture in memory.
    features : (width,) float32; None if something is wrong with it.
    problem : what is wrong.
    """

    sha256: str | None = None
    size: int = 0
    features: np.ndarray | None = None
    problem: MottomoError | None = None


class Extraction:
    """A recipe, ready for use.

    network : the content of the ONNX file, where the recipe has a network.
    store : where numbers are looked up and kept; None for nowhere.
    """

    def __init__(self, recipe: Recipe, network: bytes | None = None, store: Store | None = None) -> None:
        need_pillow()
        self.recipe, self._store = recipe, store
        self._network = None
        if network is not None:
            self._network = Network.of(network, verbatim(str(recipe)), recipe.output)

    def of(self, pictures: Iterable[Any], places: Iterable[Message] | None = None) -> Iterator[Extracted]:
        """What becomes of each picture, in their order.

        pictures : paths, images of Pillow, arrays of uint8.
        places : what messages call them; a path is called by its name.
        """
        named = zip(pictures, places, strict=False) if places is not None else ((one, _name(one)) for one in pictures)
        n_workers = processors()
        begun: deque[Future[list[Extracted]]] = deque()
        executor = ThreadPoolExecutor(n_workers, "pictures")
        try:
            for batch in _batches(named):
                begun.append(executor.submit(self._batch, batch))
                if len(begun) > _AHEAD * n_workers:
                    yield from begun.popleft().result()
            while begun:
                yield from begun.popleft().result()
        finally:
            executor.shutdown(cancel_futures=True)

    def _batch(self, batch: list[tuple[Any, Message]]) -> list[Extracted]:
        found: list[Extracted] = []
        wanted: dict[int, np.ndarray] = {}
        for index, (picture, where) in enumerate(batch):
            sha256, size = None, 0
            try:
                content = content_of(picture) if isinstance(picture, Path) else checked(picture, where)
                sha256, size = _hash(content, where), len(content) if isinstance(content, bytes) else 0
                known = self._store.get(sha256) if self._store is not None else None
                if known is None:
                    wanted[index] = square(content, where, self.recipe.side, self.recipe.crop)
                found.append(Extracted(sha256, size, known))
            except MottomoError as error:
                found.append(Extracted(sha256, size, problem=error))
        if wanted:
            rows = self._rows(np.stack(list(wanted.values())))
            for index, row in zip(wanted, rows, strict=True):
                found[index] = replace(found[index], features=row)
            if self._store is not None:
                self._store.put((found[index].sha256 or "", row) for index, row in zip(wanted, rows, strict=True))
        return found

    def _rows(self, pixels: np.ndarray) -> np.ndarray:
        """(n, width) of float32, from squares of pixels (n, side, side, 3) of uint8."""
        if self._network is not None:
            return self._network.run(pixels, self.recipe.mean, self.recipe.deviation)
        if self.recipe.kind == "grey":
            pixels = ((pixels @ _BRIGHTNESS + 0x8000) >> 16).astype(np.uint8)
        return pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)


def _batches(named: Iterable[tuple[Any, Message]]) -> Iterator[list[tuple[Any, Message]]]:
    rest = iter(named)
    while batch := list(itertools.islice(rest, _BATCH)):
        yield batch


def _name(picture: Any) -> Message:
    return verbatim(str(picture)) if isinstance(picture, Path) else say("picture")


def _hash(content: Any, where: Message) -> str:
    """The SHA-256 of the bytes of a file, or of the pixels of a picture in memory with their shape.

    Raises SourceError : a picture of Pillow cannot be read to its end.
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    if isinstance(content, np.ndarray):
        head, pixels = f"{content.shape} {content.dtype}", content.tobytes()
    else:
        try:
            pixels = content.tobytes()
        except Exception as error:  # Pillow's readers raise whatever their code trips over
            raise damaged(where) from error
        head = f"{content.size} {content.mode} {content.info.get('transparency')!r}"
        palette = content.getpalette("RGBA") if content.mode in ("P", "PA") else None
        head += f" {palette}"
    return hashlib.sha256(head.encode() + b"\n" + pixels).hexdigest()
