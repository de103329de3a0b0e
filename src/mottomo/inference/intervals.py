"""Confidence intervals for the probabilities of a tally; each method is a value and says what it guarantees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from mottomo._checks import check_between
from mottomo.errors import InvalidInput, nearest
from mottomo.inference.binomial_limits import binomial_limits
from mottomo.inference.choices import INTERVALS, chosen
from mottomo.messages import Message, say, verbatim, written
from mottomo.numerics.series import log1p_excess
from mottomo.tallies import Tally

_PROFILE_STEPS = 12


@dataclass(frozen=True, eq=False)
class Intervals:
    """An interval for each category's probability.

    Attributes
    ----------
    method : a stable name.
    simultaneous : whether `level` holds for all K categories at once (within one group).
    guaranteed : whether it is proven that the coverage is at least `level` for every n and every truth.
    level : the confidence level.
    lower : (..., K) float64, 0 <= lower <= t/n.
    upper : (..., K) float64, t/n <= upper <= 1.
    title : the name of the method in sentences.
    """

    method: str
    simultaneous: bool
    guaranteed: bool
    level: float
    lower: np.ndarray
    upper: np.ndarray
    title: Message = field(kw_only=True)

    def __post_init__(self) -> None:
        self.lower.setflags(write=False)
        self.upper.setflags(write=False)

    def settings(self) -> dict[str, Any]:
        """All fields but the limits, for JSON."""
        return {
            "method": self.method,
            "simultaneous": self.simultaneous,
            "guaranteed": self.guaranteed,
            "level": self.level,
        }


class IntervalMethod(Protocol):
    """A method for intervals: a value with settings, which is called on a tally."""

    @property
    def level(self) -> float:
        """The confidence level, in (0, 1)."""
        ...

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group of the tally."""
        ...


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
    title: ClassVar[Message] = say("Clopper-Pearson")

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group; [0, 1] where n = 0."""
        counts = tally.counts
        totals = np.broadcast_to(np.asarray(tally.n_observations, dtype=counts.dtype)[..., None], counts.shape)
        tail = (1 - self.level) / 2 / (max(tally.n_categories, 1) if self.simultaneous else 1)
        if tally.n_categories == 1 and tally.categories.declared:
            lower, upper = np.ones(counts.shape), np.ones(counts.shape)
        else:
            lower, upper = binomial_limits(counts, totals, tail)
        method = self.name + ("-bonferroni" if self.simultaneous else "-per-category")
        title = say("Clopper-Pearson (Bonferroni)") if self.simultaneous else self.title
        return Intervals(method, self.simultaneous, True, self.level, lower, upper, title=title)


def clopper_pearson_per_category(level: float = 0.95) -> ClopperPearson:
    """``ClopperPearson`` without Bonferroni's correction: the level holds for each category by itself."""
    return ClopperPearson(level, simultaneous=False)


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
    title: ClassVar[Message] = say("Goodman")

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group; [0, 1] where n = 0."""
        lower, upper = score_limits(tally, (1 - self.level) / max(tally.n_categories, 1))
        return Intervals(self.name, True, False, self.level, lower, upper, title=self.title)


@dataclass(frozen=True)
class Wilson:
    r"""Wilson's score intervals, one for each category by itself. Approximate.

    The two roots x of (t - n x)^2 = B n x (1 - x), B the `level` quantile of chi-square with 1 degree of freedom. For
    one category chosen before looking; not meant for all at once.

    Raises InvalidInput if `level` is not inside (0, 1). Source: Wilson, JASA 22 (1927).

    >>> found = Wilson(level=0.95)(Tally.from_counts([2, 18]))
    >>> round(float(found.lower[0]), 5), round(float(found.upper[0]), 5)
    (0.02787, 0.30103)
    """

    level: float = 0.95
    name: ClassVar[str] = "wilson"
    title: ClassVar[Message] = say("Wilson")

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group; [0, 1] where n = 0."""
        lower, upper = score_limits(tally, 1 - self.level)
        return Intervals(self.name, False, False, self.level, lower, upper, title=self.title)


