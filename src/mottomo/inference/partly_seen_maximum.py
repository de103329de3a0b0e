"""The maximum of the likelihood of partly seen counts: for some outcomes only a set of categories is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.mixture_maximum import MixtureMaximum, mixture_maximum
from mottomo.messages import say, verbatim

_FLAT = 1e-13  # an eigenvalue of the scaled information below this times the number of parts is only rounding
_MOST_PATTERNS = 2000  # memory: a few square matrices of this size are held


@dataclass(frozen=True, eq=False)
class PartlySeenMaximum:
    """One maximum, with its standard errors and the range of all maxima.

    Attributes
    ----------
    probabilities : (K,) y of one maximum.
    standard_errors : (K,) NaN where there are none.
    identified : (K,) bool, whether every maximum has this y_k.
    lower : (K,) the smallest y_k among all maxima.
    upper : (K,) the largest y_k among all maxima.
    gap : the optimality gap, nats per observation.
    too_flat : whether float64 cannot invert the information along a direction that the observations do determine.
    """

    probabilities: np.ndarray
    standard_errors: np.ndarray
    identified: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    gap: float
    too_flat: bool


@dataclass(frozen=True, eq=False)
class _Patterns:
    """The categories divided into parts: categories in exactly the same sets form one part.

    If members of a part were seen singly, y is proportional to their counts within the part; if none was, only the sum
    of y over the part matters. So the maximum over K categories is one over at most 2^L parts, however large K is.

    Attributes
    ----------
    part : (K,) the part of each category.
    alone : (C,) how many outcomes of each part were seen singly.
    sizes : (C,) the number of categories of each part.
    sets : (L, C) bool, the parts of each set.
    """

    part: np.ndarray
    alone: np.ndarray
    sizes: np.ndarray
    sets: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, membership: np.ndarray) -> _Patterns:
        """The parts for single counts (K,) and sets (L, K) bool."""
        keys: dict[bytes, int] = {}
        packed = np.packbits(membership, axis=0).T
        part = np.array([keys.setdefault(row.tobytes(), len(keys)) for row in packed])
        _, first = np.unique(part, return_index=True)
        alone = np.bincount(part, weights=counts, minlength=first.size)
        return cls(part, alone, np.bincount(part), membership[:, first])


def partly_seen_maximum(counts: np.ndarray, membership: np.ndarray, together: np.ndarray) -> PartlySeenMaximum:
    """Maximise log L(y) = sum_k t_k log y_k + sum_l v_l log(sum_{k in l} y_k) over probabilities y.

    counts : (K,) float64, t >= 0: outcomes seen singly.
    membership : (L, K) bool, the sets. None is empty; a set of all categories adds 0 and has to be left out.
    together : (L,) float64, v > 0: outcomes known only to lie in each set.

    If all counts are 0, nothing is determined. Raises InvalidInput : the sets divide the categories into more than 2000
    parts.
    """
    n = float(counts.sum() + together.sum())
    if n == 0:  # no outcome was seen even in part
        even, unknown = np.full(counts.size, 1 / counts.size), np.full(counts.size, counts.size == 1)
        edges = unknown.astype(np.float64), np.ones(counts.size)
        return PartlySeenMaximum(even, np.full(counts.size, np.nan), unknown, *edges, 0.0, False)
    patterns = _Patterns.of(counts, membership)
    if patterns.alone.size > _MOST_PATTERNS:
        raise _too_many(patterns.alone.size)
    maximum = mixture_maximum(patterns.alone / n, patterns.sets, together / n)
    part, alone = patterns.part, patterns.alone
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(alone[part] > 0, counts / alone[part], 1 / patterns.sizes[part])
    y = maximum.y[part] * share
    lowest, highest = _ranges(patterns, maximum)
    several = (alone == 0) & (patterns.sizes > 1) & (highest > 0)  # parts whose members nothing distinguishes
    identified = ~(maximum.free | several)[part]
    lower = np.where(identified, y, np.where(several, 0.0, lowest)[part])
    upper = np.where(identified, y, highest[part])
    variance = _variances(patterns, maximum, together, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        within = np.where(alone[part] > 0, maximum.y[part] ** 2 * share * (1 - share) / alone[part], 0.0)
        errors = np.sqrt(share**2 * variance[part] + within)
    errors = np.where(identified & (y > 0) & (y < 1), errors, np.nan)
    return PartlySeenMaximum(y, errors, identified, lower, upper, maximum.gap, bool(np.isnan(variance).any()))


def _variances(patterns: _Patterns, maximum: MixtureMaximum, together: np.ndarray, n: float) -> np.ndarray:
    """The diagonal of the inverse observed information of the parts' sums Y; NaN where float64 cannot invert it.

    With J = -d2 log L / dY2 over the parts with Y > 0, J Y = n 1, so the inverse on sum Y = 1 is J^-1 - Y Y'/n. The
    shares q within a part are orthogonal to Y: var y = q^2 var Y + Y^2 q (1 - q) / (outcomes of the part seen singly).
    """
    inside = maximum.y > 0
    whole = maximum.y[inside]
    sets = patterns.sets[:, inside].astype(np.float64)
    scaled = sets * whole * (np.sqrt(together) / (sets @ whole))[:, None]  # J in units of Y, of the counts' size
    information = np.diag(patterns.alone[inside]) + scaled.T @ scaled
    unit = np.sqrt(np.diag(information))
    sizes, directions = np.linalg.eigh(information / np.outer(unit, unit))
    flat = sizes <= _FLAT * sizes.size
    variance = np.zeros(maximum.y.size)
    if int(flat.sum()) > maximum.n_free:
        variance[inside] = np.nan
        return variance
    inverse = ((directions[:, ~flat] ** 2) / sizes[~flat]).sum(axis=1) / unit**2
    variance[inside] = np.maximum(whole**2 * (inverse - 1 / n), 0)
    return variance


def _ranges(patterns: _Patterns, maximum: MixtureMaximum) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest Y of each part among all maxima.

    In all maxima the sum of every set and the Y of every part seen singly are the same (log is strictly concave), and
    parts whose gradient is below n have Y = 0. So the maxima form a polytope, on which linear programming minimises
    and maximises each free part.
    """
    lowest, highest = maximum.y.copy(), maximum.y.copy()
    free = np.flatnonzero(maximum.free)
    if free.size:
        from scipy.optimize import linprog

        matrix = patterns.sets[:, free].astype(np.float64)
        sums = matrix @ maximum.y[free]
        for column, index in enumerate(free.tolist()):
            cost = np.zeros(free.size)
            cost[column] = 1.0
            for sign, target in ((1, lowest), (-1, highest)):
                found = linprog(sign * cost, A_eq=matrix, b_eq=sums, bounds=(0, None), method="highs")
                if found.status == 0:
                    target[index] = sign * float(found.fun)
    return np.minimum(lowest, maximum.y), np.maximum(highest, maximum.y)


def _too_many(n_patterns: int) -> InvalidInput:
    return InvalidInput(
        "too-many-patterns",
        say("the labels overlap in too many ways"),
        say("means"),
        say("at most {most} sets of categories that the labels tell apart", most=f"{_MOST_PATTERNS:,}"),
        verbatim(f"{n_patterns:,}"),
        say("join labels that matter little, or categories"),
    )
