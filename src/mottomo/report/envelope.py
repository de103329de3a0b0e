"""The one JSON object of ``--json``: what was asked, the result at full precision, the verdict and the notes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from mottomo.report.findings import worded_finding
from mottomo.report.wording import translator

SCHEMA = 1
# Characters inside strings that a terminal would act on and that JSON lets through; as escapes they mean the same.
_INVISIBLE = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
_COMMANDS = {
    "Tally": "tally",
    "Estimate": "estimate",
    "PartlySeenEstimate": "estimate",
    "Explanation": "explain",
    "ClassifierExplanation": "explain",
    "Simulation": "simulate",
    "TestResult": "test",
    "ExchangeabilityResult": "test",
    "GroupTests": "test",
    "ComparisonResult": "compare",
    "Plan": "plan",
    "TrainingResult": "train",
}


def product_version() -> str:
    return version("mottomo")


def envelope(result: Any, language: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The object; `given` adds to ``input`` what is known of the source."""
    tally = getattr(result, "tally", result)
    known = {} if tally is None else {"sha256": tally.sha256}  # a plan may be made before anything is counted
    return {
        "schema": SCHEMA,
        "command": _COMMANDS[type(result).__name__],
        "version": product_version(),
        "input": {**(given or {}), **known},
        "result": result.to_dict(),
        "verdict": _worded(result.verdict, language),
        "notes": [_worded(note, language) for note in result.notes],
    }


def _worded(finding: Any, language: str) -> dict[str, str]:
    return {"code": finding.code, "text": worded_finding(finding).worded(translator(language))}


def as_json(result: Any, language: str, given: Mapping[str, Any] | None = None) -> str:
    """The object as JSON: full precision, exact integers of any size, no bare NaN or Infinity."""
    text = json.dumps(_plain(envelope(result, language, given)), ensure_ascii=False, allow_nan=False, indent=1)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _plain(value: Any) -> Any:
    """Infinite floats as the strings "inf" and "-inf", what is not defined as null."""
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
