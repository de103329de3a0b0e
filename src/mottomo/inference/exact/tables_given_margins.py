"""Tables of several rows given their margins (Fisher, Freeman, Halton): exact by columns, or simulated.

P(table) = prod_i r_i! prod_j c_j! / (n! prod_ij x_ij!). The columns are filled one after another. A state is how much
of each row is left, with the statistic so far. Equal states are merged; fingerprints decide whether statistics are
equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from mottomo.inference.exact.kinds import PEARSON_PRIME
from mottomo.inference.exact.tables import TooManyStates
from mottomo.inference.exact.tail import Tail
from mottomo.inference.statistics import Statistic
from mottomo.numerics.compositions import compositions

_TIE = 1e-9


@dataclass(frozen=True, eq=False)
class _Cells:
    """What x outcomes in row i and column j add to the statistic.

    statistic : the test statistic.
    rows : the margins r_i.
    columns : the margins c_j.
    """

    statistic: Statistic
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def costs(self, x: np.ndarray, row: int, column: int) -> np.ndarray:
        """The costs of the counts x (L,) in a cell, (L,) float64."""
        return self.statistic.costs(x, Fraction(self.rows[row] * self.columns[column], sum(self.rows)))

    def fingerprints(self, x: np.ndarray, row: int, column: int) -> np.ndarray:
        """The fingerprints of these costs, uint64, up to constants that all tables with these margins share.

        Zeros if ties are decided within a band.
        """
        if self.statistic.has_integer_costs:  # x^2 / (r c), over the common denominator
            common = math.lcm(*self.rows) * math.lcm(*self.columns)
            factor = common // (self.rows[row] * self.columns[column])
            return np.array([value * value * factor % PEARSON_PRIME for value in x.tolist()], dtype=np.uint64)
        prints = self.statistic.prints(0, int(x.max(initial=0)))
        return np.zeros(x.size, dtype=np.uint64) if prints is None else prints[x]

    @property
    def decides_ties(self) -> bool:
        """Whether fingerprints are equal if and only if statistics are."""
        return self.statistic.has_integer_costs or self.statistic.prints(0, 0) is not None


def _log_factorials(largest: int) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, largest + 1)))])


def statistic_of(table: np.ndarray, statistic: Statistic) -> tuple[float, int]:
    """The test statistic and the fingerprint of one table."""
    rows, columns = tuple(table.sum(axis=1).tolist()), tuple(table.sum(axis=0).tolist())
    cells = _Cells(statistic, rows, columns)
    total, fingerprint = 0.0, 0
    for row in range(len(rows)):
        for column in range(len(columns)):
            x = table[row, column : column + 1]
            total += float(cells.costs(x, row, column)[0])
            fingerprint += int(cells.fingerprints(x, row, column)[0])
    return total, fingerprint


def enumerated_tail(table: np.ndarray, statistic: Statistic, most_states: int) -> Tail:
    """P(T >= t) over all tables with the margins of this one, where t is its test statistic.

    Raises TooManyStates before it would hold more than `most_states` states.
    """
    if int(table.sum()) > most_states:
        raise TooManyStates(int(table.sum()))
    if len(table) > len(table[0]):
        table = np.ascontiguousarray(table.T)  # few rows make few states
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    order = np.argsort(columns)  # the largest column comes last, because the last one is determined by the others
    table, columns = table[:, order], columns[order]
    cells = _Cells(statistic, tuple(rows.tolist()), tuple(columns.tolist()))
    threshold, fingerprint = statistic_of(table, statistic)
    left = rows.reshape(1, -1).astype(np.int64)
    costs, prints, log_weights = np.zeros(1), np.zeros(1, dtype=np.uint64), np.zeros(1)
    factorials = _log_factorials(int(rows.sum()))
    for index, column in enumerate(columns.tolist()):
        last = index == len(columns) - 1
        made = 0 if last else len(left) * math.comb(column + len(rows) - 1, len(rows) - 1)
        if made > 4 * most_states:
            raise TooManyStates(made)
        fills = left if last else compositions(column, len(rows))
        if last:
            parent, chosen = np.arange(len(left)), np.arange(len(left))
        else:
            parent, chosen = np.nonzero((fills[None, :, :] <= left[:, None, :]).all(axis=2))
        added_costs, added_prints, added_logs = (
            np.zeros(len(fills)),
            np.zeros(len(fills), dtype=np.uint64),
            np.zeros(len(fills)),
        )
        for row in range(len(rows)):
            x = fills[:, row]
            added_costs += cells.costs(x, row, index)
            added_prints += cells.fingerprints(x, row, index)
            added_logs -= factorials[x]
        left = left[parent] - fills[chosen]
        costs, prints = costs[parent] + added_costs[chosen], prints[parent] + added_prints[chosen]
        log_weights = log_weights[parent] + added_logs[chosen] + factorials[column]
        if not last:
            left, costs, prints, log_weights = _merged(left, costs, prints, log_weights, cells)
            if len(left) > most_states:
                raise TooManyStates(len(left))
    log_weights += factorials[rows].sum() - factorials[int(rows.sum())]
    if statistic.has_integer_costs:
        same = prints % np.uint64(PEARSON_PRIME) == np.uint64(fingerprint % PEARSON_PRIME)
    else:
        same = prints == np.uint64(fingerprint % 2**64)
    near = np.abs(costs - threshold) <= _TIE * max(abs(threshold), 1.0)
    tied = same & near
    far = near | (costs > threshold)
    depth = float(np.abs(log_weights).max(initial=1.0)) + float(factorials[-1])
    log_p, error = min(_log_sum(log_weights[far]), 0.0), 2.0**-50 * depth * len(columns)
    unclear = near & ~same  # undecided by floats and fingerprints, so the lower bound leaves them out
    log_lower = _log_sum(log_weights[far & ~unclear]) - error
    log_tied = _log_sum(log_weights[tied])
    return Tail(log_p, min(log_lower, log_p), min(log_p + error, 0.0), math.exp(max(log_tied, -745.2)), "columns")


def _log_sum(logs: np.ndarray) -> float:
    """log sum exp(logs), without underflow."""
    largest = float(logs.max())
    return largest + math.log(math.fsum(np.exp(logs - largest).tolist()))


def _merged(
    left: np.ndarray, costs: np.ndarray, prints: np.ndarray, log_weights: np.ndarray, cells: _Cells
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The states after those with the same rest of each row and the same statistic are merged; weights are added."""
    if cells.statistic.has_integer_costs:
        prints = prints % np.uint64(PEARSON_PRIME)
    elif not cells.decides_ties:
        prints = costs.view(np.uint64)  # equal if the floats have the same bits
    order = np.lexsort([prints, *left.T])
    left, costs, prints, log_weights = left[order], costs[order], prints[order], log_weights[order]
    new = np.concatenate([[True], (prints[1:] != prints[:-1]) | (left[1:] != left[:-1]).any(axis=1)])
    starts = np.flatnonzero(new)
    largest = np.maximum.reduceat(log_weights, starts)
    group = np.cumsum(new) - 1
    sums = np.add.reduceat(np.exp(log_weights - largest[group]), starts)
    kept = prints[starts] if cells.decides_ties else np.zeros(starts.size, dtype=np.uint64)
    return left[starts], costs[starts], kept, largest + np.log(sums)


def simulated_far(table: np.ndarray, statistic: Statistic, draws: int, seed: int) -> int:
    """How many of `draws` random tables with the margins of this one are at least as far; near ties count as tied."""
    generator = np.random.Generator(np.random.PCG64(seed))
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    cells = _Cells(statistic, tuple(rows.tolist()), tuple(columns.tolist()))
    threshold, _ = statistic_of(table, statistic)
    left = np.broadcast_to(columns, (draws, len(columns))).astype(np.int64).copy()
    total = np.zeros(draws)
    for row in range(len(rows)):
        needed = np.full(draws, rows[row], dtype=np.int64)
        rest = left.sum(axis=1)
        for column in range(len(columns)):
            rest = rest - left[:, column]
            if row == len(rows) - 1:
                drawn = left[:, column].copy()
            elif column == len(columns) - 1:
                drawn = needed
            else:
                drawn = generator.hypergeometric(left[:, column], rest, needed)
            needed = needed - drawn
            table_of = cells.costs(np.arange(int(drawn.max(initial=0)) + 1), row, column)
            total += table_of[drawn]
            left[:, column] -= drawn
    return int((total >= threshold - _TIE * max(abs(threshold), 1.0)).sum())
