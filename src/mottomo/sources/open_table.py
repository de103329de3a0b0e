"""A file that DuckDB can read: the result of every reader of a format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mottomo.sources.reading import TableFile


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that DuckDB can read.

    Attributes
    ----------
    file : a plain file in UTF-8 with the same rows.
    relation : SQL for after FROM.
    columns : the names of the columns in the table.
    types : the relation's names of the columns with DuckDB's types; None for text, in which all is VARCHAR.
    confirm : to be called after all rows have been read; raises SourceError if they cannot be trusted.
    """

    file: TableFile
    relation: str
    columns: list[str]
    types: dict[str, str] | None = None
    confirm: Callable[[], None] = lambda: None
