"""Explanations, as documents."""

from __future__ import annotations

from typing import Any

from mottomo.messages import say
from mottomo.report.descriptions.common import closing
from mottomo.report.document import Document, Formula, Heading, Paragraph
from mottomo.report.narration import narrated


def describe_explanation(explanation: Any) -> Document:
    """The steps, narrated."""
    blocks: list[Any] = []
    for number, step in enumerate(explanation.steps, start=1):
        told = narrated(step, explanation)
        blocks.append(Heading(say("{number}. {title}", number=number, title=told.title), 2))
        blocks += [Paragraph(sentence) for sentence in told.before]
        blocks += told.tables
        blocks += [Formula(line.latex, line.text, line.number) for line in step.lines]
        blocks += [Paragraph(sentence) for sentence in told.after]
    return Document(say("From outcomes to probabilities, by maximum likelihood"), (*blocks, *closing(explanation)))
