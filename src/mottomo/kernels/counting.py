"""Counting codes: how often each category was seen, from an array of its numbers."""

from __future__ import annotations

import numpy as np

from mottomo.kernels.native import extension
from mottomo.kernels.threads import ranges, workers

_PART = 1 << 22  # codes in a range, at least
_MOST_RANGES = 16
_NUMPY_PART = 1 << 16


def count_codes(codes: np.ndarray, n_categories: int) -> tuple[np.ndarray, int]:
    """t_k = number of codes equal to k, for k = 0 .. K - 1, and how many codes are none of these.

    Parameters
    ----------
    codes : (n,) integers of any width, signed or not. The array is read as it is where its memory allows that.
    n_categories : K, at least 1.

    Returns
    -------
    (K,) int64 counts, and the number of codes below 0 or above K - 1.

    >>> counts, stray = count_codes(np.array([0, 2, 2, 7], dtype=np.uint8), 3)
    >>> counts.tolist(), stray
    ([1, 0, 2], 1)
    """
    codes = np.asarray(codes)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"codes holds {codes.dtype}, not whole numbers")
    if n_categories < 1:
        raise ValueError("there are no categories")
    codes = np.require(codes.ravel(), codes.dtype.newbyteorder("="), ["C", "A"])
    native = extension()
    if native is None:
        return _with_numpy(codes, n_categories)
    # The loops read codes without their sign: negative ones are stray beyond the largest that a signed type holds.
    missing = n_categories - int(np.iinfo(codes.dtype).max) - 1 if codes.dtype.kind == "i" else 0
    if missing > 0:
        counts, stray = count_codes(codes, n_categories - missing)
        return np.append(counts, np.zeros(missing, dtype=np.int64)), stray

    def count(first: int, last: int) -> np.ndarray:
        counts = np.zeros(n_categories + 1, dtype=np.int64)
        native.run("count", codes.itemsize, first, last, n_categories, codes, counts=counts)
        return counts

    # A table of counters takes as long to clear and to add as that many codes to count.
    where = ranges(codes.size, min(codes.size // max(_PART, 4 * n_categories), _MOST_RANGES))
    with workers(codes.size, len(where)) as run:
        counts = np.sum(run(count, where), axis=0)
    return counts[:n_categories], int(counts[n_categories])


def _with_numpy(codes: np.ndarray, n_categories: int) -> tuple[np.ndarray, int]:
    counts = np.zeros(n_categories, dtype=np.int64)
    for first in range(0, codes.size, _NUMPY_PART):
        part = codes[first : first + _NUMPY_PART]
        inside = part[(part >= 0) & (part < n_categories)]
        counts += np.bincount(inside.astype(np.int64), minlength=n_categories)
    return counts, codes.size - int(counts.sum())
