"""The hot loops beside their peers, in one process and in turn: counting, cross-entropy, logarithms of probabilities.

Every array has 10^8 entries, so that it streams from memory. The time of reading such an array once, in as many
threads as there are processors, is the floor of them all and is measured beside them. torch is a peer where it is
installed.

``python -m benchmarks.kernels counting`` runs one of the parts.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.harness import Figure, machine, time_functions
from mottomo.kernels import native
from mottomo.kernels.counting import count_codes
from mottomo.kernels.cross_entropy import cross_entropy_of_logits, gather_log
from mottomo.kernels.threads import processors, ranges

TITLE = "The hot loops on 10^8 numbers"
SIZE = 10**8
Functions = dict[str, Callable[[], object]]


def reading(array: np.ndarray) -> Callable[[], object]:
    """Reads an array once: BLAS' inner product of each thread's part with itself."""
    numbers = array.reshape(-1).view(np.float64)
    where = ranges(numbers.size, processors())
    pool = ThreadPoolExecutor(len(where))
    return lambda: list(pool.map(lambda one: np.dot(numbers[slice(*one)], numbers[slice(*one)]), where))


def counting(dtype: Any, k: int) -> tuple[str, Functions]:
    codes = np.random.default_rng(1).integers(0, k, SIZE, dtype=dtype)
    return f"count {np.dtype(dtype)}, K={k}", {
        "mottomo": lambda: count_codes(codes, k),
        "reading the array": reading(codes),
        "numpy.bincount": lambda: np.bincount(codes, minlength=k),
    }


def cross_entropy(dtype: Any, k: int, gradient: bool) -> tuple[str, Functions]:
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((SIZE // k, k), dtype=dtype)
    labels = rng.integers(0, k, len(logits))
    scale = 1 / len(labels) if gradient else None
    functions: Functions = {"mottomo": lambda: cross_entropy_of_logits(logits, labels, scale=scale)}
    if gradient:
        given = np.empty_like(logits)
        functions = {
            "mottomo": lambda: cross_entropy_of_logits(logits, labels, scale=scale, gradient=given),
            "mottomo, into new memory": lambda: cross_entropy_of_logits(logits, labels, scale=scale),
        }
    functions["reading the array"] = reading(logits)
    if importlib.util.find_spec("torch"):
        functions["torch"] = _of_torch(logits, labels, gradient)
    return f"loss{' and gradient' if gradient else ''}, {np.dtype(dtype)}, K={k}", functions


def _of_torch(logits: np.ndarray, labels: np.ndarray, gradient: bool) -> Callable[[], object]:
    import torch

    z, y = torch.from_numpy(logits).requires_grad_(gradient), torch.from_numpy(labels)

    def work() -> object:
        z.grad = None
        loss = torch.nn.functional.cross_entropy(z, y)
        if gradient:
            loss.backward()
        return loss

    return work


def from_probabilities(dtype: Any, k: int) -> tuple[str, Functions]:
    from sklearn.metrics import log_loss

    rng = np.random.default_rng(1)
    p = rng.random((SIZE // k, k), dtype=dtype) + np.asarray(0.01, dtype)
    p /= p.sum(axis=1, keepdims=True)
    labels, names = rng.integers(0, k, len(p)), np.arange(k)
    tolerance = 8 * k * float(np.finfo(dtype).eps)
    return f"log loss of checked probabilities, {np.dtype(dtype)}, K={k}", {
        "mottomo": lambda: gather_log(p, labels, tolerance=tolerance),
        "reading the array": reading(p),
        "sklearn.metrics.log_loss": lambda: log_loss(labels, p, labels=names),
    }


PARTS: dict[str, Callable[[], tuple[str, Functions]]] = {
    "counting u8": lambda: counting(np.uint8, 6),
    "counting i64": lambda: counting(np.int64, 6),
    "counting i64, many": lambda: counting(np.int64, 1000),
    "probabilities f64": lambda: from_probabilities(np.float64, 10),
    "probabilities f32": lambda: from_probabilities(np.float32, 10),
    **{
        f"cross-entropy {np.dtype(dtype)} {k} {gradient}": lambda dtype=dtype, k=k, gradient=gradient: cross_entropy(
            dtype, k, gradient
        )
        for dtype in (np.float64, np.float32)
        for k in (10, 1000)
        for gradient in (False, True)
    },
}


def rows_of(what: str, figures: list[Figure]) -> list[str]:
    """A line of the table for each function, with how many times mottomo's time it takes."""
    base = figures[0].seconds
    return [
        f"| {what} | {one.name} | {one.seconds:.4f} | {one.fastest:.4f} to {one.slowest:.4f} | "
        f"{one.seconds / base:.2f} |"
        for one in figures
    ]


def run(parts: list[str] | None = None) -> str:
    lines = ["| what | by | median s | range s | × mottomo |", "| :-- | :-- | --: | --: | --: |"]
    for part in parts or list(PARTS):
        print(f"{part} ...", file=sys.stderr, flush=True)
        what, functions = PARTS[part]()
        lines += rows_of(what, time_functions(functions))
        del functions
        gc.collect()
    libraries = ["numpy", "scikit-learn", *(["torch"] if importlib.util.find_spec("torch") else [])]
    return "\n".join(lines) + f"\n\nThe path of the extension: {native.path()}. {machine(libraries)}"


if __name__ == "__main__":
    print(run([part for part in PARTS if any(word in part for word in sys.argv[1:] or [""])]))
