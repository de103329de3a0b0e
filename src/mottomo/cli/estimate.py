"""``mottomo estimate``: the most plausible probabilities, and how sure they are."""

from __future__ import annotations

from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, tally_of_data
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS, source_settings
from mottomo.cli.output import show
from mottomo.messages import say

_INTERVALS = [
    "clopper-pearson",
    "clopper-pearson-per-category",
    "goodman",
    "sison-glaz",
    "wilson",
    "profile-likelihood",
]
_OWN_OPTIONS = (
    option(
        "--intervals",
        type=click.Choice(_INTERVALS),
        default=_INTERVALS[0],
        metavar="METHOD",
        help=say(
            "How intervals are made: clopper-pearson (the default, for all categories at once, guaranteed at every n), "
            "clopper-pearson-per-category, goodman, sison-glaz, wilson, profile-likelihood."
        ),
    ),
    option("--level", type=float, default=0.95, metavar="LEVEL", help=say("The confidence level (default: 0.95).")),
)


@make_command(
    "estimate",
    say(
        "Estimate the probabilities by maximum likelihood, with intervals.\n\n"
        "DATA is counts (2 5 2 4 2 5; several tallies are separated by /), files (.csv .tsv .jsonl .parquet .txt, also "
        ".gz and .zst), or - for one outcome a line from standard input."
    ),
    (DATA, *_OWN_OPTIONS, *SOURCE_OPTIONS, *OUTPUT_OPTIONS),
)
def command(data: tuple[str, ...], intervals: str, level: float, **settings: Any) -> None:
    from mottomo.inference.estimation import estimate

    method = _method(intervals, level)
    tally, given = tally_of_data(data, Source(**source_settings(settings)))
    show(estimate(tally, intervals=method), settings, given)


def _method(name: str, level: float) -> Any:
    """The method that a word on the command line stands for."""
    from mottomo.inference.intervals import ClopperPearson, Goodman, ProfileLikelihood, Wilson

    if name.startswith("clopper-pearson"):
        return ClopperPearson(level, name == "clopper-pearson")
    if name == "sison-glaz":
        from mottomo.inference.sison_glaz import SisonGlaz

        return SisonGlaz(level)
    return {"goodman": Goodman, "wilson": Wilson, "profile-likelihood": ProfileLikelihood}[name](level)
