"""Intervals of coefficients: at their level, one-sided where there is no end, and those of Firth's likelihood."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, chi2

import mottomo as mo
from mottomo.classification.coefficient_intervals import profile
from mottomo.classification.covariance import Covariance
from mottomo.classification.firth import fit_firth
from mottomo.classification.fitting import fit
from mottomo.classification.local_likelihood import FirthLikelihood, LocalLikelihood
from mottomo.classification.objective import Rows
from mottomo.classification.scaling import Scaling
from mottomo.classification.softmax import probabilities
from mottomo.classification.wald import probability_intervals
from tests.classification.data import rows_of, simulated

Z = math.sqrt(chi2.ppf(0.95, 1))


def log_likelihood(b, counts):
    """Of a binary model with log-odds b, for counts of both categories."""
    return -(counts[0] * np.logaddexp(0, b) + counts[1] * np.logaddexp(0, -b))


def test_the_profile_of_an_intercept_alone_is_that_of_a_binomial_probability():
    counts = (17, 5)
    found = profile(rows_of(np.zeros((22, 0)), np.repeat([0, 1], counts), 2), *fitted(counts), 0, 0.95)
    best = math.log(counts[1] / counts[0])
    target = log_likelihood(best, counts) - Z**2 / 2
    for end, start in ((found.lower[0, 1], best - 5), (found.upper[0, 1], best + 5)):
        root = brentq(lambda b: log_likelihood(b, counts) - target, *sorted((best, start)), xtol=1e-13)
        assert end == pytest.approx(root, abs=1e-9)


def fitted(counts):
    return (fit(rows_of(np.zeros((sum(counts), 0)), np.repeat([0, 1], counts), 2), tolerance=1e-9),)


def test_the_ends_of_a_profile_are_where_refits_lose_half_of_z_squared():
    """Refits of the model with one slope fixed, by a general optimiser that knows nothing of ours."""
    from scipy.optimize import minimize

    x, labels = simulated(120, 2, 3, scale=0.7)
    rows = rows_of(x, labels, 3)
    found = profile(rows, fit(rows, tolerance=1e-9), 0, 0.95)
    y = np.eye(3)[labels]

    def loss(free, fixed):
        w = np.zeros((3, 3))
        w[:, 1:] = np.insert(free, 0, fixed).reshape(2, 3).T  # the first number is the slope of the first column
        z = np.column_stack([x, np.ones(len(x))]) @ w
        return float((np.log(np.exp(z).sum(axis=1)) - (z * y).sum(axis=1)).sum())

    best = minimize(lambda free: loss(free[1:], free[0]), np.zeros(6), method="BFGS", tol=1e-10).fun
    for end in (found.lower[0, 1], found.upper[0, 1]):
        refit = minimize(loss, np.zeros(5), args=(end,), method="BFGS", tol=1e-10).fun
        assert refit - best == pytest.approx(Z**2 / 2, abs=1e-6)


def test_without_a_maximum_an_interval_has_one_end_and_says_so():
    """All rows with x = 0 but one are of the second category, and all with x = 1."""
    table = {"x": [0, 0, 0, 1, 1, 1, 1], "y": list("abbbbbb")}
    result = mo.train(table, "y", intervals="profile")
    assert (result.verdict, result.standard_errors) == ("no-maximum", None)
    lower, upper = result.intervals.lower[0, 1], result.intervals.upper[0, 1]
    assert upper == math.inf
    assert "one-sided" in result.remarks
    assert "no end there" in result.render("text", "en")
    # sup log L with the slope fixed at b: the intercept is free.
    most = max(log_likelihood(b, (1, 2)) for b in np.linspace(-5, 5, 100_001))

    def fallen(b):
        return max(log_likelihood(a, (1, 2)) + log_likelihood(a + b, (0, 4)) for a in np.linspace(-3, 6, 9001)) - most

    assert fallen(lower) == pytest.approx(-(Z**2) / 2, abs=1e-5)
    separated = mo.train({"x": [1, 2, 3, 4], "y": list("aabb")}, "y", intervals="profile")
    assert separated.intervals.lower[0, 1] > 0
    assert separated.intervals.upper[0, 1] == math.inf
    assert separated.to_dict()["intervals"]["upper"]["b"][0] == math.inf


def test_profiles_go_with_maximum_likelihood_and_with_firth():
    table = {"x": [1, 2, 3, 4, 1, 3], "y": list("aabbba")}
    for options in ({"penalty": "l2"}, {"model_type": "network"}):
        with pytest.raises(mo.InvalidCall, match="goes with maximum likelihood"):
            mo.train(table, "y", intervals="profile", **options)
        with pytest.raises(mo.InvalidCall, match="goes with maximum likelihood"):
            mo.train(table, "y", effects=True, **options)
    with pytest.raises(mo.InvalidCall, match="--model-type softmax"):
        mo.train(table, "y", model_type="network", penalty="firth")
    with pytest.raises(mo.InvalidInput, match="level"):
        mo.train(table, "y", level=95)


def test_the_gradient_of_firths_likelihood_is_its_slope_for_any_number_of_categories_and_weights():
    rng = np.random.default_rng(5)
    for n_categories in (2, 3, 5):
        rows = Rows(rng.normal(size=(40, 3)), n_categories, rng.integers(0, n_categories, 40), None, rng.random(40) * 3)
        likelihood = LocalLikelihood(rows, Scaling.robust(rows, True))
        surface = FirthLikelihood(likelihood)
        v = rng.normal(size=4 * (n_categories - 1)) * 0.5
        steps = 1e-6 * np.eye(len(v))
        slopes = [(surface(v + step).value - surface(v - step).value) / 2e-6 for step in steps]
        np.testing.assert_allclose(surface(v).gradient, slopes, rtol=1e-6, atol=1e-7)


def test_firths_estimate_does_not_depend_on_the_reference_or_on_units():
    x, labels = simulated(60, 2, 3)
    names = np.array(["a", "b", "c"])
    one = mo.SoftmaxRegression(mo.Firth()).fit(x, names[labels])
    other = mo.SoftmaxRegression(mo.Firth()).fit(1000 * x - 7, names[2 - labels])
    np.testing.assert_allclose(one.predict_proba(x), other.predict_proba(1000 * x - 7)[:, ::-1], atol=1e-9)


def test_firth_beyond_its_size_says_what_it_would_need():
    rng = np.random.default_rng(0)
    with pytest.raises(mo.InvalidInput, match="these are too many") as caught:
        mo.SoftmaxRegression(mo.Firth()).fit(rng.normal(size=(3000, 700)), rng.integers(0, 4, 3000))
    assert "3000 rows and 2103 coefficients" in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("is_firth", [False, True])
def test_profile_intervals_cover_the_truth_as_often_as_they_say_also_for_few_rows(is_firth):
    """The level is approximate: with 40 rows the share is allowed to be 3 points off, beyond one in a million."""
    rng = np.random.default_rng(20_261_129)
    repetitions, n = 400, 40
    truth = np.array([[0.0, 0.6, -0.4], [0.0, -0.2, 0.3]])  # slope and intercept
    covered = np.zeros(3)
    for _ in range(repetitions):
        x = rng.normal(size=(n, 1))
        rows = rows_of(x, labels_at(x * truth[0] + truth[1], rng), 3)
        found = profile(rows, (fit_firth if is_firth else fit)(rows, tolerance=1e-7), 0, 0.95, is_firth=is_firth)
        covered += (found.lower[0] <= truth[0]) & (truth[0] <= found.upper[0])
    low, high = binom.ppf([1e-6, 1 - 1e-6], repetitions, [0.92, 0.98])
    assert ((covered[1:] >= low) & (covered[1:] <= high)).all(), covered / repetitions


@pytest.mark.slow
def test_probability_intervals_cover_the_truth_also_of_a_rare_category():
    rng = np.random.default_rng(7)
    repetitions, n = 600, 200
    w, b, at = np.array([0.0, 0.8, 0.5]), np.array([0.0, -0.5, -3.0]), 0.7  # the last category is 3 % of all
    truth = np.exp(at * w + b) / np.exp(at * w + b).sum()
    covered, n_known = np.zeros(3), 0
    for _ in range(repetitions):
        x = rng.normal(size=(n, 1))
        rows = rows_of(x, labels_at(x * w + b, rng), 3)
        found = fit(rows, tolerance=1e-7)
        if not found.converged:
            continue
        n_known += 1
        covariance = Covariance.of(rows, found.w, found.b, True)
        y = probabilities(np.array([[at]]), found.w, found.b)
        lower, upper = probability_intervals(y, covariance.logit_errors(np.array([[at]]), y), 0.95)
        covered += ((lower <= truth) & (truth <= upper))[0]
    low, high = binom.ppf([1e-6, 1 - 1e-6], n_known, [0.93, 0.985])
    assert n_known > 0.95 * repetitions
    assert ((covered >= low) & (covered <= high)).all(), covered / n_known


def labels_at(logits, rng):
    """One category drawn for each row of logits."""
    y = np.exp(logits)
    return ((y / y.sum(axis=1, keepdims=True)).cumsum(axis=1) < rng.random((len(y), 1))).sum(axis=1)
