"""How much is left to gain where it cannot be proved: what estimates fell short by before, and gains to come."""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.objective import Point

_TAIL = 6  # gains that are compared with as many before them
_FEWEST = 3
_TAIL_MARGIN = 3.0  # gains fall ever more slowly


class Shortfall:
    """How far estimates of the gap fell short of what was gained after them, on the way so far."""

    def __init__(self) -> None:
        self._past: list[tuple[float, float]] = []

    def factor(self, total: float, estimate: float) -> float:
        """What to multiply an estimate with, from the estimates before it and what has been gained since."""
        worst = max(((then - total) / guess for then, guess in self._past if guess > 0), default=1.0)
        self._past.append((total, estimate))
        return max(1.0, worst)


def gain(step: np.ndarray, before: Point, after: Point) -> float:
    """How far a step went down: by its slopes, which hold more digits than the difference of two values."""
    return -0.5 * float(np.vdot(step, before.gradient + after.gradient))


class Tail:
    """What steps will still gain if they go on as they have: gains that fall like a geometric sequence have a sum.

    A curvature that is wrong in some directions makes its estimate of the gap too small for as long as the steps have
    not found those directions; that the steps go on gaining shows it.
    """

    def __init__(self) -> None:
        self._gains: list[float] = []

    def gained(self, gain: float) -> None:
        self._gains.append(max(gain, 0.0))

    def left(self) -> float:
        """The sum of the gains to come; of few gains about the last one, and of none infinite."""
        if len(self._gains) < 2 * _FEWEST:
            return _TAIL_MARGIN * self._gains[-1] if self._gains else math.inf
        return _TAIL_MARGIN * max(self._sum_to_come(length) for length in (_FEWEST, min(len(self._gains) // 2, _TAIL)))

    def _sum_to_come(self, length: int) -> float:
        """If as many gains each time fall by the ratio by which the last ones did."""
        last, before = sum(self._gains[-length:]), sum(self._gains[-2 * length : -length])
        ratio = min(last / before, 0.95) if before > 0 else 0.0
        return last * ratio / (1 - ratio)
