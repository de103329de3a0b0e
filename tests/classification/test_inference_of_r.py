"""Standard errors, intervals and Firth's estimates as R has them (tests/oracles/classifier_inference.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mottomo as mo

R = json.loads((Path(__file__).parent.parent / "oracles" / "classifier_inference.json").read_text())


def lizards():
    """The design of R: a row for each lizard's kind in each situation, with how many there are."""
    data = pd.DataFrame(R["lizards"]["data"])
    design = pd.DataFrame({
        "height": data["height"] == ">=5ft",
        "diameter": data["diameter"] == ">2in",
        "shady": data["light"] == "shady",
        "midday": data["time"] == "midday",
        "late": data["time"] == "late",
    }).astype(float)  # fmt: skip
    parts = [design.assign(kind=kind, times=data[kind]) for kind in ("opalinus", "grahami")]
    return pd.concat(parts, ignore_index=True)


def alligators():
    data = pd.DataFrame(R["alligators"]["data"])
    return pd.DataFrame({
        "Oklawaha": data["lake"] == "Oklawaha",
        "Trafford": data["lake"] == "Trafford",
        "George": data["lake"] == "George",
        "female": data["gender"] == "Female",
        "large": data["size"] == ">2.3",
    }).astype(float).assign(food=data["foodchoice"], times=data["freq"])  # fmt: skip


@pytest.fixture(scope="module")
def binary():
    return mo.train(lizards(), "kind", weights="times", reference="opalinus", intervals="profile")


@pytest.fixture(scope="module")
def many():
    names = R["alligators"]["categories"]
    return mo.train(alligators(), "food", weights="times", categories=names, reference=names[0])


def in_order_of_r(values):
    """(P,) with the intercept first, from (P,) with it last."""
    return np.concatenate([values[-1:], values[:-1]])


def test_the_covariance_matrix_is_that_of_glm(binary):
    own = binary.covariance("opalinus")
    order = [5, 0, 1, 2, 3, 4]
    assert [binary.parameters("opalinus")[at][1] for at in order] == [
        "intercept", "height", "diameter", "shady", "midday", "late"
    ]  # fmt: skip
    np.testing.assert_allclose(own[np.ix_(order, order)], R["lizards"]["vcov"], rtol=1e-6, atol=1e-12)
    grahami = binary.classifier.categories.names.index("grahami")
    np.testing.assert_allclose(in_order_of_r(binary.coefficients()[:, grahami]), R["lizards"]["coef"], rtol=1e-8)


def test_profile_intervals_are_the_roots_of_the_profile_deviance(binary):
    k = binary.classifier.categories.names.index("grahami")
    own = np.stack([in_order_of_r(binary.intervals.lower[:, k]), in_order_of_r(binary.intervals.upper[:, k])], axis=1)
    np.testing.assert_allclose(own, R["lizards"]["profile"], rtol=1e-8)
    # R's confint interpolates the profile by a spline, and misses its own definition from the fifth digit on.
    missed = np.abs(np.array(R["lizards"]["confint"]) - R["lizards"]["profile"])
    assert 1e-6 < missed.max() < 1e-4


def test_standard_errors_of_logits_are_those_of_predict(binary):
    rows = lizards().iloc[: len(R["lizards"]["logit"])]
    found = mo.predict(binary.model, rows, intervals=True)
    k = found.categories.names.index("grahami")
    z = np.array(R["lizards"]["logit"])
    half = 1.959963984540054 * np.array(R["lizards"]["se_logit"])
    np.testing.assert_allclose(found.lower[:, k], 1 / (1 + np.exp(half - z)), rtol=1e-6)
    np.testing.assert_allclose(found.upper[:, k], 1 / (1 + np.exp(-half - z)), rtol=1e-6)


def test_the_covariance_matrix_of_many_categories_is_that_of_multinom(many):
    names = R["alligators"]["categories"]
    np.testing.assert_allclose(many.log_likelihood, R["alligators"]["logLik"], rtol=1e-10)
    order = [block + at for block in range(0, 24, 6) for at in (5, 0, 1, 2, 3, 4)]
    assert [many.parameters()[at][0] for at in order[::6]] == names[1:]
    np.testing.assert_allclose(many.covariance()[np.ix_(order, order)], R["alligators"]["vcov"], rtol=1e-5, atol=1e-8)


def test_another_reference_shifts_the_covariance_as_it_shifts_the_coefficients(many):
    names = R["alligators"]["categories"]
    own, other = many.covariance(names[0]), many.covariance(names[2])
    shift = np.zeros((24, 24))
    kept = [names.index(name) for name in names if name != names[2]]
    for row, category in enumerate(kept):
        at = slice(6 * row, 6 * row + 6)
        if category:
            shift[at, 6 * (category - 1) : 6 * category] += np.eye(6)
        shift[at, 6:12] -= np.eye(6)  # the third category is the second but the reference
    np.testing.assert_allclose(other, shift @ own @ shift.T, rtol=1e-9, atol=1e-12)


def test_firths_estimates_are_those_of_brglm2_for_any_number_of_categories():
    data = pd.DataFrame(R["endometrial"]["data"])
    found = mo.train(data, "HG", penalty="firth")
    assert found.model.penalty == mo.Firth()
    np.testing.assert_allclose(in_order_of_r(found.coefficients()[:, 1]), R["endometrial"]["coef"], rtol=1e-6)
    np.testing.assert_allclose(in_order_of_r(found.standard_errors[:, 1]), R["endometrial"]["se"], rtol=1e-6)
    names = R["alligators"]["categories"]
    many = mo.train(alligators(), "food", weights="times", categories=names, reference=names[0], penalty=mo.Firth())
    for k, (own, errors) in enumerate(zip(R["alligators"]["firth"], R["alligators"]["firth_se"], strict=True), start=1):
        np.testing.assert_allclose(in_order_of_r(many.coefficients()[:, k]), own, rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(in_order_of_r(many.standard_errors[:, k]), errors, rtol=1e-5)
