"""The log-likelihood of 100,000 tallies of six categories: one call, beside scipy and a Python loop."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import multinomial

import mottomo as mo
from benchmarks.harness import machine, table, time_functions

TITLE = "Log-likelihood of 100,000 tallies, K = 6"
REFERENCE = "mottomo.log_likelihood"
FAIR = [1 / 6] * 6


def run() -> str:
    counts = np.random.default_rng(1).multinomial(60, FAIR, size=100_000)
    unequal = np.random.default_rng(2).integers(0, 100, size=(100_000, 6))
    rows = counts.tolist()

    def python_loop() -> list[float]:
        return [sum(t * math.log(y) for t, y in zip(row, FAIR, strict=True) if t) for row in rows]

    functions = {
        REFERENCE: lambda: mo.log_likelihood(counts, FAIR),
        "mottomo.log_likelihood + coefficient": lambda: (
            mo.log_likelihood(counts, FAIR) + mo.log_multinomial_coefficient(counts)
        ),
        "mottomo.deviance": lambda: mo.deviance(counts, FAIR),
        "scipy.stats.multinomial.logpmf (with coefficient)": lambda: multinomial.logpmf(counts, 60, FAIR),
        "Python loop": python_loop,
        "mottomo.estimate with intervals, n = 60 each": lambda: mo.estimate(mo.Tally.from_counts(counts)),
        "mottomo.estimate with intervals, n of 0 to 594": lambda: mo.estimate(mo.Tally.from_counts(unequal)),
    }
    assert np.allclose(functions[REFERENCE](), python_loop(), rtol=1e-13)
    assert np.allclose(functions["mottomo.log_likelihood + coefficient"](), multinomial.logpmf(counts, 60, FAIR))
    return table(time_functions(functions), REFERENCE) + "\n\n" + machine(["numpy", "scipy"])
