"""Differences computed without cancellation: u - log(1+u), s - (1-exp(-s)), and Stirling's remainder.

Computed as written, each loses all its digits near zero. They are used where log-likelihoods are compared.
"""

from __future__ import annotations

import math

import numpy as np

# u - log1p(u) = r (u - 2 (r^2/3 + r^4/5 + ...)) with r = u/(2+u), from log1p(u) = 2 artanh(r).
_ATANH_TERMS = [2 / (2 * k + 1) for k in range(1, 12)]
# s + expm1(-s) = s^2/2! - s^3/3! + ...
_EXP_TERMS = [(-1) ** k / math.factorial(k) for k in range(2, 20)]
# log n! - log(sqrt(2 pi n) (n/e)^n), exact to float64 for n < 16, where the series is not yet good enough.
_STIRLING_TABLE = np.array(
    [
        0.0,
        0.08106146679532725822,
        0.04134069595540929409,
        0.02767792568499833915,
        0.02079067210376509311,
        0.01664469118982119216,
        0.01387612882307074800,
        0.01189670994589177010,
        0.01041126526197209650,
        0.00925546218271273292,
        0.00833056343336287126,
        0.00757367548795184079,
        0.00694284010720952987,
        0.00640899418800420707,
        0.00595137011275884774,
        0.00555473355196280137,
    ]
)
_STIRLING_TERMS = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360]


def log1p_excess(u: np.ndarray) -> np.ndarray:
    """u - log(1 + u) for u >= -1, at least 0, infinite at -1; the relative error is below 1e-15 even for tiny u."""
    u = np.asarray(u, dtype=np.float64)
    near = np.abs(u) < 0.3
    r = np.where(near, u, 0.0) / (2.0 + np.where(near, u, 0.0))
    square = r * r
    tail = np.zeros_like(r)
    for coefficient in reversed(_ATANH_TERMS):
        tail = (tail + coefficient) * square
    with np.errstate(divide="ignore"):
        return np.where(near, r * (u - tail), u - np.log1p(np.where(near, 0.0, u)))


def expm1_excess(s: np.ndarray) -> np.ndarray:
    """s - (1 - exp(-s)) for s >= 0, at least 0; the relative error is below 1e-15 even for tiny s."""
    s = np.asarray(s, dtype=np.float64)
    near = s < 1.0
    small = np.where(near, s, 0.0)
    series = np.zeros_like(small)
    for coefficient in reversed(_EXP_TERMS):
        series = series * small + coefficient
    return np.where(near, series * small * small, s + np.expm1(-s))


def relative_entropy_term(u: np.ndarray) -> np.ndarray:
    """h(u) = (1 + u) log(1 + u) - u for u >= -1, at least 0, h(-1) = 1: a term of a divergence.

    sum_k e_k h((t_k - e_k) / e_k) = sum_k t_k log(t_k / e_k) if t and e have the same total (Loader's idea for the
    binomial). The sum on the right cancels if t is near e; the one on the left has no negative terms.
    """
    u = np.asarray(u, dtype=np.float64)
    near = np.abs(u) < 0.3
    inner = np.where(near, u, 0.0)
    outer = np.where(near | (u <= -1.0), 1.0, u)
    far = np.where(u <= -1.0, 1.0, (1.0 + outer) * np.log1p(outer) - outer)
    return np.where(near, inner * inner - (1.0 + inner) * log1p_excess(inner), far)


def stirling_error(n: np.ndarray) -> np.ndarray:
    """log n! - log(sqrt(2 pi n) (n / e)^n) for whole n >= 1."""
    n = np.asarray(n, dtype=np.float64)
    large = np.maximum(n, 16.0)
    inverse_square = 1.0 / (large * large)
    series = np.zeros_like(large)
    for coefficient in reversed(_STIRLING_TERMS):
        series = series * inverse_square + coefficient
    table = _STIRLING_TABLE[np.minimum(n, 15.0).astype(np.int64)]
    return np.where(n < 16.0, table, series / large)
