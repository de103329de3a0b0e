"""How many observations are needed, for the power of a test or for narrow intervals; and what power n gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from mottomo._checks import check_between, check_whole
from mottomo.categories import Categories
from mottomo.errors import InvalidInput
from mottomo.inference.exact.tail import Budget, BudgetExceeded
from mottomo.inference.interval_width import observations_for_half_width
from mottomo.inference.methods import Asymptotic, Auto, Exact, Method, check_method
from mottomo.inference.noncentral import (
    QUICK_BUDGET,
    approximate_power,
    approximate_sample_size,
    effect_size,
    exact_power,
    fractions_of,
)
from mottomo.inference.nulls import budget_error, exact_probabilities
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.messages import say, verbatim, written
from mottomo.numerics.chi_square import needed_noncentrality, noncentral_power
from mottomo.probabilities import Probabilities
from mottomo.results import ResultWithNames
from mottomo.tallies import Tally

_EXACT_SEARCH = 60  # if the approximate number is at most this, Auto() looks for the exact one
_MOST_SEARCHED = 5_000
_SMALLEST_EFFECT = 1e-6
_ROUNDING = 1e-9  # an effect this close to the largest possible one, relatively, is accepted

_TOO_MANY = 2**53  # from there on floats skip whole numbers


Goal = Literal["power", "n", "half-width"]
PlanVerdict = Literal["plan-power", "plan-n", "plan-half-width"]
PlanRemark = Literal["plan-from-estimate", "plan-approximate", "plan-exact"]
_VERDICTS: dict[Goal, PlanVerdict] = {"power": "plan-power", "n": "plan-n", "half-width": "plan-half-width"}


@dataclass(frozen=True, eq=False)
class Plan(ResultWithNames):
    """What a number of observations achieves, or how many a goal needs.

    Attributes
    ----------
    n_observations : how many.
    goal : ``power`` (n was asked for), ``n`` (the power of a given n was asked for) or ``half-width``.
    method : ``exact`` or ``noncentral-chi-square``.
    significance : of the test.
    statistic : the test statistic.
    power : at `n_observations`; None for half-widths.
    target_power : the power that was asked for, or None.
    effect_size : Cohen's w, the square root of sum (q - p)^2 / p.
    null : what the test supposes, or None.
    alternative : the truth that has to be noticed, or None.
    exact_power : at `n_observations`; None if it is not affordable.
    exact_size : probability of a rejection under the null at `n_observations`; None if it is not affordable.
    searched_to : for an exact number of observations, the largest n whose power was computed: from `n_observations`
        to there it stays at or above the target.
    half_width : that was asked for, or None.
    level : of the intervals, or None.
    tally : that the alternative was estimated from, or None.
    """

    n_observations: int
    goal: Goal
    method: str
    significance: float | None = None
    statistic: Statistic | None = None
    power: float | None = None
    target_power: float | None = None
    effect_size: float | None = None
    null: Probabilities | None = None
    alternative: Probabilities | None = None
    exact_power: float | None = None
    exact_size: float | None = None
    searched_to: int | None = None
    half_width: float | None = None
    level: float | None = None
    tally: Tally | None = None

    def to_dict(self) -> dict[str, Any]:
        """The plan for JSON; null and alternative are left out where there are none."""
        found: dict[str, Any] = {
            "n_observations": self.n_observations,
            "goal": self.goal,
            "power": self.power,
            "target_power": self.target_power,
            "significance": self.significance,
            "method": self.method,
            "ordering": None if self.statistic is None else self.statistic.name,
            "effect_size": self.effect_size,
            "exact_power": self.exact_power,
            "exact_size": self.exact_size,
            "searched_to": self.searched_to,
            "half_width": self.half_width,
            "level": self.level,
        }
        if self.tally is not None:
            found["estimate"] = self.tally.counts_dict()
        for name, given in (("null_probabilities", self.null), ("alternative_probabilities", self.alternative)):
            if given is not None:
                found |= {"categories": list(given.categories), name: given.values.tolist()}
        return found

    @property
    def verdict(self) -> PlanVerdict:
        """The code of the goal."""
        return _VERDICTS[self.goal]

    @property
    def remarks(self) -> tuple[PlanRemark, ...]:
        """The codes of how the number was found, and of an alternative that is only an estimate."""
        found: list[PlanRemark] = []
        if self.tally is not None:
            found.append("plan-from-estimate")
        if self.method == "noncentral-chi-square":
            found.append("plan-approximate")
        if self.searched_to is not None:
            found.append("plan-exact")
        return tuple(found)


def power(
    null: Any,
    alternative: Any,
    n: int,
    *,
    significance: float = 0.05,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | None = None,
    categories: Any = None,
) -> Plan:
    """The probability that a test of `null` with n observations rejects it if the truth is `alternative`.

    It is exact if that is affordable: the probability of all outcomes whose exact p-value is at most `significance`.
    Otherwise it comes from the noncentral chi-square; `.method` says which.

    Parameters
    ----------
    null : probabilities, as ``goodness_of_fit`` takes them.
    alternative : probabilities, likewise.
    n : how many observations, 1 or more.
    significance : in (0, 1).
    ordering : the test statistic of the exact test.
    method : Auto(), Exact(...) or Asymptotic().
    categories : the declared categories, if the probabilities do not name them.

    Raises InvalidInput : different categories, significance outside (0, 1), a budget that cannot be met.
    Source: docs/theory/exact_tests.md; Cohen, Statistical Power Analysis (1988).

    >>> die = [0.1, 0.25, 0.1, 0.2, 0.1, 0.25]
    >>> found = power("fair", die, 20, categories=range(1, 7))
    >>> round(found.power, 4), found.method
    (0.2361, 'exact')
    """
    check_whole("n", n, 1)
    if n >= _TOO_MANY:
        raise InvalidInput(
            "too-many-observations",
            say("n is too large"),
            verbatim("n"),
            say("a whole number below 2^53"),
            verbatim(written(n)),
        )
    p, q = _both(null, alternative, categories)
    return _power_at(p, q, int(n), significance, statistic_of(ordering), method or Auto())


def sample_size(
    null: Any = None,
    alternative: Any = None,
    *,
    power: float = 0.8,
    significance: float = 0.05,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | None = None,
    effect: float | None = None,
    bias: float | None = None,
    half_width: float | None = None,
    level: float = 0.95,
    categories: Any = None,
) -> Plan:
    """How many observations a goal needs. The goal is exactly one of `alternative`, `effect`, `bias`, `half_width`.

    Parameters
    ----------
    null : what the test supposes.
    alternative : the truth that has to be noticed with probability `power`.
    power : the target, in (0, 1).
    significance : of the test, in (0, 1).
    ordering : the test statistic of the exact test.
    method : Auto() looks for the exact number up to about 60 observations and uses the noncentral chi-square beyond;
        Exact(...) gives the smallest n from which the exact power stays at or above the target; or Asymptotic().
    effect : Cohen's w instead of an alternative, at most sqrt((1 - p) / p) for the rarest category of the null.
    bias : the smallest departure of any one probability that is worth finding. Among all alternatives with such a
        departure, the plan is for the one that is hardest to notice.
    half_width : the number from which all guaranteed simultaneous intervals at `level` have at most this half-width,
        if the shares are those of `null` (or, without a null, one half).
    level : the confidence level of the intervals.
    categories : the declared categories, if the null does not name them.

    Raises InvalidInput : an alternative equal to the null (no sample is large enough), numbers out of range.

    >>> die = [0.1, 0.25, 0.1, 0.2, 0.1, 0.25]
    >>> sample_size("fair", die, categories=range(1, 7)).n_observations
    76
    >>> sample_size("fair", die, power=0.9, categories=range(1, 7)).n_observations
    97
    """
    goals = {"alternative": alternative, "effect": effect, "bias": bias, "half_width": half_width}
    given = [name for name, value in goals.items() if value is not None]
    if len(given) != 1:
        raise InvalidInput(
            "plan-goal",
            say("a plan needs exactly one goal"),
            say("sample size"),
            say("one of {names}", names=list(goals)),
            say("{names}", names=given or "-"),
        )
    if half_width is not None:
        return _for_half_width(half_width, level, null, categories)
    power = check_between("power", power, "0.8")
    significance = check_between("significance", significance, "0.05")
    _check_plan_method(method or Auto())
    if effect is not None:
        if isinstance(method, Exact):
            raise InvalidInput(
                "effect-not-exact",
                say("an effect alone has no exact power: many alternatives have it"),
                say("method"),
                say("Auto() or Asymptotic() for an effect"),
                say("Exact()"),
                say("name the alternative instead: --alternative or --bias"),
            )
        return _for_effect(effect, power, significance, null, categories)
    known = Probabilities.of(_required(null), categories)
    p, q = _both(known, _least_favourable(known, bias) if bias is not None else alternative, None)
    return _for_alternative(p, q, power, significance, statistic_of(ordering), method or Auto())


def _required(null: Any) -> Any:
    if null is None:
        raise InvalidInput(
            "plan-null",
            say("a plan needs to know what the test supposes"),
            say("null"),
            say("probabilities, or 'fair' with declared categories"),
        )
    return null


def _both(null: Any, alternative: Any, categories: Any) -> tuple[Probabilities, Probabilities]:
    p = Probabilities.of(_required(null), categories)
    return p, Probabilities.of(alternative, p.categories)


def _power_at(
    p: Probabilities, q: Probabilities, n: int, significance: float, statistic: Statistic, method: Method
) -> Plan:
    significance = check_between("significance", significance, "0.05")
    _check_plan_method(method)
    plan = Plan(
        n, "n", "exact", significance, statistic, effect_size=effect_size(*fractions_of(p, q)), null=p, alternative=q
    )
    if not isinstance(method, Asymptotic):
        budget = Budget().scaled(method.budget) if isinstance(method, Exact) else QUICK_BUDGET
        try:
            size, found = exact_power(p, q, n, significance, statistic, budget)
            return replace(plan, power=found, exact_power=found, exact_size=size)
        except BudgetExceeded as stop:
            if isinstance(method, Exact):
                raise budget_error(stop.factor * method.budget) from None
    return replace(plan, method="noncentral-chi-square", power=approximate_power(p, q, n, significance))


def _for_alternative(
    p: Probabilities, q: Probabilities, power: float, significance: float, statistic: Statistic, method: Method
) -> Plan:
    _check_plan_method(method)
    about = approximate_sample_size(p, q, power, significance)
    if about is None:
        raise InvalidInput(
            "no-difference",
            say("no sample is large enough: the alternative is the null"),
            say("alternative"),
            say("probabilities that differ from the null"),
            say("{values}", values=[f"{value:g}" for value in q.values[:10]]),
        )
    if isinstance(method, Exact) or (isinstance(method, Auto) and about <= _EXACT_SEARCH):
        budget = Budget().scaled(method.budget) if isinstance(method, Exact) else QUICK_BUDGET
        try:
            return _searched(p, q, power, significance, statistic, about, budget)
        except BudgetExceeded as stop:
            if isinstance(method, Exact):
                raise budget_error(stop.factor * method.budget) from None
    plan = Plan(
        about,
        "power",
        "noncentral-chi-square",
        significance,
        statistic,
        approximate_power(p, q, about, significance),
        power,
        effect_size(*fractions_of(p, q)),
        p,
        q,
    )
    if isinstance(method, Asymptotic):
        return plan
    try:
        size, found = exact_power(p, q, about, significance, statistic, QUICK_BUDGET)
        return replace(plan, exact_power=found, exact_size=size)
    except BudgetExceeded:
        return plan


def _searched(
    p: Probabilities,
    q: Probabilities,
    target: float,
    significance: float,
    statistic: Statistic,
    about: int,
    budget: Budget,
) -> Plan:
    """The smallest n from which the exact power stays at or above the target.

    The exact power does not rise steadily with n. It is computed for all n downwards from `end`, at first a quarter
    beyond the approximate number, until it is below the target. If it falls below the target too near `end`, it may do
    so beyond `end` as well, and the search is repeated with twice the `end`.
    """
    end = math.ceil(1.25 * about) + 12
    while True:
        most = _MOST_SEARCHED * max(budget.operations / Budget().operations, 1.0)
        if end > most:
            raise BudgetExceeded(end / most)
        answer = None
        for n in range(end, 0, -1):
            size, found = exact_power(p, q, n, significance, statistic, budget)
            if found < target:
                break
            answer = (n, size, found)
        if answer is not None and answer[0] <= end - max(6, end // 10):
            break
        end *= 2
    n, size, found = answer
    w = effect_size(*fractions_of(p, q))
    return Plan(n, "power", "exact", significance, statistic, found, target, w, p, q, found, size, end)


def _for_effect(effect: float, power: float, significance: float, null: Any, categories: Any) -> Plan:
    if not isinstance(effect, int | float) or not _SMALLEST_EFFECT <= effect < math.inf:
        raise InvalidInput(
            "effect-range",
            say("the effect is not a number of {least} or more", least=f"{_SMALLEST_EFFECT:g}"),
            say("effect"),
            say("Cohen's w, such as 0.1 (small), 0.3 (medium) or 0.5 (large)"),
            verbatim(written(effect)),
        )
    if null is not None:
        n_possible = int((Probabilities.of(null, categories).values > 0).sum())
    elif categories is not None:
        n_possible = len(Categories.of(categories))
    else:
        n_possible = 0
    if n_possible < 2:
        raise _needs_categories(n_possible)
    if null is not None:
        _check_reachable(float(effect), Probabilities.of(null, categories))
    n = max(1, math.ceil(needed_noncentrality(power, significance, n_possible - 1) / effect**2))
    found = noncentral_power(n * effect**2, significance, n_possible - 1)
    return Plan(n, "power", "noncentral-chi-square", significance, None, found, power, float(effect))


def _check_reachable(effect: float, null: Probabilities) -> None:
    """Refuse an effect that no alternative has; w is largest if the rarest category of the null is certain."""
    rarest = min(p for p in exact_probabilities(null)[0] if p > 0)
    largest = math.sqrt((1 - rarest) / rarest)
    if effect > largest * (1 + _ROUNDING):
        raise InvalidInput(
            "effect-impossible",
            say("no alternative departs so far from the null"),
            say("effect"),
            say("at most {largest}, the effect of the rarest category being certain", largest=f"{largest:.6g}"),
            verbatim(f"{effect:g}"),
            say("a smaller effect, such as 0.1 (small), 0.3 (medium) or 0.5 (large)"),
        )


def _needs_categories(known: int) -> InvalidInput:
    return InvalidInput(
        "plan-categories",
        say("this plan needs to know the number of categories"),
        say("categories"),
        say("at least two categories, declared or in the null"),
        verbatim(written(known)),
        say("declare them, for example --categories 1..6 (in Python: categories=range(1, 7))"),
    )


def _least_favourable(p: Probabilities, bias: float) -> Probabilities:
    """The alternative that is hardest to notice among those in which some probability differs from the null by `bias`.

    One category k gains the bias, or loses it if it cannot gain it; the others change in proportion to their
    probabilities. Then w^2 = bias^2 / (p_k (1 - p_k)), which is smallest for the p_k nearest to one half.
    """
    exact, _ = exact_probabilities(p)
    change = Fraction(str(bias)) if isinstance(bias, int | float) and 0 < bias < 1 else Fraction(0)
    order = sorted(range(len(exact)), key=lambda index: -exact[index] * (1 - exact[index]))
    for index in order:
        for signed in (change, -change):
            moved = exact[index] + signed
            if signed and 0 <= moved <= 1 and 0 < exact[index] < 1:
                factor = (1 - moved) / (1 - exact[index])
                shares = [moved if other == index else value * factor for other, value in enumerate(exact)]
                return Probabilities.of(shares, p.categories)
    raise InvalidInput(
        "bias-range",
        say("no probability can differ by so much"),
        say("bias"),
        say("a number above 0 by which some probability can grow or shrink"),
        verbatim(written(bias)),
    )


def _for_half_width(half_width: float, level: float, null: Any, categories: Any) -> Plan:
    level = check_between("level", level, "0.95")
    if not isinstance(half_width, int | float) or not 1e-7 <= half_width < 0.5:
        raise InvalidInput(
            "half-width-range",
            say("the half-width is not between 0 and one half"),
            say("half width"),
            say("a number such as 0.05, at least 0.0000001 and below 0.5"),
            verbatim(written(half_width)),
        )
    known = None if null is None else Probabilities.of(null, categories)
    if known is None and categories is None:
        raise _needs_categories(0)
    if known is not None:
        shares, n_categories = sorted(set(known.values.tolist())), len(known.categories)
    else:
        shares, n_categories = [0.5], len(Categories.of(categories))
    n = observations_for_half_width(float(half_width), level, shares, n_categories)
    return Plan(n, "half-width", "exact", half_width=float(half_width), level=level, null=known)


def _check_plan_method(method: Method) -> None:
    check_method(method)
    if not isinstance(method, Auto | Exact | Asymptotic):
        raise InvalidInput(
            "plan-method",
            say("power is not simulated"),
            say("method"),
            say("Auto(), Exact() or Asymptotic()"),
            verbatim(written(method, repr)),
        )
