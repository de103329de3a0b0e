r"""Tail sums by meeting in the middle: each half of the categories is enumerated, and the halves are combined.

For states a of one half and b of the other with placed_a + placed_b = n,

    sum over pairs with T_a + T_b >= t of w_a w_b = sum_a w_a S_b(n - placed_a, t - T_a)

where S_b are running sums over the sorted states of the other half. The work is about the square root of that of full
enumeration.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.states import States, enumerate_states
from mottomo.inference.exact.tables import Tables

_EPS = 2.0**-52
_MOST_SPLITS = 5000


@dataclass(frozen=True, eq=False)
class Masses:
    """Sums of weights of outcomes, one for each hypothesis (R,), not yet divided by the normaliser.

    Attributes
    ----------
    clear : (R,) outcomes whose statistic is clearly smaller. If the upper side was asked for: all other enumerated
        outcomes, tied and unclear ones included.
    tied : (R,) outcomes whose statistic is equal, as decided by fingerprints or by the tie band.
    unclear : (R,) outcomes for which neither floats nor fingerprints decide.
    relative_error : a bound of the relative rounding error of each sum.
    """

    clear: np.ndarray
    tied: np.ndarray
    unclear: np.ndarray
    relative_error: float


@dataclass(frozen=True, eq=False)
class Halves:
    """Both halves; the second is sorted by (placed, cost).

    Attributes
    ----------
    tables : the tables that both were enumerated from.
    first : States of one half.
    second : States of the other half, sorted.
    keys : (N,) int64, (placed, cost) of the second half as one number each.
    lowest : the smallest `placed` of the second half.
    starts : for each `placed` from `lowest` on, where its states begin.
    ends : for each `placed` from `lowest` on, where its states end.
    running : (R, N) running sums of the weights among the states with one `placed`.
    upper : whether they sum upwards from a threshold, not up to it.
    relative_error : a bound of the relative rounding error of a sum.
    """

    tables: Tables
    first: States
    second: States
    keys: np.ndarray
    lowest: int
    starts: np.ndarray
    ends: np.ndarray
    running: np.ndarray
    upper: bool
    relative_error: float

    @classmethod
    def enumerate(cls, tables: Tables, most_states: int, *, upper: bool = False, centre: float = 0.0) -> Halves:
        """Enumerate both halves and sort one.

        upper : sum outcomes at or above a threshold, not below it, so that a small sum keeps its digits.
        centre : for tilted tables, half of the threshold; weights are relative to exp(-tau centre).

        Raises TooManyStates if one half has more than `most_states`.
        """
        filled = _balanced_split(tables)
        rest = [table.multiplicity - count for table, count in zip(tables.kinds, filled, strict=True)]
        second = enumerate_states(tables, rest, most_states)
        first = second if filled == rest else enumerate_states(tables, filled, most_states)
        if first.size > second.size:
            first, second = second, first
        lowest = int(second.placed.min()) if second.size else 0
        keys = (second.placed - lowest << tables.cost_bits) + second.costs
        order = np.argsort(keys, kind="stable" if keys.size < 1000 else None)
        keys = keys[order]
        alike = first is second
        second = second.take(order)
        first = second if alike else _by_partner(first)
        n_groups = int(second.placed[-1]) - lowest + 1 if second.size else 0
        edges = np.searchsorted(keys, np.arange(n_groups + 1, dtype=np.int64) << tables.cost_bits)
        if tables.tilt is not None:
            second = _untilted(second, tables, centre)
            first = second if alike else _untilted(first, tables, centre)
        running = _running_sums(second.weights, edges, upper)
        longest = int(np.diff(edges).max(initial=1))
        error = tables.relative_error + _EPS * (longest + first.size**0.5 + 64)
        return cls(tables, first, second, keys, lowest, edges[:-1], edges[1:], running, upper, error)

    def masses(self, cost: int, fingerprint: int | None) -> Masses:
        """The sums on one side of an integer cost and at it; without a fingerprint, all in the band count as tied."""
        group, inside = self._partners()
        at = self._positions(cost - self.tables.band, group, inside)
        tied, unclear = np.zeros(len(self.running)), np.zeros(len(self.running))
        end = self.ends[group]
        which, position = np.arange(at.size), at
        while which.size:
            near = position < end[which]
            which, position = which[near], position[near]
            near = self.second.costs[position] + self.first.costs[inside[which]] <= cost + self.tables.band
            which, position = which[near], position[near]
            pair = self.first.weights[:, inside[which]] * self.second.weights[:, position]
            same = np.ones(which.size, dtype=bool)
            if fingerprint is not None and self.tables.problem.exact_ties:
                prints = self.first.fingerprints[inside[which]] + self.second.fingerprints[position]
                same = self.tables.problem.same(prints, fingerprint)
            tied += pair[:, same].sum(axis=1)
            unclear += pair[:, ~same].sum(axis=1)
            position = position + 1
        return Masses(self._summed(at, group, inside), tied, unclear, self.relative_error)

    def beside(self, cost: int) -> np.ndarray:
        """(R,) the sum over outcomes with an integer cost below `cost`; at or above `cost` on the upper side."""
        group, inside = self._partners()
        return self._summed(self._positions(cost, group, inside), group, inside)

    def _positions(self, cost: int, group: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """For each state of the first half, its first partner with which it costs `cost` or more."""
        wanted = np.clip(cost - self.first.costs[inside], 0, (1 << self.tables.cost_bits) - 1)
        keys = (group << self.tables.cost_bits) + wanted
        return np.searchsorted(self.keys, keys[::-1])[::-1]  # searching for ascending keys is faster

    def _summed(self, at: np.ndarray, group: np.ndarray, inside: np.ndarray) -> np.ndarray:
        if self.upper:
            sums = np.where(at < self.ends[group], self.running[:, np.minimum(at, self.keys.size - 1)], 0.0)
        else:
            sums = np.where(at > self.starts[group], self.running[:, at - 1], 0.0)
        return np.asarray((self.first.weights[:, inside] * sums).sum(axis=1))

    def _partners(self) -> tuple[np.ndarray, np.ndarray]:
        """The states of the first half that have partners: the group of each one's partners, and its position."""
        group = self.tables.problem.total - self.first.placed - self.lowest
        inside = np.flatnonzero((group >= 0) & (group < self.starts.size))
        return group[inside], inside


