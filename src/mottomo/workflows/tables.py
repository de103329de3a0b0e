"""What has columns: a file, a stream of one, a data frame, a mapping of columns; opened for training and prediction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import Message, as_message, say, verbatim, written
from mottomo.results import Provenance
from mottomo.sources.columns import ColumnSelection, KeptColumns, open_columns
from mottomo.sources.file_hash import FileHash
from mottomo.sources.frame import Frame
from mottomo.sources.frame_columns import open_frame
from mottomo.sources.reading import Reading, TableFile, check_file, table_file
from mottomo.workflows.picture_tables import PictureTable, pictures_of, with_column
from mottomo.workflows.provenance import given, library_of

PlainTable = TableFile | Frame | Mapping[str, Any]
Table = PlainTable | PictureTable
ReadProgress = Callable[[float], None]


def opened(
    table: Table, choice: ColumnSelection, progress: ReadProgress | None = None
) -> AbstractContextManager[KeptColumns]:
    """The chosen columns of a table, for as long as they are kept; that of pictures as texts."""
    if isinstance(table, PictureTable):
        if isinstance(table.table, Mapping):
            called = say("pictures") if table.name is None else verbatim(table.name)
            return open_frame(table.table, choice, called)
        table = table.table
    return open_columns(table, choice, progress) if isinstance(table, TableFile) else open_frame(table, choice)


@contextmanager
def table_of(
    data: Any,
    reading: Reading,
    label: Any = None,
    fingerprint: bool = False,
    *,
    images: str | None = None,
    with_categories: bool = False,
) -> Iterator[_Opened]:
    """The table that `data` is, and where it comes from, known when it was read.

    images : the column that has pictures, where it is a table.
    with_categories : of a folder of pictures: its folders are the categories.

    Raises InvalidInput : it has no columns.
    """
    pictures = pictures_of(data, with_categories=with_categories)
    if pictures is not None:
        reading.refuse(say("pictures"))
        yield _Opened(pictures, pictures.provenance)
        return
    with _plain_table_of(data, reading, label, fingerprint, images) as found:
        if images is None:
            yield found
            return
        table = with_column(found.table, images)
        yield _Opened(table, lambda: _beside(found.provenance(), table))


def _beside(found: Provenance, table: PictureTable) -> Provenance:
    """Where a table and its pictures come from."""
    pictures = tuple(replace(file, role="pictures") for file in table.provenance().sources)
    return replace(found, sources=(*found.sources, *pictures))


@contextmanager
def _plain_table_of(
    data: Any, reading: Reading, label: Any, fingerprint: bool, images: str | None
) -> Iterator[_Opened]:
    with ExitStack() as stack:
        called = as_message(label)
        if hasattr(data, "read"):
            from mottomo.sources.outcomes import spooled

            if reading.kind is None:
                raise InvalidInput(
                    "stream-format",
                    say("the format of a stream is not known"),
                    called or say("stream"),
                    say("the format of a table, such as csv"),
                    None,
                    say("name it with --input csv|tsv|jsonl|parquet"),
                )
            data, called = stack.enter_context(spooled(data, reading.kind)), called or say("stream")
        if isinstance(data, os.PathLike):
            path = Path(data)
            check_file(path, called)
            how_read = given(input=reading.kind, **reading.settings)
            name = None if called is None else str(called)
            sha256 = stack.enter_context(FileHash(path, name, however_large=fingerprint))
            yield _Opened(table_file(path, reading, called), lambda: Provenance((sha256.found(),), settings=how_read))
            return
        reading.refuse(say("data frame"))
        if isinstance(data, Mapping):
            yield _Opened(data, lambda: Provenance(origins=("table",), library=library_of(data)))
            return
        frame = None if isinstance(data, str | bytes) else Frame.of(data)
        if (frame is None or frame.is_series) and images is not None:
            raise InvalidInput(
                "no-pictures-given",
                say("this is neither pictures nor a table"),
                say("data"),
                say("a picture or a list of them: paths, pictures of Pillow, arrays of uint8; or a table of paths"),
                _what_it_is(data),
            )
        if frame is None or frame.is_series:
            raise InvalidInput(
                "no-columns",
                say("this has no columns"),
                say("data"),
                say("a data frame, a mapping from names to columns, or a pathlib.Path"),
                say("{value} of type {type}", value=written(data, repr)[:60], type=type(data).__name__),
                say("for a file give pathlib.Path({text})", text=repr(data)) if isinstance(data, str) else None,
            )
        yield _Opened(frame, lambda: Provenance(origins=("table",), library=library_of(data)))


def _what_it_is(data: Any) -> Message:
    """What somebody gave: an array by its shape, anything else as it is written."""
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return say("{shape} of {type}", shape=str(data.shape), type=str(data.dtype))
    return say("{value} of type {type}", value=written(data, repr)[:60], type=type(data).__name__)


class _Opened:
    """A table, and where it comes from."""

    def __init__(self, table: Any, provenance: Callable[[], Provenance]) -> None:
        self.table, self.provenance = table, provenance
