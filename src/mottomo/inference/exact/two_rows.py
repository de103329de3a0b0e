"""Two tallies given their margins: the same exact computations with hypergeometric instead of multinomial weights.

Given both totals r_1, r_2 and the total c_j of each category, the counts x_j of the first tally are independent
Binomial(c_j, r_1 / n) given their sum r_1. Every test statistic of the table is a sum over the two cells of each
category, and that is convex in x_j.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from mottomo.inference.exact.kinds import PEARSON_PRIME, Kind, Problem
from mottomo.inference.statistics import Statistic
from mottomo.numerics.poisson import log_poisson

_LONGEST_SIEVE = 1_000_000  # for larger columns ties are decided within a band


@dataclass(frozen=True, eq=False)
class TwoRowKind(Kind):
    """Categories that were seen the same number of times in both tallies together, x of them in the first.

    Attributes
    ----------
    multiplicity : how many categories there are.
    rate : e_1, the expected count in the first tally.
    total : n of both tallies.
    column : c, how often each category was seen in both.
    rows : r_1 and r_2.
    """

    column: int = 0
    rows: tuple[int, int] = (0, 0)

    @property
    def largest(self) -> int:
        """The most outcomes of the first tally in the category: at most its column, at most its row."""
        return min(self.column, self.rows[0])

    @property
    def _other(self) -> Fraction:
        return self.column - self.rate

    def costs(self, x: np.ndarray) -> np.ndarray:
        """What both cells of the category add to the statistic, float64, at least 0."""
        found = self._both_cells(x)
        return found if self.statistic.is_least_at_expected else np.maximum(found - self._least, 0.0)

    def _both_cells(self, x: np.ndarray) -> np.ndarray:
        costs = self.statistic.costs
        return costs(np.asarray(x), self.rate) + costs(self.column - np.asarray(x), self._other)

    def log_weights(self, x: np.ndarray) -> np.ndarray:
        """log Binomial(x; c, r_1 / n), (1, L): there is no alternative."""
        return self._log_binomial(x).reshape(1, -1)

    def _log_binomial(self, x: np.ndarray) -> np.ndarray:
        """log Binomial(x; c, r_1/n) = log [Poisson(x; e_1) Poisson(c - x; e_2) / Poisson(c; c)]."""
        whole = float(log_poisson(np.array([self.column]), Fraction(self.column))[0])
        return log_poisson(x, self.rate) + log_poisson(self.column - np.asarray(x), self._other) - whole

    @cached_property
    def _least(self) -> float:
        mode = (self.column + 1) * self.rows[0] // (self.total + 2)
        near = np.clip(np.arange(mode - 2, mode + 3), 0, self.column)
        return float(np.min(self._both_cells(near)))

    def fingerprints(self, first: int, last: int) -> np.ndarray:
        """The fingerprints of the costs of both cells, up to constants that all tables with these margins share."""
        x = np.arange(first, last + 1, dtype=np.int64)
        if self.column > _LONGEST_SIEVE:
            return np.zeros(x.size, dtype=np.uint64)
        if self.units is not None:
            return np.array([cost % PEARSON_PRIME for cost in self.unit_costs(x)], dtype=np.uint64)
        prints = self.statistic.prints(0, self.column)
        return np.zeros(x.size, dtype=np.uint64) if prints is None else prints[x] + prints[self.column - x]


def two_row_problem(first: Sequence[int], second: Sequence[int], statistic: Statistic) -> tuple[Problem, list[int]]:
    """The problem for two rows of counts without an empty column, and for each column the index of its kind."""
    rows = (sum(first), sum(second))
    n = sum(rows)
    columns = [a + b for a, b in zip(first, second, strict=True)]
    distinct = sorted(set(columns))
    common = math.lcm(*distinct)
    kinds = []
    for column in distinct:
        shared = math.gcd(n, rows[0] * column)
        units = (n // shared, rows[0] * column // shared, common // column * shared * shared)
        kinds.append(
            TwoRowKind(
                statistic,
                columns.count(column),
                Fraction(rows[0] * column, n),
                n,
                units=units if statistic.has_integer_costs else None,
                column=column,
                rows=rows,
            )
        )
    unit = Fraction(1, common * rows[0] * rows[1]) if statistic.has_integer_costs else None
    share = Fraction(rows[0], n)
    normaliser = TwoRowKind(statistic, 1, share * n, n, column=n, rows=rows)
    log_normaliser = float(normaliser.log_weights(np.array([rows[0]]))[0, 0])
    decides = statistic.has_integer_costs or statistic.prints(0, 0) is not None
    exact_ties = decides and max(distinct) <= _LONGEST_SIEVE
    problem = Problem(tuple(kinds), rows[0], exact_ties, unit if exact_ties else None, log_normaliser)
    return problem, [distinct.index(column) for column in columns]
