"""A proved upper bound of the optimality gap: how far the objective is above its minimum.

Let a step d change the logits of a row by amounts whose range is r. Along d, the second derivative of the row's loss
falls at most like exp(-t r), because the third cumulant of a distribution is at most its range times its variance. If
the Hessian of some rows is at least H, these rows bound the whole objective from below,

    f(v + d) >= f(v) + g'd + |d|^2 (exp(-c |d|) + c |d| - 1) / (c |d|)^2,   |d|^2 = k d'Hd,

where k is the share of these rows in the total weight, reduced by how much their logits have moved since H was
computed. The minimum of the right side is a lower bound of the minimum of f. If it is finite, f has a minimum.
"""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.curvature import ExactCurvature, LeastCurvature
from mottomo.classification.objective import Point
from mottomo.numerics.contrasts import contrasts

# The bound is finite for u < 1. If the iterates diverge along a direction of separation, u falls towards 1, and
# rounding could push it below 1. Near an optimum u is far smaller than this limit.
_LARGEST = 0.5
_SHORT = 0.1  # of a change of logits, by which the share of the rows is reduced by a tenth at most


class Certificate:
    """Bounds the optimality gap of points, using the Hessian of some rows at an earlier point."""

    def __init__(self, curvature: ExactCurvature | LeastCurvature, total_weight: float) -> None:
        self._curvature = curvature
        self._share = curvature.rows.weight / total_weight
        self._widest = curvature.widest_logits() if curvature.is_sure else math.inf

    def bound(self, point: Point, w: np.ndarray, b: np.ndarray) -> float:
        """Upper bound of the optimality gap at `point`, nats a row; infinite if nothing can be proved.

        `w` (p, K) and `b` (K,) are the coefficients of the point. The bound holds up to rounding in its evaluation.
        """
        if not self._curvature.is_sure:
            return math.inf
        share = self._share * math.exp(-self._moved(point, w, b))
        decrement = float(np.vdot(point.gradient, self._curvature.solve(point.gradient)))
        if share == 0 or not decrement >= 0:
            return math.inf
        c = self._widest / math.sqrt(share)
        u = math.sqrt(decrement / share) * c
        if u > _LARGEST:
            return math.inf
        if u < 1e-4:  # u + (1 - u) log(1 - u) = u^2 / 2 + u^3 / 6 + ...; the left side cancels
            return decrement / share * (0.5 + u / 5)
        return (u + (1 - u) * math.log1p(-u)) / c**2

    def _moved(self, point: Point, w: np.ndarray, b: np.ndarray) -> float:
        """At least the largest range, over the rows, of the change of the logits since the Hessian was computed.

        A short step changes them by little more than its length in the Hessian allows, which costs no pass.
        """
        step, shift = w - self._curvature.w, b - self._curvature.b
        if not step.any() and not shift.any():
            return 0.0
        if isinstance(self._curvature, ExactCurvature):
            q = contrasts(w.shape[1])
            rows = np.vstack([w, b]) if len(point.coordinates) > len(w) else w
            own = np.vstack([self._curvature.w, self._curvature.b]) if len(rows) > len(w) else self._curvature.w
            bound = self._widest * self._curvature.length((rows - own) @ q)
            if bound < _SHORT:
                return bound
        x, most = self._curvature.rows.features, 0.0
        for first in range(0, len(x), 4096):
            change = x[first : first + 4096] @ step + shift
            most = max(most, float((change.max(axis=1) - change.min(axis=1)).max()))
        return most
