r"""Exponentially tilted weights, and the bounds of tail probabilities that follow from them.

Lambda(tau, sigma) = sum_k log sum_x w_k(x) exp(tau c_k(x) + sigma x) is convex. Its gradient is the mean of T and of
sum x under the tilted weights, its Hessian their covariance. For all tau >= 0 and sigma (Chernoff)
P(T >= t) <= exp(Lambda(tau, sigma) - tau t - sigma n) / Poisson(n; n).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mottomo.inference.exact.kinds import Problem
from mottomo.numerics.series import relative_entropy_term

_MOST_WINDOW = 2**18
_MOST_STEPS = 60
_FIRST_TAUS = (0.0, 0.01, 0.1, 0.25, 0.4, 0.48)


class OutOfReach(Exception):
    """The computation would exceed its budget of complex operations; `needed` estimates how many it takes."""

    def __init__(self, needed: float) -> None:
        super().__init__(needed)
        self.needed = needed


@dataclass(frozen=True, eq=False)
class Window:
    """The counts x = first .. of one kind that are not negligible.

    Attributes
    ----------
    multiplicity : how many categories are of this kind.
    first : the smallest x.
    costs : (L,) float64.
    units : (L,) int64, the same as exact integers; None if there are no integer costs.
    log_weights : (L,) float64, under the null.
    """

    multiplicity: int
    first: int
    costs: np.ndarray
    units: np.ndarray | None
    log_weights: np.ndarray

    @cached_property
    def _values(self) -> np.ndarray:
        """(2, L): cost and x of each outcome."""
        return np.stack([self.costs, self.first + np.arange(self.costs.size, dtype=np.float64)])

    def log_sum(self, tau: float, sigma: float) -> tuple[float, np.ndarray]:
        """log of the tilted sum of weights, and the tilted probabilities."""
        with np.errstate(over="ignore"):
            exponents = self.log_weights + tau * self._values[0] + sigma * self._values[1]
        largest = float(exponents.max())
        weights = np.exp(exponents - largest)
        total = float(weights.sum())
        return largest + math.log(total), weights / total

    def moments(self, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of (cost, x)."""
        mean = self._values @ probabilities
        centred = self._values - mean[:, None]
        return mean, (centred * probabilities) @ centred.T


@dataclass(frozen=True, slots=True)
class Tilt:
    """The exponent Lambda(tau, sigma) - tau t - sigma n at one point.

    Attributes
    ----------
    tau : where it was evaluated.
    sigma : where it was evaluated.
    exponent : its value.
    slope : (2,) its gradient in (tau, sigma).
    hessian : (2, 2) its second derivatives.
    log_sums : for each kind the log of the sum of tilted weights.
    threshold : t.
    """

    tau: float
    sigma: float
    exponent: float
    slope: np.ndarray
    hessian: np.ndarray
    log_sums: tuple[float, ...]
    threshold: float

    def magnitude(self, total: int) -> float:
        """The size of the terms of the exponent; its rounding error is a few eps times this."""
        return abs(self.tau * self.threshold) + abs(self.sigma) * total + sum(abs(value) for value in self.log_sums)


def make_windows(problem: Problem, depth: float) -> list[Window]:
    """The window of each kind; ``log_outside(problem, depth)`` bounds the probability of all that is outside."""
    return [_window(problem, index, 2 * depth + 80) for index in range(len(problem.kinds))]


def log_outside(problem: Problem, depth: float) -> float:
    """log of an upper bound of the probability that some x is outside its window."""
    return math.log(2 * problem.n_categories) - depth - 40


def _window(problem: Problem, index: int, limit: float) -> Window:
    """All x with 2 e h((x - e)/e) <= limit; the others together have a probability below 2 exp(-limit / 2)."""
    kind = problem.kinds[index]
    rate = float(kind.rate)
    reach = math.sqrt(limit * rate) + limit + 2
    first, last = max(0, math.floor(rate - reach)), min(kind.largest, math.ceil(rate + reach))
    if last - first > _MOST_WINDOW or last >= 2**62:
        raise OutOfReach(float(last - first) * 1e6)
    x = np.arange(first, last + 1, dtype=np.int64)
    near = np.flatnonzero(2 * rate * relative_entropy_term((x - rate) / rate) <= limit)
    x = x[near[0] : near[-1] + 1]
    units = None if problem.unit is None else kind.unit_costs(x)
    if units is not None and max(units) >= 2**62:
        units = None
    return Window(
        kind.multiplicity,
        int(x[0]),
        kind.costs(x),
        None if units is None else np.array(units, dtype=np.int64),
        kind.log_weights(x)[0],
    )


def evaluated(windows: Sequence[Window], tau: float, sigma: float, threshold: float, total: int) -> Tilt:
    """The exponent at (tau, sigma), with its gradient and Hessian, summed over the kinds."""
    exponent = -tau * threshold - sigma * total
    slope, hessian = np.array([-threshold, -float(total)]), np.zeros((2, 2))
    log_sums = []
    for window in windows:
        log_sum, probabilities = window.log_sum(tau, sigma)
        log_sums.append(log_sum)
        mean, covariance = window.moments(probabilities)
        exponent += window.multiplicity * log_sum
        slope += window.multiplicity * mean
        hessian += window.multiplicity * covariance
    return Tilt(float(tau), float(sigma), float(exponent), slope, hessian, tuple(log_sums), threshold)


