"""The C loops and their numpy twins: each path against the other, against mpmath, and at its edges."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.kernels import counting, cross_entropy, native, training
from mottomo.kernels.counting import count_codes
from mottomo.kernels.cross_entropy import cross_entropy_of_logits, gather_log
from mottomo.kernels.training import TrainingPass

C_PATHS = ("portable", "avx2", "avx512")
USERS = (counting, cross_entropy, training)


def available() -> list[str]:
    extension = native.extension()
    found = ["numpy"]
    if extension is not None:
        found += [path for path in C_PATHS if extension.use(path)]
        extension.use("")
    return found


@pytest.fixture(params=available())
def path(request, monkeypatch):
    """Each path that this machine has, in turn."""
    extension = native.extension()
    if request.param == "numpy":
        for module in USERS:
            monkeypatch.setattr(module, "extension", lambda: None)
    else:
        assert extension.use(request.param)
        assert native.path() == request.param
    yield request.param
    if extension is not None:
        extension.use("")


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


# --- which path runs -------------------------------------------------------------------------------------------------


def test_the_environment_can_leave_the_extension_out():
    code = "from mottomo.kernels import native; print(native.path())"
    environment = {**os.environ, "MOTTOMO_KERNELS": "numpy"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "numpy"


def test_the_environment_can_ask_for_a_path():
    for wanted in available()[1:]:
        code = "from mottomo.kernels import native; print(native.path())"
        environment = {**os.environ, "MOTTOMO_KERNELS": wanted}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == wanted


def test_a_path_that_is_not_here_is_said():
    code = "from mottomo.kernels import native; print(native.path())"
    environment = {**os.environ, "MOTTOMO_KERNELS": "avx"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "numpy"
    assert "MOTTOMO_KERNELS=avx is none of the paths that are here" in done.stderr


# --- exp -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", available()[1:])
@pytest.mark.parametrize(("dtype", "lowest"), [(np.float64, -708.0), (np.float32, -87.0)])
def test_exp_is_within_one_unit_in_the_last_place_of_mpmath(wanted, dtype, lowest):
    extension = native.extension()
    assert extension.use(wanted)
    generator = np.random.default_rng(7)
    x = np.concatenate(
        [np.linspace(lowest, -lowest / 2, 2048), -generator.exponential(1, 1024), -np.logspace(-20, 0, 1024)]
    )
    x = np.maximum(x, lowest).astype(dtype)
    y = x.copy()
    extension.run("exp", y.itemsize, 0, y.size, 1, None, gradient=y)
    extension.use("")
    with mpmath.workdps(40):
        for value, found in zip(x.tolist(), y, strict=True):
            exact = mpmath.exp(value)
            assert abs(mpmath.mpf(float(found)) - exact) <= float(np.spacing(dtype(float(exact))))


@pytest.mark.parametrize("wanted", available()[1:])
def test_exp_is_zero_far_below_and_one_at_zero(wanted):
    extension = native.extension()
    assert extension.use(wanted)
    for dtype in (np.float64, np.float32):
        x = np.array([0.0, -0.0, -np.inf, -1e4, -1e30, -709.0, 0.0, 0.0] * 2, dtype=dtype)
        extension.run("exp", x.itemsize, 0, x.size, 1, None, gradient=x)
        assert x[:8].tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    extension.use("")


# --- counting --------------------------------------------------------------------------------------------------------

INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("size", [1, 2, 5, 6, 8, 9, 16, 17, 100, 5000])
def test_counts_are_those_of_bincount(path, dtype, size):
    top = min(size, int(np.iinfo(dtype).max) + 1)
    for n in (0, 1, 31, 1000, 300_007):
        codes = np.random.default_rng(n).integers(0, top, n).astype(dtype)
        counts, stray = count_codes(codes, size)
        assert counts.dtype == np.int64
        assert counts.tolist() == np.bincount(codes.astype(np.int64), minlength=size).tolist()
        assert stray == 0


@pytest.mark.parametrize("dtype", INTEGERS)
def test_codes_that_are_no_category_are_counted_apart(path, dtype):
    codes = np.array([0, 3, 4, 5, 127, 2, np.iinfo(dtype).max, np.iinfo(dtype).min, 1] * 50, dtype=dtype)
    counts, stray = count_codes(codes, 5)
    expected = [int((codes.astype(object) == k).sum()) for k in range(5)]
    assert counts.tolist() == expected
    assert stray == codes.size - sum(expected)


@pytest.mark.parametrize(("dtype", "size"), [(np.int8, 128), (np.int8, 200), (np.int16, 40_000), (np.uint8, 200)])
def test_negative_codes_of_a_narrow_type_are_no_category(path, dtype, size):
    limits = np.iinfo(dtype)
    codes = np.arange(limits.min, int(limits.max) + 1, dtype=np.int64).astype(dtype)
    counts, stray = count_codes(codes, size)
    inside = np.arange(size) <= limits.max
    assert counts.tolist() == inside.astype(int).tolist()
    assert stray == codes.size - inside.sum()


def test_counts_of_more_codes_than_a_range(path):
    codes = np.tile(np.array([1, 0, 5, 1], dtype=np.uint8), 3_000_001)
    assert count_codes(codes, 6)[0].tolist() == [3_000_001, 6_000_002, 0, 0, 0, 3_000_001]


# --- cross-entropy from logits ---------------------------------------------------------------------------------------

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


# --- from probabilities ----------------------------------------------------------------------------------------------


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


# --- training --------------------------------------------------------------------------------------------------------


class Rows:
    """A CSR matrix without scipy, for the C loop; the twin gets scipy's."""


def csr(dense):
    import scipy.sparse

    matrix = scipy.sparse.csr_matrix(dense)
    matrix.indptr = matrix.indptr.astype(np.int64)
    matrix.indices = matrix.indices.astype(np.int32)
    return matrix


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9, 12, 13, 17, 24, 33, 50, 70])
@pytest.mark.parametrize("kind", ["C", "F", "float32", "csr"])
def test_a_training_pass_is_the_formula(path, size, kind):
    generator = np.random.default_rng(size)
    for n, p in ((1, 1), (9, 3), (64, 5), (131, 17)):
        x = generator.normal(size=(n, p))
        if kind == "csr":
            x[generator.random((n, p)) < 0.6] = 0
        features = {
            "C": lambda x: x, "F": np.asfortranarray, "float32": lambda x: x.astype(np.float32), "csr": csr,
        }[kind](x)  # fmt: skip
        x = features.toarray() if kind == "csr" else np.asarray(features, dtype=np.float64)
        w, b = generator.normal(size=(p, size)), generator.normal(size=size)
        labels, weights = generator.integers(0, size, n), generator.exponential(1, n)
        soft = generator.dirichlet(np.ones(size), n)
        for labelled, targets, weighted in ((labels, None, None), (labels, None, weights), (None, soft, weights)):
            with TrainingPass(features, size, labelled, targets, weighted).running() as rows:
                found = rows.sums(w, b)
            t = one_hot(labels, size) if targets is None else targets
            m = np.ones(n) if weighted is None else weighted
            z = x @ w + b
            e = np.exp(z - z.max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
            loss = (m * (np.log(e.sum(axis=1)) + z.max(axis=1) - (t * z).sum(axis=1))).sum()
            assert found.loss == pytest.approx(loss, rel=1e-12, abs=1e-12)
            np.testing.assert_allclose(found.gradient, x.T @ (m[:, None] * (y - t)), rtol=1e-11, atol=1e-11)
            np.testing.assert_allclose(found.intercept_gradient, (m[:, None] * (y - t)).sum(axis=0), atol=1e-11)
