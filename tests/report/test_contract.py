"""The contract of a result, for every type, every table and every format."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import mottomo as mo
from mottomo.report.layout import display_width
from mottomo.report.results import report_of
from mottomo.results import ResultWithRows
from tests.report.tables import tables_of
from tests.report.test_render import RESULTS, types_of_results

NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")
MANY = [f"a category with the long name {number}" for number in range(60)]


def rows_of_pets():
    return {
        "weight": [3.0, 4.5, 5.0, 20.0, 25.0, 8.0, 9.0, 30.0, 2.0, 12.0, 7.0] * 4,
        "colour": ["red", "blue", "blue", "red", "green"] * 8 + ["red"] * 4,
        "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat", "cat", "dog", "cat"] * 4,
    }


def made():
    """A result of every type, and some with long, wide and strange tables."""
    pets = rows_of_pets()
    trained = mo.train(pets, target="pet")
    wide = mo.Tally.from_counts(np.arange(1, 241).reshape(12, 20))
    return {
        **RESULTS,
        "training": trained,
        "held out": mo.train(pets, target="pet", holdout=0.25, penalty="l2=1"),
        "separated": mo.train({"x": [1, 2, 3, 4], "y": ["a", "a", "b", "b"]}, target="y"),
        "predictions": mo.predict(trained.model, pets, most_probable=True),
        "classifier explained": mo.explain(pets, target="pet"),
        "simulation": mo.inference.simulation.Simulation.of(mo.probabilities.Probabilities.of("1/2,1/2"), 50, 1),
        "many categories": mo.estimate(dict.fromkeys(MANY, 3)),
        "wide comparison": mo.compare(wide, method="asymptotic"),
        "turned comparison": mo.compare(mo.Tally.from_counts(np.arange(1, 61).reshape(20, 3)), method="asymptotic"),
        "many groups": mo.test(mo.Tally.from_counts([[1, 2, 3]] * 60)),
    }


@pytest.fixture(scope="module")
def results():
    import mottomo.inference.simulation
    import mottomo.probabilities  # noqa: F401 - used as attributes of the package

    return made()


def test_every_type_is_among_them(results):
    assert {type(result) for result in results.values()} == set(types_of_results()) - {ResultWithRows}


def flat(value):
    """The numbers and texts of nested dictionaries and lists."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from flat(item)
    elif isinstance(value, list):
        for item in value:
            yield from flat(item)
    else:
        yield value


def test_what_csv_has_json_has(results):
    for name, result in results.items():
        if report_of(result).body.data is None:
            continue
        found = list(flat(json.loads(result.render("json"))["result"]))
        numbers = np.array(sorted(float(x) for x in found if isinstance(x, int | float) and not isinstance(x, bool)))
        texts = {str(x) for x in found if isinstance(x, str)}
        for row in list(csv.DictReader(io.StringIO(result.render("csv"))))[:30]:
            for column, cell in row.items():
                assert is_in(cell, numbers, texts, result), (name, column, cell)


def is_in(cell, numbers, texts, result):
    if cell in texts or cell in ("", "true", "false") or cell in map(str, getattr(result, "columns", ())):
        return True
    if all(part in texts for part in cell.split(",")):
        return True
    try:
        value = Decimal(cell)
    except ArithmeticError:
        return False
    if 0 < value < Decimal("1e-300"):  # a p-value that JSON gives by its logarithm
        return bool(np.isclose(numbers, float(value.log10()), rtol=1e-9).any())
    near = np.isclose(numbers, float(value), rtol=1e-12, atol=0)
    return bool(near.any()) or str(cell) in ("inf", "-inf") or not math.isfinite(float(value))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_exceeds_its_width(results, width, language):
    for name, result in results.items():
        for line in result.render("text", language, width=width).splitlines():
            assert display_width(line) <= width, (name, line)


def test_both_languages_carry_the_same_numbers_in_their_tables(results):
    for name, result in results.items():
        english, japanese = tables_of(result, "en"), tables_of(result, "ja")
        for one, other in zip(english, japanese, strict=True):
            rows = zip(one.rows, other.rows, strict=True)
            assert all(numbers(a.values()) == numbers(b.values()) for a, b in rows), name


def numbers(cells):
    return [NUMBER.findall(cell) for cell in cells]


MARKS = {  # of the verdict, of a table, and of where the result comes from
    "markdown": ("\n**", "\n| ", "\n---\n"),
    "html": ('<p class="verdict">', "<table>", "<footer>"),
    "latex": ("\\textbf{", "\\begin{tabular}", "\\footnotesize"),
}


@pytest.mark.parametrize("name_of_format", MARKS)
def test_the_verdict_stands_before_any_table_and_the_source_at_the_end(results, name_of_format):
    for name, result in results.items():
        text = result.render(name_of_format, "en")
        verdict, table, source = (text.find(mark) for mark in MARKS[name_of_format])
        assert 0 < verdict < source, name
        assert table == -1 or verdict < table < source, name


def test_in_text_the_second_paragraph_is_the_verdict(results):
    for name, result in results.items():
        paragraphs = result.render("text", "en").split("\n\n")
        verdict = str(report_of(result).verdict.text)
        assert " ".join(paragraphs[1].split())[:60] == " ".join(verdict.split())[:60], name
        assert "mottomo" in paragraphs[-1]


