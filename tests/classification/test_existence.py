"""Is there a maximum? Against the definition, on every small case, and on data whose answer is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_iris

from mottomo.classification import separation
from mottomo.classification.collinearity import recoded
from mottomo.classification.existence import existence
from mottomo.classification.fitting import fit
from mottomo.classification.objective import Rows
from mottomo.classification.optimisation import train
from tests.classification.data import column, ridge, rows_of, simulated


def verdict_of(rows, strength=0.0):
    optimum, objective = train(rows, ridge=ridge(rows, strength), intercept=True, tolerance=1e-7)
    return existence(rows, optimum, objective)


def margins(rows, direction):
    scores = rows.features @ direction[:-1] + direction[-1]
    return scores[np.arange(rows.n), rows.labels][:, None] - scores


def is_separated(rows) -> tuple[bool, bool]:
    """Quasi-complete or complete, from the definition: one linear programme over all pairs, by another formulation."""
    size, n = rows.n_categories, rows.n
    design = np.column_stack([rows.features, np.ones(n)])
    pairs = []
    for i, k in itertools.product(range(n), range(size)):
        own = int(rows.labels[i])
        if k != own:
            row = np.zeros((size, design.shape[1]))
            row[own], row[k] = design[i], -design[i]
            pairs.append(row.ravel())
    a = np.array(pairs)
    sum_of_margins = scipy.optimize.linprog(
        -a.sum(axis=0), A_ub=-a, b_ub=np.zeros(len(a)), bounds=(-1, 1), method="highs-ds"
    )
    least_margin = scipy.optimize.linprog(
        np.r_[np.zeros(a.shape[1]), -1], A_ub=np.column_stack([-a, np.ones(len(a))]), b_ub=np.zeros(len(a)),
        bounds=[(-1, 1)] * a.shape[1] + [(0, 1)], method="highs-ds",
    )  # fmt: skip
    return -sum_of_margins.fun > 1e-7, -least_margin.fun > 1e-7


def test_separated_data_have_no_maximum_and_a_direction():
    rows = rows_of(column(-2, -1, 1, 2), [0, 0, 1, 1])
    found = verdict_of(rows)
    assert found.verdict == "complete-separation"
    assert found.supremum == 0
    assert found.n_separated == 4
    assert found.direction[0, 1] == pytest.approx(1)
    others = margins(rows, found.direction)[np.arange(4), 1 - rows.labels]
    assert (others > 0).all()


def test_a_tie_at_the_border_is_quasi_complete_separation():
    """At x = 0 both categories were seen once: log L approaches 2 log(1/2)."""
    found = verdict_of(rows_of(column(-2, -1, 0, 0, 1, 2), [0, 0, 0, 1, 1, 1]))
    assert found.verdict == "quasi-complete-separation"
    assert found.supremum == pytest.approx(-2 * np.log(2), rel=1e-9)
    assert found.n_separated == 4


def test_overlapping_data_have_a_maximum():
    assert verdict_of(rows_of(column(-2, -1, 1, 2), [0, 1, 0, 1])).verdict == "exists"


def test_iris_is_separated_in_one_species_and_its_supremum_is_the_fit_of_the_other_two():
    x, labels = load_iris(return_X_y=True)
    found = verdict_of(rows_of(x, labels))
    assert found.verdict == "quasi-complete-separation"
    assert found.n_separated == 50
    two, _ = train(rows_of(x[50:], labels[50:] - 1), ridge=None, intercept=True, tolerance=1e-9)
    assert found.supremum == pytest.approx(-two.point.value * 100, abs=1e-6)
    assert (margins(rows_of(x, labels), found.direction) >= -1e-7).all()


def test_digits_are_completely_separated():
    x, labels = load_digits(return_X_y=True)
    rows = rows_of(x, labels)
    kept = np.setdiff1d(np.arange(64), [one.column for one in recoded(rows, True)[1]])
    rows = rows_of(x[:, kept], labels)
    found = verdict_of(rows)
    assert found.verdict == "complete-separation"
    own = margins(rows, found.direction)
    own[np.arange(rows.n), rows.labels] = np.inf
    assert own.min() > 0


def test_a_dummy_that_was_never_seen_with_one_category_is_quasi_complete_separation():
    x, labels = simulated(300, 2, 2)
    dummy = np.where(labels == 1, np.random.default_rng(1).integers(0, 2, 300), 0)
    found = verdict_of(rows_of(np.column_stack([x, dummy]), labels))
    assert found.verdict == "quasi-complete-separation"
    assert np.abs(found.direction[:2]).max() < 1e-6
    assert found.direction[2, 1] == pytest.approx(1)
    assert found.n_separated == int(dummy.sum())


def test_a_penalty_makes_the_optimum_exist():
    rows = rows_of(column(-2, -1, 1, 2), [0, 0, 1, 1])
    assert verdict_of(rows, strength=1).verdict == "penalised"


def test_a_declared_category_that_never_came_up_has_no_intercept():
    x, labels = simulated(100, 2, 2)
    for strength in (0.0, 1.0):
        found = verdict_of(rows_of(x, labels, 3), strength)
        assert found.verdict == "quasi-complete-separation"
        assert found.categories == (2,)


@settings(max_examples=150)
@given(
    n=st.integers(3, 9),
    p=st.integers(1, 2),
    size=st.integers(2, 3),
    data=st.data(),
)
def test_the_verdict_is_the_definitions_on_small_integers(n, p, size, data):
    x = np.array(data.draw(st.lists(st.lists(st.integers(-2, 2), min_size=p, max_size=p), min_size=n, max_size=n)))
    labels = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=n, max_size=n)))
    if np.unique(labels).size < size:
        return
    rows = rows_of(x, labels, size)
    if recoded(rows, True)[1]:
        return
    quasi, complete = is_separated(rows)
    expected = "complete-separation" if complete else "quasi-complete-separation" if quasi else "exists"
    found = verdict_of(rows)
    assert found.verdict == expected
    if quasi:
        all_margins = margins(rows, found.direction)
        assert all_margins.min() >= -1e-6
        assert all_margins.max() > 1e-6


@pytest.mark.parametrize("seed", range(80))
def test_the_verdict_is_the_definitions_on_tables_with_levels_and_equal_rows(seed):
    rng = np.random.default_rng(seed)
    n, size, levels = (int(rng.integers(*limits)) for limits in ((6, 60), (2, 5), (1, 6)))
    x = rng.normal(size=(n, 2)) if seed % 2 else rng.integers(-2, 3, size=(n, 2)).astype(float)
    level = np.minimum(rng.zipf(1.5, n), levels) - 1
    logits = x @ rng.normal(size=(2, size)) + rng.normal(size=(levels, size))[level] + rng.gumbel(size=(n, size))
    _, labels = np.unique(logits.argmax(axis=1), return_inverse=True)
    again = rng.integers(0, n, n // 2)
    x = np.column_stack([x, (level[:, None] == np.arange(1, levels)).astype(float)])
    rows = rows_of(np.vstack([x, x[again]]), np.concatenate([labels, labels[again]]), int(labels.max()) + 1)
    if rows.n_categories < 2:
        return
    kept = np.setdiff1d(np.arange(x.shape[1]), [one.column for one in recoded(rows, True)[1]])
    rows = rows_of(rows.features[:, kept], rows.labels, rows.n_categories)
    quasi, complete = is_separated(rows)
    found = verdict_of(rows)
    expected = "complete-separation" if complete else "quasi-complete-separation" if quasi else "exists"
    assert found.verdict == expected
    if quasi:
        assert margins(rows, found.direction).min() >= -1e-6


def test_weights_do_not_change_whether_there_is_a_maximum():
    x, labels = column(-2, -1, 0, 0, 1, 2), np.array([0, 0, 0, 1, 1, 1])
    for scale in (1e-6, 1.0, 1e6):
        rows = Rows(x, 2, labels, weights=np.full(6, scale))
        assert verdict_of(rows).verdict == "quasi-complete-separation"


@pytest.mark.parametrize(("n", "p", "size"), [(2000, 5, 3), (10_000, 10, 5), (3000, 2, 2), (20_000, 3, 2)])
def test_categories_that_only_just_are_separated_are_found_to_be(n, p, size):
    """No row has any margin to spare: coefficients must become large before each row's own category is beyond 1/2."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, p))
    rows = rows_of(x, (x @ rng.normal(size=(p, size))).argmax(axis=1), size)
    optimum, objective = train(rows, ridge=None, intercept=True, tolerance=1e-7)
    assert optimum.n_passes < 200
    found = existence(rows, optimum, objective)
    assert (found.verdict, found.n_separated) == ("complete-separation", n)
    own = margins(rows, found.direction)
    own[np.arange(n), rows.labels] = np.inf
    assert own.min() > 0


