"""What a result remembers of the call that made it: the options that were given, as text."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any, TypeVar

from mottomo.probabilities import Probabilities
from mottomo.results import Result

R = TypeVar("R", bound=Result)


def given(function: Callable[..., Any] | None = None, **values: Any) -> dict[str, str]:
    """The options that say something else than nothing, or than the defaults of a function: as text, by name.

    >>> given(column="face", null=[0.5, 0.5], by=None)
    {'column': 'face', 'null': '0.5,0.5'}
    """
    defaults: Mapping[str, Any] = (function and inspect.unwrap(function).__kwdefaults__) or {}
    return {
        name: _as_text(value)
        for name, value in values.items()
        if value is not None and not (isinstance(value, str | float) and value == defaults.get(name))
    }


def with_options(result: R, function: Callable[..., Any], **values: Any) -> R:
    """The result of a function, which also says the options that were given to it."""
    return result.with_provenance(result.provenance.with_settings(given(function, **values)))


def _as_text(value: Any) -> str:
    """An option as the command line would have it, where it can."""
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Probabilities):
        value = dict(zip(value.categories.names, value.exact or value.values.tolist(), strict=True))
    if hasattr(value, "items"):
        return ",".join(f"{_as_text(name)}={_as_text(one)}" for name, one in value.items())
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Iterable):
        return ",".join(map(_as_text, value))
    name = getattr(value, "name", None)
    return name if isinstance(name, str) and not is_dataclass(value) else str(value)


def library_of(data: Any) -> str | None:
    """The library of a data frame or a series."""
    root = type(data).__module__.partition(".")[0]
    return root if root in ("pandas", "polars", "pyarrow") else None