def test_frames_hold_the_rows_of_csv(results):
    for name, result in results.items():
        if report_of(result).body.data is None:
            with pytest.raises(mo.InvalidInput, match="not a table"):
                result.to_frame()
            continue
        rows = list(csv.DictReader(io.StringIO(result.render("csv"))))
        frame = result.to_frame("pandas")
        assert isinstance(frame, pd.DataFrame)
        assert (len(frame), list(frame.columns)) == (len(rows), list(rows[0]) if rows else list(frame.columns)), name
        assert result.to_frame("polars").shape == frame.shape
        assert result.to_frame("pyarrow").shape == frame.shape


def test_rows_are_found_by_their_names(results):
    estimate = results["estimate"]
    assert estimate["2"].probability == 0.25
    assert [row.category for row in estimate] == ["1", "2", "3", "4", "5", "6"]
    assert len(estimate) == 6
    assert estimate
    assert results["groups estimated"]["y", "b"].count == 2
    assert results["test"]["5"].adjusted_p_value == 1.0
    assert results["training"]["dog", "weight"].p_value == pytest.approx(
        results["training"].p_values[list(results["training"].columns).index("weight"), 1]
    )
    assert results["training"]["weight"] == results["training"]["dog", "weight"]
    for result in results.values():
        if isinstance(result, ResultWithRows):
            assert len(list(result)) == len(result)


def test_what_is_no_row_is_answered_with_the_nearest_one(results):
    with pytest.raises(mo.InvalidInput, match="did you mean R"):
        mo.estimate({"SSR": 3, "R": 17})["r"]
    with pytest.raises(mo.InvalidInput, match=re.escape("did you mean ('dog', 'weight')")):
        results["training"]["dog", "wieght"]
    with pytest.raises(mo.InvalidInput, match=re.escape("one of ('dog', 'intercept'), ('dog', 'weight')")):
        results["training"]["dog"]


def test_a_result_says_itself_in_one_line(results):
    for name, result in results.items():
        text = repr(result)
        assert text.startswith(f"<{type(result).__name__}"), name
        assert "\n" not in text
        assert len(text) < 300
    assert repr(results["estimate"]) == "<Estimate: 1: 0.1, 2: 0.25, 3: 0.1, 4: 0.2, 5: 0.1, 6: 0.25; n = 20>"
    assert repr(results["tally"]) == "<Tally: 1: 2, 2: 5, 3: 2, 4: 4, 5: 2, 6: 5; n = 20>"
    assert repr(results["test"]) == "<TestResult: No evidence against “fair”: exact p = 0.652; n = 20>"


def test_without_a_library_for_data_frames_it_is_said_which_to_install(results, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(mo.MissingExtra, match="pip install pandas"):
        results["estimate"].to_frame()
    with pytest.raises(mo.MissingExtra, match="pip install polars"):
        results["estimate"].to_frame("polars")


def test_where_a_result_comes_from_is_in_every_format(tmp_path):
    import hashlib

    path = tmp_path / "throws.txt"
    path.write_text("1\n2\n2\n")
    result = mo.test(path, categories="1..2")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    found = json.loads(result.render("json"))["input"]
    assert (found["sha256"], found["source"], found["categories"]) == (sha256, str(path), "1,2")
    assert found["tally_sha256"] == result.tally.sha256
    assert set(found["versions"]) == {"mottomo", "numpy", "duckdb"}
    for name in ("markdown", "html", "latex"):
        text = result.render(name).replace("\\allowbreak{}", "")
        assert sha256 in text
        assert result.tally.sha256 in text
    assert sha256[:16] in result.render("text")


def input_of(result):
    return json.loads(result.render("json"))["input"]


def test_what_was_asked_for_is_remembered_with_the_result(tmp_path):
    found = input_of(mo.test([2, 5, 2], null={"1": 0.25, "2": 0.5, "3": 0.25}, method="monte-carlo", draws=99, seed=3))
    asked = {"null": "1=0.25,2=0.5,3=0.25", "method": "monte-carlo", "draws": "99", "seed": "3"}
    assert {name: found[name] for name in asked} == asked
    assert "seed = 3" in mo.test([2, 5, 2], method="monte-carlo", seed=3).render()
    assert "significance" not in found  # as usual
    assert input_of(mo.estimate([2, 5], intervals="wilson", level=0.9))["intervals"] == "wilson"
    assert input_of(mo.compare([[2, 5], [3, 4]], significance=0.01))["significance"] == "0.01"
    planned = input_of(mo.plan(null="fair", categories=range(1, 7), bias=0.1))
    assert (planned["null"], planned["categories"], planned["bias"]) == ("fair", "1,2,3,4,5,6", "0.1")
    faces = [f"face-{number}" for number in range(50)]
    counted = mo.tally(["face-1"], categories=faces)
    assert input_of(counted)["categories"] == ",".join(faces)  # JSON cuts nothing
    assert "…" in counted.render().splitlines()[-1]
    rows = {"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}
    trained = input_of(mo.train(rows, target="y", penalty=mo.L2(0.5), holdout=0.5, seed=2))
    assert (trained["source"], trained["penalty"], trained["seed"]) == ("table", "l2=0.5", "2")
    assert input_of(mo.explain(rows, target="y"))["target"] == "y"
