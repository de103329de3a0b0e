"""The figure of a derived classifier: what happened, and what it predicted on the whole."""

from __future__ import annotations

from mottomo.explanation.classifier import ClassifierExplanation
from mottomo.report.figures.counted import counted_and_predicted
from mottomo.report.figures.drawing import Figure, Look


def draw(found: ClassifierExplanation, look: Look) -> Figure:
    """Counts beside the sums of y over the rows."""
    return counted_and_predicted(found.steps, look)
