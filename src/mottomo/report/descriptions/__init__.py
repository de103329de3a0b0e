"""The one registry of descriptions: each result type, as a document of headings, tables, notes and a verdict."""

from __future__ import annotations

import importlib
from typing import Any

from mottomo.report.document import Document

# Which module describes which type, and by which function; imported when first used.
_DESCRIPTIONS = {
    "Tally": ("estimation", "describe_tally"),
    "Estimate": ("estimation", "describe_estimate"),
    "PartlySeenEstimate": ("partly_seen", "describe_partly_seen"),
    "Explanation": ("explanation", "describe_explanation"),
    "ClassifierExplanation": ("explanation", "describe_classifier_explanation"),
    "TestResult": ("testing", "describe_test"),
    "ExchangeabilityResult": ("order", "describe_exchangeability"),
    "GroupTests": ("testing", "describe_group_tests"),
    "ComparisonResult": ("comparison", "describe_comparison"),
    "Plan": ("planning", "describe_plan"),
    "TrainingResult": ("training", "describe_training"),
}


def describe(result: Any) -> Document:
    """The document of a result, by its type."""
    for kind in type(result).__mro__:
        if kind.__name__ in _DESCRIPTIONS:
            module, function = _DESCRIPTIONS[kind.__name__]
            described: Document = getattr(importlib.import_module(f"{__name__}.{module}"), function)(result)
            return described
    raise TypeError(f"no description of {type(result).__name__}")
