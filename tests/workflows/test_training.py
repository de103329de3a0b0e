"""Training on tables: the data sets whose answers are known, and what is refused."""

from __future__ import annotations

import dataclasses
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris

from mottomo.classification import coefficient_tests
from mottomo.classification.penalties import L2
from mottomo.classification.softmax_regression import SoftmaxRegression
from mottomo.errors import InvalidInput
from mottomo.sources.reading import table_file
from mottomo.storage import encoded_rows
from mottomo.storage.model_file import load_classifier, save_classifier
from mottomo.workflows import training_rows
from mottomo.workflows.held_out import HeldOutRows
from mottomo.workflows.prediction_rows import predict_table
from mottomo.workflows.training import train_on_table
from mottomo.workflows.training_plan import TrainingPlan
from tests.classification.data import columns_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import statsmodels.api as sm


@pytest.fixture
def write(tmp_path):
    def written(frame: pd.DataFrame, name: str = "t.csv"):
        path = tmp_path / name
        frame.to_parquet(path, index=False) if name.endswith("parquet") else frame.to_csv(path, index=False)
        return table_file(path)

    return written


def anes96() -> pd.DataFrame:
    data = sm.datasets.anes96.load_pandas()
    return data.exog.assign(PID=data.endog.astype(int))


def predicted(*given) -> list[np.ndarray]:
    return [rows.probabilities for rows in predict_table(*given)]


