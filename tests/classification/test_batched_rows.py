"""Rows in batches: the same sums, the same sample, the same fit as rows in memory, wherever the batches begin."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from mottomo.classification.batched_rows import BatchedRows
from mottomo.classification.covariance import Covariance
from mottomo.classification.fitting import fit
from mottomo.classification.objective import Rows, keeping, with_wide_starts
from tests.classification.data import ridge, simulated

SIZES = [1, 7, 64, 1000]


def batched(rows: Rows, size: int) -> BatchedRows:
    def read():
        for start in range(0, rows.n, size):
            yield rows.taken(np.arange(start, min(start + size, rows.n)))

    return BatchedRows.of(read)


@pytest.fixture(params=["plain", "weighted", "sparse"])
def rows(request):
    x, labels = simulated(400, 4, 3, seed=5)
    weights = np.random.default_rng(0).integers(1, 4, 400).astype(float) if request.param == "weighted" else None
    if request.param == "sparse":
        x[np.abs(x) < 0.7] = 0
        x = with_wide_starts(scipy.sparse.csr_array(x))
    return Rows(x, 3, labels, weights=weights)


@pytest.mark.parametrize("size", SIZES)
def test_sums_and_what_is_known_of_the_rows_are_those_of_the_whole(rows, size):
    parts, rng = batched(rows, size), np.random.default_rng(1)
    assert (parts.n, parts.weight, parts.least_weight()) == (rows.n, rows.weight, rows.least_weight())
    assert parts.category_weights().tolist() == rows.category_weights().tolist()
    w, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    with rows.running() as whole, parts.running() as sums:
        one, other = whole(w, b), sums(w, b)
    assert other.loss == pytest.approx(one.loss, rel=1e-14)
    np.testing.assert_allclose(other.gradient, one.gradient, rtol=0, atol=1e-12)
    np.testing.assert_allclose(other.intercept_gradient, one.intercept_gradient, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wanted", [1, 50, 400, 500])
def test_the_sample_is_the_same_wherever_the_batches_begin(rows, size, wanted):
    one, other = rows.sample(wanted), batched(rows, size).sample(wanted)
    assert other.labels.tolist() == one.labels.tolist()
    difference = one.features - other.features
    assert not (difference.toarray() if rows.is_sparse else difference).any()


@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("size", SIZES[1:])
def test_the_fit_is_that_of_rows_in_memory_to_ten_digits(rows, size, strength):
    one = fit(rows if not rows.is_sparse else rows.dense(), ridge=ridge(rows, strength), tolerance=1e-9)
    other = fit(batched(rows, size), ridge=ridge(rows, strength), tolerance=1e-9)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
    assert (other.existence.verdict, other.converged) == (one.existence.verdict, True)
    if not rows.is_sparse:
        np.testing.assert_allclose(other.w, one.w, rtol=0, atol=1e-10)
        covariances = [
            Covariance.of(data, one.w, one.b, True).standard_errors(0) for data in (rows, batched(rows, size))
        ]
        np.testing.assert_allclose(*covariances, rtol=1e-10)


@pytest.mark.parametrize("size", SIZES[1:])
def test_separated_and_collinear_columns_are_found_in_batches(size):
    x, labels = simulated(300, 3, 3)
    x[:, 2] = 5 + 2 * x[:, 0] - x[:, 1]
    found = fit(batched(Rows(x, 3, labels), size), ridge=None, tolerance=1e-9)
    assert [one.column for one in found.collinear] == [2]
    assert found.collinear[0].shares == pytest.approx({0: 2, 1: -1})
    x[:, 2] = labels
    found = fit(batched(keeping(Rows(x, 3, labels), np.array([2])), size), ridge=None, tolerance=1e-9)
    assert found.existence.verdict == "complete-separation"
    assert found.existence.reach > 0


def test_what_a_single_column_tells_is_told_of_batches_too():
    x = np.array([[-2.0], [-1.0], [0.0], [0.0], [1.0], [2.0]])
    rows = Rows(x, 2, np.array([0, 0, 0, 1, 1, 1]))
    found = fit(batched(rows, 2), ridge=None, tolerance=1e-9).existence
    assert (found.verdict, found.n_separated, found.categories) == ("quasi-complete-separation", 4, (0, 1))
    assert found.supremum == pytest.approx(2 * np.log(0.5), abs=1e-8)
    np.testing.assert_allclose(found.direction, fit(rows, ridge=None, tolerance=1e-9).existence.direction, atol=1e-6)


def test_what_only_a_linear_programme_over_all_rows_decides_is_said_to_be_undecided():
    x = np.array([[-2.0, 1], [-1, -3], [1, -1], [-1, 1], [1, 3], [3, -2], [0, 0], [0, 0]])
    rows = Rows(x, 2, np.array([0, 0, 0, 1, 1, 1, 0, 1]))
    assert fit(rows, ridge=None, tolerance=1e-9).existence.verdict == "quasi-complete-separation"
    assert fit(batched(rows, 2), ridge=None, tolerance=1e-9).existence.verdict == "undecided"
