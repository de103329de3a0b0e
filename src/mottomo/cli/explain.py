"""``mottomo explain``: the derivation, step by step, on the user's own numbers."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.data import Source, tally_of_data
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, source_settings
from mottomo.cli.output import show
from mottomo.messages import say


@make_command(
    "explain",
    say(
        "Derive the estimate step by step, with your numbers.\n\n"
        "From the throws to the likelihood, its logarithm, its maximum and the cross-entropy: fourteen steps, each "
        "checked. DATA is counts (2 5 2 4 2 5), files, or - for one outcome a line from standard input. For a page, "
        "use --format html --save FILE."
    ),
    (DATA, *SOURCE_OPTIONS, *OUTPUT_OPTIONS),
)
def command(data: tuple[str, ...], **settings: Any) -> None:
    from mottomo.explanation.explain import explain

    tally, given = tally_of_data(data, Source(**source_settings(settings)))
    show(explain(tally), settings, given)
