"""Outcomes that are already in memory: any iterable, numpy arrays, and groups beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from mottomo._arrays import unmasked
from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.sources.rows import CountedRows

_CHUNK = 1_000_000
_DENSE_RANGE = 1_000_000


def count_values(outcomes: Iterable[Any], by: Iterable[Any] | None = None) -> CountedRows:
    """Count an iterable or a numpy array of outcomes, with the group of each in `by` where that is given."""
    where = say("outcomes")
    if by is not None:
        return _count_pairs(outcomes, by, where)
    if isinstance(outcomes, np.ma.MaskedArray):
        outcomes = unmasked(outcomes)
    if isinstance(outcomes, np.ndarray):
        if outcomes.ndim != 1:
            raise InvalidInput(
                "outcomes-shape",
                say("outcomes do not stand in one row"),
                where,
                say("a one-dimensional array"),
                say("an array of shape {shape}", shape=str(outcomes.shape)),
                say("if these are counts, use Tally.from_counts; if outcomes, flatten them with .ravel()"),
            )
        if outcomes.dtype.kind in "iu":
            return CountedRows(*_counted_integers(outcomes), where=where)
        if outcomes.dtype.kind in "Ub":
            values, counts = np.unique(outcomes, return_counts=True)
            return CountedRows(values.tolist(), counts.tolist(), where=where)
        outcomes = outcomes.tolist() if outcomes.dtype.kind in "OT" else list(outcomes)
    return _counted_objects(outcomes, where)


def _counted_integers(outcomes: np.ndarray) -> tuple[list[int], list[int]]:
    if outcomes.size == 0:
        return [], []
    low, high = int(outcomes.min()), int(outcomes.max())
    if high - low < _DENSE_RANGE and low > -(2**62) and high < 2**62:
        counts = np.zeros(high - low + 1, dtype=np.int64)
        for start in range(0, outcomes.size, _CHUNK):  # in chunks: bincount copies to int64
            chunk = outcomes[start : start + _CHUNK].astype(np.int64) - low
            counts += np.bincount(chunk, minlength=counts.size)
        seen = np.flatnonzero(counts)
        return (seen + low).tolist(), counts[seen].tolist()
    values, repeated = np.unique(outcomes, return_counts=True)
    return values.tolist(), repeated.tolist()


def _counted_objects(outcomes: Iterable[Any], where: Message) -> CountedRows:
    """Counts of Python objects, chunk by chunk: one type in all of them, so that 1, True and 1.0 are never merged."""
    counts: Counter[Any] = Counter()
    n_missing = 0
    kinds: set[type] = set()
    iterator = iter(outcomes)
    while chunk := list(islice(iterator, _CHUNK)):
        types = set(map(type, chunk))
        if _may_be_missing(types):
            kept = [value for value in chunk if not is_missing(value)]
            n_missing += len(chunk) - len(kept)
            chunk, types = kept, set(map(type, kept))
        kinds |= {_family(kind) for kind in types}
        if len(kinds) > 1:
            raise _mixed(kinds, where)
        _refuse_unhashable(chunk, types, where)
        counts.update(chunk)
    return CountedRows(list(counts), list(counts.values()), n_missing=n_missing, where=where)


def _count_pairs(outcomes: Iterable[Any], by: Iterable[Any], where: Message) -> CountedRows:
    """Counts by group, in one pass over both."""
    values, keys = list(outcomes), list(by)
    if len(values) != len(keys):
        raise InvalidInput(
            "by-length",
            say("there is not one group for each outcome"),
            say("by"),
            say_count("{count} group", "{count} groups", len(values)),
            say_count("{count} group", "{count} groups", len(keys)),
        )
    missing = [is_missing(value) or is_missing(key) for value, key in zip(values, keys, strict=True)]
    for column, name in ((values, where), (keys, say("by"))):
        kinds = {_family(type(value)) for value, absent in zip(column, missing, strict=True) if not absent}
        if len(kinds) > 1:
            raise _mixed(kinds, name)
    counts = Counter(pair for pair, absent in zip(zip(keys, values, strict=True), missing, strict=True) if not absent)
    return CountedRows(
        [value for _, value in counts], list(counts.values()), [(key,) for key, _ in counts], sum(missing), where
    )


def is_missing(value: Any) -> bool:
    """Whether a value stands for nothing: None, NaN, NaT, pandas' NA."""
    if value is None:
        return True
    if isinstance(value, str | int):
        return False
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - only what stands for nothing differs from itself
    except (TypeError, ValueError):
        return False


def _may_be_missing(types: set[type]) -> bool:
    return any(not issubclass(kind, str | int | np.integer) for kind in types)


def _family(kind: type) -> type:
    """The kind of category a type makes: numpy's integers, booleans and texts belong with Python's."""
    if issubclass(kind, bool | np.bool_):
        return bool
    if issubclass(kind, int | np.integer):
        return int
    return str if issubclass(kind, str) else kind


def _mixed(kinds: set[type], where: Message) -> InvalidInput:
    return InvalidInput(
        "mixed-types",
        say("the outcomes are of different types"),
        where,
        say("one type: text, whole numbers, or true/false"),
        say("types {names}", names=sorted(kind.__name__ for kind in kinds)),
        say("convert them to one type first, for example [str(outcome) for outcome in outcomes]"),
    )


def _refuse_unhashable(chunk: list[Any], types: set[type], where: Message) -> None:
    for kind in types:
        if kind.__hash__ is None:
            example = next(value for value in chunk if type(value) is kind)
            raise InvalidInput(
                "category-type",
                say("a category is neither text nor a whole number nor true/false"),
                where,
                say("text, whole numbers, or true/false"),
                verbatim(repr(example)),
            )
