"""How far below the maximum fits end where two columns are nearly equal: beside peers, against Newton in 60 digits."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from tests.oracles.newton import maximum_log_likelihood

import mottomo as mo
from benchmarks.harness import machine

TITLE = "Nearly collinear columns: nats below the maximum"
N = 200


def event_times(milliseconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of events in microseconds over a month; whether one was fast depends on how long it took."""
    rng = np.random.default_rng(20_261_128)
    start = np.rint(1.7e15 + 2.6e12 * rng.random(N))
    took = np.rint(1000 * milliseconds * (3 + rng.standard_normal(N)))
    noise = rng.logistic(size=N)
    return np.column_stack([start, start + took]), (took / (1000 * milliseconds) - 3 + noise > 0).astype(int)


def differing(remainder: float) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of normal numbers that differ by so much."""
    rng = np.random.default_rng(20_261_128)
    x, rest = rng.standard_normal(N), rng.standard_normal(N)
    return np.column_stack([x, x + remainder * rest]), (rest + x + rng.logistic(size=N) > 0).astype(int)


def of_mottomo(x: np.ndarray, y: np.ndarray) -> tuple[float, str]:
    model = mo.SoftmaxRegression().fit(x, y)
    said = "proved" if model.gap_is_proved_ else f"nearly collinear, gap {model.gap_:.1g}"
    return model.log_likelihood(x, y), said


def of_sklearn(solver: str, scaled: bool) -> Callable[[np.ndarray, np.ndarray], tuple[float, str]]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    def fit(x: np.ndarray, y: np.ndarray) -> tuple[float, str]:
        z = StandardScaler().fit_transform(x) if scaled else x
        model = LogisticRegression(C=np.inf, solver=solver, tol=1e-10, max_iter=10_000)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            logs = model.fit(z, y).predict_log_proba(z)
        return float(logs[np.arange(N), y].sum()), "a warning" if caught else "nothing"

    return fit


def of_statsmodels(x: np.ndarray, y: np.ndarray) -> tuple[float, str]:
    import statsmodels.api as sm

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = sm.Logit(y, sm.add_constant(x)).fit(disp=False)
        except np.linalg.LinAlgError:
            return float("-inf"), "singular matrix"
    if not found.mle_retvals["converged"]:
        return float(found.llf), "not converged"
    return float(found.llf), "a warning" if caught else "converged"


def run() -> str:
    cases = {
        "start and end of events, 1 s apart": event_times(1000),
        "start and end of events, 1 ms apart": event_times(1),
        "columns that differ by 1e-5": differing(1e-5),
        "columns that differ by 1e-9": differing(1e-9),
        "columns that differ by 1e-13": differing(1e-13),
    }
    fits = {
        "mottomo": of_mottomo,
        "scikit-learn newton-cholesky, scaled": of_sklearn("newton-cholesky", True),
        "scikit-learn lbfgs, scaled": of_sklearn("lbfgs", True),
        "scikit-learn lbfgs": of_sklearn("lbfgs", False),
        "statsmodels Logit": of_statsmodels,
    }
    lines = ["| data | method | nats below the maximum | s | it says |", "| :-- | :-- | --: | --: | :-- |"]
    for name, (x, y) in cases.items():
        truth = float(maximum_log_likelihood(x, y, 2))
        for method, fit in fits.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                start = time.perf_counter()
                reached, said = fit(x, y)
                seconds = time.perf_counter() - start
            lines.append(f"| {name} | {method} | {max(truth - reached, 0):.2g} | {seconds:.3f} | {said} |")
    return "\n".join(lines) + "\n\n" + machine(["numpy", "scikit-learn", "statsmodels", "mpmath"])


if __name__ == "__main__":
    print(run())