def test_party_identification_is_as_statsmodels_has_it(write):
    frame = anes96()
    result = train_on_table(write(frame), TrainingPlan("PID"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        design = sm.add_constant(frame.drop(columns="PID"))
        peer = sm.MNLogit(frame["PID"], design).fit(method="newton", tol=1e-12, disp=False)
    assert result.log_likelihood == pytest.approx(-1461.92275, abs=5e-6)
    order = [5, 0, 1, 2, 3, 4]
    np.testing.assert_allclose(result.coefficients()[order, 1:], np.asarray(peer.params), rtol=1e-6)
    np.testing.assert_allclose(result.standard_errors[order, 1:], np.asarray(peer.bse), rtol=1e-6)
    assert result.aic == pytest.approx(peer.aic, rel=1e-9)
    assert result.bic == pytest.approx(peer.bic, rel=1e-9)
    assert result.verdict == "trained"
    found = result.to_dict()
    assert found["existence"]["verdict"] == "exists"
    assert found["likelihood_ratio"] == pytest.approx(peer.llr, rel=1e-6)


def test_another_reference_changes_the_coding_and_nothing_else(write):
    one = train_on_table(write(anes96()), TrainingPlan("PID"))
    other = train_on_table(write(anes96()), TrainingPlan("PID", reference="6"))
    assert other.log_likelihood == one.log_likelihood
    np.testing.assert_allclose(other.coefficients()[:, 0], -one.coefficients()[:, 6], rtol=1e-9)
    np.testing.assert_allclose(other.standard_errors[:, 0], one.standard_errors[:, 6], rtol=1e-9)
    assert [test.wald for test in other.feature_tests] == pytest.approx([test.wald for test in one.feature_tests])


def test_the_die_is_the_model_without_features_exactly(write):
    result = train_on_table(write(anes96()), TrainingPlan("PID", features=()))
    counts = np.array(result.tally.counts)
    assert result.log_likelihood == pytest.approx(math.fsum(counts * np.log(counts / 944)), rel=4e-16)
    assert result.log_likelihood == pytest.approx(result.null_log_likelihood, rel=4e-16)
    y = result.classifier.probabilities(columns_of({"PID": np.zeros(1)}))
    np.testing.assert_allclose(y[0], counts / 944, atol=1e-15, rtol=0)


def test_iris_penguins_and_digits_are_separated_first_and_fitted_with_a_penalty_then(write):
    from palmerpenguins import load_penguins

    iris = load_iris(as_frame=True)
    tables = [
        (iris.frame, "target", "quasi-complete-separation"),
        (load_penguins(), "species", "complete-separation"),
        (load_digits(as_frame=True).frame, "target", "complete-separation"),
    ]
    for frame, target, verdict in tables:
        file = write(frame, "t.parquet")
        result = train_on_table(file, TrainingPlan(target, missing="drop"))
        assert result.existence.verdict == verdict
        assert result.verdict == "no-maximum"
        assert not result.is_usable
        assert result.standard_errors is None
        plan = TrainingPlan(target, missing="drop", penalty=L2(strength=1.0), holdout=0.2, seed=1)
        fitted = train_on_table(file, plan)
        assert fitted.is_usable
        assert fitted.existence.verdict == "penalised"
        assert fitted.held_out.model.value + 3 * fitted.held_out.model.standard_error < fitted.held_out.null.value


def test_a_penalty_does_not_depend_on_units(write):
    frame = load_iris(as_frame=True).frame
    other = frame.assign(**{"petal width (cm)": frame["petal width (cm)"] * 10 + 7})
    plan = TrainingPlan("target", penalty=L2(strength=1.0))
    one, two = (train_on_table(write(table), plan) for table in (frame, other))
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)


def test_the_limit_can_be_accepted_and_is_the_limit(write):
    frame = load_iris(as_frame=True).frame
    file = write(frame)
    result = train_on_table(file, TrainingPlan("target", accept_limit=True))
    assert result.is_usable
    (batch,) = predicted(result.classifier, file)
    own = batch[np.arange(150), frame["target"]]
    assert np.log(own).sum() == pytest.approx(result.existence.supremum, abs=1e-6)
    assert (own[:50] == 1).all()


def test_log_l_is_that_of_the_model_that_is_written(write):
    """Of separated categories the last iterate's is not 0, and that of the limit is."""
    frame = pd.DataFrame({"x": [-2.0, -1.0, 1.0, 2.0], "y": ["a", "a", "b", "b"]})
    result = train_on_table(write(frame), TrainingPlan("y", accept_limit=True))
    assert result.log_likelihood == result.classifier.history["log_likelihood"] == 0
    assert train_on_table(write(frame), TrainingPlan("y")).log_likelihood < 0


@pytest.mark.parametrize("penalty", [None, L2(1.0)])
def test_a_category_that_never_came_up_is_named_and_the_limit_gives_it_0(write, penalty):
    frame = pd.DataFrame({"x": [-2.0, -1.0, 1.0, 2.0], "y": ["a", "b", "a", "b"]})
    plan = TrainingPlan("y", categories="a,b,never", penalty=penalty)
    result = train_on_table(write(frame), plan)
    assert (result.verdict, result.never_seen, result.is_usable) == ("never-seen", ("never",), False)
    plain = train_on_table(write(frame), dataclasses.replace(plan, categories=None))
    assert result.existence.supremum == pytest.approx(plain.log_likelihood, abs=1e-6)
    limit = train_on_table(write(frame), dataclasses.replace(plan, accept_limit=True))
    (batch,) = predicted(limit.classifier, write(frame))
    assert (batch[:, 2] < 1e-20).all()


def test_separation_beside_a_category_that_never_came_up_is_told(write):
    frame = pd.DataFrame({"x": [-2.0, -1.0, 1.0, 2.0], "y": ["a", "a", "b", "b"]})
    result = train_on_table(write(frame), TrainingPlan("y", categories="a,b,never"))
    assert (result.existence.verdict, result.existence.supremum, result.never_seen) == ("complete-separation", 0.0, ())


def test_without_features_the_model_is_the_die_with_its_standard_errors(write):
    frame = pd.DataFrame({"y": ["a"] * 3 + ["b"] * 5})
    result = train_on_table(write(frame), TrainingPlan("y"))
    assert (result.p_value, result.log10_p_value, result.degrees_of_freedom) == (1, 0, 0)
    assert result.coefficients()[0, 1] == pytest.approx(math.log(5 / 3), rel=1e-12)
    assert result.standard_errors[0, 1] == pytest.approx(math.sqrt(1 / 3 + 1 / 5), rel=1e-12)


def outlying(value: float) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 2))
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(y=(x[:, 0] + rng.logistic(size=300) > 0).astype(int))
    frame.loc[7, "a"] = value
    return frame


