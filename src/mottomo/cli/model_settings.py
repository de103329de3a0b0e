"""Which model is used, and what has to be declared of it: the options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mottomo.cli.commands import option
from mottomo.cli.usage import usage_error
from mottomo.messages import say

MODEL = option(
    "--model",
    metavar="FILE",
    help=say(
        "The model file that train wrote, or anybody's ONNX file: FILE.onnx,output=NAME (pictures: also mean=127, "
        "deviation=128, crop=SHARE), with --outputs."
    ),
)
ZERO_SHOT = option(
    "--zero-shot",
    metavar="CLASSES",
    help=say(
        "Instead of a model: a network trained on photos, by its own classes: "
        "dog=151-268,fox=277-280,wolf=269-271, or their names (cat=tabby cat+lynx,...)."
    ),
)
OUTPUTS = option(
    "--outputs",
    type=click.Choice(["probabilities", "log-probabilities", "logits"]),
    help=say("What the outputs of an ONNX file are. It is never guessed."),
)
OUTPUT_CATEGORIES = option(
    "--categories",
    metavar="LIST",
    help=say("The categories of an ONNX file in the order of its outputs, where it does not name them: a,b,c."),
)
MATRIX_COLUMNS = option(
    "--features",
    metavar="NAMES",
    help=say("The columns of an ONNX file that reads a matrix, in their order: a,b,c."),
)
UNKNOWN = option(
    "--unknown",
    type=click.Choice(["error", "baseline"]),
    default="error",
    help=say(
        "A text never seen in training: refuse it (the default), or take it for the baseline level, with which "
        "the coefficients compare (of a model with a penalty: for no level)."
    ),
)
GROUP = option(
    "--group",
    metavar="NAME",
    help=say(
        "A column whose values are groups of rows that go together, such as the artist of a picture; of a "
        "folder of pictures the level of folders (2: those in the folders of the categories)."
    ),
)
MODEL_OPTIONS = (MODEL, ZERO_SHOT, OUTPUTS, OUTPUT_CATEGORIES, MATRIX_COLUMNS, UNKNOWN)


def model_given(command: str, model: str | None, zero_shot: str | None) -> Any:
    """The file of the model, or a classifier without training."""
    if (model is None) == (zero_shot is None):
        raise usage_error(say("{command} needs --model or --zero-shot, and not both", command=command))
    if model == "":
        raise usage_error(say("--model names no file"))
    if model is not None:
        return Path(model)
    from mottomo.workflows import zero_shot as module

    return module.zero_shot(zero_shot)
