"""``mottomo test``: is it as claimed? The exact test, and what else is needed to act on it."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, is_counts, ordered_data
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, TEST_OPTIONS, source_settings, test_settings
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
    from mottomo.inference.goodness_of_fit import goodness_of_fit

    source, how = Source(**source_settings(settings)), test_settings(settings)
    tally, given, outcomes = ordered_data(data, source)
    null = source.null_over(tally.categories)
    order = None
    if outcomes is not None:
        from mottomo.inference.exchangeability import exchangeability

        draws, seed = settings["draws"], settings["seed"] or 0
        order = exchangeability(outcomes, significance=how["significance"], draws=draws, seed=seed)
    elif not (is_counts(data) or source.count_column or source.by):
        note(
            say("The order of the outcomes was not looked at: that is done for one file or pipe of lines, up to 4 MB.")
        )
    result = goodness_of_fit(tally, null, tolerance=tolerance, order=order, **how)
    show(result, settings, given)
    if check:
        exit_for(result)