@pytest.mark.parametrize("size", [1e4, 1e6, 1e9, 5e11])
def test_one_far_row_leaves_the_others_their_standard_errors(write, size):
    frame = outlying(size).assign(y=lambda table: np.where(np.arange(300) == 7, 1, table["y"]))
    result = train_on_table(write(frame), TrainingPlan("y"))
    others = train_on_table(write(frame.drop(index=7), "o.csv"), TrainingPlan("y"))  # the row's own loss is 0
    assert result.gap_is_proved
    np.testing.assert_allclose(result.coefficients(), others.coefficients(), rtol=1e-5)
    np.testing.assert_allclose(result.standard_errors, others.standard_errors, rtol=1e-5)


@pytest.mark.parametrize("size", [-1e5, -1e8, -5e11])
def test_one_far_row_against_all_others_has_its_maximum(write, size):
    frame = outlying(size).assign(y=lambda table: np.where(np.arange(300) == 7, 1, table["y"]))
    frame["y"] = np.where((frame["a"] > 0) | (frame.index == 7), 1, frame["y"])
    result = train_on_table(write(frame), TrainingPlan("y"))
    assert (result.existence.verdict, result.gap_is_proved) == ("exists", True)
    without = train_on_table(write(frame.drop(columns="a"), "o.csv"), TrainingPlan("y"))
    assert without.log_likelihood <= result.log_likelihood <= without.log_likelihood + 2
    assert np.isfinite(result.standard_errors).all()


@pytest.mark.parametrize("value", [1e13, -1e20, 1e90])
def test_a_number_beside_which_the_others_are_lost_is_refused(write, value):
    with pytest.raises(InvalidInput, match=r"(?s)so much larger than the others.*column a"):
        train_on_table(write(outlying(value)), TrainingPlan("y"))


def weighted_table() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"x": rng.normal(size=200) * 10, "times": rng.integers(0, 5, 200)})
    return frame.assign(y=(frame["x"] / 10 + rng.logistic(size=200) > 0).map({True: "b", False: "a"}))


def test_weights_repeat_rows_for_a_penalty_too(write):
    frame = weighted_table()
    repeated = frame.loc[frame.index.repeat(frame["times"])].drop(columns="times")
    one = train_on_table(write(frame), TrainingPlan("y", weights="times", penalty=L2(5.0)))
    other = train_on_table(write(repeated, "r.csv"), TrainingPlan("y", penalty=L2(5.0)))
    np.testing.assert_allclose(one.coefficients(), other.coefficients(), rtol=1e-7)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-6)


def test_weights_count_on_rows_held_out(write):
    frame = weighted_table()
    result = train_on_table(write(frame), TrainingPlan("y", weights="times", holdout=0.3, seed=3))
    assert result.held_out.n_observations + result.n_observations == frame["times"].sum()
    (batch,) = predicted(result.classifier, write(frame.drop(columns="times"), "p.csv"))
    out = HeldOutRows.choose(200, 0.3, 3).mask(0, 200)
    losses = -np.log(batch[np.arange(200), (frame["y"] == "b").astype(int)])[out]
    repeated = np.repeat(losses, frame["times"][out])
    assert result.held_out.model.value == pytest.approx(repeated.mean(), rel=1e-12)
    expected = repeated.std(ddof=1) / math.sqrt(repeated.size)
    assert result.held_out.model.standard_error == pytest.approx(expected, rel=1e-9)


