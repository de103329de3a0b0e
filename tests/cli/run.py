"""Runs the command line as its users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def mottomo(*arguments: str, stdin: str | bytes | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """``mottomo ARGUMENTS`` with the given standard input; output and errors as text."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LC_") and name not in ("LANG", "LANGUAGE")
    }
    done = subprocess.run(
        [sys.executable, "-m", "mottomo", *arguments],
        input=b"" if given is None else given,
        capture_output=True,
        env={**plain, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=120,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
