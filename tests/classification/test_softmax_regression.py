"""SoftmaxRegression: maximum likelihood, as others compute it and as scikit-learn's contract asks."""

from __future__ import annotations

import math
import pickle
import types
import warnings
from contextlib import ExitStack

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info

import mottomo as mo
from mottomo.classification import optimisation, separation
from mottomo.kernels.threads import one_thread_blas
from tests.classification.data import simulated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm


@parametrize_with_checks([mo.SoftmaxRegression(), mo.SoftmaxRegression(mo.L2(strength=1.0))])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_contract_is_kept(estimator, check):
    check(estimator)


def test_the_model_of_party_identification_is_that_of_statsmodels():
    """anes96: log L is -1461.92275 in statsmodels' own tests; coefficients and standard errors by its Newton steps."""
    data = sm.datasets.anes96.load_pandas()
    model = mo.SoftmaxRegression().fit(data.exog, data.endog.astype(int))
    assert model.log_likelihood_ == pytest.approx(-1461.92275, abs=5e-6)
    assert model.existence_.verdict == "exists"
    assert model.converged_
    assert model.gap_is_proved_
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = sm.MNLogit(data.endog, sm.add_constant(data.exog)).fit(method="newton", tol=1e-12, disp=False)
    w, b = model.coefficients(reference=0)
    np.testing.assert_allclose(np.vstack([b[1:], w[1:].T]), np.asarray(peer.params), rtol=1e-6)
    assert model.null_log_likelihood_ == pytest.approx(peer.llnull, rel=1e-8)


def test_without_features_that_say_anything_the_fit_is_the_die():
    """Intercepts alone give t / n: the article's estimate."""
    counts = np.array([2, 5, 2, 4, 2, 5])
    labels = np.repeat(np.arange(6), counts)
    with pytest.warns(mo.NotDetermined, match="constant"):
        model = mo.SoftmaxRegression().fit(np.zeros((20, 1)), labels)
    np.testing.assert_allclose(model.predict_proba([[0.0]])[0], counts / 20, atol=1e-15)
    assert model.log_likelihood_ == pytest.approx(-34.11620581889958, rel=1e-15)
    assert model.null_log_likelihood_ == pytest.approx(-34.11620581889958, rel=1e-15)


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_matrix])
def test_a_maximum_is_proved_also_where_the_curvature_of_all_rows_would_cost_too_much(form, monkeypatch):
    x, labels = simulated(3000, 30, 4)
    exact = mo.SoftmaxRegression().fit(x, labels)
    monkeypatch.setattr(optimisation, "_PASSES_FOR_EXACT", 0)
    monkeypatch.setattr(optimisation, "_NEWTON", 0)
    found = mo.SoftmaxRegression().fit(form(x), labels)
    assert (found.existence_.verdict, found.converged_, found.gap_is_proved_) == ("exists", True, True)
    assert found.log_likelihood_ == pytest.approx(exact.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(found.coef_, exact.coef_, atol=1e-3)


class Undefined:
    """The curvature of rows that do not curve in some direction."""

    is_sure = False
    rows = types.SimpleNamespace(weight=1.0)


def test_what_can_neither_be_proved_nor_refuted_is_called_so(monkeypatch):
    x, labels = simulated(3000, 30, 4)
    monkeypatch.setattr(optimisation, "_LARGEST_EXACT", 10)
    monkeypatch.setattr(separation, "_LARGEST_PROGRAMME", 10)
    monkeypatch.setattr(optimisation, "LeastCurvature", lambda *given: Undefined())
    with pytest.warns(mo.NotConverged, match="could not be proved"):
        model = mo.SoftmaxRegression().fit(x, labels)
    assert (model.existence_.verdict, model.converged_, model.reason_) == ("undecided", False, "gap")


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_numbers_whose_squares_overflow_are_refused_with_their_column(size):
    x = np.random.default_rng(0).normal(size=(50, 2)) * [1, size]
    with pytest.raises(mo.InvalidInput, match="column 2"):
        mo.SoftmaxRegression().fit(x, np.arange(50) % 2)


@pytest.mark.parametrize("size", [2, 5])
def test_a_penalised_fit_is_scikit_learns_at_its_tightest(size):
    x, labels = simulated(400, 6, size)
    model = mo.SoftmaxRegression(mo.L2(strength=0.5, standardised=False), tolerance=1e-10).fit(x, labels)
    peer = LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-10, max_iter=500).fit(x, labels)
    np.testing.assert_allclose(model.predict_proba(x), peer.predict_proba(x), atol=1e-7)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_penalty_standardises_the_columns_as_a_standard_scaler_does(size):
    x, labels = simulated(400, 6, size)
    x = x * [1, 20, 0.01, 5, 1, 1] + [0, 100, 3, 0, 0, 7]
    x[:, 4] = x[:, 4] > 0
    for strength in (0.3, 4.0):
        model = mo.SoftmaxRegression(mo.L2(strength), tolerance=1e-10).fit(x, labels)
        peer = LogisticRegression(C=1 / strength, solver="newton-cholesky", tol=1e-10, max_iter=500)
        peer = make_pipeline(StandardScaler(), peer).fit(x, labels)
        np.testing.assert_allclose(model.predict_proba(x), peer.predict_proba(x), atol=1e-7)
        scaled = StandardScaler().fit_transform(x)
        same = mo.SoftmaxRegression(mo.L2(strength, standardised=False), tolerance=1e-10).fit(scaled, labels)
        np.testing.assert_allclose(model.predict_proba(x), same.predict_proba(scaled), atol=1e-9)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10**6),
    size=st.sampled_from([2, 3, 5]),
    kind=st.sampled_from(["dense", "sparse", "float32"]),
    factor=st.sampled_from([-1.0, 2.0, 100.0, 1e-6]),
    shift=st.sampled_from([0.0, 1.0, -40.0]),
)
def test_an_affine_recoding_of_a_column_changes_no_probability(seed, size, kind, factor, shift):
    x, labels = simulated(120, 4, size, seed=seed)
    x[:, 1] = x[:, 1] > 0  # a column of only 0 and 1 is a column of numbers like any other
    if kind == "float32":
        x = x.astype(np.float32)
        factor, shift = np.float32(round(np.log2(abs(factor))) + 1.0), np.float32(0)
    other = x.copy()
    column = seed % 4
    other[:, column] = other[:, column] * factor + shift
    take = scipy.sparse.csr_matrix if kind == "sparse" else np.asarray
    first, second = (mo.SoftmaxRegression(mo.L2(2.0), tolerance=1e-9).fit(take(one), labels) for one in (x, other))
    atol = 1e-5 if kind == "float32" else 1e-6
    np.testing.assert_allclose(first.predict_proba(x), second.predict_proba(other), atol=atol)


