"""Logarithms of checked probabilities on each path."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from mottomo.kernels.cross_entropy import gather_log


@pytest.mark.parametrize("size", [2, 3, 10, 100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sharpness", [0.1, 1.0, 100.0])
def test_gathered_logs_are_right_to_1e_15(path, size, dtype, sharpness):
    generator = np.random.default_rng(size)
    p = generator.dirichlet(np.full(size, sharpness), 500).astype(dtype)
    p[p[:, 0] == 0, 0] = np.finfo(dtype).tiny
    labels, weights = generator.integers(0, size, 500), generator.exponential(1, 500)
    tolerance = 8 * size * float(np.finfo(dtype).eps)
    seen = p[np.arange(500), labels] > 0
    for w in (None, weights):
        found = gather_log(p, labels, weights=w, tolerance=tolerance)
        assert found.wrong is None
        assert found.impossible == int((~seen).sum())
        with mpmath.workdps(40):
            exact = mpmath.fsum(
                (1 if w is None else w[i]) * mpmath.log(float(p[i, labels[i]])) for i in np.flatnonzero(seen)
            )
            assert abs(found.total - exact) <= 1e-15 * abs(exact)


def test_near_certain_probabilities_keep_their_digits(path):
    p = np.array([[1 - 1e-9, 1e-9]] * 1000)
    assert gather_log(p, np.zeros(1000, dtype=np.int64), tolerance=1e-14).total == pytest.approx(
        1000 * float(mpmath.log(1 - mpmath.mpf(1) + mpmath.mpf(float(p[0, 0])))), rel=1e-15
    )


def test_probabilities_that_differ_from_one_by_their_last_bits_keep_them(path):
    own = 1 - np.arange(0, 200) * 2.0**-53
    p = np.stack([own, 1 - own], axis=1)
    with mpmath.workdps(60):
        exact = mpmath.fsum(mpmath.log(mpmath.mpf(float(one))) for one in own)
        found = gather_log(p, np.zeros(200, dtype=np.int64), tolerance=1e-15).total
        assert abs(found - exact) <= 1e-15 * abs(exact)


SMALL = [2.0**-240, np.nextafter(2.0**-240, 0), 2.0**-239, 2.0**-256, 2.0**-280, 2.0**-1022, 5e-324]


@pytest.mark.parametrize("own", [np.logspace(-323, -1, 200), np.full(128, 0.3), *(np.full(128, one) for one in SMALL)])
def test_very_small_probabilities_do_not_vanish_in_products(path, own):
    p = np.stack([own, 1 - own], axis=1)
    with mpmath.workdps(60):
        exact = mpmath.fsum(mpmath.log(mpmath.mpf(float(one))) for one in own)
        found = gather_log(p, np.zeros(len(p), dtype=np.int64), tolerance=1e-15).total
        assert abs(found - exact) <= 1e-15 * abs(exact)


@pytest.mark.parametrize("size", [2, 3, 40])
@pytest.mark.parametrize("row", [[-0.25, 1.25], [0.5, 0.4], [np.nan, 0.5], [np.inf, 0.5], [0.7, 0.7]])
def test_the_first_row_that_is_no_probability_vector_is_named(path, size, row):
    p = np.zeros((50_000, size))
    p[:, 0] = 1
    p[43_210, :2] = row
    p[49_999, 0] = 0
    assert gather_log(p, np.zeros(50_000, dtype=np.int64), tolerance=1e-12).wrong == 43_210


@pytest.mark.parametrize("size", [3, 40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_minus_zero_is_a_probability_and_tiny_ones_count(path, size, dtype):
    p = np.zeros((64 * 3 + 5, size), dtype=dtype)
    p[:, 0], p[70, 1], p[150, 1] = 1, -0.0, np.finfo(dtype).smallest_subnormal
    labels = np.zeros(len(p), dtype=np.int64)
    labels[[10, 150]] = 1
    found = gather_log(p, labels, tolerance=1e-7)
    assert (found.wrong, found.impossible) == (None, 1)
    assert found.total == pytest.approx(float(mpmath.log(float(p[150, 1]))), rel=1e-15)


def test_a_label_beyond_the_categories_is_named(path):
    labels = np.array([0, 1, 5])
    assert gather_log(np.full((3, 2), 0.5), labels, tolerance=1e-12).wrong == 2
