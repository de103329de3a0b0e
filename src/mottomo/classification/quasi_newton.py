"""Quasi-Newton steps: L-BFGS with a preconditioner, and a line search."""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.curvature import Curvature
from mottomo.classification.objective import Objective, Point

MEMORY = 30  # secant pairs that are kept
_ARMIJO, _WOLFE = 1e-4, 0.9  # constants of the two Wolfe conditions


class Memory:
    """L-BFGS: a preconditioner corrected by secant pairs (recent steps with the changes of the gradient)."""

    def __init__(self, curvature: Curvature) -> None:
        self.curvature = curvature
        self._pairs: list[tuple[np.ndarray, np.ndarray, float]] = []
        self._scale = 1.0

    def renewed(self, curvature: Curvature) -> Memory:
        """Reuse the stored secant pairs with a new preconditioner; the pairs do not depend on it."""
        other = Memory(curvature)
        other._pairs, other._scale = self._pairs, self._scale
        return other

    def learn(self, step: np.ndarray, change: np.ndarray) -> None:
        """Store a step (P, K - 1) and the change of the gradient along it, unless rounding hides the curvature."""
        product = float(np.vdot(step, change))
        if product > 1e-14 * float(np.linalg.norm(step)) * float(np.linalg.norm(change)):
            self._pairs.append((step, change, 1 / product))
            self._scale = product / float(np.vdot(change, self.curvature.solve(change)))
            del self._pairs[:-MEMORY]

    @property
    def has_learnt(self) -> bool:
        """True if there is a secant pair."""
        return bool(self._pairs)

    def solve(self, g: np.ndarray) -> np.ndarray:
        """The approximate inverse Hessian times g (P, K - 1), by the two-loop recursion."""
        q = g.copy()
        shares = []
        for step, change, inverse in reversed(self._pairs):
            share = inverse * float(np.vdot(step, q))
            shares.append(share)
            q -= share * change
        d = self._scale * self.curvature.solve(q)
        for (step, change, inverse), share in zip(self._pairs, reversed(shares), strict=True):
            d += (share - inverse * float(np.vdot(change, d))) * step
        return d


def line_search(objective: Objective, at: Point, direction: np.ndarray, most: int = 40) -> Point | None:
    """A point along `direction` that satisfies the Wolfe conditions.

    After `most` passes, or when steps become too small, the lowest point so far; None if no point is lower, because
    rounding hides any decrease.
    """
    slope = float(np.vdot(at.gradient, direction))
    low, high, t = 0.0, math.inf, 1.0
    low_rise, low_slope = 0.0, slope
    noise = 4e-16 * abs(at.value)
    best = None
    for _ in range(most):
        new = objective(at.coordinates + t * direction)
        rise = new.value - at.value
        new_slope = float(np.vdot(new.gradient, direction)) if math.isfinite(new.value) else math.inf
        # If values differ only by rounding, the slope tells on which side of the minimum this is (Hager and Zhang).
        lower = rise <= _ARMIJO * t * slope or (rise <= noise and new_slope <= -_WOLFE * slope)
        if math.isfinite(new.value) and lower:
            best = new
            if new_slope >= _WOLFE * slope:
                return new
            low, low_rise, low_slope = t, rise, new_slope
            flatter = slope - new_slope  # < 0; 0 where the slope has not changed at all
            t = (
                0.5 * (low + high)
                if math.isfinite(high)
                else t * min(10.0, max(2.0, slope / flatter if flatter else 10.0))
            )
            continue
        high = t
        t = low + _lowest_share(high - low, low_slope, rise - low_rise, new_slope) * (high - low)
        if t * float(np.linalg.norm(direction)) <= 1e-16 * float(np.linalg.norm(at.coordinates)):
            break
    return best


def _lowest_share(width: float, slope: float, rise: float, end_slope: float) -> float:
    """Where in an interval a convex function seems lowest, as a share of its width, in [0.01, 0.5].

    The smaller estimate of two interpolations: by the slopes at both ends, and by the slope at the start and the rise.
    The bound 0.5 makes the interval shrink fast if the minimum is near its start.
    """
    shares = [0.5]
    if math.isfinite(rise):
        shares.append(-0.5 * slope * width / (rise - slope * width))
    if math.isfinite(end_slope) and end_slope > slope:
        shares.append(-slope / (end_slope - slope))
    return max(min(shares), 0.01)
