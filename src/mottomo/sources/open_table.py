"""A file that DuckDB can read: what every reader of a format gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mottomo.sources.reading import TableFile


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A plain file in UTF-8 with the same rows, its relation for FROM, its columns, and their types if it has any.

    `confirm` is called when the rows have been read, and raises SourceError where they cannot be trusted.
    """

    file: TableFile
    relation: str
    columns: list[str]
    types: dict[str, str] | None = None
    confirm: Callable[[], None] = lambda: None
