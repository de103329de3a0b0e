"""What every result has in common: frozen values, a dictionary, notes and a verdict, and a way to be shown.

Results say *codes*; the words, tables, HTML and LaTeX belong to ``report/``, which the package hands over
(``mottomo/__init__.py``), so that no result needs to know how it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict or a note: a stable code and the values its sentence needs."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Result:
    """A frozen value that carries how it was got and can be shown in any format and language."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The result as plain dictionaries, lists, strings and numbers: what ``--json`` prints under ``result``."""
        raise NotImplementedError

    @property
    def verdict(self) -> Finding:
        """The one finding that answers the question asked."""
        raise NotImplementedError

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What else a reader has to know to read the numbers right."""
        return ()

    def render(self, format: str = "text", language: str | None = None) -> str:
        """The result as ``text``, ``markdown``, ``html``, ``latex``, ``csv`` or ``json``, in ``en`` or ``ja``.

        Without a language the locale of the environment decides (``LC_ALL``, ``LC_MESSAGES``, ``LANG``).
        """
        import mottomo

        text: str = mottomo._load_report().render(self, format, language)
        return text

    def _repr_html_(self) -> str:
        return self.render("html-fragment")

    def _repr_latex_(self) -> str:
        return self.render("latex")

    def __str__(self) -> str:
        return self.render("text")
