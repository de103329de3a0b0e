"""``mottomo tally``: how often each category was seen."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.data import outcomes_of
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS
from mottomo.cli.output import show
from mottomo.messages import say


@make_command(
    "tally",
    say(
        "Count how often each category was seen.\n\n"
        "DATA is counts (2 5 2 4 2 5), files (.csv .tsv .jsonl .parquet .txt, also .gz and .zst), or - for one outcome "
        "a line from standard input. Several files are counted together."
    ),
    (DATA, *SOURCE_OPTIONS, *OUTPUT_OPTIONS),
)
def command(data: tuple[str, ...], **settings: Any) -> None:
    from mottomo.workflows.counts import counted
    from mottomo.workflows.tally_plan import TallyPlan

    with outcomes_of(data, settings) as (outcomes, options):
        tally = counted(outcomes, TallyPlan.of(options)).tally
    show(tally, settings)
