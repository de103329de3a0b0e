"""How the steps of a derivation are told: a heading, sentences, tables and formulas for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mottomo.explanation.steps import Step
from mottomo.messages import Message, say, say_count
from mottomo.report.report import Block, Body, Formula, Heading, Paragraph, Table


@dataclass(frozen=True, slots=True)
class Narration:
    """What is said around the formulas of a step."""

    title: Message
    before: tuple[Message, ...] = ()
    after: tuple[Message, ...] = ()
    tables: tuple[Table, ...] = ()


def told(title: Message, steps: Sequence[Step], narrate: Callable[[Step], Narration]) -> Body:
    """The steps in order, each in the words that fit it."""
    blocks: list[Block] = []
    for number, step in enumerate(steps, start=1):
        found = narrate(step)
        blocks.append(Heading(say("{number}. {title}", number=number, title=found.title), 2))
        blocks += [Paragraph(sentence) for sentence in found.before]
        blocks += found.tables
        blocks += [Formula(line.latex, line.text, line.number) for line in step.lines]
        blocks += [Paragraph(sentence) for sentence in found.after]
    return Body(title, tuple(blocks))


def explained(steps: Sequence[Step]) -> Message:
    """The verdict on steps that all hold."""
    return say_count(
        "{count} step, and every equation holds for these numbers.",
        "{count} steps, and every equation holds for these numbers.",
        len(steps),
    )


def failed(names: Sequence[str]) -> Message:
    """The verdict on steps of which some do not hold."""
    return say("A check failed in: {names}. Please report it with this tally.", names=list(names))
