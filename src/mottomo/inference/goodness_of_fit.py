"""Is it as claimed? The exact test of a tally against a null, with what else is needed to act on the answer."""

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
from mottomo.inference.tolerance import Tolerance, tolerance_of
from mottomo.likelihoods import deviance, kl_divergence, log_multinomial_coefficient, pearson_statistic
from mottomo.messages import say, verbatim
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.numerics.poisson import log_poisson
from mottomo.probabilities import Probabilities
from mottomo.results import ResultWithRows
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
    """What n observations could have shown if the estimate were the truth: for planning, no evidence.

    power : of this test at this n. n_observations : from which the power is 80 %, about; None where estimate and null
    are the same. power_method : ``exact`` or ``noncentral-chi-square``; n_observations is always of the latter.
    """

    power: float
    power_method: str
    n_observations: int | None


@dataclass(frozen=True, eq=False)
class TestResult(ResultWithRows):
    """A tally compared with a null.

    Attributes
    ----------
    tally, null : what was compared. statistic : by which outcomes count as farther from the null.
    deviance, pearson : 2 sum t log(t/e) and sum (t - e)^2 / e. degrees_of_freedom : possible categories - 1.
    p : PValue under the null. asymptotic_p_value : of both statistics, by chi-square.
    significance : the level at which the verdict speaks. kl_divergence : KL(t/n || null), nats.
    effect_size : Cohen's w = sqrt(pearson / n). log_bayes_factor : log of P(sequence | uniform prior over all
    probabilities) / P(sequence | null): evidence against the null, above 0 (nats).
    residuals : which categories depart. planning : Planning or None. tolerance : Tolerance or None.
    impossible : names of categories of null probability 0 that were seen: the null is then refuted for certain.
    dropped : names of those that were not seen: they are left out. order : what the order of the outcomes showed, if
    that was given.
    """

    __test__ = False  # no test case, whatever a test runner makes of the name

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
    def ordering(self) -> str:
        """The name of the test statistic."""
        return self.statistic.name

    @property
    def p_value(self) -> float:
        return self.p.value

    @property
    def method(self) -> str:
        return self.p.method

    @property
    def asymptotic_p_value(self) -> dict[str, float]:
        return {
            name: float(chi_square_tail(value, self.degrees_of_freedom))
            for name, value in (("deviance", self.deviance), ("pearson", self.pearson))
        }

    @property
    def decision(self) -> str:
        """``rejected``, ``not-rejected``, or ``cannot-tell`` where the p-value is not known well enough or n is 0.

        With a tolerance its verdict: ``equivalent``, ``different`` or ``cannot-tell``.
        """
        if self.tally.n_observations == 0:
            return "cannot-tell"
        if self.tolerance is not None and not self.impossible:
            return self.tolerance.verdict
        return self.p.decision(self.significance)

    @property
    def log10_asymptotic_p_value(self) -> dict[str, float]:
        """Their log10, also where they are too small for floats."""
        return {
            name: log10_chi_square_tail(value, self.degrees_of_freedom)
            for name, value in (("deviance", self.deviance), ("pearson", self.pearson))
        }

    def to_dict(self) -> dict[str, Any]:
        found = {
            **self.tally.to_dict(),
            "expected": self.expected.tolist(),
            "null_probabilities": self.null.values.tolist(),
            "null_probabilities_exact": None if self.null.exact is None else [str(p) for p in self.null.exact],
            "deviance": self.deviance,
            "pearson": self.pearson,
            "degrees_of_freedom": self.degrees_of_freedom,
            **self.p.to_dict(),
            "ordering": self.ordering,
            "asymptotic_p_value": self.asymptotic_p_value,
            "log10_asymptotic_p_value": self.log10_asymptotic_p_value,
            "significance": self.significance,
            "decision": self.decision,
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

    p = P(T(x) >= T(t)) over all outcomes x of n observations under the null, ties included, with T the deviance
    2 sum_k x_k log(x_k / (n p_k)) (``likelihood-ratio``), Pearson's sum_k (x_k - n p_k)^2 / (n p_k), or minus the
    probability of x.

    Parameters
    ----------
    tally : Tally; with groups, each group is tested and the p-values are adjusted (``GroupTests``).
    null : ``"fair"``, a list, text (``"9/16,3/16,3/16,1/16"``, ``"625:125:25"``, ``"SSR=3%,R=97%"``) or a mapping.
        Exact where it is given exactly; floats count what is within 1e-9 of a tie as tied.
    ordering : the test statistic, by which outcomes are at least as far from the null: its name, or a ``Statistic``.
    method : Auto() (exact within a few seconds, else Monte Carlo or chi-square; the result says which), Exact(...),
        MonteCarlo(draws, seed) or Asymptotic().
    significance : the level at which the verdict speaks, in (0, 1).
    tolerance : a margin, for the question whether all probabilities of a single tally are within it of the null's.
    normalise : divide the null by its sum, and say so.
    order : ``exchangeability(outcomes)`` of the same outcomes, to be told beside the verdict: the p-value supposes
        that they are independent.

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
    """Refuse an order of other outcomes than those tallied."""
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
    """Every table of n observations is equally probable under the uniform prior: -log C(n+K-1, n) - log P(table)."""
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
