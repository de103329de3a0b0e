"""Confidence intervals for the probabilities of a tally: the methods are values, and each says what it guarantees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.binomial_limits import binomial_limits
from mottomo.messages import say, verbatim
from mottomo.tallies import Tally


@dataclass(frozen=True, eq=False)
class Intervals:
    """An interval for each category's probability.

    method : a stable name. simultaneous : whether `level` is meant for all K categories at once (within one group).
    guaranteed : whether the coverage is at least `level` at every n and every truth, by proof.
    lower, upper : (..., K) float64, 0 <= lower <= t/n <= upper <= 1.
    """

    method: str
    simultaneous: bool
    guaranteed: bool
    level: float
    lower: np.ndarray
    upper: np.ndarray

    def __post_init__(self) -> None:
        self.lower.setflags(write=False)
        self.upper.setflags(write=False)

    def settings(self) -> dict[str, Any]:
        """What the intervals claim, without the limits."""
        return {
            "method": self.method,
            "simultaneous": self.simultaneous,
            "guaranteed": self.guaranteed,
            "level": self.level,
        }


class IntervalMethod(Protocol):
    """A way to intervals: a value with settings, called on a tally."""

    @property
    def level(self) -> float: ...

    def __call__(self, tally: Tally) -> Intervals: ...


@dataclass(frozen=True)
class ClopperPearson:
    r"""Exact binomial intervals, with Bonferroni's correction for all K categories at once unless `simultaneous=False`.

    Lower limit x: P(Bin(n, x) >= t) = a; upper limit x: P(Bin(n, x) <= t) = a; a = (1 - level) / 2, divided by K if
    simultaneous. Coverage is at least `level` at every n and every truth; limits are rounded outward.

    With groups, the level holds within each group. A single declared category has probability 1 by definition, so
    its interval is [1, 1].

    Raises InvalidInput if `level` is not inside (0, 1).
    Source: Clopper and Pearson, Biometrika 26 (1934); docs/theory/intervals.md.

    >>> each = ClopperPearson(level=0.95, simultaneous=False)(Tally.from_counts([2, 18]))
    >>> round(float(each.lower[0]), 5), round(float(each.upper[0]), 5)
    (0.01235, 0.31698)
    """

    level: float = 0.95
    simultaneous: bool = True
    name: ClassVar[str] = "clopper-pearson"

    def __post_init__(self) -> None:
        _check_level(self.level)

    def __call__(self, tally: Tally) -> Intervals:
        counts = tally.counts
        totals = np.broadcast_to(np.asarray(tally.n_observations, dtype=counts.dtype)[..., None], counts.shape)
        tail = (1 - self.level) / 2 / (max(tally.n_categories, 1) if self.simultaneous else 1)
        if tally.n_categories == 1 and tally.categories.declared:
            lower, upper = np.ones(counts.shape), np.ones(counts.shape)
        else:
            lower, upper = binomial_limits(counts, totals, tail)
        method = self.name + ("-bonferroni" if self.simultaneous else "-per-category")
        return Intervals(method, self.simultaneous, True, self.level, lower, upper)


@dataclass(frozen=True)
class Goodman:
    r"""Goodman's simultaneous intervals: score intervals at 1 - (1 - level) / K. Approximate.

    The two roots x of (t - n x)^2 = B n x (1 - x), B the 1 - (1 - level) / K quantile of chi-square with 1 degree of
    freedom. Narrower than Clopper-Pearson; for K = 6, n = 20 the coverage of the 95 % intervals is 0.933 for a fair
    die, so they do not keep their level.

    Raises InvalidInput if `level` is not inside (0, 1). Source: Goodman, Technometrics 7 (1965).

    >>> found = Goodman(level=0.95)(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> round(float(found.lower[0]), 5), round(float(found.upper[0]), 5)
    (0.01915, 0.38739)
    """

    level: float = 0.95
    name: ClassVar[str] = "goodman"

    def __post_init__(self) -> None:
        _check_level(self.level)

    def __call__(self, tally: Tally) -> Intervals:
        from scipy.special import ndtri  # 0.2 s to import: only where it is asked for

        bound = float(ndtri((1 - self.level) / max(tally.n_categories, 1) / 2)) ** 2
        t = tally.counts.astype(np.float64)
        n = np.asarray(tally.n_observations, dtype=np.float64)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt(bound * (bound + 4 * t * ((n - t) / n)))
            upper = np.where(n > 0, (bound + 2 * t + spread) / (2 * (n + bound)), 1.0)
            # The product of the roots is t^2 / (n (n + B)); dividing avoids the cancellation in the smaller one.
            lower = np.where((n > 0) & (t > 0), (t / n) * (t / (n + bound)) / upper, 0.0)
            estimate = np.where(n > 0, t / n, 0.0)
        lower, upper = np.minimum(lower, estimate), np.where(t == n, 1.0, np.clip(upper, estimate, 1.0))
        return Intervals(self.name, True, False, self.level, lower, upper)


def _check_level(level: float) -> None:
    if not (isinstance(level, int | float) and 0 < level < 1):
        raise InvalidInput(
            "level-range",
            say("the confidence level is not between 0 and 1"),
            say("level"),
            say("a number inside (0, 1), such as 0.95"),
            verbatim(str(level)),
            say("write 0.95 for 95 %") if isinstance(level, int | float) and 1 < level < 100 else None,
        )
