"""Check features, targets and weights for training, and convert them to the form that the kernels read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mottomo._arrays import unmasked
from mottomo.classification.objective import Data, Rows, with_wide_starts
from mottomo.classification.scaling import usual_sizes
from mottomo.errors import InvalidInput
from mottomo.kernels.arrays import sparse_fault
from mottomo.messages import Message, say, say_count, verbatim

_SUM_TOLERANCE_EPS = 8
_LARGEST = 1e100
_LOOKED_AT = 1000  # rows for the medians of ``refuse_extremes``
_LARGEST_RATIO = 1e12


def checked_features(x: Any, names: Sequence[str] | None = None) -> Any:
    """Features (n, p) as float32 or float64, in C or Fortran order, or as CSR. Copies only if needed.

    x : a two-dimensional array or a sparse matrix of numbers.
    names : (p,) names of the columns for messages; None for numbers.

    Raises InvalidInput if a value is not finite, or a sparse matrix is malformed.
    """
    import scipy.sparse

    if scipy.sparse.issparse(x):
        refuse_malformed(x)
        x = x.tocsr()
        refuse_malformed(x)  # lists and diagonals can be checked only after conversion
        x = type(x)(
            (x.data, x.indices, x.indptr), shape=x.shape
        )  # drops flags such as sorted indices, which may be stale
        if not x.has_canonical_format:
            x = x.copy()
            x.sum_duplicates()
        _refuse_not_finite(x, names)
        if x.shape[1] > 2**31 - 1:
            raise InvalidInput("too-many-columns", say("there are more than 2**31 columns"), verbatim("X"))
        return with_wide_starts(x if x.dtype in (np.float32, np.float64) else x.astype(np.float64))
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    if not ((x.flags.c_contiguous or x.flags.f_contiguous) and x.flags.aligned):
        x = np.require(x, requirements=["C", "A"])
    _refuse_not_finite(x, names)
    return x


def refuse_malformed(x: Any) -> None:
    """Refuse a sparse matrix whose parts are inconsistent: scipy and the kernels would access memory out of bounds.

    Anything that is not sparse is left to later checks.
    """
    kind = getattr(x, "format", None)
    fault: Message | None = None
    if kind == "csr":
        fault = sparse_fault(x.shape, x.indptr, x.indices, x.data)
    elif kind == "csc":
        fault = sparse_fault(x.shape[::-1], x.indptr, x.indices, x.data)
    elif kind == "bsr" and np.ndim(x.data) == 3:
        height, width = x.data.shape[1:]
        blocks = (x.shape[0] // max(height, 1), x.shape[1] // max(width, 1))
        fault = sparse_fault(blocks, x.indptr, x.indices, np.zeros(len(x.data), dtype=bool))
    elif kind == "coo" and len(x.shape) == 2:
        starts = np.array([0, len(x.data)])
        for size, places in zip(x.shape, (x.row, x.col), strict=True):
            fault = fault or sparse_fault((1, size), starts, places, x.data)
    elif kind == "lil":
        lengths = [[len(one) if isinstance(one, list) else None for one in lists] for lists in (x.rows, x.data)]
        if lengths[0] != lengths[1] or None in lengths[0] or len(lengths[0]) != x.shape[0]:
            fault = say("the lists of columns and of values differ in length")
    if fault is not None:
        raise InvalidInput(
            "malformed-sparse",
            say("the parts of a sparse matrix do not fit together"),
            verbatim("X"),
            say("a matrix of the shape {shape} with its entries inside", shape=str(tuple(x.shape))),
            fault,
            say("see that rows and columns fit the shape; check_format(full_check=True) of scipy looks at them too"),
        )


def _refuse_not_finite(x: Any, names: Sequence[str] | None) -> None:
    if math.isfinite(_length(x)):
        return
    row, column, n_bad = _first_not_finite(x)
    if not n_bad:
        return  # finite numbers whose squares overflow
    value = x[row, column]
    raise InvalidInput(
        "not-finite",
        say("Input X contains NaN.") if np.isnan(value) else say("Input X contains infinity."),
        say("row {row}, column {column}", row=row + 1, column=names[column] if names is not None else str(column + 1)),
        say("a finite number"),
        say_count(
            "{value}, and {count} such value in all", "{value}, and {count} such values in all", n_bad, value=str(value)
        ),
        say("leave such rows out, or fill them in before"),
    )


def _first_not_finite(x: Any) -> tuple[int, int, int]:
    if hasattr(x, "indptr"):
        bad = np.flatnonzero(~np.isfinite(x.data))
        if not bad.size:
            return 0, 0, 0
        return int(np.searchsorted(x.indptr, bad[0], side="right") - 1), int(x.indices[bad[0]]), bad.size
    step, total, first = max(1, 1_000_000 // max(x.shape[1], 1)), 0, None
    for start in range(0, len(x), step):
        rows, columns = np.nonzero(~np.isfinite(x[start : start + step]))
        if rows.size and first is None:
            first = (start + int(rows[0]), int(columns[0]))
        total += rows.size
    return (*(first or (0, 0)), total)


def refuse_extremes(data: Data, names: Sequence[str] | None = None) -> None:
    """Refuse columns that floats cannot sum accurately: values too large or too small to square, or extreme outliers.

    In a sum with a value 10^12 times as large as the others, these keep only four digits.
    """
    if not data.n_features:
        return
    middle, usual = usual_sizes(next(data.batches()).sample(_LOOKED_AT).features)
    with np.errstate(over="ignore"):
        most = np.minimum(_LARGEST, _LARGEST_RATIO * usual)
    low, high = _extent(data, float((most - np.abs(middle)).min()))
    largest, away = np.maximum(np.abs(low), np.abs(high)), np.maximum(middle - low, high - middle)
    size = np.where(usual < 1 / _LARGEST, usual, largest)
    wrong = np.flatnonzero((usual < 1 / _LARGEST) | (largest >= _LARGEST))
    if wrong.size:
        column = int(wrong[0])
        raise InvalidInput(
            "extreme-numbers",
            say("a column's numbers are too large or too small to work with"),
            _column(column, names),
            say("largest sizes between {least} and {most}", least=f"{1 / _LARGEST:.0e}", most=f"{_LARGEST:.0e}"),
            verbatim(f"{size[column]:.3g}"),
            say("express it in another unit"),
        )
    apart = np.flatnonzero(away > most)
    if apart.size:
        column = int(apart[0])
        raise InvalidInput(
            "outlier",
            say("a number is so much larger than the others of its column that these would be lost beside it"),
            _column(column, names),
            say(
                "distances from the median of at most {ratio} times the usual one, {usual}",
                ratio=f"{_LARGEST_RATIO:.0e}",
                usual=f"{usual[column]:.3g}",
            ),
            verbatim(f"{away[column]:.3g}"),
            say("if it stands for a missing value, leave such rows out"),
        )


def _column(column: int, names: Sequence[str] | None) -> Message:
    return say("column {column}", column=names[column] if names is not None else str(column + 1))


def _extent(data: Data, harmless: float) -> tuple[np.ndarray, np.ndarray]:
    """The minimum and maximum of each column, (p,) each; or bounds of them, if these are at most `harmless`."""
    low = np.full(data.n_features, np.inf)
    high = -low
    for rows in data.batches():
        x = rows.features
        bound = _length(x)
        if bound <= harmless:
            low, high = np.minimum(low, -bound), np.maximum(high, bound)
        elif hasattr(x, "indptr"):
            low = np.minimum(low, x.min(axis=0).toarray().ravel())
            high = np.maximum(high, x.max(axis=0).toarray().ravel())
        else:
            low, high = np.minimum(low, x.min(axis=0)), np.maximum(high, x.max(axis=0))
    return low, high


def _length(x: Any) -> float:
    """The Frobenius norm: a bound of the size of every number; not finite if one of them is not."""
    flat = x.data if hasattr(x, "indptr") else x.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return math.sqrt(abs(float(np.dot(flat, flat))))


def checked_weights(weights: Any, n: int) -> np.ndarray | None:
    """Frequency weights, (n,) float64 >= 0 with a positive sum; None means 1 each. Raises InvalidInput otherwise."""
    if weights is None:
        return None
    array = _weights_as_array(weights)
    if array.ndim == 0:
        array = np.full(n, array)
    ok = array.dtype.kind in "iufb" and array.shape == (n,)
    if ok and n and not array.any():
        raise InvalidInput(
            "weights-zero",
            say("all sample weights are zero"),
            verbatim("sample_weight"),
            say("at least one row with a weight above 0"),
        )
    values = array.astype(np.float64) if ok else np.zeros(n)
    usable = np.isfinite(values) & (values >= 0)
    if not (ok and usable.all()):
        row = int(np.flatnonzero(~usable)[0]) if ok else None
        raise InvalidInput(
            "weights",
            say("the weights are not usable"),
            verbatim("sample_weight") if row is None else say("{name}, row {row}", name="sample_weight", row=row + 1),
            say("one number of 0 or more for each of {n} rows", n=n),
            verbatim(str(array[row]))
            if row is not None
            else say("an array of shape {shape}", shape=str(array.shape))
            if array.shape != (n,)
            else say("values of type {type}", type=str(array.dtype)),
        )
    return np.ascontiguousarray(values)


def _weights_as_array(weights: Any) -> np.ndarray:
    try:
        return np.asarray(unmasked(weights))  # masked values become None, which is no number
    except (ValueError, TypeError):  # rows of different lengths
        return np.empty(0, dtype=object)


def checked_targets(targets: np.ndarray) -> np.ndarray:
    """Soft targets (n, K) float64. Each row must be probabilities with sum 1 up to rounding; it is normalised."""
    values = np.ascontiguousarray(targets, dtype=np.float64)
    eps = np.finfo(targets.dtype if targets.dtype.kind == "f" else np.float64).eps
    sums = values.sum(axis=1)
    wrong = ~((values >= 0).all(axis=1) & (np.abs(sums - 1) <= _SUM_TOLERANCE_EPS * values.shape[1] * eps))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidInput(
            "targets",
            say("the targets of a row are no probabilities"),
            say("{name}, row {row}", name="y", row=row + 1),
            say("numbers of 0 or more whose sum is 1"),
            verbatim(f"{sums[row]:.12g} = " + " + ".join(f"{value:.6g}" for value in values[row, :8])),
            say("for labels give one column"),
        )
    return np.ascontiguousarray(values / sums[:, None])


def labelled_rows(
    x: Any, codes: np.ndarray | None, targets: np.ndarray | None, weights: Any, n_categories: int
) -> Rows:
    """Rows for training from checked features, and codes (n,) or targets (n, K); rows of weight 0 are left out."""
    if weights is not None and (weights == 0).any():
        kept = weights > 0
        x = checked_features(x[kept])
        codes, targets = (None if values is None else values[kept] for values in (codes, targets))
        weights = weights[kept]
    return Rows(x, n_categories, codes, targets, weights)


def refuse_one_category(classes: Sequence[Any], where: Message) -> None:
    """Refuse labels that are all of one category."""
    if len(classes) < 2:
        raise InvalidInput(
            "one-category",
            say("the labels are all of one category, so there is nothing to tell apart"),
            where,
            say("labels of at least two categories (classes)"),
            say_count(
                "{count} class: {names}", "{count} classes: {names}", len(classes), names=[str(one) for one in classes]
            ),
            say("choose a target that varies"),
        )
