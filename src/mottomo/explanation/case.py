"""The tally that is explained, with the values that several steps share, computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from mottomo.explanation.notation import Math, elided
from mottomo.inference.estimation import Estimate, estimate
from mottomo.likelihoods import kl_divergence, likelihood, log_likelihood, log_of_fraction
from mottomo.tallies import Tally

MOST_TERMS = 8  # longer sums and products are elided in the middle
MOST_EXACT_THROWS = 1000  # up to here a likelihood is computed as a fraction
TOLERANCE = 1e-12  # relative, for claims that are checked in floats


@dataclass(frozen=True)
class Case:
    """The tally, and the values that several steps share."""

    tally: Tally

    @cached_property
    def estimate(self) -> Estimate:
        """The maximum likelihood estimate."""
        return estimate(self.tally)

    @cached_property
    def counts(self) -> list[int]:
        """t_k, K integers."""
        return [int(count) for count in self.tally.counts]

    @property
    def n(self) -> int:
        """The number of throws, the sum of the counts."""
        return int(self.tally.n_observations)

    @property
    def n_categories(self) -> int:
        """K."""
        return self.tally.n_categories

    @cached_property
    def shares(self) -> tuple[Fraction, ...]:
        """t_k / n exactly, K fractions: the estimate."""
        return tuple(self.estimate.probabilities_exact)

    @cached_property
    def fair(self) -> list[Fraction]:
        """The fair die, K times 1 / K."""
        return [Fraction(1, self.n_categories)] * self.n_categories

    @cached_property
    def log_maximum(self) -> float:
        """log L at the estimate, nats."""
        return float(self.estimate.log_likelihood)

    @cached_property
    def log_fair(self) -> float:
        """log L of the fair die, nats."""
        return float(log_likelihood(self.tally.counts, self.fair))

    def exact_likelihood(self, probabilities: Any) -> Fraction | None:
        """L as a fraction; None if there are too many throws or categories."""
        if self.n > MOST_EXACT_THROWS or self.n_categories > MOST_EXACT_THROWS:
            return None
        value = likelihood(self.tally.counts, list(probabilities))
        assert isinstance(value, Fraction)
        return value

    def over(self, piece: Callable[[int], Math]) -> list[Math]:
        """A piece for each category; many are elided in the middle."""
        return elided(piece, range(self.n_categories), MOST_TERMS)

    def some_of(self, positions: Sequence[int]) -> Sequence[int]:
        """The positions that get a line each: all of a few, or the first two and the last of many."""
        return positions if len(positions) <= MOST_TERMS else [positions[0], positions[1], positions[-1]]

    @cached_property
    def seen(self) -> list[int]:
        """Positions of the categories with a positive count."""
        return [k for k, count in enumerate(self.counts) if count]

    @cached_property
    def divergence_from_fair(self) -> float:
        """KL divergence of the estimate from the fair die, nats."""
        return float(kl_divergence(list(self.shares), self.fair))

    @property
    def has_zero_counts(self) -> bool:
        """True if some category was never seen."""
        return 0 in self.counts

    @property
    def variant(self) -> str:
        """The wording that most steps use: ``one-category``, ``zero-counts`` or empty, see ``Step``."""
        if self.n_categories == 1:
            return "one-category"
        return "zero-counts" if self.has_zero_counts else ""

    def log_of_first(self, throws: int) -> float:
        """log of the product of the first `throws` factors y_k, nats; they are ordered by category and repeat."""
        rounds, rest = divmod(throws, self.n)
        value = rounds * self.log_maximum
        for k in self.seen:
            value += min(rest, self.counts[k]) * log_of_fraction(self.shares[k])
            rest = max(0, rest - self.counts[k])
        return value

    @property
    def slack(self) -> float:
        """The rounding error to allow in comparisons of log-likelihoods, nats."""
        return TOLERANCE * max(1.0, abs(self.log_fair))
