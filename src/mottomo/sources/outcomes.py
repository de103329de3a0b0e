"""Outcomes in whatever they are in, counted by the reader for it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources.files import is_compressed
from mottomo.sources.formats import TABLES
from mottomo.sources.reading import Reading, table_file
from mottomo.sources.rows import CountedRows, Selection, column_text
from mottomo.tallies import Tally


def count_outcomes(outcomes: Any, column: Any, count_column: Any, by: Any) -> tuple[CountedRows, tuple[str, ...]]:
    """The distinct outcomes of any source in memory, counted, and the names of the groups."""
    if isinstance(outcomes, str | bytes | Mapping | Tally):
        raise _not_outcomes(outcomes)
    if not isinstance(outcomes, list | tuple | range) and not _is_array(outcomes):
        from mottomo.sources import frame

        table = frame.Frame.of(outcomes)
        if table is not None and (not table.is_series or by is None):
            selection = Selection(column, count_column, column_names(by))
            return frame.count_frame(table, selection), tuple(map(column_text, selection.by))
        if table is None and (hasattr(outcomes, "__arrow_c_stream__") or _is_arrow(outcomes)):
            from mottomo.sources.table import count_arrow

            selection = Selection(column, count_column, column_names(by))
            return count_arrow(outcomes, selection), tuple(map(column_text, selection.by))
    if not isinstance(outcomes, Iterable):
        raise _not_outcomes(outcomes)
    from mottomo.sources.memory import count_values

    Selection(column, count_column).refuse(say("outcomes in a row have no columns"), say("outcomes"))
    if isinstance(by, str) or not isinstance(by, Iterable | None):
        raise _no_columns_to_group(by)
    return count_values(outcomes, by), () if by is None else ("group",)


def count_path(
    path: Path,
    selection: Selection,
    reading: Reading | None = None,
    *,
    label: Message | None = None,
    progress: Callable[[float], None] | None = None,
) -> CountedRows:
    """Count a file, by the kind its name tells or that is given."""
    found = (reading or Reading()).of_file(path, label)
    where = label or verbatim(str(path))
    if found.kind not in TABLES:
        from mottomo.sources.files import opened
        from mottomo.sources.stream import count_lines

        selection.refuse(say("a file of lines has no columns"), where)
        can_locate = found.encoding is None and path.is_file() and not is_compressed(path)
        with opened(path) as stream:
            return count_lines(stream, where, found, path if can_locate else None)
    from mottomo.sources.table import count_table

    return count_table(table_file(path, found, label), selection, progress)


def binary_of(stream: Any) -> tuple[Any, Message, str | None]:
    """The bytes below an open file, with the encoding that a text file was opened with."""
    if not isinstance(stream, io.TextIOBase):
        is_input = stream is getattr(sys.stdin, "buffer", None)
        return stream, say("standard input") if is_input else say("stream"), None
    if not hasattr(stream, "buffer"):
        return io.BytesIO(stream.read().encode("utf-8", "surrogatepass")), say("stream"), None
    return stream.buffer, say("stream"), stream.encoding


@contextmanager
def spooled(stream: Any, kind: str) -> Iterator[Path]:
    """A stream as a temporary file."""
    from mottomo.temporary import temporary_folder, write_copy

    if isinstance(stream, io.TextIOBase):
        raise InvalidInput(
            "text-stream",
            say("this is a stream of text"),
            say("stream"),
            say("a stream of bytes"),
            verbatim(type(stream).__name__),
            say("open the file with 'rb', or give its path"),
        )
    with temporary_folder() as folder:
        path = folder / f"standard-input.{kind}"
        write_copy(stream, path)
        yield path


def column_names(by: Any) -> tuple[Any, ...]:
    """The names of grouping columns, from one name or several."""
    is_one = isinstance(by, str) or not isinstance(by, Iterable) or getattr(by, "shape", None) == ()
    return () if by is None else (by,) if is_one else tuple(by)


def selection_of_file(column: Any, count_column: Any, by: Any, where: str | None) -> Selection:
    """A selection of the columns of a file, which are called by texts."""
    selection = Selection(column, count_column, column_names(by), where)
    options = [("column", column), ("count_column", count_column), *(("by", name) for name in selection.by)]
    for option, name in options:
        if name is not None and not isinstance(name, str):
            raise InvalidInput(
                "column-name",
                say("a column of a file is not named by a text"),
                verbatim(option),
                say("the name of a column"),
                verbatim(written(name, repr)),
            )
    return selection


def _no_columns_to_group(name: Any) -> InvalidInput:
    return InvalidInput(
        "no-columns",
        say("outcomes in a row have no columns"),
        say("by"),
        say("the group of each outcome"),
        verbatim(written(name, repr)),
        say("give a sequence as long as the outcomes, or a data frame"),
    )


def _is_arrow(outcomes: Any) -> bool:
    return type(outcomes).__module__.startswith("pyarrow")


def _is_array(outcomes: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(outcomes, numpy.ndarray)


def _not_outcomes(outcomes: Any) -> InvalidInput:
    if isinstance(outcomes, str | bytes):
        text = written(outcomes, repr)
        mend = say("for a file give pathlib.Path({text}); for single letters give list({text})", text=text)
    elif isinstance(outcomes, Mapping):
        mend = say("counts by category go to Tally.from_counts(...)")
    else:
        mend = say("give a list, an array, a Series, a data frame or a pathlib.Path")
    return InvalidInput(
        "not-outcomes",
        say("this cannot be read as outcomes"),
        say("outcomes"),
        say("an iterable of outcomes, a table, or a pathlib.Path"),
        say("{value} of type {type}", value=written(outcomes, repr)[:60], type=type(outcomes).__name__),
        mend,
    )
