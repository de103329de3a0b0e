"""Tables of costs in fixed point: integers add without rounding, so the error of every sum is within a known band.

The number of outcomes so far and the cost of a state form one 64-bit key. To sort or search keys is to sort or search
costs within each number of outcomes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from mottomo.inference.exact.kinds import Kind, Problem
from mottomo.inference.exact.tilting import Tilt

_KEY_BITS = 62
_COST_ERROR = 2.0**-48  # relative error of a cost computed in float64, with room to spare
_LONGEST_TABLE = 4_000_000
_EPS = 2.0**-52


class TooManyStates(Exception):
    """The enumeration would exceed its budget; `needed` is the number of states that the last step would have made."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


@dataclass(frozen=True, eq=False)
class KindTable:
    """The counts x = first .. last that a category of a kind can have in an outcome within the limit.

    Attributes
    ----------
    multiplicity : how many categories are of this kind.
    first : the smallest x.
    costs : (L,) int64, exact or rounded to whole units.
    fingerprints : (L,) uint64, of the costs.
    weights : (R, L) float64, one row for each hypothesis.
    """

    multiplicity: int
    first: int
    costs: np.ndarray
    fingerprints: np.ndarray
    weights: np.ndarray

    @property
    def last(self) -> int:
        """The largest x in the table."""
        return self.first + self.costs.size - 1

    @cached_property
    def lowest(self) -> int:
        """The index of the smallest cost."""
        return int(np.argmin(self.costs))


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of all kinds for outcomes whose statistic is at most `limit`.

    Attributes
    ----------
    problem : the test statistic and the multinomial.
    kinds : a table for each kind.
    scale : an integer cost is scale times the cost.
    limit : the largest integer cost.
    band : integer costs of tied outcomes differ by at most this much; if they differ by more, their order is certain.
    cost_bits : the bits of a key that hold the cost.
    relative_error : a bound of the relative error of a product of weights.
    tilt : that the weights contain; None if they are not tilted.
    """

    problem: Problem
    kinds: tuple[KindTable, ...]
    scale: float
    limit: int
    band: int
    cost_bits: int
    relative_error: float
    tilt: Tilt | None

    def untilted(self, costs: np.ndarray, centre: float) -> np.ndarray:
        """The factors exp(-tau (cost - centre)) that remove the tilt from weights, for integer costs; 1 if untilted."""
        if self.tilt is None:
            return np.ones(costs.shape)
        return np.exp(-self.tilt.tau * (costs / self.scale - centre))

    def cost(self, counts: np.ndarray, kind_of: np.ndarray) -> tuple[int, int]:
        """The integer cost and the fingerprint of one outcome inside the tables."""
        total, fingerprint = 0, 0
        for count, index in zip(counts.tolist(), kind_of.tolist(), strict=True):
            table = self.kinds[index]
            total += int(table.costs[count - table.first])
            fingerprint += int(table.fingerprints[count - table.first])
        return total, fingerprint


def make_tables(problem: Problem, limit: float, tie_band: float, tilt: Tilt | None = None) -> Tables:
    """Tables for all outcomes with a test statistic of at most `limit`.

    Exact integer costs are used if they fit; else costs are rounded to the finest unit that a key has room for.

    tie_band : values of the statistic that differ by less count as tied, unless ties are decided exactly.
    tilt : weights are multiplied by exp(tau cost + sigma x) and divided by their sum, so that none underflows far out.

    Raises TooManyStates if a table would be too long.
    """
    windows = [_window(kind, kind.largest, limit) for kind in problem.kinds]
    longest = max(last - first for first, last in windows)
    if longest > _LONGEST_TABLE:
        raise TooManyStates(longest)
    x_of = [np.arange(first, last + 1, dtype=np.int64) for first, last in windows]
    # The counts of one half of the categories sum to `span` values at most.
    span = sum(kind.multiplicity * (last - first) for kind, (first, last) in zip(problem.kinds, windows, strict=True))
    cost_bits = _KEY_BITS - max(span, 1).bit_length()
    integral = problem.unit is not None and Fraction(limit) / problem.unit < 2 ** (cost_bits - 2)
    if integral:
        assert problem.unit is not None
        scale, band = 1 / float(problem.unit), 0
        costs = [np.array(kind.unit_costs(x), dtype=np.int64) for kind, x in zip(problem.kinds, x_of, strict=True)]
    else:
        scale = 2.0 ** (cost_bits - 2 - max(int(np.ceil(np.log2(max(limit, 1.0)))), 0))
        costs = [np.rint(kind.costs(x) * scale).astype(np.int64) for kind, x in zip(problem.kinds, x_of, strict=True)]
        magnitude = max(kind.magnitude(x) for kind, x in zip(problem.kinds, x_of, strict=True))
        error = problem.n_categories * (0.5 + scale * magnitude * _COST_ERROR)
        band = int(np.ceil(2 * error if problem.exact_ties else max(2 * error, scale * tie_band)))
    tables: list[KindTable] = []
    for kind, (first, last), x, cost in zip(problem.kinds, windows, x_of, costs, strict=True):
        prints = kind.fingerprints(first, last)
        logs = kind.log_weights(x)
        if tilt is not None:
            logs = logs + tilt.tau * kind.costs(x) + tilt.sigma * x
            logs = logs - tilt.log_sums[len(tables)]
        tables.append(KindTable(kind.multiplicity, first, cost, prints, np.exp(logs)))
    limit_units = int(np.floor(limit * scale)) + band + 1
    depth = limit / 2 + problem.n_categories * 8 + (0.0 if tilt is None else tilt.magnitude(problem.total))
    return Tables(problem, tuple(tables), scale, limit_units, band, cost_bits, 4 * _EPS * depth, tilt)


def _window(kind: Kind, total: int, limit: float) -> tuple[int, int]:
    """The first and the last x in 0 .. total with a cost of at most `limit`; as costs are convex, it is an interval."""
    slack = limit * (1 + 1e-9) + 1e-9

    def inside(x: int) -> bool:
        return float(kind.costs(np.array([x]))[0]) <= slack

    middle = min(round(kind.rate), total)
    for candidate in (middle, max(middle - 1, 0), min(middle + 1, total)):
        if inside(candidate):
            middle = candidate
            break
    else:
        return middle, middle
    return _edge(inside, middle, 0), _edge(inside, middle, total)


def _edge(inside: Callable[[int], bool], middle: int, end: int) -> int:
    """The x between `middle` and `end` that is inside and farthest from `middle`, by bisection."""
    if inside(end):
        return end
    good, bad = middle, end
    while abs(bad - good) > 1:
        half = (good + bad) // 2
        if inside(half):
            good = half
        else:
            bad = half
    return good
