r"""Band-limited functions above and below a truncated exponential, which give bounds from finitely many frequencies.

For E(x) = exp(-lam x) where x >= 0 and 0 elsewhere, Graham and Vaaler (1981) found the integrable functions of
exponential type 2 pi closest to E from above and from below. They touch E at all integers,

    F(x) = (sin pi x / pi)^2 sum_n [ F(n) / (x - n)^2 + F'(n) / (x - n) ]

    above: F(n) = exp(-lam n) for n >= 0        below: F(n) = exp(-lam n) for n >= 1
    both:  F'(n) = -lam exp(-lam n) for n >= 1, F'(0) = lam / (exp(lam) - 1), and all else 0

and the integral of their difference is 1. Their Fourier transforms vanish outside [-1, 1]. So an expectation of F
depends only on those frequencies of a distribution, and it bounds the expectation of E whatever the others are.

Source: Graham and Vaaler, "A class of extremal functions for the Fourier transform", Trans. AMS 265 (1981).
"""

from __future__ import annotations

import numpy as np


def truncated_exponential_transforms(frequencies: np.ndarray, decay: float) -> tuple[np.ndarray, np.ndarray]:
    """The transforms  int F(x) exp(-2 pi i x f) dx  of the function above and of the function below.

    frequencies : (N,) float64, f in [0, 1].
    decay : lam > 0.

    Returns two arrays, (N,) complex128.
    """
    turned = np.exp(-decay - 2j * np.pi * frequencies)
    # 1 - exp(-lam - 2 pi i f), without cancellation if lam and f are small.
    gap = -np.expm1(-decay) + np.exp(-decay) * (
        2 * np.sin(np.pi * frequencies) ** 2 + 1j * np.sin(2 * np.pi * frequencies)
    )
    values_above = 1 / gap
    values_below = turned / gap
    slopes = decay / np.expm1(decay) - decay * values_below
    odd = np.where(frequencies > 0, slopes / (2j * np.pi), 0.0)
    return (1 - frequencies) * values_above + odd, (1 - frequencies) * values_below + odd
