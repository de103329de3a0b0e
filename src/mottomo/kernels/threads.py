"""Work on ranges of rows in as many threads as it is worth; the ranges do not depend on the threads.

A sum over rows is taken range by range and added up in their order, so its last bits are the same on one processor
and on many. The C extension releases the interpreter lock; what runs in numpy stays in one thread, whose BLAS may have
more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def one_thread_blas() -> Iterator[None]:
    """BLAS in one thread, so that it does not compete with the threads of ``workers`` for the processors.

    numpy and scipy each bring an OpenBLAS whose idle threads keep spinning for some 0.1 s: with them beside
    ``workers``, a step of training takes up to twice as long.
    """
    import scipy.linalg  # noqa: F401  (its BLAS is limited only if it is there)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        yield


@contextmanager
def workers(work: float, parts: int) -> Iterator[Run]:
    """What runs a function over ranges, for `work` elementary operations in `parts` ranges a call."""
    threads = min(processors(), parts, int(work / _STARTING_A_THREAD))
    if threads < 2:
        yield lambda function, where: [function(*one) for one in where]
        return
    with ThreadPoolExecutor(threads) as pool:
        yield lambda function, where: list(pool.map(lambda one: function(*one), where))
