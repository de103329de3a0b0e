"""The maximum of a softmax model's log L in 50 digits: Newton's method on the numbers of the data as they are."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np

_DIGITS = 60
_MOST_STEPS = 200


def maximum_log_likelihood(x: np.ndarray, labels: np.ndarray, n_categories: int, strength: float = 0.0) -> mpmath.mpf:
    """The largest log L of the model with an intercept, for features (n, p) of full rank that do not separate.

    With a `strength` it is the largest log L - strength / 2 sum W^2, of the difference of W where K is 2.
    """
    with mpmath.workdps(_DIGITS):
        design = [[mpmath.mpf(1), *(mpmath.mpf(float(value)) for value in row)] for row in x]
        if not strength:
            design = _orthonormal(design)
        n, p, d = len(design), len(design[0]), n_categories - 1
        pull = _pull(p, n_categories, strength)
        theta = mpmath.zeros(p * d, 1)
        value = _log_likelihood(design, labels, theta, p, d)[0]
        for _ in range(_MOST_STEPS):
            _, y = _log_likelihood(design, labels, theta, p, d)
            gradient, hessian = -pull * theta, pull.copy()
            for i in range(n):
                for a in range(d):
                    residual = (1 if labels[i] == a + 1 else 0) - y[i][a]
                    for j in range(p):
                        gradient[a * p + j] += residual * design[i][j]
                    for b in range(d):
                        s = y[i][a] * ((1 if a == b else 0) - y[i][b])
                        for j in range(p):
                            weighted = s * design[i][j]
                            for k in range(p):
                                hessian[a * p + j, b * p + k] += weighted * design[i][k]
            step = mpmath.lu_solve(hessian, gradient)
            decrement = (gradient.T * step)[0]
            size = mpmath.mpf(1)
            while True:
                new = theta + size * step
                reached = _log_likelihood(design, labels, new, p, d)[0] - (new.T * pull * new)[0] / 2
                if reached >= value or size < mpmath.mpf(2) ** -60:
                    break
                size /= 2
            theta, value = new, reached
            if decrement < mpmath.mpf(10) ** -40:
                return value
        raise ArithmeticError("Newton's method did not end")


def _pull(p: int, n_categories: int, strength: float) -> mpmath.matrix:
    """The penalty's Hessian in the coefficients against the first category, whose own are 0; intercepts are free."""
    d, found = n_categories - 1, mpmath.zeros(p * (n_categories - 1), p * (n_categories - 1))
    times = mpmath.mpf(strength) * (2 if n_categories == 2 else 1)
    for a in range(d):
        for b in range(d):
            share = times * ((1 if a == b else 0) - mpmath.mpf(1) / n_categories)
            for j in range(1, p):
                found[a * p + j, b * p + j] = share
    return found


def _orthonormal(rows: list[list[mpmath.mpf]]) -> list[list[mpmath.mpf]]:
    """An orthogonal basis of the columns' space, in so many digits that nearly collinear columns keep theirs."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    basis: list[list[mpmath.mpf]] = []
    for column in columns:
        left = column
        for _ in range(2):
            for one in basis:
                share = mpmath.fdot(left, one)
                left = [a - share * b for a, b in zip(left, one, strict=True)]
        length = mpmath.sqrt(mpmath.fdot(left, left))
        basis.append([a / length for a in left])
    size = mpmath.sqrt(len(rows))
    return [[a * size for a in row] for row in zip(*basis, strict=True)]


def _log_likelihood(design, labels, theta, p, d):
    total, probabilities = mpmath.mpf(0), []
    for i, row in enumerate(design):
        z = [mpmath.fdot(row, [theta[a * p + j] for j in range(p)]) for a in range(d)]
        top = max([mpmath.mpf(0), *z])
        powers = [mpmath.exp(one - top) for one in (mpmath.mpf(0), *z)]
        whole = mpmath.fsum(powers)
        total += mpmath.log(powers[labels[i]] / whole)
        probabilities.append([power / whole for power in powers[1:]])
    return total, probabilities


def rank(x: np.ndarray) -> int:
    """The rank of the columns and a column of ones, by elimination in fractions."""
    rows = [[Fraction(1), *(Fraction(float(value)) for value in row)] for row in x]
    found = 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        top = rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / top[column]
            if factor:
                rows[i] = [a - factor * b for a, b in zip(rows[i], top, strict=True)]
        found += 1
    return found
