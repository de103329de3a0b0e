"""Work on ranges of rows, in as many threads as are worth their cost.

A sum over rows is computed for each range, and the sums are added in the order of the ranges. If the ranges do not
depend on the number of processors, the last bits of the sum do not either. The C extension and BLAS release the
interpreter lock.
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
_STARTING_A_THREAD = 2e5  # what starting a thread costs, in elementary operations

# Runs a function over ranges and returns its values in order.
Run = Callable[[Callable[[int, int], Any], list[Range]], list[Any]]


def ranges(n: int, parts: int) -> list[Range]:
    """`n` rows divided into at most `parts` ranges of about equal length, each of at least one row.

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
    """Limits BLAS to one thread while anybody asks for that: the first sets the limit, the last removes it."""

    def __init__(self) -> None:
        self._lock, self._n = Lock(), 0
        self._pools: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        """Ask for the limit."""
        with self._lock:
            if not self._n:
                if self._pools is None:  # the search through all loaded libraries takes 5 ms
                    from threadpoolctl import ThreadpoolController

                    self._pools = ThreadpoolController()
                self._limit = self._pools.limit(limits=1, user_api="blas")
            self._n += 1

    def leave(self) -> None:
        """Ask for it no longer."""
        with self._lock:
            self._n -= 1
            if not self._n:
                self._limit.restore_original_limits()


_BLAS = _BlasLimit()


@contextmanager
def one_thread_blas() -> Iterator[None]:
    """BLAS in one thread, so that it does not compete with the threads of ``workers`` for the processors.

    numpy and scipy each bring an OpenBLAS whose idle threads keep spinning for about 0.1 s. If they run beside
    ``workers``, a step of training takes up to twice as long.
    """
    importlib.import_module("scipy.linalg")  # the limit affects only a BLAS that is loaded
    _BLAS.enter()
    try:
        yield
    finally:
        _BLAS.leave()


@contextmanager
def workers(work: float, parts: int, worth: float = _STARTING_A_THREAD) -> Iterator[Run]:
    """A function that runs another one over ranges, in threads if they are worth their cost.

    work : elementary operations in a call.
    parts : ranges in a call.
    worth : the operations from which on another thread pays.
    """
    threads = min(processors(), parts, int(work / worth))
    if threads < 2:
        yield lambda function, where: [function(*one) for one in where]
        return
    with ThreadPoolExecutor(threads) as pool:
        yield lambda function, where: list(pool.map(lambda one: function(*one), where))
