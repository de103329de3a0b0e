"""Runs every benchmark and writes RESULTS.md: the figures that were seen, with the machine and the versions.

Training is last: with all its peers, some of which need 20 minutes for one fit, it takes two hours.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT.parent))

from benchmarks import (  # noqa: E402 - the path comes first
    cold_start,
    exact_tests,
    kernels,
    many_tallies,
    near_collinear,
    parquet_tally,
    training,
    training_cost,
)


def main() -> None:
    parts = [
        "# Benchmarks",
        "Written by `make bench`. Medians; every row of a table was measured in the same run, in turn with the others. "
        "“× reference” is the time beside that of the table's first row. The machine is shared: ratios are sound to "
        "about 20 %, seconds are not.",
    ]
    for benchmark in (
        cold_start,
        exact_tests,
        many_tallies,
        parquet_tally,
        kernels,
        near_collinear,
        training_cost,
        training,
    ):
        print(f"{benchmark.TITLE} ...", flush=True)
        parts.append(f"## {benchmark.TITLE}\n\n{benchmark.run()}")
        print(parts[-1], flush=True)
    (ROOT / "RESULTS.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
