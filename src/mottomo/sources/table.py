"""Files with columns, counted by DuckDB: strict CSV and TSV, JSON lines, Parquet; and Arrow streams.

By default DuckDB guesses types, comments and delimiters of a CSV file, and a wrong guess changes counts silently. Here
nothing is guessed: Python reads the header, every cell is text, and a row of another length is an error that names its
line.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mottomo._arrays import as_counts
from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.sources import duck, files
from mottomo.sources.conditions import ODD_COUNT, check_condition, conditioned, raw_name, what_is_wrong
from mottomo.sources.delimited import DELIMITERS, delimiter_of
from mottomo.sources.delimited_text import records
from mottomo.sources.encodings import check_encoding, decoded, not_utf8
from mottomo.sources.foreign import in_our_words
from mottomo.sources.formats import FORMATS
from mottomo.sources.frame import column_type_error
from mottomo.sources.json_lines import unreadable_line
from mottomo.sources.open_table import OpenTable
from mottomo.sources.reading import TableFile
from mottomo.sources.rows import CountedRows, Selection, duplicate_column, plain_number
from mottomo.sources.text_form import open_quote, refuse_other_forms
from mottomo.temporary import temporary_folder, write_copy

CATEGORY_TYPES = re.compile(
    r"(VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|ENUM.*|JSON|DECIMAL\(\d+,0\)|\"NULL\")"
)
_INTEGER_TYPES = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER")
_FLOATS = ("FLOAT", "DOUBLE")


def count_table(file: TableFile, selection: Selection, progress: Callable[[float], None] | None = None) -> CountedRows:
    """Count a column of a file, by group and with a count column if these are selected."""
    with opened_table(file) as table:
        columns = table.columns
        selection = selection.resolved(columns, file.where)
        _refuse_duplicates(columns, selection, file.where)
        with querying(table.file, selection.where, columns) as connection:
            types = table.types or duck.column_types(connection, table.relation)
            rows = _counted(connection, table.relation, columns, types, selection, file.where, progress)
        table.confirm()
    if not rows.values and not rows.n_missing and selection.where is None:
        raise SourceError("no-rows", say("the table has a header and no rows"), file.where, say("at least one row"))
    rows.locate = lambda value: _place(file, columns, selection, value)
    return rows


@contextmanager
def opened_table(file: TableFile) -> Iterator[OpenTable]:
    """A table that DuckDB can read; its temporary files are deleted at the end."""
    with ExitStack() as stack:
        if file.reading.encoding is not None:
            file = stack.enter_context(_transcoded(file))
        elif files.is_compressed(file.path) or not file.path.is_file():
            copy = stack.enter_context(files.plain_copy(file.path, f".{file.kind}"))
            file = replace(file, path=copy, label=file.where)
        yield stack.enter_context(_reader_of(file.kind)(file))


def _reader_of(kind: str) -> Callable[[TableFile], AbstractContextManager[OpenTable]]:
    module, _, name = FORMATS[kind].reader.partition(":")
    found: Callable[[TableFile], AbstractContextManager[OpenTable]] = getattr(importlib.import_module(module), name)
    return found


@contextmanager
def querying(
    file: TableFile,
    condition: str | None,
    columns: Sequence[str],
    *,
    in_order: bool = False,
    memory: str | None = None,
) -> Iterator[Any]:
    """A connection that turns errors of DuckDB into errors of mottomo; with a condition it can read only the file.

    in_order : whether results are in the order of the file.
    memory : DuckDB's limit of memory.
    """
    with duck.connection() as connection:
        try:
            if in_order:
                connection.execute("SET preserve_insertion_order=true")
            if memory is not None:
                connection.execute(f"SET memory_limit='{memory}'")
            if condition is not None:
                duck.confine(connection, file.path)
            yield connection
        except duck.Error as error:
            raise _readable(error, file, condition, columns) from error


def count_arrow(stream: Any, selection: Selection) -> CountedRows:
    """Count a column of an Arrow stream: a RecordBatchReader, a dataset, a PyCapsule."""
    where = say("Arrow stream")
    with in_our_words(where), duck.connection() as connection:
        own = list(getattr(getattr(stream, "schema", None), "names", ()))  # DuckDB renames the second of two alike
        connection.register("outcomes", stream)
        types = duck.column_types(connection, "outcomes")
        columns = own if len(own) == len(types) else list(types)
        selection = selection.resolved(columns, where)
        _refuse_duplicates(columns, selection, where)
        return _counted(connection, "outcomes", columns, types, selection, where, None)


def _counted(
    connection: Any,
    relation: str,
    columns: list[str],
    types: dict[str, str] | None,
    selection: Selection,
    where: Message,
    progress: Callable[[float], None] | None,
) -> CountedRows:
    """Run the aggregate and turn its rows into counted values; missing ones are counted separately."""
    assert selection.column is not None
    named = dict(zip(columns, types.values(), strict=True)) if types else {}
    query = _Query(relation, columns, list(types) if types else duck.plain_names(len(columns)), named, selection)
    sql = query.sql()
    if selection.where is not None:
        check_condition(connection, query.source(), selection.where)
    rows = duck.fetch_all(connection, sql, progress)
    value_is_json, *group_is_json = (named.get(name) == "JSON" for name in (selection.column, *selection.by))
    counted = CountedRows([], [], [] if selection.by else None, where=where)
    keys = (selection.column, *selection.by)
    others = [(place, name) for place, name in enumerate(keys) if not query.is_category(name)]
    for cell, *cells, odd, total, times in rows:
        for place, name in others:
            if (cell, *cells)[place] is not None:
                raise column_type_error(name, named[name], where)
        count = int(total or 0)
        if odd is not None:  # a count that is no plain integer of the column's type
            is_float = named.get(selection.count_column) in _FLOATS
            count = times * _count_of_text(odd, selection.count_column, where, is_float)
        value = _json_value(cell) if value_is_json else plain_number(cell)
        group = [
            _json_value(part) if is_json else plain_number(part)
            for part, is_json in zip(cells, group_is_json, strict=True)
        ]
        if value is None or None in group:
            counted.n_missing += count
            continue
        counted.values.append(value)
        counted.counts.append(count)
        if counted.groups is not None:
            counted.groups.append(tuple(group))
    return counted


@dataclass(frozen=True, slots=True)
class _Query:
    """The aggregate as SQL; its columns are value, groups, odd count, total, number of rows.

    relation : SQL for after FROM.
    columns : the names of the columns in the table.
    identifiers : the names of the columns in the relation.
    types : DuckDB's types by the names in the table; empty if all is text.
    selection : what to count.
    """

    relation: str
    columns: list[str]
    identifiers: list[str]
    types: dict[str, str]
    selection: Selection

    def sql(self) -> str:
        """The query."""
        selection = self.selection
        keys = ", ".join(self._key(name) for name in (selection.column, *selection.by))
        odd, total = self._count_expressions()
        return (
            f"SELECT {keys}, {odd} AS {ODD_COUNT}, {total}, count(*) FROM {self.source()} GROUP BY {keys}, {ODD_COUNT}"
        )

    def source(self) -> str:
        """SQL for after FROM: all rows, or those for which the condition holds."""
        if self.selection.where is None:
            return self.relation
        pairs = zip(self.identifiers, self.columns, strict=True)
        return conditioned(self.relation, pairs, self.types, self.selection.where)

    def _key(self, name: str) -> str:
        cell = self._identifier(name)
        # A column of another type is accepted only if it holds no value; then all its outcomes are missing.
        return cell if self.is_category(name) else f"CASE WHEN {cell} IS NULL THEN NULL ELSE true END"

    def is_category(self, name: str) -> bool:
        """Whether the values of a column can be categories, by its type."""
        return CATEGORY_TYPES.fullmatch(self.types.get(name, "VARCHAR")) is not None

    def _identifier(self, name: str | None) -> str:
        assert name is not None
        if self.selection.where is not None:
            return raw_name(self.columns.index(name))
        return duck.identifier(self.identifiers[self.columns.index(name)])

    def _count_expressions(self) -> tuple[str, str]:
        """SQL for a count as text if it is no plain whole number, else NULL; and for the sum of the plain ones."""
        if self.selection.count_column is None:
            return "NULL", "count(*)"
        count = self._identifier(self.selection.count_column)
        kind = self.types.get(self.selection.count_column, "")
        if _INTEGER_TYPES.fullmatch(kind):
            plain = f"{count} >= 0"
        elif kind in _FLOATS or kind.startswith("DECIMAL"):
            plain = f"{count} >= 0 AND {count} = floor({count}) AND {count} <= {1 << 53}"
        else:
            plain = f"regexp_full_match(CAST({count} AS VARCHAR), '[0-9]{{1,18}}')"
        odd = f"CASE WHEN {plain} THEN NULL ELSE coalesce(CAST({count} AS VARCHAR), '') END"
        return odd, f"sum(CASE WHEN {plain} THEN CAST({count} AS HUGEINT) END)"


def _count_of_text(text: str, column: str | None, where: Message, is_float: bool) -> int:
    place = say("{where}, column {column}", where=where, column=column or "")
    expected = say("a whole number, 0 or more")
    stripped = text.strip()
    if stripped in ("", "null"):
        raise InvalidInput("invalid-count", say("a count is missing"), place, expected)
    if is_float:
        return int(as_counts([float(stripped)], place)[0])
    if re.fullmatch(r"\+?[0-9]{1,300}(\.0*)?", stripped):  # 3.0 is a whole number too
        return int(stripped.partition(".")[0])
    if re.fullmatch(r"-[0-9]+(\.0*)?", stripped):
        raise InvalidInput("invalid-count", say("a count is negative"), place, expected, verbatim(text))
    raise InvalidInput("invalid-count", say("a count is not a whole number"), place, expected, verbatim(text))


def _json_value(text: str | None) -> Any:
    """The value of a JSON cell; numbers with a fraction become floats, which are refused as categories later."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(
            "category-type",
            say("a category is neither text nor a whole number nor true/false"),
            None,
            say("text, whole numbers, or true/false"),
            verbatim(text or ""),
        ) from None


