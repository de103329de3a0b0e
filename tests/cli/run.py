"""Runs the command line: in this process, which takes some hundredths of a second, or as its users do."""

from __future__ import annotations

import contextlib
import gettext
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from unittest import mock

from mottomo.cli import language
from mottomo.cli.main import main

Done = subprocess.CompletedProcess[str]


def mottomo(*arguments: str, stdin: str | bytes | None = None) -> Done:
    """``mottomo ARGUMENTS`` in this process, as if its locale were C: output and errors as text."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(_bytes(stdin)), "utf-8", "surrogateescape")
    code = 0
    with _left_as_it_was(), mock.patch.multiple(sys, stdin=given, stdout=out, stderr=err):
        try:
            main(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    return subprocess.CompletedProcess(arguments, code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())


@contextlib.contextmanager
def _left_as_it_was() -> Iterator[None]:
    """Everything that a run changes in its process is put back; a warning, which users would see, is an error."""
    digits, domain, chosen = sys.get_int_max_str_digits(), gettext.textdomain(), language._chosen
    try:
        with (
            mock.patch.dict(os.environ, _without_locale(), clear=True),
            mock.patch.object(signal, "signal"),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("error")
            yield
    finally:
        sys.set_int_max_str_digits(digits)
        gettext.textdomain(domain)
        language._chosen = chosen


def process(*arguments: str, stdin: str | bytes | None = None, **environment: str) -> Done:
    """Run ``mottomo ARGUMENTS`` as a new process; `environment` adds variables to this one's."""
    done = subprocess.run(
        [sys.executable, "-m", "mottomo", *arguments],
        input=_bytes(stdin),
        capture_output=True,
        env={**_without_locale(), "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=120,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _bytes(text: str | bytes | None) -> bytes:
    return text.encode() if isinstance(text, str) else text or b""


def _without_locale() -> dict[str, str]:
    names = ("LANG", "LANGUAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name not in names}
