"""``mottomo explain``: the derivation, step by step, on the user's own numbers."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import data_options, outcomes_of, table_of
from mottomo.cli.model_settings import OUTPUTS, UNKNOWN, ZERO_SHOT, model_given
from mottomo.cli.options import DATA, MISSING_VALUES, OUTPUT_OPTIONS, SOURCE_OPTIONS
from mottomo.cli.output import show
from mottomo.cli.progress import picture_bar, progress_bar
from mottomo.cli.training_settings import PENALTY, SKIP_BAD, TEXT, WEIGHTS
from mottomo.cli.usage import usage_error
from mottomo.messages import say


@make_command(
    "explain",
    say(
        "Derive the estimate step by step, with your numbers.\n\n"
        "From the throws to the likelihood, its logarithm, its maximum and the cross-entropy: fourteen steps, each "
        "checked. DATA is counts (2 5 2 4 2 5), files, or - for one outcome a line from standard input. With --target "
        "DATA is a table, and the derivation goes on to a classifier of that column; with --model it is that of the "
        "probabilities which a model computes. For a page, use --format html "
        "--save FILE."
    ),
    (
        DATA,
        *SOURCE_OPTIONS,
        option(
            "--target", metavar="NAME", help=say("Explain a classifier: the column with the categories to predict.")
        ),
        option(
            "--model",
            metavar="FILE",
            help=say(
                "Explain the probabilities of this model instead: a file that train wrote, or anybody's ONNX file."
            ),
        ),
        ZERO_SHOT,
        OUTPUTS,
        UNKNOWN,
        SKIP_BAD,
        option(
            "--features",
            metavar="NAMES",
            help=say(
                "The columns to predict from: a,b,c (default: all others); with --model those of an ONNX file that "
                "reads a matrix, in their order."
            ),
        ),
        TEXT,
        WEIGHTS,
        PENALTY,
        MISSING_VALUES,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: tuple[str, ...], **settings: Any) -> None:
    from mottomo.workflows.explanation import explain
    from mottomo.workflows.options import own_options

    if settings["model"] is not None or settings["zero_shot"] is not None:
        settings["model"] = model_given("explain", settings["model"], settings["zero_shot"])
    own = {name: settings[name] for name in own_options(explain) if settings.get(name) is not None}
    if settings["target"] is None and settings["model"] is None:
        with outcomes_of(data, settings) as (outcomes, options):
            found = explain(outcomes, **own, **options)
    else:
        if len(data) != 1:
            raise usage_error(say("with --target or --model DATA is one table, or a folder of pictures"))
        with (
            table_of(data[0], settings) as (table, _),
            progress_bar(data[0]) as progress,
            picture_bar(say("pictures")) as picture_reads,
        ):
            options = {**own, **data_options(settings)}
            found = explain(table, **options, progress=progress, picture_reads=picture_reads)
    show(found, settings)
