"""The figure of each result: its numbers are those of the result, in both languages, light and dark, in each format."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mottomo as mo
from mottomo.classification.predictions import Batches
from mottomo.report.figures import chart_of, figure_bytes, fonts
from mottomo.report.figures.contact_sheet import _url
from tests.report.test_contract import pictures_of_pets, rows_of_pets
from tests.report.test_render import RESULTS, Balance

pytestmark = pytest.mark.xdist_group("figures")  # on one processor, so that its fixture is made once

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
        "test": mo.test(WOLF, count_column="count", categories="1..6", method="asymptotic"),
        "compare": mo.compare(pd.DataFrame(pets), column="pet", by="colour"),
        "plan": mo.plan([2, 5, 2, 4, 2, 5]),
        "explain": mo.explain([2, 5, 2, 4, 2, 5]),
        "explain one": mo.explain([0, 7, 0]),
        "claimed": mo.estimate([2, 5, 2, 4, 2, 5], null="fair"),
        "tally": mo.tally(["a", "b", "a"]),
        "tally of groups": mo.tally(pd.DataFrame(pets), column="pet", by="colour"),
        "simulation": mo.inference.simulation.Simulation.of(mo.probabilities.Probabilities.of("1/4,3/4"), 50, 1),
        "seen in part": mo.estimate({"a": 3, "b": 2, "c": 4, "a or b": 5}, means={"a or b": "a,b"}),
        "not determined": mo.estimate({"c": 4, "a or b": 5}, means={"a or b": "a,b"}, categories="a,b,c"),
        "many groups": mo.test(mo.Tally.from_counts([[1, 9], [5, 5], [40, 2]])),
        "order": mo.exchangeability(["a", "b", "b", "a", "a", "a", "b", "b"] * 5),
        "classifier explained": mo.explain(pets, target="pet"),
        "model explained": mo.explain(pets, target="pet", model=mo.train(pets, target="pet").model),
        "separated": mo.train({"x": [1, 2, 3, 4], "y": ["a", "a", "b", "b"]}, target="y"),
        "score": mo.score(mo.train(pets, target="pet").model, pets, "pet", group="colour"),
        "train": mo.train(pets, target="pet"),
        "penalised": mo.train(pets, target="pet", penalty="l2"),
        "network": mo.train(pets, target="pet", model_type="network", hidden="3"),
        "pictures": pictured,
        "predict": mo.predict(pictured.model, pictures["picture"]),
    }


@pytest.fixture(scope="module")
def results():
    import mottomo.inference.simulation
    import mottomo.probabilities  # noqa: F401 - used as attributes of the package

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


def test_the_numbers_of_the_smaller_figures_are_those_of_the_result(results):
    def pairs(name, *keys):
        return [tuple(row[key] for key in keys) for row in _rows(spec_of(results[name])) if set(keys) <= set(row)]

    assert set(numbers_of(spec_of(results["claimed"]), "claim")) == {1 / 6}
    assert pairs("tally", "name", "value") == [("a", 2), ("b", 1)]
    grouped = results["tally of groups"]
    assert sorted(numbers_of(spec_of(grouped), "value")) == sorted(grouped.counts.reshape(-1).tolist())
    simulation = results["simulation"]
    assert set(pairs("simulation", "value", "expected")) == set(
        zip(simulation.tally.counts.tolist(), [12.5, 37.5], strict=True)
    )
    partly, loose = results["seen in part"], results["not determined"]
    assert pairs("seen in part", "value", "lower") == list(
        zip(partly.probabilities.tolist(), partly.intervals.lower.tolist(), strict=True)
    )
    assert {name: (low, high) for name, low, high in pairs("not determined", "name", "from", "to")} == {
        name: (loose[name].lowest_maximum, loose[name].highest_maximum) for name in ("a", "b")
    }
    tests = results["many groups"]
    assert sorted(numbers_of(spec_of(tests), "evidence")[:3]) == pytest.approx(sorted(-tests.log10_holm))
    order = results["order"]
    assert [value for _, value in pairs("order", "name", "value")] == [order.repeats, order.expected_repeats]
    for name in ("classifier explained", "model explained"):
        steps = {step.name: step.values for step in results[name].steps}
        values = steps.get("gradient", steps.get("model-gradient"))
        assert set(pairs(name, "value", "expected")) == set(zip(values["counts"], values["predicted"], strict=True))
    assert pairs("separated", "name", "value") == [
        ("untrained (log K)", math.log(2)),
        ("the intercept-only model", math.log(2)),
        ("the model, on the rows learnt", results["separated"].cross_entropy),
    ]
    score = results["score"]
    first = [loss for what, loss in pairs("score", "what", "loss") if what == "all rows"]
    assert first[:2] == [score.held_out.model.value, score.held_out.null.value]
    groups = {row["what"]: row["loss"] for row in _rows(spec_of(score)) if row.get("kind") == "the model"}
    assert {one.name: one.model for one in score.held_out.left_out.groups}.items() <= groups.items()


@pytest.mark.figures
def test_a_page_has_the_figure_in_its_own_colours_and_a_fragment_has_none(results):
    page = results["estimate"].render("html", "en")
    figure = page[page.index("<figure") : page.index("</figure>")]
    assert page.index('class="verdict"') < page.index("<figure") < page.index("<table>")
    assert 'fill="currentColor"' in figure
    assert not {"#ffffff", "#1b1b1f", "#e4e4ea"} & set(re.findall(r"#[0-9a-f]{6}", figure))
    assert "<figure" not in results["estimate"]._repr_html_()
    hostile = mo.estimate({"<script>alert(7)</script>": 3, '"><img src=x onerror=alert(7)>': 4}).render("html", "en")
    assert "<script>alert" not in hostile
    assert "<img" not in hostile
    assert "<figure" not in mo.explain([0, 0]).render("html", "en")


@pytest.mark.figures
@pytest.mark.slow
def test_every_page_with_a_figure_is_balanced_and_shows_names_as_text(results):
    for name, result in {**results, **RESULTS}.items():
        for language in ("en", "ja"):
            page = result.render("html", language)
            reader = Balance()
            reader.feed(page)
            assert not reader.open, name
            assert not re.search(r"(src|href)=|@import|url\((?!#)|<script|[\x00-\x08\x1b\u202e]", page.replace(
                'href="data:image/png;base64', "")), name  # fmt: skip


def test_without_the_libraries_a_page_is_whole_and_a_figure_is_asked_for_in_vain():
    script = (
        "import sys; sys.modules['altair'] = None\n"
        "import mottomo as mo\n"
        "found = mo.estimate([1, 2])\n"
        "page = found.render('html')\n"
        "assert '<figure' not in page and '</html>' in page\n"
        "from mottomo.cli.main import main\n"
        "sys.exit(main(['estimate', '1', '2', '--figure', 'f.svg']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, "mottomo[plot]" in done.stderr) == (3, True), done.stderr
    assert "Traceback" not in done.stderr


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
        mo.plan(half_width=0.1, categories="1..6"),
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


def test_rows_of_one_name_and_long_names_have_a_chart_each(results):
    model = results["pictures"].model
    names = ["a" * 30 + "/" + "b" * 30 + str(number // 2) + ".png" for number in range(4)]
    first = mo.predict(model, pictures_of_pets()["picture"][:4])
    batch = next(iter(first.batches))
    found = replace(first, batches=Batches(lambda: iter([replace(batch, names=tuple(names))])))
    rows = [row["row"] for row in _rows(spec_of(found)) if "row" in row]
    assert len(set(rows)) == 4
    assert max(map(len, set(rows))) < 80
    assert all("…" in title for title in rows)


def test_a_name_cannot_end_the_script_of_a_page():
    page = figure_bytes(mo.estimate({"</script><script>alert(7)</script>": 3, "b": 4}), "f.html", "en").decode()
    assert "</script><script>alert" not in page
    assert "\\u003c/script>" in page
