"""What DATA on the command line is, decided by its form alone: counts, files, or standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mottomo.cli.usage import usage_error
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim

_COUNT = re.compile(r"[+-]?[0-9]+")
_SEPARATOR = "/"
_MISSING = "error"  # what --missing is unless it is given
# The options that only mean something for files and standard input, by their settings.
_OF_FILES = {
    "missing": "--missing",
    "input_kind": "--input",
    "delimiter": "--delimiter",
    "encoding": "--encoding",
    "no_header": "--no-header",
    "names": "--names",
}


@contextmanager
def outcomes_of(data: tuple[str, ...], settings: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What DATA is for the functions of ``workflows``, and the options that say how it is to be read."""
    from mottomo.cli.progress import progress_bar

    _check_usage(data, settings)
    options = data_options(settings)
    if is_counts(data):
        yield _counts(data), {**options, "label": say("command line")}
        return
    with progress_bar(data[0]) as progress:
        options["progress"] = progress
        if data == ("-",):
            yield sys.stdin.buffer, {**options, "label": say("standard input")}
        else:
            paths = [sys.stdin.buffer if part == "-" else Path(part) for part in data]
            yield paths[0] if len(paths) == 1 else paths, options


@contextmanager
def table_of(data: str, settings: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The table that DATA is, for commands that read columns, and the options that say how it is to be read."""
    _check_header(settings)
    if data == "-" and settings["input_kind"] is None:
        raise usage_error(say("for a table from standard input, name its format with --input"))
    yield sys.stdin.buffer if data == "-" else Path(data), reading_options(settings)


@contextmanager
def tables_of(data: tuple[str, ...], settings: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The table that DATA is, or pictures: one, several, or a pattern."""
    if len(data) > 1:
        from mottomo.sources.pictures.folder import is_picture

        others = [name for name in data if not is_picture(name)]
        if others:
            raise usage_error(say("several DATA have to be pictures, and {name} is none by its name", name=others[0]))
        yield list(data), reading_options(settings)
        return
    with table_of(data[0], settings) as (table, reading):
        is_pattern = any(letter in data[0] for letter in "*?[") and not Path(data[0]).exists()
        yield (data[0] if is_pattern else table), reading


def data_options(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a command as options of its function: those that were given."""
    named = ("column", "count_column", "where", "categories", "null", "normalise", "missing")
    found = {name: settings[name] for name in named if settings.get(name) not in (None, False, _MISSING)}
    if settings.get("by"):
        found["by"] = settings["by"].split(",")
    return {**found, **reading_options(settings)}


def reading_options(settings: dict[str, Any]) -> dict[str, Any]:
    """The part of it that says how a file is written, and whether a large one is hashed."""
    from mottomo.sources.reading import READING_OPTIONS

    given = {**settings, "input": settings["input_kind"]}
    return {name: given[name] for name in (*READING_OPTIONS, "fingerprint") if given[name]}


def is_counts(data: tuple[str, ...]) -> bool:
    """Whether DATA is counts on the line: only integers, and / between tallies."""
    return all(_COUNT.fullmatch(part) or part == _SEPARATOR for part in data) and data != (_SEPARATOR,)


def _check_usage(data: tuple[str, ...], settings: dict[str, Any]) -> None:
    counts = [part for part in data if _COUNT.fullmatch(part)]
    others = [part for part in data if not _COUNT.fullmatch(part) and part != _SEPARATOR]
    fractional = next((part for part in others if counts and _is_number(part)), None)
    if fractional is not None:
        raise InvalidInput(
            "invalid-count",
            say("a count is not a whole number"),
            say("command line"),
            say("a whole number, 0 or more"),
            verbatim(fractional),
        )
    if counts and others:
        raise usage_error(say("counts and files cannot be mixed: {parts}", parts=[counts[0], others[0]]))
    idle = [option for name, option in _OF_FILES.items() if settings[name] not in (None, False, _MISSING)]
    if counts and not others and idle:
        raise usage_error(say("{names} has no meaning for counts on the command line", names=idle))
    if data.count("-") > 1:
        raise usage_error(say("standard input can be read only once"))
    _check_header(settings)


def _check_header(settings: dict[str, Any]) -> None:
    if settings["no_header"] != bool(settings["names"]):
        raise usage_error(say("--no-header and --names go together"))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _counts(data: tuple[str, ...]) -> list[Any]:
    rows: list[list[int]] = [[]]
    for part in data:
        if part == _SEPARATOR:
            rows.append([])
        else:
            rows[-1].append(int(part))
    if len({len(row) for row in rows}) > 1 or not rows[0]:
        raise InvalidInput(
            "counts-length",
            say("the tallies do not have the same number of counts"),
            say("command line"),
            say("as many counts on each side of /"),
            verbatim(" / ".join(str(len(row)) for row in rows)),
        )
    return rows[0] if len(rows) == 1 else rows
