"""What every result has in common: frozen values, a dictionary, codes of what it says, and a way to be shown.

Results say *codes*; the words, tables, HTML and LaTeX belong to ``report/``, which the package hands over
(``mottomo/__init__.py``), so that no result needs to know how it is printed.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read.

    Attributes
    ----------
    name : as it was given.
    size : in bytes; None where it is unknown, as for a pipe.
    sha256 : as ``sha256sum`` prints it; None where the file is too large or cannot be read twice.
    role : what it is for if it is no data: ``null``, ``alternative``, ``probabilities``, ``model``.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    role: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The file as JSON has it: ``name``, ``bytes``, ``sha256``, null where unknown; ``role`` if it is no data."""
        found = {"name": self.name, "bytes": self.size, "sha256": self.sha256}
        return found if self.role is None else {**found, "role": self.role}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result comes from.

    Attributes
    ----------
    sources : the files that were read; one that was counted twice stands here twice.
    origins : what was counted that is no file: ``counts``, ``outcomes``, ``table``, ``standard input``.
    settings : the options that were given, by name; of a sum of tallies every value that one had, None where it was
        not given.
    command : the command line that gives the same result again.
    library : of the data frame that was given: ``pandas``, ``polars``, ``pyarrow``.
    """

    sources: tuple[SourceFile, ...] = ()
    origins: tuple[str, ...] = ()
    settings: Mapping[str, str | tuple[str | None, ...]] = field(default_factory=dict)
    command: str | None = None
    library: str | None = None

    @property
    def data(self) -> tuple[str, ...]:
        """The names of all that was counted."""
        return (*(one.name for one in self.sources if one.role is None), *self.origins)

    def with_settings(self, settings: Mapping[str, str]) -> Provenance:
        """The same with more options."""
        return replace(self, settings={**self.settings, **settings}) if settings else self

    def without_setting(self, name: str) -> Provenance:
        """The same without one of the options."""
        return replace(self, settings={key: value for key, value in self.settings.items() if key != name})

    def merged(self, other: Provenance) -> Provenance:
        """The sources of both, and of an option that differs every value that it had."""
        if Provenance() in (self, other):
            return other if self == Provenance() else self
        files = (*self.sources, *(one for one in other.sources if one.role is None or one not in self.sources))
        origins = tuple(dict.fromkeys((*self.origins, *other.origins)))
        settings: dict[str, str | tuple[str | None, ...]] = {}
        for name in {**self.settings, **other.settings}:
            values = tuple(dict.fromkeys((*_values(self.settings.get(name)), *_values(other.settings.get(name)))))
            settings[name] = values[0] if len(values) == 1 and values[0] is not None else values
        command = self.command if self.command == other.command else None
        return Provenance(files, origins, settings, command, self.library or other.library)


def _values(setting: str | tuple[str | None, ...] | None) -> tuple[str | None, ...]:
    return setting if isinstance(setting, tuple) else (setting,)


class NoWords(LookupError):
    """A type of results has no file of words."""


class Result:
    """A frozen value that carries how it was got and can be shown in any format and language."""

    __slots__ = ()

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__repr__" not in cls.__dict__:  # before a dataclass gives it one with all arrays
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def to_dict(self) -> dict[str, Any]:
        """The result as plain dictionaries, lists, strings and numbers: what ``--json`` prints under ``result``."""
        raise NotImplementedError

    @property
    def provenance(self) -> Provenance:
        """Where the result comes from; if it does not say, where its tally comes from."""
        own: Provenance | Callable[[], Provenance] | None = self.__dict__.get("_provenance")
        if callable(own):
            own = self.__dict__["_provenance"] = own()
        if own is not None:
            return own
        tally = getattr(self, "tally", None)
        return tally.provenance if isinstance(tally, Result) and tally is not self else Provenance()

    def with_provenance(self, provenance: Provenance | Callable[[], Provenance]) -> Self:
        """A copy of the result that has this provenance, or one that is known when it is asked for."""
        found = copy.copy(self)
        found.__dict__["_provenance"] = provenance
        return found

    def streamed_dict(self) -> dict[str, Any]:
        """``to_dict``, in which long lists may be a ``Stream`` and values known after it a ``Later``."""
        return self.to_dict()

    @property
    def verdict(self) -> str:
        """The code of the sentence that answers the question asked."""
        raise NotImplementedError

    @property
    def remarks(self) -> tuple[str, ...]:
        """The codes of what else a reader has to know to read the numbers right."""
        return ()

    def render(self, format: str = "text", language: str | None = None, width: int = 80) -> str:
        """The result as ``text``, ``markdown``, ``html``, ``latex``, ``csv`` or ``json``, in ``en`` or ``ja``.

        Without a language the locale of the environment decides (``LC_ALL``, ``LC_MESSAGES``, ``LANG``). `width` is
        the number of terminal columns that text may fill.
        """
        return "".join(_report().render(self, format, language, width=width))

    def to_frame(self, backend: str | None = None) -> Any:
        """The table of the result as a data frame of ``pandas``, ``polars`` or ``pyarrow``; by default the first found.

        Raises
        ------
        MissingExtra : no such library is installed.
        InvalidInput : the result has no table.
        """
        return _report().to_frame(self, backend)

    def plot(self, language: str | None = None, *, dark: bool = False) -> Any:
        """The figure of the result, a chart of Altair, which a notebook shows and ``save(file)`` writes.

        Raises
        ------
        MissingExtra : the libraries for figures are not installed.
        InvalidInput : the result has no figure.
        """
        return _report().plot(self, language, dark=dark)

    def __repr__(self) -> str:
        try:
            return f"<{type(self).__name__}: {_report().summary(self)}>"
        except NoWords:
            return f"<{type(self).__name__}>"

    def __str__(self) -> str:
        return self.render("text")

    def _repr_html_(self) -> str:
        return self.render("html-fragment")

    def _repr_latex_(self) -> str:
        return self.render("latex")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


class Stream:
    """A list whose values are made while it is read; it can be read any number of times."""

    def __init__(self, make: Callable[[], Iterator[Any]]) -> None:
        self._make = make
        self._started: Iterator[Any] | None = None

    def start(self) -> None:
        """Make the first value, for what is known from then on; it is still the first that an iteration gives."""
        rows = self._make()
        self._started = itertools.chain(list(itertools.islice(rows, 1)), rows)

    def __iter__(self) -> Iterator[Any]:
        started, self._started = self._started, None
        return self._make() if started is None else started


class Later:
    """A value of a dictionary that is known only after the stream before it has been read."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class ResultWithNames(Result):
    """A result with a row for each category, group or coefficient, found by name.

    ``result["SSR"].upper`` : a field of the row with this name; some rows have several names, ``result["a", "b"]``.
    ``"SSR" in result`` : whether the name stands for one row.

    The fields of a row are the columns of ``to_frame()`` and of CSV.
    """

    __slots__ = ()
    __iter__: Any = None  # or Python would try numbers from 0 on

    def __getitem__(self, name: Any) -> Any:
        return _report().row(self, name)

    def __contains__(self, name: object) -> bool:
        from mottomo.errors import InvalidInput

        try:
            _report().row(self, name)
        except InvalidInput:
            return False
        return True


class ResultWithRows(ResultWithNames):
    """The same, whose rows are gone through in their order: ``len(result)``, ``for row in result``."""

    __slots__ = ()

    def __len__(self) -> int:
        return int(_report().n_rows(self))

    def __bool__(self) -> bool:  # a result without rows is not False
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(_report().rows(self))


def _report() -> Any:
    import mottomo

    return mottomo._load_report()
