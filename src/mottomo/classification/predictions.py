"""Predicted probabilities of rows: as an array, or as a stream of batches if they do not fit into memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mottomo.categories import Categories
from mottomo.results import Later, ResultWithRows, Stream

PredictionVerdict = Literal["predicted"]


class Batches:
    """Batches of probabilities, (m, K) each, that are computed anew in each iteration.

    Attributes
    ----------
    n : the number of rows; None until an iteration has ended.
    """

    def __init__(self, make: Callable[[], Iterator[np.ndarray]]) -> None:
        self._make = make
        self.n: int | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        n = 0
        for batch in self._make():
            n += len(batch)
            yield batch
        self.n = n


@dataclass(frozen=True, eq=False)
class Predictions(ResultWithRows):
    """The probability of each category for each row.

    Attributes
    ----------
    target : the column that is predicted.
    categories : the K categories of the target.
    batches : the probabilities, (m, K) a batch.
    names_most_probable : whether the tables name the most probable category of each row.
    """

    target: str
    categories: Categories
    batches: Batches
    names_most_probable: bool = False

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(n, K) float64; each row sums to 1."""
        return np.concatenate([np.empty((0, len(self.categories))), *self.batches])

    @property
    def most_probable(self) -> tuple[str, ...]:
        """The most probable category of each row; the first one in case of a tie."""
        names = self.categories.names
        return tuple(names[k] for k in self.probabilities.argmax(axis=1).tolist())

    @property
    def n_observations(self) -> int:
        """The number of rows; reads all batches if they have not been read."""
        if self.batches.n is None:
            for _ in self.batches:
                pass
        assert self.batches.n is not None
        return self.batches.n

    @property
    def verdict(self) -> PredictionVerdict:
        """Always ``predicted``."""
        return "predicted"

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[list[float], str | None]]:
        """The probabilities of each row, and its most probable category, if that is named."""
        names, at = self.categories.names, 0
        for batch in self.batches:
            part = batch[max(start - at, 0) : None if stop is None else stop - at]
            best: Iterable[str | None] = itertools.repeat(None)
            if self.names_most_probable:
                best = (names[k] for k in part.argmax(axis=1).tolist())
            yield from zip(part.tolist(), best, strict=False)
            at += len(batch)
            if stop is not None and at >= stop:
                return

    def streamed_dict(self) -> dict[str, Any]:
        """As ``to_dict``, with `rows` as a stream and `n_observations` known only after it was read."""
        names = self.categories.names

        def rows() -> Iterator[dict[str, Any]]:
            for row, best in self.rows():
                found: dict[str, Any] = {"probabilities": dict(zip(names, row, strict=True))}
                yield found if best is None else {**found, "most_probable": best}

        return {"target": self.target, "rows": Stream(rows), "n_observations": Later(lambda: self.n_observations)}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with all rows in memory."""
        found = self.streamed_dict()
        return {**found, "rows": list(found["rows"]), "n_observations": self.n_observations}
