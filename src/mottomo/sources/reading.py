"""How a file is to be read, as far as its name does not tell; and checks whether it can be read at all."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mottomo.errors import InvalidInput, MottomoError, SourceError, nearest
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources.files import COMPRESSIONS
from mottomo.sources.formats import ENDINGS, FORMATS, TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is written.

    kind : the name of its format; by the ending of its name where none is said.
    encoding : of text, UTF-8 unless named.
    names : the columns of a table without a header.
    delimiter : of a table: one character, instead of the comma or the tab.
    """

    kind: str | None = None
    encoding: str | None = None
    names: tuple[str, ...] | None = None
    delimiter: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Reading:
        """From the options of a command, of which others are left alone; names are a list, or separated by commas."""
        wanted = {name: options.get(name) for name in READING_OPTIONS}
        given = {name: value for name, value in wanted.items() if value is not None and value is not False}
        kind = given.pop("input", None)
        if kind is not None and kind not in FORMATS:
            raise InvalidInput(
                "unknown-input",
                say("there is no such input format"),
                verbatim("input"),
                say("one of {names}", names=list(FORMATS)),
                verbatim(written(kind)),
                nearest(str(kind), FORMATS),
            )
        names = given.pop("names", None)
        if names is not None:
            given["names"] = tuple(names.split(",") if isinstance(names, str) else names)
        return cls(kind=kind, **given)

    @property
    def settings(self) -> dict[str, Any]:
        """What is said beside the format, by the names of the options."""
        found = {one.name: getattr(self, one.name) for one in fields(Reading) if one.name != "kind"}
        return {name: value for name, value in found.items() if value is not None and value is not False}

    def refuse(self, where: Message) -> None:
        """Raise InvalidInput if any of it was given, for outcomes that are in no file."""
        given = {"input": self.kind, **self.settings}
        check_settings("outcomes", where, {name: value for name, value in given.items() if value is not None})

    def of_file(self, path: Path, label: Message | None = None) -> Reading:
        """The same with a format, of a file that can be read, with settings that it can have."""
        check_file(path, label)
        kind = self.kind or _kind_of(path)
        check_settings(kind, label or verbatim(str(path)), {f"--{name}": one for name, one in self.settings.items()})
        check_delimiter(self.delimiter)
        return replace(self, kind=kind)


# What the options of a command are called that say how a file is written.
READING_OPTIONS = ("input", *(one.name for one in fields(Reading) if one.name != "kind"))


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file with columns, and how it is to be read.

    Attributes
    ----------
    path : of the file, or of its plain copy.
    reading : how it is read; with its format.
    label : what messages call the file; its path if None.
    lines_before : by how many lines the rows of a plain copy come earlier than those of the file.
    """

    path: Path
    reading: Reading
    label: Message | None = None
    lines_before: int = 0

    @property
    def kind(self) -> str:
        """The name of its format."""
        return self.reading.kind or ""

    @property
    def where(self) -> Message:
        """What messages call the file."""
        return self.label or verbatim(str(self.path))


def table_file(path: Path, reading: Reading | None = None, label: Message | None = None) -> TableFile:
    """A file with columns that can be read; raises InvalidInput for a file of lines."""
    found = (reading or Reading()).of_file(path, label)
    if found.kind not in TABLES:
        raise InvalidInput(
            "no-columns",
            say("a file of lines has no columns"),
            label or verbatim(str(path)),
            say("a table: .csv, .tsv, .jsonl or .parquet"),
            None,
            say("name the format with --input csv|tsv|jsonl|parquet"),
        )
    return TableFile(path, found, label)


def check_settings(kind: str, where: Message, settings: dict[str, Any]) -> None:
    """Raise InvalidInput if a setting does not apply to this format."""
    known = FORMATS[kind].settings if kind in FORMATS else frozenset()
    for name, value in settings.items():
        if name.removeprefix("--") not in known:
            raise InvalidInput(
                "setting-does-not-apply",
                say("a setting does not apply to this format"),
                where,
                say("no {name} for {kind}", name=name, kind=kind),
                verbatim(str(value)),
                say("leave it out"),
            )


# Characters with another meaning in a table: the quotation mark, line ends, and the null character.
_NO_DELIMITERS = '"\n\r\0'


def check_delimiter(delimiter: Any) -> None:
    """Raise InvalidInput if this cannot separate the cells of a table; None is the comma or the tab."""
    if delimiter is None:
        return
    is_character = isinstance(delimiter, str) and len(delimiter) == 1
    if is_character and delimiter not in _NO_DELIMITERS and not "\ud800" <= delimiter <= "\udfff":
        return
    raise InvalidInput(
        "delimiter",
        say("this cannot separate the cells of a table"),
        verbatim("--delimiter"),
        say("one character, neither a quotation mark nor the end of a line"),
        verbatim(written(delimiter, repr)),
    )


def check_file(path: Path, label: Message | None = None) -> None:
    """Raise SourceError if a file cannot be read; a pipe is not opened, because it can be opened only once."""
    where = label or verbatim(str(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError("is-a-directory", say("this is a folder, not a file"), where, say("a file"))
        if stat.S_ISREG(status.st_mode):
            if status.st_size == 0:
                raise SourceError(
                    "empty-source", say("there is nothing to read"), where, say("outcomes"), say("0 bytes")
                )
            with path.open("rb"):
                pass
    except FileNotFoundError:
        raise _no_such_file(path) from None
    except (OSError, ValueError) as error:
        raise SourceError(
            "unreadable",
            say("the file cannot be opened"),
            where,
            say("a file that may be read"),
            verbatim(getattr(error, "strerror", None) or str(error)),
        ) from None


def _no_such_file(path: Path) -> MottomoError:
    folder = path.parent
    try:
        siblings = [entry.name for entry in folder.iterdir()]
    except OSError:
        siblings = []
    mend = nearest(path.name, siblings)
    number = path.name.replace("/", "").replace(".", "", 1).lstrip("+-")
    if number.isdigit():
        mend = say("counts on the command line are whole numbers of 0 or more")
    return SourceError("no-such-file", say("there is no such file"), None, say("a file"), verbatim(str(path)), mend)


def _kind_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes = suffixes[:-1]
    if suffixes and suffixes[-1] in ENDINGS:
        return ENDINGS[suffixes[-1]]
    raise SourceError(
        "unknown-format",
        say("the name of the file does not tell its format"),
        verbatim(str(path)),
        say("a name that ends in {names}, perhaps with .gz or .zst", names=list(ENDINGS)),
        verbatim(path.suffix or "-"),
        say("name the format with --input csv|tsv|jsonl|parquet|lines"),
    )
