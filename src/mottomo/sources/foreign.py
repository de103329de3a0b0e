"""The boundary to the libraries that hold the data: what they raise becomes an error of ours, in the five parts.

Two kinds of exception are theirs: those of their own types, and Python's own types (a TypeError, a KeyError) that were
raised by their code. Anything that our code or the caller's raises passes as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mottomo.errors import SourceError
from mottomo.messages import Message, say

# Where each library keeps the type that all of its errors have; pandas has no such type, but a module of them.
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
    """While the body runs, errors of libraries that hold data become a SourceError at `where`."""
    try:
        yield
    except _types_of_libraries() as error:
        raise _said(error, where) from error
    except _PYTHONS_OWN as error:
        if _raised_by(error) not in _LIBRARIES:
            raise
        raise _said(error, where) from error


def _types_of_libraries() -> tuple[type[BaseException], ...]:
    """The types of error of the libraries that are loaded; one that is not has raised nothing."""
    found = [
        getattr(sys.modules[module], name) for module, name in _BASES.values() if hasattr(sys.modules.get(module), name)
    ]
    pandas = sys.modules.get("pandas.errors")
    found += [one for one in vars(pandas).values() if isinstance(one, type)] if pandas is not None else []
    return tuple(one for one in found if issubclass(one, Exception) and not issubclass(one, Warning))


def _raised_by(error: BaseException) -> str:
    """The package whose Python code raised an error, or called the compiled code that did."""
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
