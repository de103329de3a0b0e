"""Profile-likelihood intervals: all values of a coefficient that some other coefficients make plausible enough.

    { beta : max log L with this coefficient fixed at beta >= max log L - z^2 / 2 }

An end is where c'v is extreme under log L(v) = max log L - z^2 / 2. It is found by Newton's method on both conditions
at once (Venzon and Moolgavkar 1988). If the categories are separated, max stands for the supremum: an end may be
infinite, which a linear programme decides, and the other one is finite all the same.

Source: docs/theory/classifier.md; Venzon and Moolgavkar, Applied Statistics 37 (1988).
"""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.local_likelihood import At, LocalLikelihood, Surface, widest_change
from mottomo.classification.separation import ZERO

_MOST_STEPS = 400
_WIDEST_STEP = 3.0  # by which a step may change the difference of two logits of a row
EXACTLY, NEARLY = 1e-10, 1e-7  # by which an end may be missed; nearly where log L has no maximum
_MOST_DAMPING = 1e12
_LEAST_DAMPING = 1e-12  # of the information in units of its diagonal


def profile_end(
    surface: Surface, start: np.ndarray, target: float, c: np.ndarray, sign: float, enough: float = EXACTLY
) -> float:
    """The largest c'v, or with a `sign` of -1 the smallest, with surface(v) >= `target`; NaN if it was not found.

    start : v where the surface is about `target` or more.
    enough : nats by which each of the two conditions may be missed, relative to 1 + |target|.
    """
    v, found, damping = start, surface(start), 0.0
    enough *= 1.0 + abs(target)
    for _ in range(_MOST_STEPS):
        step, residual, damping = _step(surface, found, target, c, sign, damping)
        if step is None:
            return math.nan
        if abs(found.value - target) <= enough and residual <= enough:
            return float(c @ (v + step))
        new = surface(v + step)
        if math.isfinite(new.value):
            v, found, damping = v + step, new, damping / 10 if damping > _LEAST_DAMPING else 0.0
        else:
            damping = max(10 * damping, _LEAST_DAMPING)
    return math.nan


def _step(
    surface: Surface, found: At, target: float, c: np.ndarray, sign: float, damping: float
) -> tuple[np.ndarray | None, float, float]:
    """The step to where a quadratic model of the surface is at the target and c'v extreme: g - slope c = H step.

    Beside it the gap of the second condition, nats, and the damping: as much as keeps the step short, since in some
    directions the surface may be all but flat. None if no damping does.
    """
    while damping < _MOST_DAMPING:
        solved = _solved(found, c, damping)
        if solved is not None:
            along, up = solved  # H^-1 c, H^-1 g
            length, rise = float(c @ along), float(found.gradient @ up)
            slope = -sign * math.sqrt(max(2 * (found.value - target) + rise, 0.0) / length)
            step = up - slope * along
            if widest_change(surface, step) <= _WIDEST_STEP:
                return step, rise - 2 * slope * float(c @ up) + slope**2 * length, damping
        damping = max(10 * damping, _LEAST_DAMPING)
    return None, math.nan, damping


def grows_without_end(likelihood: LocalLikelihood, labels: np.ndarray, c: np.ndarray) -> bool:
    """Whether c'v rises along some direction in which log L never falls: then it has no upper end.

    Such a direction has no negative margin: x~_i (d_y(i) - d_k) >= 0 for all rows i and categories k.
    """
    import scipy.optimize

    q, design = likelihood.q, likelihood.design
    row, other = np.nonzero(labels[:, None] != np.arange(len(q)))
    pairs = np.einsum("ia,ip->iap", q[labels[row]] - q[other], design[row]).reshape(len(row), -1)
    size = np.abs(c).max()
    found = scipy.optimize.linprog(-c / size, A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=(-1, 1), method="highs")
    return found.status == 0 and -float(found.fun) > ZERO


def _solved(found: At, c: np.ndarray, damping: float) -> tuple[np.ndarray, np.ndarray] | None:
    """H^-1 c and H^-1 g, with H damped in units of its diagonal; None where H is not positive definite."""
    import scipy.linalg

    units = 1 / np.sqrt(np.maximum(np.diag(found.curvature), 1e-300))
    matrix = found.curvature * units * units[:, None]
    matrix[np.diag_indices(len(matrix))] += damping
    try:
        factor = scipy.linalg.cho_factor(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    both = scipy.linalg.cho_solve(factor, np.stack([c, found.gradient], axis=1) * units[:, None], check_finite=False)
    both *= units[:, None]
    return both[:, 0], both[:, 1]
