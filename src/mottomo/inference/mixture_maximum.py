"""The maximum of sum_c w_c log y_c + sum_l v_l log(sum of y over set l) on the simplex, with a proven optimality gap.

The objective is concave. Source: docs/theory/partly_seen.md; Boyd and Vandenberghe, Convex Optimization (2004), ch. 11;
Kim, Carbonetto, Stephens and Anitescu, Journal of Computational and Graphical Statistics 29 (2020), for dropping the
constraint sum y = 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MOST_STEPS = 200
_BARRIER_END = 1e-17  # the barrier method stops when the mean of y z is below this times the smallest weight
_MOST_POLISHING = 40
_ZERO = 1e-9  # y is set to 0 for a part that was never seen alone and is less than this share of each of its sets


@dataclass(frozen=True, eq=False)
class MixtureMaximum:
    """A maximum, and how far it is determined.

    Attributes
    ----------
    y : (C,) at the maximum.
    gradient : (C,) of the objective at y: 1, the sum of the weights, where y > 0, and at most 1 elsewhere.
    gap : the optimality gap max(gradient) - 1; the objective is at most this far below its maximum.
    free : (C,) bool, whether other maxima have another y for this part.
    n_free : the dimension of the set of maxima.
    """

    y: np.ndarray
    gradient: np.ndarray
    gap: float
    free: np.ndarray
    n_free: int


def mixture_maximum(alone: np.ndarray, sets: np.ndarray, together: np.ndarray) -> MixtureMaximum:
    """Maximise over y >= 0 with sum y = 1.

    alone : (C,) float64 >= 0, w: the weight of each part seen by itself.
    sets : (L, C) bool, the parts of each set; no row is empty.
    together : (L,) float64 > 0, v: the weight of each set.

    All weights together sum to 1. The constraint is dropped and -sum y is added to the objective. The maximum stays
    the same: multiplying the gradient condition by y and summing gives sum y = sum of weights = 1. A primal-dual
    barrier method finds a point in the relative interior of the set of maxima. Newton steps without the barrier then
    give the last digits and decide which y are 0.
    """
    members = sets.astype(np.float64)
    y, slack = _by_barrier(alone, members, together)
    kept = (alone > 0) | (y > slack * _smallest_set(y, members))
    best = y / y.sum()
    for _ in range(_MOST_POLISHING):
        polished = _by_newton(np.where(kept, best, 0.0), kept, alone, members, together)
        if polished is None:
            break
        dropped = kept & (alone == 0) & (polished < _ZERO * _smallest_set(polished, members))
        polished = np.where(dropped, 0.0, polished)
        if _gap(polished, alone, members, together) <= max(_gap(best, alone, members, together), 1e-13):
            best = polished
        if not dropped.any():
            break
        kept &= ~dropped
    gradient = _gradient(best, alone, members, together)
    return MixtureMaximum(best, gradient, max(float(gradient.max()) - 1, 0.0), *_undetermined(best, alone, members))


def _gradient(y: np.ndarray, alone: np.ndarray, members: np.ndarray, together: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(alone > 0, alone / y, 0.0)
        return np.asarray(own + (together / (members @ y)) @ members)


def _gap(y: np.ndarray, alone: np.ndarray, members: np.ndarray, together: np.ndarray) -> float:
    gap = float(_gradient(y, alone, members, together).max()) - 1
    return gap if np.isfinite(gap) else np.inf


def _smallest_set(y: np.ndarray, members: np.ndarray) -> np.ndarray:
    """(C,) the smallest sum of y over the sets that contain the part; inf if none does."""
    return np.asarray(np.where(members > 0, (members @ y)[:, None], np.inf).min(axis=0, initial=np.inf))


def _by_barrier(alone: np.ndarray, members: np.ndarray, together: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A point y > 0 near the maximum and its slack z, where gradient + z = 1 and y z is nearly 0; both (C,)."""
    size = alone.size
    y, slack = np.full(size, 1 / size), np.ones(size)
    end = _BARRIER_END * min(float(alone[alone > 0].min(initial=1.0)), float(together.min(initial=1.0)))
    for _ in range(_MOST_STEPS):
        complementarity = float(y @ slack) / size
        gradient = _gradient(y, alone, members, together)
        if complementarity < end and float(np.abs(y * (gradient + slack - 1)).max()) < 1e-13:
            break
        target = 0.1 * complementarity
        hessian = _scaled_hessian(y, alone, members, together) + np.diag(y * slack)
        relative = _solved(hessian, target + y * (gradient - 1))  # dy / y
        change = (target - y * slack) / y - slack * relative
        y = y * (1 + _step(relative) * relative)
        slack = slack + _step(change / slack) * change
    return y, slack


def _step(relative: np.ndarray) -> float:
    """The length of the step, at most 1, with which y (1 + step relative) stays positive."""
    lowest = float(relative.min())
    return 1.0 if lowest > -0.99 else 0.99 / -lowest


def _scaled_hessian(y: np.ndarray, alone: np.ndarray, members: np.ndarray, together: np.ndarray) -> np.ndarray:
    """Y H Y with Y = diag(y) and H the negative Hessian, (C, C); its entries are of the size of the weights."""
    scaled = members * y * (np.sqrt(together) / (members @ y))[:, None]
    return np.asarray(np.diag(alone) + scaled.T @ scaled)


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution of a positive semi-definite system, scaled to unit diagonal; the shortest if there are several."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled, wanted = matrix * np.outer(scale, scale), right * scale
    return np.asarray(scale * np.linalg.lstsq(scaled, wanted, rcond=1e-13)[0])


def _by_newton(
    y: np.ndarray, kept: np.ndarray, alone: np.ndarray, members: np.ndarray, together: np.ndarray
) -> np.ndarray | None:
    """The stationary point when only the kept parts are above 0, by Newton's method; None if a set sums to 0."""
    y = y.copy()
    sets = members[:, kept]
    for _ in range(20):
        part = y[kept]
        if not (sets @ part > 0).all():
            return None
        gradient = _gradient(y, alone, members, together)[kept]
        hessian = _scaled_hessian(part, alone[kept], sets, together)
        relative = _solved(hessian, part * (gradient - 1))
        y[kept] = part * (1 + _step(relative) * relative)
        if float(np.abs(relative).max()) < 1e-15:
            break
    return y / y.sum()


def _undetermined(y: np.ndarray, alone: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, int]:
    """Which parts can change without changing the objective, (C,) bool, and in how many directions.

    These are parts that were never seen alone, have y > 0, and occur in a null vector of the matrix of sets.
    """
    free = np.zeros(y.size, dtype=bool)
    loose = np.flatnonzero((alone == 0) & (y > 0))
    if loose.size == 0:
        return free, 0
    matrix = members[:, loose]
    _, singular, basis = np.linalg.svd(matrix)
    rank = int((singular > 1e-9 * max(singular.max(initial=0.0), 1.0)).sum())
    free[loose] = np.abs(basis[rank:]).max(axis=0, initial=0.0) > 1e-7
    return free, loose.size - rank
