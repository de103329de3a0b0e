"""Is it as claimed? The exact test of a tally against a null, with effect size, residuals and power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from mottomo._checks import check_between
from mottomo.errors import InvalidInput
from mottomo.inference.exact.kinds import whole_array
from mottomo.inference.exact.tail import BudgetExceeded
from mottomo.inference.exchangeability import ExchangeabilityResult, OrderRemark, OrderVerdict
from mottomo.inference.methods import Auto, Method, check_method
from mottomo.inference.multinomial_p_values import p_value_of
from mottomo.inference.noncentral import QUICK_BUDGET, approximate_power, approximate_sample_size, exact_power
from mottomo.inference.nulls import exact_probabilities, null_of
from mottomo.inference.p_values import PRemark, PValue
from mottomo.inference.residuals import Residuals, residuals_of
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.inference.tested import Tested
from mottomo.inference.tolerance import Tolerance, tolerance_of
from mottomo.likelihoods import deviance, kl_divergence, log_multinomial_coefficient, pearson_statistic
from mottomo.messages import say, verbatim
from mottomo.numerics.poisson import log_poisson
from mottomo.probabilities import Probabilities
from mottomo.tallies import Tally, TallyRemark, check_single, check_tally

TestVerdict = Literal[
    "not-rejected",
    "rejected",
    "undecided",
    "nothing-to-test",
    "impossible-seen",
    "tolerance-equivalent",
    "tolerance-different",
    "tolerance-cannot-tell",
]
TestRemark = Literal[
    TallyRemark,
    PRemark,
    OrderVerdict,
    OrderRemark,
    "order-invalidates",
    "normalised",
    "impossible-dropped",
    "float-null",
    "categories-depart",
    "power-for-planning",
]
_TOLERANCES: dict[str, TestVerdict] = {
    "equivalent": "tolerance-equivalent",
    "different": "tolerance-different",
    "cannot-tell": "tolerance-cannot-tell",
}
_VERDICTS: dict[str, TestVerdict] = {
    "rejected": "rejected",
    "not-rejected": "not-rejected",
    "cannot-tell": "undecided",
}
TARGET_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Planning:
    """The power if the estimate were the truth. It is for planning another experiment and is no evidence.

    Attributes
    ----------
    power : of this test at this n.
    power_method : ``exact`` or ``noncentral-chi-square``.
    n_observations : how many would give a power of about 80 %, always by the noncentral chi-square; None if estimate
        and null are the same.
    """

    power: float
    power_method: str
    n_observations: int | None


@dataclass(frozen=True, eq=False)
class TestResult(Tested):
    """A tally compared with a null.

    Attributes
    ----------
    tally : what was observed.
    null : the probabilities that it is compared with.
    statistic : the test statistic; an outcome with a larger one is farther from the null.
    deviance : 2 sum t log(t / e).
    pearson : sum (t - e)^2 / e.
    degrees_of_freedom : the number of categories that the null calls possible, minus 1.
    p : PValue under the null.
    significance : the significance level of the verdict.
    kl_divergence : KL(t/n || null), nats.
    effect_size : Cohen's w = sqrt(pearson / n).
    log_bayes_factor : log of P(sequence | uniform prior over all probabilities) / P(sequence | null), nats; above 0
        it is evidence against the null.
    residuals : Residuals, which categories depart from the null.
    planning : Planning, or None if n is 0, the null is refuted for certain, or it calls only one category possible.
    tolerance : Tolerance, or None if no tolerance was asked for.
    impossible : names of categories that were seen although their null probability is 0; if there are any, the null
        is refuted for certain.
    dropped : names of categories that were not seen and have null probability 0; they are left out.
    order : what the order of the outcomes showed, or None if it was not given.
    """

    __test__ = False  # tells pytest that this is no test case, in spite of its name

    tally: Tally
    null: Probabilities
    statistic: Statistic
    deviance: float
    pearson: float
    degrees_of_freedom: int
    p: PValue
    significance: float
    kl_divergence: float
    effect_size: float
    log_bayes_factor: float
    residuals: Residuals
    planning: Planning | None
    tolerance: Tolerance | None
    impossible: tuple[str, ...]
    dropped: tuple[str, ...]
    order: ExchangeabilityResult | None = None

    @property
    def decision(self) -> str:
        """``rejected``, ``not-rejected``, or ``cannot-tell`` if n is 0 or the p-value is not known well enough.

        With a tolerance it is that one's verdict instead: ``equivalent``, ``different`` or ``cannot-tell``.
        """
        if self.tally.n_observations == 0:
            return "cannot-tell"
        if self.tolerance is not None and not self.impossible:
            return self.tolerance.verdict
        return self.p.decision(self.significance)

    def to_dict(self) -> dict[str, Any]:
        """The result for JSON: tally, null, statistics, p-value, residuals; ``planning`` and ``tolerance`` if known."""
        found = {
            **self.tally.counts_dict(),
            "shares": self.tally.shares_list(),
            "expected": self.expected.tolist(),
            "null_probabilities": self.null.values.tolist(),
            "null_probabilities_exact": None if self.null.exact is None else [str(p) for p in self.null.exact],
            **self.test_dict(),
            "kl_divergence": self.kl_divergence,
            "effect_size": self.effect_size,
            "bayes_factor": math.exp(self.log_bayes_factor) if self.log_bayes_factor < 709 else math.inf,
            "log_bayes_factor": self.log_bayes_factor,
            "residuals": self.residuals.to_dict(),
            "power_at_estimate": None,
            "impossible": list(self.impossible),
            "dropped": list(self.dropped),
            "order": None if self.order is None else self.order.to_dict(),
        }
        if self.planning is not None:
            found["power_at_estimate"] = self.planning.power
            found["planning"] = {
                "power_method": self.planning.power_method,
                "target_power": TARGET_POWER,
                "n_observations": self.planning.n_observations,
                "n_observations_method": "noncentral-chi-square",
            }
        if self.tolerance is not None:
            found["tolerance"] = self.tolerance.to_dict()
        return found

    @property
    def verdict(self) -> TestVerdict:
        """The code of the answer: of the tolerance where one was given, else of the test."""
        if self.tally.n_observations == 0:
            return "nothing-to-test"
        if self.impossible:
            return "impossible-seen"
        if self.tolerance is not None:
            return _TOLERANCES[self.tolerance.verdict]
        return _VERDICTS[self.decision]

    @property
    def expected(self) -> np.ndarray:
        """(K,) n p_k: how often each category would come up on average under the null."""
        return np.asarray(self.null.values * float(self.tally.n_observations))

    @property
    def departing(self) -> tuple[str, ...]:
        """Categories that depart from the null after Holm's correction, the strongest first."""
        return self.residuals.flagged(self.tally.categories.names)

    @property
    def is_fair(self) -> bool:
        """Whether the null gives every category the same probability."""
        values = self.null.values
        return bool(values.size and (values == values[0]).all())

    @property
    def remarks(self) -> tuple[TestRemark, ...]:
        """The codes of how the p-value is known, what was left out, which categories depart, what the order showed."""
        found: list[TestRemark] = [*self.tally.remarks]
        if self.null.normalised:
            found.append("normalised")
        if self.dropped:
            found.append("impossible-dropped")
        if self.order is not None:
            found += [self.order.verdict, *(one for one in self.order.remarks if one not in found)]
            if self.order.departing:
                found.append("order-invalidates")
        if self.tally.n_observations == 0 or self.impossible:
            return tuple(found)
        found.append(self.p.remark)
        if self.null.exact is None and self.p.method == "exact":
            found.append("float-null")
        if self.departing:
            found.append("categories-depart")
        if self.planning is not None:
            found.append("power-for-planning")
        return tuple(found)


