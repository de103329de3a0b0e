"""CSV and TSV files for DuckDB. The header is read by Python; DuckDB skips one line and reads the rows.

If DuckDB could read that line in another way, because a quoted name holds a line end or follows a byte-order mark, it
gets a copy of the file that begins with a plain line. As DuckDB's parser may change, the first row that it gives is
always compared with the first row that Python reads.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mottomo.errors import SourceError
from mottomo.messages import say, verbatim
from mottomo.sources import duck, files
from mottomo.sources.delimited_text import OpenQuote, Record, TextAfterQuote, n_line_ends, record_at
from mottomo.sources.encodings import BYTE_ORDER_MARK, not_utf8, refuse_other_marks
from mottomo.sources.open_table import OpenTable
from mottomo.sources.reading import TableFile
from mottomo.sources.text_form import TextForm, open_quote, text_after_quote
from mottomo.temporary import temporary_folder, write_copy

DELIMITERS = {"csv": ",", "tsv": "\t"}
_SAMPLES = (1 << 20, 1 << 26)  # the first records are looked for in so many bytes, then in so many more


def delimiter_of(file: TableFile) -> str:
    """The separator of a file's cells: the one that was named, else the comma or the tab of its format."""
    return file.reading.delimiter or DELIMITERS[file.kind]


@dataclass(frozen=True, slots=True)
class _Beginning:
    """The first records of a file.

    names : of the columns.
    first : the first record; a header unless the names were given.
    row : the first row after a header, or None.
    header_bytes : the length of the header in bytes, 0 without one.
    header_lines : the length of the header in lines, 0 without one.
    has_mark : whether the file begins with a byte-order mark.
    has_header : whether `first` is a header.
    """

    names: list[str]
    first: Record
    row: Record | None
    header_bytes: int
    header_lines: int
    has_mark: bool
    has_header: bool

    @property
    def needs_copy(self) -> bool:
        """Whether DuckDB could read another first record, or take a line end inside it for those of the file."""
        holds_line_end = any("\n" in cell or "\r" in cell for cell in self.first.cells)
        return holds_line_end or (self.has_mark and self.first.is_quoted)


@contextmanager
def opened_text(file: TableFile) -> Iterator[OpenTable]:
    """A table of delimited text; `file` is in UTF-8 and not compressed. ``confirm`` checks the form of the text."""
    beginning = _beginning(file)
    form = TextForm(file.path, delimiter_of(file), file.where)
    form.start()
    try:
        if not beginning.needs_copy:
            relation = _relation(file, len(beginning.names), beginning.has_header)
            if _agrees(relation, beginning, file):
                yield OpenTable(file, relation, beginning.names, confirm=form.confirm)
                return
        with _plainly_begun(file, beginning) as copy:
            relation = _relation(copy, len(beginning.names), True)
            if not _agrees(relation, beginning, copy):
                raise _two_readings(file, beginning)
            yield OpenTable(copy, relation, beginning.names, confirm=form.confirm)
    finally:
        form.stop()


def _relation(file: TableFile, n_columns: int, has_header: bool) -> str:
    options = {
        "auto_detect": "false",
        "header": "false",
        "skip": "1" if has_header else "0",
        "delim": duck.literal(delimiter_of(file)),
        "quote": "'\"'",
        "escape": "'\"'",
        "comment": "''",
        "strict_mode": "true",
        "null_padding": "false",
        "ignore_errors": "false",
        "hive_partitioning": "false",
        "columns": "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in duck.plain_names(n_columns)) + "}",
        "max_line_size": str(1 << 25),
        "buffer_size": str(1 << 26),
    }
    arguments = ", ".join(f"{name}={value}" for name, value in options.items())
    return f"read_csv({duck.file_literal(file.path)}, {arguments})"


@contextmanager
def _plainly_begun(file: TableFile, beginning: _Beginning) -> Iterator[TableFile]:
    """A copy of the file with a plain first line, ended as the other lines are, instead of the header and the mark."""
    ends = [one.end for one in (beginning.row, beginning.first) if one is not None and one.end]
    plain = delimiter_of(file).join(duck.plain_names(len(beginning.names))) + (ends[0] if ends else "\n")
    passed = beginning.header_bytes + (len(BYTE_ORDER_MARK) if beginning.has_mark else 0)
    with temporary_folder() as folder, file.path.open("rb") as source:
        copy = folder / f"table.{file.kind}"
        source.seek(passed)
        write_copy(source, copy, plain.encode())
        yield replace(file, path=copy, label=file.where, lines_before=beginning.header_lines - 1)


