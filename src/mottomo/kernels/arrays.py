"""Checks of arrays before the loops read them: an array in the one form that loops read, or an error.

An array of another layout, byte order or width is copied into that form. An array that a loop writes to has to have the
form already.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo.messages import Message, say


def floats(array: Any, shape: tuple[int, ...], name: str, *, either_axis: bool = False) -> np.ndarray:
    """An array of float32 or float64 in the form that the loops read; other real numbers become float64.

    shape : in which -1 stands for any size.
    either_axis : whether Fortran order is kept.

    Raises TypeError if these are no real numbers, ValueError if the shape is another.
    """
    values = _unmasked(array, name)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"{name} holds {values.dtype}, not real numbers")
    _check_shape(values, shape, name)
    dtype = values.dtype.newbyteorder("=")
    dtype = dtype if dtype in (np.float32, np.float64) else np.dtype(np.float64)
    if either_axis and values.flags.f_contiguous and not values.flags.c_contiguous:
        return np.require(values, dtype, ["F", "A"])
    return np.require(values, dtype, ["C", "A"])


def integers(array: Any, shape: tuple[int, ...], name: str, dtype: Any = np.int64) -> np.ndarray:
    """An array of whole numbers of one dtype, in the form that the loops read.

    Raises TypeError if these are no whole numbers, ValueError if the shape is another or a value exceeds the dtype.
    """
    values = _unmasked(array, name)
    if values.dtype.kind not in "iu" and values.size:
        raise TypeError(f"{name} holds {values.dtype}, not whole numbers")
    _check_shape(values, shape, name)
    if not np.can_cast(values.dtype, dtype) and values.size:
        limits = np.iinfo(dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise ValueError(f"{name} holds numbers beyond {np.dtype(dtype)}")
    return np.require(values, dtype, ["C", "A"])


def writable(array: np.ndarray, dtype: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The array itself, which a loop may write to; raises TypeError or ValueError unless it has the right form."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise TypeError(f"{name} is no array of {np.dtype(dtype)}")
    _check_shape(array, shape, name)
    if not (array.flags.c_contiguous and array.flags.aligned and array.flags.writeable):
        raise ValueError(f"{name} is not writable, contiguous and aligned")
    return array


def _unmasked(array: Any, name: str) -> np.ndarray:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{name} has a mask, which no loop reads")
    return np.asarray(array)


def _check_shape(values: np.ndarray, shape: tuple[int, ...], name: str) -> None:
    fits = values.ndim == len(shape) and all(want in (-1, size) for want, size in zip(shape, values.shape, strict=True))
    if not fits:
        wanted = str(shape).replace("-1", "n")
        raise ValueError(f"{name} has the shape {values.shape}, not {wanted}")


def check_sparse(matrix: Any) -> None:
    """Raise ValueError if the matrix has a format other than CSR, or ``sparse_fault`` finds a fault."""
    if getattr(matrix, "format", "csr") != "csr":
        raise ValueError(f"a sparse matrix of the format {matrix.format}, not csr")
    fault = sparse_fault(matrix.shape, matrix.indptr, matrix.indices, matrix.data)
    if fault is not None:
        raise ValueError(str(fault))


def sparse_fault(shape: tuple[int, int], starts: Any, columns: Any, values: Any) -> Message | None:
    """What is wrong with the row starts, columns and values of a CSR matrix (n, p); None if nothing is.

    scipy's constructor does not check the numbers in the first two; a loop that trusts them would read and write
    outside the arrays. O(rows + entries).
    """
    starts, columns, values = np.asarray(starts), np.asarray(columns), np.asarray(values)
    if starts.ndim != 1 or columns.ndim != 1 or values.ndim != 1:
        return say("row starts, columns and values are not one-dimensional")
    if starts.dtype.kind not in "iu" or columns.dtype.kind not in "iu":
        return say("row starts and columns are not whole numbers")
    if len(starts) != shape[0] + 1:
        return say("there are {starts} row starts for {rows} rows", starts=len(starts), rows=shape[0])
    if starts[0] != 0 or (starts[1:] < starts[:-1]).any():
        return say("the row starts do not rise from 0")
    n_entries, n_held = int(starts[-1]), min(len(columns), len(values))
    if n_entries > n_held:
        return say("the last row ends at entry {end}, and there are {held}", end=n_entries, held=n_held)
    used = columns[:n_entries]
    if n_entries and not (used.min() >= 0 and used.max() < shape[1]):
        wrong = int(np.flatnonzero((used < 0) | (used >= shape[1]))[0])
        return say("entry {entry} is in column {column}, counted from 0", entry=wrong, column=int(used[wrong]))
    return None