def test_a_category_whose_rows_all_have_weight_0_was_not_seen(write):
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": ["a", "b", "a", "c"], "w": [1, 1, 1, 0]})
    result = train_on_table(write(frame), TrainingPlan("y", weights="w"))
    assert result.classifier.categories.names == ("a", "b")
    with pytest.raises(InvalidInput, match="one category"):
        train_on_table(write(frame.assign(w=[1, 0, 1, 0])), TrainingPlan("y", weights="w"))
    with pytest.raises(InvalidInput, match=r"below 2\^53"):
        train_on_table(write(frame.assign(w=[1, 1, 2**53 + 2, 1])), TrainingPlan("y", weights="w"))


def test_a_penalty_does_not_depend_on_units_where_columns_are_sparse_either(write):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=1500) + 3, "level": [f"l{i % 600}" for i in range(1500)]})
    frame["y"] = (frame["x"] - 3 + rng.logistic(size=1500) > 0).map({True: "b", False: "a"})
    plan = TrainingPlan("y", penalty=L2(1.0))
    one, other = (train_on_table(write(table), plan) for table in (frame, frame.assign(x=(frame["x"] - 1) / 1000)))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-5)
    assert other.coefficients()[0, 1] == pytest.approx(1000 * one.coefficients()[0, 1], rel=1e-4)
    dense = np.column_stack([frame["x"], pd.get_dummies(frame["level"], dtype=float)])
    dense[:, 0] = (dense[:, 0] - dense[:, 0].mean()) / dense[:, 0].std()
    model = SoftmaxRegression(L2(1.0, standardised=False)).fit(dense, frame["y"])
    assert one.log_likelihood == pytest.approx(model.log_likelihood_, abs=1e-5)


def test_an_interrupt_keeps_the_fit_that_is_there(write):
    def interrupt(standing):
        if standing.stage == "standard-errors":
            raise KeyboardInterrupt

    result = train_on_table(write(anes96()), TrainingPlan("PID"), interrupt)
    assert result.is_usable
    assert (result.standard_errors, result.without_errors) == (None, "interrupted")
    assert "no-standard-errors" in result.remarks
    assert "Standard errors were not computed: that was interrupted." in result.render("text", "en")


def test_a_column_called_intercept_keeps_its_name(write):
    frame = outlying(0.0).rename(columns={"a": "intercept"})
    assert train_on_table(write(frame), TrainingPlan("y")).columns == ("intercept", "b", "(intercept)")


def test_collinear_columns_are_named_and_leave_the_fit_as_it_is(write):
    frame = anes96()
    expected = train_on_table(write(frame), TrainingPlan("PID"))
    wide = frame.assign(both=frame["age"] + 2 * frame["educ"], same=5)
    result = train_on_table(write(wide), TrainingPlan("PID"))
    assert result.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-6)
    assert result.degrees_of_freedom == expected.degrees_of_freedom
    assert "collinear-column" in result.remarks
    assert [result.columns[one.column] for one in result.collinear] == ["both", "same"]
    assert np.isnan(result.standard_errors[result.columns.index("both")]).all()


def test_texts_are_encoded_and_weights_repeat_rows(write):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "colour": generator.choice(["red", "blue", "green"], 300),
            "x": generator.normal(size=300),
            "y": generator.choice(["no", "yes"], 300),
            "times": generator.integers(0, 4, 300),
        }
    )
    weighted = train_on_table(write(frame), TrainingPlan("y", weights="times"))
    repeated = frame.loc[frame.index.repeat(frame["times"])].drop(columns="times")
    expected = train_on_table(write(repeated, "r.csv"), TrainingPlan("y"))
    assert weighted.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)
    assert weighted.columns == ("colour=green", "colour=red", "x", "intercept")
    assert weighted.tally == expected.tally
    np.testing.assert_allclose(weighted.standard_errors, expected.standard_errors, rtol=1e-6)
    assert weighted.feature_tests[0].degrees_of_freedom == 2


