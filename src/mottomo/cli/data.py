"""What DATA on the command line is, decided by its form alone: counts, files, or standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim
from mottomo.report.wording import translator

_COUNT = re.compile(r"[+-]?[0-9]+")
_SEPARATOR = "/"


@dataclass(frozen=True)
class Source:
    """How DATA is to be read: the options of the command line that say so."""

    column: str | None
    count_column: str | None
    by: str | None
    where: str | None
    categories: str | None
    null: str | None
    normalise: bool
    missing: str
    input_kind: str | None
    delimiter: str | None
    encoding: str | None
    no_header: bool
    names: str | None
    labels: tuple[str, ...] = ()  # of outcomes seen only in part: declared together with the categories

    def of_files(self) -> dict[str, Any]:
        """The options that only mean something for files and standard input, by name, as given."""
        return {
            "--missing": self.missing != "error",
            "--input": self.input_kind,
            "--delimiter": self.delimiter,
            "--encoding": self.encoding,
            "--no-header": self.no_header,
            "--names": self.names,
        }

    def of_data(self) -> dict[str, Any]:
        """The options that only mean something for DATA of any kind."""
        return {
            **self.of_files(),
            "--column": self.column,
            "--count-column": self.count_column,
            "--by": self.by,
            "--where": self.where,
        }

    def declared(self) -> Any:
        """The declared categories, from --categories or the odds of --null; None if they are to be discovered."""
        from mottomo.categories import Categories

        categories = None if self.categories is None else Categories.of(self.categories)
        if categories is not None and self.labels:
            twice = next((label for label in self.labels if label in categories), None)
            if twice is not None:
                raise usage_error(say("--means: the label {label} is one of the categories", label=twice))
            return Categories.of([*categories, *self.labels])
        if self.null is None or self.null.strip() == "fair":
            return categories
        return Categories.of(self.null_over(categories))

    def null_over(self, categories: Any) -> Any:
        """The claimed probabilities over a tally's categories; fair without --null."""
        from mottomo.probabilities import Probabilities

        return Probabilities.of(self._odds, categories, normalise=self.normalise)

    @cached_property
    def _odds(self) -> Any:
        """What --null says: a file of odds is read once, however many tallies are compared with it."""
        from mottomo.workflows import odds_of

        return odds_of(self.null or "fair")

    @property
    def grouping(self) -> tuple[str, ...]:
        return tuple(self.by.split(",")) if self.by else ()


def tally_of_data(data: tuple[str, ...], source: Source) -> tuple[Any, dict[str, Any]]:
    """The tally of DATA, and what ``input`` says of it in JSON. Several files are taken together."""
    tally, given, _ = ordered_data(data, source)
    return tally, given


def ordered_data(data: tuple[str, ...], source: Source) -> tuple[Any, dict[str, Any], list[str] | None]:
    """As ``tally_of_data``, with the outcomes in their order where DATA is not too many lines of one file or pipe."""
    _check_usage(data, source)
    if is_counts(data):
        return _tally_of_counts(data, source), {"source": "counts"}, None
    from mottomo.tallies import Tally

    total, in_order = Tally.empty(), None
    for part in data:
        tally, in_order = _tally_of_path(part, source)
        total = total + tally
    outcomes = in_order() if in_order is not None and len(data) == 1 else None
    return total, {"source": list(data) if len(data) > 1 else data[0]}, outcomes


def is_counts(data: tuple[str, ...]) -> bool:
    """Whether DATA is counts on the line: only integers, and / between tallies."""
    return all(_COUNT.fullmatch(part) or part == _SEPARATOR for part in data) and data != (_SEPARATOR,)


def _check_usage(data: tuple[str, ...], source: Source) -> None:
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
    idle = [name for name, given in source.of_files().items() if given]
    if counts and not others and idle:
        raise usage_error(say("{names} has no meaning for counts on the command line", names=idle))
    if data.count("-") > 1:
        raise usage_error(say("standard input can be read only once"))
    if source.no_header != bool(source.names):
        raise usage_error(say("--no-header and --names go together"))


def usage_error(sentence: Message) -> click.UsageError:
    """A mistake in how the command was called: exit code 2."""
    from mottomo.cli.language import chosen_language

    return click.UsageError(sentence.worded(translator(chosen_language())), click.get_current_context(silent=True))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tally_of_counts(data: tuple[str, ...], source: Source) -> Any:
    from mottomo.sources.rows import Selection
    from mottomo.tallies import Tally

    where = say("command line")
    Selection(source.column, source.count_column, source.grouping, source.where).refuse(
        say("counts on the command line have no columns"), where
    )
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
            where,
            say("as many counts on each side of /"),
            verbatim(" / ".join(str(len(row)) for row in rows)),
        )
    return Tally.from_counts(rows[0] if len(rows) == 1 else rows, source.declared())


def _tally_of_path(part: str, source: Source) -> tuple[Any, Callable[[], list[str]] | None]:
    from mottomo import workflows
    from mottomo.sources.rows import Selection
    from mottomo.sources.stream import count_lines

    selection = Selection(source.column, source.count_column, source.grouping, source.where)
    with ExitStack() as stack:
        if part == "-" and source.input_kind in (None, "lines"):
            selection.refuse(say("lines from standard input have no columns; see --input"), say("standard input"))
            rows = count_lines(sys.stdin.buffer, say("standard input"), source.encoding)
        else:
            from mottomo.cli.progress import progress_bar

            path, label = (_spooled(stack, source.input_kind), "standard input") if part == "-" else (Path(part), None)
            rows = workflows.count_path(
                path,
                selection,
                kind=source.input_kind,
                encoding=source.encoding,
                names=tuple(source.names.split(",")) if source.names else None,
                delimiter=source.delimiter,
                label=label,
                progress=stack.enter_context(progress_bar(part)),
            )
        return workflows.tally_of_rows(rows, source.declared(), source.grouping, source.missing), rows.in_order


@contextmanager
def table_of(data: str, settings: dict[str, Any]) -> Iterator[Any]:
    """The table that DATA is, for commands that read columns: a file, or standard input with --input."""
    from mottomo.workflows.file_kinds import table_file

    kind, names = settings["input_kind"], settings["names"]
    if settings["no_header"] != bool(names):
        raise usage_error(say("--no-header and --names go together"))
    if data == "-" and kind is None:
        raise usage_error(say("for a table from standard input, name its format with --input"))
    with ExitStack() as stack:
        path, label = (_spooled(stack, kind), "standard input") if data == "-" else (Path(data), None)
        yield table_file(
            path,
            kind=kind,
            encoding=settings["encoding"],
            names=tuple(names.split(",")) if names else None,
            delimiter=settings["delimiter"],
            label=label,
        )


def _spooled(stack: ExitStack, kind: str | None) -> Path:
    """Standard input as a temporary file: a table is read more than once (its header, its types, its rows)."""
    from mottomo.temporary import temporary_folder, write_copy

    path = stack.enter_context(temporary_folder()) / f"standard-input.{kind}"
    write_copy(sys.stdin.buffer, path)
    return path
