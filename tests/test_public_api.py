"""The public names: complete, importable, documented, typed as lazy as they claim to be."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mottomo

NAMES = mottomo.__all__


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_resolves_and_has_a_docstring(name):
    assert inspect.getdoc(getattr(mottomo, name))


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(getattr(mottomo, name))])
def test_every_public_function_has_an_example(name):
    assert ">>> " in (inspect.getdoc(getattr(mottomo, name)) or "")


def test_type_checkers_see_the_same_names_from_the_same_modules():
    tree = ast.parse(Path(mottomo.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
        if alias.asname
    }
    assert seen == {name: f"mottomo.{home}" for name, home in mottomo._HOME.items()}


def test_the_reference_describes_the_public_names():
    reference = (Path(__file__).parent.parent / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", reference, re.MULTILINE) == NAMES
    assert set(NAMES) <= set(dir(mottomo))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'tallly'"):
        _ = mottomo.tallly


def test_importing_mottomo_imports_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'duckdb', 'narwhals', 'click', 'rich', 'sklearn', 'pandas'}"
    code = f"import sys, mottomo; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
