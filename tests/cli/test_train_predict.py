"""``mottomo train`` and ``mottomo predict`` as their users call them."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mottomo.report.layout import display_width
from tests.cli.run import mottomo, process

pytestmark = pytest.mark.xdist_group("train")  # on one processor, so that its fixture is made once

ROOT = Path(__file__).parent.parent.parent
PENGUINS = str(ROOT / "examples" / "penguins.csv")
SEX = ["train", PENGUINS, "--target", "sex", "--features", "bill_length_mm,body_mass_g,species", "--missing", "drop"]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.safetensors"
    done = mottomo(*SEX, "--model", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_a_fit_with_a_maximum_is_reported_and_its_model_written(tmp_path):
    path = tmp_path / "m"
    done = mottomo(*SEX, "--model", str(path), "--json")
    assert done.returncode == 0
    assert path.exists()
    found = json.loads(done.stdout)
    assert (found["schema"], found["command"]) == (1, "train")
    assert len(found["input"]["sha256"]) == 64
    result = found["result"]
    assert result["converged"]
    assert result["gap_is_proved"]
    assert result["existence"]["verdict"] == "exists"
    assert result["model"] == str(path)
    assert result["columns"] == ["bill_length_mm", "body_mass_g", "species=Chinstrap", "species=Gentoo", "intercept"]
    assert len(result["coefficients"]["male"]) == len(result["standard_errors"]["male"]) == 5
    assert found["verdict"]["code"] == "trained"
    assert {"rows-dropped", "baseline"} <= {note["code"] for note in found["notes"]}


def test_separated_categories_end_with_3_and_write_no_model(tmp_path):
    path = tmp_path / "m"
    done = mottomo("train", PENGUINS, "--target", "species", "--missing", "drop", "--model", str(path))
    assert done.returncode == 3
    assert "No maximum: the columns separate the categories completely." in done.stdout
    assert "No model was written." in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("choice", [["--penalty", "l2=1"], ["--penalty", "l2"], ["--accept-limit"]])
def test_a_penalty_or_the_limit_is_taken_by_explicit_choice(tmp_path, choice):
    path = tmp_path / "m"
    done = mottomo("train", PENGUINS, "--target", "species", "--missing", "drop", "--model", str(path), *choice)
    assert done.returncode == 0
    assert path.exists()


def test_predictions_come_in_the_order_of_the_rows_with_all_digits(model, tmp_path):
    where = ["--where", "sex IS NOT NULL"]
    done = mottomo("predict", PENGUINS, "--model", str(model), *where, "--most-probable")
    assert done.returncode == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 333
    assert list(rows[0]) == ["row", "female", "male", "most_probable"]
    with open(PENGUINS) as stream:
        known = [number for number, row in enumerate(csv.DictReader(stream), start=1) if row["sex"]]
    assert [int(row["row"]) for row in rows] == known
    for row in rows:
        assert abs(float(row["female"]) + float(row["male"]) - 1) < 1e-15
    as_json = json.loads(mottomo("predict", PENGUINS, "--model", str(model), *where, "--json").stdout)
    assert as_json["result"]["n_observations"] == 333
    assert as_json["result"]["rows"][7]["probabilities"]["male"] == float(rows[7]["male"])
    lines = mottomo("predict", PENGUINS, "--model", str(model), *where, "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[7])["probabilities"]["male"] == float(rows[7]["male"])


def test_tables_come_from_a_pipe(model):
    text = Path(PENGUINS).read_text(encoding="utf-8")
    done = mottomo(*["train", "-", "--input", "csv"], *SEX[2:], stdin=text)
    assert done.returncode == 0
    lines = "\n".join(text.splitlines()[:3])
    done = mottomo("predict", "-", "--input", "csv", "--model", str(model), stdin=lines)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 3


def test_every_format_of_a_training_is_written(tmp_path):
    for form in ("text", "json", "csv", "md", "html", "latex"):
        done = mottomo(*SEX, "--format", form, "--lang", "ja")
        assert done.returncode == 0, done.stderr
        assert "bill" in done.stdout
    rows = list(csv.reader(io.StringIO(mottomo(*SEX, "--format", "csv").stdout)))
    assert rows[0] == [
        *("category", "column", "coefficient", "standard_error", "z", "p_value"),
        *("lower", "upper", "odds_ratio", "odds_ratio_lower", "odds_ratio_upper"),
    ]
    assert len(rows) == 6


def test_the_same_model_is_trained_on_disk_and_written_for_other_programs(tmp_path):
    onnx = tmp_path / "m.onnx"
    done = mottomo(*SEX, "--memory", "0", "--onnx", str(onnx), "--json")
    assert done.returncode == 0, done.stderr
    assert str(onnx) in done.stderr
    found, whole = (json.loads(one.stdout)["result"] for one in (done, mottomo(*SEX, "--json")))
    assert found["coefficients"]["male"] == pytest.approx(whole["coefficients"]["male"], abs=1e-10)
    assert onnx.read_bytes()


def test_rows_held_out_are_measured_beside_the_die():
    found = json.loads(mottomo(*SEX, "--holdout", "0.2", "--seed", "7", "--json").stdout)["result"]["held_out"]
    assert found["n_observations"] == 67
    assert found["seed"] == 7
    assert found["cross_entropy"]["value"] < found["null_cross_entropy"]["value"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", PENGUINS], 2, "--target"),
        (["train", PENGUINS, "--target", "specis"], 3, "did you mean species?"),
        (["train", PENGUINS, "--target", "species"], 3, "--missing drop"),
        (["train", "no.csv", "--target", "a"], 3, "there is no such file"),
        (["train", "-", "--target", "a"], 2, "--input"),
        (["train", PENGUINS, "--target", "species", "--penalty", "l1=1"], 2, "--penalty takes l2=STRENGTH"),
        (["train", PENGUINS, "--target", "species", "--penalty", "l2=0"], 3, "not a number above 0"),
        (["train", PENGUINS, "--target", "species", "--holdout", "2", "--missing", "drop"], 3, "out of range"),
        (["train", PENGUINS, "--target", "species", "--seed", "-1"], 2, "--seed"),
        (
            ["train", PENGUINS, "--target", "year", "--where", "year = 2007", "--missing", "drop"],
            3,
            "all of one category",
        ),
        (["predict", PENGUINS], 2, "--model"),
        (["predict", PENGUINS, "--model", "no.model"], 3, "there is no such file"),
        (["predict", PENGUINS, "--model", PENGUINS], 3, "cut, damaged, or no model file"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(arguments, code, words):
    done = mottomo(*arguments)
    assert done.returncode == code
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_level_and_a_missing_value_are_named_at_prediction(model, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("bill_length_mm,body_mass_g,species\n40,4000,Adelie\n41,4100,Adeli\n")
    done = mottomo("predict", str(new), "--model", str(model))
    assert done.returncode == 3
    assert "row 2, column species" in " ".join(done.stderr.split())
    assert "did you mean Adelie?" in done.stderr
    assert mottomo("predict", str(new), "--model", str(model), "--unknown", "baseline").returncode == 0
    new.write_text("bill_length_mm,body_mass_g,species\n40,,Adelie\n")
    assert "row 1, column body_mass_g" in " ".join(mottomo("predict", str(new), "--model", str(model)).stderr.split())
    new.write_text("bill_length_mm,species\n40,Adelie\n")
    assert "no column body_mass_g" in mottomo("predict", str(new), "--model", str(model)).stderr
    new.write_text("bill_length_mm,body_mass_g,species\nlong,4000,Adelie\n")
    assert "another type" in mottomo("predict", str(new), "--model", str(model)).stderr


def test_what_is_wrong_is_said_before_anything_is_written(model, tmp_path):
    new = tmp_path / "new.csv"
    rows = [f"{30 + i % 20},4000,Adelie" for i in range(70_000)]
    for bad, words in (("1e999,4000,Adelie", "infinite"), ("40,4000,Adeli", "never seen"), ("40,,Adelie", "missing")):
        new.write_text("bill_length_mm,body_mass_g,species\n" + "\n".join([*rows, bad]) + "\n")
        for form in ("csv", "json", "jsonl"):
            done = mottomo("predict", str(new), "--model", str(model), "--format", form)
            assert (done.returncode, done.stdout) == (3, "")
            assert words in done.stderr


def test_predictions_are_saved_whole(model, tmp_path):
    out = tmp_path / "p.csv"
    done = mottomo("predict", PENGUINS, "--model", str(model), "--where", "body_mass_g <> ''", "--save", str(out))
    assert done.returncode == 0
    assert done.stdout == ""
    plain = mottomo("predict", PENGUINS, "--model", str(model), "--where", "body_mass_g <> ''")
    assert out.read_text() == plain.stdout
    nowhere = tmp_path / "no" / "p.csv"
    done = mottomo("predict", PENGUINS, "--model", str(model), "--save", str(nowhere))
    assert done.returncode == 3
    assert "cannot be saved" in done.stderr


def test_outputs_that_cannot_be_written_are_refused_before_the_work(tmp_path):
    done = mottomo(*SEX, "--model", str(tmp_path / "no" / "m"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "cannot be saved" in done.stderr
    same = str(tmp_path / "m")
    assert mottomo(*SEX, "--model", same, "--onnx", same).returncode == 2
    assert mottomo(*SEX, "--seed", "1").returncode == 2


def test_the_direction_is_not_called_a_coefficient_in_csv():
    done = mottomo("train", PENGUINS, "--target", "species", "--missing", "drop", "--format", "csv")
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "category,column,direction"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_table_is_wider_than_a_terminal(tmp_path, language):
    path = tmp_path / "wide.csv"
    names = [f"a_rather_long_name_of_a_column_that_ends_in_{j}" for j in range(3)]
    lines = [",".join([*names, "y"])]
    lines += [f"{i % 7},{i % 5},{i % 3},{'a_long_name_of_a_category' * (1 + i * 37 % 11 % 2)}" for i in range(60)]
    path.write_text("\n".join(lines) + "\n")
    done = mottomo("train", str(path), "--target", "y", "--lang", language)
    assert done.returncode == 0, done.stderr
    assert max(map(display_width, done.stdout.splitlines())) <= 80
    assert "ends_in_2" in done.stdout


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60_000, 40))
    labels = (x @ rng.normal(size=(40, 8)) + rng.gumbel(size=(60_000, 8))).argmax(axis=1)
    path = tmp_path_factory.mktemp("large") / "large.parquet"
    pd.DataFrame(x, columns=[f"x{j}" for j in range(40)]).assign(y=labels).to_parquet(path, index=False)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.7, 1.5, 2.5, 4.0])
def test_a_signal_leaves_no_model_and_no_drafts(large, tmp_path, seconds, number):
    model = tmp_path / "m"
    call = [
        sys.executable,
        "-m",
        "mottomo",
        "train",
        str(large),
        "--target",
        "y",
        "--memory",
        "0",
        "--model",
        str(model),
    ]
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    process = subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(drafts)}
    )
    time.sleep(seconds)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert list(drafts.iterdir()) == []
    assert process.returncode in (0, 128 + number, -number)  # the last before our own code runs
    assert {path.name for path in tmp_path.iterdir()} <= {"drafts", "m"}


def test_the_version_says_which_path_runs():
    assert "(kernels: numpy)" in process("--version", MOTTOMO_KERNELS="numpy").stdout
    from mottomo.kernels.native import path

    assert f"(kernels: {path()})" in mottomo("--version").stdout


def test_without_the_extension_the_same_is_found():
    one, other = (
        json.loads(process(*SEX, "--json", **kernels).stdout)["result"]
        for kernels in ({}, {"MOTTOMO_KERNELS": "numpy"})
    )
    assert one["log_likelihood"] == pytest.approx(other["log_likelihood"], rel=1e-12)
    assert one["coefficients"]["male"] == pytest.approx(other["coefficients"]["male"], rel=1e-6)


def test_a_model_without_features_needs_no_columns_and_gives_no_onnx(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("junk,y\n1,a\nx,b\n2,b\n", encoding="utf-8")
    path, onnx = tmp_path / "m", tmp_path / "o"
    call = ["train", str(table), "--target", "y", "--features", "", "--model", str(path)]
    done = mottomo(*call, "--onnx", str(onnx))
    assert done.returncode == 3
    assert "a model without features cannot be written as ONNX" in done.stderr
    assert not path.exists()
    assert mottomo(*call).returncode == 0
    done = mottomo("predict", str(table), "--model", str(path))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_the_limit_is_said_to_be_the_answer_where_it_was_asked_for():
    call = ["train", PENGUINS, "--target", "species", "--missing", "drop"]
    assert "--accept-limit takes the limit" in mottomo(*call).stdout.replace("\n", " ")
    done = mottomo(*call, "--accept-limit")
    assert done.returncode == 0
    assert "As asked, the model is that limit" in done.stdout
    assert "stands below" not in done.stdout


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_derivation_fits_the_terminal(language):
    done = mottomo("explain", PENGUINS, "--target", "species", "--missing", "drop", "--lang", language)
    assert max(map(display_width, done.stdout.splitlines())) <= 80


INDEXED = ",y,a\n0,u,1\n1,v,2\n2,u,3\n3,v,1\n4,u,4\n"  # as pandas writes a table with its index


def test_a_column_without_a_name_is_refused_for_onnx_before_the_training_and_fine_otherwise(tmp_path):
    path, model, onnx = tmp_path / "t.csv", tmp_path / "m", tmp_path / "o"
    path.write_text(INDEXED)
    line = ["train", str(path), "--target", "y", "--penalty", "l2=1", "--model", str(model)]
    done = mottomo(*line, "--onnx", str(onnx))
    assert done.returncode == 3
    assert "a column without a name" in done.stderr
    assert not model.exists()
    assert not onnx.exists()
    assert mottomo(*line).returncode == 0
    assert mottomo(*line, "--onnx", str(onnx), "--features", "a").returncode == 0
    assert model.exists()
    assert onnx.exists()


def test_a_model_and_its_report_are_not_lost_where_the_onnx_file_cannot_be_written(tmp_path):
    path, model = tmp_path / "t.csv", tmp_path / "m"
    path.write_text(INDEXED)
    odd = os.fsdecode(b"\xff")  # no text, and never seen
    done = mottomo(
        *["train", str(path), "--target", "y", "--accept-limit", "--features", "a", "--model", str(model)],
        *["--onnx", str(tmp_path / "o"), "--categories", f"u,v,{odd}"],
    )
    assert done.returncode == 3
    assert "this model cannot be written as ONNX" in done.stderr
    assert "log L" in done.stdout
    assert model.exists()
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("command", ["train", "explain"])
@pytest.mark.parametrize(
    ("name", "mend"), [("aa", "did you mean a?"), ("nope", None), ("", None), ("A", "did you mean a?"), ("犬", None)]
)
def test_weights_that_are_no_column_are_refused_with_the_nearest_name(command, name, mend, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y,a,b\nu,1,1\nv,2,1\nu,3,2\nv,1,2\n")
    for more in ([], ["--features", "b"]):
        done = mottomo(command, str(path), "--target", "y", "--weights", name, *more)
        assert done.returncode == 3
        assert done.stderr.startswith("InvalidInput: there is no such column")
        assert mend is None or mend in done.stderr


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n", "\r", "::", os.fsdecode(b"\xff")])
def test_what_cannot_separate_cells_is_a_mistake_in_every_command(delimiter, tmp_path, model):
    path = tmp_path / "t.csv"
    path.write_text("y,a\nu,1\nv,2\nu,3\nv,1\n")
    for line in (
        ["tally", str(path), "--column", "y"],
        ["train", str(path), "--target", "y"],
        ["explain", str(path), "--target", "y"],
        ["predict", str(path), "--model", str(model)],
    ):
        done = mottomo(*line, "--delimiter", delimiter)
        assert done.returncode == 2
        assert "--delimiter takes one character" in done.stderr
