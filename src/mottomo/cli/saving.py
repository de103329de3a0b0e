"""What --save writes is decided by the ending of its file: settled, or refused, before any work is done."""

from __future__ import annotations

from pathlib import PurePath

import click

from mottomo.cli.usage import usage_error
from mottomo.messages import say

_FORMATS = {
    ".txt": "text",
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
    ".tex": "latex",
}
_NO_TABLE = "explain"  # the command that never has a table for CSV


def settle_format(context: click.Context) -> None:
    """Let the ending of --save choose the format where no other option does.

    A name without an ending, such as a device, leaves the format as it is. Raises UsageError : the ending and the
    format asked for contradict each other, or the command cannot write such a file.
    """
    settings = context.params
    if settings.get("save") is None:
        return
    name = PurePath(settings["save"]).name
    ending = name if name.lower() in _FORMATS else PurePath(name).suffix  # a file may be called .csv
    if not ending:
        return
    endings = _endings_of(context.command)
    meant = endings.get(ending.lower())
    if meant is None:
        raise usage_error(
            say(
                "--save writes no file that ends in {ending}, only {endings} and names without an ending",
                ending=ending,
                endings=list(endings),
            )
        )
    asked = "json" if settings["as_json"] else settings["output_format"]
    if asked is not None and asked != meant:
        raise usage_error(
            say(
                "--save {file} and {option} contradict each other: {ending} stands for {format}",
                file=settings["save"],
                option="--json" if settings["as_json"] else f"--format {asked}",
                ending=ending,
                format=meant,
            )
        )
    settings["output_format"] = meant


def _endings_of(command: click.Command) -> dict[str, str]:
    """The endings of the formats that a command has."""
    kinds = next(option.type for option in command.params if option.name == "output_format")
    assert isinstance(kinds, click.Choice)
    return {
        ending: name
        for ending, name in _FORMATS.items()
        if name in kinds.choices and not (name == "csv" and command.name == _NO_TABLE)
    }
