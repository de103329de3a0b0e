"""``mo.predict`` with intervals, kept columns, rows left out or empty."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import mottomo as mo
from tests.cli.run import mottomo

PETS = {
    "id": ["007", "x 1", "p,3", "04", "5", "6", "7", "8"],
    "weight": [3, 4, 5, 20, 25, 8, 9, 30],
    "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"],
}


@pytest.fixture(scope="module")
def model():
    return mo.train(PETS, "pet", features="weight").model


def test_the_interval_of_a_probability_is_that_of_its_logit(model):
    found = mo.predict(model, PETS, intervals=True, level=0.9)
    assert (found.level, found.lower.shape) == (0.9, (8, 2))
    covariance = mo.train(PETS, "pet", features="weight").covariance("cat")
    for row, weight in enumerate(PETS["weight"]):
        x = np.array([weight, 1.0])
        logit = math.log(found.probabilities[row, 1] / found.probabilities[row, 0])
        half = 1.6448536269514722 * math.sqrt(x @ covariance @ x)
        expected = [1 / (1 + math.exp(-logit + half)), 1 / (1 + math.exp(-logit - half))]
        assert [found.lower[row, 1], found.upper[row, 1]] == pytest.approx(expected, rel=1e-10)
        assert 1 - found.upper[row, 0] == pytest.approx(found.lower[row, 1], rel=1e-10)


def test_intervals_stay_inside_0_and_1_where_probabilities_do(model):
    far = mo.predict(model, {"weight": [-1e6, 0, 1e6, 1e300]}, intervals=True)
    assert ((far.lower >= 0) & (far.lower <= far.probabilities) & (far.probabilities <= far.upper)).all()
    assert (far.upper <= 1).all()


def test_a_model_that_knows_no_covariance_says_why(model):
    ridge = mo.train(PETS, "pet", features="weight", penalty="l2").model
    apart = mo.train({"x": [1, 2, 3, 4], "y": list("aabb")}, "y", accept_limit=True).model
    network = mo.train(PETS, "pet", features="weight", model_type="network", hidden="2").model
    from dataclasses import replace

    older = replace(model, covariance=None)
    for one, rows, words in (
        (ridge, PETS, "penalty l2=1"),
        (apart, {"x": [1]}, "no maximum"),
        (network, PETS, "no coefficients"),
        (older, PETS, "older version"),
    ):
        with pytest.raises(mo.InvalidInput) as caught:
            mo.predict(one, rows, intervals=True)
        assert caught.value.code == "no-covariance"
        assert words in str(caught.value)


def test_a_model_file_keeps_the_covariance(model, tmp_path):
    model.save(tmp_path / "m.mottomo")
    again = mo.load_model(tmp_path / "m.mottomo")
    own, other = (mo.predict(one, PETS, intervals=True) for one in (model, again))
    assert np.array_equal(own.lower, other.lower)
    assert np.array_equal(own.upper, other.upper)


def test_rows_with_missing_values_are_left_out_or_empty_as_asked(model):
    gaps = {**PETS, "weight": [3, None, 5, 20, 25, None, 9, 30]}
    with pytest.raises(mo.InvalidInput, match="--missing drop"):
        mo.predict(model, gaps)
    dropped = mo.predict(model, gaps, missing="drop", keep="id")
    assert (dropped.n_observations, dropped.n_dropped) == (6, 2)
    assert [(row.row, row.id) for row in dropped][:3] == [(1, "007"), (3, "p,3"), (4, "04")]
    assert "2 rows with missing values were left out" in dropped.render("text", "en")
    empty = mo.predict(model, gaps, missing="empty", keep=["id"], intervals=True, most_probable=True)
    assert np.flatnonzero(np.isnan(empty.probabilities[:, 0])).tolist() == [1, 5]
    assert empty.most_probable[1] == ""
    assert [row["kept"]["id"] for row in empty.to_dict()["rows"]] == PETS["id"]
    assert empty.to_dict()["rows"][1]["probabilities"] is None
    assert "2 rows have missing values" in empty.render("text", "en")
    whole = mo.predict(model, {name: cells[2:5] for name, cells in PETS.items()}, intervals=True)
    assert np.array_equal(empty.lower[2:5], whole.lower)


def test_kept_columns_are_as_they_are_written_and_may_be_of_any_type(model, tmp_path):
    import datetime

    days = [datetime.date(2026, 1, day) for day in range(1, 9)]
    frame = mo.predict(model, {**PETS, "day": days, "share": np.arange(8) / 4}, keep=["day", "share", "weight"])
    first = next(iter(frame))
    assert (first.day, first.share, first.weight) == ("2026-01-01", "0.0", "3")
    with pytest.raises(mo.InvalidInput, match="no such column"):
        mo.predict(model, PETS, keep="name")
    path = tmp_path / "pets.csv"
    path.write_text("id,weight\n007,3\n0012345678901234567890,4\n,5\n")
    model.save(tmp_path / "m.mottomo")
    done = mottomo("predict", str(path), "--model", str(tmp_path / "m.mottomo"), "--keep", "id", "--intervals")
    lines = done.stdout.splitlines()
    assert lines[0] == "id,cat,cat_lower,cat_upper,dog,dog_lower,dog_upper"
    assert [line.split(",")[0] for line in lines[1:]] == ["007", "0012345678901234567890", ""]
    rows = [json.loads(line) for line in mottomo(
        "predict", str(path), "--model", str(tmp_path / "m.mottomo"), "--where", "weight > '3'", "--format", "jsonl"
    ).stdout.splitlines()]  # fmt: skip
    assert [row["row"] for row in rows] == [2, 3]