def test_digits_with_a_penalty_beat_the_default_of_scikit_learn():
    x, labels = load_digits(return_X_y=True)
    model = mo.SoftmaxRegression(mo.L2(strength=1.0, standardised=False)).fit(x, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = LogisticRegression(max_iter=10_000).fit(x, labels)

    def objective(w, b):
        z = x @ w.T + b
        z -= z.max(axis=1, keepdims=True)
        logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return -logs[np.arange(len(labels)), labels].sum() + 0.5 * (w**2).sum()

    ours, theirs = objective(model.coef_, model.intercept_), objective(peer.coef_, peer.intercept_)
    assert model.gap_ <= 1e-7
    assert (theirs - ours) / ours > 0.01  # it stops some percent short of the optimum, without a word


# --- what must hold for all data -------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_weights_are_repetitions(seed):
    x, labels = simulated(60, 2, 3, seed, scale=0.5)
    weights = np.random.default_rng(seed).integers(0, 4, 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = mo.SoftmaxRegression().fit(x, labels, sample_weight=weights)
        other = mo.SoftmaxRegression().fit(np.repeat(x, weights, axis=0), np.repeat(labels, weights))
    assert one.existence_.verdict == other.existence_.verdict
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.permutations(range(4)))
def test_relabelling_categories_relabels_probabilities(seed, order):
    x, labels = simulated(200, 3, 4, seed, scale=0.5)
    for penalty in (None, mo.L2(strength=2.0)):
        one = mo.SoftmaxRegression(penalty, tolerance=1e-10).fit(x, labels)
        other = mo.SoftmaxRegression(penalty, tolerance=1e-10).fit(x, np.array(order)[labels])
        np.testing.assert_allclose(other.predict_proba(x)[:, order], one.predict_proba(x), atol=1e-5)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_units_and_origins_of_features_change_nothing_without_a_penalty(seed, origin, unit):
    x, labels = simulated(200, 3, 3, seed, scale=0.5)
    one = mo.SoftmaxRegression().fit(x, labels)
    other = mo.SoftmaxRegression().fit(origin + unit * x, labels)
    assert other.log_likelihood_ == pytest.approx(one.log_likelihood_, abs=1e-6)


@pytest.mark.parametrize("penalty", [None, mo.L2(strength=1.0)])
def test_every_form_of_the_same_features_gives_the_same_fit(penalty):
    x, labels = simulated(300, 4, 3)
    x = x.astype(np.float32).astype(np.float64)
    x[np.random.default_rng(0).random(x.shape) < 0.5] = 0
    expected = mo.SoftmaxRegression(penalty).fit(x, labels).log_likelihood_
    frame = pd.DataFrame(x, columns=list("abcd"))
    for form in (np.asfortranarray(x), x.astype(np.float32), x[:, ::-1], scipy.sparse.csr_matrix(x),
                 scipy.sparse.coo_array(x), frame, x.tolist()):  # fmt: skip
        assert mo.SoftmaxRegression(penalty).fit(form, labels).log_likelihood_ == pytest.approx(expected, abs=1e-6)


def test_large_sparse_features_are_fitted_as_they_are():
    generator = np.random.default_rng(0)
    x = scipy.sparse.random_array((6000, 800), density=0.01, rng=generator, format="csr")
    labels = (x @ generator.normal(size=(800, 3)) * 3 + generator.gumbel(size=(6000, 3))).argmax(axis=1)
    model = mo.SoftmaxRegression(mo.L2(strength=1.0), tolerance=1e-5).fit(x, labels)
    dense = mo.SoftmaxRegression(mo.L2(strength=1.0), tolerance=1e-5).fit(x.toarray(), labels)
    assert model.converged_
    assert dense.converged_
    penalised = [one.log_likelihood_ - 0.5 * (one.coef_**2).sum() for one in (model, dense)]
    assert penalised[0] == pytest.approx(penalised[1], abs=1e-4)


def test_soft_targets_that_are_shares_of_repeated_rows_give_their_fit():
    x, _ = simulated(50, 2, 2)
    counts = np.random.default_rng(0).integers(1, 6, (50, 3))
    labels = np.tile(np.arange(3), 50)
    hard = mo.SoftmaxRegression().fit(np.repeat(x, 3, axis=0), labels, sample_weight=counts.ravel())
    targets = counts / counts.sum(axis=1, keepdims=True)
    soft = mo.SoftmaxRegression().fit(x, targets, sample_weight=counts.sum(axis=1))
    np.testing.assert_allclose(soft.predict_proba(x), hard.predict_proba(x), atol=1e-6)
    named = mo.SoftmaxRegression().fit(x, pd.DataFrame(targets, columns=["dog", "fox", "wolf"]))
    assert named.classes_.tolist() == ["dog", "fox", "wolf"]


def test_coefficients_in_both_codings_agree_in_all_that_can_be_observed():
    x, labels = load_iris(return_X_y=True)
    model = mo.SoftmaxRegression(mo.L2(strength=1.0)).fit(x, np.array(["dog", "fox", "wolf"])[labels])
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)
    w, b = model.coefficients("fox")
    assert (w[1] == 0).all()
    z = x @ w.T + b
    y = np.exp(z - z.max(axis=1, keepdims=True))
    np.testing.assert_allclose(y / y.sum(axis=1, keepdims=True), model.predict_proba(x), atol=1e-12)


