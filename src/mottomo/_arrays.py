"""Checks of arrays from outside: anything array-like becomes a checked array, or an error that says what is wrong.

Counts become exact integers (int64 where they fit, else Python integers). Probabilities become float64 rows that sum
to 1, together with the exact fractions if the input was exact. Arguments are never modified.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written

INT64_MAX = 2**63 - 1
_EXACT_FLOAT_INTEGERS = 2**53
_LARGEST_COUNT = 10**150  # the square of a larger one overflows a float64
_MOST_DIGITS = 200  # a decimal with more digits is too large for a count in any case
_SUM_TOLERANCE_EPS = 8  # a sum of K probabilities may miss 1 by 8 K eps of the dtype they came in
_SMALLEST_NORMAL = Fraction(1, 2**1022)
_LARGEST_TOLERANCE = 0.05  # for float16 and many categories the rule above would let any sum pass
_SHOWN_TERMS = 8


def as_counts(counts: Any, where: Message | None = None) -> np.ndarray:
    """Counts as a read-only integer array (..., K): int64, or Python integers if a row's total exceeds int64.

    Anything with a ``counts`` attribute (a Tally) is accepted too. A float is accepted if it is whole and at most
    2**53: beyond that, neighbouring integers have the same float.

    Raises InvalidInput for negative, fractional, missing or non-numeric counts, and for no category at all.
    """
    where = where or say("counts")
    array = _array(getattr(counts, "counts", counts), where)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InvalidInput(
            "no-categories",
            say("no counts were given"),
            where,
            say("one count for each category, at least one category"),
            say("an array of shape {shape}", shape=str(array.shape)),
        )
    integers = _integers(array, where)
    _refuse_negative(integers, where)
    return exact_counts(integers)


def as_count(count: Any, where: Message) -> int:
    """One value of a column as a count; raises InvalidInput if it is no whole number of 0 or more."""
    whole = _integer(count, None, where)
    if whole < 0:
        raise _count_error(say("a count is negative"), count, None, where)
    return whole


def _array(values: Any, where: Message) -> np.ndarray:
    """``np.asarray``, except that Python's numbers and truth values stay objects if numpy would change them."""
    values = unmasked(values)
    try:
        array = np.asarray(values)
        if isinstance(values, np.ndarray | np.generic):
            return array
        if array.dtype.kind == "f" or (array.dtype.kind in "iu" and _holds_truth(values)):
            return np.asarray(values, dtype=object)  # numpy turns [0, 2**63] into floats, and [True, 1] into [1, 1]
        return array
    except ValueError:  # rows of different lengths
        raise InvalidInput(
            "ragged-rows",
            say("the rows do not have one length"),
            where,
            say("rows of the same length"),
            verbatim(written(values, repr)),
        ) from None
    except (TypeError, OverflowError, AttributeError, NotImplementedError):
        raise InvalidInput(
            "no-array",
            say("this cannot be read as an array of numbers"),
            where,
            say("a list of numbers, or an array"),
            say("{value} of type {type}", value=written(values, repr)[:60], type=type(values).__name__),
        ) from None


def _holds_truth(values: Any) -> bool:
    """Whether nested lists contain True or False."""
    if not isinstance(values, list | tuple):
        return isinstance(values, bool | np.bool_)
    return any(_holds_truth(item) for item in values)


def unmasked(values: Any) -> Any:
    """The values with None in place of masked ones: they are missing, and the data under a mask are never read.

    Masked arrays, also inside lists, become arrays of objects. Anything else is returned unchanged.
    """
    if isinstance(values, list | tuple) and any(isinstance(item, np.ma.MaskedArray | list | tuple) for item in values):
        return [None if item is np.ma.masked else unmasked(item) for item in values]
    if not isinstance(values, np.ma.MaskedArray):
        return values
    mask = np.ma.getmaskarray(values)
    if values.dtype.names is not None or not mask.any():
        return np.asarray(values.data)
    objects = np.asarray(values.data).astype(object)
    objects[mask] = None
    return objects


def is_missing(value: Any) -> bool:
    """Whether a value is missing: None, NaN, NaT, pandas' NA, or masked."""
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, str | int):
        return False
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, Decimal):
        return value.is_nan()  # comparing a signalling NaN would raise
    try:
        return bool(value != value)  # noqa: PLR0124 - only a missing value differs from itself
    except (TypeError, ValueError, ArithmeticError):
        return False


