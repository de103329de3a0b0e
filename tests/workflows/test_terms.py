"""Products and powers of columns as features."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import mottomo as mo
from mottomo.classification.terms import terms_of
from tests.cli.run import mottomo


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame({
        "x": rng.normal(size=n),
        "z": rng.normal(size=n),
        "colour": rng.choice(["red", "green", "blue"], n),
        "size": rng.choice(["small", "large"], n),
    })  # fmt: skip
    logit = frame["x"] * (frame["colour"] == "red") - 0.5 * frame["z"] ** 2 + 0.3
    return frame.assign(y=np.where(rng.logistic(size=n) < logit, "yes", "no"))


def by_hand(table, **columns):
    """log L of a table with these columns made by hand."""
    return mo.train(pd.DataFrame({**columns, "y": table["y"]}), "y").log_likelihood


@pytest.mark.parametrize(("written", "names"), [
    ("a,b:c", ["a", "b:c"]),
    ("a*b", ["a", "b", "a:b"]),
    ("a*b*c", ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]),
    ("a^2,a", ["a^2", "a"]),
    ("a:b,b:a", ["a:b"]),
    ("a^1", ["a"]),
    ("a:a^2", ["a^3"]),
    ("p:q", ["p:q"]),
    ("p:q:a", ["p:q:a"]),
    ("r^2", ["r^2"]),
    ("r^2^2", ["r^2^2"]),
])  # fmt: skip
def test_terms_are_read_as_they_are_written_and_names_of_columns_come_first(written, names):
    assert [term.name for term in terms_of(written.split(","), ["a", "b", "c", "p:q", "r^2"])] == names


def test_products_and_powers_give_the_fit_of_columns_made_by_hand(table):
    red, green, blue = ((table["colour"] == name).astype(float) for name in ("red", "green", "blue"))
    small, x, z = (table["size"] == "small").astype(float), table["x"], table["z"]
    cases = {
        "x*z": {"x": x, "z": z, "xz": x * z},
        "x,z^2,z": {"x": x, "zz": z**2, "z": z},
        "x*colour": {"x": x, "g": green, "r": red, "xg": x * green, "xr": x * red},
        "x:colour": {"xb": x * blue, "xg": x * green, "xr": x * red},
        "colour*size": {"g": green, "r": red, "s": small, "gs": green * small, "rs": red * small},
        "x^2:size,x": {"xl": x**2 * (1 - small), "xs": x**2 * small, "x": x},
    }
    for written, columns in cases.items():
        found = mo.train(table, "y", features=written)
        assert found.log_likelihood == pytest.approx(by_hand(table, **columns), abs=1e-7), written
        assert len(found.columns) == len(columns) + 1
    tests = mo.train(table, "y", features="x*colour").feature_tests
    assert [(test.name, test.degrees_of_freedom) for test in tests] == [("x", 1), ("colour", 2), ("x:colour", 2)]


def test_a_model_with_terms_predicts_alike_from_its_file_and_its_onnx_export(table, tmp_path):
    from mottomo.storage.onnx_file import save_onnx

    for written, penalty in (("x*colour,z^2", None), ("colour*size*x", "l2"), ("x:z:size,z^3:x", "firth")):
        model = mo.train(table, "y", features=written, penalty=penalty).model
        model.save(tmp_path / "m.mottomo")
        save_onnx(model, tmp_path / "m.onnx")
        own = mo.predict(model, table)
        assert np.array_equal(mo.predict(tmp_path / "m.mottomo", table).probabilities, own.probabilities)
        np.testing.assert_allclose(mo.predict(tmp_path / "m.onnx", table).probabilities, own.probabilities, atol=1e-12)
        if penalty != "l2":
            assert (mo.predict(tmp_path / "m.mottomo", table, intervals=True).upper >= own.probabilities).all()
    strange = table.assign(colour="pink")
    with pytest.raises(mo.InvalidInput, match="never seen in training"):
        mo.predict(tmp_path / "m.mottomo", table.assign(size="huge"))
    model = mo.train(table, "y", features="x*colour").model
    as_blue = mo.predict(model, table.assign(colour="blue")).probabilities
    np.testing.assert_array_equal(mo.predict(model, strange, unknown="baseline").probabilities, as_blue)


def test_what_is_no_term_is_refused(table, tmp_path):
    for written, words in (
        ("x*nothing", "no such column"),
        ("x*y", "target is also among"),
        ("x^0", "a power from 1"),
        ("x^99", "a power from 1"),
        ("x**z", "no product or power"),
        ("x:", "no product or power"),
    ):
        with pytest.raises(mo.InvalidInput, match=words):
            mo.train(table, "y", features=written)
    with pytest.raises(mo.InvalidInput, match="columns by themselves"):
        mo.train(table, "y", features="x*z", effects=True)
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False)
    found = json.loads(mottomo("train", str(path), "--target", "y", "--features", "x*colour,z^2", "--json").stdout)
    assert found["result"]["terms"] == ["x", "colour", "x:colour", "z^2"]
    assert found["result"]["columns"][-2:] == ["z^2", "intercept"]
    explained = mottomo("explain", str(path), "--target", "y", "--features", "x*z")
    assert "every equation holds" in explained.stdout
