"""Pearson's statistic takes values on a lattice, so the weights of half of the categories form a dense table.

table[r, m - lowest, j] is the weight, under hypothesis r, of all partial outcomes with m outcomes and a cost of j
steps. If many outcomes have the same cost (many categories, few outcomes), the table is far smaller than a list of
states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.meet_in_the_middle import Masses
from mottomo.inference.exact.states import Completion
from mottomo.inference.exact.tables import KindTable, Tables

_EPS = 2.0**-52


@dataclass(frozen=True, eq=False)
class LatticeHalves:
    """Both halves as tables over (outcomes, steps).

    The cost of a category is `step` times a whole number, plus a remainder that is the same for all its counts.

    Attributes
    ----------
    tables : the tables of all kinds.
    step : the spacing of the lattice, in integer costs.
    first : (R, M, J) weights of one half.
    first_lowest : the number of outcomes of its first row.
    second : (R, M', J) the other half, as running sums over the steps.
    second_lowest : the number of outcomes of its first row.
    upper : whether the running sums go downwards from the largest cost.
    relative_error : a bound of the relative rounding error of a sum.
    """

    tables: Tables
    step: int
    first: np.ndarray
    first_lowest: int
    second: np.ndarray
    second_lowest: int
    upper: bool
    relative_error: float

    @classmethod
    def fill(cls, tables: Tables, *, upper: bool = False, centre: float = 0.0) -> LatticeHalves:
        """Fill both tables; `upper` and `centre` as in ``Halves.enumerate``."""
        filled, rest = _halves(tables)
        step, width = _steps(tables)
        spans = [_placeable(tables, filled, rest), _placeable(tables, rest, filled)]
        first = _filled(tables, filled, step, spans[0], width) * _untilting(tables, filled, step, width, centre)
        second = first
        if filled != rest:
            second = _filled(tables, rest, step, spans[1], width) * _untilting(tables, rest, step, width, centre)
        flip = slice(None, None, -1 if upper else 1)
        running = np.cumsum(second[:, :, flip], axis=2)[:, :, flip]
        longest = max(table.costs.size for table in tables.kinds)
        error = tables.relative_error + _EPS * (tables.problem.n_categories * longest + width + 64)
        return cls(tables, step, first, spans[0][0], running, spans[1][0], upper, error)

    def masses(self, cost: int, fingerprint: int | None) -> Masses:
        """The sums on one side of an integer cost and at it; exact costs decide ties, so no fingerprint is needed."""
        here, beyond = self.beside(cost), self.beside(cost + 1)
        tied = here - beyond if self.upper else beyond - here
        return Masses(here, np.maximum(tied, 0.0), np.zeros(len(tied)), self.relative_error)

    def beside(self, cost: int) -> np.ndarray:
        """(R,) the sum over outcomes with an integer cost below `cost`; at or above `cost` on the upper side."""
        n_weights, n_rows, width = self.first.shape
        remainder = sum(table.multiplicity * (int(table.costs[0]) % self.step) for table in self.tables.kinds)
        index = -((remainder - cost) // self.step) - np.arange(width)
        total = np.zeros(n_weights)
        for row in range(n_rows):
            partner = self.tables.problem.total - (self.first_lowest + row) - self.second_lowest
            if 0 <= partner < self.second.shape[1]:
                sums = _running_at(self.second[:, partner, :], index if self.upper else index - 1, self.upper)
                total += (self.first[:, row, :] * sums).sum(axis=1)
        return total


def _untilting(tables: Tables, filled: Sequence[int], step: int, width: int, centre: float) -> np.ndarray:
    """(J,) the factors that remove the tilt from the weights of a half, for each number of steps."""
    remainder = sum(count * (int(table.costs[0]) % step) for table, count in zip(tables.kinds, filled, strict=True))
    return tables.untilted(remainder + step * np.arange(width, dtype=np.float64), centre)


def _running_at(sums: np.ndarray, index: np.ndarray, upper: bool) -> np.ndarray:
    """The running sums at some indices; 0 for an index before the first term, the whole sum for one after the last."""
    width = sums.shape[1]
    outside = (index >= width) if upper else (index < 0)
    return np.where(outside, 0.0, sums[:, np.clip(index, 0, width - 1)])


def additions_to_fill(tables: Tables) -> int:
    """How many additions ``LatticeHalves.fill`` makes."""
    filled, rest = _halves(tables)
    _, width = _steps(tables)
    longest = max(table.costs.size for table in tables.kinds)
    total = 0
    for mine, others in ((filled, rest), (rest, filled)):
        low, high = _placeable(tables, mine, others)
        total += 2 * (high - low + 1) * width * longest * sum(mine)
    return total // 2 if filled == rest else total


def _halves(tables: Tables) -> tuple[list[int], list[int]]:
    """How many categories of each kind are in each half: half of them; kinds with an odd number alternate."""
    filled, odd = [], 0
    for table in tables.kinds:
        extra = table.multiplicity % 2 and odd % 2 == 0
        odd += table.multiplicity % 2
        filled.append(table.multiplicity // 2 + int(extra))
    return filled, [table.multiplicity - count for table, count in zip(tables.kinds, filled, strict=True)]


def _steps(tables: Tables) -> tuple[int, int]:
    """The greatest common divisor of all differences of costs, and how many lattice points are within the limit."""
    step = max(int(np.gcd.reduce(np.concatenate([np.diff(table.costs) for table in tables.kinds]))), 1)
    return step, tables.limit // step + 1


def _placeable(tables: Tables, mine: Sequence[int], others: Sequence[int]) -> tuple[int, int]:
    """The smallest and the largest number of outcomes that one half can have in an outcome within the limit."""
    here = Completion.of(list(zip(tables.kinds, mine, strict=True)))
    there = Completion.of(list(zip(tables.kinds, others, strict=True)))
    placed = here.first + np.arange(here.least.size)
    costs = here.least + there.cost(tables.problem.total - placed, tables.limit + 1)
    possible = placed[costs <= tables.limit]
    return (int(possible[0]), int(possible[-1])) if possible.size else (0, -1)


def _margin(order: Sequence[KindTable], bases: np.ndarray, low: int, high: int) -> int:
    """How far partial sums of x can be from `bases` if the last of them has to lie between `low` and `high`."""
    firsts = np.cumsum([0, *(table.first for table in order)])
    lasts = np.cumsum([0, *(table.last for table in order)])
    most = np.minimum(lasts, high - (firsts[-1] - firsts)) - bases
    least = bases - np.maximum(firsts, low - (lasts[-1] - lasts))
    return max(int(most.max()), int(least.max()), 0)


def _filled(tables: Tables, filled: Sequence[int], step: int, span: tuple[int, int], width: int) -> np.ndarray:
    """The table of one half: a convolution over its categories, one after another."""
    n_weights = tables.kinds[0].weights.shape[0]
    low, high = span
    # Rows are counted from a base that grows with each category, so that no needed row is outside the table.
    order = [table for table, count in zip(tables.kinds, filled, strict=True) for _ in range(count)]
    bases = np.cumsum([0, *(table.first + table.lowest for table in order)])
    slack = int(bases[-1])
    margin = _margin(order, bases, low, high)
    rows = 2 * margin + 1
    grid = np.zeros((n_weights, rows, width))
    grid[:, margin, 0] = 1.0
    for table in order:
        filled_grid = np.zeros_like(grid)
        steps = table.costs // step
        for index in np.flatnonzero(steps < width):
            shift, up = int(index) - table.lowest, int(steps[index])
            if abs(shift) >= rows:
                continue
            source = slice(max(0, -shift), min(rows, rows - shift))
            target = slice(max(0, shift), min(rows, rows + shift))
            filled_grid[:, target, up:] += table.weights[:, index, None, None] * grid[:, source, : width - up]
        grid = filled_grid
    start = low - slack + margin
    return np.ascontiguousarray(grid[:, start : start + high - low + 1])