def _refuse_duplicates(columns: list[str], selection: Selection, where: Message) -> None:
    folded = [name.casefold() for name in columns]
    for name in columns if selection.where is not None else (selection.column, selection.count_column, *selection.by):
        alike = folded.count((name or "").casefold()) if selection.where is not None else columns.count(name or "")
        if name is not None and alike > 1:
            raise duplicate_column(name, where)


@contextmanager
def _transcoded(file: TableFile) -> Iterator[TableFile]:
    """The same table as a temporary file in UTF-8, not compressed."""
    assert file.reading.encoding is not None
    check_encoding(file.reading.encoding)
    with temporary_folder() as folder:
        copy = folder / f"table.{file.kind}"
        with files.opened(file.path) as source:
            write_copy(decoded(source, file.reading.encoding, file.where), copy)
        plain = replace(file.reading, encoding=None)
        yield replace(file, path=copy, reading=plain, label=file.where)


# --- errors of DuckDB, worded by mottomo, with the line --------------------------------------------------------------


def _readable(
    error: duck.Error, file: TableFile, condition: str | None, columns: Sequence[str]
) -> SourceError | InvalidInput:
    text = str(error)
    in_csv = re.search(r"CSV Error on Line: (\d+)", text)
    line = int(in_csv[1]) + file.lines_before if in_csv else None
    if condition is not None and line is None and not re.search(r"nvalid unicode|not utf-8|state machine", text):
        return what_is_wrong(error, condition, columns)
    if file.kind == "jsonl":  # its lines were checked before, so this is another fault
        return unreadable_line(error, file.where)
    where = say("{file}, line {line}", file=file.where, line=line) if line else file.where
    lengths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if lengths:
        return SourceError(
            "ragged-row",
            say("a row has another number of cells than the header"),
            where,
            say_count("{count} cell", "{count} cells", int(lengths[1])),
            say_count("{count} cell", "{count} cells", int(lengths[2])),
            say("quote cells that contain the separator, or complete the row"),
        )
    if "unterminated quote" in text:
        return open_quote(where)
    if "Invalid unicode" in text or "not utf-8" in text:
        return not_utf8(_undecodable(file), where)
    if "state machine reached an invalid state" in text:
        return _invalid_form(file)
    if "Maximum line size" in text:
        return SourceError("line-too-long", say("a line is too long"), where, say("at most 32 MiB a line"))
    return SourceError(
        "unreadable", say("the file cannot be read"), where, say("a whole file that no one else writes to")
    )


def _invalid_form(file: TableFile) -> SourceError:
    """The error for a text that DuckDB cannot divide into records."""
    try:
        refuse_other_forms(file.path, delimiter_of(file), file.where)
    except SourceError as error:
        return error
    return SourceError("unreadable", say("the file cannot be read as a table"), file.where)


def _undecodable(file: TableFile) -> bytes:
    """The bytes around the first one that is not UTF-8."""
    with files.opened(file.path) as stream:
        for line in stream:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return line[max(0, error.start - 100) : error.start + 1000].strip()
    return b""


def _place(file: TableFile, columns: list[str], selection: Selection, value: Any) -> Message | None:
    """Line and column of the first row whose outcome is `value`, for delimited text; else only the file."""
    if file.kind not in DELIMITERS or not file.path.exists():
        return file.where
    position = columns.index(selection.column or "")
    with files.opened(file.path) as stream:
        for record in records(stream, delimiter_of(file)):
            if record.cells[position : position + 1] == [value] and not (
                record.line == 1 and file.reading.names is None
            ):
                line = say("{file}, line {line}", file=file.where, line=record.line)
                return say("{where}, column {column}", where=line, column=selection.column or "")
    return file.where
