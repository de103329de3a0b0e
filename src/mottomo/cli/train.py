"""``mottomo train``: a classifier by maximum likelihood, with the truth about its fit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mottomo.cli import signals
from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import table_of
from mottomo.cli.language import chosen_translator
from mottomo.cli.model_settings import GROUP
from mottomo.cli.options import CATEGORIES, FORM_OPTIONS, MISSING_VALUES, OUTPUT_OPTIONS, WHERE
from mottomo.cli.output import note, show
from mottomo.cli.progress import Lines, picture_bar, progress_bar
from mottomo.cli.training_settings import (
    EFFECTS,
    FEATURES,
    IMAGE_FEATURES,
    IMAGES,
    INTERVALS,
    MISSING_ROWS,
    NONE,
    PENALTY,
    REFUSE,
    SKIP_BAD,
    TEXT,
    TRAINING_LEVEL,
    WEIGHTS,
    training_options,
)
from mottomo.cli.usage import usage_error
from mottomo.errors import MottomoError
from mottomo.messages import Message, say, say_count

_NO_ANSWER, _INTERRUPTED = 3, 130


def _holdout(context: click.Context, parameter: click.Parameter, given: str | float) -> float | str:
    """The share to hold out, or ``each``."""
    try:
        return "each" if given == "each" else float(given)
    except ValueError:
        raise usage_error(say("--holdout takes a share such as 0.2, or each")) from None


@make_command(
    "train",
    say(
        "Train a classifier: the probability of each category, from the other columns.\n\n"
        "DATA is a table (.csv .tsv .jsonl .parquet, also .gz and .zst; - with --input for standard input), or a "
        "folder of pictures with one folder a category. Softmax regression by maximum likelihood: numbers are used as "
        "they are, texts as one column a level, pictures as a block of numbers. Where the "
        "likelihood has no maximum that is the answer, and a model is written only with --penalty or --accept-limit."
    ),
    (
        click.argument("data", metavar="DATA"),
        option(
            "--target",
            metavar="NAME",
            help=say("The column with the categories to predict; of a folder of pictures the folders."),
        ),
        FEATURES,
        TEXT,
        WEIGHTS,
        IMAGES,
        IMAGE_FEATURES,
        NONE,
        REFUSE,
        SKIP_BAD,
        option("--model", metavar="FILE", help=say("Write the model to FILE.")),
        option("--onnx", metavar="FILE", help=say("Write the model as ONNX, for other programs, to FILE.")),
        PENALTY,
        INTERVALS,
        TRAINING_LEVEL,
        EFFECTS,
        option(
            "--accept-limit",
            is_flag=True,
            help=say("Where there is no maximum, take the probabilities that it approaches."),
        ),
        option(
            "--model-type",
            type=click.Choice(["softmax", "network"]),
            default="softmax",
            help=say(
                "Softmax regression (the default), or a neural network, whose training ends where the cross-entropy "
                "of a tenth of the rows, kept aside, no longer falls."
            ),
        ),
        option("--hidden", metavar="UNITS", help=say("Units of the hidden layers of a network (default: 64,32).")),
        option(
            "--copies",
            type=click.IntRange(min=0),
            default=0,
            metavar="N",
            help=say(
                "A network learns N copies of each picture in each epoch, mirrored at random and shifted by up to a "
                "pixel; of pixels."
            ),
        ),
        GROUP,
        option(
            "--holdout",
            type=click.UNPROCESSED,
            default=0.0,
            callback=_holdout,
            metavar="SHARE",
            help=say(
                "Keep this share of the rows, or of the groups, out of the training and measure the cross-entropy on "
                "them; each: leave each group out of a training of its own."
            ),
        ),
        option(
            "--seed",
            type=int,
            default=0,
            metavar="SEED",
            help=say("Which rows are held out; of a network also its first weights (default: 0)."),
        ),
        option(
            "--memory",
            type=click.IntRange(min=0),
            default=1024,
            metavar="MIB",
            help=say("Features that take more than this are kept on disk and read in batches (default: 1024)."),
        ),
        option("--reference", metavar="NAME", help=say("The category whose coefficients are 0 (default: the first).")),
        CATEGORIES,
        MISSING_ROWS,
        MISSING_VALUES,
        WHERE,
        *FORM_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: str, accept_limit: bool, model: str | None, onnx: str | None, **settings: Any) -> None:
    from mottomo.workflows.training import train

    _check_seed(settings)
    options = training_options(settings)
    _check_outputs(model, onnx, options)  # before the work, not after it
    with (
        table_of(data, settings) as (table, reading),
        progress_bar(data) as reads,
        picture_bar(say("pictures")) as picture_reads,
        _reports() as progress,
    ):
        result = train(
            table,
            **options,
            accept_limit=accept_limit,
            **reading,
            progress=progress,
            reads=reads,
            picture_reads=picture_reads,
            label=say("standard input") if data == "-" else None,
            check_names=_check_of_names(onnx),
        )
    written: list[str] = []
    problem = None
    if result.is_usable:
        written, problem = _write(result.classifier, model, onnx)
        if onnx in written and result.classifier.refusal is not None:
            note(say("the ONNX file gives probabilities alone; which pictures are refused, the file of --model says"))
        named = replace(result, model_file=model if model in written else None)
        result = named.with_provenance(result.provenance)
    show(result, settings)
    if (model, onnx) != (None, None) and not result.is_usable:
        note(say("No model was written."))
    for name in written:
        note(say("model written: {file}", file=name))
    if problem is not None:
        raise problem
    if "interrupted" in (result.reason, getattr(result, "without_errors", None)) or signals.was_asked():
        click.get_current_context().exit(_INTERRUPTED)
    if not result.is_usable:
        click.get_current_context().exit(_NO_ANSWER)


def _check_seed(settings: dict[str, Any]) -> None:
    source = click.get_current_context().get_parameter_source("seed")
    is_used = settings["holdout"] or settings["model_type"] == "network"
    if source is click.core.ParameterSource.COMMANDLINE and not is_used:
        raise usage_error(say("{option} goes with {other}", option="--seed", other="--holdout"))
    if settings["seed"] < 0:
        raise usage_error(say("--seed takes a whole number of 0 or more"))


def _write(classifier: Any, model: str | None, onnx: str | None) -> tuple[list[str], MottomoError | None]:
    """Write the files that were asked for; which are there, and what was wrong with one that is not."""
    from mottomo.storage.model_file import save_classifier
    from mottomo.workflows.picture_recipes import save_onnx

    written, problem = [], None
    for file, save in ((model, save_classifier), (onnx, save_onnx)):
        if file is not None:
            try:
                save(classifier, Path(file))
                written.append(file)
            except MottomoError as error:  # the other file and the report are not lost with it
                problem = error
    return written, problem


def _check_of_names(onnx: str | None) -> Callable[[Iterable[str]], None] | None:
    """What refuses names of columns that an ONNX file cannot have, if one is to be written."""
    from mottomo.storage.onnx_file import check_input_names

    return None if onnx is None else check_input_names


def _check_outputs(model: str | None, onnx: str | None, options: dict[str, Any]) -> None:
    from mottomo.storage.onnx_file import need_onnx, no_inputs
    from mottomo.storage.whole_file import refuse_unwritable

    for file in (model, onnx):
        if file is not None:
            refuse_unwritable(Path(file))
    if model is not None and onnx is not None and Path(model).resolve() == Path(onnx).resolve():
        raise usage_error(say("--model and --onnx name one file"))
    if onnx is not None:
        need_onnx()
        if options["features"] == "":
            raise no_inputs(options["target"])


@contextmanager
def _reports() -> Iterator[Callable[[Any], None]]:
    """Hears how a fit goes: says so on a terminal, and ends it early where Ctrl-C has asked for that.

    From the first report on there is something to keep. The fit takes a KeyboardInterrupt out of a report for an end
    with what it has found; it comes between two steps, where nothing is half done.
    """
    lines = Lines(note) if sys.stderr.isatty() else None
    notice = say("training: ends with what it has found (Ctrl-C again ends at once)").worded(chosen_translator()) + "\n"
    with ExitStack() as stack:
        keeping: signals.Keeping | None = None

        def report(standing: Any) -> None:
            nonlocal keeping
            if keeping is None:
                keeping = signals.Keeping(notice)
                stack.enter_context(keeping)
            if signals.was_asked():
                raise KeyboardInterrupt
            if lines is not None:
                lines(lambda: _STAGES[getattr(standing, "stage", "epoch")](standing))

        yield report


_STAGES: dict[str, Callable[[Any], Message]] = {
    "epoch": lambda standing: say_count(
        "training: {count} epoch, cross-entropy {loss} nats a row",
        "training: {count} epochs, cross-entropy {loss} nats a row",
        standing.epoch,
        loss=f"{standing.training:.4g}",
    ),
    "passes": lambda standing: say_count(
        "training: {count} pass, optimality gap about {gap} nats",
        "training: {count} passes, optimality gap about {gap} nats",
        standing.n_passes,
        gap=f"{standing.gap:.3g}",
    ),
    "existence": lambda standing: say("training: looking whether there is a maximum (Ctrl-C goes on without)"),
    "standard-errors": lambda standing: say("training: computing standard errors (Ctrl-C goes on without)"),
}
