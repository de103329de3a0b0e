"""The example notebooks run from top to bottom, and show what they say that they show."""

from __future__ import annotations

import json
import re

import pytest
import run_notebooks


# The Japanese one has the same cells.
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.slow if ".ja." in path.name else (), id=path.name)
        for path in run_notebooks.NOTEBOOKS
    ],
)
def test_a_notebook_gives_the_outputs_that_it_has(path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")  # which running it changes
    assert shown(run_notebooks.run(path)) == shown(json.loads(path.read_text(encoding="utf-8")))


def shown(notebook):
    """The texts of all outputs, numbers to 12 digits.

    Their last bits, and so the hash of a model, the passes of a fit and a gap of rounding size differ by processor.
    """
    texts = [
        "".join(output.get("text") or output["data"]["text/plain"])
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
    ]
    texts = [re.sub(r"\d+\.\d{10,}(e[-+]\d+)?", lambda number: f"{float(number[0]):.12g}", text) for text in texts]
    texts = [re.sub(r"(proved, after |証明済み、)\d+", r"\1N", text) for text in texts]
    texts = [re.sub(r"\d(\.\d+)?e-1[2-9](?= nats)", "GAP", text) for text in texts]
    return [re.sub(r"(Classifier(?:, |、)SHA-256 )[0-9a-f]+", r"\1HASH", text) for text in texts]


def test_both_languages_have_one_with_the_same_code():
    codes = [
        ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if "outputs" in cell]
        for path in run_notebooks.NOTEBOOKS
    ]
    assert len(codes) == 2
    assert codes[0] == codes[1]
