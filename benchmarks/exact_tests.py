"""Exact tests and intervals: CPU seconds and peak memory of each in a process of its own, beside their peers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from benchmarks.harness import machine

TITLE = "Exact tests, intervals and many dice"

_DIE = """
from mottomo.inference.exact.tail import Budget
from scipy.stats import chi2
def near(K, n):
    e = n / K
    d = int((chi2.ppf(0.95, K - 1) * e / 2) ** 0.5)
    x = [n // K] * K
    x[-1] += n - sum(x)
    x[0] += d
    x[1] -= d
    return x
def p(K, n, ordering="likelihood-ratio"):
    from fractions import Fraction
    from mottomo.inference.multinomial_p_values import p_value_of
    from mottomo.inference.statistics import statistic_of
    found = p_value_of(near(K, n), [Fraction(1, K)] * K, True, statistic_of(ordering), mo.Exact())
    return f"p = {found.value:.6g}, bracket {(found.upper - found.lower) / found.value:.1e}"
"""
_GROUPS = """
g = np.random.default_rng(1)
rows = np.stack([g.multinomial(n, [1 / 6] * 6) for n in g.integers(1, 61, 100_000)])
tally = mo.Tally.from_counts(rows, range(1, 7))
"""
_BIG = "tally = mo.Tally.from_counts(np.random.default_rng(1).integers(0, 10_000, 100_000))"
_PRELUDE = """
import numpy as np, mottomo as mo, scipy.special, time, resource
import mottomo.inference.goodness_of_fit, mottomo.inference.group_tests, mottomo.inference.sison_glaz
mo.goodness_of_fit(mo.Tally.from_counts([1, 2, 3]))
"""

# What is measured: a name, what is prepared, the expression, and the seconds that were aimed at.
ROWS = [
    ("exact p, K=6 n=1000", _DIE, "p(6, 1000)", 0.05),
    ("exact p, K=6 n=2000", _DIE, "p(6, 2000)", 0.1),
    ("exact p, K=6 n=20,000", _DIE, "p(6, 20_000)", 3),
    ("exact p, K=8 n=1000", _DIE, "p(8, 1000)", 0.5),
    ("exact p, K=10 n=300", _DIE, "p(10, 300)", 0.3),
    ("exact p, K=20 n=400, Pearson", _DIE, "p(20, 400, 'pearson')", 0.3),
    ("bracket, K=100 n=10,000, Pearson", _DIE, "p(100, 10_000, 'pearson')", 5),
    ("bracket, K=100 n=10,000", _DIE, "p(100, 10_000)", 5),
    ("Goodman, K=10^5", _BIG, "mo.Goodman()(tally) and ''", 0.1),
    ("Clopper-Pearson, K=10^5", _BIG, "mo.ClopperPearson()(tally) and ''", 0.5),
    (
        "10^5 dice: estimate, intervals, deviance, chi-square p",
        _GROUPS,
        "(mo.estimate(tally), mo.goodness_of_fit(tally, method=mo.Asymptotic())) and ''",
        3,
    ),
    ("10^5 dice: exact p, n <= 60", _GROUPS, "mo.goodness_of_fit(tally).method", 10),
    (
        "Sison-Glaz, K=6 n=30,000",
        "c = [4950, 5050, 5010, 4990, 5100, 4900]",
        "mo.SisonGlaz()(mo.Tally.from_counts(c)) and ''",
        None,
    ),
]
PEERS = [
    (
        "statsmodels Sison-Glaz, K=6 n=30,000",
        "statsmodels",
        "from statsmodels.stats.proportion import multinomial_proportions_confint as f\n"
        "c = [4950, 5050, 5010, 4990, 5100, 4900]",
        "f(c, method='sison-glaz') is None",
    ),
    (
        "scipy monte_carlo_test, K=6 n=1000, 9,999 draws",
        "scipy",
        _DIE + "from scipy.stats import monte_carlo_test, multinomial\nx = near(6, 1000)\n"
        "def rvs(size): return multinomial.rvs(1000, [1 / 6] * 6, size=size[0], random_state=1)\n"
        "def statistic(t, axis=-1): return ((t - 1000 / 6) ** 2 / (1000 / 6)).sum(axis=axis)",
        "f'p = {monte_carlo_test(np.array(x), rvs, statistic, n_resamples=9999, alternative=\"greater\").pvalue:.4f}'",
    ),
    ("mottomo, K=4 n=60", "mottomo", _DIE, "p(4, 60)"),
    (
        "met two-sided, K=4 n=60 (leaves out ties)",
        "met",
        _DIE + "from met import Multinom",
        "f'p = {Multinom([1, 1, 1, 1], near(4, 60)).twosided_exact_test():.6g}'",
    ),
]


@dataclass(frozen=True)
class Row:
    """One measurement: CPU seconds of one call in a fresh process, after imports, its peak memory, what it said."""

    name: str
    seconds: float
    peak_mib: float
    said: str
    aim: float | None


def measured(name: str, prepared: str, expression: str, aim: float | None) -> Row:
    code = (
        _PRELUDE
        + prepared
        + f"\nstart = time.process_time()\nsaid = {expression}\nseconds = time.process_time() - start\n"
        + "print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said, sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, peak, said = done.stdout.strip().split("|")
    return Row(name, float(seconds), float(peak), "" if said in {"False", "True"} else said, aim)


def run() -> str:
    rows = [measured(*row) for row in ROWS]
    rows += [measured(name, code, call, None) for name, package, code, call in PEERS if find_spec(package)]
    lines = ["| what | CPU s | aimed at | peak MiB | result |", "| :-- | --: | --: | --: | :-- |"]
    for row in rows:
        aim = "" if row.aim is None else f"{row.aim:g}"
        lines.append(f"| {row.name} | {row.seconds:.4f} | {aim} | {row.peak_mib:.0f} | {row.said} |")
    note = (
        "Uniform null, likelihood-ratio order and p near 0.05 unless said; imports are not counted; K=100 differs as "
        "two of its counts are moved to Pearson's 5 % point. Peers that are not installed are left out: "
        "`pip install statsmodels met`."
    )
    return "\n".join(lines) + "\n\n" + note + "\n\n" + machine(["numpy", "scipy"])


if __name__ == "__main__":
    print(run())