def goodness_of_fit(
    tally: Tally,
    null: Any = "fair",
    *,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | None = None,
    significance: float = 0.05,
    tolerance: float | None = None,
    normalise: bool = False,
    order: ExchangeabilityResult | None = None,
) -> Any:
    r"""Test whether the probabilities behind a tally are those of `null`, exactly.

    p = P(T(x) >= T(t)) over all outcomes x of n observations under the null, ties included. The test statistic T is
    the deviance 2 sum_k x_k log(x_k / (n p_k)) (``likelihood-ratio``), Pearson's sum_k (x_k - n p_k)^2 / (n p_k)
    (``pearson``), or minus the probability of x (``probability``).

    Parameters
    ----------
    tally : Tally; with groups, each group is tested and the p-values are adjusted (``GroupTests``).
    null : ``"fair"``, a list, text (``"9/16,3/16,3/16,1/16"``, ``"625:125:25"``, ``"SSR=3%,R=97%"``) or a mapping.
        If it is given exactly, ties are decided exactly; if as floats, outcomes within 1e-9 of a tie count as tied.
    ordering : the test statistic T: its name, or a ``Statistic``.
    method : Auto() (exact within a few seconds, else Monte Carlo or chi-square; the result says which), Exact(...),
        MonteCarlo(draws, seed) or Asymptotic().
    significance : the significance level of the verdict, in (0, 1).
    tolerance : a margin. The verdict then answers whether every probability of a single tally is within this margin
        of the null's.
    normalise : divide the null by its sum; the result says so.
    order : ``exchangeability(outcomes)`` of the same outcomes. The result reports it, because the p-value supposes
        that outcomes are independent.

    Returns
    -------
    TestResult : p with a proven bracket, effect size, Bayes factor, residuals, power at the estimate, a verdict.

    Raises
    ------
    InvalidInput : a null over other categories or not summing to 1, "fair" over discovered categories, a number out
        of range, a budget that cannot be met.

    Source: docs/theory/exact_tests.md; Cressie and Read, JRSS B 46 (1984).

    >>> die = goodness_of_fit(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> round(die.p_value, 6), die.method, die.decision
    (0.652455, 'exact', 'not-rejected')
    """
    check_tally(tally)
    statistic = statistic_of(ordering)
    significance = check_between("significance", significance, "0.05")
    method = method or Auto()
    check_method(method)
    known = null_of(tally, null, normalise)
    if not tally.categories.declared:
        tally = tally.reordered(known.categories)
    if tolerance is not None:
        tolerance = check_between("tolerance", tolerance, "0.01")
    if tally.is_grouped:
        if tolerance is not None or order is not None:
            check_single(tally)
        from mottomo.inference.group_tests import group_tests

        return group_tests(tally, known, statistic, method, significance)
    if order is not None:
        _check_order(order, tally)
    return _tested(tally, known, statistic, method, significance, tolerance, order)


