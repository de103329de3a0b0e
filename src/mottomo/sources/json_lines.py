"""JSON lines: one object a line, read by DuckDB after a check that every line is strict JSON.

DuckDB also accepts superfluous commas, NaN and Infinity, and drops one of two equal keys. So a query first looks for
anything of that kind in all lines; if there is any, Python's reader finds the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources import duck, files
from mottomo.sources.encodings import BYTE_ORDER_MARK, not_utf8, refuse_other_marks
from mottomo.sources.open_table import OpenTable
from mottomo.sources.reading import TableFile

_SAMPLE = 1 << 16
_CHUNK = 1 << 22
_LONGEST_LINE = 1 << 25
_AROUND = 20  # characters shown on either side of a fault

# A line that DuckDB could read is strict JSON if it consists of these tokens and a value follows each comma.
_VALUE = r'"(?:[^"\\]|\\.)*"|true|false|null|-?[0-9][-+0-9.eE]*|[{\[]'
_STRICT = rf"(?s)(?:\s|[{{}}\[\]:]|(?:,\s*)?(?:{_VALUE}))*"


@contextmanager
def opened_json(file: TableFile) -> Iterator[OpenTable]:
    """A file of JSON lines, with a column for each key of any line."""
    yield OpenTable(file, *json_lines(file.path, file.where))


def json_lines(path: Path, where: Message) -> tuple[str, list[str], dict[str, str]]:
    """SQL for after FROM with a column for each key of any line; the keys; and the types by the relation's names."""
    refuse_other_marks(files.head(path, _SAMPLE), where)
    lines = (
        f"read_json_objects({duck.file_literal(path)}, format='newline_delimited', hive_partitioning=false, "
        f"maximum_object_size={_LONGEST_LINE})"
    )
    with duck.connection() as connection:
        try:
            found = dict(duck.fetch_all(connection, _keys_and_faults(lines)))
        except duck.Error as error:
            check_lines(path, where)
            raise unreadable_line(error, where) from None
    if any(found.values()) or _has_other_blanks(path):
        check_lines(path, where)
    keys = sorted(key for key in found if key is not None)
    if not keys:
        raise _no_objects(say("no JSON object could be read"), where)
    pointers = ", ".join(duck.literal(_pointer(key)) for key in keys)
    names = [f"c{place}" for place in range(len(keys))]
    cells = ", ".join(f"cells[{place}] AS {name}" for place, name in enumerate(names, start=1))
    relation = f"(SELECT {cells} FROM (SELECT json_extract(json, [{pointers}]) AS cells FROM {lines}))"
    return relation, keys, dict.fromkeys(names, "JSON")


def _keys_and_faults(lines: str) -> str:
    """A query for each key of any line, and whether a line with that key may be faulty; the key NULL means any line."""
    line = (
        "SELECT json_keys(json) AS keys, coalesce(json_type(json) <> 'OBJECT', true) OR "
        f"NOT regexp_full_match(json::VARCHAR, {duck.literal(_STRICT)}) AS fault FROM {lines}"
    )
    alike = f"SELECT keys, bool_or(fault) OR len(list_distinct(keys)) < len(keys) AS fault FROM ({line}) GROUP BY keys"
    key = f"SELECT unnest(list_append(list_distinct(keys), NULL)) AS key, fault FROM ({alike})"
    return f"SELECT key, bool_or(fault) FROM ({key}) GROUP BY key"


def _pointer(key: str) -> str:
    """The JSON pointer to a key, in which no character is read as a pattern."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _has_other_blanks(path: Path) -> bool:
    """Whether there are vertical tabs or form feeds, which DuckDB ignores at the ends of a line but JSON forbids."""
    with files.opened(path) as stream:
        while chunk := stream.read(_CHUNK):
            if b"\x0b" in chunk or b"\x0c" in chunk:
                return True
    return False


def check_lines(path: Path, where: Message) -> None:
    """Raise SourceError for the first line, if any, that is not a JSON object in which each key occurs once."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=_refuse_constant, strict=True)
    with files.opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            raw = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
            place = say("{file}, line {line}", file=where, line=number)
            if len(raw) > _LONGEST_LINE:
                raise SourceError("line-too-long", say("a line is too long"), place, say("at most 32 MiB a line"))
            try:
                text = raw.decode("utf-8").strip(" \t\r\n")
            except UnicodeDecodeError as error:
                raise not_utf8(raw[max(0, error.start - 100) : error.start + 1000], place) from None
            if text:
                _check_line(text, decoder, place)


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object in their order; a key may occur more than once."""


def _refuse_constant(word: str) -> Any:
    raise json.JSONDecodeError(word, word, 0)


def _check_line(text: str, decoder: json.JSONDecoder, place: Message) -> None:
    try:
        record = decoder.decode(text)
        json.dumps(record, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        at = error.pos if error.doc is text else text.find(error.doc)
        got = text[max(0, at - _AROUND) : at + _AROUND]
        raise SourceError(
            "not-json-objects", say("a line is not valid JSON"), place, say("one JSON object a line"), verbatim(got)
        ) from None
    except UnicodeEncodeError as error:
        raise SourceError(
            "not-json-objects",
            say("a text of a line is half of a character"),
            place,
            say(r"surrogates (\ud800 to \udfff) in pairs"),
            verbatim(error.object[error.start : error.end]),
        ) from None
    except RecursionError:
        raise SourceError(
            "not-json-objects", say("a line is nested too deeply to be read"), place, say("one JSON object a line")
        ) from None
    except ValueError:  # an integer of more digits than Python reads
        raise SourceError(
            "not-json-objects",
            say("a number of a line has too many digits"),
            place,
            say("numbers of at most {most} digits", most=4300),
        ) from None
    if not isinstance(record, _Pairs):
        raise _no_objects(say("a line is not a JSON object"), place, verbatim(text))
    keys = [key for key, _ in record]
    if len(set(keys)) < len(keys):
        raise SourceError(
            "duplicate-key",
            say("a line has a key twice"),
            place,
            say("each key once"),
            verbatim(next(key for at, key in enumerate(keys) if key in keys[:at])),
            say("rename one of them, or leave it out"),
        )


def _no_objects(what: Message, where: Message, got: Message | None = None) -> SourceError:
    return SourceError("not-json-objects", what, where, say('an object a line, such as {{"face": 1}}'), got)


def unreadable_line(error: duck.Error, where: Message) -> SourceError:
    """The error for lines that DuckDB could not read although each is JSON."""
    if "maximum_object_size" in duck.first_line(error):
        return SourceError("line-too-long", say("a line is too long"), where, say("at most 32 MiB a line"))
    return SourceError("unreadable", say("the file cannot be read"), where, say("one JSON object a line"))
