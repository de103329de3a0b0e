"""The exact joint confidence region of all probabilities: every claim that the exact test does not reject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mottomo._checks import check_between
from mottomo.inference.methods import Exact
from mottomo.inference.multinomial_p_values import p_value_of
from mottomo.inference.nulls import exact_probabilities, null_of
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.tallies import Tally, check_single


@dataclass(frozen=True)
class JointRegion:
    """{y : exact p-value of y > 1 - level}, which contains the truth with probability `level` or more, at every n.

    With the test statistic ``probability`` it is the region of smallest average volume. Projected onto one category it
    is wider than Clopper-Pearson's interval with Bonferroni's correction. Use it for claims about all probabilities,
    and intervals for single categories.

    Attributes
    ----------
    level : the confidence level.
    ordering : the test statistic: its name, or a ``Statistic``.

    Source: docs/theory/intervals.md; Malloy, Tripathy, Nowak, arXiv 2002.01044.

    >>> region = JointRegion(level=0.95)
    >>> region.contains(Tally.from_counts([2, 5, 2, 4, 2, 5]), "fair")
    True
    >>> region.contains(Tally.from_counts([20, 0, 0, 0, 0, 0]), "fair")
    False
    """

    level: float = 0.95
    ordering: str | Statistic = "likelihood-ratio"

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))
        statistic_of(self.ordering)

    def contains(self, tally: Tally, probabilities: Any) -> bool:
        """Whether the region of a single tally contains these probabilities.

        If only a bracket of the p-value is affordable, its upper end decides, so that the region is never too small.
        Raises InvalidInput if the tally has groups, or if not even a bracket is affordable.
        """
        check_single(tally)
        claim = null_of(tally, probabilities)
        counts = tally.reordered(claim.categories).counts.tolist()
        shares, is_exact = exact_probabilities(claim)
        if any(share == 0 and count for share, count in zip(shares, counts, strict=True)):
            return False
        possible = [index for index, share in enumerate(shares) if share > 0]
        p = p_value_of(
            [counts[index] for index in possible],
            [shares[index] for index in possible],
            is_exact,
            statistic_of(self.ordering),
            Exact(),
        )
        return p.upper > 1 - self.level
