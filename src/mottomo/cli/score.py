"""``mottomo score``: what a classifier is worth on rows whose categories are known."""

from __future__ import annotations

from typing import Any, Literal

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import table_of
from mottomo.cli.model_settings import GROUP, MODEL_OPTIONS, model_given
from mottomo.cli.options import FORM_OPTIONS, MISSING_VALUES, OUTPUT_OPTIONS, WHERE
from mottomo.cli.output import show
from mottomo.cli.progress import picture_bar, progress_bar
from mottomo.cli.training_settings import MISSING_ROWS, SKIP_BAD, WEIGHTS
from mottomo.messages import say


@make_command(
    "score",
    say(
        "Score a classifier on rows whose categories are known, and that it has not seen.\n\n"
        "DATA is a table with the columns that the model reads and that of the categories, or a folder of pictures "
        "with one folder a category. The cross-entropy of what happened, with its standard error, beside that of the "
        "shares of the rows; how often the most probable category is the right one; rows that were impossible."
    ),
    (
        click.argument("data", metavar="DATA"),
        *MODEL_OPTIONS,
        option(
            "--target",
            metavar="NAME",
            help=say("The column with the categories that happened; of a folder of pictures the folders."),
        ),
        WEIGHTS,
        GROUP,
        SKIP_BAD,
        MISSING_ROWS,
        MISSING_VALUES,
        WHERE,
        *FORM_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(
    data: str,
    model: str | None,
    zero_shot: str | None,
    unknown: Literal["error", "baseline"],
    missing: Literal["error", "drop"],
    **settings: Any,
) -> None:
    from mottomo.workflows.scoring import score

    names = ("target", "outputs", "categories", "features", "weights", "group", "where", "skip_bad")
    with (
        table_of(data, settings) as (table, reading),
        progress_bar(data) as progress,
        picture_bar(say("pictures")) as picture_reads,
    ):
        found = score(
            model_given("score", model, zero_shot),
            table,
            **{name: settings[name] for name in names},
            unknown=unknown,
            missing=missing,
            missing_values=settings["missing_values"] or (),
            progress=progress,
            picture_reads=picture_reads,
            label=say("standard input") if data == "-" else None,
            **reading,
        )
    show(found, settings)
