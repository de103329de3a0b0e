"""DuckDB, kept on a leash: a private connection, no network, quoting, progress, and a Ctrl-C that is heard."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim

_POLL_SECONDS = 0.05


class Error(Exception):
    """What DuckDB said when it could not do what was asked."""


@contextmanager
def connection() -> Iterator[Any]:
    """A connection to a database in memory that loads no extensions and keeps temporary files out of the way."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="mottomo-") as folder:
        opened = duckdb.connect(
            config={
                "temp_directory": folder,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            }
        )
        try:
            opened.execute("SET enable_progress_bar=true; SET enable_progress_bar_print=false")
            yield opened
        finally:
            opened.close()


def fetch_all(connection: Any, sql: str, progress: Callable[[float], None] | None = None) -> list[tuple[Any, ...]]:
    """All rows of a query. Ctrl-C stops it at once, and `progress` hears how far it is, in percent.

    The query runs in a thread of its own: in the main thread DuckDB hears an interrupt only when it is done.
    """
    import duckdb

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(lambda: connection.execute(sql).fetchall())
        try:
            while True:
                try:
                    return list(future.result(timeout=_POLL_SECONDS))
                except NotYet:
                    if progress is not None:
                        progress(connection.query_progress())
        except KeyboardInterrupt:
            connection.interrupt()
            wait([future])
            raise
        except duckdb.Error as error:
            raise Error(str(error)) from None


def column_types(connection: Any, relation: str) -> dict[str, str]:
    """The columns of a relation and DuckDB's names of their types, in order."""
    rows = fetch_all(connection, f"DESCRIBE SELECT * FROM {relation}")
    return {row[0]: row[1] for row in rows}


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """An absolute path as a literal in which no character means a pattern or a remote place."""
    escaped = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute()))
    return literal(escaped)


def plain_names(columns: list[str]) -> list[str]:
    """Stand-ins for column names: no quoting, no duplicates, no two that differ only in case."""
    return [f"c{index}" for index in range(len(columns))]


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def decompressed_head(path: Path, size: int) -> bytes:
    """The first hundred lines of a Zstandard file, decompressed by DuckDB, as UTF-8."""
    columns = "columns={'line': 'VARCHAR'}, auto_detect=false, header=false, delim='\x1f', quote='', escape=''"
    relation = f"read_csv({file_literal(path)}, compression='zstd', {columns}, max_line_size={size})"
    with connection() as opened:
        try:
            lines = fetch_all(opened, f"SELECT line FROM {relation} LIMIT 100")
        except Error as error:
            raise SourceError(
                "unreadable", say("the file cannot be read"), verbatim(str(path)), None, verbatim(first_line(error))
            ) from None
    return "\n".join(line or "" for (line,) in lines).encode("utf-8")
