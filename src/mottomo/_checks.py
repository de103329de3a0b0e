"""Single numbers as arguments: inside (0, 1), positive, whole. Each is refused in one way, wherever it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written

_NO_NUMBERS = (bool, np.timedelta64)  # which Python and numpy call integers


def check_between(name: str, value: Any, example: str) -> float:
    """A number inside (0, 1) as Python's float, which every function of scipy takes; anything else is refused."""
    is_number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    if not is_number or not 0 < value < 1 or not 0 < float(value) < 1:
        hint: Message | None = None
        if isinstance(value, int | float) and 1 <= value < 100:
            hint = say("write {share} for {value} percent", share=f"{value / 100:g}", value=f"{value:g}")
        raise InvalidInput(
            f"{name}-range",
            say("{name} is not between 0 and 1", name=name),
            verbatim(name),
            say("a number inside (0, 1), such as {example}", example=example),
            verbatim(written(value)),
            hint,
        )
    return float(value)


def check_level(level: Any) -> float:
    """A confidence level."""
    return check_between("level", level, "0.95")


def check_positive(name: str, value: Any) -> None:
    """Refuse what is no positive, finite number."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, _NO_NUMBERS)
    if not is_number or not 0 < value < float("inf"):
        raise InvalidInput(
            "not-positive",
            say("{name} is not a positive number", name=name),
            verbatim(name),
            say("a number above 0"),
            verbatim(written(value)),
        )


def check_whole(name: str, value: object, least: int) -> None:
    """Refuse what is no whole number of at least `least`."""
    if isinstance(value, _NO_NUMBERS) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInput(
            "not-a-whole-number",
            say("{name} is not a whole number of {least} or more", name=name, least=least),
            verbatim(name),
            say("a whole number, {least} or more", least=least),
            verbatim(written(value, repr)),
        )
