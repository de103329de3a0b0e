"""How many observations make guaranteed intervals narrow enough."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mottomo.inference.binomial_limits import binomial_limits

_LONGEST_PERIOD = 100_000  # the interval of a rarer category is too narrow to matter


def observations_for_half_width(half_width: float, level: float, shares: Sequence[float], n_categories: int) -> int:
    """The n from which the half-widths of Clopper-Pearson's simultaneous intervals stay at or below `half_width`.

    The intervals are those of categories with these shares; n times a share is rounded to whole counts both down and
    up. Because of the rounding the width does not fall steadily with n, so the answer is one more than the last n near
    it at which an interval is too wide.
    """
    tail = (1 - level) / 2 / n_categories

    def narrow(numbers: np.ndarray) -> np.ndarray:
        widest = np.zeros(numbers.size)
        for share in shares:
            for rounded in (np.floor, np.ceil):
                counts = np.clip(rounded(numbers * share), 0, numbers).astype(np.int64)
                lower, upper = binomial_limits(counts, numbers, tail)
                widest = np.maximum(widest, (upper - lower) / 2)
        return widest <= half_width

    low, high = 0, 1
    while not narrow(np.array([high], dtype=np.int64))[0]:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if narrow(np.array([middle], dtype=np.int64))[0]:
            high = middle
        else:
            low = middle
    period = min(max(64, math.ceil(2 / min(share for share in shares if share > 0))), _LONGEST_PERIOD)
    near = np.arange(high, high + period, dtype=np.int64)
    wide = np.flatnonzero(~narrow(near))
    return int(near[wide[-1]]) + 1 if wide.size else high
