"""The one JSON object of ``--json``: what was asked, the result at full precision, the verdict and the notes."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping

from mottomo._version import VERSION
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.provenance import provenance_dict
from mottomo.report.report import Sentence
from mottomo.report.results import report_of, words_of
from mottomo.report.wording import Translate
from mottomo.results import Later, Result, Stream

SCHEMA = 1
# Characters inside strings that a terminal would act on and that JSON lets through; as escapes they mean the same.
_INVISIBLE = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
_SOME, _PIECE = 4096, 1 << 16  # rows of a stream, and characters, in a piece


def to_json(result: Result, translate: Translate) -> Iterator[str]:
    """The object in pieces: full precision, exact integers of any size, no bare NaN or Infinity.

    Rows that come as a stream are written as they come, and after them what is said of them.
    """

    def fields() -> Iterator[tuple[str, object]]:
        yield "schema", SCHEMA
        yield "command", words_of(type(result)).command
        yield "version", VERSION
        found = result.streamed_dict()
        for value in found.values():
            if isinstance(value, Stream):
                value.start()  # beside the hash of the file, and known from then on is what reads it
        yield "input", provenance_dict(result)
        yield "result", found
        report = report_of(result)
        yield "verdict", _worded(report.verdict, translate)
        yield "notes", [_worded(note, translate) for note in report.notes]

    yield from _gathered(itertools.chain(_object(fields(), "\n"), ["\n"]))


def _gathered(pieces: Iterator[str]) -> Iterator[str]:
    """Larger pieces: the first one has rows, so that what is wrong with these is found before anything is written."""
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > _PIECE:
            yield "".join(parts)
            parts, size = [], 0
    yield "".join(parts)


def to_json_lines(result: Result) -> Iterator[str]:
    """One object a line for each row."""
    found = result.streamed_dict()
    if "rows" not in found:
        raise InvalidInput(
            "no-rows",
            say("this result has no JSON lines"),
            verbatim("format"),
            say("the predictions of a model, which are one object a row"),
            verbatim("jsonl"),
            say("use json"),
        )
    rows = iter(found["rows"])
    while some := list(itertools.islice(rows, _SOME)):
        yield "".join(_encoded(row) + "\n" for row in some)


def _worded(sentence: Sentence, translate: Translate) -> dict[str, str]:
    return {"code": sentence.code, "text": sentence.text.worded(translate)}


def _object(items: Iterable[tuple[str, object]], line_end: str) -> Iterator[str]:
    """A mapping in pieces; `line_end` is the end of a line with the indentation of the mapping."""
    before = "{"
    for name, value in items:
        yield before + line_end + " " + _encoded(name) + ": "
        yield from _value(value, line_end + " ")
        before = ","
    yield "{}" if before == "{" else line_end + "}"


def _value(value: object, line_end: str) -> Iterator[str]:
    if isinstance(value, Stream):
        rows, before = iter(value), "["
        while some := list(itertools.islice(rows, _SOME)):
            yield before + line_end + " " + ("," + line_end + " ").join(map(_encoded, some))
            before = ","
        yield "[]" if before == "[" else line_end + "]"
    elif isinstance(value, Later):
        yield from _value(value.make(), line_end)
    elif isinstance(value, Mapping):
        yield from _object(value.items(), line_end)
    else:
        yield _encoded(value, 1).replace("\n", line_end)


def _encoded(value: object, indent: int | None = None) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain(value: object) -> object:
    """Infinite floats as the strings "inf" and "-inf", what is not defined as null."""
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
