"""The boundary to the libraries that hold the data: their exceptions become errors of mottomo.

An exception is theirs if its type is one of theirs, or if it is of a built-in type (TypeError, KeyError) and was raised
by their code. Exceptions raised by mottomo or by the caller are not changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mottomo.errors import SourceError
from mottomo.messages import Message, say

# The base class of each library's errors; pandas has no base class, only a module with all of them.
_BASES = {
    "narwhals": ("narwhals.exceptions", "NarwhalsError"),
    "polars": ("polars.exceptions", "PolarsError"),
    "pyarrow": ("pyarrow.lib", "ArrowException"),
    "duckdb": ("duckdb", "Error"),
    "mottomo": ("mottomo.sources.duck", "Error"),
}
_LIBRARIES = ("narwhals", "pandas", "polars", "pyarrow", "duckdb", "numpy")
_PYTHONS_OWN = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, NotImplementedError, OSError)


@contextmanager
def in_our_words(where: Message) -> Iterator[None]:
    """Errors of the libraries that hold data, raised in the body, become a SourceError at `where`."""
    try:
        yield
    except _types_of_libraries() as error:
        raise _said(error, where) from error
    except _PYTHONS_OWN as error:
        if _raised_by(error) not in _LIBRARIES:
            raise
        raise _said(error, where) from error


def _types_of_libraries() -> tuple[type[BaseException], ...]:
    """The error types of those libraries that are loaded; the others cannot have raised anything."""
    found = [
        getattr(sys.modules[module], name) for module, name in _BASES.values() if hasattr(sys.modules.get(module), name)
    ]
    pandas = sys.modules.get("pandas.errors")
    found += [one for one in vars(pandas).values() if isinstance(one, type)] if pandas is not None else []
    return tuple(one for one in found if issubclass(one, Exception) and not issubclass(one, Warning))


def _raised_by(error: BaseException) -> str:
    """The package whose Python code raised an error, or called the compiled code that raised it."""
    trace, module = error.__traceback__, ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return module.split(".")[0]


def _said(error: BaseException, where: Message) -> SourceError:
    package = type(error).__module__.split(".")[0]
    library = package if package in _LIBRARIES else "duckdb" if package == "mottomo" else _raised_by(error)
    return SourceError(
        "data-library",
        say("the library that holds the data cannot give it"),
        where,
        say("columns that can be read and grouped"),
        say("{error} from {library}", error=type(error).__name__, library=library),
        say("look at the column with that library first, or give its values as a list"),
    )
