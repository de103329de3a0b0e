"""Where results go: data to standard output or whole into a file, everything else to standard error."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mottomo.cli.language import chosen_language, chosen_translator
from mottomo.cli.usage import usage_error
from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.report.layout import WIDTH
from mottomo.results import Result

_NARROWEST, _WIDEST = 40, 120
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_FOR_PROGRAMS = ("csv", "jsonl")  # beside them the verdict goes to standard error; JSON has it itself
_EXIT_CODES = {"rejected": 1, "different": 1, "cannot-tell": 4}
_ERRORS = "surrogateescape"  # bytes of the command line that were no text come out as they came in


def chosen_format(output_format: str | None, as_json: bool, default: str) -> str:
    """The output format; ``--json`` beside another ``--format`` is a mistake in the call."""
    if as_json and output_format not in (None, "json"):
        raise usage_error(say("--json and --format {name} contradict each other", name=output_format or ""))
    return "json" if as_json else output_format or default


def show(result: Result, settings: dict[str, Any], default: str = "text", added: tuple[str, ...] = ()) -> None:
    """Render a result as the settings ask and put it where they ask; `added` to the command repeats it."""
    from mottomo import report

    wanted = chosen_format(settings["output_format"], settings["as_json"], default)
    made, command = result, repeating_command(added)
    result = result.with_provenance(lambda: replace(made.provenance, command=command))
    pieces = report.render(result, wanted, chosen_language(), width=_width())
    first = next(pieces, "")  # what is wrong with the data is said before anything is written
    with _output(settings["save"], wanted) as put:
        for piece in itertools.chain([first], pieces):
            put(piece)
    if settings["save"] is not None:
        note(say("saved: {file}", file=settings["save"]))
    save_figures(result, settings.get("figure", ()))
    if wanted in _FOR_PROGRAMS or settings["save"] is not None:
        note(report.verdict_of(result))


def save_figures(result: Result, names: tuple[str, ...]) -> None:
    """Write the figure of a result to files whose endings tell the format."""
    for name in names:
        from mottomo.report.figures import figure_bytes
        from mottomo.storage.whole_file import write_whole

        write_whole(Path(name), figure_bytes(result, name, chosen_language()))
        note(say("figure saved: {file}", file=name))


def repeating_command(added: tuple[str, ...] = ()) -> str | None:
    """The command line that makes the same result again."""
    context = click.get_current_context(silent=True)
    if context is None or context.obj is None:
        return None
    given = list(context.obj)
    place = given.index("--") if "--" in given else len(given)  # after it there are no options
    return shlex.join(["mottomo", *given[:place], *added, *given[place:]])


def _width() -> int:
    """How many columns text may have: those of the terminal, within reason; 80 anywhere else."""
    if not sys.stdout.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


@contextmanager
def _output(save: str | None, wanted: str) -> Iterator[Callable[[str], object]]:
    """Where text goes: to standard output as it comes, or into a file that is there when it is whole."""
    if save is None:
        yield lambda text: sys.stdout.write(_printable(text, wanted))
        sys.stdout.flush()
        return
    from mottomo.storage.whole_file import whole_file

    with whole_file(Path(save)) as stream:
        yield lambda text: stream.write(text.encode("utf-8", _ERRORS))


def exit_for(result: Any) -> None:
    """End with the exit code of --check: 1 rejected, 4 cannot tell, 0 neither."""
    code = _EXIT_CODES.get(result.decision, 0)
    if code:
        click.get_current_context().exit(code)


def _printable(text: str, wanted: str) -> str:
    """What standard output can show: JSON with escapes of its own, data as it is or not at all."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        if wanted in ("json", "jsonl"):  # only its strings have other characters than ASCII
            return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
        if wanted == "csv":
            raise cannot_show(encoding, error) from None
    return text


def cannot_show(encoding: str, error: UnicodeEncodeError) -> SourceError:
    """The error for data that standard output cannot carry without changing it."""
    return SourceError(
        "output-encoding",
        say("the output cannot be written in the encoding of standard output"),
        say("standard output"),
        say("an encoding such as utf-8"),
        verbatim(f"{encoding}: {error.object[error.start : error.end]!r}"),
        say("set PYTHONIOENCODING=utf-8, or use --save FILE"),
    )


def note(sentence: Message) -> None:
    """A sentence to standard error, in the language of the run."""
    from mottomo.report.layout import wrapped

    click.echo(wrapped(sentence.worded(chosen_translator())), err=True)
