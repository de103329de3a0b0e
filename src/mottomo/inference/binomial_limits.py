r"""Confidence limits of one binomial probability, guaranteed at every n.

The limit is the solution of an equation for the tail, rounded outward. The lower limit for t successes and m failures,
n = t + m, is the x with P(Bin(n, x) >= t) = alpha. With x = (t/n) v, v = 1 - w = exp(-l), the tail is a product in
which nothing cancels, at any n:

    tail = C exp(-D) S
    C = P(Bin(n, t/n) = t)                       by Stirling's series and its remainder
    D = n KL(t/n || x) = t f(-w) + m f(w t / m)  f(u) = u - log(1 + u)
    S = tail / P(Bin(n, x) = t) = t int_0^inf exp(-g(s)) ds
    g(s) = n t w / (m + t w) s + m r (s - 1 + exp(-s)) + m f(r (1 - exp(-s))),   r = x / (1 - x)

log tail is increasing and concave in log x with slope t / S. So Newton's method converges from any start, and its
iterates approach from the guaranteed side, on which the tail is at most alpha. Libraries that invert the incomplete
beta function lose digits near n = 10^15 and return NaN beyond.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mottomo.numerics.series import expm1_excess, log1p_excess, stirling_error

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_NEGLIGIBLE = 42.0  # the integral ends where its integrand is exp(-42) = 6e-19
_MOST_STEPS = 60
_SIMULATED_TAIL = 0.0005
_CHUNK = 8192  # categories solved at once
_TOGETHER = 4096  # integrands evaluated at once
# A bound of the relative error of the computed tail (tests measure it); the limits are moved outward accordingly.
_TAIL_ERROR = 1e-13
_EPS = 2.0**-52
# Up to this n the limits are computed in float64 and moved outward by 4 eps; beyond, in rationals and rounded outward.
_LARGEST_FLOAT_N = 2**45


def binomial_limits(counts: np.ndarray, totals: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """Clopper-Pearson limits; each limit fails with a probability of at most `tail`.

    counts : integers (int64 or Python's), 0 <= counts <= totals.
    totals : integers of the same shape.
    tail : in (0, 1/2).

    Returns the lower and the upper limits, float64 arrays of that shape; 0 and 1 where the total is 0.
    """
    counts, totals = np.asarray(counts), np.asarray(totals)
    successes, wholes = counts.ravel(), totals.ravel()
    first, position = _distinct_pairs(successes, wholes)  # equal pairs have equal limits
    lower, upper = _limits(successes[first], wholes[first], tail)
    return lower[position].reshape(counts.shape), upper[position].reshape(counts.shape)


def interval_of_share(successes: int, trials: int) -> tuple[float, float]:
    """The 99.9 % Clopper-Pearson interval for the probability of a success that was simulated `trials` times."""
    lower, upper = binomial_limits(np.array([successes]), np.array([trials]), _SIMULATED_TAIL)
    return float(lower[0]), float(upper[0])


def log_binomial_tails(counts: np.ndarray, others: np.ndarray, above: np.ndarray) -> np.ndarray:
    """log P(X >= t) for X ~ Bin(t + m, e / (t + m)), accurate however small it is; (L,) float64, nats.

    counts : (L,) float64, t.
    others : (L,) float64, m.
    above : (L,) float64, t / e - 1 > 0.
    """
    logs, _ = _excess(counts, others, np.log1p(above), _log_peak(counts, others), 0.0)
    return np.minimum(logs, 0.0)


def _distinct_pairs(successes: np.ndarray, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The position at which each distinct pair first occurs, and for each pair the number of its distinct pair."""
    _, rank_of_success = np.unique(successes, return_inverse=True)
    _, rank_of_total = np.unique(totals, return_inverse=True)
    keys = rank_of_total.astype(np.int64) * (int(rank_of_success.max(initial=0)) + 1) + rank_of_success
    _, first, position = np.unique(keys, return_index=True, return_inverse=True)
    return first, position


def _limits(successes: np.ndarray, totals: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    failures = totals - successes
    n = totals.astype(np.float64)
    t, m = successes.astype(np.float64), failures.astype(np.float64)
    lower_kept, lower_lost = _kept_share(t, m, tail)
    upper_kept, upper_lost = _kept_share(m, t, tail)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = (t / n) * lower_kept * (1 - 4 * _EPS)
        upper = (t + m * upper_lost) / n * (1 + 4 * _EPS)
        # Near 1 the distance to 1 is accurate; it is moved outward, and subtracting it from 1 rounds once.
        lower = np.where(lower < 0.5, lower, np.nextafter(1 - (m + t * lower_lost) / n * (1 + 4 * _EPS), 0.0))
        upper = np.where(upper < 0.5, upper, np.nextafter(1 - (m / n) * upper_kept * (1 - 4 * _EPS), 2.0))
    for index in np.flatnonzero(n > _LARGEST_FLOAT_N):
        n_exact = int(totals[index])
        lower[index] = _outward(int(successes[index]), n_exact, lower_kept[index], lower_lost[index], down=True)
        upper[index] = _outward(int(failures[index]), n_exact, upper_kept[index], upper_lost[index], down=False)
    lower = np.where(t == 0, 0.0, lower)
    upper = np.where(m == 0, 1.0, np.minimum(upper, 1.0))
    return lower, upper


def _outward(successes: int, total: int, kept: float, lost: float, down: bool) -> float:
    """x = (successes / total) (1 - lost) rounded down or, unless `down`, 1 - x rounded up; in rational arithmetic."""
    share = Fraction(successes, total)
    limit = share * (Fraction(kept) if lost > 0.5 else 1 - Fraction(lost))
    if not down:
        limit = 1 - limit
    rounded = float(limit)
    if down:
        return float(np.nextafter(rounded, 0.0)) if Fraction(rounded) > limit else rounded
    return float(np.nextafter(rounded, 2.0)) if Fraction(rounded) < limit else rounded


def _kept_share(t: np.ndarray, m: np.ndarray, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """v and w = 1 - v, so that x = (t/n) v is the lower limit, P(Bin(n, x) >= t) <= tail; v = 1 where t = 0."""
    logs = np.zeros_like(t)
    for index in np.array_split(np.flatnonzero(t > 0), max(1, t.size // _CHUNK)):
        if index.size:
            logs[index] = _solved(t[index], m[index], tail)
    return np.exp(-logs), -np.expm1(-logs)


def _solved(t: np.ndarray, m: np.ndarray, tail: float) -> np.ndarray:
    """l = -log v by Newton's method for log tail, started at the normal approximation."""
    target = np.log(tail)
    target += np.log1p(-(_TAIL_ERROR + 8 * _EPS * abs(target)))
    log_peak = _log_peak(t, m)
    deviations = np.sqrt(np.maximum(-2 * target - np.log(-2 * target + 1), 0.25))
    logs = np.minimum(deviations * np.sqrt(m / t / (t + m)), -target / t)
    logs = np.where(logs > 0, logs, -target / t)  # m = 0: the closed form tail = v^n
    active = np.arange(t.size)
    for _ in range(_MOST_STEPS):
        excess, ratio = _excess(t[active], m[active], logs[active], log_peak[active], target)
        step = excess * ratio / t[active]
        logs[active] = np.maximum(logs[active] + step, logs[active] / 16)
        # Stop when the step is smaller than its rounding error; the last step ends on the guaranteed side.
        active = active[np.abs(step) > 1e-13 * logs[active]]
        if active.size == 0:
            break
    return logs * (1 + 4 * _EPS)


def _log_peak(t: np.ndarray, m: np.ndarray) -> np.ndarray:
    """log C = log P(Bin(n, t/n) = t); 0 where m = 0."""
    failures = np.maximum(m, 1.0)
    n = t + m
    value = 0.5 * np.log((n / t) / (2 * np.pi * failures)) + (
        stirling_error(n) - stirling_error(t) - stirling_error(failures)
    )
    return np.where(m == 0, 0.0, value)


def _excess(
    t: np.ndarray, m: np.ndarray, logs: np.ndarray, log_peak: np.ndarray, target: float
) -> tuple[np.ndarray, np.ndarray]:
    """log tail - target at x = (t/n) exp(-logs), and S; t / S is the slope of log tail in log x."""
    lost, kept = -np.expm1(-logs), np.exp(-logs)
    near = np.where(lost < 0.3, log1p_excess(-np.minimum(lost, 0.3)), logs - lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(m > 0, m * log1p_excess(lost * t / np.maximum(m, 1.0)), 0.0)
    divergence = np.where(m > 0, t * near + far, t * logs)
    ratio = _tail_over_term(t, m, lost, kept)
    return log_peak - divergence + np.log(ratio) - target, ratio


def _tail_over_term(t: np.ndarray, m: np.ndarray, lost: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """S = P(X >= t) / P(X = t) for X ~ Bin(t + m, x), by Gauss-Legendre quadrature of a log-concave integrand."""
    odds = t * kept / (m + t * lost)
    slope = (t + m) * lost * (t / (m + t * lost))
    pull = m * odds

    def exponent(s: np.ndarray) -> np.ndarray:
        return slope * s + pull * expm1_excess(s) + m * log1p_excess(-odds * np.expm1(-s))

    def exponent_slope(s: np.ndarray) -> np.ndarray:
        fallen = -np.expm1(-s)
        return slope + pull * fallen + pull * np.exp(-s) * (odds * fallen) / (1 + odds * fallen)

    with np.errstate(divide="ignore"):
        end = np.minimum(_NEGLIGIBLE / slope, np.sqrt(2 * _NEGLIGIBLE / (pull * (1 + odds))))
    for _ in range(5):  # the exponent is convex, so Newton's iterates stay above the root: exponent(end) >= 42
        end = end + (_NEGLIGIBLE - exponent(end)) / exponent_slope(end)
    total = np.zeros_like(t)
    # For few values all nodes are evaluated together, which saves calls. Terms are always added in the same order, so
    # the bits of the sum do not depend on that.
    for at in np.array_split(np.arange(_NODES.size), min(max(1, t.size * _NODES.size // _TOGETHER), _NODES.size)):
        for term in _WEIGHTS[at, None] * np.exp(-exponent(_NODES[at, None] * end)):
            total += term
    return t * end * total
