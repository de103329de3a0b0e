"""What a simulation says: how often each category came up, and how to have the outcomes again."""

from __future__ import annotations

from mottomo.inference.simulation import Simulation, SimulationRemark, SimulationVerdict
from mottomo.messages import Message, say
from mottomo.report.report import Body, Column, Table
from mottomo.report.results import Words, tallies, worded
from mottomo.report.sentences import categories, observations

NORMALISED = say("The probabilities were divided by their sum, as asked.")


def _body(simulation: Simulation) -> Body:
    tally, names = simulation.tally, simulation.die.categories.names
    table = Table.of(
        tally.n_categories,
        *tallies.names(tally),
        (tallies.COUNT, tally.counts),
        (Column("share", say("share t/n"), "share"), tally.shares),
        (Column("probability", say("probability"), "probability"), simulation.die.values),
    )
    positions = simulation.positions
    outcomes = Table.of(positions.size, (Column("outcome", say("outcome"), "label"), lambda row: names[positions[row]]))
    return Body(say("Simulated outcomes"), (table,), outcomes)


def simulated(n: int, n_categories: int, seed: int) -> Message:
    """How many outcomes were simulated, and what gives them again."""
    return say(
        "{observations} of {categories} simulated; the same seed, {seed}, gives them again.",
        observations=observations(n),
        categories=categories(n_categories),
        seed=str(seed),
    )


def _simulated(simulation: Simulation) -> Message:
    return simulated(simulation.positions.size, len(simulation.die.categories), simulation.seed)


WORDS = Words[Simulation](
    "simulate",
    _body,
    worded(SimulationVerdict, {"simulated": _simulated}),
    worded(SimulationRemark, {"normalised": lambda simulation: NORMALISED}),
)
