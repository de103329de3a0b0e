"""Enumeration of partial outcomes: all ways to fill some categories that can be completed within the limit.

The counts of one kind's categories are enumerated in ascending order and weighted by the number of their arrangements.
For a fair die that makes up to K! fewer states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.tables import KindTable, Tables, TooManyStates


@dataclass(frozen=True, eq=False)
class States:
    """N partial outcomes.

    Attributes
    ----------
    placed : (N,) int64, how many outcomes are in the categories filled so far.
    costs : (N,) int64, the integer costs so far.
    fingerprints : (N,) uint64, the fingerprints of the costs so far.
    weights : (R, N) float64, the weights so far, one row for each hypothesis.
    """

    placed: np.ndarray
    costs: np.ndarray
    fingerprints: np.ndarray
    weights: np.ndarray

    @property
    def size(self) -> int:
        """N, the number of states."""
        return int(self.placed.size)

    def take(self, which: np.ndarray) -> States:
        """The states at the positions `which`, in that order."""
        return States(self.placed[which], self.costs[which], self.fingerprints[which], self.weights[:, which])


@dataclass(frozen=True, eq=False)
class Completion:
    """The least cost of further outcomes in the categories still to be filled; exact, because costs are convex.

    Attributes
    ----------
    first : the smallest number of outcomes that can be placed.
    least : (L,) int64, the least cost of placing first, first + 1, ... outcomes. More cannot be placed.
    """

    first: int
    least: np.ndarray

    @classmethod
    def of(cls, tables: Sequence[tuple[KindTable, int]]) -> Completion:
        """For `multiplicity` categories of each table; the increments of convex costs are taken smallest first."""
        first = sum(table.first * multiplicity for table, multiplicity in tables)
        start = sum(int(table.costs[0]) * multiplicity for table, multiplicity in tables)
        steps = [np.repeat(np.diff(table.costs), multiplicity) for table, multiplicity in tables if multiplicity]
        increments = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *steps]))
        return cls(first, start + np.concatenate([[0], np.cumsum(increments)]))

    def cost(self, outcomes: np.ndarray, impossible: int) -> np.ndarray:
        """The least cost of placing `outcomes` further outcomes; `impossible` where they cannot be placed."""
        index = outcomes - self.first
        inside = (index >= 0) & (index < self.least.size)
        return np.where(inside, self.least[np.clip(index, 0, self.least.size - 1)], impossible)


def enumerate_states(tables: Tables, filled: Sequence[int], most: int) -> States:
    """All partial outcomes that fill `filled[k]` categories of kind k and can be completed within the limit.

    Raises TooManyStates before it would make more than `most` states.
    """
    n_weights = tables.kinds[0].weights.shape[0] if tables.kinds else 1
    states = States(
        np.zeros(1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros(1, dtype=np.uint64),
        np.ones((n_weights, 1)),
    )
    left = [table.multiplicity for table in tables.kinds]
    for index, (table, copies) in enumerate(zip(tables.kinds, filled, strict=True)):
        last = np.zeros(states.size, dtype=np.int64)
        run = np.zeros(states.size, dtype=np.int64)
        for copy in range(copies):
            left[index] -= 1
            rest = Completion.of([(other, count) for other, count in zip(tables.kinds, left, strict=True)])
            states, last, run = _extended(tables, table, rest, states, last, run, copy, most)
    return states


def _extended(
    tables: Tables,
    table: KindTable,
    rest: Completion,
    states: States,
    last: np.ndarray,
    run: np.ndarray,
    copy: int,
    most: int,
) -> tuple[States, np.ndarray, np.ndarray]:
    """The states after one more category is filled, with at least the count of the one of its kind before it.

    last : (N,) the index of that count in the table.
    run : (N,) how many categories before this one have that same count.
    copy : how many categories of the kind are filled already.
    """
    room = tables.limit - states.costs - int(rest.least.min())
    fall, rise = table.costs[: table.lowest + 1], table.costs[table.lowest :]
    from_index = np.maximum(last, table.lowest + 1 - np.searchsorted(fall[::-1], room, side="right"))
    to_index = table.lowest + np.searchsorted(rise, room, side="right")
    # The remaining outcomes have to fit into the remaining categories.
    needed = tables.problem.total - states.placed - table.first
    from_index = np.maximum(from_index, needed - (rest.first + rest.least.size - 1))
    to_index = np.minimum(to_index, needed - rest.first + 1)
    widths = np.maximum(to_index - from_index, 0)
    made = int(widths.sum())
    if made > most:
        raise TooManyStates(made)
    parent = np.repeat(np.arange(states.size), widths)
    chosen = np.arange(made) - np.repeat(np.cumsum(widths) - widths - from_index, widths)
    costs = states.costs[parent] + table.costs[chosen]
    placed = states.placed[parent] + (table.first + chosen)
    live = np.flatnonzero(costs + rest.cost(tables.problem.total - placed, tables.limit + 1) <= tables.limit)
    parent, chosen = parent[live], chosen[live]
    runs = np.where((chosen == last[parent]) & (copy > 0), run[parent] + 1, 1)
    weights = states.weights[:, parent] * table.weights[:, chosen]
    if copy:
        weights *= (copy + 1) / runs
    fingerprints = states.fingerprints[parent] + table.fingerprints[chosen]
    return States(placed[live], costs[live], fingerprints, weights), chosen, runs