def test_probabilities_and_their_logarithms_agree_and_sum_to_one():
    x, labels = simulated(300, 3, 4)
    model = mo.SoftmaxRegression().fit(x, labels)
    y, logs = model.predict_proba(x), model.predict_log_proba(x)
    np.testing.assert_allclose(y.sum(axis=1), 1, atol=4 * 2.3e-16)
    np.testing.assert_allclose(np.exp(logs), y, rtol=1e-13)
    assert model.log_likelihood(x, labels) == pytest.approx(model.log_likelihood_, rel=1e-12)
    assert (model.predict(x) == model.classes_[y.argmax(axis=1)]).all()


def test_logarithms_stay_finite_where_probabilities_underflow():
    model = mo.SoftmaxRegression(mo.L2(strength=1.0)).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    assert model.predict_proba([[1e6]])[0, 0] == 0
    assert -1e9 < model.predict_log_proba([[1e6]])[0, 0] < -1e5


def test_the_fit_survives_pickling():
    x, labels = simulated(100, 2, 3)
    model = mo.SoftmaxRegression().fit(x, labels)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))


# --- no maximum, no silent number ------------------------------------------------------------------------------------


def test_separation_warns_and_keeps_a_model_whose_probabilities_approach_the_limit():
    with pytest.warns(mo.NoMaximum, match="complete-separation"):
        model = mo.SoftmaxRegression().fit([[-2.0], [-1.0], [1.0], [2.0]], ["a", "a", "b", "b"])
    assert model.existence_.verdict == "complete-separation"
    assert not model.converged_
    assert model.predict_proba([[-2.0], [2.0]]) == pytest.approx(np.eye(2), abs=0.05)
    assert model.existence_.supremum == 0


