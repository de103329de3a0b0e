"""``mo.plan``: how many observations are enough, or what a number of them can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from mottomo.categories import Categories
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.inference import planning
from mottomo.inference.estimation import estimate
from mottomo.inference.methods import Method, method_of
from mottomo.inference.planning import Plan
from mottomo.inference.statistics import Statistic
from mottomo.messages import say, verbatim
from mottomo.probabilities import Probabilities
from mottomo.sources.probability_file import claim_of
from mottomo.tallies import Tally
from mottomo.workflows.counts import counted
from mottomo.workflows.options import DataOptions, checked
from mottomo.workflows.provenance import with_options
from mottomo.workflows.tally_plan import TallyPlan

_OF_A_CLAIM = ("categories", "null", "normalise")  # the options that mean something without data


@checked
def plan(
    data: Any = None,
    *,
    alternative: Any = None,
    bias: float | None = None,
    effect: float | None = None,
    half_width: float | None = None,
    n: int | None = None,
    power: float | None = None,
    significance: float = 0.05,
    level: float | None = None,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | str = "auto",
    budget: float | None = None,
    **options: Unpack[DataOptions],
) -> Plan:
    """Plan how many observations a test or an interval needs: ``mottomo plan``.

    Parameters
    ----------
    data : counts, outcomes or a Tally, whose estimate is the alternative; or None.
    alternative, bias, effect, half_width : what is worth finding instead: odds, a departure of one probability, Cohen's
        w; or how narrow the simultaneous intervals have to be.
    n : asks for the power of so many observations.
    power : to reach, 0.8 unless said.
    significance, ordering, method, budget : of the test.
    level : of the intervals, 0.95 unless said.
    options : as those of ``mo.tally``; `null` is the claim.

    Returns
    -------
    Plan : the number of observations, or the power.

    >>> plan([2, 5, 2, 4, 2, 5]).n_observations
    76
    >>> plan(null="fair", categories=range(1, 7), half_width=0.02).n_observations
    2468
    """
    how = TallyPlan.of(options)
    tally = None if data is None else counted(data, how).tally
    goals = {"--alternative": alternative, "--bias": bias, "--effect": effect, "--half-width": half_width}
    named = [name for name, value in goals.items() if value is not None]
    _check_call(tally, named, options, n=n, power=power, level=level)
    chosen = method_of(method, budget)
    odds, odds_file = (None, None) if alternative is None else claim_of(alternative, "alternative")
    null, truth = _claim_and_truth(tally, how, odds, needs_null=bias is not None)
    if n is not None:
        if truth is None:
            raise InvalidCall("plan-n", say("-n goes with DATA or --alternative"))
        found = planning.power(null, truth, n, significance=significance, ordering=ordering, method=chosen)
    else:
        found = planning.sample_size(
            null,
            truth,
            power=0.8 if power is None else power,
            significance=significance,
            ordering=ordering,
            method=chosen,
            effect=effect,
            bias=bias,
            half_width=half_width,
            level=0.95 if level is None else level,
            categories=None if how.categories is None else Categories.of(how.categories),
        )
    if tally is None:
        found = found.with_provenance(how.provenance(*filter(None, [odds_file])))
    else:
        found = replace(found, tally=tally)
    return with_options(
        found,
        plan,
        alternative=alternative,
        bias=bias,
        effect=effect,
        half_width=half_width,
        n=n,
        power=power,
        significance=significance,
        level=level,
        ordering=ordering,
        method=method,
        budget=budget,
    )


def _check_call(
    tally: Tally | None,
    goals: list[str],
    options: DataOptions,
    *,
    n: int | None,
    power: float | None,
    level: float | None,
) -> None:
    """Refuse goals and settings that do not go together."""
    if tally is not None and (goals or tally.is_grouped):
        raise InvalidCall(
            "plan-goals",
            say("DATA is one tally, whose estimate is the alternative: leave out {names}", names=goals or "/"),
        )
    if level is not None and "--half-width" not in goals:
        raise InvalidCall("plan-level", say("--level goes with --half-width; a test has --significance"))
    if power is not None and (n is not None or "--half-width" in goals):
        raise InvalidCall(
            "plan-power", say("--power is what DATA, --alternative, --bias and --effect plan for, without -n")
        )
    idle = [f"--{name.replace('_', '-')}" for name, value in options.items() if value and name not in _OF_A_CLAIM]
    if tally is None and idle:
        raise InvalidCall("plan-idle", say("{names} has no meaning without DATA", names=idle))
    if n is not None and set(goals) - {"--alternative"}:
        raise InvalidCall("plan-n", say("-n goes with DATA or --alternative"))
    if tally is not None and tally.n_observations == 0:
        raise InvalidInput(
            "nothing-to-plan-from",
            say("there are no observations to estimate an alternative from"),
            say("command line"),
            say("at least one observation, or --alternative, --bias, --effect, --half-width"),
            verbatim("n = 0"),
        )


def _claim_and_truth(
    tally: Tally | None, how: TallyPlan, odds: Any, *, needs_null: bool
) -> tuple[Probabilities | None, Probabilities | None]:
    """What the test supposes, and what the plan supposes to be true."""
    if tally is not None:
        shares = list(estimate(tally).probabilities_exact)
        return how.null_over(tally.categories), Probabilities.of(shares, tally.categories)
    declared = None if how.categories is None else Categories.of(how.categories)
    null = None if how.null is None or how.is_fair else how.null_over(declared)
    truth = None
    if odds is not None:
        truth = Probabilities.of(odds, declared if null is None else null.categories)
    if null is None and (odds is not None or needs_null or how.null is not None):
        null = how.null_over(declared if declared is not None else truth and truth.categories)
    return null, truth
