"""Runs every transcript in the documents again and writes what the commands print now; read the diff."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.DOTALL | re.MULTILINE)
ELISION = "[...]\n"


def printed(command: str) -> str:
    """What a command prints on standard output."""
    called = [sys.executable, "-m", "mottomo", *shlex.split(command)[1:]]
    return subprocess.run(called, capture_output=True, text=True, cwd=ROOT, check=False).stdout


def renewed(block: re.Match[str]) -> str:
    """A block of transcripts with today's output."""
    return "".join(renewed_transcript(part) for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:])


def renewed_transcript(transcript: str) -> str:
    """One command and its output; each elision but the last line's keeps as many lines around it as it did."""
    command, _, shown = transcript.partition("\n")
    output = printed(command)
    pieces = shown.split(ELISION)
    if len(pieces) == 1:
        return f"$ {command}\n{output}"
    if len(pieces) > 2:  # several elisions: only a person knows which lines matter
        return f"$ {transcript}"
    lines = output.splitlines(keepends=True)
    before, after = (piece.count("\n") for piece in pieces)
    return f"$ {command}\n" + "".join([*lines[:before], ELISION, *lines[len(lines) - after :]])


if __name__ == "__main__":
    for path in [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")]:
        if path.name.startswith("extending"):  # whose examples run on a copy of the package
            continue
        text = path.read_text(encoding="utf-8")
        path.write_text(BLOCK.sub(renewed, text), encoding="utf-8")
