"""Encode the columns of a table as features: numbers stay as they are, text becomes one indicator column a level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mottomo.categories import natural_order
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count

_WIDEST_DENSE = 500  # encoded columns; wider features are mostly zeros and are kept as a sparse matrix
_SHOWN_LEVELS = 10


class TableRows(Protocol):
    """Some rows of a table, by column; it also names the place of a cell for messages."""

    @property
    def values(self) -> Mapping[str, np.ndarray]:
        """Each column by name, (n,) float64 for numbers or object for text."""
        ...

    @property
    def where(self) -> Message:
        """The source of the rows."""
        ...

    @property
    def n(self) -> int:
        """The number of rows."""
        ...

    def place(self, index: int, name: str) -> Message:
        """The place of the cell in row `index` (from 0) of column `name`."""
        ...


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that the model reads: numbers, or text that is encoded as indicators of its levels.

    Attributes
    ----------
    name : the column.
    levels : the levels of a text column; None for numbers.
    baseline : the level without an indicator, so that the indicators are not collinear with the intercept. None if
        every level has one: a penalty makes that possible and then treats all levels alike.
    """

    name: str
    levels: tuple[str, ...] | None = None
    baseline: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the encoded columns."""
        if self.levels is None:
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self.levels if level != self.baseline)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The features of a model in order, and how columns are encoded as them; kept in the model file."""

    features: tuple[Feature, ...]

    @classmethod
    def learn(cls, levels: Mapping[str, Iterable[str] | None], *, baselines: bool) -> Encoding:
        """From the levels seen in each column, None for numbers.

        Levels are put into natural order; with `baselines` the first one is the baseline.
        """
        features = []
        for name, seen in levels.items():
            if seen is None:
                features.append(Feature(name))
                continue
            ordered = tuple(natural_order(set(seen)))
            features.append(Feature(name, ordered, ordered[0] if baselines else None))
        return cls(tuple(features))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all encoded columns, in order."""
        return tuple(column for feature in self.features for column in feature.columns)

    def groups(self) -> dict[str, list[int]]:
        """The positions of the encoded columns of each feature, by its name."""
        positions: dict[str, list[int]] = {}
        at = 0
        for feature in self.features:
            positions[feature.name] = list(range(at, at + len(feature.columns)))
            at += len(feature.columns)
        return positions

    def encode(self, columns: TableRows, unknown: str = "error") -> Any:
        """The features (n, p) of some rows: ``expand`` of their ``codes``."""
        return self.expand(self.codes(columns, unknown))

    def codes(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """(n, number of features) float64: numbers as they are, text as the position among the levels.

        unknown : ``"error"`` refuses a text that is no known level, naming column and row; ``"baseline"`` codes it as
            -1, which has no indicator.

        Raises InvalidInput also for text where the model reads numbers, and the other way round.
        """
        codes = np.empty((columns.n, len(self.features)))
        for index, feature in enumerate(self.features):
            values = columns.values[feature.name]
            _check_kind(feature, values, columns.where)
            codes[:, index] = values if feature.levels is None else _positions(feature, columns, unknown)
        return codes

    def expand(self, codes: np.ndarray) -> Any:
        """The features, (n, p) float64, from ``codes``: dense, or CSR if there are many columns."""
        if all(feature.levels is None for feature in self.features):
            return codes
        wide = len(self.columns) > _WIDEST_DENSE
        parts = [
            codes[:, index, None] if feature.levels is None else _indicators(feature, codes[:, index], wide)
            for index, feature in enumerate(self.features)
        ]
        if not wide:
            return np.ascontiguousarray(np.hstack(parts))
        import scipy.sparse

        return scipy.sparse.hstack([scipy.sparse.csr_array(part) for part in parts], format="csr")

    def to_list(self) -> list[dict[str, Any]]:
        """Plain data for JSON, one mapping a feature."""
        return [
            {"name": f.name, "kind": "number"}
            if f.levels is None
            else {"name": f.name, "kind": "text", "levels": list(f.levels), "baseline": f.baseline}
            for f in self.features
        ]

    @classmethod
    def from_list(cls, features: Sequence[Mapping[str, Any]]) -> Encoding:
        """The inverse of ``to_list``; raises ValueError for anything else."""
        found = cls(tuple(Feature(one["name"], *_levels(one)) for one in features))
        names = [feature.name for feature in found.features]
        if found.to_list() != list(features) or not _are_names(names):
            raise ValueError("features that are none")
        return found


def _levels(feature: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, str | None]:
    if feature["kind"] == "number":
        return None, None
    levels, baseline = feature["levels"], feature["baseline"]
    if not _are_names(levels) or (baseline is not None and baseline not in levels):
        raise ValueError("levels that are none")
    return tuple(levels), baseline


def _are_names(names: Any) -> bool:
    """True for a list of distinct strings."""
    are_texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return are_texts and len(set(names)) == len(names)


def _check_kind(feature: Feature, values: np.ndarray, where: Message) -> None:
    is_text = values.dtype == object
    if is_text == (feature.levels is not None):
        return
    number, text = say("numbers"), say("text")
    raise InvalidInput(
        "column-kind",
        say("a column is of another type than the model was trained on"),
        say("{where}, column {column}", where=where, column=feature.name),
        number if is_text else text,
        text if is_text else number,
        say("give the column as in training; if it is text, train with --text {name}", name=feature.name),
    )


def _positions(feature: Feature, columns: TableRows, unknown: str) -> np.ndarray:
    """The position of each cell among the levels, (n,) int64; -1 for an unknown level."""
    assert feature.levels is not None
    position = {level: index for index, level in enumerate(feature.levels)}
    values = columns.values[feature.name]
    codes = np.array([position.get(value, -1) for value in values.tolist()], dtype=np.int64)
    strangers = np.flatnonzero(codes < 0)
    if strangers.size and unknown == "error":
        level = str(values[strangers[0]])
        raise InvalidInput(
            "unknown-level",
            say("a text was never seen in training"),
            columns.place(int(strangers[0]), feature.name),
            say(
                "one of {names}",
                names=list(feature.levels[:_SHOWN_LEVELS]) + ["…"] * (len(feature.levels) > _SHOWN_LEVELS),
            ),
            say_count("{value} ({count} such row)", "{value} ({count} such rows)", int(strangers.size), value=level),
            nearest(level, feature.levels) or _mend_of_unknown(feature),
        )
    return codes


def _mend_of_unknown(feature: Feature) -> Message:
    if feature.baseline is None:
        return say("--unknown baseline takes it for no level")
    return say("--unknown baseline takes it for {level}, the baseline level", level=feature.baseline)


def _indicators(feature: Feature, codes: np.ndarray, sparse: bool) -> Any:
    """1 in the column of each row's level; all 0 for the baseline and for unknown levels."""
    assert feature.levels is not None
    columns = np.cumsum([level != feature.baseline for level in feature.levels]) - 1
    if feature.baseline is not None:
        columns[feature.levels.index(feature.baseline)] = -1
    own = np.append(columns, -1)[codes.astype(np.int64)]  # the code -1 picks the appended -1
    seen, width = np.flatnonzero(own >= 0), len(feature.columns)
    if sparse:
        import scipy.sparse

        return scipy.sparse.csr_array((np.ones(seen.size), (seen, own[seen])), shape=(len(codes), width))
    indicators = np.zeros((len(codes), width))
    indicators[seen, own[seen]] = 1
    return indicators
