"""``mottomo predict``: the probability of each category for new rows, from a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import tables_of
from mottomo.cli.model_settings import MODEL_OPTIONS, model_given
from mottomo.cli.options import DEBUG, FIGURE, FORM_OPTIONS, LANGUAGE, MISSING_VALUES, SAVE, WHERE
from mottomo.cli.output import note, show
from mottomo.cli.progress import picture_bar, progress_bar
from mottomo.cli.training_settings import SKIP_BAD, TRAINING_LEVEL
from mottomo.messages import say


@make_command(
    "predict",
    say(
        "Predict the probability of each category for the rows of a table, or for pictures.\n\n"
        "DATA is a table with the columns that the model was trained on (.csv .tsv .jsonl .parquet, also .gz and .zst; "
        "- with --input for standard input); or for a model of pictures one picture or several, a folder, or a pattern "
        "in quotation marks ('photos/*.jpg'). One line for each row that --where keeps, in their order: CSV with a "
        "column a category, or with --json one object. Where rows may be left out, each has its number in DATA."
    ),
    (
        click.argument("data", nargs=-1, required=True, metavar="DATA..."),
        *MODEL_OPTIONS,
        option("--most-probable", is_flag=True, help=say("Add the most probable category.")),
        option(
            "--intervals",
            is_flag=True,
            help=say("Add an interval to each probability: how sure it is, given how sure the coefficients are."),
        ),
        TRAINING_LEVEL,
        option(
            "--keep",
            metavar="NAMES",
            help=say("Repeat these columns of DATA beside the probabilities: a key, or a,b,c."),
        ),
        option(
            "--missing",
            type=click.Choice(["error", "drop", "empty"]),
            default="error",
            help=say(
                "Rows with missing values: refuse them (the default), leave them out and say how many, or give them no "
                "probabilities."
            ),
        ),
        SKIP_BAD,
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
            type=click.Choice(["csv", "jsonl", "json", "text", "md", "html", "latex"]),
            help=say("The form of the output (default: csv)."),
        ),
        SAVE,
        FIGURE,
        DEBUG,
    ),
)
def command(
    data: tuple[str, ...],
    model: str | None,
    zero_shot: str | None,
    most_probable: bool,
    unknown: Literal["error", "baseline"],
    missing: Literal["error", "drop", "empty"],
    skip_bad: bool,
    **settings: Any,
) -> None:
    from mottomo.report.pictures import left_out
    from mottomo.storage.whole_file import refuse_unwritable
    from mottomo.workflows.prediction import predictions_of, problem_of

    if settings["save"] is not None:
        refuse_unwritable(Path(settings["save"]))
    with (
        tables_of(data, settings) as (table, reading),
        progress_bar(data[0]) as progress,
        picture_bar(say("pictures")) as picture_reads,
        predictions_of(
            model_given("predict", model, zero_shot),
            table,
            most_probable=most_probable,
            unknown=unknown,
            missing=missing,
            intervals=settings["intervals"],
            level=settings["level"],
            keep=settings["keep"] or (),
            outputs=settings["outputs"],
            categories=settings["categories"],
            features=settings["features"],
            missing_values=settings["missing_values"] or (),
            where=settings["where"],
            progress=progress,
            picture_reads=picture_reads,
            skip_bad=skip_bad,
            label=say("standard input") if data == ("-",) else None,
            **reading,
        ) as found,
    ):
        show(found, settings, default="csv")
        if (
            found.skipped
            and skip_bad
            and not settings["as_json"]
            and settings["output_format"] in (None, "csv", "jsonl")
        ):
            note(left_out(found.skipped))  # which other formats say themselves
        if found.skipped and not skip_bad:  # after the rows of the others, which are not lost with it
            raise problem_of(found)