def test_collinear_columns_warn_and_are_named():
    x, labels = simulated(200, 2, 3)
    wide = np.column_stack([x, x.sum(axis=1)])
    with pytest.warns(mo.NotDetermined, match=r"\[2\]"):
        model = mo.SoftmaxRegression().fit(wide, labels)
    assert model.log_likelihood_ == pytest.approx(mo.SoftmaxRegression().fit(x, labels).log_likelihood_, abs=1e-6)
    assert (model.coef_[:, 2] == 0).all()
    assert model.converged_


def test_too_few_passes_warn():
    x, labels = simulated(40_000, 12, 4)
    with pytest.warns(mo.NotConverged, match="passes"):
        mo.SoftmaxRegression(max_passes=1).fit(x, labels)


def test_a_category_with_one_row_is_fitted_where_it_lies_inside_and_refused_where_outside():
    x, labels = simulated(300, 2, 2)
    x[0], labels[0] = 0, 2
    assert mo.SoftmaxRegression().fit(x, labels).existence_.verdict == "exists"
    x[0] = 50
    with pytest.warns(mo.NoMaximum):
        model = mo.SoftmaxRegression().fit(x, labels)
    assert model.existence_.verdict == "quasi-complete-separation"
    assert 2 in model.existence_.categories


# --- bad input -------------------------------------------------------------------------------------------------------


def test_values_that_are_not_finite_are_refused_with_row_and_column():
    x, labels = simulated(50, 3, 2)
    x[7, 1] = np.nan
    x[9, 2] = np.inf
    with pytest.raises(mo.InvalidInput, match=r"(?s)NaN.*row 8, column 2.*2 such values"):
        mo.SoftmaxRegression().fit(x, labels)
    frame = pd.DataFrame(x, columns=["height", "weight", "age"])
    with pytest.raises(mo.InvalidInput, match=r"(?s)row 8, column weight"):
        mo.SoftmaxRegression().fit(frame, labels)
    sparse = scipy.sparse.csr_matrix(x)
    with pytest.raises(mo.InvalidInput, match=r"(?s)row 8, column 2"):
        mo.SoftmaxRegression().fit(sparse, labels)


def test_labels_of_one_category_are_refused():
    with pytest.raises(mo.InvalidInput, match="all of one category"):
        mo.SoftmaxRegression().fit([[1.0], [2.0]], ["dog", "dog"])


@pytest.mark.parametrize("penalty", [1.0, "l2", "none", mo.L2])
def test_what_is_no_penalty_is_refused(penalty):
    with pytest.raises(mo.InvalidInput, match="not a penalty"):
        mo.SoftmaxRegression(penalty).fit([[1.0], [2.0], [3.0]], [0, 1, 0])


@pytest.mark.parametrize("strength", [0, -1, float("inf"), float("nan"), "1", True])
def test_the_strength_of_a_penalty_is_a_number_above_zero(strength):
    with pytest.raises(mo.InvalidInput, match="above 0"):
        mo.L2(strength=strength)


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1, 1], "weights are not usable"), ([1, -1, 1], "row 2"), ([1, np.nan, 1], "row 2"), ([0, 0, 0], "zero")],
)
def test_weights_that_cannot_be_are_refused(weights, words):
    with pytest.raises(mo.InvalidInput, match=words):
        mo.SoftmaxRegression().fit([[1.0], [2.0], [3.0]], [0, 1, 0], sample_weight=weights)


