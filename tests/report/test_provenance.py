"""Where a result comes from: files, claims, options and the command that gives it again."""

from __future__ import annotations

import hashlib
import json
import pickle
import shlex
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import mottomo as mo
from tests.cli.run import mottomo

EXAMPLES = Path(__file__).parents[2] / "examples"
PENGUINS = EXAMPLES / "penguins.csv"


def input_of(result):
    return json.loads(result.render("json"))["input"]


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_where_a_result_comes_from_is_in_every_format(tmp_path):
    path = tmp_path / "throws.txt"
    path.write_text("1\n2\n2\n")
    result = mo.test(path, categories="1..2")
    sha256 = sha256_of(path)
    found = json.loads(result.render("json"))["input"]
    assert (found["sha256"], found["source"], found["categories"]) == (sha256, str(path), "1,2")
    assert found["tally_sha256"] == result.tally.sha256
    assert set(found["versions"]) >= {"mottomo", "numpy"}
    for name in ("markdown", "html", "latex"):
        text = result.render(name).replace("\\allowbreak{}", "")
        assert sha256 in text
        assert result.tally.sha256 in text
    assert sha256[:16] in result.render("text")


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


@pytest.fixture
def throws(tmp_path):
    """Two files of the same content, and one of another."""
    for name, text in (("a.txt", "1\n2\n2\n"), ("b.txt", "1\n2\n2\n"), ("c.txt", "2\n1\n")):
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]


def test_a_sum_comes_from_all_of_its_files_and_from_one_twice_if_it_was_counted_twice(throws):
    a, b, c = (mo.tally(path, categories="1..2") for path in throws)
    found = input_of(sum([a, b, c]))
    assert found["source"] == [str(path) for path in throws]
    assert [file["sha256"] for file in found["sources"]] == [sha256_of(path) for path in throws]
    assert "sha256" not in found  # of one file, where there are three
    twice = input_of(a + a)
    assert twice["source"] == [str(throws[0])] * 2
    assert len(twice["sources"]) == 2
    mixed = input_of(a + mo.tally(["1", "2"]))
    assert mixed["source"] == [str(throws[0]), "outcomes"]
    assert "sha256" not in mixed


def test_an_option_that_differs_between_the_parts_has_every_value(tmp_path):
    path = tmp_path / "throws.csv"
    path.write_text("die,face\na,1\na,2\nb,2\n")
    parts = [mo.tally(path, column="face", where=f"die = '{die}'") for die in "ab"]
    found = input_of(parts[0] + parts[1] + parts[1])
    assert found["where"] == ["die = 'a'", "die = 'b'"]
    assert found["column"] == "face"
    assert "where = die = 'a' | die = 'b'" in " ".join((parts[0] + parts[1]).render().split())
    whole = mo.tally(path, column="face")
    assert input_of(whole + parts[0])["where"] == [None, "die = 'a'"]
    a, b = (part.provenance for part in (whole, parts[0]))
    for one, other in ((a.merged(b).merged(a.merged(b)), a.merged(b)), (b.merged(a.merged(b)), b.merged(a))):
        assert one.settings == other.settings  # no value twice
    c = parts[1].provenance
    assert a.merged(b).merged(c) == a.merged(b.merged(c))


def test_one_group_says_which(tmp_path):
    path = tmp_path / "throws.csv"
    path.write_text("die,face\na,1\na,2\nb,2\n")
    one = mo.tally(path, column="face", by="die").group("a")
    assert input_of(one)["group"] == "a"
    assert "group = a" in " ".join(one.render().split())
    with pytest.raises(mo.InvalidInput, match=r"one of a, b[\s\S]*did you mean a\?"):
        mo.tally(path, column="face", by="die").group("A")


def test_the_files_of_a_claim_and_of_a_model_stand_beside_the_data(tmp_path):
    odds, throws = tmp_path / "odds.csv", tmp_path / "throws.txt"
    odds.write_text("rank,p\nR,90%\nSR,10%\n")
    throws.write_text("R\nR\nSR\n")
    found = input_of(mo.test(throws, odds))
    assert (found["source"], found["sha256"]) == (str(throws), sha256_of(throws))
    claim = {"name": str(odds), "bytes": odds.stat().st_size, "sha256": sha256_of(odds), "role": "null"}
    assert found["sources"][1] == claim
    counted = mo.tally(throws, categories=["R", "SR"])
    assert input_of(mo.test(counted, odds))["sources"] == found["sources"]
    assert input_of(mo.test(counted, {"R": 0.5, "SR": 0.5}))["null"] == "R=0.5,SR=0.5"
    assert "null" not in input_of(counted)
    assert sha256_of(odds)[:16] in mo.test(throws, odds).render()
    assert input_of(mo.test([9, 1], odds))["sources"] == [claim]
    assert input_of(mo.plan(null=odds, bias=0.1))["sources"] == [claim]
    both = input_of(mo.plan(null="fair", alternative=odds, categories=["R", "SR"]))
    assert both["sources"] == [claim | {"role": "alternative"}]
    simulated = json.loads(mottomo("simulate", str(odds), "-n", "3", "--json").stdout)["input"]
    assert simulated["sources"] == [claim | {"role": "probabilities"}]

    model = tmp_path / "sex.mottomo"
    mo.train(PENGUINS, target="sex", features="body_mass_g", missing="drop").model.save(model)
    rows = {"body_mass_g": [3000, 4000]}
    predicted = input_of(mo.predict(model, rows))
    assert [(file["name"], file["role"]) for file in predicted["sources"]] == [(str(model), "model")]
    in_memory = input_of(mo.predict(mo.load_model(model), rows, most_probable=True))
    assert in_memory["sources"] == [{**predicted["sources"][0], "name": "SoftmaxClassifier"}]
    assert in_memory["most_probable"] == "true"
    assert predicted["sources"][0]["sha256"] == sha256_of(model)
    rows_file = tmp_path / "rows.csv"
    rows_file.write_text("body_mass_g\n3000\n4000\n")
    by_file = mottomo("predict", str(rows_file), "--model", str(model), "--json").stdout
    files = json.loads(by_file)["input"]["sources"]
    assert [file["sha256"] for file in files] == [sha256_of(rows_file), sha256_of(model)]