def family(kind: type) -> type:
    """The type that a type counts as for categories: numpy's integers, booleans and texts count as Python's."""
    if issubclass(kind, bool | np.bool_):
        return bool
    if issubclass(kind, int | np.integer) and not issubclass(kind, np.timedelta64):
        return int
    return str if issubclass(kind, str) else kind


def labelled(values: Any) -> dict[Any, Any] | None:
    """The values by name, of a mapping or of a Series whose index holds names; None for anything else.

    If a Series with labels (``value_counts()``) were read by position, counts would go to the wrong categories.
    """
    if isinstance(values, Mapping):
        return dict(values)
    index = getattr(values, "index", None)
    if index is None or callable(index) or not hasattr(values, "to_dict") or not hasattr(values, "tolist"):
        return None
    if only_numbers(index):
        return None
    labels = list(index)
    found = dict(zip(labels, values.tolist(), strict=True))
    if len(found) < len(labels):
        raise InvalidInput(
            "duplicate-category",
            say("a category is given twice"),
            say("series"),
            say("each category once"),
            verbatim(written(next(label for place, label in enumerate(labels) if label in labels[:place]))),
            say("add up what belongs together first, for example with groupby(level=0).sum()"),
        )
    return found


def only_numbers(index: Any) -> bool:
    """Whether a pandas index is the default one, the unnamed range 0, 1, 2, .., which names nothing.

    The same numbers are names if they are an index of values (``value_counts()``) or have a name (``crosstab``).
    pandas gives ``Series({0: 2, 1: 3})`` a range too; it cannot be told from ``Series([2, 3])``.
    """
    is_range = type(index).__name__ == "RangeIndex" and index.name is None
    return is_range and (index.start, index.step) == (0, 1)


def exact_counts(integers: np.ndarray) -> np.ndarray:
    """A read-only copy of non-negative integers: int64, or Python integers if a row's total would overflow int64."""
    if integers.dtype != np.int64 or _row_total_may_overflow(integers):
        as_objects = integers.astype(object)
        totals = np.asarray(as_objects.sum(axis=-1))
        largest = max(totals.ravel().tolist(), default=0)
        if largest > _LARGEST_COUNT:
            raise _count_error(say("a count is larger than 10**150"), verbatim("> 10**150"), 0, say("counts"))
        integers = integers.astype(np.int64) if largest <= INT64_MAX else as_objects
    else:
        integers = integers.copy()
    integers.setflags(write=False)
    return integers


def _row_total_may_overflow(integers: np.ndarray) -> bool:
    return integers.size > 0 and int(integers.max()) > INT64_MAX // integers.shape[-1]


def row_totals(counts: np.ndarray) -> Any:
    """n for each row of checked counts: a Python integer for one row, an array for several."""
    totals = counts.sum(axis=-1)
    return int(totals) if counts.ndim == 1 else totals


def _integers(array: np.ndarray, where: Message) -> np.ndarray:
    if array.dtype.kind in "iu":
        return array if array.dtype.kind == "u" and array.dtype.itemsize == 8 else array.astype(np.int64)
    if array.dtype.kind == "f":
        return _whole_floats(array, where)
    if array.dtype.kind == "O":
        flat = [_integer(value, index, where) for index, value in enumerate(array.ravel().tolist())]
        objects = np.empty(array.size, dtype=object)
        objects[:] = flat
        return objects.reshape(array.shape)
    raise InvalidInput(
        "counts-type",
        say("counts are not numbers"),
        where,
        say("whole numbers: how often each category was seen"),
        say("values of type {type}", type=str(array.dtype)),
        say("to count raw outcomes, use mottomo.tally(outcomes)"),
    )


def _whole_floats(array: np.ndarray, where: Message) -> np.ndarray:
    if array.dtype == np.float16:
        array = array.astype(np.float32)  # which has room for the limit
    usable = np.isfinite(array) & (np.abs(array) <= _EXACT_FLOAT_INTEGERS)
    whole = usable & (np.floor(np.where(usable, array, 0)) == array)
    if not whole.all():
        index = int(np.flatnonzero(~whole.ravel())[0])
        _integer(float(array.ravel()[index]), index, where)  # raises: it says what is wrong with this one
    return array.astype(np.int64)


