"""What a test of one tally says: observed beside expected, the statistics, and what the p-value means."""

from __future__ import annotations

import math
from collections.abc import Callable

from mottomo.inference.exchangeability import ExchangeabilityResult
from mottomo.inference.goodness_of_fit import TARGET_POWER, TestRemark, TestResult, TestVerdict
from mottomo.inference.statistics import TIE_BAND
from mottomo.messages import Message, say
from mottomo.report.numbers import full, percent, power_of_ten, rounded, whole
from mottomo.report.report import Block, Body, Column, Formula, Paragraph, Table, p_cells
from mottomo.report.results import Words, about, exchangeability, tallies, worded
from mottomo.report.results.simulation import NORMALISED
from mottomo.report.sentences import (
    P_REMARKS,
    chi_square_texts,
    observations,
    p_formula,
    p_words,
    percent_about,
    some,
)


def _body(result: TestResult) -> Body:
    tally, residuals = result.tally, result.residuals
    adjusted = p_cells(residuals.adjusted, residuals.log10_adjusted)
    table = Table.of(
        tally.n_categories,
        *tallies.names(tally),
        (tallies.COUNT, tally.counts),
        (Column("expected", say("expected"), digits=6), result.expected),
        (Column("share", say("share t/n"), "share"), tally.shares),
        (Column("null_probability", say("claimed"), "probability"), result.null.values),
        (Column("residual", say("residual"), digits=3), residuals.standardized),
        (
            Column("p_value", say("p"), "p_value", is_shown=False),
            p_cells(residuals.p_values, residuals.log10_p_values),
        ),
        (Column("adjusted_p_value", say("adj. p"), "p_value"), adjusted),
    )
    return Body(say("Goodness of fit"), (table, *_statistics(result)), table)


def _statistics(result: TestResult) -> list[Block]:
    if result.tally.n_observations == 0:
        return []
    g, x2 = rounded(result.deviance, 6), rounded(result.pearson, 6)
    latex, text = p_formula(result.p)
    return [
        Formula(
            rf"G = 2 [\log L(t/n) - \log L(y^0)] = {full(result.deviance)}, X^2 = {x2}, {latex}",
            f"G = {g}   X^2 = {x2}   {text}",
        ),
        Paragraph(
            say(
                "By chi-square (degrees of freedom: {df}) p would be {deviance} (G) or {pearson} (X^2).",
                df=result.degrees_of_freedom,
                **chi_square_texts(result.asymptotic_p_value, result.log10_asymptotic_p_value),
            )
        ),
        Paragraph(
            say(
                "Effect size w = {w}; KL(t/n, claim) = {kl} nats; Bayes factor against the claim (uniform prior) "
                "{factor}.",
                w=rounded(result.effect_size),
                kl=rounded(result.kl_divergence),
                factor=_factor(result.log_bayes_factor),
            )
        ),
    ]


def _factor(log: float) -> str:
    if abs(log) < 600:
        return f"{math.exp(log):.3g}"
    return "∞" if log == math.inf else power_of_ten(log / math.log(10), 1)


def _claim(result: TestResult) -> Message:
    return say("“fair”") if result.is_fair else say("the claimed probabilities")


def _not_rejected(result: TestResult) -> Message:
    found = say("No evidence against {claim}: {p}.", claim=_claim(result), p=p_words(result.p))
    planning, n = result.planning, result.tally.n_observations
    if planning is None:
        return found
    if planning.n_observations is None:
        return say("{found} The relative frequencies are exactly those claimed.", found=found)
    if planning.n_observations <= n:
        return say(
            "{found} If the true odds were these estimates, {observations} would notice it {power} of the time.",
            found=found,
            observations=observations(n),
            power=percent_about(planning.power),
        )
    return say(
        "{found} If the true odds were these estimates, {observations} would notice it {power} of the time; about "
        "{needed} would, {target}.",
        found=found,
        observations=observations(n),
        power=percent_about(planning.power),
        needed=whole(planning.n_observations),
        target=percent(TARGET_POWER),
    )


def _rejected(result: TestResult) -> Message:
    found = say("Evidence against {claim}: {p}.", claim=_claim(result), p=p_words(result.p))
    if not result.departing:
        return say("{found} No single category stands out.", found=found)
    return say("{found} Departing: {names}.", found=found, names=some(result.departing))


