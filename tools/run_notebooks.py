"""Runs the example notebooks from top to bottom and writes their outputs; read the diff."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def run(path: Path) -> dict[str, Any]:
    """A notebook with the outputs of its cells: what is printed, and what the last line of a cell is."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    os.environ["LC_ALL"] = "ja_JP.UTF-8" if path.stem.endswith(".ja") else "C"
    scope: dict[str, Any] = {}
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        for number, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), start=1):
            cell["execution_count"], cell["outputs"] = number, outputs_of("".join(cell["source"]), scope, number)
    finally:
        os.chdir(here)
    return notebook


def outputs_of(source: str, scope: dict[str, Any], number: int) -> list[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(tree, "cell", "exec"), scope)
        value = None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), scope)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines(printed.getvalue())})
    if value is not None:
        shown = {"text/plain": lines(repr(value))}
        if hasattr(value, "_repr_mimebundle_"):
            shown = {kind: lines(text) for kind, text in value._repr_mimebundle_().items()}
        outputs.append({"data": shown, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return outputs


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def written(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for path in NOTEBOOKS:
        path.write_text(written(run(path)), encoding="utf-8")
