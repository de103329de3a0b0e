"""``mottomo tally``: how often each category was seen."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.data import Source, tally_of_data
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, source_settings
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
    tally, given = tally_of_data(data, Source(**source_settings(settings)))
    show(tally, settings, given)
