"""``mottomo explain``: the derivation, step by step, on the user's own numbers."""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import Source, table_of, tally_of_data, usage_error
from mottomo.cli.options import DATA, MISSING_VALUES, OUTPUT_OPTIONS, SOURCE_OPTIONS, source_settings
from mottomo.cli.output import show
from mottomo.cli.progress import progress_bar
from mottomo.cli.training_settings import FEATURES, PENALTY, TEXT, WEIGHTS, training_plan
from mottomo.messages import say

_OF_A_TALLY = ("column", "count_column", "by", "null", "normalise")
_OF_A_CLASSIFIER = ("features", "text", "weights", "penalty", "missing_values")


@make_command(
    "explain",
    say(
        "Derive the estimate step by step, with your numbers.\n\n"
        "From the throws to the likelihood, its logarithm, its maximum and the cross-entropy: fourteen steps, each "
        "checked. DATA is counts (2 5 2 4 2 5), files, or - for one outcome a line from standard input. With --target "
        "DATA is a table, and the derivation goes on to a classifier of that column. For a page, use --format html "
        "--save FILE."
    ),
    (
        DATA,
        *SOURCE_OPTIONS,
        option(
            "--target", metavar="NAME", help=say("Explain a classifier: the column with the categories to predict.")
        ),
        FEATURES,
        TEXT,
        WEIGHTS,
        PENALTY,
        MISSING_VALUES,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: tuple[str, ...], **settings: Any) -> None:
    classifies = settings["target"] is not None
    for name in _OF_A_TALLY if classifies else _OF_A_CLASSIFIER:
        if settings[name]:
            option_name = f"--{name.replace('_', '-')}"
            raise usage_error(
                say("{option} does not go with --target", option=option_name)
                if classifies
                else say("{option} goes with --target", option=option_name)
            )
    if classifies:
        _explain_classifier(data, settings)
        return
    from mottomo.explanation.explain import explain

    tally, given = tally_of_data(data, Source(**source_settings(settings)))
    show(explain(tally), settings, given)


def _explain_classifier(data: tuple[str, ...], settings: dict[str, Any]) -> None:
    from mottomo.explanation.classifier import explain_classifier
    from mottomo.workflows.training import trained

    if len(data) != 1:
        raise usage_error(say("with --target DATA is one table"))
    plan = training_plan(settings)
    with (
        table_of(data[0], settings) as file,
        progress_bar(data[0]) as reading,
        trained(file, plan, reading=reading) as (training, rows),
    ):
        explanation = explain_classifier(training, rows)
    show(explanation, settings, {"source": data[0]})
