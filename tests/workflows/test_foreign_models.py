"""Anybody's ONNX file: what it gives is declared and checked, its columns and categories are found by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import mottomo as mo
from mottomo.categories import Categories
from mottomo.classification.foreign import CheckedOutputs
from mottomo.messages import say
from tests.cli.run import mottomo
from tests.workflows.onnx_models import columns_by_name, linear, passing, value, written

NAMES = ("cat", "dog", "fox")
W = np.array([[0.5, -1.25, 0.0], [1.0, 0.25, -2.0]], dtype=np.float32)
B = np.array([0.125, 0.0, -0.5], dtype=np.float32)
TABLE = pd.DataFrame({"u": [1.0, -0.5, 2.0, 0.25], "v": [0.0, 1.5, -1.0, 0.5], "pet": ["cat", "cat", "fox", "dog"]})
OPTIONS = {"features": ["u", "v"], "categories": NAMES}


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


EXPECTED = softmax(TABLE[["u", "v"]].to_numpy() @ W.astype(float) + B)


@pytest.mark.parametrize(
    ("outputs", "ends"),
    [("probabilities", ("Softmax",)), ("log-probabilities", ("LogSoftmax",)), ("logits", ())],
)
def test_what_the_outputs_are_is_declared(tmp_path, outputs, ends):
    path = linear(tmp_path / "m.onnx", W, B, ends)
    model = mo.load_model(path, outputs=outputs, **OPTIONS)
    assert mo.predict(model, TABLE).probabilities == pytest.approx(EXPECTED, rel=1e-6)
    assert mo.predict(path, TABLE, outputs=outputs, **OPTIONS).probabilities == pytest.approx(EXPECTED, rel=1e-6)
    found = mo.score(model, TABLE, "pet")
    own = EXPECTED[range(4), [NAMES.index(name) for name in TABLE["pet"]]]
    assert found.held_out.model.value == pytest.approx(-np.log(own).mean(), rel=1e-6)
    assert mo.explain(TABLE, target="pet", model=path, outputs=outputs, **OPTIONS).verdict == "explained"
    for other in {"probabilities", "log-probabilities"} - {outputs}:
        with pytest.raises(mo.InvalidInput, match="row 1") as caught:
            mo.predict(path, TABLE, outputs=other, **OPTIONS)
        assert caught.value.code == "outputs-no-probabilities"


def test_a_probability_too_small_for_a_float_is_not_impossible_in_logits(tmp_path):
    path = linear(tmp_path / "m.onnx", 1000 * W, B, ())
    found = mo.score(path, TABLE, "pet", outputs="logits", **OPTIONS)
    assert np.isfinite(found.held_out.model.value)
    assert found.held_out.model.value > 100


def test_columns_and_categories_are_found_by_name(tmp_path):
    w = np.array([[0.5, -0.25, 0.0], [0.0, 1.0, -1.0], [0.3, 0.0, -0.5]])
    path = columns_by_name(tmp_path / "m.onnx", w, B, ["fox", "cat", "dog"])
    table = {"island": ["Dream", "Biscoe"], "depth": [1.0, 2.0], "other": [0, 0], "length": [0.5, -1.0]}
    x = np.array([[0.5, 1.0, 1.0], [-1.0, 2.0, 0.0]])
    y = softmax(x @ w + B)
    found = mo.predict(path, table, outputs="probabilities")
    assert [found.categories.names.index(name) for name in NAMES] == [0, 1, 2]
    assert found.probabilities == pytest.approx(y[:, [1, 2, 0]], rel=1e-5)
    reordered = mo.predict(path, table, outputs="probabilities", categories=["dog", "fox", "cat"])
    assert reordered.probabilities == pytest.approx(y[:, [2, 0, 1]], rel=1e-5)
    for options, words in (
        ({"categories": ["a", "b", "c"]}, "names other categories"),
        ({"features": ["length"]}, "other columns than --features"),
    ):
        with pytest.raises(mo.InvalidInput, match=words):
            mo.predict(path, table, outputs="probabilities", **options)
    with pytest.raises(mo.InvalidInput, match="lacks a column"):
        mo.predict(path, {"island": ["Dream"], "depth": [1.0]}, outputs="probabilities")
    with pytest.raises(mo.InvalidInput, match="of another type"):
        mo.predict(path, {**table, "depth": ["much", "little"]}, outputs="probabilities")


def test_whole_numbers_are_read_where_the_model_reads_them(tmp_path):
    path = passing(tmp_path / "m.onnx", "int64", 2)
    with pytest.raises(mo.SourceError, match="no output with a row of numbers"):
        mo.load_model(path, outputs="probabilities", categories="a,b")
    from onnx import helper

    nodes = [helper.make_node("Cast", ["n"], ["x"], to=1), helper.make_node("MatMul", ["x", "W"], ["z"])]
    path = written(
        tmp_path / "n.onnx", [value("n", "int64", ["m", 1])], [value("z", "float", ["m", 2])], nodes,
        {"W": np.array([[1.0, 0.0]], dtype=np.float32)},
    )  # fmt: skip
    options = {"outputs": "logits", "categories": "a,b"}
    assert mo.predict(path, {"n": [0, 1]}, **options).probabilities[:, 0] == pytest.approx([0.5, 1 / (1 + np.exp(-1))])
    assert mo.predict(path, {"k": [0, 1]}, features="k", **options).probabilities[0, 0] == 0.5
    for wrong in (1.5, 2.0**54, 2.0**63):
        with pytest.raises(mo.InvalidInput, match="row 2, column n") as caught:
            mo.predict(path, {"n": [0, wrong]}, **options)
        assert caught.value.code == "onnx-whole"
    nodes = [helper.make_node("Cast", ["b"], ["x"], to=1), helper.make_node("Concat", ["x", "x"], ["z"], axis=1)]
    path = written(tmp_path / "b.onnx", [value("b", "truth", ["m", 1])], [value("z", "float", ["m", 2])], nodes, {})
    for truth in ([True, False], [1, 0], ["true", "false"]):
        assert mo.predict(path, {"b": truth}, **options).probabilities.tolist() == [[0.5, 0.5]] * 2
    with pytest.raises(mo.InvalidInput, match="true or false in this column"):
        mo.predict(path, {"b": ["yes", "no"]}, **options)
    nodes = [helper.make_node("Unsqueeze", ["r", "one"], ["x"]), helper.make_node("Concat", ["x", "x"], ["z"], axis=1)]
    path = written(
        tmp_path / "r.onnx", [value("r", "float", ["m"])], [value("z", "float", ["m", 2])], nodes, {"one": [1]}
    )
    for table, features in (({"r": [0.5, 1]}, None), ({"k": [0.5, 1]}, "k")):
        assert mo.predict(path, table, features=features, **options).probabilities.tolist() == [[0.5, 0.5]] * 2
    with pytest.raises(mo.InvalidInput, match="too large for the type"):
        mo.predict(path, {"r": [0.5, 1e39]}, **options)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0.5, 0.5, 0.0], [0.8, 0.1, 0.03]], "row 2"),
        ([[0.5, 0.5, 0.0], [0.8, 0.1, 0.03]], "0.93[0-9]* = 0.8 [+] 0.1 [+] 0.03"),
        ([[0.5, 0.5, 0.0], [1.5, -0.5, 0.0]], "probabilities from 0 to 1"),
        ([[0.5, 0.5, 0.0], [np.nan, 0.5, 0.5]], "probabilities from 0 to 1"),
        ([[np.inf, 0.0, 0.0]], "probabilities from 0 to 1"),
        ([[0.0, 0.0, 0.0]], "a sum of 1"),
    ],
)
def test_rows_that_are_no_probabilities_are_named(tmp_path, rows, words):
    class Theirs:
        classes_ = NAMES

        def predict_proba(self, x):
            return np.array(rows, dtype=np.float32)

    with pytest.raises(mo.InvalidInput, match=words):
        mo.predict(Theirs(), np.zeros((len(rows), 1)))
    if all(np.isfinite(one).all() for one in rows):
        table = pd.DataFrame(rows, columns=["a", "b", "c"])
        options = {"outputs": "probabilities", "categories": NAMES, "features": "a,b,c"}
        with pytest.raises(mo.InvalidInput, match=words):
            mo.predict(passing(tmp_path / "m.onnx"), table, **options)


@given(
    st.lists(st.floats(-30, 30), min_size=2, max_size=6),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(["probabilities", "log-probabilities", "logits"]),
)
def test_all_kinds_of_outputs_say_the_same(z, kind, outputs):
    logits = np.array([z])
    y = softmax(logits)
    given_as = {"probabilities": y, "log-probabilities": np.log(y), "logits": logits}[outputs].astype(kind)
    names = Categories(tuple(f"c{k}" for k in range(len(z))), True)
    found = CheckedOutputs.of(given_as, outputs, names, "model", lambda row: say("row"))
    near = 1e-5 if kind is np.float32 else 1e-13
    assert found.probabilities() == pytest.approx(y, rel=near * 10, abs=1e-30)
    assert found.log_probabilities() == pytest.approx(np.log(y), rel=near, abs=near)
    assert found.probabilities().sum() == pytest.approx(1, abs=1e-15 * len(z))


def test_a_zero_that_rounding_made_negative_is_zero():
    names = Categories(("a", "b"), True)
    eps = np.finfo(np.float32).eps
    rows = np.array([[-eps, 1.0], [0.0, 1.0 + eps]], dtype=np.float32)
    found = CheckedOutputs.of(rows, "probabilities", names, "trees", lambda row: say("row"))
    assert found.probabilities().tolist() == [[0.0, 1.0], [0.0, 1.0]]
    with pytest.raises(mo.InvalidInput):
        CheckedOutputs.of(100 * rows[:1], "probabilities", names, "trees", lambda row: say("row"))


def test_many_categories_in_few_bits_do_not_make_any_sum_right():
    names = Categories(tuple(map(str, range(200))), True)
    for level in (0.0, 0.001, 0.0085):
        with pytest.raises(mo.InvalidInput, match="a sum of 1"):
            CheckedOutputs.of(np.full((1, 200), level, np.float16), "probabilities", names, "m", lambda row: say("row"))
    even = CheckedOutputs.of(np.full((1, 200), 0.005, np.float16), "probabilities", names, "m", lambda row: say("row"))
    assert even.probabilities().tolist() == [[0.005] * 200]
    far = CheckedOutputs.of(
        np.array([[1e308, -1e308]]), "logits", Categories(("a", "b"), True), "m", lambda row: say("r")
    )
    assert far.log_probabilities().tolist() == [[0.0, -np.inf]]
    computed_in_float32 = np.array([[0.37, 0.41, 0.22]], np.float32).astype(float)
    assert CheckedOutputs.of(
        computed_in_float32, "probabilities", Categories(NAMES, True), "m", lambda row: say("row")
    ).probabilities().sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "say it with --outputs"),
        ({"outputs": "odds"}, "say it with --outputs"),
        ({"outputs": "logits"}, "columns have to be named with --features"),
        ({"outputs": "logits", "features": "u"}, "2 columns, in the order"),
        ({"outputs": "logits", "features": "u,v"}, "name them with --categories"),
        ({"outputs": "logits", "features": "u,v", "categories": "a,b"}, "a number for each category"),
    ],
)
def test_nothing_is_guessed(tmp_path, options, words):
    with pytest.raises(mo.InvalidInput, match=words):
        mo.predict(linear(tmp_path / "m.onnx", W, B, ()), TABLE, **options)


def test_files_that_are_no_models_of_a_table_are_refused(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    linear(tmp_path / "fixed.onnx", W, B, (), rows=1)
    from onnx import helper

    constant = [helper.make_node("Identity", ["c"], ["z"])]
    written(
        tmp_path / "nothing.onnx", [], [value("z", "float", ["n", 3])], constant, {"c": np.ones((1, 3), np.float32)}
    )
    passing(tmp_path / "two.onnx", n_outputs=2)
    passing(tmp_path / "cube.onnx", axes=3)
    passing(tmp_path / "one.onnx", width=1)
    declared = {"outputs": "logits", "categories": "a,b,c", "features": "u,v,w"}
    for name, options, words in (
        ("broken.onnx", declared, "no ONNX model that can be run"),
        ("none.onnx", declared, "is not there"),
        ("fixed.onnx", declared, "free number of rows"),
        ("two.onnx", declared, "several outputs"),
        ("two.onnx,output=out7", declared, "no such output with a row of numbers"),
        ("two.onnx,output=out0,output=out1", declared, "each setting once"),
        ("nothing.onnx", declared, "no columns of a table"),
        ("two.onnx,output=out0", {**declared, "features": "u,v,u"}, "names a column twice"),
        ("cube.onnx", declared, "no columns of a table"),
        ("two.onnx,output=out0,mean=3", declared, "no meaning for a model of a table"),
    ):
        with pytest.raises(mo.MottomoError, match=words):
            mo.load_model(tmp_path / name, **options)
    model = mo.load_model(tmp_path / "two.onnx,output=out1", **declared)
    assert mo.predict(model, {"u": [1.0], "v": [1.0], "w": [1.0]}).probabilities.tolist() == [[1 / 3] * 3]
    single = {"outputs": "probabilities", "categories": "no,yes", "features": "u"}
    with pytest.raises(mo.InvalidInput, match="a number for each of them"):
        mo.predict(tmp_path / "one.onnx", {"u": [0.3]}, **single)
    with pytest.raises(mo.InvalidCall, match="keep its own file"):
        model.save(tmp_path / "m.mottomo")


def test_our_own_files_say_all_of_it_themselves(tmp_path):
    from mottomo.storage.onnx_file import save_onnx

    table = {
        "x": [0.5, 1.0, 2.0, 3.0, 2.5, 1.5],
        "k": list("abbaab"),
        "pet": ["cat", "dog", "cat", "dog", "dog", "cat"],
    }
    model = mo.train(table, "pet", penalty="l2").model
    save_onnx(model, tmp_path / "m.onnx")
    assert mo.predict(tmp_path / "m.onnx", table).probabilities == pytest.approx(
        mo.predict(model, table).probabilities, rel=1e-12
    )
    found, own = mo.score(tmp_path / "m.onnx", table, "pet"), mo.score(model, table, "pet")
    assert found.held_out.model.value == pytest.approx(own.held_out.model.value, rel=1e-12)
    assert found.target == "pet"
    for options in ({"outputs": "logits"}, {"categories": "dog,cat"}, {"categories": "cat,dog,fox"}):
        with pytest.raises(mo.InvalidInput, match="says something else itself"):
            mo.load_model(tmp_path / "m.onnx", **options)
    assert mo.load_model(tmp_path / "m.onnx", outputs="probabilities", categories="cat,dog").target == "pet"
    strange = {"x": [0.5, 1.0], "k": ["a", "z"]}
    known = {**strange, "pet": ["cat", "dog"]}
    for use in (
        lambda: mo.predict(tmp_path / "m.onnx", strange),
        lambda: mo.explain(known, target="pet", model=tmp_path / "m.onnx"),
    ):
        with pytest.raises(mo.InvalidInput) as caught:
            use()
        error = caught.value
        assert (error.code, str(error.where), str(error.got)) == (
            "unknown-level",
            "mapping, row 2, column k",
            "z (1 such row)",
        )
        assert "the file that train --model wrote" in str(error.mend)


def test_a_model_of_pictures_is_anybodys_too(tmp_path):
    from onnx import helper

    nodes = [
        helper.make_node("GlobalAveragePool", ["X"], ["means"]),
        helper.make_node("Flatten", ["means"], ["z"]),
    ]
    path = written(
        tmp_path / "m.onnx", [value("X", "float", ["n", 3, 8, 8])], [value("z", "float", ["n", 3])], nodes, {}
    )
    colours = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    for name, colour in colours.items():
        (tmp_path / "p" / name).mkdir(parents=True)
        Image.new("RGB", (20, 20), colour).save(tmp_path / "p" / name / "1.png")
    declared = {"outputs": "logits", "categories": list(colours)}
    settings = Path(f"{path},mean=0,deviation=255")
    found = mo.score(settings, tmp_path / "p", **declared)
    assert found.held_out.model.value == pytest.approx(np.log(np.e + 2) - 1, rel=1e-6)
    assert found.held_out.accuracy == 1
    picture = mo.predict(settings, tmp_path / "p" / "red" / "1.png", **declared)
    assert picture.probabilities[0] == pytest.approx(softmax(np.array([[1.0, 0.0, 0.0]]))[0], rel=1e-6)
    with pytest.raises(mo.SourceError, match="how the ONNX model wants its colours"):
        mo.load_model(path, **declared)
    with pytest.raises(mo.InvalidInput, match="3 categories in the order"):
        mo.load_model(settings, outputs="logits")
    with pytest.raises(mo.InvalidInput, match="this one reads pictures"):
        mo.load_model(settings, features="a", **declared)


def test_the_command_line_says_it_too(tmp_path):
    path = linear(tmp_path / "m.onnx", W, B)
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    declared = ["--model", str(path), "--outputs", "probabilities", "--features", "u,v", "--categories", "cat,dog,fox"]
    ran = mottomo("predict", str(tmp_path / "t.csv"), *declared)
    first = ran.stdout.splitlines()[1].split(",")
    assert [float(cell) for cell in first] == pytest.approx(EXPECTED[0], rel=1e-6)
    scored = json.loads(mottomo("score", str(tmp_path / "t.csv"), "--target", "pet", *declared, "--json").stdout)
    assert scored["result"]["held_out"]["n_rows"] == 4
    assert scored["input"]["sources"][1]["role"] == "model"
    explained = mottomo("explain", str(tmp_path / "t.csv"), "--target", "pet", *declared)
    assert "6 steps, and every equation holds" in explained.stdout
    for option in ("--save", "--figure"):
        for name in (path, tmp_path / "t.csv"):
            ending = name.with_suffix(".svg" if option == "--figure" else name.suffix)
            name.rename(ending)
            done = mottomo("tally", str(ending), "--input", "csv", "--column", "pet", option, str(ending))
            assert (done.returncode, ending.stat().st_size > 0) == (2, True)
            ending.rename(name)
    overwriting = mottomo("score", str(tmp_path / "t.csv"), "--target", "pet", *declared, "--save", str(path))
    assert overwriting.returncode == 2
    assert mottomo("score", str(tmp_path / "t.csv"), "--target", "pet").returncode == 2


def test_a_given_model_is_explained_with_weights_and_not_where_it_fails(tmp_path):
    path = linear(tmp_path / "m.onnx", W, B)
    model = mo.load_model(path, outputs="probabilities", **OPTIONS)
    strange = TABLE.assign(times=[2, 1, 0, 3], pet=["cat", "cat", "cow", "dog"])  # a cow that counts as nothing
    assert mo.explain(strange, target="pet", model=model, weights="times").verdict == "explained"
    assert mo.score(model, strange, "pet", weights="times").unknown == ()
    found = mo.explain(TABLE.assign(times=[2, 1, 0, 3]), target="pet", model=model, weights="times")
    assert found.verdict == "explained"
    steps = {step.name: step for step in found.steps}
    own = EXPECTED[range(4), [NAMES.index(name) for name in TABLE["pet"]]]
    assert steps["row-log-likelihood"].values["log_likelihood"] == pytest.approx(
        float(np.log(own) @ [2, 1, 0, 3]), rel=1e-6
    )
    assert steps["model-gradient"].values["predicted"] == pytest.approx(np.array([2, 1, 0, 3]) @ EXPECTED, rel=1e-6)
    with pytest.raises(mo.InvalidInput, match="nothing is left to derive"):
        mo.explain(TABLE.assign(pet="cow"), target="pet", model=model)
    with pytest.raises(mo.InvalidCall, match="does not go with --model"):
        mo.explain(TABLE, target="pet", model=model, penalty="l2")
    gaps = TABLE.assign(u=[None, *TABLE["u"][1:]])
    assert mo.explain(gaps, target="pet", model=model, missing="drop").remarks == ("rows-dropped", "nothing-proved")
    with pytest.raises(mo.InvalidCall, match="--unknown goes with --model"):
        mo.explain(TABLE, target="pet", unknown="baseline")
    with pytest.raises(mo.InvalidCall, match="does not go with --target"):
        mo.explain(TABLE, target="pet", outputs="logits")