def test_soft_targets_have_to_sum_to_one():
    with pytest.raises(mo.InvalidInput, match=r"(?s)row 2.*0\.9"):
        mo.SoftmaxRegression().fit([[1.0], [2.0]], [[0.5, 0.5], [0.5, 0.4]])


def test_an_unknown_label_or_reference_is_refused():
    model = mo.SoftmaxRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["dog", "fox", "dog", "fox"])
    with pytest.raises(mo.InvalidInput, match="none of the categories"):
        model.log_likelihood([[1.0]], ["wolf"])
    with pytest.raises(mo.InvalidInput, match="none of the categories"):
        model.coefficients("wolf")


def test_targets_that_are_all_0_or_1_are_labels():
    x, labels = simulated(200, 3, 3)
    soft = mo.SoftmaxRegression().fit(x, np.eye(3)[labels])
    hard = mo.SoftmaxRegression().fit(x, labels)
    np.testing.assert_array_equal(soft.coef_, hard.coef_)
    with pytest.warns(mo.NoMaximum, match="complete-separation"):
        mo.SoftmaxRegression().fit([[-2.0], [-1], [1], [2]], np.eye(2)[[0, 0, 1, 1]])


@pytest.mark.parametrize("offset", [1e6, 1e9, 1e11])
def test_columns_far_from_zero_are_fitted_as_those_near_it(offset):
    x, labels = simulated(500, 3, 3)
    near = mo.SoftmaxRegression().fit(x, labels)
    x = x + offset  # which rounds
    far = mo.SoftmaxRegression().fit(x, labels)
    rounded = mo.SoftmaxRegression().fit(x - offset, labels)
    assert far.log_likelihood_ == pytest.approx(rounded.log_likelihood_, abs=1e-8)
    assert far.gap_is_proved_
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-4)
    np.testing.assert_allclose(far.intercept_, rounded.intercept_ - offset * far.coef_.sum(axis=1), rtol=1e-6)


def test_the_direction_and_the_combination_of_columns_far_from_zero_are_those_of_the_columns():
    x = np.array([-2.0, -1, 1, 2]) + 1e9
    with pytest.warns(mo.NoMaximum):
        model = mo.SoftmaxRegression().fit(x[:, None], [0, 0, 1, 1])
    scores = x * model.existence_.direction[0, 1] + model.existence_.direction[1, 1]
    assert (scores[:2] < 0).all()
    assert (scores[2:] > 0).all()
    x, labels = simulated(100, 2, 2)
    x[:, 0] += 1e9
    with pytest.warns(mo.NotDetermined):
        model = mo.SoftmaxRegression().fit(np.column_stack([x, 2 * x[:, 0] + 3]), labels)
    (one,) = model.collinear_columns_
    assert one.shares[0] == pytest.approx(2, rel=1e-6)
    assert one.constant == pytest.approx(3, abs=1e4)  # 1e9 times the rounding of the share


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"fit_intercept": "no"}, "fit_intercept"),
        ({"max_passes": 0.5}, "max_passes"),
        ({"max_passes": math.inf}, "max_passes"),
        ({"max_passes": 2.5}, "max_passes"),
        ({"tolerance": 0}, "tolerance"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings, name):
    with pytest.raises(mo.InvalidInput, match=name):
        mo.SoftmaxRegression(**settings).fit([[1.0], [2.0]], [0, 1])


@pytest.mark.parametrize("kind", [float, int, np.float32, np.int64])
def test_a_penalty_is_any_kind_of_number(kind):
    x, labels = simulated(100, 2, 3)
    model = mo.SoftmaxRegression(mo.L2(kind(2))).fit(x, labels)
    assert model.log_likelihood_ == mo.SoftmaxRegression(mo.L2(2)).fit(x, labels).log_likelihood_


def test_log_likelihood_takes_one_label_a_row():
    x, labels = simulated(100, 2, 2)
    model = mo.SoftmaxRegression().fit(x, labels)
    with pytest.raises(mo.InvalidInput, match="one length"):
        model.log_likelihood(x, labels[:10])


