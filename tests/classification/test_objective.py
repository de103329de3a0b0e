"""The objective: the formula, its gradient, and sums that merge."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
import scipy.special

from mottomo.classification.coordinates import centred, referred
from mottomo.classification.objective import Objective, ObjectiveSums, Rows
from mottomo.numerics.contrasts import contrasts
from tests.classification.data import ridge, rows_of, simulated


@pytest.mark.parametrize("size", [2, 3, 10, 40])
def test_contrasts_are_an_orthonormal_basis_of_what_adds_to_zero(size):
    q = contrasts(size)
    np.testing.assert_allclose(q.T @ q, np.eye(size - 1), atol=1e-14)
    np.testing.assert_allclose(q.sum(axis=0), 0, atol=1e-14)


def test_centred_and_referred_coefficients_give_the_same_probabilities():
    generator = np.random.default_rng(1)
    w, x = generator.normal(size=(4, 5)), generator.normal(size=(7, 4))
    expected = scipy.special.softmax(x @ w, axis=1)
    for other in (centred(w), referred(w, 2)):
        np.testing.assert_allclose(scipy.special.softmax(x @ other, axis=1), expected, atol=1e-14)
    assert (referred(w, 2)[:, 2] == 0).all()


@pytest.mark.parametrize("strength", [0.0, 2.5])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_gradient_agrees_with_differences(strength, intercept):
    x, labels = simulated(50, 4, 3)
    rows = Rows(x, 3, labels, weights=np.random.default_rng(0).exponential(1, 50))
    with rows.running() as sums:
        objective = Objective(sums, 3, rows.weight, ridge(rows, strength), intercept)
        v = np.random.default_rng(1).normal(size=(4 + intercept, 2))
        found = objective(v).gradient
        differences = scipy.optimize.approx_fprime(v.ravel(), lambda flat: objective(flat.reshape(v.shape)).value, 1e-7)
    np.testing.assert_allclose(found.ravel(), differences, atol=2e-6)


def test_the_value_is_minus_log_l_and_the_penalty():
    x, labels = simulated(30, 3, 4)
    rows = rows_of(x, labels, 4)
    with rows.running() as sums:
        objective = Objective(sums, 4, 30, ridge(rows, 1.5), True)
        v = np.random.default_rng(1).normal(size=(4, 3))
        w, b = objective.coefficients(v)
        logs = scipy.special.log_softmax(x @ w + b, axis=1)[np.arange(30), labels]
        assert objective(v).value == pytest.approx((-logs.sum() + 0.75 * (w**2).sum()) / 30, rel=1e-14)


def test_sums_of_parts_add_up_to_the_sum_of_the_whole_whatever_the_parts():
    x, labels = simulated(1000, 5, 3)
    w, b = np.random.default_rng(2).normal(size=(5, 3)), np.array([0.1, 0.2, -0.3])

    def sums(first, last):
        with rows_of(x[first:last], labels[first:last], 3).running() as of:
            return of(w, b)

    whole = sums(0, 1000)
    for cuts in ([0, 1, 1000], [0, 100, 101, 500, 1000], list(range(0, 1001, 50))):
        parts = [sums(first, last) for first, last in pairwise(cuts)]
        for ordered in (parts, parts[::-1]):
            total = sum(ordered, start=ObjectiveSums.empty(5, 3))
            assert total.loss == pytest.approx(whole.loss, rel=1e-14)
            np.testing.assert_allclose(total.gradient, whole.gradient, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(total.intercept_gradient, whole.intercept_gradient, rtol=1e-12, atol=1e-12)
            assert total.weight == 1000


def test_a_sample_is_always_the_same_rows():
    rows = rows_of(*simulated(500, 2, 2))
    one, other = rows.sample(50), rows.sample(50)
    assert (one.features == other.features).all()
    assert one.n == 50
    assert rows.sample(500) is rows
