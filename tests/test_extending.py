"""The examples of ``docs/extending.md`` are applied to a copy of the package, and do what they say."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mottomo

pytestmark = pytest.mark.xdist_group("extending")  # on one processor, so that its fixture is made once

ROOT = Path(__file__).parent.parent
PAGES = {"en": ROOT / "docs" / "extending.md", "ja": ROOT / "docs" / "extending.ja.md"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(kind, page=PAGES["en"]):
    return [body for found, body in BLOCK.findall(page.read_text(encoding="utf-8")) if found == kind]


def test_both_pages_have_the_same_examples():
    for kind in ("python", "diff"):
        assert blocks(kind, PAGES["en"]) == blocks(kind, PAGES["ja"])


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package with all examples in it."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(
        Path(mottomo.__file__).parent, folder / "mottomo", ignore=shutil.ignore_patterns("__pycache__", "c")
    )
    for body in blocks("python"):
        name, _, source = body.partition("\n")
        path = folder / name.removeprefix("# src/")
        assert not path.exists()
        path.write_text(source, encoding="utf-8")
    for body in blocks("diff"):
        name, _, lines = body.partition("\n")
        path = folder / name.removeprefix("# src/")
        path.write_text(patched(path.read_text(encoding="utf-8"), lines), encoding="utf-8")
    return folder


def patched(text, diff):
    """A text with the lines marked + after the first place where those before them stand, without those marked -."""
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " -")
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " +")
    assert text.count(before) >= 1, before
    return text.replace(before, after, 1)


def run(folder, words, where, **settings):
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", "from mottomo.cli.main import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=where,
                          env=environment, **settings)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the transcripts are those of a POSIX shell")
def test_every_transcript_is_what_the_extended_commands_print(extended, tmp_path):
    checked = 0
    for body in blocks("console"):
        for transcript in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, expected = transcript.partition("\n")
            if command.startswith("printf"):
                subprocess.run(command, shell=True, check=True, cwd=tmp_path)
                continue
            done = run(extended, [*shlex.split(command)[1:], "--lang", "en"], tmp_path)
            pattern = ".*".join(re.escape(piece) for piece in expected.split("[...]\n"))
            assert re.fullmatch(pattern, done.stdout, re.DOTALL), done.stdout + done.stderr
            checked += 1
    assert checked == 5


def test_the_examples_in_python_hold(extended):
    source = "\n".join(body for body in blocks("console") if ">>>" in body)
    assert len(doctest.DocTestParser().get_examples(source)) == 3
    program = (
        "import doctest, sys\n"
        "test = doctest.DocTestParser().get_doctest(sys.stdin.read(), {}, 'extending', None, 0)\n"
        "sys.exit(doctest.DocTestRunner().run(test).failed)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=source, capture_output=True, text=True, check=False,
                          encoding="utf-8", env={**os.environ, "PYTHONPATH": str(extended)})  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_was_added_appears_in_every_format_and_language(extended, language, tmp_path):
    for name in ("text", "json", "csv", "md", "html", "latex"):
        done = run(extended, ["runs", "a", "a", "b", "--format", name, "--lang", language], tmp_path)
        assert (done.returncode, "a" in done.stdout) == (0, True), done.stderr
    shown = {command: run(extended, [command, "--help", "--lang", language], tmp_path).stdout
             for command in ("estimate", "test", "tally", "train")}  # fmt: skip
    assert "wald" in shown["estimate"]
    assert "freeman-tukey" in shown["test"]
    assert all("ssv" in shown[command] and "--fold-case" in shown[command] for command in ("tally", "train"))
    assert " runs " in run(extended, ["--help", "--lang", language], tmp_path).stdout


def test_what_has_no_use_for_an_added_option_refuses_it(extended, tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    done = run(extended, ["tally", "t.csv", "--fold-case"], tmp_path)
    assert done.returncode == 3
    assert "does not apply" in done.stderr