def test_sparse_features_may_have_entries_twice():
    x, labels = simulated(100, 3, 2)
    rows, columns = np.nonzero(np.ones((100, 3)))
    twice = scipy.sparse.csr_matrix(
        (np.concatenate([x.ravel() / 2] * 2), (np.tile(rows, 2), np.tile(columns, 2))), shape=(100, 3)
    )
    raw = scipy.sparse.csr_matrix((100, 3))
    raw.data, raw.indices = np.repeat(x.ravel() / 2, 2), np.repeat(np.tile(np.arange(3), 100), 2).astype(np.int32)
    raw.indptr = np.arange(0, 601, 6).astype(np.int32)
    expected = mo.SoftmaxRegression().fit(x, labels).coef_
    for form in (twice, raw):
        np.testing.assert_allclose(mo.SoftmaxRegression().fit(form, labels).coef_, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "column",
    [
        lambda rng: np.where(rng.random(3000) < 0.01, rng.integers(1, 10**6, 3000), 0),
        lambda rng: np.where(rng.random(3000) < 0.001, 1e6, 0),
        lambda rng: 0.3 + np.where(rng.random(3000) < 0.3, 5e-17, 0) + np.where(rng.random(3000) < 0.01, 2.0, 0),
        lambda rng: 1.7e9 + rng.integers(0, 86400 * 30, 3000),
        lambda rng: rng.standard_cauchy(3000),
        lambda rng: np.exp(4 * rng.normal(size=3000)),
        lambda rng: 1e-9 * rng.normal(size=3000),
    ],
)
def test_columns_as_they_are_in_tables_are_taken(column):
    x, labels = simulated(3000, 2, 2)
    x[:, 1] = column(np.random.default_rng(0))
    model = mo.SoftmaxRegression(mo.L2(1e-6)).fit(x, labels)
    assert model.converged_


def test_a_number_beyond_all_others_is_refused_wherever_it_stands():
    x, labels = simulated(5000, 2, 2)
    x[4000, 1] = 1e200
    with pytest.raises(mo.InvalidInput, match="column 2"):
        mo.SoftmaxRegression().fit(x, labels)
    x[4000, 1] = 1e12
    with pytest.raises(mo.InvalidInput, match="column 2"):
        mo.SoftmaxRegression().fit(x, labels)


def test_soft_targets_of_a_frame_keep_the_order_of_its_columns():
    x, labels = simulated(200, 2, 3)
    names = ["wolf", "dog", "fox"]
    model = mo.SoftmaxRegression().fit(x, pd.DataFrame(np.eye(3)[labels], columns=names))
    assert model.classes_.tolist() == names
    found = model.log_likelihood(x, np.array(names)[labels])
    assert found == pytest.approx(model.log_likelihood_, rel=1e-12)
    with pytest.raises(mo.InvalidInput, match="two columns have the same name"):
        mo.SoftmaxRegression().fit(x, pd.DataFrame(np.eye(3)[labels], columns=["a", "b", "a"]))


def test_fits_that_overlap_leave_blas_as_it_was():
    before = [pool["num_threads"] for pool in threadpool_info()]
    with ExitStack() as second:
        with one_thread_blas():
            second.enter_context(one_thread_blas())
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_the_strength_of_a_penalty_is_searched_by_name():
    from sklearn.model_selection import GridSearchCV, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, labels = simulated(150, 3, 3)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), mo.SoftmaxRegression(mo.L2(1))),
        {"softmaxregression__penalty__strength": [0.1, 10.0]}, scoring="neg_log_loss", cv=3,
    )  # fmt: skip
    search.fit(x, labels)
    assert search.best_params_["softmaxregression__penalty__strength"] in (0.1, 10.0)
    assert search.best_estimator_[-1].penalty.strength == search.best_params_["softmaxregression__penalty__strength"]
    penalty = mo.L2(1)
    model = mo.SoftmaxRegression(penalty)
    assert model.get_params()["penalty__strength"] == 1
    assert model.set_params(penalty__strength=3, tolerance=1e-5).penalty == mo.L2(3)
    assert penalty == mo.L2(1)  # a value is replaced and not changed
    with pytest.raises(mo.InvalidInput, match="no penalty whose settings"):
        mo.SoftmaxRegression().set_params(penalty__strength=1)
    with pytest.raises(mo.InvalidInput, match="no such setting"):
        model.set_params(penalty__streng=1)
    scores = cross_val_predict(mo.SoftmaxRegression(), x, labels, method="decision_function")
    assert scores.shape == (150, 3)
    fitted = mo.SoftmaxRegression().fit(x, labels == 1)
    log_odds = np.log(fitted.predict_proba(x)[:, 1] / fitted.predict_proba(x)[:, 0])
    np.testing.assert_allclose(fitted.decision_function(x), log_odds, atol=1e-10)


