"""Runs every transcript in the documents again and writes what the commands print now; read the diff."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=^```console\n)\$ (mottomo [^\n]*)\n(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
ELISION = "[...]\n"


def printed(command: str) -> str:
    """What a command prints on standard output."""
    called = [sys.executable, "-m", "mottomo", *shlex.split(command)[1:]]
    return subprocess.run(called, capture_output=True, text=True, cwd=ROOT, check=False).stdout


def renewed(match: re.Match[str]) -> str:
    """The transcript with today's output; an elision keeps as many lines before and after it as it did."""
    output = printed(match[1])
    head, elided, tail = match[2].partition(ELISION)
    if elided:
        lines = output.splitlines(keepends=True)
        before, after = head.count("\n"), tail.count("\n")
        output = "".join([*lines[:before], ELISION, *lines[len(lines) - after :]])
    return f"$ {match[1]}\n{output}"


if __name__ == "__main__":
    for path in [*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(BLOCK.sub(renewed, text), encoding="utf-8")
