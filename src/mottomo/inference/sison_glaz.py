"""Sison and Glaz's simultaneous intervals, from exact probabilities of boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mottomo._checks import check_between
from mottomo.errors import InvalidInput
from mottomo.inference.intervals import Intervals
from mottomo.messages import Message, say, verbatim
from mottomo.numerics.series import relative_entropy_term, stirling_error
from mottomo.tallies import Tally

_BATCH = 2**22  # cells of one batch of transforms
_LONGEST = 2**22  # length of a transform; it limits n to about 10^10


@dataclass(frozen=True)
class SisonGlaz:
    r"""Sison and Glaz's simultaneous intervals. Approximate, and for sparse tallies far below their level.

    c is the largest with P(t_k - c <= X_k <= t_k + c for all k) < `level`, X ~ Multinomial(n, t/n); the intervals are
    [t_k - c, t_k + c + 2 g] / n, g the fraction of the way to the next box at which the level is reached. The
    probability of a box is computed exactly (truncated Poissons, convolved, given their total); other software expands
    it in moments, and returns intervals of width zero for large n. If the box is a single point, the interval extends
    1 - (1 - level)^(1/n) to either side, as for a category that every outcome fell in, so that its width is not zero.

    The lower limit of a category that was seen can be 0: [0, 0.30] for one seen twice in the article's 20 throws.
    Raises InvalidInput if `level` is not inside (0, 1), or n so large that the box does not fit memory.
    Source: Sison and Glaz, JASA 90 (1995).

    >>> found = SisonGlaz(level=0.95)(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> round(float(found.lower[1]), 4), round(float(found.upper[0]), 4)
    (0.05, 0.3)
    """

    level: float = 0.95
    name: ClassVar[str] = "sison-glaz"
    title: ClassVar[Message] = say("Sison-Glaz")

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group; [0, 1] where n = 0. Equal tallies share one computation."""
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
        return Intervals(
            self.name, True, False, self.level, lower.reshape(shape), upper.reshape(shape), title=self.title
        )


def box_size(counts: tuple[int, ...], level: float) -> tuple[int, float]:
    """The size c of the box and the fraction g of the way to the next one, at which the level is reached.

    P(c) < level <= P(c + 1) and g = (level - P(c)) / (P(c + 1) - P(c)); both are 0 if P(0) >= level.
    """
    boxes = _Boxes(counts)
    at = boxes.probability
    guess = _guessed_size(counts, level)
    low, step = guess, 1
    while low > 0 and at(low) >= level:
        low, step = max(low - step, 0), 2 * step
    if at(low) >= level:
        return 0, 0.0
    high, step = max(low + 1, guess + 1), 1
    while at(high) < level:
        low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle) < level else (low, middle)
    return low, (level - at(low)) / (at(high) - at(low))


def _guessed_size(counts: tuple[int, ...], level: float) -> int:
    """The size of the box if the counts were independent normals; it is within one or two of the answer."""
    n = sum(counts)
    spreads = [math.sqrt(2 * t * (1 - t / n)) for t in counts if 0 < t < n]
    low, high = 0.0, 20.0 * max(spreads, default=0.0)
    for _ in range(30):
        middle = (low + high) / 2
        if math.prod(math.erf((middle + 0.5) / spread) for spread in spreads) < level:
            low = middle
        else:
            high = middle
    return math.floor(low)


def box_probability(counts: tuple[int, ...], c: int) -> float:
    """P(t_k - c <= X_k <= t_k + c for all k) for X ~ Multinomial(n, t/n)."""
    return _Boxes(counts).probability(c)


class _Boxes:
    """Probabilities of boxes of several sizes around the same counts.

    They are products of Poissons cut to the box, given their total. The tables of Poissons are made a little wider than
    asked for and are kept. Categories that were never seen have the probability 0 and are left out. The Fourier
    transforms are so long that the sum has no weight beyond them.
    """

    def __init__(self, counts: tuple[int, ...]) -> None:
        seen = [count for count in counts if count > 0]
        self.n, self.n_seen = sum(seen), len(seen)
        self.distinct, self.copies = np.unique(np.array(seen, dtype=np.int64), return_counts=True)
        self.widest = math.ceil(40 * math.sqrt(max(seen)) + 80)  # farther from its mean a Poisson has no weight
        self.at_n = float(_poisson_around(np.array([[self.n]]), np.zeros(1, dtype=np.int64))[0, 0])
        self._table: np.ndarray | None = None
        self._known: dict[int, float] = {}

    def probability(self, c: int) -> float:
        """P(t_k - c <= X_k <= t_k + c for all k); computed once for each c."""
        if c not in self._known:
            self._known[c] = self._computed(c)
        return self._known[c]

    def _computed(self, c: int) -> float:
        reach = min(self.n_seen * 2 * c + 1, 2 * math.ceil(13 * math.sqrt(self.n)) + 128)
        length = 1 << max((reach - 1).bit_length(), 1)
        width = min(c, self.widest)
        if length > _LONGEST or width > _LONGEST:
            raise InvalidInput(
                "box-too-large",
                say("so many observations are beyond Sison and Glaz's intervals here"),
                say("counts"),
                say("about 10**10 observations or fewer"),
                verbatim(str(self.n)),
                say("use Clopper-Pearson or Goodman, which have no such limit"),
            )
        spectrum = np.ones(length // 2 + 1, dtype=np.complex128)
        rows = max(1, _BATCH // max(length, 2 * width + 1))
        for start in range(0, self.distinct.size, rows):
            weights = self._weights(start, start + rows, width)
            if weights.shape[1] > length:  # wrapping around is harmless: there is no weight that far out
                folded = np.zeros((len(weights), length))
                np.add.at(folded.T, np.arange(weights.shape[1]) % length, weights.T)
                weights = folded
            spectra = np.fft.rfft(weights, n=length, axis=1)
            for row, multiplicity in zip(spectra, self.copies[start : start + rows].tolist(), strict=True):
                spectrum *= row if multiplicity == 1 else row**multiplicity
        # Deviations start at -width in each table, so the total n stands at n_seen width.
        turns = np.arange(spectrum.size) * (self.n_seen * width % length) % length
        coefficients = (spectrum * np.exp(2j * np.pi / length * turns)).real
        at_total = (2 * float(coefficients.sum()) - float(coefficients[0]) - float(coefficients[-1])) / length
        return min(max(at_total / self.at_n, 0.0), 1.0)

    def _weights(self, start: int, stop: int, width: int) -> np.ndarray:
        """Poisson probabilities of the deviations -width .. width, one row for each distinct count."""
        if self.distinct.size * (2 * width + 1) > _BATCH:
            return _poisson_around(self.distinct[start:stop, None], np.arange(-width, width + 1))
        if self._table is None or self._table.shape[1] < 2 * width + 1:
            reach = width + 4 + width // 16
            self._table = _poisson_around(self.distinct[:, None], np.arange(-reach, reach + 1))
        middle = self._table.shape[1] // 2
        return self._table[start:stop, middle - width : middle + width + 1]


def _poisson_around(counts: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Poisson(t + d; t) for each count t and deviation d, (D, L); 0 below x = 0."""
    x = counts + deviations
    positive = np.maximum(x, 1).astype(np.float64)
    divergence = counts * relative_entropy_term(np.maximum(deviations / counts, -1.0))
    body = np.where(x > 0, stirling_error(positive) + 0.5 * np.log(2 * np.pi * positive), 0.0)
    return np.where(x >= 0, np.exp(-divergence - body), 0.0)
