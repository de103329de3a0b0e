"""``mottomo compare``: do tallies come from the same probabilities? Are two columns independent?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, is_counts, tally_of_data, usage_error
from mottomo.cli.options import (
    BUDGET,
    CHECK,
    DATA,
    DRAWS,
    ORDERING,
    OUTPUT_OPTIONS,
    SEED,
    SIGNIFICANCE,
    SOURCE_OPTIONS,
    method_of,
    source_settings,
)
from mottomo.cli.output import exit_for, show
from mottomo.messages import say


@make_command(
    "compare",
    say(
        "Compare tallies: do they come from the same probabilities?\n\n"
        "DATA is counts separated by / (2 5 2 4 2 5 / 8 2 3 1 4 2), two files or more, or one table with --by. With "
        "--with, whether the outcomes of --column and of that column are independent."
    ),
    (
        DATA,
        option("--with", "other", metavar="NAME", help=say("The second column, for a test of independence.")),
        ORDERING,
        option(
            "--method",
            type=click.Choice(["auto", "exact", "monte-carlo", "asymptotic"]),
            default="auto",
            help=say("How p is computed; auto is exact within a few seconds, and says what it did."),
        ),
        SIGNIFICANCE,
        BUDGET,
        DRAWS,
        SEED,
        CHECK,
        *SOURCE_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(
    data: tuple[str, ...],
    other: str | None,
    ordering: Any,
    method: str,
    significance: float,
    budget: float,
    draws: int,
    seed: int,
    check: bool,
    **settings: Any,
) -> None:
    from mottomo.inference.homogeneity import homogeneity, independence

    source = Source(**source_settings(settings))
    if source.null is not None:
        raise usage_error(say("compare takes no --null: mottomo test compares with claimed odds"))
    if other is not None and source.by:
        raise usage_error(say("--with and --by contradict each other"))
    settings_of_test = {
        "ordering": ordering,
        "method": method_of(method, budget, draws, seed),
        "significance": significance,
    }
    tallies: Any
    if other is not None:
        tallies, given = tally_of_data(data, replace(source, by=other))
        result = independence(tallies, **settings_of_test)
    elif len(data) > 1 and not is_counts(data) and not source.by:
        each = [tally_of_data((part,), source)[0] for part in data]
        result = homogeneity(_named(data, each), **settings_of_test)
        given = {"source": list(data)}
    else:
        tallies, given = tally_of_data(data, source)
        result = homogeneity(tallies if tallies.is_grouped else [tallies], **settings_of_test)
    show(result, settings, given)
    if check:
        exit_for(result)


def _named(parts: tuple[str, ...], tallies: list[Any]) -> dict[str, Any]:
    """Tallies by the names of their files; a file given twice is numbered."""
    named: dict[str, Any] = {}
    for part, tally in zip(parts, tallies, strict=True):
        name, number = part, 2
        while name in named:
            name, number = f"{part} ({number})", number + 1
        named[name] = tally
    return named
