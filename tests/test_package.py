"""What is handed out: the wheel has what runs, and its description leads nowhere that a package index has not."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mottomo

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_wheel_has_what_runs_and_no_sources_of_it(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet", "-w", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        metadata = next(wheel.read(name).decode() for name in names if name.endswith("METADATA"))
    assert not [name for name in names if name.endswith((".c", ".h", ".po")) or name.startswith(("tests", "docs"))]
    assert "mottomo/locale/ja/LC_MESSAGES/mottomo.mo" in names
    assert "mottomo/py.typed" in names
    assert not re.findall(r"\]\((?!https?:)", metadata)
    assert "docs/tutorial.md" in metadata


def test_the_source_distribution_has_all_that_the_tests_need():
    manifest = (ROOT / "MANIFEST.in").read_text()
    for part in ("tests", "docs", "examples", "tools"):
        assert f"graft {part}\n" in manifest
    for name in ("README.ja.md", "Makefile", "requirements-dev.lock", "CITATION.cff", "SECURITY.md"):
        assert name in manifest
        assert (ROOT / name).is_file()


def test_the_version_is_the_same_everywhere():
    assert mottomo.__version__ == importlib.metadata.version("mottomo")
    assert f"version: {mottomo.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_check_of_make_check_is_a_hook():
    makefile = (ROOT / "Makefile").read_text()
    checks = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1].replace("$(BIN)", ".venv/bin")
    entries = re.findall(r"entry: (.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert entries == [line.strip() for line in checks.splitlines()]


def test_the_workflow_tests_every_python_that_the_wheels_are_made_for():
    built = re.search(r'^build = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    versions = {f"3.{minor}" for minor in re.findall(r"cp3(\d+)-", built)}
    assert set(re.findall(r'"(3\.\d+)"', (ROOT / ".github" / "workflows" / "tests.yml").read_text())) == versions
