"""The tail probability of an outcome's test statistic, by the computation that fits the budget, with a bracket."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.characteristic_function import transformed_tail
from mottomo.inference.exact.kinds import Problem, whole_array
from mottomo.inference.exact.lattice import LatticeHalves, additions_to_fill
from mottomo.inference.exact.meet_in_the_middle import Halves, expected_states
from mottomo.inference.exact.tables import Tables, TooManyStates, make_tables
from mottomo.inference.exact.tilting import OutOfReach, Tilt, chernoff, log_tail_bound, useful_tilt
from mottomo.inference.statistics import TIE_BAND

_SMALL = math.log(1e-3)  # a tail below this is summed directly, not computed as 1 minus the rest
_NEGLIGIBLE = 36.0  # a summed tail leaves out exp(-36) = 2e-16 of its bound
_ADDITIONS_PER_STATE = 200.0  # so many additions in a dense table take as long as one enumerated state
_MOST_TILTED = 1300.0  # the largest tau t; each half has a weight of exp(tau t / 2), which has to be a float
_MOST_GROWTH, _GROWTH = 30, 1.2
_BOUND_SAYS_ENOUGH = math.log(1e-9)
_DEEPEST_TRANSFORM = 800.0
_LARGEST_STATISTIC = 1e140  # squares of costs must not overflow
_EPS = 2.0**-52
_ROUNDING = 1e-9  # a bracket of this relative width or less counts as a single number


@dataclass(frozen=True, slots=True)
class Budget:
    """How much an exact computation may cost.

    Attributes
    ----------
    states : of one half of the categories; 8 million take about 3 seconds and 700 MB.
    additions : in dense tables; 3e9 take a few seconds.
    operations : on complex numbers, for the characteristic function; 1e9 take about 2 seconds.
    """

    states: int = 8_000_000
    additions: int = 2_000_000_000
    operations: float = 2e9

    def scaled(self, factor: float) -> Budget:
        """The budget times a factor; states are limited to 12 million, about 1 GiB of memory."""
        states = min(int(self.states * factor), 12_000_000)
        return Budget(states, int(self.additions * factor), self.operations * factor)


class BudgetExceeded(Exception):
    """No exact computation fits the budget; one would need about `factor` times as much."""

    def __init__(self, factor: float) -> None:
        super().__init__(factor)
        self.factor = factor


@dataclass(frozen=True, slots=True)
class Tail:
    """P(T >= t), with proven bounds.

    Attributes
    ----------
    log_p : natural logarithm of the probability.
    log_lower : natural logarithm of its lower bound.
    log_upper : natural logarithm of its upper bound.
    tied : the probability of T = t; NaN if it is not computed.
    algorithm : ``tails-in-logarithms``, ``meet-in-the-middle``, ``columns``, ``lattice``, ``characteristic-function``
        or, for tiny tails that none of these can compute, ``chernoff-bound``: then p is an upper bound.
    """

    log_p: float
    log_lower: float
    log_upper: float
    tied: float
    algorithm: str

    @property
    def p(self) -> float:
        """P(T >= t); 0 where it is too small for a float."""
        return _exp(self.log_p)

    @property
    def guaranteed(self) -> float:
        """p, or its upper bound if the bracket is wider than rounding: for use as a single number."""
        return _exp(self.log_guaranteed)

    @property
    def log_guaranteed(self) -> float:
        """The natural logarithm of ``guaranteed``, also if that underflows."""
        return self.log_upper if self.is_bracket else self.log_p

    @property
    def is_bracket(self) -> bool:
        """Whether the bracket is wider than the rounding error, of p itself or of a large logarithm."""
        return self.log_upper - self.log_lower > _ROUNDING + 16 * _EPS * abs(self.log_p)


def statistic_at(problem: Problem, counts: Sequence[int], kind_of: Sequence[int]) -> float:
    """T of one outcome, in float64."""
    return math.fsum(
        float(problem.kinds[kind].costs(whole_array([count]))[0]) for count, kind in zip(counts, kind_of, strict=True)
    )


def largest_statistic(problem: Problem) -> float:
    """The largest T, or an upper bound of it.

    A sum of convex costs is largest at a corner, such as all n outcomes in one category.
    """
    if any(kind.largest < problem.total for kind in problem.kinds):
        ends = [kind.costs(whole_array([0, kind.largest])) for kind in problem.kinds]
        return math.fsum(kind.multiplicity * float(cost.max()) for kind, cost in zip(problem.kinds, ends, strict=True))
    empty = [float(kind.costs(np.array([0]))[0]) for kind in problem.kinds]
    full = [float(kind.costs(whole_array([problem.total]))[0]) for kind in problem.kinds]
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
    """P(T >= t), ties included, for the test statistic t of `counts`.

    If enumeration fits the budget, the result is exact up to rounding; if not, the characteristic function gives a
    bracket of about `relative_width`. Raises BudgetExceeded if that does not fit the budget either.

    kind_of : for each count, the index of its kind in `problem`.
    """
    if problem.total == 0 or problem.n_categories == 1:  # there is only one outcome
        return Tail(0.0, 0.0, 0.0, 1.0, "meet-in-the-middle")
    threshold = statistic_at(problem, counts, kind_of)
    if not largest_statistic(problem) < _LARGEST_STATISTIC:
        raise BudgetExceeded(math.inf)
    needed, log_bound = math.inf, 0.0
    try:
        log_bound, tilt = chernoff(problem, threshold)
        try:
            if log_bound >= _SMALL:
                tail = _one_minus_below(problem, counts, kind_of, threshold, budget)
                if tail.log_p >= _SMALL:
                    return tail
            tilt = useful_tilt(problem, threshold, log_bound, tilt)
            return _summed(problem, counts, kind_of, threshold, log_bound, tilt, budget)
        except TooManyStates as stop:
            needed = stop.needed / budget.states
        return _transformed(problem, threshold, log_bound, budget, relative_width)
    except OutOfReach as stop:
        if log_bound < _BOUND_SAYS_ENOUGH:
            return _bounded(problem, counts, kind_of, log_bound)
        raise BudgetExceeded(min(needed, stop.needed / budget.operations)) from None


def limit_of(problem: Problem, start: float, log_wanted: float, largest: float) -> tuple[float, float]:
    """A limit with P(T >= limit) <= exp(log_wanted), or the largest T; and a bound of the logarithm of that tail."""
    limit = start
    for _ in range(_MOST_GROWTH):
        if limit >= largest:
            return largest, -math.inf
        bound = log_tail_bound(problem, limit)
        if bound <= log_wanted:
            return limit, bound
        limit = max(limit + 0.5 + bound - log_wanted, _GROWTH * limit)
    raise OutOfReach(math.inf)


def _one_minus_below(
    problem: Problem, counts: Sequence[int], kind_of: Sequence[int], threshold: float, budget: Budget
) -> Tail:
    """The tail as 1 minus what is below the threshold: few states, and no loss of digits unless the tail is small."""
    tables = make_tables(problem, threshold * (1 + 1e-9) + 1e-9, TIE_BAND * max(threshold, 1.0))
    cost, fingerprint = tables.cost(np.asarray(counts), np.asarray(kind_of))
    halves, algorithm = representation(tables, budget)
    masses, unit = halves.masses(cost, fingerprint), math.exp(-problem.log_normaliser)
    clear, tied, unclear = (float(part[0]) * unit for part in (masses.clear, masses.tied, masses.unclear))
    p = min(max(1 - clear, 0.0), 1.0)
    lower = max(1 - (clear + unclear) * (1 + masses.relative_error), 0.0)
    upper = min(1 - clear * (1 - masses.relative_error), 1.0)
    return Tail(_log(p), _log(lower), _log(upper), tied, algorithm)


def _summed(
    problem: Problem,
    counts: Sequence[int],
    kind_of: Sequence[int],
    threshold: float,
    log_bound: float,
    tilt: Tilt,
    budget: Budget,
) -> Tail:
    """The tail summed from the threshold up to where the rest is negligible, so that a small tail keeps its digits."""
    if not 0 < tilt.tau * threshold < _MOST_TILTED:
        raise TooManyStates(budget.states)
    largest = largest_statistic(problem)
    limit, left_out = limit_of(problem, threshold, log_bound - _NEGLIGIBLE, largest)
    tables = make_tables(problem, limit * (1 + 1e-9) + 1e-9, TIE_BAND * max(limit, 1.0), tilt)
    cost, fingerprint = tables.cost(np.asarray(counts), np.asarray(kind_of))
    halves, algorithm = representation(tables, budget, upper=True, centre=threshold / 2)
    masses = halves.masses(cost, fingerprint)
    clear, tied, unclear = (float(part[0]) for part in (masses.clear, masses.tied, masses.unclear))
    log_unit = tilt.exponent - problem.log_normaliser
    error = masses.relative_error + 16 * _EPS * (tilt.magnitude(problem.total) + abs(problem.log_normaliser))
    log_upper = float(np.logaddexp(_log(clear * (1 + error)) + log_unit, left_out))
    log_lower = _log((clear - unclear) * (1 - error)) + log_unit
    log_p = min(_log(clear) + log_unit, 0.0)
    return Tail(log_p, log_lower, min(log_upper, 0.0), _exp(_log(tied) + log_unit), algorithm)


def representation(
    tables: Tables, budget: Budget, *, upper: bool = False, centre: float = 0.0
) -> tuple[Halves | LatticeHalves, str]:
    """The halves in the cheaper representation among those that fit the budget, and its name.

    `upper` and `centre` are as in ``Halves.enumerate``. Raises TooManyStates if neither fits.
    """
    on_lattice = tables.band == 0
    additions = additions_to_fill(tables) if on_lattice else math.inf
    try:
        if additions < min(_ADDITIONS_PER_STATE * expected_states(tables), budget.additions):
            raise TooManyStates(0)
        return Halves.enumerate(tables, budget.states, upper=upper, centre=centre), "meet-in-the-middle"
    except TooManyStates:
        if additions > budget.additions:
            raise
        return LatticeHalves.fill(tables, upper=upper, centre=centre), "lattice"


def _bounded(problem: Problem, counts: Sequence[int], kind_of: Sequence[int], log_bound: float) -> Tail:
    """Bounds of a tail that is too small to matter: Chernoff's above, the probability of the outcome itself below."""
    own = math.fsum(
        float(problem.kinds[kind].log_weights(whole_array([count]))[0, 0])
        for count, kind in zip(counts, kind_of, strict=True)
    )
    lower = own - problem.log_normaliser
    return Tail(log_bound, min(lower - 1e-9 * abs(lower), log_bound), log_bound, math.nan, "chernoff-bound")


def _transformed(problem: Problem, threshold: float, log_guess: float, budget: Budget, relative_width: float) -> Tail:
    if -log_guess > _DEEPEST_TRANSFORM:
        raise OutOfReach(math.inf)
    if not problem.exact_ties:
        threshold -= TIE_BAND * max(threshold, 1.0)
    bracket = transformed_tail(
        problem, threshold, log_guess, relative_width=relative_width, most_operations=budget.operations
    )
    return Tail(bracket.log_p, bracket.log_lower, bracket.log_upper, math.nan, "characteristic-function")


def _exp(log: float) -> float:
    return math.exp(log) if log > -745 else 0.0


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