def _integer(value: Any, index: int | None, where: Message) -> int:
    """One value of an array of objects as a count; raises InvalidInput, saying why, if it is none."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_ | np.timedelta64):
        if int(value) > _LARGEST_COUNT:
            raise _count_error(say("a count is larger than 10**150"), verbatim("> 10**150"), index, where)
        if int(value) < -_LARGEST_COUNT:
            raise _count_error(say("a count is negative"), verbatim("< -10**150"), index, where)
        return int(value)
    if is_missing(value):
        raise _count_error(say("a count is missing"), value, index, where)
    if isinstance(value, float | np.floating | Fraction | Decimal):
        if not _is_whole(value):
            raise _count_error(say("a count is not a whole number"), value, index, where)
        if value > _LARGEST_COUNT:
            raise _count_error(say("a count is larger than 10**150"), verbatim("> 10**150"), index, where)
        if value < -_LARGEST_COUNT:
            raise _count_error(say("a count is negative"), verbatim("< -10**150"), index, where)
        if isinstance(value, float | np.floating) and abs(float(value)) > _EXACT_FLOAT_INTEGERS:
            raise _count_error(say("too large for an exact count in floating point"), value, index, where)
        return int(value)
    raise _count_error(say("a count is not a number"), value, index, where)


def _is_whole(value: Any) -> bool:
    if isinstance(value, Fraction):
        return value.denominator == 1
    if isinstance(value, Decimal):
        return value.is_finite() and (value.adjusted() > _MOST_DIGITS or value == value.to_integral_value())
    return math.isfinite(value) and float(value).is_integer()


def _refuse_negative(integers: np.ndarray, where: Message) -> None:
    negative = np.flatnonzero((integers < 0).ravel())
    if negative.size:
        index = int(negative[0])
        raise _count_error(say("a count is negative"), integers.ravel()[index], index, where)


def _count_error(what: Message, value: Any, index: int | None, where: Message) -> InvalidInput:
    return InvalidInput(
        "invalid-count",
        what,
        where if index is None else say("{where}, position {position}", where=where, position=index + 1),
        say("a whole number, 0 or more"),
        value if isinstance(value, Message) else verbatim(written(value)),
    )


@dataclass(frozen=True, slots=True)
class CheckedProbabilities:
    """Rows of probabilities that sum to 1.

    Attributes
    ----------
    values : (..., K) float64.
    exact : the same as K Fractions, for a single row whose input was exact; else None.
    """

    values: np.ndarray
    exact: tuple[Fraction, ...] | None


def as_probabilities(probabilities: Any, where: Message | None = None) -> CheckedProbabilities:
    """Probabilities checked: each in [0, 1], each row summing to 1.

    Fractions, decimals and integers are exact and have to sum to 1 exactly. Floats may miss 1 by 8 K eps of the
    dtype they came in (six sixths make 0.9999999999999999) and are then divided by their sum.
    """
    where = where or say("probabilities")
    array = _array(probabilities, where)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InvalidInput(
            "no-categories",
            say("no probabilities were given"),
            where,
            say("one probability for each category, at least one category"),
            say("an array of shape {shape}", shape=str(array.shape)),
        )
    if array.dtype.kind in "iu" or (array.dtype.kind == "O" and not _holds_floats(array)):
        return _exact_probabilities(array, where)
    if array.dtype.kind not in "fO":
        raise InvalidInput(
            "probabilities-type",
            say("probabilities are not numbers"),
            where,
            say("numbers between 0 and 1"),
            say("values of type {type}", type=str(array.dtype)),
        )
    return _float_probabilities(array, where)


def _holds_floats(array: np.ndarray) -> bool:
    return any(isinstance(value, float | np.floating) for value in array.ravel().tolist())


def _exact_probabilities(array: np.ndarray, where: Message) -> CheckedProbabilities:
    n_categories = array.shape[-1]
    flat = [_fraction(value, index, where) for index, value in enumerate(array.ravel().tolist())]
    for start in range(0, len(flat), n_categories):
        row = flat[start : start + n_categories]
        if sum(row) != 1:
            raise _sum_error(row, sum(row), _row_place(array, start // n_categories, where))
    if array.ndim > 1:
        for index, value in enumerate(flat):
            if 0 < value < _SMALLEST_NORMAL:
                raise InvalidInput(
                    "probability-too-small",
                    say("a probability is too small for a float"),
                    say("{where}, position {position}", where=where, position=index + 1),
                    say("probabilities of several rows above 10**-307"),
                    verbatim("< 10**-307"),
                    say("give the rows one by one: a single row stays exact"),
                )
    values = np.array([float(value) for value in flat]).reshape(array.shape)
    return CheckedProbabilities(values, tuple(flat) if array.ndim == 1 else None)


def _fraction(value: Any, index: int, where: Message) -> Fraction:
    try:
        if isinstance(value, bool | np.bool_ | np.timedelta64):
            raise TypeError
        fraction = Fraction(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise _range_error(verbatim(written(value)), index, where) from None
    if not 0 <= fraction <= 1:
        raise _range_error(verbatim(written(value)), index, where)
    return fraction


def _float_probabilities(array: np.ndarray, where: Message) -> CheckedProbabilities:
    eps = np.finfo(array.dtype).eps if array.dtype.kind == "f" else np.finfo(np.float64).eps
    if array.dtype.kind == "O":
        values = np.array([_float(value, index, where) for index, value in enumerate(array.ravel().tolist())])
        values = values.reshape(array.shape)
    else:
        values = array.astype(np.float64)
    inside = (values >= 0) & (values <= 1 + _SUM_TOLERANCE_EPS * eps)  # NaN is not inside
    if not inside.all():
        index = int(np.flatnonzero(~inside.ravel())[0])
        raise _range_error(verbatim(repr(float(values.ravel()[index]))), index, where)
    sums = _row_sums(values)
    off = np.abs(sums - 1) > min(_SUM_TOLERANCE_EPS * array.shape[-1] * eps, _LARGEST_TOLERANCE)
    if off.any():
        row = int(np.flatnonzero(off.ravel())[0])
        terms = array.reshape(-1, array.shape[-1])[row].tolist()
        raise _sum_error(terms, float(sums.ravel()[row]), _row_place(array, row, where))
    return CheckedProbabilities(values / sums + 0.0, None)  # + 0.0 turns -0.0 into 0.0


def _float(value: Any, index: int, where: Message) -> float:
    """One probability of an array of objects that holds floats; NaN if it is missing."""
    if is_missing(value):
        return math.nan
    try:
        if isinstance(value, bool | np.bool_ | np.timedelta64) or not isinstance(value, numbers.Real | Decimal):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _range_error(verbatim(written(value)), index, where) from None


def as_reals(values: Any, where: Message) -> np.ndarray:
    """Real numbers as float64, NaN if missing; nothing else is checked."""
    array = _array(values, where)
    if array.dtype.kind == "O":
        flat = [_real(value) for value in array.ravel().tolist()]
        if None not in flat:
            return np.array(flat, dtype=np.float64).reshape(array.shape)
    elif array.dtype.kind in "iuf":
        return array.astype(np.float64)
    raise InvalidInput(
        "not-numbers",
        say("these are not numbers"),
        where,
        say("real numbers that a float holds"),
        say("values of type {type}", type=str(array.dtype)),
    )


def _real(value: Any) -> float | None:
    try:
        return _float(value, 0, say("logits"))
    except InvalidInput:
        return None


def _row_sums(values: np.ndarray) -> np.ndarray:
    """(..., 1) the sum of each row, correctly rounded, so that [0.1, 0.25, 0.1, 0.2, 0.1, 0.25] sums to exactly 1."""
    sums = values.sum(axis=-1, keepdims=True)
    rows, flat = values.reshape(-1, values.shape[-1]), sums.reshape(-1)
    for index in np.flatnonzero(flat != 1):
        flat[index] = math.fsum(rows[index].tolist())
    return sums


def _row_place(array: np.ndarray, row: int, where: Message) -> Message:
    return where if array.ndim == 1 else say("{where}, row {row}", where=where, row=row + 1)


def _range_error(got: Message, index: int, where: Message) -> InvalidInput:
    return InvalidInput(
        "probability-range",
        say("a probability is not a number between 0 and 1"),
        say("{where}, position {position}", where=where, position=index + 1),
        say("a number between 0 and 1"),
        got,
        say("write percents with their sign (20%), ratios with colons (1:1:2)"),
    )


def _sum_error(terms: list[Any], total: Any, where: Message) -> InvalidInput:
    shown = " + ".join(_short(term) for term in terms[:_SHOWN_TERMS]) + (" + …" if len(terms) > _SHOWN_TERMS else "")
    return InvalidInput(
        "probabilities-sum",
        say("probabilities do not sum to 1"),
        where,
        say("a sum of 1"),
        verbatim(f"{_short(total)} = {shown}"),
        say("divide by the sum if these are weights (--normalise; normalise=True), or add the missing category"),
    )


def _short(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float | np.floating) else written(value)
