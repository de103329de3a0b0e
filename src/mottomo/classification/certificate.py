"""How far above its minimum the objective can still be: a bound that is proved, not an estimate.

Along any step d the curvature of a row's loss falls at most like exp(-t r), with r the range of what d does to the
row's logits: the third cumulant of a distribution is at most its range times its variance. So some rows whose Hessian
is H or above bound the whole objective from below,

    f(v + d) >= f(v) + g'd + |d|^2 (exp(-c |d|) + c |d| - 1) / (c |d|)^2,   |d|^2 = k d'Hd,

k = their share of the weight, lessened by how much their logits have moved since H was taken. The smallest value of the
right side is a bound of the minimum; that it is finite proves that there is a minimum at all.
"""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.curvature import ExactCurvature, LeastCurvature
from mottomo.classification.objective import Point

# The bound is finite for u < 1. On the way to infinity along a direction of separation u falls towards 1, and rounding
# could carry it past; near an optimum it is far smaller than this.
_LARGEST = 0.5


class Certificate:
    """Bounds the gap of points, from the curvature of some rows at some earlier point."""

    def __init__(self, curvature: ExactCurvature | LeastCurvature, total_weight: float) -> None:
        self._curvature = curvature
        self._share = curvature.rows.weight / total_weight
        self._widest = curvature.widest_logits() if curvature.is_sure else math.inf

    def bound(self, point: Point, w: np.ndarray, b: np.ndarray) -> float:
        """At most this much, in nats a row, is `point` above the minimum; infinite where that cannot be told.

        `w` and `b` are the coefficients of the point. Exact but for the rounding of the arithmetic.
        """
        if not self._curvature.is_sure:
            return math.inf
        share = self._share * math.exp(-self._moved(w, b))
        decrement = float(np.vdot(point.gradient, self._curvature.solve(point.gradient)))
        if share == 0 or not decrement >= 0:
            return math.inf
        c = self._widest / math.sqrt(share)
        u = math.sqrt(decrement / share) * c
        if u > _LARGEST:
            return math.inf
        if u < 1e-4:  # (u + (1 - u) log(1 - u)) = u^2 / 2 + u^3 / 6 + ..., which cancels
            return decrement / share * (0.5 + u / 5)
        return (u + (1 - u) * math.log1p(-u)) / c**2

    def _moved(self, w: np.ndarray, b: np.ndarray) -> float:
        """The largest range of the change of a row's logits since the curvature was taken."""
        step, shift = w - self._curvature.w, b - self._curvature.b
        if not step.any() and not shift.any():
            return 0.0
        x, most = self._curvature.rows.features, 0.0
        for first in range(0, len(x), 4096):
            change = x[first : first + 4096] @ step + shift
            most = max(most, float((change.max(axis=1) - change.min(axis=1)).max()))
        return most
