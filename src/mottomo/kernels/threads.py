"""Work on ranges of rows in as many threads as it is worth.

A sum over rows is taken range by range and added up in their order: where the ranges do not depend on the processors,
its last bits do not either. The C extension and BLAS release the interpreter lock.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any

Range = tuple[int, int]
_STARTING_A_THREAD = 2e5  # elementary operations that take about as long

# Runs a function over ranges and returns its values in order.
Run = Callable[[Callable[[int, int], Any], list[Range]], list[Any]]


def ranges(n: int, parts: int) -> list[Range]:
    """`n` rows in at most `parts` ranges of about one length, at least one row each.

    >>> ranges(10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    parts = max(1, min(parts, n))
    return [(n * part // parts, n * (part + 1) // parts) for part in range(parts)]


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _BlasLimit:
    """How many ask for one thread at the moment: the first sets the limit, and the last takes it away."""

    def __init__(self) -> None:
        self._lock, self._n = Lock(), 0
        self._limit: Any = None

    def enter(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            if not self._n:
                self._limit = threadpool_limits(1, "blas")
            self._n += 1

    def leave(self) -> None:
        with self._lock:
            self._n -= 1
            if not self._n:
                self._limit.restore_original_limits()


_BLAS = _BlasLimit()


@contextmanager
def one_thread_blas() -> Iterator[None]:
    """BLAS in one thread, so that it does not compete with the threads of ``workers`` for the processors.

    numpy and scipy each bring an OpenBLAS whose idle threads keep spinning for some 0.1 s: with them beside
    ``workers``, a step of training takes up to twice as long.
    """
    importlib.import_module("scipy.linalg")  # whose BLAS is limited only if it is there
    _BLAS.enter()
    try:
        yield
    finally:
        _BLAS.leave()


@contextmanager
def workers(work: float, parts: int) -> Iterator[Run]:
    """What runs a function over ranges, for `work` elementary operations in `parts` ranges a call."""
    threads = min(processors(), parts, int(work / _STARTING_A_THREAD))
    if threads < 2:
        yield lambda function, where: [function(*one) for one in where]
        return
    with ThreadPoolExecutor(threads) as pool:
        yield lambda function, where: list(pool.map(lambda one: function(*one), where))
