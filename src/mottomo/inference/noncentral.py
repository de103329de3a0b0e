r"""The power of the test of a null: exact, or from the noncentral chi-square.

Exact: the probability under the alternative of the outcomes whose exact p-value is at most the significance.
Approximate: a noncentral chi-square with noncentrality n w^2, w^2 = sum_k (q_k - p_k)^2 / p_k (Cohen's effect size).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo.inference.exact.kinds import multinomial_problem
from mottomo.inference.exact.region import critical_region
from mottomo.inference.exact.tail import Budget
from mottomo.inference.nulls import exact_probabilities
from mottomo.inference.statistics import Statistic
from mottomo.numerics.chi_square import needed_noncentrality, noncentral_power
from mottomo.probabilities import Probabilities

QUICK_BUDGET = Budget(states=60_000, additions=20_000_000)  # well below a second, for the power shown beside a test


def fractions_of(p: Probabilities, q: Probabilities) -> tuple[Sequence[Fraction], Sequence[Fraction]]:
    """Null and alternative as fractions that sum to 1."""
    return exact_probabilities(p)[0], exact_probabilities(q)[0]


def effect_size(null: Sequence[Any] | np.ndarray, alternative: Sequence[Any] | np.ndarray) -> float:
    """Cohen's w = sqrt(sum_k (q_k - p_k)^2 / p_k); infinite if some q_k > 0 = p_k.

    >>> round(effect_size([0.5, 0.5], [0.6, 0.4]), 3)
    0.2
    """
    total = 0.0
    for p, q in zip(null, alternative, strict=True):
        if p == 0 and q > 0:
            return math.inf
        if p > 0:
            total += float((q - p) ** 2 / p)
    return math.sqrt(total)


def exact_power(
    p: Probabilities, q: Probabilities, n: int, significance: float, statistic: Statistic, budget: Budget
) -> tuple[float, float]:
    """Size and power of the exact test with n observations. Raises BudgetExceeded.

    A single observation that the null calls impossible rejects it. The other outcomes are compared under the condition
    that there was none.
    """
    null, is_exact = exact_probabilities(p)
    truth = exact_probabilities(q)[0]
    possible = [index for index, value in enumerate(null) if value > 0]
    spared = sum((truth[index] for index in possible), Fraction(0))
    if spared == 0:
        return 0.0, 1.0
    problem, _ = multinomial_problem(
        [null[index] for index in possible],
        n,
        statistic,
        exact=is_exact,
        alternative=[truth[index] / spared for index in possible],
    )
    log_spared = n * log_spared_of(spared)
    if len(possible) == 1:
        return 0.0, -math.expm1(log_spared)
    region = critical_region(problem, significance, budget)
    return region.size, -math.expm1(log_spared) + math.exp(log_spared) * region.power


def log_spared_of(spared: Fraction) -> float:
    """log of `spared`, the probability that one observation is possible under the null; accurate also near 1."""
    return math.log1p(-float(1 - spared)) if spared > Fraction(1, 2) else math.log(spared)


def approximate_power(p: Probabilities, q: Probabilities, n: int, significance: float) -> float:
    """The power from the noncentral chi-square.

    If the null calls some outcomes impossible that have the probability q0 under the truth, it is 1 - (1 - q0)^n.
    """
    null, truth = fractions_of(p, q)
    w = effect_size(null, truth)
    if math.isinf(w):
        spared = sum((b for a, b in zip(null, truth, strict=True) if a > 0), Fraction(0))
        return -math.expm1(n * log_spared_of(spared)) if spared else 1.0
    n_possible = sum(value > 0 for value in null)
    return noncentral_power(n * w * w, significance, n_possible - 1) if n_possible > 1 else 0.0


def approximate_sample_size(p: Probabilities, q: Probabilities, power: float, significance: float) -> int | None:
    """The n at which the approximate power reaches the target; None where p and q are the same."""
    null, truth = fractions_of(p, q)
    w = effect_size(null, truth)
    if w == 0:
        return None
    if math.isinf(w):
        spared = sum((b for a, b in zip(null, truth, strict=True) if a > 0), Fraction(0))
        return 1 if spared == 0 else max(1, math.ceil(math.log1p(-power) / log_spared_of(spared)))
    n_possible = sum(value > 0 for value in null)
    return max(1, math.ceil(needed_noncentrality(power, significance, n_possible - 1) / (w * w)))
