"""Training to one and the same gap: seconds and peak memory beside the best peers, each in a process of its own.

The objective is the same for all: mean loss + |W|^2 / (2 C n) with C = 1 and free intercepts. Its value is computed
anew from each method's coefficients, and its gap is what that value is above the lowest one of a reference fit. A peer
runs with tolerances that tighten until it gets as near as is asked, and its fastest run that does counts.

``python -m benchmarks.training digits 1e6x50`` runs some of the cases; torch is a peer where it is installed.
"""

from __future__ import annotations

import importlib.util
import json
import re
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import machine

TITLE = "Training a classifier to an equal gap"
ROOT = Path(__file__).parent.parent
LONGEST = 400.0  # seconds after which a peer is no longer tightened
TOLERANCES = {
    "lbfgs": (1e-5, 1e-6, 1e-7, 1e-8, 1e-9),
    "newton-cg": (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8),
    "newton-cholesky": (1e-4, 1e-6, 1e-8),
    "torch": (1e-6, 1e-7, 1e-8, 1e-9),
}


@dataclass(frozen=True)
class Case:
    """Data, the relative gap to reach, and the peers that can be expected to reach it."""

    make: Callable[[], tuple[Any, np.ndarray, int]]
    gap: float
    peers: tuple[str, ...]


def gaussian(n: int, p: int, k: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Normal features that are correlated, neighbours by 0.8; labels drawn from a softmax model of them."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((n, p))
    for column in range(1, p):
        x[:, column] = 0.8 * x[:, column - 1] + 0.6 * x[:, column]
    logits = x @ (rng.standard_normal((p, k)) * 1.5 / np.sqrt(p)) + rng.standard_normal(k) * 0.5
    logits += rng.gumbel(size=(n, k))
    return x, logits.argmax(axis=1), k


def digits() -> tuple[np.ndarray, np.ndarray, int]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x, y, 10


def zipf(n: int = 100_000, p: int = 100_000, entries: int = 120, k: int = 20) -> tuple[Any, np.ndarray, int]:
    """Rows of about 120 words whose frequencies fall like 1 / rank; labels from a softmax model of them."""
    import scipy.sparse

    rng = np.random.default_rng(7)
    columns = np.minimum((p ** rng.random((n, entries)) - 1).astype(np.int32), p - 1)
    rows = np.repeat(np.arange(n), entries)
    x = scipy.sparse.csr_matrix((np.ones(n * entries), (rows, columns.ravel())), shape=(n, p))
    x.sum_duplicates()
    logits = x @ rng.standard_normal((p, k)) * 0.3 + rng.gumbel(size=(n, k))
    return x, logits.argmax(axis=1), k


CASES = {
    "digits": Case(digits, 1e-8, ("lbfgs", "newton-cg", "newton-cholesky", "torch")),
    "1e5x50, K=10": Case(lambda: gaussian(100_000, 50, 10), 1e-8, ("lbfgs", "newton-cg", "newton-cholesky", "torch")),
    "1e6x50, K=10": Case(lambda: gaussian(1_000_000, 50, 10), 1e-8, ("lbfgs", "newton-cg", "newton-cholesky", "torch")),
    "1e5x500, K=3": Case(lambda: gaussian(100_000, 500, 3), 1e-8, ("lbfgs", "newton-cg", "newton-cholesky", "torch")),
    "2e4x2000, K=50": Case(lambda: gaussian(20_000, 2000, 50), 1e-8, ("lbfgs", "newton-cg", "torch")),
    "sparse 1e5x1e5, K=20": Case(zipf, 1e-6, ("lbfgs", "newton-cg")),
}


def case_of(name: str) -> Case:
    """A case by its name; any other size as ``100000x50, K=10``."""
    if name in CASES:
        return CASES[name]
    n, p, k = (int(number) for number in re.findall(r"\d+", name))
    return Case(lambda: gaussian(n, p, k), 1e-8, ())


def value(x: Any, y: np.ndarray, w: np.ndarray, b: np.ndarray) -> float:
    """The objective at W (p, K) and b (K,), with numpy and compensated sums."""
    import math

    terms = [float((w**2).sum()) / 2]
    for first in range(0, len(y), 20_000):
        z = np.asarray(x[first : first + 20_000] @ w) + b
        z -= z.max(axis=1, keepdims=True)
        z_own = z[np.arange(len(z)), y[first : first + 20_000]]
        terms += (np.log(np.exp(z).sum(axis=1)) - z_own).tolist()
    return math.fsum(terms) / len(y)


def fit_mottomo(x: Any, y: np.ndarray, k: int, tolerance: float) -> tuple[np.ndarray, np.ndarray, str]:
    import mottomo as mo

    model = mo.SoftmaxRegression(mo.L2(1.0, standardised=False), tolerance=tolerance).fit(x, y)
    said = "proved" if model.gap_is_proved_ else "estimated"
    return model.coef_.T, model.intercept_, f"{model.n_iter_} passes, gap {said}: {model.gap_ / len(y):.1e}"


def fit_sklearn(solver: str, x: Any, y: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray, str]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(solver=solver, tol=tolerance, max_iter=100_000).fit(x, y)
    return model.coef_.T, model.intercept_, f"{int(np.max(model.n_iter_))} iterations, tol={tolerance:g}"


def fit_torch(x: np.ndarray, y: np.ndarray, k: int, tolerance: float) -> tuple[np.ndarray, np.ndarray, str]:
    import torch

    features, labels = torch.from_numpy(x), torch.from_numpy(y)
    w = torch.zeros((x.shape[1], k), dtype=torch.float64, requires_grad=True)
    b = torch.zeros(k, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [w, b],
        max_iter=20_000,
        history_size=20,
        tolerance_grad=tolerance,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Any:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(features @ w + b, labels) + (w**2).sum() / (2 * len(y))
        loss.backward()
        return loss

    optimiser.step(closure)
    return w.detach().numpy(), b.detach().numpy(), f"tolerance_grad={tolerance:g}"


def measure(case: str, method: str, tolerance: float) -> None:
    """In a process of its own: one fit, printed as JSON."""
    x, y, k = case_of(case).make()
    size = x.data.nbytes + x.indices.nbytes + x.indptr.nbytes if hasattr(x, "indptr") else x.nbytes
    tiny = x[: 40 * k] if hasattr(x, "indptr") else np.random.default_rng(0).standard_normal((40 * k, 2))
    before = 0.0
    for features, labels in ((tiny, np.arange(40 * k) % k), (x, y)):  # the first time loads libraries
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if method == "mottomo":
                w, b, said = fit_mottomo(features, labels, k, tolerance)
            elif method == "torch":
                w, b, said = fit_torch(features, labels, k, tolerance)
            else:
                w, b, said = fit_sklearn(method, features, labels, tolerance if labels is y else 0.1)
        seconds = time.perf_counter() - start
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    found = {"seconds": seconds, "value": value(x, y, w, b), "said": said, "extra": extra, "size": size / 2**20}
    found["rows"] = len(y)
    print(json.dumps(found))


def run_one(case: str, method: str, tolerance: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.training", "--one", case, method, repr(tolerance)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


def reaching(case: str, method: str, lowest: float) -> tuple[dict[str, Any], float]:
    """The fastest run of a peer that reaches the gap of the case, or the last one before time was up."""
    target = case_of(case).gap
    for tolerance in TOLERANCES[method]:
        found = run_one(case, method, tolerance)
        gap = (found["value"] - lowest) / lowest
        print(f"  {method} {tolerance:g}: {found['seconds']:.2f} s, gap {gap:.1e}", file=sys.stderr, flush=True)
        if gap <= target or found["seconds"] > LONGEST:
            break
    return found, gap


def to_the_gap(case: str, reference: dict[str, Any], rounds: int = 3) -> tuple[dict[str, Any], float]:
    """mottomo's run to the gap of the case, the median of some, and the gap that it reached."""
    lowest = reference["value"]
    tolerance = case_of(case).gap * lowest * reference["rows"]
    runs = sorted((run_one(case, "mottomo", tolerance) for _ in range(rounds)), key=lambda run: run["seconds"])
    mine = runs[len(runs) // 2]
    return mine, (mine["value"] - lowest) / lowest


def rows_of(case: str) -> list[str]:
    """A line of the table for each method."""
    target = CASES[case].gap
    reference = run_one(case, "mottomo", 1e-7 if "sparse" not in case else 1e-4)
    lowest = reference["value"]
    methods = {"mottomo": to_the_gap(case, reference, 1 if reference["seconds"] > 60 else 3)}
    mine, _ = methods["mottomo"]
    for method in CASES[case].peers:
        if method != "torch" or importlib.util.find_spec("torch"):
            methods[method] = reaching(case, method, lowest)
    lines = []
    for method, (found, gap) in methods.items():
        ratio = found["seconds"] / mine["seconds"]
        reached = "" if gap <= target else " (not reached)"
        memory = f"{found['extra']:.0f} ({100 * found['extra'] / found['size']:.0f} %)"
        shown = [
            case,
            method,
            f"{found['seconds']:.2f}",
            f"{ratio:.1f}",
            f"{max(gap, 0):.1e}{reached}",
            memory,
            found["said"],
        ]
        lines.append(f"| {' | '.join(shown)} |")
    return lines


def run(cases: list[str] | None = None) -> str:
    lines = [
        "| data | method | s | × mottomo | relative gap | MiB over the data (%) | it says |",
        "| :-- | :-- | --: | --: | --: | --: | :-- |",
    ]
    for case in cases or list(CASES):
        print(f"{case} ...", file=sys.stderr, flush=True)
        lines += rows_of(case)
    libraries = ["numpy", "scipy", "scikit-learn", *(["torch"] if importlib.util.find_spec("torch") else [])]
    return "\n".join(lines) + "\n\n" + machine(libraries)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        print(run([case for case in CASES if any(word in case for word in sys.argv[1:] or [""])]))