def test_many_files_are_ten_in_a_line_and_all_in_json(tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(13)]
    for path in paths:
        path.write_text("1\n2\n")
    result = mo.compare(paths)
    assert "3 more files, which JSON has" in " ".join(result.render().split())
    assert len(input_of(result)["sources"]) == 13


@pytest.mark.parametrize(
    "line",
    [
        "simulate 1/2,1/2 -n 20 --json",
        "simulate -n 20 --json -- 1/2,1/2",
        "simulate fair -n 20 --categories 1..6 --seed 3 --json",
        "estimate {examples}/wolf_white.csv --count-column count --categories 1..6 --json",
        "test 2 5 2 4 2 5 --method monte-carlo --seed 5 --json",
        "compare {examples}/wolf_red_white.csv --column red --with white --count-column count --json",
        "plan --null fair --categories 1..6 --bias 0.1 --json",
        "train {examples}/penguins.csv --target sex --features body_mass_g --missing drop --holdout 0.2 --json",
    ],
)
def test_the_command_that_is_printed_gives_the_same_result_again(line):
    first = json.loads(mottomo(*shlex.split(line.format(examples=EXAMPLES))).stdout)
    command = shlex.split(first["input"]["command"])
    assert command[0] == "mottomo"
    again = json.loads(mottomo(*command[1:]).stdout)
    assert again["result"] == first["result"]
    assert again["input"] == first["input"]


@pytest.mark.parametrize("categories", ["a\nb,c", ",".join(f"it's {number}" for number in range(500))])
def test_a_command_that_cannot_be_pasted_is_left_to_json(categories):
    n = ["0"] * len(categories.split(","))
    text = mottomo("tally", *n, "--categories", categories).stdout
    assert "; JSON has the command." in " ".join(text.split())
    assert "mottomo tally" not in text
    found = json.loads(mottomo("tally", *n, "--categories", categories, "--json").stdout)
    assert categories in shlex.split(found["input"]["command"])


def test_a_frame_comes_back_in_the_library_that_was_given():
    outcomes = ["a", "b", "a"]
    for library in (pl, pd):
        given = library.DataFrame({"face": outcomes})
        for result in (mo.tally(given), mo.estimate(given), mo.test(given, categories=["a", "b"])):
            assert isinstance(result.to_frame(), library.DataFrame)
    assert isinstance(mo.estimate([2, 5]).to_frame("polars"), pl.DataFrame)


def test_predictions_are_pickled_with_where_they_come_from():
    rows = {"x": [1.0, 2.0, 3.0, 4.0], "y": ["a", "b", "a", "b"]}
    made = mo.predict(mo.train(rows, target="y").model, rows)
    again = pickle.loads(pickle.dumps(made))
    assert again.probabilities.tolist() == made.probabilities.tolist()
    assert again.provenance == made.provenance


def test_what_was_given_as_counts_stands_beside_the_files(throws):
    a, counts = mo.tally(throws[0], categories="1..2"), mo.Tally.from_counts([5, 7])
    for found in (input_of(mo.estimate(a + counts)), input_of(mo.compare({"a": a, "b": counts}))):
        assert found["source"] == [str(throws[0]), "counts"]
        assert "sha256" not in found
    assert "…, counts, categories" in " ".join(mo.estimate(a + counts).render().split())
    assert input_of(sum([a], mo.Tally.empty()))["source"] == str(throws[0])
    assert input_of(mo.estimate(counts))["source"] == "counts"


def test_the_groups_of_outcomes_are_data_and_no_option():
    outcomes, groups = ["a", "b"] * 5000, ["x", "y"] * 5000
    found = input_of(mo.tally(outcomes, by=groups))
    assert "by" not in found
    assert input_of(mo.tally(pd.DataFrame({"o": outcomes, "g": groups}), column="o", by="g"))["by"] == "g"
    independent = input_of(mo.compare(pd.DataFrame({"o": outcomes, "g": groups}), column="o", with_="g"))
    assert (independent["with_"], "by" in independent) == ("g", False)


def test_an_option_that_is_cut_says_how_long_it_is():
    names = [f"a category {number}" for number in range(11)]
    given = ",".join(names)
    tally = mo.tally(names[:2], categories=names)
    assert f"categories = {given}" in tally.render("markdown")
    assert f"… ({len(given)} characters)" in " ".join(tally.render().split())
    many = [f"category {number}" for number in range(1000)]
    for name in ("html", "markdown"):
        assert f"({len('categories = ' + ','.join(many)):,} characters)" in mo.tally(many[:1], categories=many).render(
            name
        )