def test_held_out_rows_are_fixed_by_the_seed_and_not_seen(write):
    file = write(anes96())
    one, again, other = (train_on_table(file, TrainingPlan("PID", holdout=0.25, seed=seed)) for seed in (1, 1, 2))
    assert one.held_out == again.held_out
    assert one.held_out != other.held_out
    assert one.held_out.n_observations == 236
    assert one.n_observations == 708
    assert one.held_out.gain.value == pytest.approx(one.held_out.null.value - one.held_out.model.value)


def test_a_model_file_predicts_what_the_model_does(write, tmp_path):
    file = write(load_iris(as_frame=True).frame)
    result = train_on_table(file, TrainingPlan("target", penalty=L2(strength=1.0)))
    save_classifier(result.classifier, tmp_path / "m")
    one, other = (np.vstack(predicted(model, file)) for model in (result.classifier, load_classifier(tmp_path / "m")))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-15)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (TrainingPlan("specis"), r"no such column.*did you mean species"),
        (TrainingPlan("species", features=("hight",)), r"no such column.*did you mean height"),
        (TrainingPlan("species", features=("height", "species")), r"target is also among the features"),
        (TrainingPlan("species", features=("height",), weights="height"), r"weights is also among the features"),
        (
            TrainingPlan("species", features=("height",), categories="dog,cat"),
            r"row 2, column species.*dog, cat.*fox",
        ),
        (TrainingPlan("species", features=("height",), holdout=1.5), r"out of range"),
        (TrainingPlan("species", features=("height",), holdout=0.01), r"too few rows to hold some out"),
        (TrainingPlan("species", features=("height",), reference="wolf"), r"not among the declared categories"),
        (TrainingPlan("same", features=("height",)), r"all of one category"),
        (TrainingPlan("species", features=("gap",)), r"values are missing.*row 3, column gap"),
        (TrainingPlan("species", features=("height",), weights="half"), r"not a whole number"),
        (TrainingPlan("species", features=("bad",)), r"infinite.*row 1, column bad"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(write, plan, words):
    frame = pd.DataFrame(
        {
            "species": ["dog", "fox", "dog", "fox"],
            "height": [1.0, 2.0, 2.5, 1.5],
            "same": ["a"] * 4,
            "gap": [1.0, 2.0, None, 3.0],
            "half": [1, 1.5, 1, 1],
            "bad": [np.inf, 1, 2, 3],
        }
    )
    with pytest.raises(InvalidInput, match=f"(?s){words}"):
        train_on_table(write(frame), plan)


def test_missing_values_are_counted_where_they_are_left_out(write):
    frame = anes96()
    frame.loc[:4, "age"] = None
    result = train_on_table(write(frame), TrainingPlan("PID", missing="drop"))
    assert result.n_dropped == 5
    assert result.n_observations == 939


@pytest.mark.parametrize("penalty", [None, L2(2.0)])
@pytest.mark.parametrize("batch", [50, 1000, 1 << 22])
def test_a_table_that_does_not_fit_in_memory_gives_the_same_answer(write, monkeypatch, batch, penalty):
    frame = anes96().assign(region=[f"r{i % 3}" for i in range(944)], times=[i % 3 for i in range(944)])
    file = write(frame, "t.parquet")
    plan = TrainingPlan("PID", weights="times", penalty=penalty, holdout=0.1, seed=4)
    one = train_on_table(file, plan)
    for module in (training_rows, encoded_rows):
        monkeypatch.setattr(module, "NUMBERS_IN_A_BATCH", batch)
    other = train_on_table(file, dataclasses.replace(plan, memory=0))
    np.testing.assert_allclose(other.coefficients(), one.coefficients(), rtol=0, atol=1e-10)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-13)
    assert other.tally == one.tally
    assert other.held_out.n_observations == one.held_out.n_observations
    assert other.held_out.model.value == pytest.approx(one.held_out.model.value, rel=1e-10)
    assert other.held_out.gain.standard_error == pytest.approx(one.held_out.gain.standard_error, rel=1e-10)
    if penalty is None:
        np.testing.assert_allclose(other.standard_errors, one.standard_errors, rtol=1e-9)
        for mine, theirs in zip(other.feature_tests, one.feature_tests, strict=True):
            assert mine.wald == pytest.approx(theirs.wald, rel=1e-8)
            assert mine.likelihood_ratio == pytest.approx(theirs.likelihood_ratio, rel=1e-8)


