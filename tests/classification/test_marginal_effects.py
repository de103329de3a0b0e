"""Average marginal effects and nested models: as statsmodels has them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import mottomo as mo

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm


@pytest.fixture(scope="module")
def anes():
    return sm.datasets.anes96.load_pandas()


@pytest.fixture(scope="module")
def peer(anes):
    return sm.MNLogit(anes.endog, sm.add_constant(anes.exog)).fit(method="newton", tol=1e-12, disp=False)


@pytest.fixture(scope="module")
def result(anes):
    return mo.train(anes.exog.assign(party=anes.endog.astype(int)), "party", effects=True)


def test_effects_and_their_errors_are_those_of_statsmodels(result, peer):
    found, theirs = result.marginal_effects, peer.get_margeff()
    np.testing.assert_allclose(found.values, theirs.margeff, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found.standard_errors, theirs.margeff_se.reshape(found.values.shape), rtol=1e-6)
    np.testing.assert_allclose(found.values.sum(axis=1), 0, atol=1e-14)


def test_fit_statistics_and_intervals_are_those_of_statsmodels(result, peer):
    assert result.aic == pytest.approx(peer.aic, rel=1e-10)
    assert result.bic == pytest.approx(peer.bic, rel=1e-10)
    assert result.mcfadden == pytest.approx(peer.prsquared, rel=1e-8)
    assert result.likelihood_ratio == pytest.approx(peer.llr, rel=1e-8)
    own = np.stack([result.intervals.lower, result.intervals.upper], axis=2)[:, 1:]
    own = np.concatenate([own[-1:], own[:-1]])
    theirs = np.asarray(peer.conf_int()).reshape(6, -1, 2).transpose(1, 0, 2)
    np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-8)


def test_the_effect_of_a_level_is_the_mean_change_from_the_baseline_by_the_delta_method():
    rng = np.random.default_rng(3)
    colour, x = rng.choice(["blue", "green", "red"], 150), rng.normal(size=150)
    pet = np.where(rng.random(150) < 0.3 + 0.3 * (colour == "red"), "cat", "dog")
    table = {"colour": colour, "x": x, "pet": pet, "times": rng.integers(1, 4, 150)}
    result = mo.train(table, "pet", weights="times", effects=True)
    at = result.marginal_effects.columns.index("colour=red")
    changed = {
        name: mo.predict(result.model, {**table, "colour": [name] * 150}).probabilities for name in ("blue", "red")
    }
    mean = np.average(changed["red"] - changed["blue"], axis=0, weights=table["times"])
    np.testing.assert_allclose(result.marginal_effects.values[at], mean, rtol=1e-12)
    # The delta method with slopes by differences, in the coding where the first category is 0.
    covariance, names = result.covariance("cat"), [column for _, column in result.parameters("cat")]
    design = np.column_stack([colour == "green", colour == "red", x, np.ones(150)]).astype(float)
    assert names == ["colour=green", "colour=red", "x", "intercept"]
    w = result.coefficients()[:, 1]

    def effect(w):
        there = [design.copy(), design.copy()]
        there[0][:, :2], there[1][:, :2] = [0, 0], [0, 1]
        y = [1 / (1 + np.exp(-one @ w)) for one in there]
        return np.average(y[1] - y[0], weights=table["times"])

    slopes = [(effect(w + step) - effect(w - step)) / 2e-6 for step in 1e-6 * np.eye(4)]
    assert result.marginal_effects.standard_errors[at, 1] == pytest.approx(
        np.sqrt(slopes @ covariance @ slopes), rel=1e-6
    )


def test_nested_models_are_compared_by_their_likelihoods(anes):
    table = anes.exog.assign(party=anes.endog.astype(int))
    small, large = mo.train(table, "party", features=["age", "educ"]), mo.train(table, "party")
    found = mo.compare_models(large, small)
    assert found.smaller is small
    peers = [
        sm.MNLogit(anes.endog, sm.add_constant(exog)).fit(method="newton", tol=1e-12, disp=False).llf
        for exog in (anes.exog[["age", "educ"]], anes.exog)
    ]
    assert found.likelihood_ratio == pytest.approx(2 * (peers[1] - peers[0]), rel=1e-8)
    assert found.degrees_of_freedom == 6 * 3
    assert found.verdict == "larger-says-more"
    assert set(found.more) == set(anes.exog.columns) - {"age", "educ"}
    other = mo.train(table, "party", features=["income", "selfLR"])
    for one, words in (
        (other, "not nested"),
        (mo.train(table.iloc[:-1], "party"), "different rows"),
        (mo.train(table, "party", penalty="l2"), "penalty"),
        (large.model, "mo.train"),
    ):
        with pytest.raises(mo.InvalidInput, match=words):
            mo.compare_models(small, one)
