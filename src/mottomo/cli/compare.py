"""``mottomo compare``: do tallies come from the same probabilities? Are two columns independent?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, is_counts, tally_of_data, usage_error
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, TEST_OPTIONS, source_settings, test_settings
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
        *TEST_OPTIONS,
        *SOURCE_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: tuple[str, ...], other: str | None, check: bool, **settings: Any) -> None:
    from mottomo.inference.homogeneity import homogeneity, independence

    source, how = Source(**source_settings(settings)), test_settings(settings)
    if source.null is not None:
        raise usage_error(say("compare takes no --null: mottomo test compares with claimed odds"))
    if other is not None and source.by:
        raise usage_error(say("--with and --by contradict each other"))
    tallies: Any
    if other is not None:
        tallies, given = tally_of_data(data, replace(source, by=other))
        result = independence(tallies, **how)
    elif len(data) > 1 and not is_counts(data) and not source.by:
        each = [tally_of_data((part,), source)[0] for part in data]
        result = homogeneity(_named(data, each), **how)
        given = {"source": list(data)}
    else:
        tallies, given = tally_of_data(data, source)
        result = homogeneity(tallies if tallies.is_grouped else [tallies], **how)
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
