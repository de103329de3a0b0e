"""What is said of pictures that were left out."""

from __future__ import annotations

from collections.abc import Sequence

from mottomo.classification.pictures import SkippedPicture
from mottomo.messages import Message, say, say_count
from mottomo.report.numbers import whole
from mottomo.report.sentences import some

_MOST = 5


def skipped(pictures: Sequence[SkippedPicture]) -> Message:
    """How many pictures were left out, and why the first of them."""
    named = [say("{name} ({problem})", name=one.name, problem=one.problem.what) for one in pictures]
    return say_count(
        "{number} picture was left out: {names}.",
        "{number} pictures were left out: {names}.",
        len(pictures),
        number=whole(len(pictures)),
        names=some(named, _MOST),
    )
