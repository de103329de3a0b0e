"""Small files that once failed or misled, each with the right answer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import mottomo as mo
from tests.cli.run import mottomo

CASES = Path(__file__).parent.parent / "cases"


@pytest.mark.parametrize(
    ("name", "settings", "counts"),
    [
        ("j1.jsonl", {"column": "face"}, {"a": 1, "b": 1}),
        ("p_case.parquet", {"column": "COL", "count_column": "n"}, {"u": 3, "v": 4}),
        ("p_dec0.parquet", {}, {"1": 1, "2": 1}),
        ("p_cntfloat.parquet", {"column": "f", "count_column": "n"}, {"a": 3, "b": 2}),
        ("count_3.0.csv", {"column": "f", "count_column": "n"}, {"a": 3, "b": 4}),
        ("p_null.parquet", {"missing": "drop"}, {}),
    ],
)
def test_each_file_gives_its_counts(name, settings, counts):
    tally = mo.tally(CASES / name, **settings)
    assert dict(zip(tally.categories, tally.counts.tolist(), strict=True)) == counts


@pytest.fixture
def unnamed(tmp_path):
    """What ``DataFrame.to_csv()`` writes: the column of the index has no name."""
    path = tmp_path / "t.csv"
    pd.DataFrame({"y": list("uvuvu"), "a": [1, 2, 3, 1, 4]}).to_csv(path)
    return path


def test_a_column_without_a_name_is_refused_for_onnx_before_the_training_and_the_model_is_written_without(
    unnamed, tmp_path
):
    model, onnx = tmp_path / "m", tmp_path / "m.onnx"
    arguments = ["train", str(unnamed), "--target", "y", "--penalty", "l2=1", "--model", str(model)]
    refused = mottomo(*arguments, "--onnx", str(onnx))
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr
    assert not onnx.exists()
    assert mottomo(*arguments).returncode == 0
    assert model.exists()


@pytest.mark.parametrize("options", [["--weights", "aa"], ["--delimiter", "ab"], ["--delimiter", ""]])
def test_a_mistyped_option_of_training_is_told_in_words(unnamed, options):
    refused = mottomo("train", str(unnamed), "--target", "y", *options)
    assert refused.returncode in (2, 3)
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