def _untilted(states: States, tables: Tables, centre: float) -> States:
    weights = states.weights * tables.untilted(states.costs, centre)
    return States(states.placed, states.costs, states.fingerprints, weights)


def _by_partner(states: States) -> States:
    return states.take(np.lexsort((states.costs, states.placed)))


def _running_sums(weights: np.ndarray, edges: np.ndarray, upper: bool) -> np.ndarray:
    """(R, N) within each group, the sum of the weights up to each state, or from it on if `upper`; it is included."""
    running = np.empty_like(weights)
    for start, end in itertools.pairwise(edges.tolist()):
        for row, sums in zip(weights, running, strict=True):
            part, target = row[start:end], sums[start:end]
            if upper:
                part, target = part[::-1], target[::-1]
            np.cumsum(part, out=target)
    return running


def expected_states(tables: Tables) -> float:
    """An estimate of the number of states of the larger half, right within an order of magnitude.

    It is the volume of an ellipsoid.
    """
    filled = tuple(_balanced_split(tables))
    rest = tuple(table.multiplicity - count for table, count in zip(tables.kinds, filled, strict=True))
    spreads = [math.log(max(table.costs.size, 2)) for table in tables.kinds]
    return math.exp(min(max(_log_volume(filled, spreads), _log_volume(rest, spreads)), 700.0))


def _balanced_split(tables: Tables) -> list[int]:
    """How many categories of each kind go into the first half, so that both halves have about as many states."""
    sizes = [table.multiplicity for table in tables.kinds]
    spreads = [math.log(max(table.costs.size, 2)) for table in tables.kinds]
    splits = itertools.islice(itertools.product(*(range(size + 1) for size in reversed(sizes))), _MOST_SPLITS)

    def largest_half(filled: tuple[int, ...]) -> float:
        rest = tuple(size - count for size, count in zip(sizes, filled, strict=True))
        return max(_log_volume(filled, spreads), _log_volume(rest, spreads))

    best = min((tuple(reversed(split)) for split in splits), key=largest_half)
    return list(best)


def _log_volume(filled: tuple[int, ...], spreads: list[float]) -> float:
    """The log volume of an ellipsoid, divided by the number of orders of exchangeable categories.

    filled : how many categories of each kind.
    spreads : log of the length of an axis, for each kind.
    """
    n_filled = sum(filled)
    size = sum(count * (spread - math.log(2)) for count, spread in zip(filled, spreads, strict=True))
    size += n_filled / 2 * math.log(math.pi) - math.lgamma(n_filled / 2 + 1)
    return size - sum(math.lgamma(count + 1) for count in filled)
