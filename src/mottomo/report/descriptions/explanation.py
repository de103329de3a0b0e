"""Explanations, as documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mottomo.messages import Message, say
from mottomo.report.classifier_narration import narrated_classifier_step
from mottomo.report.descriptions.common import closing
from mottomo.report.document import Document, Formula, Heading, Paragraph
from mottomo.report.narration import Narration, narrated


def describe_explanation(explanation: Any) -> Document:
    """The steps from a tally to the cross-entropy, narrated."""
    title = say("From outcomes to probabilities, by maximum likelihood")
    return _told(title, explanation, lambda step: narrated(step, explanation))


def describe_classifier_explanation(explanation: Any) -> Document:
    """The steps from rows to a classifier, narrated."""
    title = say("From rows to probabilities: “{target}”", target=explanation.training.classifier.target)
    return _told(title, explanation, narrated_classifier_step)


def _told(title: Message, explanation: Any, narrate: Callable[[Any], Narration]) -> Document:
    blocks: list[Any] = []
    for number, step in enumerate(explanation.steps, start=1):
        told = narrate(step)
        blocks.append(Heading(say("{number}. {title}", number=number, title=told.title), 2))
        blocks += [Paragraph(sentence) for sentence in told.before]
        blocks += told.tables
        blocks += [Formula(line.latex, line.text, line.number) for line in step.lines]
        blocks += [Paragraph(sentence) for sentence in told.after]
    return Document(title, (*blocks, *closing(explanation)))
