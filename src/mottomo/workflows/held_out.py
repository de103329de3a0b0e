"""Which rows are held out of the training: those with the smallest of n random words, which a seed fixes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo._checks import check_whole
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim, written

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """`size` of n rows: those whose (word, row) is below `first_kept`, in the order of pairs.

    The words of some rows are found without those of the rows before them, so that a table of any length is split
    without a list of its rows.
    """

    size: int
    seed: int
    first_kept: tuple[int, int]

    @classmethod
    def choose(cls, n: int, share: float, seed: int) -> HeldOutRows:
        """round(n share) rows. Raises InvalidInput where none, or fewer than two to train on, would be left."""
        is_number = isinstance(share, int | float | np.floating | np.integer) and not isinstance(share, bool)
        if not is_number or not 0 <= share < 1:
            raise InvalidInput(
                "holdout",
                say("the share to hold out is out of range"),
                verbatim("--holdout"),
                say("a share of 0 or more, below 1"),
                verbatim(written(share)),
            )
        check_whole("seed", seed, 0)
        size = round(n * share)
        if share and not 0 < size < n - 1:
            raise InvalidInput(
                "holdout-rows",
                say("there are too few rows to hold some out"),
                verbatim("--holdout"),
                say("at least one row held out, and two to train on"),
                say("{size} of {n} rows", size=size, n=n),
            )
        return cls(size, seed, _pair_at(n, size, seed) if size else (0, 0))

    def mask(self, start: int, stop: int) -> np.ndarray:
        """Which of the rows from `start` to before `stop` are held out, (stop - start,) bool."""
        if not self.size:
            return np.zeros(stop - start, dtype=bool)
        words, (word, row) = _words(self.seed, start, stop), self.first_kept
        return (words < np.uint64(word)) | ((words == np.uint64(word)) & (np.arange(start, stop) < row))


def _words(seed: int, start: int, stop: int) -> np.ndarray:
    return np.asarray(np.random.PCG64(seed).advance(start).random_raw(stop - start))


def _pair_at(n: int, rank: int, seed: int) -> tuple[int, int]:
    """The pair (word, row) with `rank` smaller ones, found among those that share its leading bits."""
    leading = np.zeros(1 << 16, dtype=np.int64)
    for start in range(0, n, _CHUNK):
        words = _words(seed, start, min(start + _CHUNK, n))
        leading += np.bincount((words >> np.uint64(48)).astype(np.int64), minlength=leading.size)
    bits = int(np.searchsorted(np.cumsum(leading), rank, side="right"))
    before = int(leading[:bits].sum())
    candidates = []
    for start in range(0, n, _CHUNK):
        words = _words(seed, start, min(start + _CHUNK, n))
        rows = np.flatnonzero(words >> np.uint64(48) == np.uint64(bits))
        candidates += [(int(words[row]), start + int(row)) for row in rows]
    return sorted(candidates)[rank - before]
