"""What holds for all tallies and all probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mottomo as mo
from tests.strategies import counts_of, probabilities_of


@given(counts=counts_of(6), rival=probabilities_of(6))
def test_no_probabilities_beat_the_maximum_likelihood_estimate(counts, rival):
    estimate = mo.estimate(mo.Tally.from_counts(counts))
    assert mo.log_likelihood(counts, rival) <= estimate.log_likelihood + 1e-13 * abs(estimate.log_likelihood)


@given(counts=counts_of(5), rival=probabilities_of(5))
def test_minus_log_likelihood_per_throw_is_entropy_plus_divergence(counts, rival):
    shares = [float(y) for y in mo.estimate(mo.Tally.from_counts(counts)).probabilities]
    left = -mo.log_likelihood(counts, rival) / sum(counts)
    right = mo.entropy(shares) + mo.kl_divergence(shares, rival)
    assert left == pytest.approx(right, rel=1e-12, abs=1e-12)


@given(counts=counts_of(5), rival=probabilities_of(5))
def test_the_deviance_is_twice_what_log_likelihood_falls_short(counts, rival):
    estimate = mo.estimate(mo.Tally.from_counts(counts))
    short = 2 * (estimate.log_likelihood - mo.log_likelihood(counts, rival))
    assert mo.deviance(counts, rival) == pytest.approx(short, rel=1e-9, abs=1e-9 * abs(estimate.log_likelihood) + 1e-9)
    assert mo.deviance(counts, rival) >= 0


@given(counts=counts_of(6), rival=probabilities_of(6), order=st.permutations(range(6)))
def test_relabelling_categories_relabels_everything(counts, rival, order):
    moved_counts, moved_rival = [counts[k] for k in order], [rival[k] for k in order]
    assert mo.log_likelihood(counts, rival) == pytest.approx(mo.log_likelihood(moved_counts, moved_rival), rel=1e-14)
    gradient = mo.log_likelihood_gradient(counts, rival)
    assert mo.log_likelihood_gradient(moved_counts, moved_rival) == pytest.approx(gradient[list(order)], rel=1e-12)


@given(counts=counts_of(6, largest=10**4), rival=probabilities_of(6))
def test_a_thousand_million_times_the_counts_is_as_many_times_the_log_likelihood(counts, rival):
    scaled = mo.log_likelihood([count * 10**9 for count in counts], rival)
    assert scaled == pytest.approx(mo.log_likelihood(counts, rival) * 1e9, rel=1e-15)


@given(left=counts_of(4), right=counts_of(4), rival=probabilities_of(4))
def test_log_likelihoods_of_merged_tallies_add(left, right, rival):
    merged = mo.Tally.from_counts(left) + mo.Tally.from_counts(right)
    parts = mo.log_likelihood(left, rival) + mo.log_likelihood(right, rival)
    assert mo.log_likelihood(merged, rival) == pytest.approx(parts, rel=1e-12)


@given(logits=st.lists(st.floats(-50, 50), min_size=2, max_size=6), shift=st.floats(-100, 100))
def test_softmax_does_not_see_a_shift_of_all_logits(logits, shift):
    assert mo.softmax([z + shift for z in logits]) == pytest.approx(mo.softmax(logits), rel=1e-11)


@given(counts=counts_of(6, largest=40))
def test_the_float_likelihood_is_the_exact_one_rounded(counts):
    shares = mo.estimate(mo.Tally.from_counts(counts)).probabilities_exact
    exact = mo.likelihood(counts, list(shares))
    assert math.isclose(mo.likelihood(counts, [float(y) for y in shares]), float(exact), rel_tol=1e-12, abs_tol=1e-300)


@given(counts=st.lists(counts_of(4), min_size=1, max_size=5), rival=probabilities_of(4))
def test_many_tallies_at_once_give_what_each_gives_alone(counts, rival):
    together = mo.log_likelihood(counts, rival)
    deviances = mo.deviance(counts, rival)
    for row, value, deviance in zip(counts, np.atleast_1d(together), np.atleast_1d(deviances), strict=True):
        assert value == pytest.approx(mo.log_likelihood(row, rival), rel=1e-15)
        assert deviance == pytest.approx(mo.deviance(row, rival), rel=1e-14, abs=1e-300)
