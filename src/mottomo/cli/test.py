"""``mottomo test``: is it as claimed? The exact test, and what else is needed to act on it."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import is_counts, outcomes_of
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, TEST_OPTIONS, test_options
from mottomo.cli.output import exit_for, note, show
from mottomo.messages import say


@make_command(
    "test",
    say(
        "Test whether the outcomes come from the claimed probabilities, exactly.\n\n"
        "DATA is counts (2 5 2 4 2 5; several tallies are separated by /), files (.csv .tsv .jsonl .parquet .txt, also "
        ".gz and .zst), or - for one outcome a line from standard input. The claim is --null; by default a fair die."
    ),
    (
        DATA,
        option(
            "--tolerance",
            type=float,
            metavar="MARGIN",
            help=say("Ask instead whether every probability is within MARGIN of the claim, such as 0.01."),
        ),
        *TEST_OPTIONS,
        *SOURCE_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: tuple[str, ...], tolerance: float | None, check: bool, **settings: Any) -> None:
    from mottomo.workflows.testing import test

    with outcomes_of(data, settings) as (outcomes, options):
        result = test(outcomes, tolerance=tolerance, **test_options(settings), **options)
    if getattr(result, "order", None) is None and not (is_counts(data) or settings["count_column"] or settings["by"]):
        note(
            say("The order of the outcomes was not looked at: that is done for one file or pipe of lines, up to 4 MB.")
        )
    show(result, settings)
    if check:
        exit_for(result)
