"""Tests of many tallies against one null in one call: exact p-values, adjusted for their number.

Groups with equal n share one distribution of the test statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.exact.kinds import Problem, multinomial_problem
from mottomo.inference.exact.one_free_count import two_category_tail
from mottomo.inference.exact.states import States, enumerate_states
from mottomo.inference.exact.tables import TooManyStates, make_tables
from mottomo.inference.exact.tail import (
    Budget,
    BudgetExceeded,
    Tail,
    largest_statistic,
    statistic_at,
    tail_probability,
)
from mottomo.inference.methods import Asymptotic, Auto, Exact, Method, MonteCarlo
from mottomo.inference.monte_carlo import MOST_SIMULATED, simulated_statistics
from mottomo.inference.nulls import LARGE_EXPECTED, budget_error, exact_probabilities
from mottomo.inference.residuals import (
    SMALLEST,
    benjamini_hochberg,
    holm,
    log10_benjamini_hochberg,
    log10_holm,
    log10_of,
)
from mottomo.inference.statistics import TIE_BAND, Statistic
from mottomo.likelihoods import deviance, pearson_statistic
from mottomo.messages import say, verbatim
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.probabilities import Probabilities
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally, TallyRemark

_MOST_STATES = 1_500_000  # of the distribution for one n
_MOST_SINGLE = 2_000  # distinct tallies that are tested one by one because their distributions are too large
_SINGLE_BUDGET = Budget(states=300_000, additions=100_000_000, operations=1e8)
_MOST_SIMULATIONS = 200  # distinct n that are simulated
_ROUNDING = 1e-13

GroupVerdict = Literal["groups-rejected", "groups-not-rejected", "groups-cannot-tell"]
GroupRemark = Literal[
    TallyRemark,
    "normalised",
    "groups-impossible",
    "float-null",
    "groups-exact",
    "groups-monte-carlo",
    "groups-asymptotic",
    "groups-bounded",
]
_VERDICTS: dict[str, GroupVerdict] = {
    "rejected": "groups-rejected",
    "not-rejected": "groups-not-rejected",
    "cannot-tell": "groups-cannot-tell",
}
_METHOD_REMARKS: dict[str, GroupRemark] = {
    "asymptotic": "groups-asymptotic",
    "exact": "groups-exact",
    "monte-carlo": "groups-monte-carlo",
}


@dataclass(frozen=True, eq=False)
class GroupTests(ResultWithRows):
    """Every group of a tally compared with one null.

    Attributes
    ----------
    tally : with a row of counts for each of G groups.
    null : the probabilities that every group is compared with.
    statistic : the test statistic.
    deviance : (G,) float64, from the null.
    pearson : (G,) float64, Pearson's statistic.
    degrees_of_freedom : the number of categories that the null calls possible, minus 1.
    p_values : (G,) p-values of `statistic`. If only a bracket of p is proven it is the upper end, so that the evidence
        of a group is never overstated.
    log10_p_values : (G,) log10 of `p_values`, also of those too small for floats.
    bounded : (G,) bool, whether the p-value is the upper end of a bracket.
    methods : (G,) names: ``exact``, ``monte-carlo`` or ``asymptotic``.
    benjamini_hochberg : (G,) adjusted p-values.
    holm : (G,) adjusted p-values.
    significance : the significance level of the verdict.
    draws : of simulations; None if there were none.
    seed : of simulations; None if there were none.
    """

    tally: Tally
    null: Probabilities
    statistic: Statistic
    deviance: np.ndarray
    pearson: np.ndarray
    degrees_of_freedom: int
    p_values: np.ndarray
    log10_p_values: np.ndarray
    bounded: np.ndarray
    methods: np.ndarray
    benjamini_hochberg: np.ndarray
    holm: np.ndarray
    significance: float
    draws: int | None = None
    seed: int | None = None

    @property
    def ordering(self) -> str:
        """The name of the test statistic."""
        return self.statistic.name

    @property
    def smallest_p_first(self) -> np.ndarray:
        """(G,) positions of the groups, sorted by evidence: smallest p-value first, then largest deviance."""
        return np.lexsort((-self.deviance, self.log10_p_values))

    @property
    def log10_benjamini_hochberg(self) -> np.ndarray:
        """(G,) log10 of Benjamini and Hochberg's p-values, also of those too small for floats."""
        return log10_benjamini_hochberg(self.log10_p_values)

    @property
    def log10_holm(self) -> np.ndarray:
        """(G,) log10 of Holm's p-values, also of those too small for floats."""
        return log10_holm(self.log10_p_values)

    @property
    def method(self) -> str:
        """The names of the methods used, joined by ``+`` if there are several."""
        return "+".join(sorted(set(self.methods.tolist()))) or "exact"

    @property
    def n_flagged(self) -> int:
        """Groups that remain after Holm's correction; the chance of any false one is at most `significance`."""
        return int((self.holm <= self.significance).sum())

    @property
    def n_discoveries(self) -> int:
        """Groups that remain after Benjamini and Hochberg's correction.

        The expected share of false ones among them is at most `significance`.
        """
        return int((self.benjamini_hochberg <= self.significance).sum())

    @property
    def n_unadjusted(self) -> int:
        """Groups with p <= significance before any correction for testing many."""
        return int((self.p_values <= self.significance).sum())

    @property
    def expected_by_chance(self) -> float:
        """If the null held for all groups, at most this many would on average have p <= significance."""
        return self.significance * self.p_values.size

    @property
    def decision(self) -> str:
        """``rejected`` if any group remains after Holm's correction; ``cannot-tell`` if nothing was observed."""
        if self.tally.total_observations == 0:
            return "cannot-tell"
        return "rejected" if self.n_flagged else "not-rejected"

    def to_dict(self) -> dict[str, Any]:
        """The result for JSON; ``groups`` come by evidence, the strongest first."""
        shared = self.tally.counts_dict()
        groups = shared.pop("groups")
        columns = zip(
            self.deviance.tolist(),
            self.pearson.tolist(),
            self.p_values.tolist(),
            self.benjamini_hochberg.tolist(),
            self.holm.tolist(),
            self.methods.tolist(),
            self.log10_p_values.tolist(),
            self.log10_benjamini_hochberg.tolist(),
            self.log10_holm.tolist(),
            self.bounded.tolist(),
            strict=True,
        )
        names = (
            "deviance",
            "pearson",
            "p_value",
            "benjamini_hochberg",
            "holm",
            "method",
            "log10_p_value",
            "log10_benjamini_hochberg",
            "log10_holm",
            "bounded",
        )
        found = (dict(zip(names, values, strict=True)) for values in columns)
        rows = [{**group, **values} for group, values in zip(groups, found, strict=True)]
        return {
            **shared,
            "null_probabilities": self.null.values.tolist(),
            "degrees_of_freedom": self.degrees_of_freedom,
            "method": self.method,
            "ordering": self.ordering,
            "draws": self.draws,
            "seed": self.seed,
            "significance": self.significance,
            "decision": self.decision,
            "n_groups": len(rows),
            "n_unadjusted": self.n_unadjusted,
            "expected_by_chance": self.expected_by_chance,
            "n_benjamini_hochberg": self.n_discoveries,
            "n_holm": self.n_flagged,
            "groups": [rows[index] for index in self.smallest_p_first.tolist()],
        }

    @property
    def n_impossible(self) -> int:
        """Groups with an outcome that has the null probability 0."""
        return int(np.isneginf(self.log10_p_values).sum())

    def n_by(self, method: str) -> int:
        """How many groups have a p-value by this method; groups with only an upper bound do not count."""
        return int(((self.methods == method) & ~self.bounded).sum())

    @property
    def verdict(self) -> GroupVerdict:
        """The code of whether any group departs from the null."""
        return _VERDICTS[self.decision]

    @property
    def remarks(self) -> tuple[GroupRemark, ...]:
        """The codes of how p-values were computed; several where groups were tested in several ways."""
        found: list[GroupRemark] = [*self.tally.remarks]
        if self.null.normalised:
            found.append("normalised")
        if self.n_impossible:
            found.append("groups-impossible")
        if self.null.exact is None and "exact" in self.methods:
            found.append("float-null")
        found += [remark for method, remark in _METHOD_REMARKS.items() if self.n_by(method)]
        if self.bounded.any():
            found.append("groups-bounded")
        return tuple(found)