def test_warnings_are_those_that_filters_for_scikit_learn_know():
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning) as caught:
        mo.SoftmaxRegression().fit([[0.0], [1.0], [2.0], [3.0]], list("aabb"))
    assert issubclass(caught[0].category, mo.NoMaximum)


def test_indicators_of_labels_may_be_true_and_false():
    import pandas as pd

    x, labels = simulated(60, 2, 3)
    names = np.array(["ape", "cat", "dog"])[labels]
    one = mo.SoftmaxRegression().fit(x, pd.get_dummies(names))
    assert one.classes_.tolist() == ["ape", "cat", "dog"]
    np.testing.assert_allclose(one.coef_, mo.SoftmaxRegression().fit(x, names).coef_, atol=1e-8)


def test_as_many_columns_as_rows_separate_any_labels():
    import scipy.sparse

    rng = np.random.default_rng(0)
    wide, labels = rng.normal(size=(60, 400)), rng.integers(0, 3, 60)
    sparse = scipy.sparse.random(60, 3000, density=0.05, random_state=0, format="csr")
    for x in (wide, 1e6 + 1e-3 * wide, sparse, wide[:, :59], wide.astype(np.float32)):
        with pytest.warns(mo.NoMaximum, match="complete-separation"):
            model = mo.SoftmaxRegression().fit(x, labels)
        assert (model.existence_.supremum, model.existence_.n_separated) == (0, 60)
        assert model.score(x, labels) == 1
        direction = model.existence_.direction
        scores = x @ direction[:-1] + direction[-1]
        own = scores[np.arange(60), labels]
        scores[np.arange(60), labels] = -np.inf
        assert (own > scores.max(axis=1)).all()  # each row's own category rises against each other one
    with pytest.warns(mo.NoMaximum, match="complete-separation"):
        mo.SoftmaxRegression(fit_intercept=False).fit(wide[:, :60], labels)
    wide[5], labels[5], labels[6] = wide[6], 0, 1  # two equal rows with different labels: only the others are certain
    with pytest.warns(mo.NotDetermined, match="and 332 more"), pytest.warns(mo.NoMaximum, match="quasi-complete"):
        model = mo.SoftmaxRegression().fit(wide, labels)
    assert model.existence_.supremum == pytest.approx(-2 * math.log(2), abs=1e-6)


def test_the_inference_of_an_estimator_is_that_of_a_training():
    x, labels = simulated(150, 2, 3)
    names = np.array(["ape", "cat", "dog"])[labels]
    weights = np.random.default_rng(0).integers(1, 3, 150)
    table = {"x0": x[:, 0], "x1": x[:, 1], "y": names, "times": weights}
    for penalty in (None, mo.Firth()):
        trained = mo.train(table, "y", weights="times", features="x0,x1", reference="dog", penalty=penalty, level=0.9)
        model = mo.SoftmaxRegression(penalty).fit(x, names, weights)
        found = model.inference(x, names, weights, reference="dog", level=0.9)
        np.testing.assert_allclose(found.standard_errors, trained.standard_errors, rtol=1e-8)
        np.testing.assert_allclose(found.covariance("ape"), trained.covariance("ape"), rtol=1e-7, atol=1e-12)
        assert found.columns == trained.columns
        np.testing.assert_allclose(found.intervals.lower, trained.intervals.lower, rtol=1e-8, atol=1e-10)
    import pandas as pd

    frame = pd.DataFrame(x, columns=["left", "right"])
    assert mo.SoftmaxRegression().fit(frame, names).inference(frame, names).columns == ("left", "right", "intercept")
    with pytest.raises(mo.InvalidInput, match="other rows"):
        model.inference(x[:-1], names[:-1], weights[:-1])
    with pytest.raises(mo.InvalidInput, match="intercept"):
        mo.SoftmaxRegression(fit_intercept=False).fit(x, names).inference(x, names)
