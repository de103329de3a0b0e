"""Counting: how often each code occurs in an array."""

from __future__ import annotations

import numpy as np

from mottomo.kernels.native import extension
from mottomo.kernels.threads import ranges, workers

_PART = 1 << 22  # the least number of codes in a range
_MOST_RANGES = 16
_NUMPY_PART = 1 << 16


def count_codes(codes: np.ndarray, n_categories: int) -> tuple[np.ndarray, int]:
    """t_k = number of codes equal to k, for k = 0 .. K - 1, and how many codes are none of these.

    Parameters
    ----------
    codes : (n,) integers of any width, signed or not. They are copied only if not contiguous, aligned and native.
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
    # The loops read codes as unsigned, so negative ones appear above the largest value of the signed type. Categories
    # up there cannot occur; they are counted separately, as 0.
    missing = n_categories - int(np.iinfo(codes.dtype).max) - 1 if codes.dtype.kind == "i" else 0
    if missing > 0:
        counts, stray = count_codes(codes, n_categories - missing)
        return np.append(counts, np.zeros(missing, dtype=np.int64)), stray

    def count(first: int, last: int) -> np.ndarray:
        counts = np.zeros(n_categories + 1, dtype=np.int64)
        native.run("count", codes.itemsize, first, last, n_categories, codes, counts=counts)
        return counts

    # Clearing and adding a table of counters takes as long as counting that many codes.
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
