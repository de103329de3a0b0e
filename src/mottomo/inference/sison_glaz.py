"""Sison and Glaz's simultaneous intervals, from exact probabilities of boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.exact.kinds import log_poisson_float
from mottomo.inference.intervals import Intervals, check_level
from mottomo.messages import say, verbatim
from mottomo.tallies import Tally

_LONGEST = 2**22  # of a transform; it limits n to about 10^10


@dataclass(frozen=True)
class SisonGlaz:
    r"""Sison and Glaz's simultaneous intervals. Approximate, and for sparse tallies far below their level.

    c is the largest with P(t_k - c <= X_k <= t_k + c for all k) < `level`, X ~ Multinomial(n, t/n); the intervals are
    [t_k - c, t_k + c + 2 g] / n, g the fraction of the way to the next box at which the level is reached. The
    probability of a box is computed exactly (truncated Poissons, convolved, given their total); other software expands
    it in moments, and returns intervals of width zero for large n. Where the box is a single point, the limits of an
    outcome that is certain are used, 1 - (1 - level)^(1/n) from the edge, so that no interval has width zero.

    The lower limit of a category that was seen can be 0: [0, 0.30] for one seen twice in the article's 20 throws.
    Raises InvalidInput if `level` is not inside (0, 1), or n so large that the box does not fit memory.
    Source: Sison and Glaz, JASA 90 (1995).

    >>> found = SisonGlaz(level=0.95)(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> round(float(found.lower[1]), 4), round(float(found.upper[0]), 4)
    (0.05, 0.3)
    """

    level: float = 0.95
    name: ClassVar[str] = "sison-glaz"

    def __post_init__(self) -> None:
        check_level(self.level)

    def __call__(self, tally: Tally) -> Intervals:
        rows = tally.counts.reshape(-1, tally.n_categories)
        lower, upper = np.zeros(rows.shape), np.ones(rows.shape)
        known: dict[tuple[int, ...], tuple[int, float]] = {}
        for index, row in enumerate(rows.tolist()):
            n = sum(row)
            if n == 0:
                continue
            key = tuple(sorted(row))
            if key not in known:
                known[key] = box_size(key, self.level)
            c, excess = known[key]
            counts = np.array(row, dtype=np.float64)
            lower[index] = np.maximum(counts - c, 0) / n
            upper[index] = np.minimum((counts + c + 2 * excess) / n, 1.0)
            least = -math.expm1(math.log1p(-self.level) / n)
            certain = upper[index] - lower[index] <= 0
            lower[index] = np.where(certain, np.maximum(lower[index] - least, 0.0), lower[index])
            upper[index] = np.where(certain, np.minimum(upper[index] + least, 1.0), upper[index])
        shape = tally.counts.shape
        return Intervals(self.name, True, False, self.level, lower.reshape(shape), upper.reshape(shape))


def box_size(counts: tuple[int, ...], level: float) -> tuple[int, float]:
    """The c with P(c) < level <= P(c + 1), and (level - P(c)) / (P(c + 1) - P(c)); (0, 0) if P(0) reaches the level."""
    low, high = 0, 1
    at_low = box_probability(counts, 0)
    if at_low >= level:
        return 0, 0.0
    while (at_high := box_probability(counts, high)) < level:
        low, at_low, high = high, at_high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        found = box_probability(counts, middle)
        if found < level:
            low, at_low = middle, found
        else:
            high, at_high = middle, found
    return low, (level - at_low) / (at_high - at_low)


def box_probability(counts: tuple[int, ...], c: int) -> float:
    """P(t_k - c <= X_k <= t_k + c for all k), X ~ Multinomial(n, t/n): Poissons cut to the box, given their total.

    Only categories that were seen vary. Their sum is transformed with a length beyond which it has no weight.
    """
    seen = [count for count in counts if count > 0]
    n = sum(seen)
    reach = min(len(seen) * (2 * c + 1), 2 * math.ceil(13 * math.sqrt(n)) + 128)
    length = 1 << (reach - 1).bit_length()
    if length > _LONGEST:
        raise InvalidInput(
            "box-too-large",
            say("so many observations are beyond Sison and Glaz's intervals here"),
            say("counts"),
            say("about 10**10 observations or fewer"),
            verbatim(str(n)),
            say("use Clopper-Pearson or Goodman, which have no such limit"),
        )
    distinct, copies = np.unique(np.array(seen, dtype=np.int64), return_counts=True)
    spectrum = np.ones(length // 2 + 1, dtype=np.complex128)
    for count, multiplicity in zip(distinct.tolist(), copies.tolist(), strict=True):
        x = np.arange(max(count - c, 0), count + c + 1)
        near = np.abs(x - count) <= 40 * math.sqrt(count) + 80  # farther out a Poisson has no weight
        weights = np.zeros(length)
        np.add.at(weights, (x[near] - count) % length, np.exp(log_poisson_float(x[near], float(count))))
        spectrum *= np.fft.rfft(weights) ** multiplicity
    # The coefficient at deviation 0 is the mean of the spectrum.
    doubled = 2 * float(spectrum.real[1:-1].sum()) if length > 2 else 0.0
    at_total = (float(spectrum.real[0]) + doubled + (float(spectrum.real[-1]) if length > 1 else 0.0)) / length
    return min(max(at_total / math.exp(float(log_poisson_float(np.array([n]), float(n))[0])), 0.0), 1.0)
