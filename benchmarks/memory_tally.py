"""Time ``mo.tally`` of 20 million outcomes in memory, and the function with which each library counts its own data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute

import mottomo as mo
from benchmarks.harness import machine, table, time_functions

TITLE = "Tally of 2·10^7 outcomes in memory"
REFERENCE = "mo.tally, uint8 array"
N = 20_000_000


def run() -> str:
    small = np.random.default_rng(1).integers(1, 7, N, dtype=np.uint8)
    wide = small.astype(np.int64)
    frames = {
        "pandas": pd.DataFrame({"face": wide}),
        "polars": pl.DataFrame({"face": wide}),
        "Arrow": pa.table({"face": wide}),
    }
    functions = {
        REFERENCE: lambda: mo.tally(small, categories="1..6"),
        "numpy.bincount, uint8 array": lambda: np.bincount(small),
        "mo.tally, int64 array": lambda: mo.tally(wide, categories="1..6"),
        "numpy.bincount, int64 array": lambda: np.bincount(wide),
        "mo.tally, int64 column of pandas": lambda: mo.tally(frames["pandas"], column="face", categories="1..6"),
        "pandas value_counts": frames["pandas"]["face"].value_counts,
        "mo.tally, int64 column of polars": lambda: mo.tally(frames["polars"], column="face", categories="1..6"),
        "polars value_counts": frames["polars"]["face"].value_counts,
        "mo.tally, int64 column of Arrow": lambda: mo.tally(frames["Arrow"], column="face", categories="1..6"),
        "pyarrow value_counts": lambda: pyarrow.compute.value_counts(frames["Arrow"]["face"]),
    }
    expected = np.bincount(small)[1:].tolist()
    for name, function in functions.items():
        if name.startswith("mo.tally"):
            assert function().counts.tolist() == expected
    return table(time_functions(functions), REFERENCE) + "\n\n" + machine(["numpy", "pandas", "polars", "pyarrow"])
