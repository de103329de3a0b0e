"""Where results go: data to standard output or whole into a file, everything else to standard error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from mottomo.cli.data import usage_error
from mottomo.cli.language import chosen_language, chosen_translator
from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim

_EXIT_CODES = {"rejected": 1, "different": 1, "cannot-tell": 4}
_ERRORS = "surrogateescape"  # bytes of the command line that were no text come out as they came in


def chosen_format(output_format: str | None, as_json: bool) -> str:
    """The output format; ``--json`` beside another ``--format`` is a mistake in the call."""
    if as_json and output_format not in (None, "json"):
        raise usage_error(say("--json and --format {name} contradict each other", name=output_format or ""))
    return "json" if as_json else output_format or "text"


def show(result: Any, settings: dict[str, Any], given: dict[str, Any]) -> None:
    """Render a result as the settings ask and put it where they ask. `given` is what JSON says of the input."""
    from mottomo import report
    from mottomo.report.envelope import as_json
    from mottomo.report.findings import worded_finding

    language = chosen_language()
    wanted = chosen_format(settings["output_format"], settings["as_json"])
    text = as_json(result, language, given) if wanted == "json" else report.render(result, wanted, language)
    if settings["save"] is not None:
        save_whole(Path(settings["save"]), text)
        note(say("saved: {file}", file=settings["save"]))
    else:
        sys.stdout.write(_printable(text, wanted))
        sys.stdout.flush()
    if wanted == "csv" or settings["save"] is not None:
        note(worded_finding(result.verdict))


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
        if wanted == "json":
            return json.dumps(json.loads(text), indent=1) + "\n"
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


def save_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from mottomo.storage.whole_file import write_whole

    write_whole(path, encoded(text))


def encoded(text: str) -> bytes:
    """Text as the bytes of a file."""
    return text.encode("utf-8", _ERRORS)
