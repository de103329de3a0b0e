"""Throws of any die, reproducible on every platform."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np

from mottomo._checks import check_whole
from mottomo.probabilities import Probabilities
from mottomo.results import Result
from mottomo.tallies import Tally

_CHUNK = 65_536
_WORDS = 2**64
_LONGEST_DENOMINATOR = 4096  # bits


def simulate(probabilities: Any, n: int, *, seed: int, categories: Any = None) -> np.ndarray:
    r"""Independent outcomes with the given probabilities.

    Outcome = the first category whose cumulative probability exceeds U, with U = (a 64-bit word of PCG64) / 2^64. The
    thresholds are computed in rational arithmetic and the words of numpy's PCG64 are fixed by its specification, so
    the same seed gives the same outcomes on every platform. A probability is met to within 2^-64; 0 is never drawn.

    Parameters
    ----------
    probabilities : a sequence (categories "1" .. "K" unless `categories` names them), a mapping from category to
        probability, or text such as ``"9/16,3/16,3/16,1/16"``, ``"625:125:25:5:2"``, or ``"fair"`` with `categories`.
    n : how many outcomes, 0 or more.
    seed : a whole number, 0 or more; there is no default, because a result has to be repeatable.

    Returns
    -------
    (n,) array of text: the categories' names.

    Raises
    ------
    InvalidInput : probabilities do not sum to 1, n or seed is negative or not whole.

    >>> simulate("fair", 10, seed=1, categories=range(1, 7)).tolist()
    ['4', '6', '1', '6', '2', '3', '5', '3', '4', '1']
    """
    die = Probabilities.of(probabilities, categories)
    chunks = list(simulated_positions(die, n, seed=seed))
    names = np.array(die.categories.names)
    return names[np.concatenate(chunks)] if chunks else names[:0]


SimulationVerdict = Literal["simulated"]
SimulationRemark = Literal["normalised"]


@dataclass(frozen=True, eq=False)
class Simulation(Result):
    """Simulated outcomes, and what they were made from.

    Attributes
    ----------
    die : the probabilities.
    seed : of the generator PCG64.
    positions : (n,) int64, the category of each outcome, counted from 0.
    tally : of the outcomes.
    """

    die: Probabilities
    seed: int
    positions: np.ndarray
    tally: Tally
    method: ClassVar[str] = "pcg64-inverse-distribution"

    @classmethod
    def of(cls, die: Probabilities, n: int, seed: int) -> Simulation:
        """Simulate n outcomes of the die, and tally them."""
        positions = np.concatenate([np.zeros(0, dtype=np.int64), *simulated_positions(die, n, seed=seed)])
        counts = np.bincount(positions, minlength=len(die.categories))
        return cls(die, seed, positions, Tally.from_counts(counts, die.categories))

    def to_dict(self) -> dict[str, Any]:
        """The tally with the probabilities, the seed, and the outcomes by name in their order."""
        names = self.die.categories.names
        return {
            **self.tally.counts_dict(),
            "shares": self.tally.shares_list(),
            "method": self.method,
            "probabilities": self.die.values.tolist(),
            "seed": self.seed,
            "outcomes": [names[position] for position in self.positions.tolist()],
        }

    @property
    def verdict(self) -> SimulationVerdict:
        """The code ``simulated``: nothing was asked of the outcomes."""
        return "simulated"

    @property
    def remarks(self) -> tuple[SimulationRemark, ...]:
        """The code ``normalised`` if the probabilities were divided by their sum."""
        return ("normalised",) if self.die.normalised else ()


def simulated_positions(die: Probabilities, n: int, *, seed: int) -> Iterator[np.ndarray]:
    """The outcomes of ``simulate`` as positions of categories, (m,) int64 at a time: memory does not grow with n.

    The outcomes do not depend on the size of the chunks.
    """
    check_whole("n", n, 0)
    check_whole("seed", seed, 0)
    return _drawn(np.random.PCG64(seed), _thresholds(die), n)


def _drawn(words: np.random.PCG64, thresholds: np.ndarray, n: int) -> Iterator[np.ndarray]:
    for start in range(0, n, _CHUNK):
        yield np.searchsorted(thresholds, words.random_raw(min(_CHUNK, n - start)), side="right")


def _thresholds(die: Probabilities) -> np.ndarray:
    """floor(2^64 (y_1 + .. + y_k)), uint64, for k = 1, 2, .. as long as the sum is below 1."""
    exact = die.exact or tuple(Fraction(value) for value in die.values.tolist())
    weights: Sequence[Fraction | int] = exact
    common = math.lcm(*{probability.denominator for probability in exact})
    if common.bit_length() <= _LONGEST_DENOMINATOR:  # a million categories are summed in a second as whole numbers
        weights = [probability.numerator * (common // probability.denominator) for probability in exact]
    total = sum(weights)  # probabilities given as floats sum to 1 only up to rounding
    thresholds = [int(below * _WORDS // total) for below in itertools.accumulate(weights[:-1])]
    # A threshold of 2^64 does not fit a word. No word reaches it, so leaving it out changes nothing.
    return np.array([threshold for threshold in thresholds if threshold < _WORDS], dtype=np.uint64)
