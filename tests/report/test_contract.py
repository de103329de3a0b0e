"""The contract of a result, for every type, every table and every format."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter, defaultdict
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import mottomo as mo
from mottomo.report.layout import display_width
from mottomo.report.results import report_of
from mottomo.report.wording import translator
from mottomo.results import ResultWithNames, ResultWithRows
from tests.report.tables import tables_of
from tests.report.test_render import RESULTS, types_of_results

pytestmark = pytest.mark.xdist_group("contract")  # on one processor, so that its fixture is made once

NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")
FIGURES = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")  # beside letters too
MANY = [f"a category with the long name {number}" for number in range(60)]


def rows_of_pets():
    return {
        "weight": [3.0, 4.5, 5.0, 20.0, 25.0, 8.0, 9.0, 30.0, 2.0, 12.0, 7.0] * 4,
        "colour": ["red", "blue", "blue", "red", "green"] * 8 + ["red"] * 4,
        "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat", "cat", "dog", "cat"] * 4,
    }


def pictures_of_pets():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (4, 4, 3), dtype=np.uint8) for _ in range(12)]
    pictures[7] = pictures[2]
    return {"picture": pictures, "pet": ["cat", "dog", "ape"] * 4, "artist": ["a", "b"] * 6}


def made():
    """A result of every type, and some with long, wide and strange tables."""
    pets = rows_of_pets()
    trained = mo.train(pets, target="pet")
    pictures = pictures_of_pets()
    pictured = mo.train(
        pictures, target="pet", images="picture", image_features="pixels:3", group="artist", holdout="each"
    )
    wide = mo.Tally.from_counts(np.arange(1, 241).reshape(12, 20))
    return {
        **RESULTS,
        "training": trained,
        "firth": mo.train(pets, target="pet", penalty="firth", intervals="profile", effects=True),
        "models compared": mo.compare_models(mo.train(pets, target="pet", features="weight"), trained),
        "held out": mo.train(pets, target="pet", holdout=0.25, penalty="l2=1"),
        "groups left out": mo.train(pets, target="pet", group="colour", holdout="each", penalty="l2=auto"),
        "network": mo.train(pets, target="pet", model_type="network", hidden="3", holdout=0.25),
        "pictures": pictured,
        "predictions of pictures": mo.predict(pictured.model, pictures["picture"], most_probable=True),
        "separated": mo.train({"x": [1, 2, 3, 4], "y": ["a", "a", "b", "b"]}, target="y"),
        "predictions": mo.predict(trained.model, pets, most_probable=True),
        "predictions with intervals": mo.predict(
            trained.model, {**pets, "weight": [None, *pets["weight"][1:]]}, intervals=True, keep="pet", missing="empty"
        ),
        "classifier explained": mo.explain(pets, target="pet"),
        "score": mo.score(trained.model, {**pets, "pet": ["ape", *pets["pet"][1:]]}, "pet", group="colour"),
        "score of pictures": mo.score(pictured.model, pictures, "pet"),
        "model explained": mo.explain(pictures, target="pet", model=pictured.model),
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
    assert {type(result) for result in results.values()} == set(types_of_results()) - {ResultWithNames, ResultWithRows}


IN_JSON = {  # a column whose values stand under another key than its own name
    "n": "n_observation",
    "n_columns": "n_column",
    "n_parameters": "n_parameter",
    "direction": "direction_from_reference",
    "lowest_maximum": "lower",
    "highest_maximum": "upper",
    "difference_lower": "lower",
    "difference_upper": "upper",
}


def test_what_csv_has_json_has_under_the_same_name(results):
    """Every number of a column, to the last digit; every name, as a text or a key."""
    for name, result in results.items():
        table = report_of(result).body.data
        if table is None:
            continue
        numbers, texts = by_key(json.loads(result.render("json"))["result"])
        labels = [column.kind == "label" for column in table.columns]
        rows = csv.reader(io.StringIO(result.render("csv")))
        for is_label, (column, *cells) in zip(labels, zip(*rows, strict=True), strict=True):
            limits = re.sub("_(lower|upper)$", "", column) if name == "predictions with intervals" else column
            found = numbers[IN_JSON.get(column, limits)]
            for cell in set(cells) - {"", "inf", "-inf"}:
                if is_label:
                    parts = [cell] if cell in texts else cell.split(",")
                    assert all(part in texts or Decimal(part) in numbers[None] for part in parts), (name, column, cell)
                elif re.fullmatch(r"[-+.\de]+", cell):
                    assert is_in(Decimal(cell), found, numbers[f"log10_{column}"]), (name, column, cell)
                else:
                    assert all(part in texts for part in cell.split(",")), (name, column, cell)


def by_key(value):
    """The numbers of nested dictionaries and lists by each key above them in the singular; the texts and keys."""
    numbers, texts = defaultdict(set), set()

    def walk(item, keys):
        if isinstance(item, dict):
            for key, one in item.items():
                texts.add(str(key))
                walk(one, (*keys, singular(key)))
        elif isinstance(item, list):
            for one in item:
                walk(one, keys)
        elif isinstance(item, bool):
            texts.add(str(item).lower())
        elif isinstance(item, int | float):
            for key in (None, *keys):
                numbers[key].add(Decimal(repr(item)))
        elif item is not None:
            texts.add(item)

    walk(value, ())
    return numbers, texts


def singular(key):
    if key.endswith("ies"):
        return f"{key[:-3]}y"
    return key.removesuffix("s")


def is_in(value, numbers, logarithms):
    if 0 < value < Decimal("1e-300"):  # a p-value that JSON gives by its logarithm
        return any(math.isclose(one, value.log10(), rel_tol=1e-9) for one in logarithms)
    return value in numbers


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


def test_both_languages_carry_the_same_numbers_in_their_sentences(results):
    for name, result in results.items():
        report = report_of(result)
        for sentence in (report.verdict, *report.notes):
            english, japanese = (sentence.text.worded(translator(language)) for language in ("en", "ja"))
            one, other = (Counter(FIGURES.findall(text.replace(",", ""))) for text in (english, japanese))
            assert not one - other, (name, english, japanese)
            assert set(other - one) <= {"1", "2"}, (name, english, japanese)  # English may write them as words


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


def test_a_name_is_in_a_result_if_it_has_a_row(results):
    assert "2" in results["estimate"]
    assert "7" not in results["estimate"]
    assert ("dog", "weight") in results["training"]
    tally = results["tally"]
    assert (tally["2"].count, tally["2"].share, "7" in tally, "2" in tally) == (5, 0.25, False, True)
    grouped = mo.tally(list("aab"), by=list("xyx"))
    assert (grouped["x", "b"].count, ("x", "c") in grouped) == (1, False)
    plan = mo.plan([2, 5, 2])
    assert plan["2"].alternative_probability == 5 / 9
    with pytest.raises(TypeError, match="not iterable"):
        list(plan)


def test_rows_without_names_are_found_by_their_number(results):
    predictions = results["predictions"]
    assert predictions[3].cat == predictions.probabilities[3, 0]
    assert len(list(predictions)) == len(predictions)
    by_position = mo.predict(results["training"].model, {"weight": [3.0, 9.0], "colour": ["red", "blue"]})
    assert by_position[1].dog == by_position.probabilities[1, 1]
    assert by_position[np.int64(1)] == by_position[1]
    for wrong in (2, -1, "cat", 0.5, True):
        with pytest.raises(mo.InvalidInput, match="the number of a row, from 0"):
            by_position[wrong]


def test_a_type_without_words_has_a_representation():
    class Strange(mo.results.Result):
        pass

    assert repr(Strange()) == "<Strange>"
    with pytest.raises(LookupError, match="no words for Strange"):
        Strange().render()


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


def test_a_name_of_the_data_that_is_also_one_of_ours_is_told_apart():
    rows = {"n": ["a", "b", "a"], "group": ["x", "y", "y"]}
    for options in ({"column": "n", "by": "group"}, {"column": "group", "by": "n"}):
        result = mo.estimate(pd.DataFrame(rows), **options)
        header = result.render("csv").splitlines()[0].split(",")
        assert len(set(header)) == len(header)
        assert list(result.to_frame().columns) == header
    clash = mo.estimate(pd.DataFrame({"face": ["a", "b"], "category": ["x", "y"]}), column="face", by="category")
    assert clash.render("csv").splitlines()[0].split(",")[:2] == ["category_", "category"]
    assert clash["x", "a"].category == "a"


def test_counts_beyond_64_bits_are_exact_in_frames():
    large = mo.Tally.from_counts({"a": 2**70 + 1, "b": 3})
    assert large.to_frame("pandas")["count"].tolist() == [2**70 + 1, 3]
    for library in ("polars", "pyarrow"):
        column = large.to_frame(library)["count"]
        assert (column.to_pylist() if library == "pyarrow" else column.to_list()) == [str(2**70 + 1), "3"]


@pytest.mark.parametrize("width", [0, 19, -1, 40.5, "80", None, True])
def test_a_width_that_text_cannot_have_is_refused(width):
    with pytest.raises(mo.InvalidInput, match="width is not a whole number of 20 or more"):
        mo.estimate([2, 5]).render(width=width)


def test_what_is_no_format_is_answered_with_the_formats():
    estimate = mo.estimate([2, 5])
    for wrong, words in (("txet", "did you mean text"), (None, "no such output format"), (3, "no such output format")):
        with pytest.raises(mo.InvalidInput, match=words):
            estimate.render(wrong)
    with pytest.raises(mo.InvalidInput, match="no JSON lines"):
        estimate.render("jsonl")
