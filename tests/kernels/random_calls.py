"""Calls the C module at a path so many times with random arguments, half of them wrong; run under sanitizers.

Exit code 0: each valid call was taken, each other one refused or harmless. A sanitizer ends the process.
"""

from __future__ import annotations

import importlib.util
import sys

import numpy as np


def load(path: str):
    spec = importlib.util.spec_from_file_location("mottomo.kernels._native", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def valid_call(rng, lanes: int):
    """Positional and named arguments of a call that fits, each array of exactly the size that is needed."""
    kernel = rng.choice(["count", "cross_entropy", "gather_log", "training_pass", "sparse"])
    n, k, real = int(rng.integers(0, 150)), int(rng.choice([1, 2, 3, 4, 5, 8, 17, 40, 200])), rng.choice(["f4", "f8"])
    first = int(rng.integers(0, n + 1))
    labels, weights = rng.integers(0, k, n), rng.random(n)
    if kernel == "count":
        codes = rng.integers(0, 100, n).astype(rng.choice(["u1", "i2", "u4", "i8"]))
        return ("count", codes.itemsize, first, n, k, codes), {"counts": np.zeros(k + 1, dtype=np.int64)}
    z = rng.normal(size=(n, k)).astype(real) * float(rng.choice([1, 100, 1000]))
    if kernel == "cross_entropy":
        named = {"labels": labels} if rng.random() < 0.5 else {"targets": rng.dirichlet(np.ones(k), n).astype(real)}
        named |= {"weights": weights} if rng.random() < 0.5 else {}
        named |= {"gradient": np.empty_like(z), "scale": 1.0} if rng.random() < 0.5 else {}
        named |= {"losses": np.empty(n)} if rng.random() < 0.5 else {}
        return (kernel, z.itemsize, first, n, k, z), named
    if kernel == "gather_log":
        y = rng.dirichlet(np.ones(k), n).astype(real)
        return (kernel, y.itemsize, first, n, k, y), {"labels": labels, "weights": weights, "scale": 1e-3}
    p, width = int(rng.integers(0, 40)), -(-k // lanes) * lanes
    named = {"labels": labels, "weights": weights, "p": p, "width": width, "b": np.zeros(width)}
    if kernel == "sparse":
        each = rng.integers(0, p + 1, n) if p else np.zeros(n, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(each)]).astype(np.int64)
        columns = rng.integers(0, max(p, 1), int(starts[-1])).astype(np.int32)
        x = rng.normal(size=int(starts[-1])).astype(real)
        named |= {"starts": starts, "columns": columns}
    else:
        x = rng.normal(size=(n, p)).astype(real)
        x = np.asfortranarray(x) if rng.random() < 0.5 else x
        named |= {"row": p, "column": 1} if x.flags.c_contiguous else {"row": 1, "column": n}
    few = kernel != "sparse" and named["column"] == 1 and 2 <= k <= 4
    shape = (k, p) if few else (p, width)
    named |= {"w": np.zeros(shape), "gradient": np.zeros(shape), "intercept_gradient": np.zeros(width)}
    return ("training_pass", x.itemsize, first, n, k, x), named


def spoiled(rng, given, named):
    """The call with one thing wrong."""
    given, named = list(given), dict(named)
    arrays = [name for name, value in named.items() if isinstance(value, np.ndarray) and value.size]
    choice = rng.integers(0, 6)
    if choice == 0 and given[5].size:
        given[5] = given[5].ravel()[:-1].copy()
    elif choice == 1 and arrays:
        name = rng.choice(arrays)
        named[name] = named[name].ravel()[:-1].copy()
    elif choice == 2 and arrays:
        name = rng.choice(arrays)
        named[name] = named[name].astype(rng.choice(["f4", "i4", "f2", "i8", ">f8", "c16"]))
    elif choice == 3:
        given[int(rng.integers(1, 5))] = int(rng.choice([-1, 0, 3, 2**31 - 1]))
    elif choice == 4 and "columns" in named and named["columns"].size:
        indices = named[rng.choice(["columns", "starts"])]
        indices[rng.integers(0, len(indices))] = int(rng.choice([-1, 10**6, 2**31 - 1]))
    else:
        for name in ("p", "row", "column", "width"):
            if name in named and rng.random() < 0.5:
                named[name] = int(rng.choice([-1, 0, 1, 7, 10**6, 2**40]))
    return given, named


def main(path: str, calls: int) -> None:
    try:
        module = load(path)
    except ImportError as error:
        sys.stdout.write(f"{error} is not here\n")
        return
    rng, done, refused = np.random.default_rng(20_261_128), 0, 0
    for _ in range(calls):
        given, named = valid_call(rng, module.lanes())
        module.run(*given, **named)
        done += 1
        try:
            wrong, arrays = spoiled(rng, given, named)
            module.run(*wrong, **arrays)
        except (TypeError, ValueError, BufferError, OverflowError, MemoryError):
            refused += 1
    sys.stdout.write(f"{done} calls, {refused} refused\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
