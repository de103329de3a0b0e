"""DuckDB: private connections without network access, quoting, progress, and queries that Ctrl-C stops at once."""

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
_PAUSE_SECONDS, _MOST_PAUSES = 0.005, 100  # how long the end of the process waits for an interrupted query
_SPILL = re.compile(r'[/\\]duckdb_temp_[^"]*": (.*)')


class Error(Exception):
    """An error of DuckDB, with its text."""


@contextmanager
def connection() -> Iterator[Any]:
    """A connection to a database in memory. It loads no extensions; its temporary files are deleted at the end."""
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
    """All rows of a query. `progress` is called with the percentage done."""
    return list(_patiently(connection, lambda: connection.execute(sql).fetchall(), progress))


def fetch_arrays(connection: Any, sql: str, progress: Callable[[float], None] | None = None) -> list[Any]:
    """The columns of a query as numpy arrays, masked where a cell is NULL. `progress` is as in ``fetch_all``."""
    return list(_patiently(connection, lambda: connection.execute(sql).fetchnumpy(), progress).values())


def _patiently(connection: Any, run: Callable[[], Any], progress: Callable[[float], None] | None) -> Any:
    """The result of `run`, a query. Any exception, such as Ctrl-C, stops the query at once.

    The query runs in a separate thread: in the main thread DuckDB would notice an interrupt only after the query.

    Raises SourceError if the folder of temporary files has no room, Error for any other error of DuckDB.
    """
    import duckdb

    ended: list[bool] = []

    def query() -> Any:
        try:
            return run()
        finally:
            ended.append(True)

    def stop() -> None:  # does not ask the future, because the main thread may hold its lock
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
        except (duckdb.Error, RuntimeError) as error:  # RuntimeError: a file name that is not UTF-8
            raise _worded(str(error), connection) from None
        finally:
            _stopped(connection, future)


def _stopped(connection: Any, future: Future[Any]) -> None:
    """Interrupt a query until it ends; once may not be enough, because it may begin only after the first interrupt."""
    while not future.done():
        connection.interrupt()
        wait([future], timeout=_POLL_SECONDS)


def _worded(text: str, connection: Any) -> Exception:
    """The exception for an error text of DuckDB: a SourceError if temporary files could not be written, else Error."""
    spill = _SPILL.search(text)
    if spill is None and "'max_temp_directory_size'" not in text:
        return Error(text)
    folder = connection.execute("SELECT current_setting('temp_directory')").fetchone()[0]
    fault = spill[1] if spill else os.strerror(errno.ENOSPC)
    return temporary_error(say("the table cannot be kept in temporary files"), Path(folder), fault)


def confine(connection: Any, path: Path) -> None:
    """From now on the connection can read only this file and write none, because it runs a user's condition."""
    connection.execute(f"SET allowed_paths=[{literal(str(path.absolute()))}]")
    connection.execute("SET enable_external_access=false; SET lock_configuration=true")


def is_one_statement(sql: str) -> bool:
    """Whether the text is a single SQL statement: a condition in it must not end it and begin another."""
    import duckdb

    try:
        return len(duckdb.extract_statements(sql)) == 1
    except duckdb.Error:
        return True  # no SQL at all; running it gives the error


def column_types(connection: Any, relation: str) -> dict[str, str]:
    """The columns of a relation in their order, with DuckDB's names of their types."""
    rows = fetch_all(connection, f"DESCRIBE SELECT * FROM {relation}")
    return {row[0]: row[1] for row in rows}


def identifier(name: str) -> str:
    """A name in SQL, in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def is_text(text: str) -> bool:
    """Whether DuckDB can hold a text: no surrogates, which come from bytes of the command line that are not UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def file_literal(path: Path) -> str:
    """An absolute path in SQL, in which no character is read as a pattern or as a remote address."""
    escaped = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute()))
    return literal(escaped)


def plain_names(n_columns: int) -> list[str]:
    """The names c0, c1, ... for columns: they need no quotes, and no two are alike, not even but for case."""
    return [f"c{index}" for index in range(n_columns)]


def first_line(error: Exception) -> str:
    """The first line of what an error says; the name of its type where it says nothing."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
