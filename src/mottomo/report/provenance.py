"""Where a result comes from: for programs as a mapping, for people as a line."""

from __future__ import annotations

import sys

from mottomo._version import VERSION
from mottomo.messages import Message, say, verbatim, visible
from mottomo.report.report import Source
from mottomo.results import Result, SourceFile

_SHOWN_DIGITS = 16  # of a hash, in a line of text
_MOST_FILES = 10  # in a line of text
_LONGEST_COMMAND = 4_000
_LONGEST = 60  # of an option, in a line of text; JSON has all of it
_LIBRARIES = ("numpy", "duckdb")


def provenance_dict(result: Result) -> dict[str, object]:
    """What JSON says of the input: files with their own SHA-256, the tally's, the options, versions, the command."""
    found = result.provenance
    input_of: dict[str, object] = {}
    if found.data:
        input_of["source"] = found.data[0] if len(found.data) == 1 else list(found.data)
    if found.sources:
        input_of["sources"] = [file.to_dict() for file in found.sources]
        if len(found.data) == 1 and not found.origins:
            input_of["sha256"] = next(file.sha256 for file in found.sources if file.role is None)
    tally = _tally_hash(result)
    if tally is not None:
        input_of["tally_sha256"] = tally
    input_of |= {name: list(one) if isinstance(one, tuple) else one for name, one in found.settings.items()}
    input_of["versions"] = {"mottomo": VERSION, **_versions(bool(found.sources))}
    if found.command is not None:
        input_of["command"] = found.command
    return input_of


def _versions(reads_files: bool) -> dict[str, str]:
    names = [name for name in _LIBRARIES if name in sys.modules and (name != "duckdb" or reads_files)]
    return {name: str(sys.modules[name].__dict__["__version__"]) for name in names}


def _tally_hash(result: Result) -> str | None:
    """That of the tally; of a plan nothing may be counted yet."""
    found: str | None = getattr(getattr(result, "tally", result), "sha256", None)
    return found


def source_of(result: Result) -> Source:
    """What people read of where a result comes from."""
    command = result.provenance.command
    shown = command if command is not None and _can_be_pasted(command) else None
    return Source(shown, _line(result, _SHOWN_DIGITS), _line(result, None))


def _can_be_pasted(command: str) -> bool:
    """Whether it is short enough for a page, and has no character that is shown as an escape."""
    return len(command) <= _LONGEST_COMMAND and visible(command, _LONGEST_COMMAND) == command


def _line(result: Result, digits: int | None) -> Message:
    """Files, options, tally and versions. Of each hash the first `digits`, or all."""
    found = result.provenance
    parts = [_file(file, digits) for file in found.sources[:_MOST_FILES]]
    if len(found.sources) > _MOST_FILES:
        parts.append(say("{number} more files, which JSON has", number=len(found.sources) - _MOST_FILES))
    if found.sources or len(found.origins) > 1:
        parts += [verbatim(origin) for origin in found.origins]
    if found.command is None:
        files = {file.role for file in found.sources}
        settings = {name: value for name, value in found.settings.items() if value and name not in files}
        parts += [verbatim(f"{name} = {_shown(value, digits)}") for name, value in settings.items()]
    tally = _tally_hash(result)
    if tally is not None:
        parts.append(say("tally {hash}", hash=_cut(tally, digits)))
    parts.append(verbatim(f"mottomo {VERSION}"))
    if found.command is None:
        return say("{parts}.", parts=parts)
    if not _can_be_pasted(found.command):
        return say("{parts}; JSON has the command.", parts=parts)
    return say("({parts})", parts=parts)


def _file(file: SourceFile, digits: int | None) -> Message:
    name = file.name if file.role is None else f"{file.role} = {file.name}"
    if file.sha256 is None:
        return say("{file}, SHA-256 not computed", file=name)
    return say("{file}, SHA-256 {hash}", file=name, hash=_cut(file.sha256, digits))


def _shown(setting: str | tuple[str | None, ...], digits: int | None) -> str:
    value = setting if isinstance(setting, str) else " | ".join("-" if one is None else one for one in setting)
    return value if digits is None or len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value):,} characters)"


def _cut(text: str, digits: int | None) -> str:
    return text if digits is None else f"{text[:digits]}…"
