"""Every transcript and code block in the documents is run; every command and page is there in both languages."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from make_reference import pages

import mottomo
from mottomo.cli.commands import COMMANDS
from tests.cli.run import mottomo as ran

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
EXTENDED = "extending"  # whose examples add to a copy of the package: see test_extending.py
ENGLISH_ONLY = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reference/python.md", "examples/README.md"]
BILINGUAL = [
    name
    for page in PAGES
    if not (name := page.relative_to(ROOT).as_posix()).endswith(".ja.md")
    and not name.startswith("docs/decisions/")
    and name not in ENGLISH_ONLY
]


def blocks(kind: str) -> list[tuple[Path, str]]:
    return [
        (page, body)
        for page in PAGES
        if not page.name.startswith(EXTENDED)
        for found, body in FENCE.findall(page.read_text(encoding="utf-8"))
        if found == kind
    ]


def name_of(value) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else value.splitlines()[0][:50]


def run(command: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    assert words[0] == "mottomo"
    return ran(*words[1:])


@pytest.mark.parametrize(("page", "body"), blocks("console"), ids=name_of)
def test_every_transcript_is_what_the_command_prints(page, body, monkeypatch):
    monkeypatch.chdir(ROOT)
    for transcript in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, expected = transcript.partition("\n")
        pattern = ".*".join(re.escape(piece) for piece in expected.split("[...]\n"))
        printed = run(command).stdout
        assert re.fullmatch(pattern, printed, re.DOTALL), printed


@pytest.mark.parametrize(
    ("page", "body"), [(page, body) for page, body in blocks("sh") if body.startswith("mottomo")], ids=name_of
)
def test_every_command_without_its_output_ends_well(page, body, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    for command in body.splitlines():
        done = run(command)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "body"), blocks("python"), ids=name_of)
def test_every_python_block_is_what_python_prints(page, body, monkeypatch):
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(body, {}, str(page), str(page), 0)
    assert example.examples
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_there_are_blocks_to_run():
    assert len(blocks("console")) >= 12
    assert len(blocks("python")) >= 4


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", BILINGUAL)
def test_both_languages_have_the_page_with_the_same_structure(name):
    english, japanese = (ROOT / path for path in (name, name.replace(".md", ".ja.md")))
    texts = [page.read_text(encoding="utf-8") for page in (english, japanese)]
    structures = [
        ([kind for kind, _ in FENCE.findall(text)], len(re.findall("^#+ ", FENCE.sub("", text), re.MULTILINE)))
        for text in texts
    ]
    assert structures[0] == structures[1]
    if "reference" not in name:
        assert japanese.name in texts[0]
        assert english.name in texts[1]


def test_every_page_outside_the_list_is_meant_to_have_one_language():
    alone = {"python.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
    for page in PAGES:
        relative = str(page.relative_to(ROOT)).replace(".ja.md", ".md")
        assert relative in BILINGUAL or page.name in alone or page.parent.name in ("decisions", "examples"), page


@pytest.mark.parametrize(("path", "text"), pages().items(), ids=name_of)
def test_the_reference_is_made_from_the_help_and_the_docstrings(path, text):
    assert path.read_text(encoding="utf-8") == text, "run: make docs"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme_or_the_tutorial(command):
    for suffix in (".md", ".ja.md"):
        texts = [(ROOT / f"{name}{suffix}").read_text(encoding="utf-8") for name in ("README", "docs/tutorial")]
        assert any(f"mottomo {command}" in text for text in texts)


def test_every_docstring_that_names_a_page_names_one_that_exists():
    for name in mottomo.__all__:
        for page in re.findall(r"docs/[\w/.-]+\.md", getattr(mottomo, name).__doc__ or ""):
            assert (ROOT / page).exists(), (name, page)


def test_every_change_on_its_way_is_a_whole_sentence_of_a_known_kind():
    for path in ROOT.glob("changelog.d/*"):
        assert re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed)\.md", path.name), path.name
        assert path.read_text(encoding="utf-8").rstrip().endswith(".")