def with_levels(n: int, rare: bool):
    """Two columns of numbers and 20 of levels; of the rare last one a row of the first category alone is there."""
    rng = np.random.default_rng(3)
    x, levels = rng.normal(size=(n, 2)), rng.integers(0, 20, n)
    levels[:20] = np.arange(20)
    labels = (x @ rng.normal(size=(2, 3)) + rng.gumbel(size=(n, 3))).argmax(axis=1)
    if rare:
        levels = np.where((levels == 19) & (labels > 0), 0, levels)
        levels[0], labels[0] = 19, 0
    return np.column_stack([x, (levels[:, None] == np.arange(1, 20)).astype(float)]), labels


@pytest.mark.parametrize("n", [500, 5000])
def test_a_level_that_some_categories_never_have_is_quasi_complete_separation(n):
    x, labels = with_levels(n, rare=True)
    rows = rows_of(x, labels, 3)
    found = verdict_of(rows)
    assert found.verdict == "quasi-complete-separation"
    assert found.direction[20, 0] > max(found.direction[20, 1:])
    assert (margins(rows, found.direction) >= -1e-7).all()
    assert verdict_of(rows_of(*with_levels(n, rare=False), 3)).verdict == "exists"


def test_pairs_that_no_programme_has_used_are_not_taken_for_overlapping(monkeypatch):
    """Only the surest pairs are separated, and the first programme sees none of them."""
    monkeypatch.setattr(separation, "_UNSURE", 40)
    monkeypatch.setattr(separation, "_CERTAIN", 0)
    x, labels = with_levels(500, rare=True)
    x = np.column_stack([x[:, :2], x[:, 20] + x[:, 0] - x[:, 1]])  # no single column tells
    found = verdict_of(rows_of(x, labels, 3))
    assert found.verdict == "quasi-complete-separation"


