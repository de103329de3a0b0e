"""How the cost of training grows with rows, features and categories, beside scikit-learn's newton-cg at the same gap.

Writes training_cost.json, from which the documentation's picture is drawn (``make docs``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from benchmarks.training import reaching, run_one, to_the_gap

TITLE = "The cost of training against rows, features and categories"
FIGURES = Path(__file__).parent / "training_cost.json"
PEER = "newton-cg"
GRID = {
    "n": [(n, 50, 10) for n in (10_000, 30_000, 100_000, 300_000, 1_000_000)],
    "p": [(100_000, p, 5) for p in (10, 30, 100, 300, 1000)],
    "K": [(100_000, 50, k) for k in (3, 5, 10, 20, 50)],
}


def figures_of(varied: str, n: int, p: int, k: int) -> dict[str, Any]:
    """Seconds of both on one data set."""
    case = f"{n}x{p}, K={k}"
    print(f"{case} ...", file=sys.stderr, flush=True)
    reference = run_one(case, "mottomo", 1e-7)
    mine, gap = to_the_gap(case, reference)
    theirs, peer_gap = reaching(case, PEER, reference["value"])
    return {
        "varied": varied,
        "n": n,
        "p": p,
        "K": k,
        "seconds": mine["seconds"],
        "gap": max(gap, 0.0),
        "said": mine["said"],
        "peer_seconds": theirs["seconds"],
        "peer_gap": max(peer_gap, 0.0),
    }


def run() -> str:
    found = [figures_of(varied, *sizes) for varied, many in GRID.items() for sizes in many]
    where = machine(["numpy", "scipy", "scikit-learn"])
    FIGURES.write_text(
        json.dumps({"machine": where, "peer": PEER, "figures": found}, indent=1) + "\n", encoding="utf-8"
    )
    lines = [
        f"| n | p | K | mottomo s | it says | {PEER} s | × mottomo | gap of {PEER} |",
        "| --: | --: | --: | --: | :-- | --: | --: | --: |",
    ]
    for one in found:
        ratio = one["peer_seconds"] / one["seconds"]
        lines.append(
            f"| {one['n']} | {one['p']} | {one['K']} | {one['seconds']:.3f} | {one['said']} | "
            f"{one['peer_seconds']:.2f} | {ratio:.1f} | {one['peer_gap']:.0e} |"
        )
    return "\n".join(lines) + "\n\n" + where


if __name__ == "__main__":
    print(run())
