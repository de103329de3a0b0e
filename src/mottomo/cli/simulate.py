"""``mottomo simulate``: throws of any die, one outcome a line."""

from __future__ import annotations

import sys
from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.options import CATEGORIES, DEBUG, FIGURE, LANGUAGE
from mottomo.cli.output import cannot_show, note, save_figures, show
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim


@make_command(
    "simulate",
    say(
        "Simulate outcomes with given probabilities, one a line.\n\n"
        "PROBABILITIES is a list (0.1,1/4,10%), names (dog=0.8,fox=0.1,wolf=0.1), ratios (625:125:25:5:2), a .csv file "
        "of category and probability, or fair with --categories. The same seed gives the same outcomes everywhere."
    ),
    (
        click.argument("probabilities", metavar="PROBABILITIES"),
        option(
            "-n",
            "--observations",
            "n",
            type=int,
            required=True,
            metavar="N",
            help=say("How many outcomes to simulate."),
        ),
        option("--seed", type=int, metavar="SEED", help=say("A whole number; without it one is chosen and reported.")),
        CATEGORIES,
        option("--normalise", is_flag=True, help=say("Divide the probabilities by their sum.")),
        LANGUAGE,
        option("--json", "as_json", is_flag=True, help=say("One JSON object with the outcomes and what made them.")),
        FIGURE,
        DEBUG,
    ),
)
def command(
    probabilities: str,
    n: int,
    seed: int | None,
    categories: str | None,
    normalise: bool,
    as_json: bool,
    figure: tuple[str, ...],
    **_: Any,
) -> None:
    from mottomo.inference.simulation import Simulation, simulated_positions
    from mottomo.probabilities import Probabilities
    from mottomo.results import Provenance
    from mottomo.sources.probability_file import claim_of

    odds, claim = claim_of(probabilities, "probabilities")
    die = Probabilities.of(odds, categories, normalise=normalise)
    added: tuple[str, ...] = ()
    if seed is None:
        seed = _fresh_seed()
        added = ("--seed", str(seed))
    if as_json:
        settings = {"output_format": None, "as_json": True, "save": None, "figure": figure}
        source = Provenance(() if claim is None else (claim,), settings={"probabilities": probabilities})
        show(Simulation.of(die, n, seed).with_provenance(source), settings, added=added)
        return
    from mottomo.report.results.simulation import NORMALISED, simulated

    _check_names(die.categories.names)
    lines = [name + "\n" for name in die.categories.names]
    for positions in simulated_positions(die, n, seed=seed):
        sys.stdout.write("".join([lines[position] for position in positions.tolist()]))
    sys.stdout.flush()
    if die.normalised:
        note(NORMALISED)
    note(simulated(n, len(lines), seed))
    if figure:
        save_figures(Simulation.of(die, n, seed), figure)


def _check_names(names: tuple[str, ...]) -> None:
    """Refuse names that one outcome a line cannot carry, or standard output not show as they are."""
    for name in names:
        if not name or set(name) & {"\n", "\r"}:
            raise InvalidInput(
                "name-no-line",
                say("a category's name is not one line of text"),
                say("categories"),
                say("a name without line ends, and not empty"),
                verbatim(repr(name)),
                say("use --json"),
            )
        try:
            name.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError as error:
            raise cannot_show(sys.stdout.encoding, error) from None


def _fresh_seed() -> int:
    import secrets

    return secrets.randbits(53)
