"""The options that several commands share, each defined once."""

from __future__ import annotations

from typing import Any

import click

from mottomo.cli.commands import option
from mottomo.inference.choices import STATISTICS
from mottomo.messages import say
from mottomo.sources.formats import FORMATS

DATA = click.argument("data", nargs=-1, required=True, metavar="DATA...")

_FORMATS = ["text", "json", "csv", "md", "html", "latex"]

CATEGORIES = option(
    "--categories", metavar="LIST", help=say("Declare the categories: a range such as 1..6, or names a,b,c.")
)

NULL = option(
    "--null",
    metavar="ODDS",
    help=say(
        "The claimed odds, which declare the categories too: fair, a list (9/16,3/16,3/16,1/16), names "
        "(dog=0.8,fox=0.2), ratios (625:125:25) or a .csv file."
    ),
)

NORMALISE = option("--normalise", is_flag=True, help=say("Divide the claimed odds by their sum, and say so."))

WHERE = option("--where", metavar="SQL", help=say("Only the rows for which this SQL condition is true."))
MISSING = option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    help=say("Missing outcomes: refuse them (the default) or leave them out and say how many."),
)


def _delimiter(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """The value of --delimiter, if it can separate cells."""
    from mottomo.cli.usage import usage_error
    from mottomo.errors import InvalidInput
    from mottomo.sources.reading import check_delimiter

    try:
        check_delimiter(given)
    except InvalidInput:
        raise usage_error(
            say("--delimiter takes one character, neither a quotation mark nor the end of a line")
        ) from None
    return given


# How a file is written, where its name does not tell.
FORM_OPTIONS = (
    option(
        "--input",
        "input_kind",
        type=click.Choice(list(FORMATS)),
        help=say("The format of DATA, if its name does not tell; for standard input the default is lines."),
    ),
    option(
        "--delimiter",
        metavar="CHAR",
        callback=_delimiter,
        help=say("The separator of a table, if it is neither comma nor tab."),
    ),
    option("--encoding", metavar="NAME", help=say("The text encoding, if it is not UTF-8 (shift_jis, utf-16, ...).")),
    option("--no-header", is_flag=True, help=say("The table has no header; name its columns with --names.")),
    option("--names", metavar="NAMES", help=say("The columns of a table without a header: a,b,c.")),
    option(
        "--fingerprint",
        is_flag=True,
        help=say("Compute the SHA-256 of files of more than 1 GiB too; that of smaller ones is always told."),
    ),
)

_COLUMN_OPTIONS = (
    option("--column", metavar="NAME", help=say("The column with the outcomes, if the table has several.")),
    option("--count-column", metavar="NAME", help=say("A column that says how often, for tables of value and count.")),
    option("--by", metavar="NAMES", help=say("One tally for each value of this column (several: a,b).")),
    WHERE,
    CATEGORIES,
)
# How outcomes are read and counted; and the same beside claimed probabilities.
COUNT_OPTIONS = (*_COLUMN_OPTIONS, MISSING, *FORM_OPTIONS)
SOURCE_OPTIONS = (*_COLUMN_OPTIONS, NULL, NORMALISE, MISSING, *FORM_OPTIONS)

MISSING_VALUES = option(
    "--missing-values", metavar="LIST", help=say("Texts that stand for a missing value, beside the empty cell: NA,-.")
)

LANGUAGE = option("--lang", type=click.Choice(["en", "ja"]), help=say("The language; by default that of the locale."))
DEBUG = option("--debug", is_flag=True, help=say("On an error, show the traceback as well."))

SAVE = option(
    "--save",
    metavar="FILE",
    help=say("Write the output to FILE, whole or not at all, instead of printing it; its ending decides the form."),
)

FIGURE = option(
    "--figure",
    multiple=True,
    metavar="FILE",
    help=say("Write the figure of the result to FILE: .svg, .png or .html; several may be given."),
)

OUTPUT_OPTIONS = (
    LANGUAGE,
    option("--json", "as_json", is_flag=True, help=say("One JSON object with all digits; the same as --format json.")),
    option(
        "--format", "output_format", type=click.Choice(_FORMATS), help=say("The form of the output (default: text).")
    ),
    SAVE,
    FIGURE,
    DEBUG,
)


ORDERING = option(
    "--ordering",
    type=click.Choice(list(STATISTICS)),
    default="likelihood-ratio",
    help=say("Which outcomes count as farther from the claim (default: likelihood-ratio)."),
)
SIGNIFICANCE = option(
    "--significance",
    type=float,
    default=0.05,
    metavar="LEVEL",
    help=say("The significance level of the verdict (default: 0.05)."),
)
METHOD = option(
    "--method",
    type=click.Choice(["auto", "exact", "monte-carlo", "asymptotic"]),
    default="auto",
    help=say("How p is computed; auto is exact within a few seconds, and says what it did."),
)
BUDGET = option(
    "--budget",
    type=float,
    metavar="FACTOR",
    help=say("With --method exact: how many times the usual few seconds may be spent."),
)
DRAWS = option(
    "--draws",
    type=int,
    metavar="N",
    help=say("Where p is simulated: how many tallies (default: 100000)."),
)
SEED = option(
    "--seed",
    type=int,
    metavar="SEED",
    help=say("Where p is simulated: the seed, a whole number (default: 0)."),
)
CHECK = option(
    "--check", is_flag=True, help=say("Exit with 1 if the claim is rejected, with 4 if that cannot be told.")
)


# How a p-value is computed and judged, for all commands that test.
TEST_OPTIONS = (ORDERING, METHOD, SIGNIFICANCE, BUDGET, DRAWS, SEED, CHECK)


def test_options(settings: dict[str, Any]) -> dict[str, Any]:
    """Statistic, method and significance, from the settings of a command with TEST_OPTIONS."""
    names = ("ordering", "method", "significance", "budget", "draws", "seed")
    return {name: settings[name] for name in names}
