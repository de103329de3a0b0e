"""A hundred million outcomes in a Parquet file: seconds and peak memory as the file grows tenfold and again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.harness import machine, table, time_processes

TITLE = "Tally of a Parquet file: constant memory"
REFERENCE = "mottomo tally, 10^6 outcomes"
PEER = "import pandas, sys; print(pandas.read_parquet(sys.argv[1])['face'].value_counts())"
POLARS = (
    "import polars, sys; print(polars.scan_parquet(sys.argv[1]).group_by('face').len().collect(engine='streaming'))"
)


def run() -> str:
    with tempfile.TemporaryDirectory() as folder:
        paths = {power: Path(folder) / f"throws-{power}.parquet" for power in (6, 7, 8)}
        for power, path in paths.items():
            faces = f"SELECT CAST(1 + floor(random() * 6) AS TINYINT) AS face FROM range({10**power})"
            duckdb.execute(f"COPY ({faces}) TO '{path}' (FORMAT parquet)")
        commands = {
            f"mottomo tally, 10^{power} outcomes": [sys.executable, "-m", "mottomo", "tally", str(path)]
            for power, path in paths.items()
        }
        commands["polars streaming, 10^8 outcomes"] = [sys.executable, "-c", POLARS, str(paths[8])]
        commands["pandas value_counts, 10^8 outcomes"] = [sys.executable, "-c", PEER, str(paths[8])]
        return table(time_processes(commands, rounds=3), REFERENCE) + "\n\n" + machine(["duckdb", "polars", "pandas"])
