"""Random orders of a sequence of codes, the same on every platform, and statistics of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

_CHUNK_CELLS = 2_000_000


def permutations(codes: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """`draws` uniformly random orders of `codes` (n,), as arrays (m, n).

    Each code is written into the low bits of a random word, and the words are sorted. Only their values matter, so
    every platform gives the same orders. If two words agree in all other bits, the smaller code comes first; for fewer
    than 2^23 categories, the probability that this happens in an order is below n^2 / 2^40.
    """
    bits = max(int(codes.max(initial=0)).bit_length(), 1)
    mask = np.uint64((1 << bits) - 1)
    generator = np.random.PCG64(seed)
    low = codes.astype(np.uint64)
    for first in range(0, draws, rows := max(1, _CHUNK_CELLS // codes.size)):
        m = min(rows, draws - first)
        words = generator.random_raw(m * codes.size).reshape(m, codes.size)
        words &= ~mask
        words |= low
        words.sort(axis=1)
        yield (words & mask).astype(np.int64)


def count_logarithms(cells: np.ndarray, n_cells: int) -> np.ndarray:
    """For each row the sum of c log c over the cells, where c is how often a cell occurs in the row; (m,) float64.

    cells : (m, n) int64, each in 0 .. n_cells - 1.
    """
    m, n = cells.shape
    flat = (cells + n_cells * np.arange(m)[:, None]).ravel()
    if n_cells <= 4 * n:
        counts = np.bincount(flat, minlength=m * n_cells).reshape(m, n_cells)
        return np.asarray(product_logarithms(np.arange(n + 1))[counts].sum(axis=1))
    flat.sort()
    starts = np.flatnonzero(np.diff(flat, prepend=-1))
    counts = np.diff(starts, append=flat.size)
    return np.bincount(flat[starts] // n_cells, weights=product_logarithms(counts), minlength=m)


def product_logarithms(counts: np.ndarray) -> np.ndarray:
    """c log c, elementwise, with 0 log 0 = 0."""
    values = np.asarray(counts, dtype=np.float64)
    return np.asarray(values * np.log(np.maximum(values, 1.0)))


def simulated_tails(
    codes: np.ndarray, statistics: Callable[[np.ndarray], np.ndarray], draws: int, seed: int, band: float
) -> list[int]:
    """How many of `draws` random orders have a statistic of at least that of `codes` minus `band`; s numbers.

    statistics : a function from (m, n) codes to (m, s) statistics.
    """
    observed = statistics(codes[None, :])[0]
    far = np.zeros(observed.size, dtype=np.int64)
    for orders in permutations(codes, draws, seed):
        far += (statistics(orders) >= observed - band).sum(axis=0)
    return [int(count) for count in far]
