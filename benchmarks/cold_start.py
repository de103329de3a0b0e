"""How long a hand-typed tally takes, as a whole process, beside importing the usual libraries."""

from __future__ import annotations

import sys

from benchmarks.harness import machine, table, time_processes

TITLE = "Cold start: `mottomo estimate 2 5 2 4 2 5`"
REFERENCE = 'python -c "import numpy"'


def run() -> str:
    commands = {
        REFERENCE: [sys.executable, "-c", "import numpy"],
        "mottomo estimate 2 5 2 4 2 5": [sys.executable, "-m", "mottomo", "estimate", "2", "5", "2", "4", "2", "5"],
        "mottomo explain 2 5 2 4 2 5": [sys.executable, "-m", "mottomo", "explain", "2", "5", "2", "4", "2", "5"],
        "mottomo --help": [sys.executable, "-m", "mottomo", "--help"],
        'python -c "import scipy.stats"': [sys.executable, "-c", "import scipy.stats"],
    }
    return table(time_processes(commands, rounds=9), REFERENCE) + "\n\n" + machine(["numpy", "scipy", "click"])
