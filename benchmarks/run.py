"""Runs benchmarks and writes RESULTS.md: the figures that were seen, with the machine and the versions.

``python benchmarks/run.py cold_start parquet_tally`` runs these alone and keeps the figures of the others. Training is
last: with all its peers, some of which need 20 minutes for one fit, it takes two hours.
"""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT.parent))

RESULTS = ROOT / "RESULTS.md"
HEAD = """# Benchmarks

Written by `make bench`. Medians; every row of a table was measured in the same run, in turn with the others. \
“× reference” is the time beside that of the table's first row. The machine is shared: ratios are sound to about 20 %, \
seconds are not."""
NAMES = [
    "cold_start",
    "exact_tests",
    "many_tallies",
    "memory_tally",
    "parquet_tally",
    "file_hash",
    "kernels",
    "near_collinear",
    "pictures",
    "networks",
    "small_training",
    "training_cost",
    "training",
]


def main(wanted: list[str]) -> None:
    """Run those wanted, or all, and write the page after each."""
    unknown = set(wanted) - set(NAMES)
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; one of {', '.join(NAMES)}")
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in NAMES}
    sections = kept(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in wanted or NAMES:
        title = modules[name].TITLE
        print(f"{title} ...", flush=True)
        sections[title] = modules[name].run()
        print(sections[title], flush=True)
        found = [one.TITLE for one in modules.values() if one.TITLE in sections]
        page = [HEAD, *(f"## {title}\n\n{sections[title]}" for title in found)]
        RESULTS.write_text("\n\n".join(page) + "\n", encoding="utf-8")


def kept(page: str) -> dict[str, str]:
    """The sections of an earlier page, by title."""
    parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)[1:]
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    main(sys.argv[1:])
