"""Training: where it ends, what it proves, and what it says when it does not get there."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from mottomo.classification import kronecker, optimisation
from mottomo.classification.certificate import Certificate
from mottomo.classification.curvature import ExactCurvature, LeastCurvature, category_curvature, information
from mottomo.classification.gap_estimates import RemainingGains, Shortfall
from mottomo.classification.kronecker import DiagonalCurvature, HeadCurvature, KroneckerCurvature
from mottomo.classification.objective import Objective, Rows, with_wide_starts
from mottomo.classification.optimisation import train
from mottomo.classification.scaling import Scaling
from mottomo.classification.softmax import probabilities
from mottomo.numerics.contrasts import contrasts
from tests.classification.data import column, ridge, rows_of, simulated


def dense_hessian(x, w, b, weights, size):
    """The Hessian on the coordinates, from its definition, row by row."""
    from mottomo.numerics.contrasts import contrasts

    q = contrasts(size)
    total = 0
    for row, weight, y in zip(x, weights, probabilities(x, w, b), strict=True):
        extended = np.append(row, 1)
        total = total + weight * np.kron(q.T @ (np.diag(y) - np.outer(y, y)) @ q, np.outer(extended, extended))
    return total


@pytest.mark.parametrize("weighted", [False, True])
def test_exact_curvature_solves_the_hessian(weighted):
    x, labels = simulated(80, 4, 4)
    x[:, 1] = 1000 + 50 * x[:, 1]  # another unit and another origin
    weights = np.random.default_rng(0).exponential(1, 80) if weighted else None
    rows = Rows(x, 4, labels, weights=weights)
    w, b = np.random.default_rng(1).normal(size=(4, 4)) * 0.1, np.zeros(4)
    w[1] /= 50
    w -= w.mean(axis=1, keepdims=True)
    exact = ExactCurvature(rows, w, b, Scaling.of(rows, True), 0.01)
    hessian = dense_hessian(x, w, b, np.ones(80) if weights is None else weights, 4) / rows.weight
    hessian += 0.01 * np.kron(np.eye(3), np.diag([1, 1, 1, 1, 0]))
    g = np.random.default_rng(2).normal(size=(5, 3))
    expected = np.linalg.solve(hessian, g.T.ravel()).reshape(3, 5).T
    np.testing.assert_allclose(exact.solve(g), expected, rtol=1e-6)


def test_information_does_not_depend_on_the_threads(monkeypatch):
    from mottomo.kernels import threads

    rows = rows_of(*simulated(20_000, 40, 5))
    w, b, scaling = np.zeros((40, 5)), np.zeros(5), Scaling.of(rows, True)
    once = information(rows, w, b, scaling)
    monkeypatch.setattr(threads, "processors", lambda: 5)
    np.testing.assert_allclose(information(rows, w, b, scaling), once, rtol=1e-12, atol=1e-9)


def test_kronecker_curvature_is_exact_where_all_rows_are_equally_undecided():
    x, labels = simulated(200, 3, 4)
    rows = rows_of(x, labels, 4)
    w, b = np.zeros((3, 4)), np.zeros(4)
    scaling = Scaling.of(rows, True)
    g = np.random.default_rng(2).normal(size=(4, 3))
    exact = ExactCurvature(rows, w, b, scaling, 0.3).solve(g)
    np.testing.assert_allclose(KroneckerCurvature(rows.excerpt(rows.n), w, b, scaling, 0.3).solve(g), exact, rtol=1e-6)


def test_diagonal_curvature_is_the_diagonal():
    x, labels = simulated(60, 3, 3)
    rows = rows_of(x, labels, 3)
    w, b = np.random.default_rng(1).normal(size=(3, 3)), np.zeros(3)
    w -= w.mean(axis=1, keepdims=True)
    found = DiagonalCurvature(rows, w, b, Scaling.none(3, True), 0.2).solve(np.ones((4, 2)))
    diagonal = np.diag(dense_hessian(x, w, b, np.ones(60), 3) / 60).reshape(2, 4).T
    np.testing.assert_allclose(found, 1 / (diagonal + 0.2 * np.array([1, 1, 1, 0])[:, None]), rtol=1e-6)


def test_the_most_frequent_sparse_columns_are_curved_together_and_the_others_one_by_one(monkeypatch):
    import scipy.sparse

    monkeypatch.setattr(kronecker, "HEAD", 2)
    monkeypatch.setattr(kronecker, "ROWS_A_COLUMN", 20)
    x, labels = simulated(40, 5, 3)
    x[:, [0, 2, 4]] *= 0.01  # the other two have the largest squares
    dense = rows_of(x, labels, 3)
    sparse = Rows(with_wide_starts(scipy.sparse.csr_matrix(x)), 3, dense.labels)
    w, b = np.zeros((5, 3)), np.zeros(3)
    g = np.random.default_rng(2).normal(size=(6, 2))
    expected = DiagonalCurvature(dense, w, b, Scaling.none(5, True), 0.2).solve(g)
    head = rows_of(np.ascontiguousarray(x[:, [1, 3]]), labels, 3)
    together = ExactCurvature(head, w[:2], b, Scaling.none(2, True), 0.2)
    expected[[1, 3, 5]] = together.solve(g[[1, 3, 5]])
    np.testing.assert_allclose(HeadCurvature(sparse, w, b, Scaling.none(5, True), 0.2).solve(g), expected, rtol=1e-6)


# --- the certificate -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(2, 4),
    distance=st.floats(1e-4, 1.0),
    moved=st.floats(0, 0.3),
    part=st.sampled_from([1.0, 0.5]),
    strength=st.sampled_from([0.0, 1.0]),
)
def test_the_bound_is_never_below_the_true_gap(seed, size, distance, moved, part, strength):
    x, labels = simulated(150, 2, size, seed, scale=0.7)
    rows = rows_of(x, labels, size)
    generator = np.random.default_rng(seed)
    optimum, _ = train(rows, ridge=ridge(rows, strength), intercept=True, tolerance=1e-11)
    if optimum.reason != "gap":
        return
    with rows.running() as sums:
        objective = Objective(sums, size, 150, ridge(rows, strength), True)
        v = optimum.point.coordinates
        point = objective(v + distance * generator.normal(size=v.shape) * 0.3)
        some = rows.sample(int(150 * part))
        taken_at = objective.coefficients(point.coordinates + moved * generator.normal(size=v.shape) * 0.3)
        curvature = ExactCurvature(some, *taken_at, Scaling.of(some, True), objective.decay)
        bound = Certificate(curvature, 150).bound(point, *objective.coefficients(point.coordinates))
    assert bound >= (point.value - optimum.point.value) * (1 - 1e-9)


def test_the_bound_is_near_the_gap_where_the_gap_is_small():
    x, labels = simulated(2000, 3, 3, scale=0.5)
    rows = rows_of(x, labels, 3)
    optimum, _ = train(rows, ridge=None, intercept=True, tolerance=1e-11)
    with rows.running() as sums:
        objective = Objective(sums, 3, 2000, None, True)
        point = objective(optimum.point.coordinates + 1e-5)
        w, b = objective.coefficients(point.coordinates)
        bound = Certificate(ExactCurvature(rows, w, b, Scaling.of(rows, True), 0), 2000).bound(point, w, b)
    gap = point.value - optimum.point.value
    assert gap <= bound <= 1.01 * gap + 1e-15


def test_no_bound_is_given_where_there_is_no_maximum():
    """Whatever point on the way to infinity: quasi-complete separation is never certified as a maximum."""
    rows = rows_of(column(-2, -1, 0, 0, 1, 2), [0, 0, 0, 1, 1, 1])
    with rows.running() as sums:
        objective = Objective(sums, 2, 6, None, True)
        for reach in np.linspace(0, 40, 81):
            v = np.array([[-reach], [0.0]])
            point = objective(v)
            w, b = objective.coefficients(v)
            curvature = ExactCurvature(rows, w, b, Scaling.of(rows, True), 0)
            assert Certificate(curvature, 6).bound(point, w, b) == np.inf


# --- the walk --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(60, 2, 2), (300, 5, 3), (3000, 8, 6), (40_000, 12, 4)])
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_training_ends_where_the_gradient_is_zero_and_proves_it(shape, strength):
    x, labels = simulated(*shape)
    rows = rows_of(x, labels, shape[2])
    optimum, _ = train(rows, ridge=ridge(rows, strength), intercept=True, tolerance=1e-7)
    assert optimum.converged
    assert optimum.proved
    assert optimum.gap <= 1e-7
    assert np.abs(optimum.point.gradient).max() < 1e-5


def test_large_models_converge_by_the_kronecker_product(monkeypatch):
    monkeypatch.setattr(optimisation, "_LARGEST_EXACT", 10)
    rows = rows_of(*simulated(5000, 20, 5))
    by_product, _ = train(rows, ridge=ridge(rows, 1), intercept=True, tolerance=1e-6)
    assert by_product.reason == "gap"
    assert not by_product.proved
    monkeypatch.undo()
    exactly, _ = train(rows, ridge=ridge(rows, 1), intercept=True, tolerance=1e-9)
    assert 0 <= (by_product.point.value - exactly.point.value) * 5000 + 1e-9 <= 1e-6


def test_too_few_passes_are_an_answer():
    optimum, _ = train(rows_of(*simulated(40_000, 12, 4)), ridge=None, intercept=True, tolerance=1e-7, most_passes=2)
    assert not optimum.converged
    assert optimum.reason == "passes"
    assert optimum.gap > 1e-7


@pytest.mark.parametrize("most_passes", [1, 2, 4])
def test_passes_from_the_start_on_are_counted(most_passes):
    rows, passes = rows_of(*simulated(300, 3, 3)), []
    with rows.running() as sums:

        class Counted(Rows):
            def running(self):
                @contextmanager
                def counting():
                    yield lambda w, b: (passes.append(1), sums(w, b))[1]

                return counting()

        counted = Counted(rows.features, rows.n_categories, rows.labels)
        optimum, _ = train(counted, ridge=None, intercept=True, tolerance=1e-7, most_passes=most_passes)
    assert optimum.reason == "passes"
    assert optimum.n_passes == len(passes)
    assert len(passes) <= most_passes + 20  # what one search along a line may take


@pytest.mark.parametrize("n", [300, 40_000])
def test_an_interruption_from_the_first_report_on_keeps_a_point(n):
    def interrupt(standing):
        raise KeyboardInterrupt

    optimum, _ = train(rows_of(*simulated(n, 3, 3)), ridge=None, intercept=True, tolerance=1e-7, progress=interrupt)
    assert (optimum.reason, optimum.converged) == ("interrupted", False)
    assert np.isfinite(optimum.point.value)


@pytest.mark.parametrize("n", [5, 127, 128, 129, 255, 1000, 1025])
def test_an_excerpt_lies_inside_the_rows(n):
    rows = rows_of(np.arange(float(n))[:, None], np.arange(n) % 2)
    for size in (1, 100, 128, 200, n - 1, n, n + 1):
        excerpt = rows.excerpt(size)
        assert all(0 <= first < last <= excerpt.rows.n for first, last in excerpt.runs)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(excerpt.runs))
        assert excerpt.weight == sum(last - first for first, last in excerpt.runs)


def test_an_interruption_gives_the_best_point_so_far():
    def interrupt(standing):
        if standing.n_passes >= 3:
            raise KeyboardInterrupt

    rows = rows_of(*simulated(40_000, 12, 4))
    optimum, _ = train(rows, ridge=None, intercept=True, tolerance=1e-7, progress=interrupt)
    assert optimum.reason == "interrupted"
    assert not optimum.converged
    with rows.running() as sums:
        start = Objective(sums, 4, 40_000, None, True)
        assert optimum.point.value < start(start.start(rows.category_weights(), 12)).value


def test_the_estimate_of_the_gap_learns_from_what_was_gained():
    shortfall = Shortfall()
    assert shortfall.factor(100.0, 1.0) == 1
    assert shortfall.factor(95.0, 0.5) == 5
    assert shortfall.factor(94.9, 0.1) == pytest.approx(5.1)


def test_gains_that_fall_like_a_geometric_sequence_have_the_sum_of_their_tail():
    tail = RemainingGains()
    assert tail.left() == np.inf
    for step in range(12):
        tail.gained(0.5**step)
        assert 0.5**step <= tail.left() <= 4 * 0.5**step


@pytest.mark.parametrize("shape", [(400, 20, 30), pytest.param((800, 45, 92), marks=pytest.mark.slow)])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-6])
@pytest.mark.parametrize("strength", [1.0, 1e-3])
def test_an_estimated_gap_is_about_the_true_one_where_the_product_is_a_poor_curvature(
    strength, tolerance, shape, monkeypatch
):
    """Confident predictions: no Kronecker product is near the Hessian, and its own estimate is up to 50 times short."""
    n, p, k = shape
    x = np.random.default_rng(0).normal(size=(n, p))
    w = 3 / np.sqrt(p) * np.random.default_rng(1).normal(size=(p, k))
    rows = rows_of(x, (x @ w + np.random.default_rng(2).gumbel(size=(n, k))).argmax(axis=1), k)
    best, _ = train(rows, ridge=ridge(rows, strength), intercept=True, tolerance=1e-9, most_passes=4000)
    monkeypatch.setattr(optimisation, "_LARGEST_EXACT", 10)
    found, _ = train(rows, ridge=ridge(rows, strength), intercept=True, tolerance=tolerance)
    assert not found.proved
    assert (found.point.value - best.point.value) * n <= 2 * found.gap


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([1.0, 2.0, 4.0]), n=st.integers(30, 400))
def test_columns_with_heavy_tails_converge_to_what_scipy_finds(seed, size, n):
    rng = np.random.default_rng(seed)
    logs = rng.normal(size=(n, 2))
    labels = (logs @ rng.normal(size=(2, 3)) * 0.5 + rng.gumbel(size=(n, 3))).argmax(axis=1)
    if np.unique(labels).size < 3:
        return
    rows = rows_of(np.exp(size * logs), labels, 3)
    optimum, _ = train(rows, ridge=None, intercept=True, tolerance=1e-7)
    assert optimum.reason in ("gap", "separated", "unproved")
    scaled = (rows.features - rows.features.mean(axis=0)) / rows.features.std(axis=0)

    def loss(v):
        z = scaled @ v[:6].reshape(2, 3) + v[6:]
        z = z - z.max(axis=1, keepdims=True)
        return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(n), labels]).sum())

    others = min(scipy.optimize.minimize(loss, start, tol=1e-10).fun for start in (np.zeros(9), rng.normal(size=9)))
    assert optimum.point.value * n <= others + 1e-6


def test_a_proof_from_below_is_never_above_the_hessian():
    x, labels = simulated(300, 4, 5)
    rows = rows_of(x, labels)
    w, b = np.random.default_rng(0).normal(size=(4, 5)), np.random.default_rng(1).normal(size=5)
    scaling = Scaling.of(rows, True)
    gradient = np.random.default_rng(2).normal(size=(5, 4))
    least, exact = (kind(rows, w, b, scaling, 0.0) for kind in (LeastCurvature, ExactCurvature))
    assert np.vdot(gradient, least.solve(gradient)) >= np.vdot(gradient, exact.solve(gradient))
    total = 0.0
    for row, y in zip(scaling.design(x), probabilities(x, w, b), strict=True):
        total = total + y.min() * np.outer(row, row) / rows.n
    solved = np.linalg.solve(total, scaling.gradient(gradient))
    np.testing.assert_allclose(least.solve(gradient), scaling.step(solved), rtol=1e-9)


def test_a_large_model_is_proved_to_have_a_maximum_from_below(monkeypatch):
    monkeypatch.setattr(optimisation, "_LARGEST_EXACT", 10)
    optimum, _ = train(rows_of(*simulated(3000, 6, 4)), ridge=None, intercept=True, tolerance=1e-7)
    assert (optimum.reason, optimum.exists) == ("gap", True)


def test_the_curvature_of_a_row_has_its_digits_also_where_it_is_all_but_certain():
    rng = np.random.default_rng(0)
    q = contrasts(4)
    for size in (0.0, 1.0, 10.0, 30.0):
        logits = size * rng.normal(size=(50, 4))
        y = probabilities(logits, np.eye(4), np.zeros(4))
        found = category_curvature(y.T).T
        for packed, row in zip(found, y, strict=True):
            one = np.zeros((3, 3))
            one[np.triu_indices(3)] = one.T[np.triu_indices(3)] = packed
            pairs = [(k, m) for k in range(4) for m in range(k)]  # sum of y_k y_m (q_k - q_m)(q_k - q_m)'
            expected = sum(row[k] * row[m] * np.outer(q[k] - q[m], q[k] - q[m]) for k, m in pairs)
            assert np.abs(one - expected).max() <= 1e-12 * np.abs(expected).max()
