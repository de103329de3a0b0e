"""The ending of --save decides the format, or the command is refused before it works."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.run import mottomo

pytestmark = pytest.mark.xdist_group("saving")  # on one processor, so that its fixture is made once

DIE = ("2", "5", "2", "4", "2", "5")
BEGINNINGS = {
    ".txt": "Tally\n=====",
    ".json": '{\n "schema": 1',
    ".csv": "category,count,share\n",
    ".md": "# Tally",
    ".html": "<!doctype html>",
    ".htm": "<!doctype html>",
    ".tex": "\\section*{Tally}",
    "": "Tally\n=====",
    ".JSON": '{\n "schema": 1',
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "t.csv").write_text("y,x\n" + "".join(f"{'ab'[i % 3 % 2]},{i % 4}\n" for i in range(24)))
    done = mottomo("train", str(folder / "t.csv"), "--target", "y", "--penalty", "l2=1", "--model", str(folder / "m"))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("ending", BEGINNINGS)
def test_the_ending_decides_the_format(ending, tmp_path):
    target = tmp_path / f"report{ending}"
    done = mottomo("tally", *DIE, "--save", str(target))
    assert done.returncode == 0, done.stderr
    assert target.read_text(encoding="utf-8").lower().startswith(BEGINNINGS[ending].lower())


def test_a_name_without_an_ending_has_the_format_that_is_asked_for(tmp_path):
    for name in ("report", ".report", "folder.d/report"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        assert mottomo("tally", *DIE, "--json", "--save", str(target)).returncode == 0
        assert json.loads(target.read_text())["command"] == "tally"


@pytest.mark.parametrize("format", ["--json", "--format=md", "--format=text"])
def test_an_ending_and_a_format_that_agree_are_no_contradiction(format, tmp_path):
    target = tmp_path / {"--json": "a.json", "--format=md": "a.md", "--format=text": "a.txt"}[format]
    assert mottomo("tally", *DIE, format, "--save", str(target)).returncode == 0
    assert target.exists()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("options", "name", "told"),
    [
        (["--format", "md"], "a.csv", ".csv"),
        (["--json"], "a.html", "json"),
        (["--format", "text"], "a.json", ".json"),
        ([], "a.parquet", ".parquet"),
        ([], "a.xlsx", ".json, .csv, .md"),
        (["--format", "csv"], "a.xlsx", ".xlsx"),
        ([], "a.pdf", ".pdf"),
        ([], "a.csv.gz", ".gz"),
        ([], "a.jsonl", ".jsonl"),
    ],
)
def test_other_endings_are_refused_before_the_work(options, name, told, language, tmp_path):
    target = tmp_path / name
    target.write_text("old")
    # The table does not exist, which the work would have found.
    done = mottomo("tally", str(tmp_path / "none.csv"), *options, "--save", str(target), "--lang", language)
    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stderr.split())
    assert target.read_text() == "old"


@pytest.mark.parametrize("command", ["tally", "estimate", "test", "compare", "explain", "plan", "train", "predict"])
def test_every_command_that_saves_refuses_an_ending_it_cannot_write(command, model, tmp_path):
    data = {"plan": ["2", "3"], "train": [str(model / "t.csv"), "--target", "y"]}
    data["predict"] = [str(model / "t.csv"), "--model", str(model / "m")]
    target = tmp_path / "o.parquet"
    done = mottomo(command, *data.get(command, ["2", "3", "/", "4", "5"]), "--save", str(target))
    assert done.returncode == 2
    assert ".parquet" in done.stderr
    assert not target.exists()


def test_predictions_are_rows_in_the_form_of_the_ending(model, tmp_path):
    call = ["predict", str(model / "t.csv"), "--model", str(model / "m"), "--save"]
    for ending in (".csv", ".jsonl", ".json", ""):
        done = mottomo(*call, str(tmp_path / f"o{ending}"))
        assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text())))
    assert (tmp_path / "o").read_text() == (tmp_path / "o.csv").read_text()
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    whole = json.loads((tmp_path / "o.json").read_text())["result"]["rows"]
    assert lines == whole
    assert [float(row["a"]) for row in rows] == [line["probabilities"]["a"] for line in lines]
    for ending, beginning in ((".html", "<!DOCTYPE"), (".txt", "Predicted"), (".md", "#"), (".tex", "\\")):
        done = mottomo(*call, str(tmp_path / f"p{ending}"))
        assert done.returncode == 0
        assert (tmp_path / f"p{ending}").read_text().lstrip().lower().startswith(beginning.lower())
    done = mottomo(*call, str(tmp_path / "p.xlsx"))
    assert done.returncode == 2
    assert ".json, .jsonl, .csv" in " ".join(done.stderr.split())


def test_an_explanation_cannot_be_saved_as_a_table(tmp_path):
    done = mottomo("explain", *DIE, "--save", str(tmp_path / "a.csv"))
    assert done.returncode == 2
    assert ".tex" in done.stderr


@pytest.mark.parametrize("goal", [("--effect", "0.3"), ("--half-width", "0.05")])
@pytest.mark.parametrize("output", [("--save", "p.csv"), ("--format", "csv")])
def test_a_plan_without_a_table_is_refused_as_csv_before_the_work(goal, output, tmp_path):
    done = mottomo(
        "plan",
        "--null",
        "fair",
        "--categories",
        "1..3",
        *goal,
        output[0],
        str(tmp_path / "p.csv") if output[1] == "p.csv" else "csv",
    )
    assert done.returncode == 2
    assert "no CSV form" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_called_like_an_ending_has_that_ending(tmp_path):
    assert mottomo("tally", *DIE, "--save", str(tmp_path / ".json")).returncode == 0
    assert json.loads((tmp_path / ".json").read_text())["command"] == "tally"


def test_a_simulation_has_its_figure_beside_its_outcomes(tmp_path):
    for more in ([], ["--json"]):
        path = tmp_path / f"s{len(more)}.svg"
        done = mottomo("simulate", "0.25,0.75", "-n", "50", "--seed", "1", "--figure", str(path), *more)
        assert done.returncode == 0
        assert path.read_text().startswith("<svg")
    assert len(mottomo("simulate", "0.25,0.75", "-n", "50", "--seed", "1").stdout.split()) == 50


def test_a_figure_is_saved_beside_the_text(tmp_path):
    found = mottomo("estimate", "2", "5", "2", "4", "2", "5", "--figure", str(tmp_path / "f.svg"))
    assert found.returncode == 0
    assert "Maximum likelihood estimate" in found.stdout
    assert "figure saved" in found.stderr
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_figure_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    for name, code in (("f.pdf", 3), ("no/f.svg", 3)):
        found = mottomo("estimate", "2", "5", "--figure", str(tmp_path / name))
        assert (found.returncode, found.stdout) == (code, "")


def test_an_output_does_not_replace_its_own_input(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("x,y\n1,a\n2,b\n3,a\n4,b\n")
    content = table.read_bytes()
    mottomo("train", str(table), "--target", "y", "--model", str(tmp_path / "m"))
    for call in (
        ("train", str(table), "--target", "y", "--model", str(table)),
        ("predict", str(table), "--model", str(tmp_path / "m"), "--save", str(table)),
    ):
        done = mottomo(*call)
        assert done.returncode == 2
        assert "is also an input" in " ".join(done.stderr.split())
        assert table.read_bytes() == content