# --- columns far from 0, constant ones, and rows that nobody has seen ------------------------------------------------


def test_what_is_said_of_columns_far_from_zero_is_in_their_units(write):
    a = 1e6 + np.arange(40) / 10
    frame = pd.DataFrame({"a": a, "b": 2 * a + 5, "t": ["lo"] * 20 + ["hi"] * 20})
    result = train_on_table(write(frame), TrainingPlan("t"))
    one = result.separators[0]
    assert (one.lower_maximum, one.upper_minimum) == (a[19], a[20])
    (other,) = result.collinear
    assert other.shares == pytest.approx({0: 2.0})
    assert other.constant == pytest.approx(5, abs=1e-4)


def test_a_constant_column_has_no_coefficient_under_a_penalty(write):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"same": 0.1, "x": rng.normal(size=20_000)})
    frame["y"] = (frame["x"] + rng.logistic(size=20_000) > 0).map({True: "b", False: "a"})
    result = train_on_table(write(frame), TrainingPlan("y", penalty=L2(1e-6)))
    assert abs(result.coefficients()[0, 1]) < 1e-9


def test_the_gain_is_undefined_where_neither_model_allows_what_came(write):
    frame = anes96()
    chosen = HeldOutRows.choose(len(frame), 0.25, 1).mask(0, len(frame))
    frame["PID"] = frame["PID"].astype(str)
    frame.loc[np.flatnonzero(chosen)[0], "PID"] = "none"
    result = train_on_table(write(frame), TrainingPlan("PID", holdout=0.25, seed=1, penalty=L2(1.0), accept_limit=True))
    found = result.held_out
    assert (found.model.value, found.null.value) == (math.inf, math.inf)
    assert math.isnan(found.gain.value)
    assert found.n_impossible == 1


def test_a_category_that_is_held_out_alone_is_said_to_be_so(write):
    frame = anes96()
    chosen = HeldOutRows.choose(len(frame), 0.25, 1).mask(0, len(frame))
    frame["PID"] = frame["PID"].astype(str)
    frame.loc[np.flatnonzero(chosen)[0], "PID"] = "none"
    result = train_on_table(write(frame), TrainingPlan("PID", holdout=0.25, seed=1))
    assert result.verdict == "never-seen"
    assert "none came up among the rows held out alone" in result.render("text").replace("\n", " ")


def test_a_test_that_was_not_reached_gives_no_ratio(write, monkeypatch):
    whole = coefficient_tests.train

    def ending(reason):
        def trained(*arguments, **settings):
            optimum, objective = whole(*arguments, **settings)
            return dataclasses.replace(optimum, reason=reason), objective

        return trained

    monkeypatch.setattr(coefficient_tests, "train", ending("passes"))
    tests = train_on_table(write(anes96()), TrainingPlan("PID")).feature_tests
    assert {test.likelihood_ratio for test in tests} == {None}
    monkeypatch.setattr(coefficient_tests, "train", ending("interrupted"))
    assert train_on_table(write(anes96()), TrainingPlan("PID")).without_errors == "interrupted"


def test_rows_and_what_they_count_are_told_apart(write):
    frame = anes96().assign(times=3)
    result = train_on_table(write(frame), TrainingPlan("PID", weights="times", holdout=0.25, seed=1))
    assert (result.n_rows, result.n_observations) == (708, 2124)
    assert (result.held_out.n_rows, result.held_out.n_observations) == (236, 708)
    assert "708 rows that count as 2,124" in result.render("text")
