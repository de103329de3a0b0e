"""Processes that are ended from outside, and what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NUMBERS = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}


def heard_by_default() -> None:
    """In the child: signals as a shell in the foreground hands them over, whatever the tests themselves ignore."""
    for number in NUMBERS.values():
        signal.signal(number, signal.SIG_DFL)


def started(call: list[str], folder: Path, **settings: Any) -> subprocess.Popen[bytes]:
    """A process of Python with an own folder for temporary files, that hears signals."""
    return subprocess.Popen(
        [sys.executable, *call],
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "preexec_fn": heard_by_default,
            "env": {**os.environ, "TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"},
            **settings,
        },
    )


def driven(code: str, folder: Path, **settings: Any) -> tuple[int, str, str]:
    """Exit code, output and errors of a program in which signals are heard as in the command line."""
    program = (
        "import os, sys\nfrom mottomo.cli import signals\nsignals.install()\n"
        "def kill(number):\n    os.kill(os.getpid(), number)\n" + code
    )
    process = started(["-c", program], folder, **settings)
    output, errors = process.communicate(timeout=60)
    return process.returncode, (output or b"").decode(), (errors or b"").decode()


def wait_until_heard(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has set up its handling: until it catches SIGTERM, which Python alone does not."""
    status = Path(f"/proc/{process.pid}/status")
    mask = 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        caught = next((line for line in status.read_text().splitlines() if line.startswith("SigCgt")), "SigCgt: 0")
        if int(caught.split()[1], 16) & mask:
            return
        time.sleep(0.0005)


def wait_for(condition: Any, process: subprocess.Popen[bytes]) -> None:
    """Wait until a condition holds, as long as the process lives."""
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def quiet(errors: str) -> bool:
    return not any(words in errors for words in ("Traceback", "Exception ignored", "Error", "Fatal"))
