"""A classifier on rows that it has not seen: the same report for ours, an estimator, and an ONNX file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import mottomo as mo

pytestmark = pytest.mark.xdist_group("scoring")  # on one processor, so that its fixture is made once

ROOT = Path(__file__).parent.parent.parent
PENGUINS = ROOT / "examples" / "penguins.csv"
NUMBERS = ["bill_length_mm", "bill_depth_mm"]


@pytest.fixture(scope="module")
def penguins():
    frame = pd.read_csv(PENGUINS).dropna().reset_index(drop=True)
    is_training = np.random.default_rng(5).random(len(frame)) < 0.6
    return frame[is_training].reset_index(drop=True), frame[~is_training].reset_index(drop=True)


@pytest.fixture(scope="module")
def pipeline(penguins):
    inputs = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS), (OneHotEncoder(), ["island"])
    )
    return make_pipeline(inputs, LogisticRegression()).fit(penguins[0][[*NUMBERS, "island"]], penguins[0]["species"])


def test_the_score_is_the_mean_loss_with_its_standard_error(penguins):
    seen, new = penguins
    model = mo.train(seen, "species", features=NUMBERS, penalty="l2").model
    found = mo.score(model, new, "species")
    y = mo.predict(model, new).probabilities
    names = found.tally.categories.names
    losses = np.array([-math.log(row[names.index(name)]) for row, name in zip(y, new["species"], strict=True)])
    assert found.held_out.model.value == pytest.approx(losses.mean(), rel=1e-12)
    assert found.held_out.model.standard_error == pytest.approx(losses.std(ddof=1) / math.sqrt(len(new)), rel=1e-12)
    shares = new["species"].value_counts(normalize=True)
    assert found.held_out.null.value == pytest.approx(-sum(p * math.log(p) for p in shares), rel=1e-12)
    own = [losses[(new["species"] == name).to_numpy()].mean() for name in names]
    assert found.losses == pytest.approx(own, rel=1e-12)
    right = y.argmax(axis=1) == np.array([names.index(name) for name in new["species"]])
    assert found.held_out.accuracy == pytest.approx(right.mean())
    assert found["Gentoo"].right == right[(new["species"] == "Gentoo").to_numpy()].sum()
    assert (found.verdict, found.remarks, len(found)) == ("score-gains", (), 3)


def test_an_estimator_gets_the_same_report_from_every_form_of_data(penguins, pipeline):
    _, new = penguins
    expected = log_loss(new["species"], pipeline.predict_proba(new[[*NUMBERS, "island"]]))
    forms = {
        "pandas": (new, "species"),
        "polars": (pl.from_pandas(new), "species"),
        "mapping": ({name: new[name].tolist() for name in new}, "species"),
        "labels beside": (new[[*NUMBERS, "island"]], new["species"]),
        "a list of labels": (new, new["species"].tolist()),
    }
    for name, (data, target) in forms.items():
        found = mo.score(pipeline, data, target)
        assert found.held_out.model.value == pytest.approx(expected, rel=1e-12), name
        assert mo.predict(pipeline, data).probabilities == pytest.approx(
            pipeline.predict_proba(new[[*NUMBERS, "island"]]), abs=1e-15
        ), name
    assert found.model == "Pipeline"
    assert "Pipeline" in found.render()


def test_an_estimator_gets_what_is_missing_and_its_own_types(penguins, pipeline):
    seen, new = penguins
    gaps = new.assign(bill_length_mm=new["bill_length_mm"].where(new.index % 3 > 0))
    assert mo.score(pipeline, gaps, "species").n_observations == len(new)
    on_arrays = DecisionTreeClassifier(max_depth=2).fit(seen[NUMBERS].to_numpy(), seen["species"])
    by_array = mo.score(on_arrays, new[NUMBERS].to_numpy(), new["species"].to_numpy())
    by_frame = mo.score(on_arrays, new[[*NUMBERS, "species"]], "species")
    assert repr(by_array.held_out) == repr(by_frame.held_out)

    class Named:  # which keeps the order of its columns elsewhere, as CatBoost does
        classes_ = ("a", "b")

        def predict_proba(self, frame):
            return np.stack([frame["p"], 1 - frame["p"]], axis=1)

    named = mo.predict(Named(), pd.DataFrame({"q": [0.5], "p": [0.25]}))
    assert named.probabilities.tolist() == [[0.25, 0.75]]
    words = ["good fun", "bad", "so bad", "fun", "good", "bad bad"]
    moods = ["up", "down", "down", "up", "up", "down"]
    of_text = make_pipeline(CountVectorizer(), LogisticRegression()).fit(words, moods)
    assert mo.score(of_text, words, moods).held_out.accuracy == 1
    whole = LogisticRegression().fit(seen[NUMBERS], seen["year"])
    assert mo.predict(whole, new).categories.names == ("2007", "2008", "2009")
    assert mo.score(mo.SoftmaxRegression(mo.L2(1)).fit(seen[NUMBERS], seen["species"]), new, "species").n_observations


def test_what_an_estimator_cannot_do_is_said_in_our_words(penguins, pipeline):
    seen, new = penguins
    two = LogisticRegression().fit(seen[NUMBERS], seen["species"].map({"Adelie": 1.0, "Gentoo": 2.0, "Chinstrap": 3.0}))
    odd = DecisionTreeClassifier().fit(seen[NUMBERS], seen["species"])
    odd.predict_proba = lambda rows: np.full((len(rows), 3), 0.3)
    short, nameless, breaking = (DecisionTreeClassifier().fit(seen[NUMBERS], seen["species"]) for _ in range(3))
    short.predict_proba = lambda rows: np.full((3, 3), 1 / 3)
    nameless.classes_ = 5

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def mute(rows):
        raise Mute

    breaking.predict_proba = mute
    for call, words in (
        (lambda: mo.score(LogisticRegression(), new, "species"), "does not say which classes"),
        (lambda: mo.score(LogisticRegression, new, "species"), "this is no model"),
        (lambda: mo.score(two, new, "species"), "neither text nor a whole number"),
        (lambda: mo.score(odd, new, "species"), "0.9 = 0.3 [+] 0.3 [+] 0.3"),
        (lambda: mo.score(pipeline, new[["island"]], new["species"]), "there is no such column"),
        (lambda: mo.score(pipeline, new, "sort"), "there is no such column"),
        (lambda: mo.score(pipeline, new.assign(island=1), "species"), "the estimator stops on these rows"),
        (lambda: mo.score(pipeline, new), "which column has the categories is not known"),
        (lambda: mo.score(pipeline, new, new["species"][:5]), "not one category for each row"),
        (lambda: mo.score(pipeline, new, new["year"] + 0.5), "neither text nor a whole number"),
        (lambda: mo.score(pipeline, new, 7), "no categories of rows"),
        (lambda: mo.score(pipeline, new, "species", where="true"), "where does not go with an estimator"),
        (lambda: mo.score(pipeline, new, "species", missing="drop"), "missing does not go with an estimator"),
        (lambda: mo.predict(pipeline, new, unknown="baseline"), "unknown does not go with an estimator"),
        (lambda: mo.score(pipeline, PENGUINS, "species"), "an estimator gets data in memory, and this is a file"),
        (lambda: mo.score(pipeline, new.assign(g=np.nan), "species", group="g"), "values are missing"),
        (lambda: mo.score(pipeline, new, new["species"].where(new.index > 0)), "values are missing"),
        (lambda: mo.score(pipeline, new, "species", outputs="logits"), "goes with an ONNX file"),
        (lambda: mo.score(pipeline, ROOT / "examples" / "drawings"), "which column has the categories"),
        (lambda: mo.score(pipeline, ROOT / "examples" / "drawings", "category"), "this is a file"),
        (lambda: mo.score(pipeline, new["species"].tolist(), "species"), "this has no columns"),
        (lambda: mo.score(short, new, "species"), "a row for each row"),
        (lambda: mo.predict(nameless, new), "the classes of the estimator are not the categories"),
        (lambda: mo.predict(breaking, new), "stops on these rows"),
    ):
        with pytest.raises(mo.MottomoError, match=words):
            call()


def test_groups_cluster_the_standard_error_and_weights_repeat_rows(penguins):
    seen, new = penguins
    model = mo.train(seen, "species", features=NUMBERS, penalty="l2").model
    found = mo.score(model, new, "species", group="island")
    plain = mo.score(model, new, "species")
    assert found.held_out.model.value == pytest.approx(plain.held_out.model.value, rel=1e-12)
    y = mo.predict(model, new).probabilities
    names = found.tally.categories.names
    losses = np.array([-math.log(row[names.index(name)]) for row, name in zip(y, new["species"], strict=True)])
    apart = [((losses - losses.mean())[new["island"] == one]).sum() ** 2 for one in new["island"].unique()]
    expected = math.sqrt(3 / 2 * sum(apart)) / len(new)
    assert found.held_out.model.standard_error == pytest.approx(expected, rel=1e-9)
    assert {one.name for one in found.held_out.left_out.groups} == set(new["island"])
    times = np.arange(len(new)) % 4
    weighted = mo.score(model, new.assign(times=times), "species", weights="times")
    repeated = mo.score(model, new.loc[new.index.repeat(times)], "species")
    assert weighted.n_observations == repeated.n_observations == times.sum()
    assert weighted.held_out.model.value == pytest.approx(repeated.held_out.model.value, rel=1e-12)
    assert weighted.losses == pytest.approx(repeated.losses, rel=1e-12)
    with pytest.raises(mo.InvalidInput, match="all sample weights are zero"):
        mo.score(model, new.assign(times=0), "species", weights="times")
    with pytest.raises(mo.InvalidInput, match="not a whole number"):
        mo.score(model, new.assign(times=0.5), "species", weights="times")


def test_what_was_impossible_is_named_and_what_the_model_does_not_know(penguins):
    seen, new = penguins
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(seen[NUMBERS], seen["species"])
    found = mo.score(tree, new, "species")
    assert found.verdict == "score-infinite"
    assert math.isinf(found.held_out.model.value)
    y = tree.predict_proba(new[NUMBERS])
    own = np.array([row[tree.classes_.tolist().index(name)] for row, name in zip(y, new["species"], strict=True)])
    assert [one.row for one in found.impossible] == (np.flatnonzero(own == 0) + 1).tolist()
    assert found.finite.value == pytest.approx(-np.log(own[own > 0]).mean())
    many = mo.score(tree, pd.concat([new] * 40), "species")
    assert (len(many.impossible), many.n_impossible_rows) == (20, 40 * (own == 0).sum())
    assert f"and {40 * (own == 0).sum() - 5:,} more" in many.render()
    other = new.assign(species=new["species"].where(new.index > 1, "Macaroni"))
    model = mo.train(seen, "species", features=NUMBERS, penalty="l2").model
    found = mo.score(model, other, "species")
    assert found.unknown == ("Macaroni",)
    assert found.held_out.n_impossible == 2
    assert found.held_out.untrained == math.log(3)
    assert [(one.row, one.category) for one in found.impossible] == [(1, "Macaroni"), (2, "Macaroni")]
    with pytest.raises(mo.InvalidInput, match="none of the rows has a category that the model knows"):
        mo.score(model, new, "sex")


def test_rows_of_the_training_are_told(penguins, tmp_path):
    seen, new = penguins
    model = mo.train(seen, "species", features=NUMBERS, penalty="l2").model
    model.save(tmp_path / "m.mottomo")
    assert mo.score(tmp_path / "m.mottomo", seen.sample(frac=1, random_state=1), "species").remarks == (
        "rows-of-the-training",
    )
    assert not mo.score(model, new, "species").are_trained_on
    assert not mo.score(model, seen[1:], "species").are_trained_on


def test_missing_values_are_refused_or_dropped(penguins):
    seen, new = penguins
    model = mo.train(seen, "species", features=NUMBERS, penalty="l2").model
    gaps = new.assign(bill_depth_mm=new["bill_depth_mm"].where(new.index > 3))
    with pytest.raises(mo.InvalidInput, match="values are missing"):
        mo.score(model, gaps, "species")
    found = mo.score(model, gaps, "species", missing="drop")
    assert (found.n_dropped, found.n_observations) == (4, len(new) - 4)
    assert found.held_out == mo.score(model, new[4:], "species").held_out
    assert mo.score(model, gaps[NUMBERS], new["species"], missing="drop").held_out == found.held_out


def test_a_score_worse_than_the_shares_says_so(penguins):
    seen, new = penguins
    wrong = seen.assign(species=seen["species"].map({"Adelie": "Gentoo", "Gentoo": "Adelie", "Chinstrap": "Chinstrap"}))
    found = mo.score(mo.train(wrong, "species", features=NUMBERS, penalty="l2").model, new, "species")
    assert found.verdict == "score-loses"
    assert found.held_out.gain.value < 0
    constant = mo.train(seen, "species", features=[]).model  # the shares of other rows
    assert mo.score(constant, new, "species").verdict == "score-unclear"
    assert mo.score(constant, new[:1], "species").verdict == "score-unclear"
    with pytest.raises(mo.InvalidInput, match="the groups are the categories"):
        mo.score(constant, new, "species", group="species")