def group_tests(
    tally: Tally, null: Probabilities, statistic: Statistic, method: Method, significance: float
) -> GroupTests:
    """Test every group; groups with equal n share one distribution, groups with equal counts one p-value."""
    exact, is_exact = exact_probabilities(null)
    possible = np.array([p > 0 for p in exact])
    counts = tally.counts
    if counts.dtype != np.int64:
        raise InvalidInput(
            "groups-too-large",
            say("groups of so many observations are not tested together"),
            say("counts"),
            say("totals below 2**63"),
            verbatim(str(max(int(n) for n in tally.n_observations))),
            say("test the group by itself"),
        )
    refuted = (counts[:, ~possible] > 0).any(axis=1)
    inner, shares = counts[:, possible], [p for p in exact if p > 0]
    rows, position = _distinct_rows(inner)
    totals = rows.sum(axis=1)
    p_values, methods = np.ones(len(rows)), np.full(len(rows), "exact", dtype="U11")
    logarithms, bounded = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
    chosen = _GroupMethod(shares, is_exact, statistic, method)
    for n in np.unique(totals).tolist():
        which = np.flatnonzero(totals == n)
        known, methods[which] = chosen.p_values(rows[which], n)
        p_values[which], logarithms[which], bounded[which] = known.values, known.logarithms, known.bounded
    claimed = null.values if null.exact is None else list(null.exact)
    p_values = np.where(p_values > 1 - _ROUNDING, 1.0, p_values)
    found = np.where(refuted, 0.0, p_values[position])
    logarithms = np.where(p_values == 1.0, 0.0, logarithms)[position]
    simulated = bool((methods == "monte-carlo").any())
    return GroupTests(
        tally,
        null,
        statistic,
        np.asarray(deviance(counts, claimed), dtype=np.float64),
        np.asarray(pearson_statistic(counts, claimed), dtype=np.float64),
        len(shares) - 1,
        found,
        np.where(refuted, -np.inf, logarithms),
        bounded[position] & ~refuted,
        np.where(refuted, "exact", methods[position]),
        benjamini_hochberg(found),
        holm(found),
        significance,
        chosen.simulation.draws if simulated else None,
        chosen.simulation.seed if simulated else None,
    )


