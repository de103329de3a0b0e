"""Losses and gradients of rows of logits on each path, against mpmath and at their edges."""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.kernels.training import TrainingPass


def exact_losses(logits, targets):
    """Losses in 60 digits, from the definition."""
    with mpmath.workdps(60):
        rows = []
        for z, t in zip(logits.tolist(), targets.tolist(), strict=True):
            total = mpmath.fsum(mpmath.exp(v) for v in z)
            rows.append(mpmath.log(total) - mpmath.fsum(a * mpmath.mpf(b) for a, b in zip(t, z, strict=True)))
        return rows


def one_hot(labels, size):
    return np.eye(size)[labels]


SIZES = [1, 2, 3, 7, 10, 24, 25, 64, 100, 1000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_losses_in_double_are_right_to_1e_15(path, size, scale):
    generator = np.random.default_rng(size)
    n = max(3, 400 // size)
    logits, labels = generator.normal(0, scale, (n, size)), generator.integers(0, size, n)
    found = cross_entropy_of_logits(logits, labels, losses=True)
    exact = exact_losses(logits, one_hot(labels, size))
    with mpmath.workdps(60):
        assert abs(found.total - mpmath.fsum(exact)) <= 1e-15 * abs(mpmath.fsum(exact)) + 1e-50
        for one, other in zip(found.losses.tolist(), exact, strict=True):
            assert abs(one - other) <= 4e-16 * abs(other) + 2e-16 * abs(scale)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_are_softmax_minus_target(path, size, dtype):
    generator = np.random.default_rng(size)
    for n in (1, 63, 64, 65, 130):
        logits = generator.normal(0, 3, (n, size)).astype(dtype)
        labels, weights = generator.integers(0, size, n), generator.exponential(1, n)
        before = logits.copy()
        found = cross_entropy_of_logits(logits, labels, weights=weights, scale=0.5)
        assert (logits == before).all()
        wide = logits.astype(np.longdouble)
        e = np.exp(wide - wide.max(axis=1, keepdims=True))
        expected = 0.5 * weights[:, None] * (e / e.sum(axis=1, keepdims=True) - one_hot(labels, size))
        assert np.abs(found.gradient - expected).max() <= (1e-15 if dtype is np.float64 else 3e-7) * 3
        soft = generator.dirichlet(np.ones(size), n).astype(dtype)
        softly = cross_entropy_of_logits(logits, None, targets=soft, scale=1.0)
        expected = e / e.sum(axis=1, keepdims=True) - soft
        assert np.abs(softly.gradient - expected).max() <= (1e-15 if dtype is np.float64 else 3e-7) * 3


@pytest.mark.parametrize("size", [3, 40])
def test_the_gradient_goes_where_it_is_told_even_over_the_logits(path, size):
    generator = np.random.default_rng(size)
    logits, labels = generator.normal(size=(1000, size)), generator.integers(0, size, 1000)
    fresh = cross_entropy_of_logits(logits, labels, scale=0.5)
    given = np.full_like(logits, np.nan)
    assert cross_entropy_of_logits(logits, labels, scale=0.5, gradient=given).gradient is given
    np.testing.assert_array_equal(given, fresh.gradient)
    over = logits.copy()
    assert cross_entropy_of_logits(over, labels, scale=0.5, gradient=over).total == fresh.total
    np.testing.assert_array_equal(over, fresh.gradient)


@pytest.mark.parametrize("size", [3, 40])
def test_a_row_of_weight_zero_has_no_part_though_it_be_impossible(path, size):
    logits, labels, weights = np.zeros((100, size)), np.zeros(100, dtype=np.int64), np.ones(100)
    logits[40, 0], weights[40] = -np.inf, 0
    found = cross_entropy_of_logits(logits, labels, weights=weights, scale=1.0)
    assert found.total == pytest.approx(99 * np.log(size), rel=1e-14)
    assert not found.gradient[40].any()


def test_soft_targets_that_are_certain_give_the_losses_of_labels(path):
    generator = np.random.default_rng(3)
    for size in (3, 40):
        logits, labels = generator.normal(0, 2, (77, size)), generator.integers(0, size, 77)
        hard = cross_entropy_of_logits(logits, labels, losses=True)
        soft = cross_entropy_of_logits(logits, None, targets=one_hot(labels, size), losses=True)
        np.testing.assert_allclose(hard.losses, soft.losses, rtol=1e-15)


@pytest.mark.parametrize("pad", [0, 40])
def test_near_certain_rows_keep_their_digits(path, pad):
    for z, exact in [((0, -50, -50), 3.857499695927836e-22), ((40, 0, 0), 8.496708510740986e-18)]:
        logits = np.array([list(z) + [-np.inf] * pad], dtype=np.float64)
        found = cross_entropy_of_logits(logits, np.array([0]), scale=1.0)
        assert found.total == pytest.approx(exact, rel=1e-14)
        assert found.gradient[0, 0] == pytest.approx(-exact, rel=1e-14)
    far = cross_entropy_of_logits(np.array([[1000.0, 0.0, -1000.0] + [-np.inf] * pad]), np.array([2]))
    assert far.total == 2000


FAR = {
    "near": (0.0, 0.0),
    "the label far above": (900.0, 0.0),
    "the label far below": (-900.0, 0.0),
    "the label below": (-7.5, 0.0),
    "the label below by more": (-13.5, 0.0),
    "the label further below": (-45.0, 0.0),
    "all logits large": (1e5, 1e5),
    "another far below": (0.0, -900.0),
    "another impossible": (0.0, -np.inf),
    "between single and double precision": (0.0, -75.0),
    "below single precision": (0.0, -110.0),
    "another at the end of the range": (0.0, -316.0),
}


def exact_odds(z, label):
    """exp(z_k - z_label) of a row, and the sum of the others', in 60 digits."""
    odds = [mpmath.exp(mpmath.mpf(one) - z[label]) for one in z]
    return odds, mpmath.fsum(one for k, one in enumerate(odds) if k != label)


@functools.cache
def far_and_near(size):
    """Logits with a block of rows of each kind, few of them far; labels, losses, softmax - t, rows of a block."""
    generator = np.random.default_rng(size)
    each = 64 if size < 100 else 1
    n = each * len(FAR)
    # multiples of 1/64, so that differences of logits have no error of their own
    logits, labels = np.round(64 * generator.normal(0, 1, (n, size))) / 64, generator.integers(0, size, n)
    for i in range(n):
        own, other = list(FAR.values())[i // each]
        if i % each % 16 == 0:
            logits[i, labels[i] - 1] += other
            logits[i, labels[i]] += own
    losses, residual = [], np.empty((n, size))
    with mpmath.workdps(60):
        for i, (row, label) in enumerate(zip(logits.tolist(), labels.tolist(), strict=True)):
            odds, rest = exact_odds(row, label)
            losses.append(mpmath.log1p(rest))
            residual[i] = [float(one / (1 + rest)) for one in odds]
            residual[i, label] = float(-rest / (1 + rest))
    return logits, labels, losses, residual, each


@pytest.mark.parametrize("size", [2, 3, 9, 24, 25, 40, 700, 1600])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("in_place", [False, True])
def test_rows_near_their_label_and_rows_far_from_it_are_right(path, size, dtype, in_place):
    exact_logits, labels, losses, residual, each = far_and_near(size)
    logits = exact_logits.astype(dtype)
    error, least = (1e-15, 1e-300) if dtype is np.float64 else (5e-7, 1e-37)
    with mpmath.workdps(60):
        for rows in (slice(None), *(slice(start, start + each) for start in range(0, len(labels), each))):
            room = logits[rows].copy()
            gradient = room if in_place else np.empty_like(room)
            found = cross_entropy_of_logits(room, labels[rows], scale=1e-20, gradient=gradient, losses=True)
            np.testing.assert_allclose(found.losses, [float(one) for one in losses[rows]], rtol=error, atol=least)
            np.testing.assert_allclose(gradient, 1e-20 * residual[rows], rtol=error, atol=least)
            total, exact = cross_entropy_of_logits(logits[rows], labels[rows]).total, mpmath.fsum(losses[rows])
            assert abs(total - exact) <= error * exact + least


@pytest.mark.parametrize("size", [3, 40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e-30])
@pytest.mark.parametrize("below", [5, 15, 30])
def test_gradients_of_rows_that_expect_another_label_are_as_exact(path, size, dtype, scale, below):
    generator = np.random.default_rng(size)
    logits, labels = generator.normal(0, 1, (130, size)).astype(dtype), np.zeros(130, dtype=np.int64)
    logits[:, 0] = -below
    with mpmath.workdps(40):
        exact = []
        for row in logits.tolist():
            odds, rest = exact_odds(row, 0)
            exact.append([float(scale * (one / (1 + rest) - (k == 0))) for k, one in enumerate(odds)])
    found = cross_entropy_of_logits(logits, labels, scale=scale).gradient
    np.testing.assert_allclose(found, exact, rtol=2e-15 if dtype is np.float64 else 8e-7)


@pytest.mark.parametrize("size", [2, 3, 40])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_no_number_does_not_become_one(path, size, dtype):
    for place in (0, 1, size - 1):
        logits, labels = np.zeros((70, size), dtype=dtype), np.zeros(70, dtype=np.int64)
        logits[5, place] = np.nan
        found = cross_entropy_of_logits(logits, labels, scale=1.0, losses=True)
        assert np.isnan(found.total)
        assert np.isnan(cross_entropy_of_logits(logits, labels).total)
        assert np.flatnonzero(np.isnan(found.losses)).tolist() == [5]
        assert np.isnan(found.gradient[5]).any()


def test_a_sum_of_many_large_losses_is_finite(path):
    for size in (3, 40):
        logits = np.zeros((500, size))
        logits[:, 1] = 250
        found = cross_entropy_of_logits(logits, np.zeros(500, dtype=np.int64)).total
        assert found == pytest.approx(500 * 250, rel=1e-15)


def test_a_sum_of_many_small_losses_keeps_its_digits(path):
    generator = np.random.default_rng(4)
    for size in (3, 40):
        logits = generator.normal(0, 1, (500, size))
        logits[:, 1] += generator.uniform(20, 300, 500)
        logits = np.round(64 * logits) / 64
        found = cross_entropy_of_logits(logits, np.ones(500, dtype=np.int64)).total
        with mpmath.workdps(60):
            exact = mpmath.fsum(mpmath.log1p(exact_odds(row, 1)[1]) for row in logits.tolist())
            assert abs(found - exact) <= 1e-15 * exact


@pytest.mark.parametrize("size", [3, 40])
def test_ties_at_the_top_are_all_counted(path, size):
    logits = np.full((5, size), 7.0)
    found = cross_entropy_of_logits(logits, np.zeros(5, dtype=np.int64))
    assert found.total == pytest.approx(5 * np.log(size), rel=1e-15)


def test_a_label_of_probability_zero_has_an_infinite_loss(path):
    for size in (2, 40):
        logits = np.zeros((3, size))
        logits[1, 0] = -np.inf
        assert cross_entropy_of_logits(logits, np.zeros(3, dtype=np.int64)).total == np.inf


@pytest.mark.parametrize("size", [3, 40])
@pytest.mark.parametrize("wrong", [-1, 40, 2**40, -(2**63)])
def test_the_first_label_that_is_no_category_is_named(path, size, wrong):
    labels = np.zeros(100_000, dtype=np.int64)
    labels[70_001], labels[99_999] = wrong, -5
    assert cross_entropy_of_logits(np.zeros((100_000, size)), labels).stray == 70_001


def test_sums_do_not_depend_on_the_number_of_threads(path, monkeypatch):
    from mottomo.kernels import threads

    generator = np.random.default_rng(5)
    logits, labels = generator.normal(size=(400_000, 3)), generator.integers(0, 3, 400_000)
    features = generator.normal(size=(50_000, 6))
    found = []
    for processors in (1, 2, 7):
        monkeypatch.setattr(threads, "processors", lambda count=processors: count)
        with TrainingPass(features, 3, labels[:50_000]).running() as rows:
            sums = rows.sums(np.ones((6, 3)), np.zeros(3))
        total = cross_entropy_of_logits(logits, labels).total
        found.append((total, sums.loss, sums.gradient.tolist(), sums.intercept_gradient.tolist()))
    assert found[0] == found[1] == found[2]


@given(
    st.lists(st.lists(st.floats(-50, 50), min_size=4, max_size=4), min_size=1, max_size=20),
    st.floats(-1e3, 1e3),
)
def test_adding_a_constant_to_the_logits_changes_nothing(rows, shift):
    logits = np.array(rows)
    labels = np.arange(len(rows)) % 4
    one, other = (cross_entropy_of_logits(z, labels).total for z in (logits, logits + shift))
    assert one == pytest.approx(other, rel=1e-9, abs=1e-10)