def _tested(
    tally: Tally,
    null: Probabilities,
    statistic: Statistic,
    method: Method,
    significance: float,
    tolerance: float | None,
    order: ExchangeabilityResult | None,
) -> TestResult:
    counts, n = tally.counts.tolist(), tally.n_observations
    exact, is_exact = exact_probabilities(null)
    possible = [index for index, p in enumerate(exact) if p > 0]
    names = tally.categories.names
    impossible = tuple(names[index] for index, p in enumerate(exact) if p == 0 and counts[index] > 0)
    dropped = tuple(names[index] for index, p in enumerate(exact) if p == 0 and counts[index] == 0)
    seen, shares = [counts[index] for index in possible], [exact[index] for index in possible]
    p_value = (
        PValue.certain(0.0, "impossible-outcome")
        if impossible
        else p_value_of(seen, shares, is_exact, statistic, method)
    )
    claimed = null.values if null.exact is None else list(null.exact)
    pearson = float(pearson_statistic(tally, claimed))
    return TestResult(
        tally,
        null,
        statistic,
        float(deviance(tally, claimed)),
        pearson,
        len(possible) - 1,
        p_value,
        significance,
        _kl(tally, null),
        math.sqrt(pearson / n) if n else math.nan,
        _log_bayes_factor(counts, exact),
        residuals_of(counts, exact, n, significance),
        _planning(tally, null, significance, statistic) if n and not impossible and len(possible) > 1 else None,
        None if tolerance is None else tolerance_of(tally, null, tolerance, significance),
        impossible,
        dropped,
        order,
    )


def _check_order(order: Any, tally: Tally) -> None:
    """Refuse an order whose outcomes do not have the counts of this tally."""
    seen = order.tally if isinstance(order, ExchangeabilityResult) else None
    if seen is None or _seen(seen) != _seen(tally):
        raise InvalidInput(
            "order-of-others",
            say("the order is not that of these outcomes"),
            say("order"),
            say("exchangeability(outcomes) of the outcomes that were tallied"),
            verbatim(type(order).__name__) if seen is None else say("other counts"),
        )


def _seen(tally: Tally) -> dict[str, int]:
    return {name: count for name, count in zip(tally.categories, tally.counts.tolist(), strict=True) if count}


def _kl(tally: Tally, null: Probabilities) -> float:
    if tally.n_observations == 0:
        return math.nan
    shares = [Fraction(count, tally.n_observations) for count in tally.counts.tolist()]
    return float(kl_divergence(shares, null.values if null.exact is None else list(null.exact)))


def _log_bayes_factor(counts: list[int], null: tuple[Fraction, ...]) -> float:
    """-log C(n + K - 1, n) - log P(table | null): under the uniform prior all tables of n are equally probable."""
    if any(p == 0 and count for count, p in zip(counts, null, strict=True)):
        return math.inf
    n = sum(counts)
    if n == 0:
        return 0.0
    log_table = math.fsum(
        float(log_poisson(whole_array([count]), n * p)[0]) for count, p in zip(counts, null, strict=True) if p
    ) - float(log_poisson(whole_array([n]), Fraction(n))[0])
    return -float(log_multinomial_coefficient([n, len(counts) - 1])) - log_table


def _planning(tally: Tally, null: Probabilities, significance: float, statistic: Statistic) -> Planning:
    n = tally.n_observations
    shares = Probabilities.of([Fraction(count, n) for count in tally.counts.tolist()], null.categories)
    needed = approximate_sample_size(null, shares, TARGET_POWER, significance)
    try:
        _, found = exact_power(null, shares, n, significance, statistic, QUICK_BUDGET)
        return Planning(found, "exact", needed)
    except BudgetExceeded:
        return Planning(approximate_power(null, shares, n, significance), "noncentral-chi-square", needed)
