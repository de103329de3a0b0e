"""From the columns of a table to the numbers of a model: numbers as they are, texts one column a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import natural_order
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count

_WIDEST_DENSE = 500  # encoded columns; with more, most are zeros and a sparse matrix holds them
_SHOWN_LEVELS = 10


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
    def learn(cls, columns: Mapping[str, np.ndarray], *, baselines: bool) -> Encoding:
        """Numbers stay; texts get the levels that are seen, in natural order, the first as baseline if asked."""
        features = []
        for name, values in columns.items():
            if values.dtype != object:
                features.append(Feature(name))
                continue
            levels = tuple(natural_order(set(values.tolist())))
            features.append(Feature(name, levels, levels[0] if baselines else None))
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

    def encode(self, columns: Mapping[str, np.ndarray], where: Message | None = None, unknown: str = "error") -> Any:
        """The features of some rows, (n, p) float64: dense, or CSR where they are many. There is at least one feature.

        An unknown level is refused, naming column and row; with ``unknown="baseline"`` it is taken for none of the
        known ones. A column that is text where the model reads numbers, or the other way, is refused.
        """
        wide = len(self.columns) > _WIDEST_DENSE
        parts: list[Any] = []
        for feature in self.features:
            values = columns[feature.name]
            _check_kind(feature, values, where)
            if feature.levels is None:
                parts.append(values[:, None])
            else:
                parts.append(_indicators(feature, values, where, unknown, wide))
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
        """The inverse of ``to_list``."""
        return cls(
            tuple(
                Feature(one["name"])
                if one["kind"] == "number"
                else Feature(one["name"], tuple(one["levels"]), one["baseline"])
                for one in features
            )
        )


def _check_kind(feature: Feature, values: np.ndarray, where: Message | None) -> None:
    is_text = values.dtype == object
    if is_text == (feature.levels is not None):
        return
    place = say("{where}, column {column}", where=where or say("data"), column=feature.name)
    number, text = say("numbers"), say("text")
    raise InvalidInput(
        "column-kind",
        say("a column is of another type than the model was trained on"),
        place,
        number if is_text else text,
        text if is_text else number,
        say("give the column as in training; a column of digits that is text is named with --text"),
    )


def _indicators(feature: Feature, values: np.ndarray, where: Message | None, unknown: str, sparse: bool) -> Any:
    assert feature.levels is not None
    known = [level for level in feature.levels if level != feature.baseline]
    position = {level: index for index, level in enumerate(known)}
    if feature.baseline is not None:
        position[feature.baseline] = -1
    codes = np.array([position.get(value, -2) for value in values.tolist()], dtype=np.int64)
    strangers = np.flatnonzero(codes == -2)
    if strangers.size and unknown == "error":
        first = int(strangers[0])
        level = values[first]
        raise InvalidInput(
            "unknown-level",
            say("a text was never seen in training"),
            say("{where}, row {row}, column {column}", where=where or say("data"), row=first + 1, column=feature.name),
            say(
                "one of {names}",
                names=list(feature.levels[:_SHOWN_LEVELS]) + ["…"] * (len(feature.levels) > _SHOWN_LEVELS),
            ),
            say_count(
                "{value} ({count} such row)", "{value} ({count} such rows)", int(strangers.size), value=str(level)
            ),
            nearest(str(level), feature.levels)
            or say("--unknown baseline takes it for none of the levels that have a column"),
        )
    seen = np.flatnonzero(codes >= 0)
    if sparse:
        import scipy.sparse

        return scipy.sparse.csr_array((np.ones(seen.size), (seen, codes[seen])), shape=(len(values), len(known)))
    indicators = np.zeros((len(values), len(known)))
    indicators[seen, codes[seen]] = 1
    return indicators
