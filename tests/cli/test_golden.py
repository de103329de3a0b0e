"""The output of the commands and of their errors, word for word, in both languages.

``make golden`` writes the files anew; read the diff before committing it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.run import mottomo, process

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
WOLF = str(Path("examples") / "wolf_white.csv")
PENGUINS = str(Path("examples") / "penguins.csv")
WOLVES = str(Path("examples") / "wolf_red_white.csv")
DIE = ["2", "5", "2", "4", "2", "5"]

CASES = {
    "help": ["--help"],
    "tally-help": ["tally", "--help"],
    "estimate-help": ["estimate", "--help"],
    "explain-help": ["explain", "--help"],
    "simulate-help": ["simulate", "--help"],
    "test-help": ["test", "--help"],
    "plan-help": ["plan", "--help"],
    "compare-help": ["compare", "--help"],
    "tally-die": ["tally", *DIE],
    "tally-groups": ["tally", *DIE, "/", "4", "3", "3", "4", "3", "3"],
    "tally-wolf-markdown": ["tally", WOLF, "--count-column", "count", "--format", "md"],
    "estimate-die": ["estimate", *DIE],
    "estimate-die-json": ["estimate", *DIE, "--json"],
    "estimate-die-csv": ["estimate", *DIE, "--format", "csv"],
    "estimate-die-html": ["estimate", *DIE, "--format", "html"],
    "estimate-die-latex": ["estimate", *DIE, "--format", "latex"],
    "estimate-die-goodman": ["estimate", *DIE, "--intervals", "goodman", "--level", "0.9"],
    "estimate-die-sison-glaz": ["estimate", *DIE, "--intervals", "sison-glaz"],
    "estimate-die-wilson": ["estimate", *DIE, "--intervals", "wilson"],
    "estimate-partly-seen": ["estimate", *DIE, "10", "--categories", "1..6", "--means", "even=2,4,6"],
    "estimate-partly-seen-json": ["estimate", *DIE, "10", "--categories", "1..6", "--means", "even=2,4,6", "--json"],
    "estimate-not-determined": ["estimate", "2", "0", "0", "5", "--categories", "1..3", "--means", "b=2,3"],
    "estimate-wolf": ["estimate", WOLF, "--count-column", "count", "--categories", "1..6"],
    "estimate-zero-counts": ["estimate", "0", "3", "0"],
    "estimate-one": ["estimate", "0", "1"],
    "estimate-none": ["estimate", "0", "0"],
    "estimate-one-category": ["estimate", "7"],
    "estimate-huge": ["estimate", "1" + "0" * 30, "5"],
    "test-die": ["test", *DIE],
    "test-die-json": ["test", *DIE, "--json"],
    "test-die-pearson-markdown": ["test", *DIE, "--ordering", "pearson", "--format", "md"],
    "test-wolf": ["test", WOLF, "--count-column", "count", "--categories", "1..6", "--method", "asymptotic"],
    "test-peas": ["test", "315", "108", "101", "32", "--null", "9/16,3/16,3/16,1/16"],
    "test-refuted": ["test", "20", "0", "1", "--null", "1/2,1/2,0"],
    "test-tolerance": ["test", "2000", "2010", "1990", "--tolerance", "0.05"],
    "test-simulated": ["test", *DIE, "--method", "monte-carlo", "--draws", "1000", "--seed", "1"],
    "test-none": ["test", "0", "0"],
    "test-groups": ["test", *DIE, "/", "10", "0", "0", "0", "0", "0"],
    "compare-counts": ["compare", *DIE, "/", "8", "2", "3", "1", "4", "2"],
    "compare-wolf": ["compare", WOLVES, "--column", "red", "--with", "white", "--count-column", "count"],
    "compare-json": ["compare", "10", "2", "/", "3", "9", "--json"],
    "error-compare": ["compare", *DIE],
    "plan-die": ["plan", *DIE],
    "plan-exact": ["plan", *DIE, "--method", "exact"],
    "plan-bias": ["plan", "--null", "fair", "--categories", "1..6", "--bias", "0.05", "--power", "0.9"],
    "plan-half-width": ["plan", "--half-width", "0.05", "--categories", "1..6"],
    "plan-n": ["plan", *DIE, "-n", "50"],
    "train-help": ["train", "--help"],
    "predict-help": ["predict", "--help"],
    "train-sex": ["train", PENGUINS, "--target", "sex", "--features", "bill_length_mm,species", "--missing", "drop"],
    "train-separated": ["train", PENGUINS, "--target", "species", "--missing", "drop"],
    "train-penalty": [
        "train",
        PENGUINS,
        "--target",
        "species",
        "--missing",
        "drop",
        "--penalty",
        "l2=1",
        "--holdout",
        "0.2",
    ],
    "error-train-missing": ["train", PENGUINS, "--target", "species"],
    "error-train-target": ["train", PENGUINS, "--target", "specis"],
    "explain-die": ["explain", *DIE],
    "explain-zero-counts": ["explain", "0", "3", "2"],
    "explain-coin-markdown": ["explain", "9", "4", "--format", "md"],
    "explain-sex": [
        "explain",
        PENGUINS,
        "--target",
        "sex",
        "--features",
        "bill_length_mm,species",
        "--missing",
        "drop",
    ],
    "error-explain-target": ["explain", PENGUINS, "--target", "sex", "--null", "fair"],
    "simulate": ["simulate", "0.1,0.25,0.1,0.2,0.1,0.25", "-n", "5", "--seed", "1"],
    "error-negative": ["tally", "2", "-1"],
    "error-no-file": ["estimate", "./no-such-file.csv"],
    "error-column": ["tally", WOLF],
    "error-sum": ["simulate", "0.8,0.1,0.03", "-n", "1"],
    "error-fair": ["simulate", "fair", "-n", "1"],
    "error-usage": ["tally"],
    "error-option": ["tally", "--colum", "x", "1", "2"],
    "error-null-sum": ["test", *DIE, "--null", "99.99%,0,0,0,0,0"],
    "error-null-length": ["test", *DIE, "--null", "0.5,0.5"],
    "error-fair-discovered": ["test", WOLF, "--count-column", "count"],
    "error-no-difference": ["plan", "10", "10"],
    "error-budget": ["test", "1000000000", "1000000500", "1000000000", "--method", "exact"],
    "error-csv-of-explanation": ["explain", *DIE, "--format", "csv"],
}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", CASES)
def test_the_output_is_as_it_was_read_and_approved(name, language, request, monkeypatch):
    monkeypatch.chdir(ROOT)
    run = process if "--help" in CASES[name] else mottomo  # click keeps its own words of help as long as it lives
    done = run(*CASES[name], "--lang", language)
    called = f"$ mottomo {' '.join(CASES[name])} --lang {language}\n"
    shown = f"{called}{done.stdout}--- stderr\n{done.stderr}--- exit {done.returncode}\n"
    # How many passes a fit takes depends on the last bits of sums, which differ between processors.
    shown = re.sub(r"(proved, after |証明済み、)\d+", r"\1N", shown)
    path = GOLDEN / f"{name}.{language}.txt"
    if request.config.getoption("--remake-golden"):
        path.write_text(shown, encoding="utf-8")
    assert without_last_bits(shown) == without_last_bits(path.read_text(encoding="utf-8"))


def without_last_bits(text):
    """Numbers written in full to 12 digits: the last bits of exp and log differ between processors.

    What depends on the versions of libraries, and on ours, is left out; so is a gap of the size of rounding, and with
    it where the lines of its sentence break.
    """
    text = re.sub(r'("(?:numpy|duckdb)": )"[^"]*"', r'\1"VERSION"', text)
    blocks = [re.sub(r"\d(\.\d+)?e-1[2-9](?= nats)", "GAP", block) for block in text.split("\n\n")]
    text = "\n\n".join(re.sub(r"\s", "", block) if "GAP nats" in block else block for block in blocks)
    return re.sub(r"\d+\.\d{10,}(e[-+]\d+)?", lambda number: f"{float(number[0]):.12g}", text)


def test_no_golden_file_is_left_without_its_case():
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{lang}.txt" for name in CASES for lang in ("en", "ja")}
