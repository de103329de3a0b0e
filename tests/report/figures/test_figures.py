"""The figure of each result: its numbers are those of the result, in both languages, light and dark, in each format."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mottomo as mo
from mottomo.report.figures import chart_of, figure_bytes, fonts
from mottomo.report.figures.contact_sheet import _url
from tests.report.test_contract import pictures_of_pets, rows_of_pets

ROOT = Path(__file__).parent.parent.parent.parent
WOLF = ROOT / "examples" / "wolf_white.csv"


def made():
    pets, pictures = rows_of_pets(), pictures_of_pets()
    options = {"target": "pet", "images": "picture", "image_features": "pixels:3"}
    pictured = mo.train(pictures, group="artist", holdout="each", **options)
    return {
        "estimate": mo.estimate([2, 5, 2, 4, 2, 5]),
        "estimate of groups": mo.estimate(mo.Tally.from_counts([[1, 2], [3, 4]])),
        "many": mo.estimate(list(range(1, 101))),
        "test": mo.test(WOLF, count_column="count", categories="1..6"),
        "compare": mo.compare(pd.DataFrame(pets), column="pet", by="colour"),
        "plan": mo.plan([2, 5, 2, 4, 2, 5]),
        "explain": mo.explain([2, 5, 2, 4, 2, 5]),
        "explain one": mo.explain([0, 7, 0]),
        "train": mo.train(pets, target="pet"),
        "penalised": mo.train(pets, target="pet", penalty="l2"),
        "network": mo.train(pets, target="pet", model_type="network", hidden="3"),
        "pictures": pictured,
        "predict": mo.predict(pictured.model, pictures["picture"]),
    }


@pytest.fixture(scope="module")
def results():
    return made()


def numbers_of(spec: dict, key: str) -> list[float]:
    """All values of a field in the data of a chart."""
    return [row[key] for row in _rows(spec) if key in row]


def spec_of(result, language="en") -> dict:
    return json.loads(chart_of(result, language).to_json())


def test_the_numbers_of_a_figure_are_those_of_the_result(results):
    estimate = results["estimate"]
    spec = spec_of(estimate)
    assert set(numbers_of(spec, "value")) == set(estimate.probabilities.tolist())
    assert set(numbers_of(spec, "lower")) == set(estimate.intervals.lower.tolist())
    test = results["test"]
    assert set(numbers_of(spec_of(test), "claim")) == set(test.null.values.tolist())
    departs = [row for row in _rows(spec_of(test)) if row.get("kind") == "observed, departs"]
    assert {row["name"] for row in departs} == set(test.residuals.flagged(test.tally.categories.names))
    compared = results["compare"]
    assert sorted(numbers_of(spec_of(compared), "value")) == sorted(compared.tally.shares.reshape(-1).tolist())
    plan = results["plan"]
    assert {row.get("n"): row["power"] for row in _rows(spec_of(plan))}[plan.n_observations] == plan.exact_power
    training = results["train"]
    values = {(row["name"], row["category"]): row for row in _rows(spec_of(training)) if "category" in row}
    assert values
    for (column, category), row in values.items():
        own = training[category, column]
        assert row["value"] == own.coefficient
        assert row["upper"] - row["value"] == pytest.approx(1.959964 * own.standard_error, rel=1e-5)
    network = results["network"]
    learnt = [row["loss"] for row in _rows(spec_of(network)) if row.get("kind") == "rows learnt"]
    assert learnt == [one.training for one in network.curve]
    found = results["predict"]
    assert sorted(numbers_of(spec_of(found), "value")) == pytest.approx(sorted(found.probabilities.reshape(-1)))


def _rows(spec: dict) -> list[dict]:
    found = []
    if isinstance(spec, dict):
        for name, part in spec.items():
            if name == "values" and isinstance(part, list):
                found += [row for row in part if isinstance(row, dict)]
            elif name == "datasets":
                for rows in part.values():
                    found += rows
            else:
                found += _rows(part)
    elif isinstance(spec, list):
        for part in spec:
            found += _rows(part)
    return found


def test_log_l_has_its_maximum_where_the_tangent_touches_it(results):
    rows = _rows(spec_of(results["explain"]))
    curve = [(row["y"], row["log_l"]) for row in rows if "log_l" in row]
    best = max(log_l for _, log_l in curve)
    assert best == pytest.approx(-34.11620581889958, rel=1e-12)
    assert {y for y, log_l in curve if log_l == best} >= {0.25}
    product = {row["n"]: row["log"] for row in rows if "log" in row and "n" in row}
    assert product[20] == pytest.approx(-34.11620581889958 / math.log(10), rel=1e-12)


def test_a_sheet_of_pictures_begins_with_the_worst_and_its_bars_are_the_probabilities(results):
    result = results["pictures"]
    rows = _rows(spec_of(result))
    pictures = [row for row in rows if "url" in row]
    worst = max(result.held_out.rows, key=lambda one: one.loss)
    assert len(pictures) == len(result.held_out.rows)
    assert pictures[0]["url"] == _url(result.pictures.thumbnails[worst.row])
    bars = [row["x2"] - row["x"] for row in rows if "x2" in row][:3]
    assert np.divide(bars, sum(bars)) == pytest.approx(worst.probabilities, abs=1e-9)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.slow
def test_every_figure_is_drawn_in_both_languages(results, language):
    for name, result in results.items():
        svg = figure_bytes(result, "f.svg", language).decode()
        assert svg.startswith("<svg"), name
        assert bool(fonts._LETTERS.search(svg)) == (language == "ja"), name
    assert "60 of 100 are shown" in figure_bytes(results["many"], "f.svg", "en").decode()


@pytest.mark.slow
def test_a_figure_is_a_picture_of_pixels_a_page_and_a_chart_for_notebooks(results):
    estimate = results["estimate"]
    assert figure_bytes(estimate, "f.PNG", "en").startswith(b"\x89PNG")
    page = figure_bytes(estimate, "f.html", "en").decode()
    assert "<html" in page
    assert 'src="http' not in page  # it needs nothing else
    dark = estimate.plot("en", dark=True)
    assert dark.to_dict()["config"]["background"] == "#17171b"
    assert dark._repr_mimebundle_()


def test_letters_that_no_font_has_are_said_before_boxes_are_drawn(results, monkeypatch):
    monkeypatch.setattr(fonts, "font_folder", lambda: None)
    with pytest.raises(mo.MissingExtra, match="Japanese letters"):
        figure_bytes(results["estimate"], "f.png", "ja")
    assert figure_bytes(results["estimate"], "f.svg", "ja")
    assert figure_bytes(results["estimate"], "f.png", "en")


def test_what_has_no_figure_says_so(monkeypatch):
    for result in (
        mo.tally(["a", "b"]),
        mo.plan(half_width=0.1, categories="1..6"),
        mo.train({"x": [1, 2, 3, 4], "y": ["a", "a", "b", "b"]}, target="y"),
        mo.explain([0, 0]),
    ):
        with pytest.raises(mo.InvalidInput) as caught:
            result.plot()
        assert caught.value.code == "no-figure"
    with pytest.raises(mo.InvalidInput, match="ending"):
        figure_bytes(mo.estimate([1, 2]), "f.pdf")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(mo.MissingExtra, match="figures need libraries"):
        mo.estimate([1, 2]).plot()


def test_a_name_cannot_end_the_script_of_a_page():
    page = figure_bytes(mo.estimate({"</script><script>alert(7)</script>": 3, "b": 4}), "f.html", "en").decode()
    assert "</script><script>alert" not in page
    assert "\\u003c/script>" in page
