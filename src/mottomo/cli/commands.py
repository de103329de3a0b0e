"""Commands, options and arguments whose help is worded when it is shown, and a group that loads a command when used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from mottomo.cli.language import chosen_translator
from mottomo.cli.overwriting import refuse_overwriting
from mottomo.cli.saving import settle_format
from mottomo.cli.usage import usage_error
from mottomo.errors import InvalidCall
from mottomo.messages import Message
from mottomo.report.layout import display_width, wrapped

_NEGATIVE_NUMBER = re.compile(r"-\.?\d.*")
# Stands before a negative number while click parses, so that it is read as data and not as an option.
_SHIELD = "\0"
# Columns that click leaves for the help of a command and of an option on a terminal of 80.
_HELP_WIDTH, _OPTION_HELP_WIDTH = 76, 44

# The commands in the order of the flow, and where each lives.
COMMANDS = {
    "tally": "mottomo.cli.tally",
    "estimate": "mottomo.cli.estimate",
    "test": "mottomo.cli.test",
    "plan": "mottomo.cli.plan",
    "compare": "mottomo.cli.compare",
    "explain": "mottomo.cli.explain",
    "simulate": "mottomo.cli.simulate",
    "train": "mottomo.cli.train",
    "predict": "mottomo.cli.predict",
    "score": "mottomo.cli.score",
}


class ReaderGone(Exception):
    """Whoever read standard output has closed it."""


class WordedOption(click.Option):
    """An option whose help is a Message."""

    def __init__(self, *args: Any, worded_help: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worded_help = worded_help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = _laid_out(self.worded_help, _OPTION_HELP_WIDTH)
        return super().get_help_record(ctx)


class WordedCommand(click.Command):
    """A command whose help is a Message, and that reads negative numbers as data."""

    def __init__(self, *args: Any, worded_help: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worded_help = worded_help

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        takes_value = {name for option in self.params for name in option.opts if not getattr(option, "is_flag", True)}
        shielded = [
            _SHIELD + argument if _NEGATIVE_NUMBER.fullmatch(argument) and before not in takes_value else argument
            for before, argument in zip(["", *args], args, strict=False)
        ]
        rest = super().parse_args(ctx, shielded)
        ctx.params = {name: _unshielded(value) for name, value in ctx.params.items()}
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        settle_format(ctx)
        refuse_overwriting(self.name or "", ctx.params)
        try:
            for name in ctx.params.get("figure", ()):
                _check_figure(name)
            return super().invoke(ctx)
        except InvalidCall as error:
            raise usage_error(error.what) from None

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = _laid_out(self.worded_help, _HELP_WIDTH)
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        sentence = self.worded_help.worded(chosen_translator()).strip().splitlines()[0]
        return sentence.rstrip(".。")


def _check_figure(name: str) -> None:
    """Refuse a figure that cannot be written, before the work."""
    from mottomo.report.figures import check_figure
    from mottomo.storage.whole_file import refuse_unwritable

    check_figure(name)
    refuse_unwritable(Path(name))


def _laid_out(help: Message, width: int) -> str:
    """The worded help; where it has wide characters, broken here, because click counts and breaks only words."""
    text = help.worded(chosen_translator())
    if display_width(text) == len(text):
        return text
    return "\n\n".join("\b\n" + wrapped(paragraph, width) for paragraph in text.split("\n\n"))


def _unshielded(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_SHIELD)
    if isinstance(value, tuple):
        return tuple(_unshielded(part) for part in value)
    return value


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def __init__(self, *args: Any, worded_help: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worded_help = worded_help

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would take it for a failure; a reader that has seen enough is none
            raise ReaderGone from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = _laid_out(self.worded_help, _HELP_WIDTH)
        super().format_help_text(ctx, formatter)


def option(*names: str, help: Message, **kwargs: Any) -> Callable[[Any], Any]:
    """An option with a worded help."""
    return click.option(*names, cls=WordedOption, worded_help=help, **kwargs)


def command(name: str, help: Message, options: Sequence[Callable[[Any], Any]] = ()) -> Callable[[Any], click.Command]:
    """A command with a worded help and shared options, which follow its own in the help."""

    def decorate(function: Any) -> click.Command:
        for add in reversed(options):
            function = add(function)
        made: click.Command = click.command(name, cls=WordedCommand, worded_help=help)(function)
        made.params.sort(key=lambda parameter: isinstance(parameter, click.Option))
        return made

    return decorate
