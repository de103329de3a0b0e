"""Writes docs/reference: the command line from ``--help`` in both languages, the Python API from its docstrings."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
TITLES = {"en": "# Command line", "ja": "# コマンドライン"}
INTRODUCTIONS = {
    "en": "This page is made from `mottomo COMMAND --help` by `make docs`.",
    "ja": "このページは `make docs` が `mottomo COMMAND --help` から作ります。",
}


def help_text(command: list[str], language: str) -> str:
    """What ``mottomo COMMAND --help`` prints on a terminal of 80 columns."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    called = [sys.executable, "-m", "mottomo", *command, "--help", "--lang", language]
    return subprocess.run(called, capture_output=True, text=True, check=True, env=environment).stdout


def command_page(language: str) -> str:
    """The page of all commands in a language."""
    from mottomo.cli.commands import COMMANDS

    parts = [TITLES[language], INTRODUCTIONS[language]]
    for command in [[], *([name] for name in COMMANDS)]:
        parts.append(f"## {' '.join(['mottomo', *command])}\n\n```text\n{help_text(command, language).rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def api_page() -> str:
    """The page of the public Python names, in the order of the flow."""
    import mottomo

    parts = ["# Python", "This page is made from the docstrings by `make docs`. `import mottomo as mo`."]
    for name in mottomo.__all__:
        thing = getattr(mottomo, name)
        parts.append(f"## {name}\n\n```text\n{signature(name, thing)}\n\n{inspect.getdoc(thing)}\n```")
    return "\n\n".join(parts) + "\n"


def signature(name: str, thing: object) -> str:
    if not callable(thing):
        return f"mo.{name}"
    if isinstance(thing, type) and issubclass(thing, Warning):
        return f"mo.{name}"
    return f"mo.{name}{inspect.signature(thing)}"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    return {
        REFERENCE / "command-line.md": command_page("en"),
        REFERENCE / "command-line.ja.md": command_page("ja"),
        REFERENCE / "python.md": api_page(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
