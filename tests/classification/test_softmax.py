"""Probabilities of a model that is there: against exact arithmetic, also where products overflow."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from mottomo.classification.softmax import log_probabilities, probabilities

SIZES = st.floats(-1e308, 1e308).filter(lambda x: x == 0 or abs(x) > 1e-100)


@given(
    x=st.lists(st.floats(-50, 50), min_size=2, max_size=2),
    w=st.lists(st.floats(-10, 10), min_size=6, max_size=6),
    b=st.lists(st.floats(-10, 10), min_size=3, max_size=3),
)
def test_they_are_those_of_exact_arithmetic(x, w, b):
    matrix = np.array(w).reshape(2, 3)
    with mpmath.workdps(60):
        z = [sum(mpmath.mpf(x[j]) * mpmath.mpf(matrix[j, k]) for j in range(2)) + mpmath.mpf(b[k]) for k in range(3)]
        total = sum(mpmath.exp(one) for one in z)
        expected = [float(mpmath.log(mpmath.exp(one) / total)) for one in z]
    scale = np.abs(x) @ np.abs(matrix).max(axis=1) + np.abs(b).max()
    found = log_probabilities(np.array([x]), matrix, np.array(b))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15 * (scale + 1))
    np.testing.assert_allclose(probabilities(np.array([x]), matrix, np.array(b))[0], np.exp(found), rtol=1e-13)


@given(x=st.lists(SIZES, min_size=2, max_size=2))
@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
def test_products_that_overflow_leave_probabilities(form, x):
    w, b = np.array([[171.0, -171, 0], [1.0, 2, -3]]), np.array([0.5, 0, -0.5])
    found = probabilities(form(np.array([x, [0.0, 0.0]])), w, b)
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(1)
    exact = [float(x[0]) / 2**10 * w[0, k] + float(x[1]) / 2**10 * w[1, k] for k in range(3)]
    ahead = sorted(exact)
    if ahead[2] - ahead[1] > 1e-6 * abs(ahead[2]) + 10:
        assert found[0].argmax() == int(np.argmax(exact))
        assert found[0].max() == 1
