"""Encode the columns of a table as features.

Numbers stay as they are; text becomes one indicator column a level; a picture is the block of numbers made from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from mottomo.categories import natural_order
from mottomo.classification.terms import Factor, Term, coded
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count

_WIDEST_DENSE = 500  # encoded columns; wider features are mostly zeros and are kept as a sparse matrix
_SHOWN_LEVELS = 10


class TableRows(Protocol):
    """Some rows of a table, by column; it also names the place of a cell for messages."""

    @property
    def values(self) -> Mapping[str, np.ndarray]:
        """Each column by name: (n,) float64 for numbers, (n,) object for text, (n, width) float for blocks."""
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

    def row_place(self, index: int) -> Message:
        """The place of row `index` (from 0)."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers that belong together, made from one cell.

    Attributes
    ----------
    width : how many.
    recipe : how they are made of a cell, as plain data; only who makes them reads it.
    """

    width: int
    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that the model reads: numbers, text that is encoded as indicators of its levels, or blocks of numbers.

    Attributes
    ----------
    name : the column.
    levels : the levels of a text column; else None.
    baseline : the level without an indicator, so that the indicators are not collinear with the intercept. None if
        every level has one: a penalty makes that possible and then treats all levels alike.
    block : of a column of pictures; else None.
    is_free_text : of a column of text of which any level is taken as it is; that of somebody else's model.
    """

    name: str
    levels: tuple[str, ...] | None = None
    baseline: str | None = None
    block: Block | None = None
    is_free_text: bool = False

    @property
    def is_number(self) -> bool:
        """True if the column is numbers, each of which has its own unit."""
        return self.levels is None and self.block is None and not self.is_free_text

    @property
    def n_codes(self) -> int:
        """How many numbers ``Encoding.codes`` has of it."""
        return 1 if self.block is None else self.block.width

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the encoded columns."""
        if self.block is not None:
            return tuple(f"{self.name}[{place}]" for place in range(self.block.width))
        if self.levels is None:
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self.levels if level != self.baseline)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The features of a model in order, and how columns are encoded as them; kept in the model file.

    Attributes
    ----------
    features : the columns that are read.
    terms : the products and powers of them of which the model is the sum; None for each column by itself.
    """

    features: tuple[Feature, ...]
    terms: tuple[Term, ...] | None = None

    @classmethod
    def learn(
        cls,
        levels: Mapping[str, Iterable[str] | None],
        *,
        baselines: bool,
        blocks: Mapping[str, Block] | None = None,
        terms: Sequence[Term] | None = None,
    ) -> Encoding:
        """From the levels seen in each column, None for numbers, and the columns that are blocks.

        Levels are put into natural order; with `baselines` the first one is the baseline. `terms` : as in Encoding, how
        their texts are coded is decided here.
        """
        features = []
        for name, seen in levels.items():
            if blocks is not None and name in blocks:
                features.append(Feature(name, block=blocks[name]))
            elif seen is None:
                features.append(Feature(name))
            else:
                ordered = tuple(natural_order(set(seen)))
                features.append(Feature(name, ordered, ordered[0] if baselines else None))
        if terms is None or all(term.is_plain for term in terms):
            return cls(tuple(features))
        texts = {one.name for one in features if one.levels is not None}
        return cls(tuple(features), coded(terms, texts, baselines))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all encoded columns, in order."""
        return tuple(column for columns in self._columns_of_terms() for column in columns)

    @property
    def are_numbers(self) -> np.ndarray:
        """(p,) True for the encoded columns that are numbers with a unit of their own, or products with one."""
        if self.terms is None:
            return np.array([feature.is_number for feature in self.features for _ in feature.columns], dtype=bool)
        named = self._by_name()
        of_terms = [any(named[one.column].is_number for one in term.factors) for term in self.terms]
        return np.repeat(of_terms, [len(columns) for columns in self._columns_of_terms()])

    @property
    def n_codes(self) -> int:
        """How many numbers ``codes`` has in a row."""
        return sum(feature.n_codes for feature in self.features)

    def groups(self) -> dict[str, list[int]]:
        """The positions of the encoded columns of each feature, or of each term, by its name."""
        names = [one.name for one in (self.features if self.terms is None else self.terms)]
        positions: dict[str, list[int]] = {}
        at = 0
        for name, columns in zip(names, self._columns_of_terms(), strict=True):
            positions[name] = list(range(at, at + len(columns)))
            at += len(columns)
        return positions

    def _by_name(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.features}

    def _columns_of_terms(self) -> list[tuple[str, ...]]:
        """The names of the encoded columns of each feature, or of each term."""
        if self.terms is None:
            return [feature.columns for feature in self.features]
        named = self._by_name()
        parts = [[_columns_of_factor(one, named[one.column]) for one in term.factors] for term in self.terms]
        return [tuple(":".join(names) for names in itertools.product(*factors)) for factors in parts]

    def encode(self, columns: TableRows, unknown: str = "error") -> Any:
        """The features (n, p) of some rows: ``expand`` of their ``codes``."""
        return self.expand(self.codes(columns, unknown))

    def codes(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """(n, n_codes) float64: numbers and blocks as they are, text as the position among the levels.

        unknown : ``"error"`` refuses a text that is no known level, naming column and row; ``"baseline"`` codes it as
            -1, which has no indicator.

        Raises InvalidInput also for text where the model reads numbers, and the other way round.
        """
        self.check_kinds(columns)
        codes = np.empty((columns.n, self.n_codes))
        for feature, place in self._places():
            values = columns.values[feature.name]
            if feature.block is None:
                values = (values if feature.levels is None else _positions(feature, columns, unknown))[:, None]
            codes[:, place] = values
        return codes

    def refuse_unknown(self, columns: TableRows, mend: Message | None = None) -> None:
        """Raise InvalidInput for a text that is no known level, naming column and row, and how to mend it."""
        for feature in self.features:
            if feature.levels is not None:
                _check_kind(feature, columns.values[feature.name], columns.where)
                _positions(feature, columns, "error", mend)

    def check_kinds(self, columns: TableRows) -> None:
        """Raise InvalidInput for text where the model reads numbers, and the other way round."""
        for feature in self.features:
            if feature.block is None:
                _check_kind(feature, columns.values[feature.name], columns.where)

    def expand(self, codes: np.ndarray) -> Any:
        """The features, (n, p) float64, from ``codes``: dense, or CSR if there are many columns."""
        if self.terms is not None:
            return self._products(codes, self.terms)
        if all(feature.levels is None for feature in self.features):
            return codes
        wide = len(self.columns) > _WIDEST_DENSE and all(feature.block is None for feature in self.features)
        parts = [
            codes[:, place] if feature.levels is None else _indicators(feature, codes[:, place.start], wide)
            for feature, place in self._places()
        ]
        if not wide:
            return np.ascontiguousarray(np.hstack(parts))
        import scipy.sparse

        return scipy.sparse.hstack([scipy.sparse.csr_array(part) for part in parts], format="csr")

    def _products(self, codes: np.ndarray, terms: tuple[Term, ...]) -> Any:
        """The columns of each term: of several factors all products of one column of each, the last one fastest."""
        places = {feature.name: (feature, place) for feature, place in self._places()}
        parts = []
        for term in terms:
            found = np.ones((len(codes), 1))
            for factor in term.factors:
                feature, place = places[factor.column]
                own = codes[:, place] ** factor.power
                if feature.levels is not None:
                    kept = feature if not factor.is_full else replace(feature, baseline=None)
                    own = _indicators(kept, codes[:, place.start], False)
                found = (found[:, :, None] * own[:, None, :]).reshape(len(codes), -1)
            parts.append(found)
        if not parts or sum(one.shape[1] for one in parts) <= _WIDEST_DENSE:
            return np.ascontiguousarray(np.hstack(parts)) if parts else np.empty((len(codes), 0))
        import scipy.sparse

        return scipy.sparse.hstack([scipy.sparse.csr_array(part) for part in parts], format="csr")

    def _places(self) -> Iterator[tuple[Feature, slice]]:
        """Each feature, and where its numbers stand in a row of ``codes``."""
        at = 0
        for feature in self.features:
            yield feature, slice(at, at + feature.n_codes)
            at += feature.n_codes

    def to_list(self) -> list[dict[str, Any]]:
        """Plain data for JSON, one mapping a feature."""
        return [_described(feature) for feature in self.features]

    @classmethod
    def from_list(
        cls, features: Sequence[Mapping[str, Any]], terms: Sequence[Sequence[Sequence[Any]]] | None = None
    ) -> Encoding:
        """The inverse of ``to_list``, with the ``to_list`` of each term; raises ValueError for anything else."""
        found = cls(
            tuple(_feature(one) for one in features),
            None if terms is None else tuple(Term.from_list(one) for one in terms),
        )
        if not {one.column for term in found.terms or () for one in term.factors} <= set(found._by_name()):
            raise ValueError("a term of no feature")
        names = [feature.name for feature in found.features]
        if found.to_list() != list(features) or not _are_names(names):
            raise ValueError("features that are none")
        return found


def _columns_of_factor(factor: Factor, feature: Feature) -> tuple[str, ...]:
    if feature.levels is None:
        return (feature.name if factor.power == 1 else f"{feature.name}^{factor.power}",)
    return (feature if not factor.is_full else replace(feature, baseline=None)).columns


def _described(feature: Feature) -> dict[str, Any]:
    if feature.block is not None:
        block = feature.block
        return {"name": feature.name, "kind": "picture", "width": block.width, "recipe": dict(block.recipe)}
    if feature.is_free_text:
        return {"name": feature.name, "kind": "free-text"}
    if feature.levels is None:
        return {"name": feature.name, "kind": "number"}
    return {"name": feature.name, "kind": "text", "levels": list(feature.levels), "baseline": feature.baseline}


def _feature(one: Mapping[str, Any]) -> Feature:
    if one["kind"] == "picture":
        if type(one["width"]) is not int or one["width"] < 1:
            raise ValueError("a block without numbers")
        return Feature(one["name"], block=Block(one["width"], dict(one["recipe"])))
    if one["kind"] == "number":
        return Feature(one["name"])
    levels, baseline = one["levels"], one["baseline"]
    if not _are_names(levels) or (baseline is not None and baseline not in levels):
        raise ValueError("levels that are none")
    return Feature(one["name"], tuple(levels), baseline)


def _are_names(names: Any) -> bool:
    """True for a list of distinct strings."""
    are_texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return are_texts and len(set(names)) == len(names)


def _check_kind(feature: Feature, values: np.ndarray, where: Message) -> None:
    is_text = values.dtype == object
    if is_text != feature.is_number:
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


def _positions(feature: Feature, columns: TableRows, unknown: str, mend: Message | None = None) -> np.ndarray:
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
            nearest(level, feature.levels) or mend or _mend_of_unknown(feature),
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
