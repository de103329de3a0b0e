"""``mottomo predict``: the probability of each category for new rows, from a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import table_of
from mottomo.cli.options import DEBUG, FORM_OPTIONS, LANGUAGE, MISSING_VALUES, SAVE, WHERE
from mottomo.cli.output import show
from mottomo.cli.progress import progress_bar
from mottomo.messages import say


@make_command(
    "predict",
    say(
        "Predict the probability of each category for the rows of a table.\n\n"
        "DATA is a table with the columns that the model was trained on (.csv .tsv .jsonl .parquet, also .gz and .zst; "
        "- with --input for standard input). One line for each row that --where keeps, in their order: CSV with a "
        "column a category, or with --json one object. No column of DATA is repeated."
    ),
    (
        click.argument("data", metavar="DATA"),
        option("--model", required=True, metavar="FILE", help=say("The model file that train wrote.")),
        option("--most-probable", is_flag=True, help=say("Add the most probable category.")),
        option(
            "--unknown",
            type=click.Choice(["error", "baseline"]),
            default="error",
            help=say(
                "A text never seen in training: refuse it (the default), or take it for the baseline level, with which "
                "the coefficients compare (of a model with a penalty: for no level)."
            ),
        ),
        MISSING_VALUES,
        WHERE,
        *FORM_OPTIONS,
        LANGUAGE,
        option(
            "--json", "as_json", is_flag=True, help=say("One JSON object with all rows; the same as --format json.")
        ),
        option(
            "--format",
            "output_format",
            type=click.Choice(["csv", "jsonl", "json"]),
            help=say("The form of the output (default: csv)."),
        ),
        SAVE,
        DEBUG,
    ),
)
def command(data: str, model: str, most_probable: bool, unknown: Literal["error", "baseline"], **settings: Any) -> None:
    from mottomo.storage.whole_file import refuse_unwritable
    from mottomo.workflows.prediction import predictions_of

    if settings["save"] is not None:
        refuse_unwritable(Path(settings["save"]))
    with (
        table_of(data, settings) as (table, reading),
        progress_bar(data) as progress,
        predictions_of(
            Path(model),
            table,
            most_probable=most_probable,
            unknown=unknown,
            missing_values=settings["missing_values"] or (),
            where=settings["where"],
            progress=progress,
            label=say("standard input") if data == "-" else None,
            **reading,
        ) as found,
    ):
        show(found, settings, default="csv")
