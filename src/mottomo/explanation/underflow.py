"""At which throw a product of probabilities underflows to 0 in floating point, by actually multiplying."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_CHUNK = 65_536
MOST_FACTORS = 20_000_000


def underflow_throw(probabilities: np.ndarray, counts: np.ndarray) -> int | None:
    """The number of the throw at which the running float64 product is first 0.

    The factors are y_1 t_1 times, then y_2 t_2 times and so on; then they repeat. None if the product is still positive
    after 20 million factors.
    """
    running = 1.0
    throws = 0
    for chunk in _factors(probabilities, counts):
        with np.errstate(under="ignore"):
            products = np.multiply.accumulate(np.concatenate([[running], chunk]))[1:]
        zeros = np.flatnonzero(products == 0)
        if zeros.size:
            return throws + int(zeros[0]) + 1
        throws += chunk.size
        running = float(products[-1])
    return None


def _factors(probabilities: np.ndarray, counts: np.ndarray) -> Iterator[np.ndarray]:
    """Chunks of the repeating sequence of factors, until about ``MOST_FACTORS`` have been given."""
    left = MOST_FACTORS
    seen = [(float(y), int(t)) for y, t in zip(probabilities, counts, strict=True) if t > 0]
    cycle = np.repeat([y for y, _ in seen], [min(t, MOST_FACTORS) for _, t in seen]) if _total(seen) <= _CHUNK else None
    while left > 0:
        if cycle is not None:
            chunk = np.tile(cycle, max(1, _CHUNK // cycle.size))
            yield chunk
            left -= chunk.size
            continue
        for y, t in seen:
            for start in range(0, min(t, left), _CHUNK):
                yield np.full(min(_CHUNK, t - start), y)
            left -= t
            if left <= 0:
                return


def _total(seen: list[tuple[float, int]]) -> int:
    return sum(t for _, t in seen)