def test_soft_targets_are_separated_as_the_rows_that_they_stand_for():
    x = column(-2, -1, 0, 1, 2)
    targets = np.array([[1, 0], [1, 0], [0.3, 0.7], [0, 1], [0, 1]])
    rows = Rows(x, 2, None, targets)
    optimum, objective = train(rows, ridge=None, intercept=True, tolerance=1e-9)
    found = existence(rows, optimum, objective)
    assert found.verdict == "quasi-complete-separation"
    assert found.supremum == pytest.approx(0.3 * np.log(0.3) + 0.7 * np.log(0.7), abs=1e-8)
    assert found.n_separated == 4
    targets[1] = [0.9, 0.1]
    rows = Rows(x, 2, None, targets)
    assert existence(rows, *train(rows, ridge=None, intercept=True, tolerance=1e-9)).verdict == "exists"


# --- columns ---------------------------------------------------------------------------------------------------------


def test_combinations_of_columns_are_named_with_their_shares():
    x, labels = simulated(200, 3, 2)
    wide = np.column_stack([x, 2 * x[:, 0] - x[:, 2] + 5])
    (found,) = recoded(rows_of(wide, labels), True)[1]
    assert found.column == 3
    assert found.shares == {0: pytest.approx(2), 2: pytest.approx(-1)}
    assert found.constant == pytest.approx(5)


def test_constant_columns_are_named_as_constant():
    x, labels = simulated(200, 2, 2)
    (found,) = recoded(rows_of(np.column_stack([np.full(200, 7.0), x]), labels), True)[1]
    assert found.column == 0
    assert found.is_constant
    assert found.constant == 7
    assert recoded(rows_of(np.column_stack([np.full(200, 7.0), x]), labels), False)[1] == ()


