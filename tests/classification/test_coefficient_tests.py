"""Standard errors and tests of coefficients: as statsmodels has them, in any coding, and at their stated level."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats

from mottomo.classification.coefficient_tests import feature_tests
from mottomo.classification.covariance import Covariance
from mottomo.classification.fitting import fit
from mottomo.classification.optimisation import train
from tests.classification.data import rows_of, simulated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm


def fitted(rows):
    optimum, objective = train(rows, ridge=None, intercept=True, tolerance=1e-9)
    w, b = objective.coefficients(optimum.point.coordinates)
    return w, b, -optimum.point.value * rows.weight


def test_standard_errors_are_those_of_statsmodels():
    data = sm.datasets.anes96.load_pandas()
    rows = rows_of(data.exog.to_numpy(), data.endog.to_numpy(), 7)
    w, b, _ = fitted(rows)
    errors = Covariance.of(rows, w, b, True).standard_errors(0)
    peer = sm.MNLogit(data.endog, sm.add_constant(data.exog)).fit(method="newton", tol=1e-12, disp=False)
    np.testing.assert_allclose(np.vstack([errors[-1], errors[:-1]])[:, 1:], np.asarray(peer.bse), rtol=1e-6)


def test_standard_errors_of_probabilities_do_not_depend_on_the_coding():
    """For intercepts alone: the delta method from any coding gives sqrt(y (1 - y) / n), the die's."""
    labels = np.repeat(np.arange(4), [10, 20, 30, 40])
    rows = rows_of(np.zeros((100, 0)), labels, 4)
    w, b, _ = fitted(rows)
    covariance = Covariance.of(rows, w, b, True)
    y = np.array([0.1, 0.2, 0.3, 0.4])
    jacobian = np.diag(y) - np.outer(y, y)
    for reference in (None, 0, 3):
        errors = covariance.standard_errors(reference)[0]
        if reference is not None:
            assert errors[reference] == 0
            expected = np.sqrt(1 / (100 * y) + 1 / (100 * y[reference]))
            np.testing.assert_allclose(np.delete(errors, reference), np.delete(expected, reference), rtol=1e-9)
        else:
            full = np.linalg.pinv(100 * jacobian)
            np.testing.assert_allclose(errors, np.sqrt(np.diag(full)), rtol=1e-6)


def test_units_change_standard_errors_as_they_change_coefficients():
    x, labels = simulated(300, 2, 3, scale=0.5)
    one, other = rows_of(x, labels), rows_of(1e4 + 50 * x, labels)
    errors = [Covariance.of(rows, *fitted(rows)[:2], True).standard_errors(0) for rows in (one, other)]
    np.testing.assert_allclose(errors[1][:2] * 50, errors[0][:2], rtol=1e-5)


def test_the_likelihood_ratio_is_twice_the_loss_of_log_l_and_wald_is_the_square_of_z_for_two_categories():
    x, labels = simulated(400, 3, 2, scale=0.7)
    rows = rows_of(x, labels)
    found = fit(rows, tolerance=1e-9)
    w, log_likelihood = found.w, found.log_likelihood
    covariance = Covariance.of(rows, w, found.b, True)
    groups = {"a": [0], "bc": [1, 2]}
    tests = feature_tests(rows, found, covariance, groups, intercept=True, tolerance=1e-9)
    for test, columns in zip(tests, groups.values(), strict=True):
        less = rows_of(np.delete(x, columns, axis=1), labels)
        assert test.likelihood_ratio == pytest.approx(2 * (log_likelihood - fitted(less)[2]), abs=1e-6)
        assert test.degrees_of_freedom == len(columns)
        assert test.p_value == pytest.approx(scipy.stats.chi2.sf(test.likelihood_ratio, len(columns)), rel=1e-9)
    z = (w[0, 1] - w[0, 0]) / covariance.standard_errors(0)[0, 1]
    assert tests[0].wald == pytest.approx(z**2, rel=1e-9)


@pytest.mark.slow
def test_a_feature_that_says_nothing_is_rejected_as_often_as_stated():
    """At a level of 5 %, of 400 data sets: between 5 and 42, outside of which chance alone comes once in 10^5."""
    rejected = 0
    for seed in range(400):
        x, _ = simulated(200, 2, 3, seed)
        labels = np.random.default_rng(seed + 10**6).integers(0, 3, 200)
        rows = rows_of(x, labels)
        found = fit(rows, tolerance=1e-6)
        covariance = Covariance.of(rows, found.w, found.b, True)
        test = feature_tests(rows, found, covariance, {"x": [0]}, intercept=True, tolerance=1e-6)[0]
        rejected += test.p_value < 0.05
    low, high = scipy.stats.binom.ppf([5e-6, 1 - 5e-6], 400, 0.05)
    assert low <= rejected <= high