def _agrees(relation: str, beginning: _Beginning, file: TableFile) -> bool:
    """Whether DuckDB's first row is the one in the text; True after an error, which is reported when all is read."""
    with duck.connection() as connection:
        try:
            connection.execute("SET preserve_insertion_order=true")
            rows = duck.fetch_all(connection, f"SELECT * FROM {relation} LIMIT 1")
        except duck.Error:
            return True
    if beginning.row is None:
        return not rows
    expected: list[str | None] = [cell or None for cell in beginning.row.cells]
    while len(expected) > len(beginning.names) and expected[-1] is None:  # DuckDB ignores empty cells at the end
        expected.pop()
    return bool(rows) and list(rows[0]) == expected


def _two_readings(file: TableFile, beginning: _Beginning) -> SourceError:
    return SourceError(
        "two-readings",
        say("the first row after the header can be read in two ways"),
        file.where,
        verbatim(delimiter_of(file).join(beginning.row.cells if beginning.row else [])),
        None,
        say("write the table again with plain names in the first line, or as Parquet"),
    )


# --- the first records -----------------------------------------------------------------------------------------------


def _beginning(file: TableFile) -> _Beginning:
    """The names and the first row; raises SourceError if the file is no text in UTF-8 with a header."""
    for size in _SAMPLES:
        head = files.head(file.path, size)
        is_whole = len(head) < size
        refuse_other_marks(head, file.where)
        has_mark = head.startswith(BYTE_ORDER_MARK)
        text = _decoded(head.removeprefix(BYTE_ORDER_MARK), is_whole, file)
        if not text.strip():
            raise SourceError("empty-source", say("there is nothing to read"), file.where, say("a header and rows"))
        found = _first_records(text, file, is_whole)
        if found is not None:
            break
    else:
        raise SourceError("line-too-long", say("a line is too long"), file.where, say("at most 32 MiB a line"))
    first, row = found
    if file.reading.names is not None:
        return _Beginning(list(file.reading.names), first, first, 0, 0, has_mark, False)
    _check_header(first, file)
    n_bytes, n_lines = len(text[: first.stop].encode()), n_line_ends(text, 0, first.stop)
    return _Beginning(first.cells, first, row, n_bytes, n_lines, has_mark, True)


def _decoded(head: bytes, is_whole: bool, file: TableFile) -> str:
    """The sample as text; if `is_whole` is False, it may end within a character."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, is_whole)
    except UnicodeDecodeError as error:
        raise not_utf8(head[: error.end + 1000], file.where) from None


def _first_records(text: str, file: TableFile, is_whole: bool) -> tuple[Record, Record | None] | None:
    """The first record and the next one that is no blank line; None if the sample ends before they end."""
    found: list[Record] = []
    at, line, wanted = 0, 1, 1 if file.reading.names is not None else 2
    while at < len(text) and len(found) < wanted:
        where = say("{file}, line {line}", file=file.where, line=line)
        try:
            one = record_at(text, at, delimiter_of(file))
        except OpenQuote:
            if not is_whole:
                return None
            raise open_quote(where) from None
        except TextAfterQuote:
            raise text_after_quote(where) from None
        if not is_whole and one.stop >= len(text):
            return None
        line, at = line + n_line_ends(text, at, one.stop), one.stop
        n_names = len(file.reading.names) if file.reading.names is not None else len(found[0].cells) if found else 1
        if not (one.is_blank and n_names > 1):
            found.append(one)
    if not found:
        raise SourceError("empty-source", say("there is nothing to read"), file.where, say("a header and rows"))
    return found[0], found[1] if len(found) > 1 else None


def _check_header(first: Record, file: TableFile) -> None:
    header = first.cells
    if first.is_blank:
        raise SourceError(
            "unreadable",
            say("the header cannot be read"),
            file.where,
            say("a header and rows"),
            say("a blank first line"),
        )
    delimiter = delimiter_of(file)
    other = next((mark for mark in (";", "\t", ",", "|") if mark != delimiter and mark in header[0]), None)
    if len(header) == 1 and other is not None and file.reading.delimiter is None:
        raise SourceError(
            "delimiter",
            say("the table has one column, whose name holds another separator"),
            file.where,
            say("columns separated by {delimiter}", delimiter=repr(delimiter)),
            verbatim(header[0]),
            say("name the separator with --delimiter {delimiter}", delimiter=repr(other)),
        )
