"""What the SHA-256 of a file costs beside counting it: the count, and the count with the hash."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.harness import machine, table, time_processes

TITLE = "The fingerprint of a file beside its count"
REFERENCE = "count alone, CSV"
COUNT = (
    "import sys, pathlib, mottomo as mo\n"
    "from mottomo.sources import file_hash\n"
    "if sys.argv[3] == 'alone': file_hash.LARGE = 0\n"
    "mo.tally(pathlib.Path(sys.argv[1]), column=sys.argv[2])"
)


def run() -> str:
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: Path(folder) / f"throws.{kind}" for kind in ("csv", "parquet")}
        rows = (
            "SELECT CAST(1 + floor(random() * 6) AS TINYINT) AS face, hash(i)::VARCHAR AS who FROM range(4000000) t(i)"
        )
        for path in paths.values():
            duckdb.execute(f"COPY ({rows}) TO '{path}'")
        sizes = {kind: path.stat().st_size / 2**20 for kind, path in paths.items()}
        commands = {
            f"{what}, {kind}": [sys.executable, "-c", COUNT, str(path), "face", mode]
            for kind, path in (("CSV", paths["csv"]), ("Parquet", paths["parquet"]))
            for what, mode in (("count alone", "alone"), ("count and hash", "both"))
        }
        figures = table(time_processes(commands), REFERENCE)
    said = f"Four million rows: a CSV file of {sizes['csv']:.0f} MiB, a Parquet file of {sizes['parquet']:.0f} MiB."
    return f"{figures}\n\n{said} {machine(['duckdb'])}"
