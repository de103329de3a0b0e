"""The figure of a derivation with a given model: what happened, and what it predicted on the whole."""

from __future__ import annotations

from mottomo.explanation.given_model import ModelExplanation
from mottomo.report.figures.counted import counted_and_predicted
from mottomo.report.figures.drawing import Figure, Look


def draw(found: ModelExplanation, look: Look) -> Figure:
    """Counts beside the sums of y over the rows."""
    return counted_and_predicted(found.steps, look)
