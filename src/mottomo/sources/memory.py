"""Outcomes that are already in memory: any iterable, numpy arrays, and groups beside them."""

from __future__ import annotations

import itertools
import numbers
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from mottomo._arrays import family, is_missing, unmasked
from mottomo.categories import category_name
from mottomo.errors import InvalidInput
from mottomo.kernels.counting import count_codes
from mottomo.messages import Message, say, say_count
from mottomo.sources.foreign import in_our_words
from mottomo.sources.rows import CountedRows

_CHUNK = 1_000_000
_DENSE_RANGE = 1_000_000


def count_values(outcomes: Iterable[Any], by: Iterable[Any] | None = None) -> CountedRows:
    """Count an iterable or a numpy array of outcomes; `by`, if given, is the group of each."""
    where = say("outcomes")
    if by is not None:
        with in_our_words(where):
            values, keys = _listed(outcomes, where), _listed(by, say("by"))
        return _count_pairs(values, keys, where)
    if isinstance(outcomes, np.ma.MaskedArray):
        outcomes = unmasked(outcomes)
    if isinstance(outcomes, np.ndarray):
        if outcomes.ndim != 1:
            raise _not_in_one_row(outcomes, where)
        if outcomes.dtype.kind in "iu":
            return CountedRows(*(counted_integers(outcomes) or _distinct_integers(outcomes)), where=where)
        if outcomes.dtype.kind in "Ub":
            distinct, counts = np.unique(outcomes, return_counts=True)
            return CountedRows(distinct.tolist(), counts.tolist(), where=where)
        outcomes = outcomes.tolist() if outcomes.dtype.kind in "OT" else list(outcomes)
    with in_our_words(where):
        return _counted_objects(outcomes, where)


def _listed(values: Iterable[Any], where: Message) -> list[Any]:
    if isinstance(values, np.ma.MaskedArray):
        values = unmasked(values)
    if isinstance(values, np.ndarray) and values.ndim == 0:
        raise _not_in_one_row(values, where)
    return list(values)


def _not_in_one_row(values: np.ndarray, where: Message) -> InvalidInput:
    return InvalidInput(
        "outcomes-shape",
        say("outcomes do not stand in one row"),
        where,
        say("a one-dimensional array"),
        say("an array of shape {shape}", shape=str(values.shape)),
        say("if these are counts, use Tally.from_counts; if outcomes, flatten them with .ravel()"),
    )


def counted_integers(outcomes: np.ndarray) -> tuple[list[int], list[int]] | None:
    """The distinct numbers of an integer array (n,) and how often each occurs; None if their range is too wide."""
    if outcomes.size == 0:
        return [], []
    if outcomes.itemsize == 1:
        low, high = int(np.iinfo(outcomes.dtype).min), int(np.iinfo(outcomes.dtype).max)
    else:
        low, high = int(outcomes.min()), int(outcomes.max())
    if high - low < _DENSE_RANGE and low > -(2**62) and high < 2**62:
        counts = _in_range(outcomes, low, high)
        seen = np.flatnonzero(counts)
        return (seen + low).tolist(), counts[seen].tolist()
    return None


def _distinct_integers(outcomes: np.ndarray) -> tuple[list[int], list[int]]:
    values, repeated = np.unique(outcomes, return_counts=True)
    return values.tolist(), repeated.tolist()


def _in_range(outcomes: np.ndarray, low: int, high: int) -> np.ndarray:
    """How often each whole number from `low` to `high` occurs, (high - low + 1,) int64."""
    if outcomes.itemsize == 1:
        counts = count_codes(outcomes.view(np.uint8), 256)[0]
        return np.roll(counts, -low)  # as unsigned bytes, negative numbers are the upper half
    if low >= 0 and high < _DENSE_RANGE:
        return count_codes(outcomes, high + 1)[0][low:]
    counts = np.zeros(high - low + 1, dtype=np.int64)
    for start in range(0, outcomes.size, _CHUNK):
        counts += count_codes(outcomes[start : start + _CHUNK].astype(np.int64) - low, counts.size)[0]
    return counts


def _counted_objects(outcomes: Iterable[Any], where: Message) -> CountedRows:
    """Count Python objects. All have to be of one type, because Counter would take 1, True and 1.0 for the same."""
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
        kinds |= {family(kind) for kind in types}
        refuse_others(chunk, kinds, where)
        counts.update(chunk)
    return CountedRows(list(counts), list(counts.values()), n_missing=n_missing, where=where)


def _count_pairs(values: list[Any], keys: list[Any], where: Message) -> CountedRows:
    """Count values by group; keys[i] is the group of values[i]."""
    if len(values) != len(keys):
        raise InvalidInput(
            "by-length",
            say("there is not one group for each outcome"),
            say("by"),
            say_count("{count} group", "{count} groups", len(values)),
            say_count("{count} group", "{count} groups", len(keys)),
        )
    return count_columns([values, keys], None, [where, say("by")], where)


def count_columns(
    columns: list[list[Any]], times: list[int] | None, places: list[Message], where: Message
) -> CountedRows:
    """Count rows of Python objects.

    columns : the outcomes, then the columns that define groups.
    times : how often each row occurred; None for once.
    places : what messages call each column.
    where : what messages call the source.
    """
    missing = [any(map(is_missing, row)) for row in zip(*columns, strict=True)]
    for column, place in zip(columns, places, strict=True):
        kept = [value for value in column if not is_missing(value)]
        refuse_others(kept, {family(kind) for kind in set(map(type, kept))}, place)
    counts: Counter[Any] = Counter()
    n_missing = 0
    for row, absent, count in zip(zip(*columns, strict=True), missing, times or itertools.repeat(1), strict=False):
        if absent:
            n_missing += count
        else:
            counts[row] += count
    groups = [row[1:] for row in counts] if len(columns) > 1 else None
    return CountedRows([row[0] for row in counts], list(counts.values()), groups, n_missing, where)


def _may_be_missing(types: set[type]) -> bool:
    return any(not issubclass(kind, str | int | np.integer) for kind in types)


def _mixed(kinds: set[type], where: Message) -> InvalidInput:
    return InvalidInput(
        "mixed-types",
        say("the outcomes are of different types"),
        where,
        say("one type: text, whole numbers, or true/false"),
        say("types {names}", names=sorted(kind.__name__ for kind in kinds)),
        say("convert them to one type first, for example [str(outcome) for outcome in outcomes]"),
    )


def refuse_others(values: list[Any], kinds: set[type], where: Message) -> None:
    """Raise InvalidInput for values of several kinds, or of a kind that is no category: floats, dates, lists."""
    if len(kinds) > 1:
        raise _mixed(kinds, where)
    for kind in kinds:
        if not issubclass(kind, str | int | numbers.Integral) or issubclass(kind, np.timedelta64):
            try:
                category_name(values[0])
            except InvalidInput as error:
                raise InvalidInput(error.code, error.what, where, error.expected, error.got, error.mend) from None
