"""The critical region of an exact test and its probability: the size under the null, the power elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.kinds import Problem
from mottomo.inference.exact.lattice import LatticeHalves
from mottomo.inference.exact.meet_in_the_middle import Halves
from mottomo.inference.exact.tables import TooManyStates, make_tables
from mottomo.inference.exact.tail import Budget, BudgetExceeded, largest_statistic, limit_of, representation
from mottomo.inference.exact.tilting import OutOfReach
from mottomo.inference.statistics import TIE_BAND

_EQUAL = 1e-9  # a p-value within this relative distance counts as equal to the significance, and is rejected


@dataclass(frozen=True, slots=True)
class CriticalRegion:
    """The outcomes whose exact p-value is at most the significance.

    Attributes
    ----------
    threshold : lies between the largest test statistic outside and the smallest inside; infinite if the region is
        empty.
    size : its probability under the null, at most the significance.
    power : its probability under the alternative; without one, the size again.
    """

    threshold: float
    size: float
    power: float


def critical_region(problem: Problem, significance: float, budget: Budget) -> CriticalRegion:
    """The region where the exact p-value is at most `significance`.

    Raises BudgetExceeded if the halves of the outcomes do not fit the budget.
    """
    largest = largest_statistic(problem)
    try:
        limit, _ = limit_of(problem, problem.n_categories - 1.0, math.log(significance), largest)
    except OutOfReach as stop:
        raise BudgetExceeded(stop.needed / budget.operations) from None
    try:
        tables = make_tables(problem, limit * (1 + 1e-9) + 1e-9, TIE_BAND * max(limit, 1.0))
        halves, _ = representation(tables, budget)
    except TooManyStates as stop:
        raise BudgetExceeded(stop.needed / budget.states) from None
    unit = math.exp(-problem.log_normaliser)

    def above(cost: int) -> np.ndarray:
        return 1 - halves.beside(cost) * unit

    most = significance * (1 + _EQUAL) + halves.relative_error  # the second term is the error of `above`
    low, high = 0, tables.limit + 1  # the cut is above `low`, where the tail is 1, and at most `high`
    while high - low > 1:
        middle = (low + high) // 2
        if float(above(middle)[0]) <= most:
            high = middle
        else:
            low = middle
    cost = _past_ties(halves, high, tables.band)
    if cost > tables.limit and limit >= largest:
        return CriticalRegion(math.inf, 0.0, 0.0)
    found = np.clip(above(cost), 0.0, 1.0)
    return CriticalRegion(cost / tables.scale, float(found[0]), float(found[-1]))


def _past_ties(halves: Halves | LatticeHalves, cost: int, band: int) -> int:
    """The smallest cost from `cost` on that does not separate tied outcomes, of which all or none are rejected."""
    while band:
        below = halves.beside(cost)[0] - halves.beside(cost - band)[0]
        above = halves.beside(cost + band + 1)[0] - halves.beside(cost)[0]
        if below <= 0 or above <= 0:
            break
        cost += band + 1
    return cost
