"""DuckDB, kept on a leash: a private connection, no network, quoting, progress, and a Ctrl-C that is heard."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.leftovers import Undoing
from mottomo.messages import say
from mottomo.temporary import temporary_error, temporary_folder

_POLL_SECONDS = 0.05
_PAUSE_SECONDS, _MOST_PAUSES = 0.005, 100  # how long an end of the process waits for a query that is interrupted
_SPILL = re.compile(r'[/\\]duckdb_temp_[^"]*": (.*)')


class Error(Exception):
    """What DuckDB said when it could not do what was asked."""


@contextmanager
def connection() -> Iterator[Any]:
    """A connection to a database in memory that loads no extensions and keeps temporary files out of the way."""
    import duckdb

    with temporary_folder() as folder:
        opened = duckdb.connect(
            config={
                "temp_directory": str(folder),
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
    """All rows of a query, as ``_patiently`` runs it."""
    return list(_patiently(connection, lambda: connection.execute(sql).fetchall(), progress))


def fetch_arrays(connection: Any, sql: str, progress: Callable[[float], None] | None = None) -> list[Any]:
    """The columns of a query as numpy arrays, masked where a cell is NULL."""
    return list(_patiently(connection, lambda: connection.execute(sql).fetchnumpy(), progress).values())


def _patiently(connection: Any, run: Callable[[], Any], progress: Callable[[float], None] | None) -> Any:
    """What a query gives. Whatever comes up stops it at once, and `progress` hears how far it is, in percent.

    The query runs in a thread of its own: in the main thread DuckDB hears an interrupt only when it is done.

    Raises SourceError where the folder of temporary files has no room, Error for all else that DuckDB says.
    """
    import duckdb

    ended: list[bool] = []

    def query() -> Any:
        try:
            return run()
        finally:
            ended.append(True)

    def stop() -> None:  # asks no lock of the future, which the main thread may hold
        for _ in range(_MOST_PAUSES):
            if ended:
                return
            connection.interrupt()
            time.sleep(_PAUSE_SECONDS)

    with Undoing(stop), ThreadPoolExecutor(1) as pool:
        future = pool.submit(query)
        try:
            while True:
                try:
                    return future.result(timeout=_POLL_SECONDS)
                except NotYet:
                    if progress is not None:
                        progress(connection.query_progress())
        except (duckdb.Error, RuntimeError) as error:  # RuntimeError: a file name that is no UTF-8
            raise _worded(str(error), connection) from None
        finally:
            _stopped(connection, future)


def _stopped(connection: Any, future: Future[Any]) -> None:
    """Wait for a query, interrupting it as often as it takes: it may begin only after the first interrupt."""
    while not future.done():
        connection.interrupt()
        wait([future], timeout=_POLL_SECONDS)


def _worded(text: str, connection: Any) -> Exception:
    """What DuckDB said, or the folder of temporary files where that is at fault."""
    spill = _SPILL.search(text)
    if spill is None and "'max_temp_directory_size'" not in text:
        return Error(text)
    folder = connection.execute("SELECT current_setting('temp_directory')").fetchone()[0]
    fault = spill[1] if spill else os.strerror(errno.ENOSPC)
    return temporary_error(say("the table cannot be kept in temporary files"), Path(folder), fault)


def confine(connection: Any, path: Path) -> None:
    """From here on the connection reads one file and writes none: what a user's condition may reach."""
    connection.execute(f"SET allowed_paths=[{literal(str(path.absolute()))}]")
    connection.execute("SET enable_external_access=false; SET lock_configuration=true")


def is_one_statement(sql: str) -> bool:
    """Whether the text is a single statement, so that a condition in it has not ended it and begun another."""
    import duckdb

    try:
        return len(duckdb.extract_statements(sql)) == 1
    except duckdb.Error:
        return True  # no SQL at all: running it says what is wrong


def column_types(connection: Any, relation: str) -> dict[str, str]:
    """The columns of a relation and DuckDB's names of their types, in order."""
    rows = fetch_all(connection, f"DESCRIBE SELECT * FROM {relation}")
    return {row[0]: row[1] for row in rows}


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def is_text(text: str) -> bool:
    """Whether the engine can hold a text; bytes of the command line that are no UTF-8 come as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def file_literal(path: Path) -> str:
    """An absolute path as a literal in which no character means a pattern or a remote place."""
    escaped = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute()))
    return literal(escaped)


def plain_names(n_columns: int) -> list[str]:
    """Stand-ins for column names: no quoting, no duplicates, no two that differ only in case."""
    return [f"c{index}" for index in range(n_columns)]


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
