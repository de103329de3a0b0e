"""Predicted probabilities of rows: as an array, or as a stream of batches if they do not fit into memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.refusal import Refusal
from mottomo.results import Later, ResultWithRows, Stream

PredictionVerdict = Literal["predicted"]
PredictionRemark = Literal["given-one-of-them", "refusals", "pictures-skipped"]


@dataclass(frozen=True, slots=True)
class PredictedRows:
    """The probabilities of some rows.

    Attributes
    ----------
    probabilities : (m, K) float64; each row sums to 1.
    names : what each row is called; None where rows have no names.
    skipped : pictures among them that have no row, because they cannot be read.
    scores : (m,) of the refusal; None without one.
    """

    probabilities: np.ndarray
    names: tuple[str, ...] | None = None
    skipped: tuple[SkippedPicture, ...] = ()
    scores: np.ndarray | None = None


class PredictedRow(NamedTuple):
    """One row: what it is called, its probabilities, the most probable category and the refusal's score, if wanted."""

    name: str | None
    probabilities: list[float]
    most_probable: str | None
    score: float | None


class Batches:
    """Batches of predicted rows, which are computed anew in each iteration.

    Attributes
    ----------
    n : the number of rows; None until an iteration has ended.
    skipped : pictures without a row, as far as they were read.
    """

    def __init__(self, make: Callable[[], Iterator[PredictedRows]]) -> None:
        self._make = make
        self.n: int | None = None
        self.skipped: tuple[SkippedPicture, ...] = ()

    def __iter__(self) -> Iterator[PredictedRows]:
        n = 0
        skipped: list[SkippedPicture] = []
        for batch in self._make():
            n += len(batch.probabilities)
            skipped += batch.skipped
            self.skipped = tuple(skipped)
            yield batch
        self.n = n


@dataclass(frozen=True, eq=False)
class Predictions(ResultWithRows):
    """The probability of each category for each row.

    Attributes
    ----------
    target : the column that is predicted.
    categories : the K categories of the target.
    batches : the probabilities.
    names_most_probable : whether the tables name the most probable category of each row.
    name_column : the column with the names of the rows, such as that of the pictures; None where rows have no names.
    refusal : the rule that refuses pictures as none of the categories; None without one.
    """

    target: str
    categories: Categories
    batches: Batches
    names_most_probable: bool = False
    name_column: str | None = None
    refusal: Refusal | None = None

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(n, K) float64; each row sums to 1."""
        return np.concatenate([np.empty((0, len(self.categories))), *(rows.probabilities for rows in self.batches)])

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
    def skipped(self) -> tuple[SkippedPicture, ...]:
        """Pictures without a row, because they cannot be read; reads all batches if they have not been read."""
        return self.batches.skipped if self.n_observations >= 0 else ()

    @property
    def verdict(self) -> PredictionVerdict:
        """Always ``predicted``."""
        return "predicted"

    @property
    def remarks(self) -> tuple[PredictionRemark, ...]:
        """As in Result."""
        found: list[PredictionRemark] = []
        if self.name_column is not None:
            found.append("given-one-of-them")
        if self.refusal is not None:
            found.append("refusals")
        return (*found, "pictures-skipped") if self.skipped else tuple(found)

    @property
    def refused(self) -> np.ndarray:
        """(n,) True for pictures that are refused as none of the categories."""
        if self.refusal is None:
            return np.zeros(self.n_observations, dtype=bool)
        scores = [np.empty(0), *(rows.scores for rows in self.batches if rows.scores is not None)]
        return np.concatenate(scores) > self.refusal.threshold

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[PredictedRow]:
        """The rows, in their order."""
        categories, at = self.categories.names, 0
        for batch in self.batches:
            part = slice(max(start - at, 0), None if stop is None else stop - at)
            rows = batch.probabilities[part]
            best: Iterable[str | None] = itertools.repeat(None)
            if self.names_most_probable:
                best = (categories[k] for k in rows.argmax(axis=1).tolist())
            names = itertools.repeat(None) if batch.names is None else batch.names[part]
            scores = itertools.repeat(None) if batch.scores is None else batch.scores[part].tolist()
            yield from map(PredictedRow, names, rows.tolist(), best, scores)
            at += len(batch.probabilities)
            if stop is not None and at >= stop:
                return

    def streamed_dict(self) -> dict[str, Any]:
        """As ``to_dict``, with `rows` as a stream and `n_observations` known only after it was read."""
        categories = self.categories.names

        def rows() -> Iterator[dict[str, Any]]:
            key = self.name_column or ""
            key += "_" * (key in ("probabilities", "most_probable"))
            for row in self.rows():
                found: dict[str, Any] = {} if row.name is None else {key: row.name}
                found["probabilities"] = dict(zip(categories, row.probabilities, strict=True))
                if row.most_probable is not None:
                    found["most_probable"] = row.most_probable
                if self.refusal is not None and row.score is not None:
                    found |= {"refused": row.score > self.refusal.threshold, "refusal_score": row.score}
                yield found

        found = {"target": self.target, "rows": Stream(rows), "n_observations": Later(lambda: self.n_observations)}
        if self.name_column is not None:
            found["skipped"] = Later(lambda: [one.to_dict() for one in self.skipped])
        if self.refusal is not None:
            found["refusal"] = self.refusal.to_dict()
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with all rows in memory."""
        found = self.streamed_dict()
        found["rows"] = list(found["rows"])
        return {name: value.make() if isinstance(value, Later) else value for name, value in found.items()}
