"""Correct estimates of the optimality gap that cannot be proved: from past estimates, and from recent decreases."""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.objective import Point

_TAIL = 6  # most gains that are compared with as many before them
_FEWEST = 3  # fewest gains that are compared so
_TAIL_MARGIN = 3.0  # safety factor, because the ratio of successive gains grows


class Shortfall:
    """The factor by which past estimates of the optimality gap were too small, given the decrease seen since."""

    def __init__(self) -> None:
        self._past: list[tuple[float, float]] = []

    def factor(self, total: float, estimate: float) -> float:
        """The factor, at least 1, to multiply `estimate` with.

        total : the objective times N now, nats.
        estimate : the new estimate of the gap, nats; it is kept for later calls.
        """
        worst = max(((then - total) / guess for then, guess in self._past if guess > 0), default=1.0)
        self._past.append((total, estimate))
        return max(1.0, worst)


def gain(step: np.ndarray, before: Point, after: Point) -> float:
    """The decrease of a step, nats a row, from the slopes at its ends: more digits than a difference of two values."""
    return -0.5 * float(np.vdot(step, before.gradient + after.gradient))


class RemainingGains:
    """Extrapolates the sum of the gains (decreases) of future iterations, as a geometric series.

    A preconditioner that is wrong in some directions underestimates the optimality gap until the iterates have moved
    along these directions. Gains that fall slowly reveal this.
    """

    def __init__(self) -> None:
        self._gains: list[float] = []

    def gained(self, gain: float) -> None:
        """Record the gain of one iteration, nats."""
        self._gains.append(max(gain, 0.0))

    def left(self) -> float:
        """The extrapolated sum of future gains, nats, with a safety factor; infinite before the first gain."""
        if len(self._gains) < 2 * _FEWEST:
            return _TAIL_MARGIN * self._gains[-1] if self._gains else math.inf
        return _TAIL_MARGIN * max(self._sum_to_come(length) for length in (_FEWEST, min(len(self._gains) // 2, _TAIL)))

    def _sum_to_come(self, length: int) -> float:
        """Assume that the last `length` gains, relative to the `length` before, show the ratio of the series."""
        last, before = sum(self._gains[-length:]), sum(self._gains[-2 * length : -length])
        ratio = min(last / before, 0.95) if before > 0 else 0.0
        return last * ratio / (1 - ratio)
