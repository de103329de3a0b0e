"""``mottomo plan``: how many observations are enough, or what a number of them can show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, tally_of_data, usage_error
from mottomo.cli.options import (
    BUDGET,
    ORDERING,
    OUTPUT_OPTIONS,
    SIGNIFICANCE,
    SOURCE_OPTIONS,
    method_of,
    source_settings,
)
from mottomo.cli.output import show
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim


@make_command(
    "plan",
    say(
        "Plan how many observations a test or an interval needs.\n\n"
        "With DATA the alternative is its estimate: how many more throws would settle it? Else say what is worth "
        "finding: --alternative, --bias or --effect; or how narrow intervals have to be: --half-width."
    ),
    (
        click.argument("data", nargs=-1, metavar="[DATA...]"),
        option(
            "--alternative", metavar="ODDS", help=say("The odds that have to be noticed, written as those of --null.")
        ),
        option(
            "--bias",
            type=float,
            metavar="SIZE",
            help=say("The smallest departure of any one probability worth finding, such as 0.02."),
        ),
        option("--effect", type=float, metavar="W", help=say("Cohen's effect size w instead of an alternative.")),
        option(
            "--half-width",
            type=float,
            metavar="SIZE",
            help=say("How narrow the simultaneous intervals have to be: ± this much."),
        ),
        option("-n", "--observations", "n", type=int, metavar="N", help=say("Ask for the power of N observations.")),
        option("--power", type=float, metavar="POWER", help=say("The power to reach (default: 0.8).")),
        SIGNIFICANCE,
        option(
            "--level", type=float, metavar="LEVEL", help=say("With --half-width: the confidence level (default: 0.95).")
        ),
        ORDERING,
        option(
            "--method",
            type=click.Choice(["auto", "exact", "asymptotic"]),
            default="auto",
            help=say("Exact for few observations and chi-square for many (auto), or one of the two."),
        ),
        BUDGET,
        *SOURCE_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(
    data: tuple[str, ...],
    alternative: str | None,
    bias: float | None,
    effect: float | None,
    half_width: float | None,
    n: int | None,
    power: float | None,
    significance: float,
    level: float | None,
    ordering: Any,
    method: str,
    budget: float | None,
    **settings: Any,
) -> None:
    from mottomo.categories import Categories
    from mottomo.inference.planning import power as power_of
    from mottomo.inference.planning import sample_size
    from mottomo.workflows import probabilities_of

    _refuse_csv(effect, half_width, settings)
    source = Source(**source_settings(settings))
    declared = None if source.categories is None else Categories.of(source.categories)
    tally, given = tally_of_data(data, source) if data else (None, {"source": "plan"})
    goals = [name for name, value in _named(alternative, bias, effect, half_width).items() if value is not None]
    if tally is not None and (goals or tally.is_grouped):
        raise usage_error(
            say("DATA is one tally, whose estimate is the alternative: leave out {names}", names=goals or "/")
        )
    if level is not None and half_width is None:
        raise usage_error(say("--level goes with --half-width; a test has --significance"))
    if power is not None and (n is not None or half_width is not None):
        raise usage_error(say("--power is what DATA, --alternative, --bias and --effect plan for, without -n"))
    idle = [name for name, value in source.of_data().items() if value]
    if tally is None and idle:
        raise usage_error(say("{names} has no meaning without DATA", names=idle))
    if n is not None and (bias is not None or effect is not None or half_width is not None):
        raise usage_error(say("-n goes with DATA or --alternative"))
    if tally is not None:
        if tally.n_observations == 0:
            raise InvalidInput(
                "nothing-to-plan-from",
                say("there are no observations to estimate an alternative from"),
                say("command line"),
                say("at least one observation, or --alternative, --bias, --effect, --half-width"),
                verbatim("n = 0"),
            )
        null = source.null_over(tally.categories)
        truth: Any = _estimated(tally)
    else:
        null = None if source.null is None else source.null_over(declared)
        truth = (
            None
            if alternative is None
            else probabilities_of(alternative, declared if null is None else null.categories)
        )
        if null is None and (alternative is not None or bias is not None):
            null = source.null_over(declared if declared is not None else truth and truth.categories)
    way = method_of(method, budget)
    if n is not None:
        if truth is None:
            raise usage_error(say("-n goes with DATA or --alternative"))
        plan = power_of(null, truth, n, significance=significance, ordering=ordering, method=way)
    else:
        plan = sample_size(
            null,
            truth,
            power=0.8 if power is None else power,
            significance=significance,
            ordering=ordering,
            method=way,
            effect=effect,
            bias=bias,
            half_width=half_width,
            level=0.95 if level is None else level,
            categories=declared,
        )
    show(plan if tally is None else replace(plan, tally=tally), settings, given)


def _named(
    alternative: str | None, bias: float | None, effect: float | None, half_width: float | None
) -> dict[str, Any]:
    return {"--alternative": alternative, "--bias": bias, "--effect": effect, "--half-width": half_width}


def _estimated(tally: Any) -> Any:
    from mottomo.inference.estimation import estimate
    from mottomo.probabilities import Probabilities

    return Probabilities.of(list(estimate(tally).probabilities_exact), tally.categories)


def _refuse_csv(effect: float | None, half_width: float | None, settings: dict[str, Any]) -> None:
    if settings["output_format"] == "csv" and (effect, half_width) != (None, None):
        raise usage_error(say("a plan by --effect or --half-width is one number and no table, so it has no CSV form"))
