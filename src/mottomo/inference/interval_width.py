"""From how many observations on guaranteed intervals are narrow enough."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mottomo.inference.binomial_limits import binomial_limits

_LONGEST_PERIOD = 100_000  # rarer categories than this have intervals too narrow to decide


def observations_for_half_width(half_width: float, level: float, shares: Sequence[float], n_categories: int) -> int:
    """The n from which on Clopper-Pearson's simultaneous intervals of categories with these shares are narrow enough.

    Each share is rounded to whole counts both ways; that makes small teeth, so the last n near the answer that is too
    wide decides.
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
