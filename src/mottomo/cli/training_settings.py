"""What is to be learnt from a table: the options that say it, and the plan that they make."""

from __future__ import annotations

from typing import Any

import click

from mottomo.cli.commands import option
from mottomo.messages import say

FEATURES = option(
    "--features",
    metavar="NAMES",
    help=say(
        "The columns to predict from: a,b,c (default: all others); also products a:b, powers a^2, and a*b for a, b and "
        "a:b."
    ),
)
TEXT = option("--text", metavar="NAMES", help=say("Columns of digits that are text, such as postal codes."))
WEIGHTS = option("--weights", metavar="NAME", help=say("A column that says how often each row counts."))
PENALTY = option(
    "--penalty",
    metavar="PENALTY",
    help=say(
        "l2=STRENGTH maximises log L - STRENGTH/2 sum W^2 instead of log L (l2 alone: STRENGTH 1). W are those of "
        "standardised columns of numbers, all of them, and of levels of texts and the numbers of pictures as they are. "
        "l2=auto chooses the strength by leaving groups out. firth maximises log L + 1/2 log det I: finite "
        "coefficients with standard errors also where there is no maximum. The default is none, and l2=1 with "
        "pictures."
    ),
)
INTERVALS = option(
    "--intervals",
    type=click.Choice(["wald", "profile"]),
    default="wald",
    help=say(
        "Intervals of the coefficients: by the normal approximation (the default), or by the profile likelihood, which "
        "is more accurate for few rows and says what can be said where there is no maximum."
    ),
)
EFFECTS = option(
    "--effects",
    is_flag=True,
    help=say(
        "Add average marginal effects: by how much each probability changes, on average over the rows, for 1 more of a "
        "column, or from the baseline level of a text to another one."
    ),
)
TRAINING_LEVEL = option(
    "--level",
    type=float,
    default=0.95,
    metavar="LEVEL",
    help=say("The confidence level of each interval (default: 0.95)."),
)
IMAGES = option(
    "--images", metavar="NAME", help=say("The column of DATA with the paths of pictures, below the folder of DATA.")
)
IMAGE_FEATURES = option(
    "--image-features",
    metavar="FEATURES",
    help=say(
        "How pictures become numbers: efficientnet-lite0 (a network trained on photos; the default), pixels:SIDE, "
        "grey:SIDE, or FILE.onnx,output=NAME,mean=127,deviation=128; each with crop=SHARE of the shorter side."
    ),
)
NONE = option(
    "--none",
    metavar="DIR",
    help=say(
        "A folder of pictures of anything else, one folder a kind; what is none of the categories is learnt from them "
        "(without it a picture is refused that is too far from the nearest one of the training)."
    ),
)
REFUSE = option(
    "--refuse",
    type=float,
    default=0.1,
    metavar="RATE",
    help=say(
        "The rate of pictures like those of the training that are refused as none of the categories (default: 0.1; 0: "
        "none)."
    ),
)
MISSING_ROWS = option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    help=say("Rows with missing values: refuse them (the default) or leave them out and say how many."),
)
SKIP_BAD = option(
    "--skip-bad", is_flag=True, help=say("Leave out pictures that cannot be read, and say which (default: an error).")
)


def training_options(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of ``train`` as options of its function."""
    names = (
        *("target", "features", "weights", "categories", "penalty", "intervals", "level", "effects", "holdout", "seed"),
        *("memory", "reference", "missing", "where", "images", "image_features", "skip_bad", "group", "model_type"),
        *("hidden", "copies", "none", "refuse"),
    )
    lists = {name: settings[name] or () for name in ("text", "missing_values")}
    return {**{name: settings[name] for name in names}, **lists}
