"""All ways to divide a number among parts: the outcomes that an enumeration runs over."""

from __future__ import annotations

import numpy as np


def compositions(total: int, parts: int) -> np.ndarray:
    """All ways to write `total` as an ordered sum of `parts` whole numbers of 0 or more, (N, parts) int64.

    >>> compositions(2, 2).tolist()
    [[0, 2], [1, 1], [2, 0]]
    """
    rows, left = np.zeros((1, 0), dtype=np.int64), np.array([total])
    for _ in range(parts - 1):
        widths = left + 1
        parent = np.repeat(np.arange(len(rows)), widths)
        chosen = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
        rows, left = np.column_stack([rows[parent], chosen]), left[parent] - chosen
    return np.column_stack([rows, left])