def _distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows, and for each row the position of its distinct row."""
    packed = np.ascontiguousarray(rows).view([("", rows.dtype)] * rows.shape[1]).ravel()
    _, first, position = np.unique(packed, return_index=True, return_inverse=True)
    return rows[first], position.ravel()


@dataclass(frozen=True, eq=False)
class _Known:
    """p-values of several tallies.

    values : (N,) float64.
    logarithms : (N,) float64, log10.
    bounded : (N,) bool, whether the p-value is only the upper end of a bracket.
    """

    values: np.ndarray
    logarithms: np.ndarray
    bounded: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> _Known:
        return cls(values, log10_of(values), np.zeros(values.size, dtype=bool))

    def put(self, which: np.ndarray, others: _Known) -> None:
        """Replace those at the positions `which` by others."""
        self.values[which], self.logarithms[which] = others.values, others.logarithms
        self.bounded[which] = others.bounded


class _GroupMethod:
    """Computes the p-values of groups with one n, by the method asked for or, for Auto(), by an affordable one."""

    def __init__(self, null: list[Fraction], is_exact: bool, statistic: Statistic, method: Method) -> None:
        self.null, self.is_exact, self.statistic, self.method = null, is_exact, statistic, method
        self.simulation = method if isinstance(method, MonteCarlo) else getattr(method, "simulation", MonteCarlo())
        self._n_single = self._n_simulated = 0

    def p_values(self, rows: np.ndarray, n: int) -> tuple[_Known, str]:
        """The p-values of distinct rows of one n, and the name of the method that gave them."""
        if n == 0 or len(self.null) == 1:
            return _Known.of(np.ones(len(rows))), "exact"
        problem, kind_of = multinomial_problem(self.null, n, self.statistic, exact=self.is_exact)
        if isinstance(self.method, Auto | Exact):
            found = self._exact(problem, kind_of, rows)
            if found is not None:
                return found, "exact"
        if isinstance(self.method, Asymptotic) or (isinstance(self.method, Auto) and self._is_large(n)):
            return self._asymptotic(rows), "asymptotic"
        self._n_simulated += 1
        return _Known.of(self._simulated(problem, kind_of, rows)), "monte-carlo"

    def _is_large(self, n: int) -> bool:
        return n * min(self.null) >= LARGE_EXPECTED or self._n_simulated >= _MOST_SIMULATIONS or n >= MOST_SIMULATED

    def _exact(self, problem: Problem, kind_of: list[int], rows: np.ndarray) -> _Known | None:
        try:
            known = _Known.of(_from_distribution(problem, kind_of, rows))
        except TooManyStates:
            return self._one_by_one(problem, kind_of, rows)
        tiny = np.flatnonzero(known.values < SMALLEST)  # sums of weights that underflow
        if tiny.size and self._n_single + tiny.size <= _MOST_SINGLE:
            alone = self._one_by_one(problem, kind_of, rows[tiny])
            if alone is not None:
                known.put(tiny, alone)
                return known
        known.put(tiny, _Known(np.full(tiny.size, SMALLEST), np.log10(np.full(tiny.size, SMALLEST)), tiny >= 0))
        return known

    def _one_by_one(self, problem: Problem, kind_of: list[int], rows: np.ndarray) -> _Known | None:
        """The p-value of each tally by a separate computation; None if that exceeds the budget."""
        if isinstance(self.method, Exact):
            budget = Budget().scaled(self.method.budget)
        elif self._n_single + len(rows) > _MOST_SINGLE:
            return None
        else:
            budget = _SINGLE_BUDGET
        self._n_single += len(rows)
        try:
            tails = [self._tail(problem, kind_of, row, budget) for row in rows.tolist()]
        except BudgetExceeded as stop:
            if isinstance(self.method, Exact):
                raise budget_error(stop.factor * self.method.budget) from None
            return None
        logarithms = np.array([tail.log_guaranteed for tail in tails]) / np.log(10)
        bounded = np.array([tail.is_bracket for tail in tails])
        return _Known(np.array([tail.guaranteed for tail in tails]), logarithms, bounded)

    def _tail(self, problem: Problem, kind_of: list[int], row: list[int], budget: Budget) -> Tail:
        if len(self.null) > 2:
            return tail_probability(problem, row, kind_of, budget)
        threshold = statistic_at(problem, row, kind_of)
        return two_category_tail(row, self.null, self.statistic, is_exact=self.is_exact, threshold=threshold)

    def _asymptotic(self, rows: np.ndarray) -> _Known:
        statistics = np.asarray(self.statistic.asymptotic(rows, self.null), dtype=np.float64)
        known = _Known.of(chi_square_tail(statistics, len(self.null) - 1))
        for index in np.flatnonzero(known.values < SMALLEST).tolist():
            known.logarithms[index] = log10_chi_square_tail(float(statistics[index]), len(self.null) - 1)
        return known

    def _simulated(self, problem: Problem, kind_of: list[int], rows: np.ndarray) -> np.ndarray:
        simulated = np.sort(simulated_statistics(problem, self.null, self.simulation))
        own = np.zeros(len(rows))
        for column, kind in enumerate(kind_of):
            own += problem.kinds[kind].costs(rows[:, column])
        below = np.searchsorted(simulated, own - TIE_BAND * np.maximum(own, 1.0), side="left")
        return (1 + self.simulation.draws - below) / (1 + self.simulation.draws)


def _from_distribution(problem: Problem, kind_of: list[int], rows: np.ndarray) -> np.ndarray:
    """p-values of many tallies of one n from the whole distribution of T. Raises TooManyStates."""
    limit = largest_statistic(problem)
    tables = make_tables(problem, limit, TIE_BAND * max(limit, 1.0))
    states = enumerate_states(tables, [kind.multiplicity for kind in problem.kinds], _MOST_STATES)
    costs, above = _tails(states)
    own = np.zeros(len(rows), dtype=np.int64)
    for column, kind in enumerate(kind_of):
        table = tables.kinds[kind]
        own += table.costs[rows[:, column] - table.first]
    at = np.searchsorted(costs, own - tables.band, side="left")
    return np.minimum(above[np.minimum(at, above.size - 1)] * np.exp(-problem.log_normaliser), 1.0)


def _tails(states: States) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(states.costs)
    return states.costs[order], np.cumsum(states.weights[0, order][::-1])[::-1]
