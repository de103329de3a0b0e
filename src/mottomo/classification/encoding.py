"""From the columns of a table to the numbers of a model: numbers as they are, texts one column a level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mottomo.categories import natural_order
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count

_WIDEST_DENSE = 500  # encoded columns; with more, most are zeros and a sparse matrix holds them
_SHOWN_LEVELS = 10


class Columns(Protocol):
    """Columns of one length: float64, or objects of text; and where a cell is, for messages."""

    @property
    def values(self) -> Mapping[str, np.ndarray]: ...

    @property
    def where(self) -> Message: ...

    @property
    def n(self) -> int: ...

    def place(self, index: int, name: str) -> Message: ...


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that the model reads: numbers (`levels` None), or texts of which each level is 0 or 1.

    `baseline` is the level that has no column of its own, so that the columns do not add up to the intercept; None
    where each level has one (with a penalty, which then treats them alike).
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
    """How the columns of a table become features, in order; kept in the model file."""

    features: tuple[Feature, ...]

    @classmethod
    def learn(cls, levels: Mapping[str, Iterable[str] | None], *, baselines: bool) -> Encoding:
        """Numbers (None) stay; texts get the levels that are seen, in natural order, the first as baseline if asked."""
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
        """The positions of the encoded columns of each feature."""
        positions: dict[str, list[int]] = {}
        at = 0
        for feature in self.features:
            positions[feature.name] = list(range(at, at + len(feature.columns)))
            at += len(feature.columns)
        return positions

    def encode(self, columns: Columns, unknown: str = "error") -> Any:
        """The features of some rows, see ``expand``, from their columns, see ``codes``."""
        return self.expand(self.codes(columns, unknown))

    def codes(self, columns: Columns, unknown: str = "error") -> np.ndarray:
        """One number a column and row, (n, columns) float64: numbers as they are, texts as positions in the levels.

        An unknown level is refused, naming column and row; with ``unknown="baseline"`` it is -1, none of the known
        ones. A column that is text where the model reads numbers, or the other way, is refused.
        """
        codes = np.empty((columns.n, len(self.features)))
        for index, feature in enumerate(self.features):
            values = columns.values[feature.name]
            _check_kind(feature, values, columns.where)
            codes[:, index] = values if feature.levels is None else _positions(feature, columns, unknown)
        return codes

    def expand(self, codes: np.ndarray) -> Any:
        """The features, (n, p) float64, from ``codes``: dense, or CSR where they are many."""
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
        """As plain data, for JSON."""
        return [
            {"name": f.name, "kind": "number"}
            if f.levels is None
            else {"name": f.name, "kind": "text", "levels": list(f.levels), "baseline": f.baseline}
            for f in self.features
        ]

    @classmethod
    def from_list(cls, features: Sequence[Mapping[str, Any]]) -> Encoding:
        """The inverse of ``to_list``; ValueError where it is something else."""
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
    """Whether these are texts in a list, each another one."""
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


def _positions(feature: Feature, columns: Columns, unknown: str) -> np.ndarray:
    """The position of each cell among the levels; -1 for none of them."""
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
    """1 in the column of each row's level; the baseline and unknown levels have none."""
    assert feature.levels is not None
    columns = np.cumsum([level != feature.baseline for level in feature.levels]) - 1
    if feature.baseline is not None:
        columns[feature.levels.index(feature.baseline)] = -1
    own = np.append(columns, -1)[codes.astype(np.int64)]  # the code -1 is the last
    seen, width = np.flatnonzero(own >= 0), len(feature.columns)
    if sparse:
        import scipy.sparse

        return scipy.sparse.csr_array((np.ones(seen.size), (seen, own[seen])), shape=(len(codes), width))
    indicators = np.zeros((len(codes), width))
    indicators[seen, own[seen]] = 1
    return indicators
