"""What is to be learnt from a table: the options that say it, and the plan that they make."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import option
from mottomo.cli.data import usage_error
from mottomo.messages import say

FEATURES = option("--features", metavar="NAMES", help=say("The columns to predict from: a,b,c (default: all others)."))
TEXT = option("--text", metavar="NAMES", help=say("Columns of digits that are text, such as postal codes."))
WEIGHTS = option("--weights", metavar="NAME", help=say("A column that says how often each row counts."))
PENALTY = option(
    "--penalty",
    metavar="l2=STRENGTH",
    help=say(
        "Maximise log L - STRENGTH/2 sum W^2 instead of log L (l2 alone: STRENGTH 1). W are those of standardised "
        "columns of numbers, all of them, and of levels of texts as they are."
    ),
)


def training_plan(settings: dict[str, Any], **more: Any) -> Any:
    """The plan of the settings that commands with a target share, and of more fields."""
    from mottomo.workflows.training_rows import TrainingPlan

    return TrainingPlan(
        target=settings["target"],
        features=listed(settings["features"]) if settings["features"] is not None else None,
        text=listed(settings["text"]),
        weights=settings["weights"],
        categories=settings["categories"],
        penalty=_penalty(settings["penalty"]),
        missing=settings["missing"],
        missing_values=listed(settings["missing_values"]),
        where=settings["where"],
        **more,
    )


def listed(names: str | None) -> tuple[str, ...]:
    """The names of a list a,b,c."""
    return tuple(name for name in (names or "").split(",") if name)


def _penalty(text: str | None) -> Any:
    """The penalty of ``l2=STRENGTH``; ``l2`` alone has strength 1."""
    from mottomo.classification.penalties import L2

    if text is None:
        return None
    kind, _, words = text.partition("=")
    try:
        strength = float(words or 1)
    except ValueError:
        kind = ""
    if kind.strip().lower() != "l2":
        raise usage_error(say("--penalty takes l2=STRENGTH, such as l2=1"))
    return L2(strength=strength)
