"""The entry point: language, errors in words, exit codes, and a quiet end for Ctrl-C and closed pipes.

Exit codes stand in the help below. ``entry.py`` hears signals, which end a run with 128 and their number.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from mottomo.cli.commands import LazyGroup, ReaderGone, option
from mottomo.cli.language import choose_language, chosen_translator
from mottomo.errors import MottomoError, SourceError
from mottomo.messages import say, verbatim
from mottomo.report.layout import display_width, padded, wrapped

INVALID_DATA, INTERRUPTED = 3, 130
_LONGEST_INTEGER = 1_000_000


def _print_version(context: click.Context, parameter: Any, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from mottomo._version import VERSION
        from mottomo.kernels.native import path

        click.echo(f"mottomo {VERSION} (kernels: {path()})")
        context.exit()


@click.group(
    cls=LazyGroup,
    worded_help=say(
        "From categorical outcomes to trustworthy probabilities, by maximum likelihood.\n\n"
        "Exit codes: 0 done; with --check 1 rejected and 4 cannot tell; 2 wrong usage; 3 unreadable or invalid data, "
        "or (train) no model: no maximum, or not converged; 129 terminal closed, 130 interrupted, 143 terminated."
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help=say("Show the version and exit."),
)
@option(
    "--lang",
    type=click.Choice(["en", "ja"]),
    expose_value=False,
    help=say("The language; by default that of the locale."),
)
def cli() -> None:
    """Hold the commands together; the help is worded in the language of the run."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    choose_language(arguments)
    _open_closed_streams()
    sys.set_int_max_str_digits(_LONGEST_INTEGER)  # our own limit for counts comes first, and says what it is
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a label that the terminal cannot show is shown escaped
    debug = "--debug" in arguments
    code = _guarded(
        lambda: cli.main(arguments, prog_name="mottomo", standalone_mode=False, obj=list(arguments)),
        _watched_output(),
        debug,
    )
    sys.exit(code)


class _Output(io.FileIO):
    """Standard output that remembers what kept it from being written."""

    fault: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.fault = error
            raise


def _watched_output() -> _Output | None:
    """Standard output made one that remembers its faults, where it is a plain stream of the process."""
    stream = sys.stdout
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(stream) is not io.TextIOWrapper or type(raw) is not io.FileIO:
        return None
    watched = _Output(raw.fileno(), "wb", closefd=False)
    sys.stdout = io.TextIOWrapper(
        watched if raw is buffer else io.BufferedWriter(watched),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    return watched


def _guarded(run: Callable[[], Any], output: _Output | None, debug: bool) -> int:
    """The exit code of a run; errors become words on standard error."""
    try:
        result = run()
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _tell(_show_usage, error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except (ReaderGone, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has nowhere to go
        return 0
    except MottomoError as error:
        if debug:
            raise
        _tell(_show, error)
        return INVALID_DATA
    except OSError as error:
        if debug:
            raise
        _tell(_show, _system_error(error, output))
        if output is not None and output.fault is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
        return INVALID_DATA


def _system_error(error: OSError, output: _Output | None) -> SourceError:
    """What the system refused: standard output if that failed, for example on a full disk, else the file it names."""
    got = verbatim(error.strerror or str(error))
    if output is not None and error is output.fault:
        return SourceError("cannot-write", say("the output cannot be written"), say("standard output"), None, got)
    where = None if error.filename is None else verbatim(os.fsdecode(error.filename))
    return SourceError("system", say("the system refuses to read or to write"), where, None, got)


def _open_closed_streams() -> None:
    """Give a stream that the caller has closed a place: nothing to read, and nowhere to write to."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _tell(show: Callable[[Any], None], error: Exception) -> None:
    """Show an error. Where standard error cannot be written either, the exit code alone tells it."""
    try:
        show(error)
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _show_usage(error: click.ClickException) -> None:
    """Show click's error, with its sentence in lines of at most 80 columns."""
    if isinstance(error, click.UsageError) and not isinstance(error, NoArgsIsHelpError):  # which is the help itself
        label = "Error: "
        error = click.UsageError(wrapped(label + error.format_message(), indent=2)[len(label) :], error.ctx)
    error.show()


def _show(error: MottomoError) -> None:
    translate = chosen_translator()
    labels = {
        "where": say("where:"),
        "expected": say("expected:"),
        "got": say("got:"),
        "mend": say("mend:"),
    }
    worded = {name: label.worded(translate) for name, label in labels.items()}
    width = max(display_width(label) for label in worded.values())
    aligned = {name: padded(label, width) for name, label in worded.items()}
    first, *parts = f"{type(error).__name__}: {error.worded(translate, aligned)}".split("\n")
    click.echo("\n".join([wrapped(first), *(wrapped(part, indent=width + 3) for part in parts)]), err=True)
