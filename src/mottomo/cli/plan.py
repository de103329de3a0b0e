"""``mottomo plan``: how many observations are enough, or what a number of them can show."""

from __future__ import annotations

from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import data_options, outcomes_of
from mottomo.cli.options import (
    BUDGET,
    ORDERING,
    OUTPUT_OPTIONS,
    SIGNIFICANCE,
    SOURCE_OPTIONS,
)
from mottomo.cli.output import show
from mottomo.cli.usage import usage_error
from mottomo.messages import say


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
def command(data: tuple[str, ...], **settings: Any) -> None:
    from mottomo.workflows.options import own_options
    from mottomo.workflows.planning import plan

    goals = {name: settings[name] for name in own_options(plan)}
    if settings["output_format"] == "csv" and (goals["effect"], goals["half_width"]) != (None, None):
        raise usage_error(say("a plan by --effect or --half-width is one number and no table, so it has no CSV form"))
    if data:
        with outcomes_of(data, settings) as (outcomes, options):
            found = plan(outcomes, **goals, **options)
    else:
        found = plan(**goals, **data_options(settings))
    show(found, settings)
