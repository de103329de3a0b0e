"""A neural network beside softmax regression on tables: penguins, digits and letters, on rows held out.

The letters are those of the Debian package r-cran-mlbench, which is downloaded and read by the library rdata if both
can be had; else they are left out, and that is said.
"""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_digits

import mottomo as mo
from benchmarks.harness import machine

TITLE = "Neural networks beside softmax regression"
ROOT = Path(__file__).parent.parent
SEEDS = range(3)


def digits() -> pd.DataFrame:
    """1,797 digits of 8 by 8 pixels."""
    found = load_digits(as_frame=True)
    return found.frame.assign(target="d" + found.target.astype(str))


def letters() -> pd.DataFrame | None:
    """20,000 letters with 16 numbers each; None where they are not to be had."""
    if importlib.util.find_spec("rdata") is None:
        return None
    import rdata

    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                ["apt-get", "download", "-qq", "r-cran-mlbench"], cwd=folder, check=True, capture_output=True
            )
            package = next(Path(folder).glob("*.deb"))
            subprocess.run(["dpkg-deb", "-x", str(package), folder], check=True)
        except (OSError, subprocess.CalledProcessError, StopIteration):
            return None
        found: dict[str, Any] = rdata.read_rda(next(Path(folder).rglob("LetterRecognition.rda")))
    frame = pd.DataFrame(found["LetterRecognition"])
    return frame.astype({frame.columns[0]: str})


def row(name: str, frame: pd.DataFrame, target: str, hidden: str) -> str:
    """The losses of both on a quarter of the rows, held out three times, and the processor's seconds of a training."""
    cells = []
    for options in ({"penalty": "l2=1"}, {"model_type": "network", "hidden": hidden, "penalty": "l2=1"}):
        start = time.process_time()
        held_out = [mo.train(frame, target, holdout=0.25, seed=seed, **options).held_out for seed in SEEDS]
        seconds = (time.process_time() - start) / len(SEEDS)
        losses = ", ".join(f"{one.model.value:.3f}" for one in held_out)
        cells.append(f"{losses} ± {held_out[0].model.standard_error:.3f} | {seconds:.1f}")
    null = mo.train(frame, target, holdout=0.25, seed=0, penalty="l2=1").held_out.null.value
    return f"| {name} | {len(frame):,} | {null:.3f} | {cells[0]} | {hidden} | {cells[1]} |"


def run() -> str:
    penguins = pd.read_csv(ROOT / "examples" / "penguins.csv").dropna()
    lines = [
        "Cross-entropy in nats a row on a quarter of the rows, held out with seeds 0, 1, 2, with the standard error of",
        "the first; ridge 1 for both. CPU seconds are those of one training, tests and held-out rows included.",
        "",
        "| data | rows | no features | softmax | CPU s | hidden | network | CPU s |",
        "|---|---|---|---|---|---|---|---|",
        row("penguins", penguins, "species", "32"),
        row("digits", digits(), "target", "64"),
    ]
    found = letters()
    if found is None:
        lines.append("| letters | not to be had here: apt-get download r-cran-mlbench, pip install rdata | | | | | | |")
    else:
        lines.append(row("letters", found, str(found.columns[0]), "128"))
    return "\n".join([*lines, "", machine(["scikit-learn", "numpy"])])
