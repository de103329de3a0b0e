"""What a file is, by its name, and whether it can be read at all: before any reader is started."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from mottomo.errors import InvalidInput, MottomoError, SourceError, nearest
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources.files import COMPRESSIONS
from mottomo.sources.table_file import TableFile

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".txt": "lines"}


def checked_kind(path: Path, kind: str | None, label: str | None, **settings: Any) -> str:
    """The kind that is given or that the name tells, of a file that can be read, with settings that it can have."""
    check_file(path)
    kind = kind or _kind_of(path)
    check_settings(kind, verbatim(label or str(path)), {f"--{name}": value for name, value in settings.items()})
    check_delimiter(settings.get("delimiter"))
    return kind


def table_file(
    path: Path,
    *,
    kind: str | None = None,
    encoding: str | None = None,
    names: tuple[str, ...] | None = None,
    delimiter: str | None = None,
    label: str | None = None,
) -> TableFile:
    """A file with columns; a file of lines is refused."""
    kind = checked_kind(path, kind, label, encoding=encoding, names=names, delimiter=delimiter)
    if kind == "lines":
        raise InvalidInput(
            "no-columns",
            say("a file of lines has no columns"),
            verbatim(label or str(path)),
            say("a table: .csv, .tsv, .jsonl or .parquet"),
            None,
            say("name the format with --input csv|tsv|jsonl|parquet"),
        )
    return TableFile(path, kind, encoding, names, delimiter, label)


# What can be said of how a file is written, by its kind.
_SETTINGS = {
    "csv": {"--encoding", "--names", "--delimiter"},
    "tsv": {"--encoding", "--names", "--delimiter"},
    "lines": {"--encoding"},
}


def check_settings(kind: str, where: Message, settings: dict[str, Any]) -> None:
    """Refuse a setting that this kind of file has no use for."""
    for name, value in settings.items():
        if value is not None and name not in _SETTINGS.get(kind, set()):
            raise InvalidInput(
                "setting-does-not-apply",
                say("a setting does not apply to this format"),
                where,
                say("no {name} for {kind}", name=name, kind=kind),
                verbatim(str(value)),
                say("leave it out"),
            )


# Characters that have another meaning in a table: quotes, the ends of lines, and what is in no text.
_NO_DELIMITERS = '"\n\r\0'


def check_delimiter(delimiter: Any) -> None:
    """Refuse what cannot separate the cells of a table; None is the comma or the tab."""
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


def check_file(path: Path) -> None:
    """Refuse what cannot be read before any reader is started; a pipe is not opened, because it opens only once."""
    where = verbatim(str(path))
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
    if suffixes and suffixes[-1] in KINDS:
        return KINDS[suffixes[-1]]
    raise SourceError(
        "unknown-format",
        say("the name of the file does not tell its format"),
        verbatim(str(path)),
        say("a name that ends in {names}, perhaps with .gz or .zst", names=list(KINDS)),
        verbatim(path.suffix or "-"),
        say("name the format with --input csv|tsv|jsonl|parquet|lines"),
    )