def conditional_variance(hessian: np.ndarray) -> float:
    """The variance of T given sum x, from their covariance matrix (2, 2)."""
    return max(float(hessian[0, 0] - hessian[0, 1] ** 2 / hessian[1, 1]), 1e-300)


def best_tilt(windows: Sequence[Window], threshold: float, total: int) -> Tilt:
    """The tilt under which T and sum x have the means t and n, by damped Newton steps for a convex function.

    A long step is divided by 1 + its length in standard deviations, because the Hessian is valid only near the iterate.
    """
    starts = (evaluated(windows, tau, 0.0, threshold, total) for tau in _FIRST_TAUS)
    here = min(starts, key=lambda tilt: tilt.exponent)
    for _ in range(_MOST_STEPS):
        if not (np.diag(here.hessian) > 1e-200).all():  # all weight on one outcome: nothing is left to improve
            break
        scale = np.sqrt(np.diag(here.hessian))
        scaled = here.hessian / np.outer(scale, scale) + 1e-12 * np.eye(2)
        step = np.clip(-np.linalg.solve(scaled, here.slope / scale) / scale, -1e6, 1e6)
        length = math.sqrt(max(-float(here.slope @ step), 0.0))
        size = 1.0 if length < 0.25 else 1 / (1 + length)
        there = evaluated(windows, here.tau + size * step[0], here.sigma + size * step[1], threshold, total)
        while not there.exponent <= here.exponent and size > 1e-6:
            size /= 4
            there = evaluated(windows, here.tau + size * step[0], here.sigma + size * step[1], threshold, total)
        if not there.exponent <= here.exponent:
            break
        here = there
        if length < 1e-4:
            break
    return here


def tilt_at(windows: Sequence[Window], tau: float, sigma: float, threshold: float, total: int) -> Tilt:
    """The tilt with this tau under which sum x has the mean n."""
    here = evaluated(windows, tau, sigma, threshold, total)
    for _ in range(_MOST_STEPS):
        hessian = max(float(here.hessian[1, 1]), 1e-300)
        length = abs(float(here.slope[1])) / math.sqrt(hessian)
        step = -float(here.slope[1]) / hessian / (1.0 if length < 0.25 else 1 + length)
        there = evaluated(windows, tau, here.sigma + step, threshold, total)
        while there.exponent > here.exponent and abs(step) > 1e-12:
            step /= 4
            there = evaluated(windows, tau, here.sigma + step, threshold, total)
        if length < 1e-6 or there.exponent > here.exponent:
            break
        here = there
    return here


def log_tail_bound(problem: Problem, threshold: float) -> float:
    """Chernoff's upper bound of log P(T >= threshold)."""
    return chernoff(problem, threshold)[0]


def chernoff(problem: Problem, threshold: float) -> tuple[float, Tilt]:
    """Chernoff's upper bound of log P(T >= threshold), and the tilt that gives it."""
    depth = max(threshold / 2, 1.0) if problem.statistic.is_twice_a_logarithm else 20.0
    while True:
        windows = make_windows(problem, depth)
        tilt = best_tilt(windows, threshold, problem.total)
        bound = min(tilt.exponent - problem.log_normaliser, 0.0) if tilt.tau > 0 else 0.0
        if depth >= -bound - 1:
            return min(float(np.logaddexp(bound, log_outside(problem, depth))), 0.0), tilt
        depth = -bound + 10


def useful_tilt(problem: Problem, threshold: float, log_bound: float, best: Tilt) -> Tilt:
    """The best tilt, or a smaller one if the best would lose digits: near the largest T the best tau is unbounded."""
    most = 1.5 * max(-log_bound, 1.0) / threshold
    if best.tau <= most:
        return best
    return tilt_at(make_windows(problem, max(-log_bound, threshold / 2, 1.0)), most, 0.0, threshold, problem.total)


def tail_bound(windows: Sequence[Window], tilt: Tilt, end: float, threshold: float, total: int) -> float:
    """An upper bound of P*(T >= end, sum x = n), by a second tilt."""
    best = best_tilt(windows, end, total)
    if best.tau <= tilt.tau:
        return 1.0
    # The exponents have different thresholds: Lambda(tau2) - tau2 end - ... and Lambda(tau) - tau t - ...
    return math.exp(min(best.exponent - tilt.exponent + tilt.tau * (end - threshold), 0.0))


def total_bound(windows: Sequence[Window], tilt: Tilt, distance: float, total: int) -> float:
    """An upper bound of P*(|sum x - n| >= distance)."""
    bound = 0.0
    for sign in (1, -1):
        wanted = total + sign * distance
        sigma = sign * distance / float(tilt.hessian[1, 1])
        best = 0.0
        for _ in range(4):
            moved = sum(window.multiplicity * window.log_sum(tilt.tau, tilt.sigma + sigma)[0] for window in windows)
            here = sum(window.multiplicity * window.log_sum(tilt.tau, tilt.sigma)[0] for window in windows)
            best = min(best, moved - here - sigma * wanted)
            sigma *= 0.7
        bound += math.exp(best)
    return bound
