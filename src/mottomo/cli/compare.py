"""``mottomo compare``: do tallies come from the same probabilities? Are two columns independent?"""

from __future__ import annotations

from typing import Any

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import outcomes_of
from mottomo.cli.options import COUNT_OPTIONS, DATA, OUTPUT_OPTIONS, TEST_OPTIONS, test_options
from mottomo.cli.output import exit_for, show
from mottomo.messages import say


@make_command(
    "compare",
    say(
        "Compare tallies: do they come from the same probabilities?\n\n"
        "DATA is counts separated by / (2 5 2 4 2 5 / 8 2 3 1 4 2), two files or more, or one table with --by. With "
        "--with, whether the outcomes of --column and of that column are independent."
    ),
    (
        DATA,
        option("--with", "other", metavar="NAME", help=say("The second column, for a test of independence.")),
        *TEST_OPTIONS,
        *COUNT_OPTIONS,
        *OUTPUT_OPTIONS,
    ),
)
def command(data: tuple[str, ...], other: str | None, check: bool, **settings: Any) -> None:
    from mottomo.workflows.comparison import compare

    with outcomes_of(data, settings) as (outcomes, options):
        result = compare(outcomes, with_=other, **test_options(settings), **options)
    show(result, settings)
    if check:
        exit_for(result)
