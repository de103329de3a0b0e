"""A table that is cut says what it does not show, and what shows it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

import mottomo as mo
from mottomo.explanation.classifier import explain_classifier
from mottomo.sources.reading import table_file
from mottomo.workflows.training import train_on_table, trained
from mottomo.workflows.training_plan import TrainingPlan
from tests.report.tables import tables_of

pytestmark = pytest.mark.xdist_group("cut tables")  # on one processor, so that its fixture is made once

MANY = 100
NAMES = [f"c{number}" for number in range(MANY)]
HIDDEN = re.compile(r"… ([\d,]+) more (rows|columns); (\S+(?: csv)?) has them all")


def table_of_categories(folder):
    rows = [",".join([f"c{i * i // 7 % 12}", *(str((i * (j + 3)) % (5 + j)) for j in range(5))]) for i in range(600)]
    path = folder / "categories.csv"
    path.write_text("\n".join(["y,x0,x1,x2,x3,x4", *rows]) + "\n")
    return table_file(path)


def table_of_features(folder):
    rows = [",".join([str(i * i % 11 % 2), *(str((i * (j + 3)) % (7 + j)) for j in range(45))]) for i in range(2000)]
    path = folder / "features.csv"
    path.write_text("\n".join([",".join(["y", *(f"x{j}" for j in range(45))]), *rows]) + "\n")
    return table_file(path)


def tally_of(n_groups):
    return mo.Tally.from_counts([[index + 1, 5, 3] for index in range(n_groups)])


def explained(folder):
    with trained(table_of_categories(folder), TrainingPlan("y")) as (training, rows):
        return explain_classifier(training, rows)


def words_of(text):
    """A text without the marks and line ends of its format."""
    plain = text.replace("\\ldots{}", "…").replace("{\\kern0pt}", "")
    return re.sub(r"\s+", " ", re.sub(r"\\(?=[^\w\s])|{}", "", plain))


# What is shown, and how many rows and columns the tables lack, in their order.
CASES = {
    "tally": (lambda folder: mo.Tally.from_counts(dict.fromkeys(NAMES, 1)), [75]),
    "estimate": (lambda folder: mo.estimate(mo.Tally.from_counts(dict.fromkeys(NAMES, 1))), [75]),
    "test": (lambda folder: mo.goodness_of_fit(mo.Tally.from_counts(dict.fromkeys(NAMES, 1))), [75]),
    "groups tested": (lambda folder: mo.goodness_of_fit(tally_of(51)), [26]),
    "plan": (lambda folder: mo.sample_size("fair", [2 / 101, *[1 / 101] * 99], categories=NAMES), [75]),
    "comparison": (lambda folder: mo.homogeneity(tally_of(12), method=mo.Asymptotic()), []),
    "comparison of many": (
        lambda folder: mo.homogeneity(mo.Tally.from_counts([[5] * MANY] * 12), method=mo.Asymptotic()),
        [75, 4],
    ),
    "labels": (
        lambda folder: mo.estimate_partly_seen(
            mo.Tally.from_counts({**dict.fromkeys(NAMES, 1), **{f"l{i}": 1 for i in range(45)}}),
            {f"l{i}": f"c{i},c{i + 1}" for i in range(45)},
        ),
        [20, 75],
    ),
    "training": (lambda folder: train_on_table(table_of_features(folder), TrainingPlan("y")), [21, 21, 20]),
    "explanation": (lambda folder: mo.explain(mo.Tally.from_counts(dict.fromkeys(NAMES, 1))), [75, 75]),
    "classifier explained": (explained, [6]),
}


@pytest.fixture(scope="module")
def result_of(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("cut"), {}

    def get(name):
        if name not in made:
            made[name] = CASES[name][0](folder)
        return made[name]

    return get


@pytest.mark.parametrize("name", CASES)
def test_what_a_table_lacks_is_said_in_every_format(name, result_of):
    result, lacking = result_of(name), CASES[name][1]
    for format_name in ("text", "markdown", "html", "latex"):
        found = [int(match[1]) for match in HIDDEN.finditer(words_of(result.render(format_name, "en")))]
        assert found == lacking or (name, format_name, found) == ("classifier explained", "text", [8])
        japanese = words_of(result.render(format_name, "ja"))
        assert len(re.findall(r"… ほか \d+ [行列]\((--format csv|--json) で全[行列]\)", japanese)) == len(found)


@pytest.mark.parametrize("name", CASES)
def test_no_table_is_cut_without_a_word(name, result_of):
    """Every category, group and feature is named in the table, or is among those that it says it lacks."""
    for table in tables_of(result_of(name)):
        hidden = {match[2]: int(match[1].replace(",", "")) for match in map(HIDDEN.match, table.remarks) if match}
        assert all(count > 0 for count in hidden.values())
        if not table.is_by_group:
            assert len(table.rows) + hidden.get("rows", 0) == table.n_rows
            assert len(table.columns) + hidden.get("columns", 0) == table.n_shown_columns


@pytest.mark.parametrize("name", [name for name in CASES if "expla" not in name])
def test_csv_has_what_the_table_lacks(name, result_of):
    result = result_of(name)
    rows = list(csv.DictReader(io.StringIO(result.render("csv", "en"))))
    expected = {"comparison": 36, "comparison of many": 12 * MANY, "groups tested": 51, "labels": 145, "training": 46}
    assert len(rows) == expected.get(name, MANY)


def test_json_has_what_csv_lacks(result_of):
    assert len(json.loads(result_of("training").render("json"))["result"]["feature_tests"]) == 45
    told = json.loads(result_of("explanation").render("json"))["result"]["steps"]
    steps = {step["name"]: step["values"] for step in told}
    assert len(steps["events"]["categories"]) == len(steps["tally"]["counts"]) == MANY
    told = json.loads(result_of("classifier explained").render("json"))["result"]["steps"]
    steps = {step["name"]: step["values"] for step in told}
    assert len(steps["rows"]["columns"]) == 5
    assert len(steps["gradient"]["predicted"]) == len(steps["gradient"]["categories"]) == 11


def test_shares_without_counts_and_what_is_cut_inside_a_cell_are_said(result_of):
    four, three = (mo.homogeneity(tally_of(n), method=mo.Asymptotic()) for n in (4, 3))
    for format_name in ("text", "markdown", "html", "latex"):
        assert "shares alone; --format csv has the counts too" in words_of(four.render(format_name, "en"))
        assert "shares alone" not in words_of(three.render(format_name, "en"))
    everything = ",".join(str(number) for number in range(1, 14))
    counts = {"odd": 3, **{str(number): number for number in range(1, 14)}}
    sets = mo.estimate(counts, means={"odd": everything}, categories="1..13")
    for format_name in ("text", "markdown", "html", "latex"):
        assert "cut short; --json has all of it" in words_of(sets.render(format_name, "en"))
    assert "cut short" not in mo.estimate({"even": 3, "1": 4, "2": 5}, means={"even": "2"}, categories="1,2").render()
    long = mo.estimate({"a" * 100: 3, "b": 4})
    assert "cut short; --format csv has all of it" in words_of(long.render("text", "en"))
    assert "a" * 100 in long.render("html")