def _undecided(result: TestResult) -> Message:
    return say(
        "Cannot tell about {claim}: {p}, too near {significance} for how well it is known.",
        claim=_claim(result),
        p=p_words(result.p),
        significance=rounded(result.significance),
    )


def _and_order(say_it: Callable[[TestResult], Message]) -> Callable[[TestResult], Message]:
    """The verdict, and a warning where the order of the outcomes says that they are not independent."""

    def both(result: TestResult) -> Message:
        found = say_it(result)
        if result.order is None or not result.order.departing:
            return found
        return say("{found} But the outcomes do not come in an order like that of independent ones.", found=found)

    return both


def _margin(result: TestResult) -> dict[str, str | Message]:
    assert result.tolerance is not None
    return {
        "claim": _claim(result),
        "margin": rounded(result.tolerance.margin),
        "level": percent(result.tolerance.intervals.level),
    }


def _equivalent(result: TestResult) -> Message:
    return say(
        "Equivalent to {claim} within {margin}: all simultaneous {level} intervals lie inside the margin.",
        **_margin(result),
    )


def _different(result: TestResult) -> Message:
    return say(
        "Different from {claim} by more than {margin}: some simultaneous {level} interval lies outside the margin.",
        **_margin(result),
    )


def _cannot_tell(result: TestResult) -> Message:
    return say(
        "Cannot tell whether {claim} holds within {margin}: some simultaneous {level} interval lies on both sides of "
        "the margin.",
        **_margin(result),
    )


def _order(result: TestResult) -> ExchangeabilityResult:
    assert result.order is not None
    return result.order


def _categories_depart(result: TestResult) -> Message:
    names, flagged = result.tally.categories.names, result.residuals.flagged
    more, fewer = flagged(names, 1), flagged(names, -1)
    significance = rounded(result.significance)
    if not fewer:
        return say(
            "Category by category (exact binomial tests, Holm's correction at {significance}): more often than claimed "
            "{more}; none less often.",
            more=some(more),
            significance=significance,
        )
    if not more:
        return say(
            "Category by category (exact binomial tests, Holm's correction at {significance}): less often than claimed "
            "{fewer}; none more often.",
            fewer=some(fewer),
            significance=significance,
        )
    return say(
        "Category by category (exact binomial tests, Holm's correction at {significance}): more often than claimed "
        "{more}; less often {fewer}.",
        more=some(more),
        fewer=some(fewer),
        significance=significance,
    )


def _power_for_planning(result: TestResult) -> Message:
    assert result.planning is not None
    is_exact = result.planning.power_method == "exact"
    return say(
        "The power at one's own estimate ({exactness}) and the number for {target} (approximate) are for planning the "
        "next experiment; they are no evidence about this one.",
        exactness=say("exact") if is_exact else say("approximate"),
        target=percent(TARGET_POWER),
    )


def float_null() -> Message:
    """What is said where the claimed probabilities are floats."""
    return say(
        "The claimed probabilities are floats: outcomes within {band} of a tie count as tied, so p can only be larger. "
        "Give them as text or fractions for exact ties.",
        band=rounded(TIE_BAND),
    )


WORDS = Words[TestResult](
    "test",
    _body,
    worded(
        TestVerdict,
        {
            "not-rejected": _and_order(_not_rejected),
            "rejected": _and_order(_rejected),
            "undecided": _and_order(_undecided),
            "nothing-to-test": lambda result: say("No observations: nothing can be said about the claim."),
            "impossible-seen": lambda result: say(
                "The claim is refuted for certain: {names} happened, and has probability 0 under it.",
                names=some(result.impossible),
            ),
            "tolerance-equivalent": _and_order(_equivalent),
            "tolerance-different": _and_order(_different),
            "tolerance-cannot-tell": _and_order(_cannot_tell),
        },
    ),
    worded(
        TestRemark,
        {
            **about(_order, {**exchangeability.REMARKS, **exchangeability.VERDICTS}),
            **about(lambda result: result.tally, tallies.REMARKS),
            **P_REMARKS,
            "order-invalidates": lambda result: say(
                "The test supposes independent outcomes. If these came in the order in which they happened, its "
                "p-value and the intervals cannot be trusted."
            ),
            "normalised": lambda result: NORMALISED,
            "impossible-dropped": lambda result: say(
                "Claimed impossible and never seen, so left out of the test: {names}.", names=some(result.dropped)
            ),
            "float-null": lambda result: float_null(),
            "categories-depart": _categories_depart,
            "power-for-planning": _power_for_planning,
        },
    ),
)