@dataclass(frozen=True)
class ProfileLikelihood:
    r"""Intervals from the profile of log L, one for each category by itself. Approximate.

    All x with 2 n KL((t/n, 1 - t/n) || (x, 1 - x)) <= B, B the `level` quantile of chi-square with 1 degree of freedom;
    for each x the other probabilities maximise log L. For a category never seen the interval is far too short (it ends
    at 0.0916 instead of the exact 0.1684 at n = 20): use Clopper-Pearson there.

    Raises InvalidInput if `level` is not inside (0, 1). Source: Wilks, Ann. Math. Statist. 9 (1938).

    >>> found = ProfileLikelihood(level=0.95)(Tally.from_counts([2, 18]))
    >>> round(float(found.lower[0]), 5), round(float(found.upper[0]), 5)
    (0.01736, 0.27794)
    """

    level: float = 0.95
    name: ClassVar[str] = "profile-likelihood"
    title: ClassVar[Message] = say("profile likelihood")

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", check_between("level", self.level, "0.95"))

    def __call__(self, tally: Tally) -> Intervals:
        """The intervals of each group; [0, 1] where n = 0."""
        t, n = _floats(tally)
        wanted = _chi_square_quantile(1 - self.level) / 2
        lower = _profile_root(t, n - t, wanted)
        upper = 1 - _profile_root(n - t, t, wanted)
        share = np.divide(t, n, out=np.zeros(t.shape), where=n > 0)
        lower, upper = np.where(n > 0, np.minimum(lower, share), 0.0), np.where(n > 0, np.maximum(upper, share), 1.0)
        return Intervals(self.name, False, False, self.level, lower, upper, title=self.title)


def score_limits(tally: Tally, outside: float) -> tuple[np.ndarray, np.ndarray]:
    """The roots x of (t - n x)^2 = B n x (1 - x), where P(chi-square with 1 degree of freedom > B) = `outside`.

    Returns the lower and the upper limits, each of the shape of the counts; 0 and 1 where n = 0.
    """
    bound = _chi_square_quantile(outside)
    t, n = _floats(tally)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(bound * (bound + 4 * t * ((n - t) / n)))
        upper = np.where(n > 0, (bound + 2 * t + spread) / (2 * (n + bound)), 1.0)
        # The product of the roots is t^2 / (n (n + B)); dividing avoids the cancellation in the smaller one.
        lower = np.where((n > 0) & (t > 0), (t / n) * (t / (n + bound)) / upper, 0.0)
        share = np.where(n > 0, t / n, 0.0)
    return np.minimum(lower, share), np.where(t == n, 1.0, np.clip(upper, share, 1.0))


def _floats(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    n = np.asarray(tally.n_observations, dtype=np.float64)[..., None]
    return tally.counts.astype(np.float64), np.broadcast_to(n, tally.counts.shape)


def _chi_square_quantile(outside: float) -> float:
    from scipy.special import ndtri  # 0.2 s to import, so only when it is needed

    return float(ndtri(outside / 2)) ** 2


def _profile_root(t: np.ndarray, m: np.ndarray, wanted: float) -> np.ndarray:
    """The x below t/n with t log(t/(n x)) + m log(m/(n (1-x))) = wanted; 0 where t is 0.

    With x = (t/n) exp(-s) the left side is t f(1 - exp(-s)) + m f(-(1 - exp(-s)) t/m), f(u) = -u - log(1 - u), in which
    nothing cancels. It is increasing and convex in s, so Newton's method started from above converges.
    """
    n = t + m
    safe_t, safe_m = np.maximum(t, 1.0), np.maximum(m, 1.0)
    s = wanted / safe_t + np.sqrt(2 * wanted * np.where(m > 0, m, 0.0) / safe_t / np.maximum(n, 1.0))
    for _ in range(_PROFILE_STEPS):
        lost = -np.expm1(-s)
        near = np.where(lost < 0.5, log1p_excess(-np.minimum(lost, 0.5)), s - lost)
        value = safe_t * near + np.where(m > 0, safe_m * log1p_excess(lost * safe_t / safe_m), safe_t * lost)
        slope = np.where(m > 0, lost * n / (safe_m + safe_t * lost), 1.0) * safe_t
        s = np.maximum(s - (value - wanted) / slope, s / 16)
    return np.where(t > 0, t / np.maximum(n, 1.0) * np.exp(-s), 0.0)


def interval_method(given: Any, level: float | None = None) -> IntervalMethod:
    """The method that is given, or the one of that name at `level` (0.95 unless given).

    Raises InvalidInput : there is no such name; this is no method; a level is given beside a method, which has one.
    """
    if given is None or isinstance(given, str):
        name = given or next(iter(INTERVALS))
        if name not in INTERVALS:
            raise InvalidInput(
                "interval-method",
                say("there is no such method for intervals"),
                say("intervals"),
                say("one of {names}", names=list(INTERVALS)),
                verbatim(name),
                nearest(name, INTERVALS),
            )
        made: IntervalMethod = chosen(INTERVALS, name)(0.95 if level is None else level)
        return made
    if not callable(given) or isinstance(given, type):
        raise InvalidInput(
            "interval-method",
            say("this is no method for intervals"),
            say("intervals"),
            say("a method such as ClopperPearson(level=0.95) or Goodman(level=0.95)"),
            verbatim(written(given, repr)),
        )
    if level is not None:
        raise InvalidInput(
            "two-levels",
            say("the level is said twice"),
            say("level"),
            say("a level beside the name of a method; a method has its own"),
            verbatim(written(level)),
            say("give it to the method, such as Goodman(level=0.99)"),
        )
    found: IntervalMethod = given
    return found
