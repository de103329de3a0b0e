"""The words of every verdict and note, by code. Pure layers say codes; here they become sentences."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.messages import Message
from mottomo.report.findings import estimation, order, planning, testing, training
from mottomo.report.findings.parts import Values
from mottomo.results import Finding

WORDS: dict[str, Callable[[Values], Message]] = {
    **estimation.WORDS,
    **testing.WORDS,
    **order.WORDS,
    **planning.WORDS,
    **training.WORDS,
}


def worded_finding(finding: Finding) -> Message:
    """The sentence of a verdict or a note."""
    return WORDS[finding.code](finding.values)
