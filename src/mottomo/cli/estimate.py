"""``mottomo estimate``: the most plausible probabilities, and how sure they are."""

from __future__ import annotations

from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import is_counts, outcomes_of
from mottomo.cli.options import DATA, OUTPUT_OPTIONS, SOURCE_OPTIONS
from mottomo.cli.output import show
from mottomo.cli.usage import usage_error
from mottomo.inference.choices import INTERVALS
from mottomo.messages import say

_OWN_OPTIONS = (
    option(
        "--intervals",
        type=click.Choice(list(INTERVALS)),
        metavar="METHOD",
        help=say(
            "How intervals are made: {names}. The first is the default: for all categories at once, guaranteed at "
            "every n.",
            names=list(INTERVALS),
        ),
    ),
    option("--level", type=float, metavar="LEVEL", help=say("The confidence level (default: 0.95).")),
    option(
        "--means",
        multiple=True,
        metavar="LABEL=LIST",
        help=say(
            "LABEL stands for an outcome seen only in part, one of LIST: even=2,4,6. May be given several times; "
            "among counts, the labels come after the --categories."
        ),
    ),
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
def command(
    data: tuple[str, ...], intervals: str | None, level: float | None, means: tuple[str, ...], **settings: Any
) -> None:
    from mottomo.workflows.estimation import estimate

    labels = _labels(means)
    if labels and "/" in data:
        raise usage_error(say("--means is for one tally, without --by and /"))
    if labels and is_counts(data) and settings["categories"] is None:
        raise usage_error(say("counts with --means need --categories; the counts of the labels come last"))
    with outcomes_of(data, settings) as (outcomes, options):
        found = estimate(outcomes, intervals=intervals, level=level, means=labels, **options)
    show(found, settings)


def _labels(means: tuple[str, ...]) -> dict[str, str] | None:
    """What the labels of --means stand for."""
    parts = [text.rpartition("=") for text in means]
    wrong = next((text for text, (label, _, _) in zip(means, parts, strict=True) if not label), None)
    if wrong is not None:
        raise usage_error(say("--means wants LABEL=LIST, such as even=2,4,6, not {text}", text=wrong))
    labels = {label: members for label, _, members in parts}
    if len(labels) < len(parts):
        raise usage_error(say("--means was given twice for one label"))
    return labels or None
