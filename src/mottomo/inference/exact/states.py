"""Partial outcomes, enumerated: every way to fill some of the categories that can still end within the limit.

Categories of one kind are filled in ascending order and weighed by the number of their arrangements, up to K! fewer
states for a fair die.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.tables import KindTable, Tables, TooManyStates


@dataclass(frozen=True, eq=False)
class States:
    """placed : (N,) outcomes so far; costs : (N,) int64; fingerprints : (N,) uint64; weights : (R, N) float64."""

    placed: np.ndarray
    costs: np.ndarray
    fingerprints: np.ndarray
    weights: np.ndarray

    @property
    def size(self) -> int:
        return int(self.placed.size)

    def take(self, which: np.ndarray) -> States:
        return States(self.placed[which], self.costs[which], self.fingerprints[which], self.weights[:, which])


@dataclass(frozen=True, eq=False)
class Completion:
    """The least that `m` further outcomes cost in the categories still to be filled: exact, because costs are convex.

    least[j] : for first + j outcomes. What lies outside cannot be placed at all.
    """

    first: int
    least: np.ndarray

    @classmethod
    def of(cls, tables: Sequence[tuple[KindTable, int]]) -> Completion:
        """Of `multiplicity` categories of each table: the increments of convex costs, taken smallest first."""
        first = sum(table.first * multiplicity for table, multiplicity in tables)
        start = sum(int(table.costs[0]) * multiplicity for table, multiplicity in tables)
        steps = [np.repeat(np.diff(table.costs), multiplicity) for table, multiplicity in tables if multiplicity]
        increments = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *steps]))
        return cls(first, start + np.concatenate([[0], np.cumsum(increments)]))

    def cost(self, outcomes: np.ndarray, impossible: int) -> np.ndarray:
        index = outcomes - self.first
        inside = (index >= 0) & (index < self.least.size)
        return np.where(inside, self.least[np.clip(index, 0, self.least.size - 1)], impossible)


def enumerate_states(tables: Tables, filled: Sequence[int], most: int) -> States:
    """All partial outcomes that fill `filled[k]` categories of kind k and can be completed within the limit.

    Raises TooManyStates before more than `most` states would be made.
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
    """One more category filled with at least as many outcomes as its fellow before it."""
    room = tables.limit - states.costs - int(rest.least.min())
    fall, rise = table.costs[: table.lowest + 1], table.costs[table.lowest :]
    from_index = np.maximum(last, table.lowest + 1 - np.searchsorted(fall[::-1], room, side="right"))
    to_index = table.lowest + np.searchsorted(rise, room, side="right")
    # The rest has to be placeable too.
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
