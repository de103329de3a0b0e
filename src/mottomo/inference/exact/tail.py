"""The tail probability of an outcome's statistic: which computation serves, within which budget, and its bracket."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.characteristic_function import transformed_tail
from mottomo.inference.exact.kinds import Problem
from mottomo.inference.exact.lattice import LatticeHalves, additions_to_fill
from mottomo.inference.exact.meet_in_the_middle import Halves, expected_states
from mottomo.inference.exact.states import TooManyStates
from mottomo.inference.exact.tables import Tables, make_tables
from mottomo.inference.exact.tilting import OutOfReach, log_tail_bound

TIE_BAND = 1e-9  # of null probabilities that are floats: statistics this close, relatively, count as tied
_SMALL = math.log(1e-3)  # below this a tail is summed itself, not as 1 minus the rest
_NEGLIGIBLE = 31.0  # exp(-31) = 3e-14: what a summed tail leaves out, relatively
_ADDITIONS_PER_STATE = 200.0  # additions in a dense table take about as long as one enumerated state
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True)
class Budget:
    """How much an exact computation may cost.

    states : of one half of the categories; 8 million take about 3 seconds and 700 MB. additions : in dense tables,
    3e9 a few seconds. operations : complex ones of the characteristic function, 1e9 about 2 seconds.
    """

    states: int = 8_000_000
    additions: int = 2_000_000_000
    operations: float = 2e9

    def scaled(self, factor: float) -> Budget:
        """The budget times a factor; states no further than memory (about 1 GiB) goes."""
        states = min(int(self.states * factor), 12_000_000)
        return Budget(states, int(self.additions * factor), self.operations * factor)


class BudgetExceeded(Exception):
    """No exact computation fits the budget. factor : roughly how many times the budget one would need."""

    def __init__(self, factor: float) -> None:
        super().__init__(factor)
        self.factor = factor


@dataclass(frozen=True, slots=True)
class Tail:
    """P(T >= t), with proven bounds.

    log_p, log_lower, log_upper : natural logarithms. tied : the probability of T = t (NaN where it is not computed).
    algorithm : ``meet-in-the-middle``, ``lattice`` or ``characteristic-function``.
    """

    log_p: float
    log_lower: float
    log_upper: float
    tied: float
    algorithm: str

    @property
    def p(self) -> float:
        return math.exp(self.log_p)


def statistic(problem: Problem, counts: Sequence[int], kind_of: Sequence[int]) -> float:
    """T of one outcome, in float64."""
    return math.fsum(
        float(problem.kinds[kind].costs(np.array([count]))[0]) for count, kind in zip(counts, kind_of, strict=True)
    )


def largest_statistic(problem: Problem) -> float:
    """The largest T: all n outcomes in one category, because convex costs are largest at a corner."""
    empty = [float(kind.costs(np.array([0]))[0]) for kind in problem.kinds]
    full = [float(kind.costs(np.array([problem.total]))[0]) for kind in problem.kinds]
    base = math.fsum(kind.multiplicity * cost for kind, cost in zip(problem.kinds, empty, strict=True))
    return base + max((high - low for high, low in zip(full, empty, strict=True)), default=0.0)


def tail_probability(
    problem: Problem,
    counts: Sequence[int],
    kind_of: Sequence[int],
    budget: Budget,
    *,
    relative_width: float = 1e-3,
) -> Tail:
    """P(T >= t) for the statistic t of `counts`, ties included.

    Enumeration within the budget is exact to rounding; past it the characteristic function gives a bracket of about
    `relative_width`. Raises BudgetExceeded where not even that fits.
    """
    if problem.total == 0 or problem.n_categories == 1:  # there is only one outcome
        return Tail(0.0, 0.0, 0.0, 1.0, "meet-in-the-middle")
    threshold = statistic(problem, counts, kind_of)
    log_bound = log_tail_bound(problem, threshold)
    if log_bound >= _SMALL:
        plans = [(threshold, False)]
    else:
        limit, largest = threshold, largest_statistic(problem)
        while limit < largest and log_tail_bound(problem, limit) > log_bound - _NEGLIGIBLE - 5:
            limit += 0.5 + (log_tail_bound(problem, limit) - (log_bound - _NEGLIGIBLE - 5))
        plans = [(min(limit, largest), True)]
    needed = math.inf
    for limit, upper in plans:
        try:
            return _enumerated(problem, counts, kind_of, limit, upper, budget)
        except TooManyStates as stop:
            needed = min(needed, stop.needed / budget.states)
    try:
        return _transformed(problem, threshold, log_bound, budget, relative_width)
    except OutOfReach as stop:
        raise BudgetExceeded(min(needed, stop.needed / budget.operations)) from None


def _enumerated(
    problem: Problem, counts: Sequence[int], kind_of: Sequence[int], limit: float, upper: bool, budget: Budget
) -> Tail:
    tables = make_tables(problem, limit * (1 + 1e-9) + 1e-9, TIE_BAND * max(limit, 1.0))
    cost, fingerprint = tables.cost(np.asarray(counts), np.asarray(kind_of))
    log_scale = limit / 4 if upper else 0.0
    halves, algorithm = _halves(tables, upper, log_scale, budget)
    masses = halves.masses(cost, fingerprint)
    clear, tied, unclear = (float(part[0]) for part in (masses.clear, masses.tied, masses.unclear))
    log_unit = -problem.log_normaliser - 2 * log_scale
    error = masses.relative_error
    if not upper:
        unit = math.exp(log_unit)
        clear, tied, unclear = clear * unit, tied * unit, unclear * unit
        p = min(max(1 - clear, 0.0), 1.0)
        lower = max(1 - (clear + unclear) * (1 + error), 0.0)
        return Tail(_log(p), _log(lower), _log(min(1 - clear * (1 - error), 1.0)), tied, algorithm)
    left_out = log_tail_bound(problem, limit) if limit < largest_statistic(problem) else -math.inf
    log_upper = float(np.logaddexp(_log(clear * (1 + error)) + log_unit, left_out))
    log_lower = _log((clear - unclear) * (1 - error)) + log_unit
    log_p = _log(clear) + log_unit
    return Tail(log_p, log_lower, min(log_upper, 0.0), math.exp(_log(tied) + log_unit), algorithm)


def _halves(tables: Tables, upper: bool, log_scale: float, budget: Budget) -> tuple[Halves | LatticeHalves, str]:
    """The halves in the cheaper of the two representations that fit the budget."""
    on_lattice = tables.band == 0
    additions = additions_to_fill(tables) if on_lattice else math.inf
    try:
        if additions < min(_ADDITIONS_PER_STATE * expected_states(tables), budget.additions):
            raise TooManyStates(0)
        return Halves.enumerate(tables, budget.states, upper=upper, log_scale=log_scale), "meet-in-the-middle"
    except TooManyStates:
        if additions > budget.additions:
            raise
        return LatticeHalves.fill(tables, upper=upper, log_scale=log_scale), "lattice"


def _transformed(problem: Problem, threshold: float, log_guess: float, budget: Budget, relative_width: float) -> Tail:
    if not problem.exact_ties:
        threshold -= TIE_BAND * max(threshold, 1.0)
    bracket = transformed_tail(
        problem, threshold, log_guess, relative_width=relative_width, most_operations=budget.operations
    )
    return Tail(bracket.log_p, bracket.log_lower, bracket.log_upper, math.nan, "characteristic-function")


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
