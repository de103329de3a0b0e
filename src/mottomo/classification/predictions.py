"""Predicted probabilities of rows: as an array, or as a stream of batches if they do not fit into memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.pictures import SkippedPicture
from mottomo.classification.refusal import Refusal
from mottomo.results import Later, ResultWithRows, Stream

PredictionVerdict = Literal["predicted"]
PredictionRemark = Literal["given-one-of-them", "refusals", "rows-dropped", "rows-empty", "pictures-skipped"]


@dataclass(frozen=True, slots=True)
class PredictedRows:
    """The probabilities of some rows.

    Attributes
    ----------
    probabilities : (m, K) float64; each row sums to 1.
    names : what each row is called; None where rows have no names.
    skipped : pictures among them that have no row, because they cannot be read.
    scores : (m,) of the refusal; None without one.
    lower, upper : (m, K) limits of the probabilities; None if they are not wanted.
    numbers : (m,) of the rows in the data, from 1; None if they are not wanted.
    kept : cells of the data that are repeated, by column.
    n_dropped : rows before these that were left out, because values are missing.
    """

    probabilities: np.ndarray
    names: tuple[str, ...] | None = None
    skipped: tuple[SkippedPicture, ...] = ()
    scores: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    numbers: np.ndarray | None = None
    kept: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    n_dropped: int = 0


class PredictedRow(NamedTuple):
    """One row: its number and cells of the data, what it is called, its probabilities, and what else is wanted."""

    number: int | None
    kept: tuple[str | None, ...]
    name: str | None
    probabilities: list[float]
    lower: list[float] | None
    upper: list[float] | None
    most_probable: str | None
    score: float | None


class Batches:
    """Batches of predicted rows, which are computed anew in each iteration.

    Attributes
    ----------
    n : the number of rows; None until an iteration has ended.
    skipped : pictures without a row, as far as they were read.
    n_empty, n_dropped : rows without probabilities, and rows that were left out, because values are missing; as far as
        they were read.
    """

    def __init__(self, make: Callable[[], Iterator[PredictedRows]]) -> None:
        self._make = make
        self.n: int | None = None
        self.skipped: tuple[SkippedPicture, ...] = ()
        self.n_empty = self.n_dropped = 0

    def __iter__(self) -> Iterator[PredictedRows]:
        n = self.n_empty = self.n_dropped = 0
        skipped: list[SkippedPicture] = []
        for batch in self._make():
            n += len(batch.probabilities)
            skipped += batch.skipped
            self.n_dropped += batch.n_dropped
            self.n_empty += int(np.isnan(batch.probabilities[:, :1]).sum())
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
    level : of the intervals of the probabilities; None without any.
    kept_columns : columns of the data that are repeated.
    has_numbers : whether rows have the numbers that they have in the data, because some are left out.
    """

    target: str
    categories: Categories
    batches: Batches
    names_most_probable: bool = False
    name_column: str | None = None
    refusal: Refusal | None = None
    level: float | None = None
    kept_columns: tuple[str, ...] = ()
    has_numbers: bool = False

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(n, K) float64; each row sums to 1, but is NaN where values of the row are missing and that is allowed."""
        return np.concatenate([np.empty((0, len(self.categories))), *(rows.probabilities for rows in self.batches)])

    @cached_property
    def lower(self) -> np.ndarray | None:
        """(n, K) lower limits of the probabilities, each at `level`; None without intervals."""
        return self._limits(lambda rows: rows.lower)

    @cached_property
    def upper(self) -> np.ndarray | None:
        """(n, K) upper limits of the probabilities, each at `level`; None without intervals."""
        return self._limits(lambda rows: rows.upper)

    def _limits(self, of: Callable[[PredictedRows], np.ndarray | None]) -> np.ndarray | None:
        if self.level is None:
            return None
        parts = [one for rows in self.batches if (one := of(rows)) is not None]
        return np.concatenate([np.empty((0, len(self.categories))), *parts])

    @property
    def most_probable(self) -> tuple[str, ...]:
        """The most probable category of each row; the first one in case of a tie, and none of a row without any."""
        return tuple(self._best(self.probabilities))

    def _best(self, rows: np.ndarray) -> Iterator[str]:
        """The most probable category of each row (m, K)."""
        names, known = self.categories.names, ~np.isnan(rows[:, :1]).ravel()
        best = rows.argmax(axis=1).tolist()
        return (names[k] if is_known else "" for k, is_known in zip(best, known.tolist(), strict=True))

    @property
    def n_observations(self) -> int:
        """The number of rows; reads all batches if they have not been read."""
        if self.batches.n is None:
            for _ in self.batches:
                pass
        assert self.batches.n is not None
        return self.batches.n

    @property
    def n_dropped(self) -> int:
        """Rows that were left out because of missing values; reads all batches if they have not been read."""
        return self.batches.n_dropped if self.n_observations >= 0 else 0

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
        if self.n_dropped:
            found.append("rows-dropped")
        if self.n_observations and self.batches.n_empty:
            found.append("rows-empty")
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
        at = 0
        for batch in self.batches:
            part = slice(max(start - at, 0), None if stop is None else stop - at)
            rows = batch.probabilities[part]
            none: Iterable[None] = itertools.repeat(None)
            cells = [batch.kept[name][part] for name in self.kept_columns]
            yield from map(
                PredictedRow,
                none if batch.numbers is None else batch.numbers[part].tolist(),
                zip(*cells, strict=True) if cells else itertools.repeat(()),
                none if batch.names is None else batch.names[part],
                rows.tolist(),
                none if batch.lower is None else batch.lower[part].tolist(),
                none if batch.upper is None else batch.upper[part].tolist(),
                self._best(rows) if self.names_most_probable else none,
                none if batch.scores is None else batch.scores[part].tolist(),
            )
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
                found: dict[str, Any] = {} if row.number is None else {"row": row.number}
                if self.kept_columns:
                    found["kept"] = dict(zip(self.kept_columns, row.kept, strict=True))
                if row.name is not None:
                    found[key] = row.name
                is_empty = row.probabilities[0] != row.probabilities[0]  # NaN
                found["probabilities"] = None if is_empty else dict(zip(categories, row.probabilities, strict=True))
                for limit, values in (("lower", row.lower), ("upper", row.upper)):
                    if values is not None:
                        found[limit] = None if is_empty else dict(zip(categories, values, strict=True))
                if row.most_probable is not None:
                    found["most_probable"] = row.most_probable
                if self.refusal is not None and row.score is not None:
                    found |= {"refused": row.score > self.refusal.threshold, "refusal_score": row.score}
                yield found

        found = {"target": self.target, "rows": Stream(rows), "n_observations": Later(lambda: self.n_observations)}
        found["level"] = self.level
        found["n_dropped"] = Later(lambda: self.n_dropped)
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