def test_more_columns_than_rows_are_dependent():
    x, labels = simulated(5, 8, 2)
    labels[0], labels[1] = 0, 1
    assert len(recoded(rows_of(x, labels), True)[1]) == 4


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_units_do_not_make_columns_dependent(scale):
    x, labels = simulated(100, 4, 2)
    x[:, 2] = 1e3 + scale * x[:, 2]
    expected = scale * 1e12 < 1e3
    assert bool(recoded(rows_of(x, labels), True)[1]) == expected


@settings(max_examples=200)
@given(seed=st.integers(0, 10**6), n=st.integers(3, 12), p=st.integers(2, 6))
def test_a_column_is_dependent_if_and_only_if_those_before_it_make_it_up(seed, n, p):
    """Few rows, and combinations between the others: a basis must take nothing from a column that has been left out."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    for j in range(1, p):
        if rng.random() < 0.4:
            x[:, j] = x[:, :j] @ rng.integers(-2, 3, j) + rng.integers(-2, 3)
    labels = np.arange(n) % 2
    expected, rank = [], 1
    for j in range(p):
        now = np.linalg.matrix_rank(np.column_stack([np.ones(n), x[:, : j + 1]]), tol=1e-8)
        if now == rank:
            expected.append(j)
        rank = now
    found = recoded(rows_of(x, labels), True)[1]
    assert [one.column for one in found] == expected
    for one in found:
        made = one.constant + sum(share * x[:, k] for k, share in one.shares.items())
        np.testing.assert_allclose(made, x[:, one.column], atol=1e-6)


@pytest.mark.parametrize("low", [-3.0, -1.0, 0.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_curvature_that_is_lost_in_rounding_proves_nothing(low, seed):
    """One column, whose values differ by powers of ten: the curvature along it falls to nothing at different times."""
    far = 10 ** np.random.default_rng(seed).uniform(low, low + 6, 40)
    x, labels = np.r_[np.zeros(60), far], np.r_[np.zeros(50, dtype=int), np.ones(50, dtype=int)]
    found = verdict_of(rows_of(x[:, None], labels))
    assert found.verdict == "quasi-complete-separation"
    assert found.supremum == pytest.approx(50 * np.log(5 / 6) + 10 * np.log(1 / 6), abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_a_column_of_zeros_and_of_any_size_in_one_category_is_quasi_complete_separation(seed):
    rng = np.random.default_rng(seed)
    n_zero, n_far = (int(rng.integers(20, limit)) for limit in (3000, 2000))
    far = np.exp(rng.normal(rng.uniform(-3, 5), rng.uniform(0.5, 4), n_far))
    x = np.r_[np.zeros(n_zero), far]
    labels = np.r_[rng.integers(0, 3, n_zero), np.full(n_far, 2)]
    assert verdict_of(rows_of(np.column_stack([x, rng.normal(size=len(x))]), labels)).verdict.startswith("quasi")


def test_rows_of_zeros_without_an_intercept_say_nothing():
    x = np.array([[0.0, 0], [0, 0], [1, 2], [-1, 1], [2, -1], [-2, -3]])
    rows = rows_of(x, [0, 1, 0, 1, 0, 1])
    optimum, objective = train(rows, ridge=None, intercept=False, tolerance=1e-7)
    found = existence(rows, optimum, objective)
    assert (found.verdict, found.n_separated) == ("quasi-complete-separation", 4)
    assert found.supremum == pytest.approx(2 * np.log(0.5), abs=1e-6)


def test_a_direction_is_over_all_columns_also_where_some_are_dependent():
    x = np.column_stack([np.full(4, 3.0), [-2.0, -1, 1, 2], [-4.0, -2, 2, 4]])
    found = fit(rows_of(x, [0, 0, 1, 1]), ridge=None, tolerance=1e-7).existence
    assert found.direction.shape == (4, 2)
    assert (found.direction[[0, 2]] == 0).all()
    assert found.direction[1, 1] > 0
