"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.errors import SourceError
from mottomo.messages import say
from mottomo.sources import duck
from mottomo.sources.open_table import OpenTable
from mottomo.sources.reading import TableFile


@contextmanager
def opened_parquet(file: TableFile) -> Iterator[OpenTable]:
    """A Parquet file. DuckDB renames columns whose names differ only in case, so the file's own names are read too."""
    relation = f"read_parquet({duck.file_literal(file.path)}, hive_partitioning=false)"
    with duck.connection() as connection:
        try:
            types = duck.column_types(connection, relation)
            columns = _names(connection, file.path)
        except duck.Error:
            what, expected = say("the file cannot be read as Parquet"), say("a whole Parquet file")
            raise SourceError("not-parquet", what, file.where, expected) from None
    yield OpenTable(file, relation, columns if len(columns) == len(types) else list(types), types)


def _names(connection: Any, path: Path) -> list[str]:
    """The names of the top-level columns as they are in the file."""
    sql = f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({duck.file_literal(path)})"
    _, *fields = duck.fetch_all(connection, sql)  # the first is the table itself
    names, nested = [], 0
    for name, n_children in fields:
        if nested:
            nested -= 1
        else:
            names.append(name)
        nested += n_children
    return names
