"""The tree is the flow: who may import whom, lazy imports included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import mottomo

ROOT = Path(mottomo.__file__).parent
# Each part may import only parts before it in this order, and itself; parts that share a rank do not see one another.
RANKS = [
    {"messages"},
    {"errors"},
    {"leftovers"},
    {"temporary"},
    {"results"},
    {"_arrays", "_checks"},
    {"_crosstabs"},
    {"kernels"},
    {"categories"},
    {"tallies"},
    {"probabilities"},
    {"likelihoods", "sources"},
    {"inference", "classification"},
    {"explanation", "storage"},
    {"workflows"},
    {"report"},
    {"cli"},
    {"__init__", "__main__"},
]
RANK = {part: rank for rank, parts in enumerate(RANKS) for part in parts}
# What stands at or below `tallies` is all that sources may see; workflows may see all but report and cli.
# Storage sees that too, and of the layers above it the frozen values that it keeps.
EXCEPTIONS_REFUSED = {
    ("workflows", "report"),
    ("sources", "likelihoods"),
    ("sources", "probabilities"),
    ("storage", "likelihoods"),
    ("storage", "inference"),
    ("storage", "sources"),
}
THIRD_PARTIES = {
    "numpy": {
        "_arrays",
        "_checks",
        "kernels",
        "categories",
        "tallies",
        "probabilities",
        "likelihoods",
        "inference",
        "classification",
        "explanation",
        "sources",
        "storage",
    },
    "scipy": {"kernels", "likelihoods", "inference", "classification"},
    "sklearn": {"classification", "workflows"},
    "threadpoolctl": {"kernels"},
    "safetensors": {"storage"},
    "onnx": {"storage"},
    "duckdb": {"sources"},
    "narwhals": {"sources"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "latex2mathml": {"report"},
    "altair": {"report"},
    "click": {"cli"},
    "rich": {"cli"},
    "backports": {"sources"},
}
THIRD_PARTIES["numpy"].add("workflows")
PURE = (
    "messages",
    "errors",
    "results",
    "_arrays",
    "_checks",
    "_crosstabs",
    "kernels",
    "categories",
    "tallies",
    "probabilities",
    "likelihoods",
    "inference",
    "classification",
    "explanation",
)


def part_of(module: str) -> str:
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    relative = path.relative_to(ROOT.parent).with_suffix("")
    return ".".join(relative.parts)


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "mottomo"}
    return found


def violation(importer: str, imported: str) -> bool:
    """Whether part `importer` must not import part `imported`."""
    if imported in ("__init__", importer):
        return False
    return RANK[imported] >= RANK[importer] or (importer, imported) in EXCEPTIONS_REFUSED


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_import_follows_the_order_of_the_layers(path):
    importer = part_of(module_of(path))
    for module in imports_of(path):
        if module.startswith("mottomo."):
            assert not violation(importer, part_of(module)), f"{importer} imports {module}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_third_party_is_used_in_its_layer_alone(path):
    importer = part_of(module_of(path))
    for module in imports_of(path):
        top = module.split(".")[0]
        if top in THIRD_PARTIES:
            assert importer in THIRD_PARTIES[top], f"{importer} imports {top}"


@pytest.mark.parametrize("path", [p for p in files() if part_of(module_of(p)) in PURE], ids=lambda p: p.name)
def test_pure_layers_open_no_file_print_nothing_and_read_no_clock(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input"}
    refused = {"time", "datetime", "random", "os", "sys", "pathlib"}
    if path.name == "threads.py":  # which asks how many processors there are, and nothing else
        refused.remove("os")
    assert not {module.split(".")[0] for module in imports_of(path)} & refused


def test_no_public_name_is_also_a_module_at_the_top_level():
    modules = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & set(mottomo.__all__)


def test_the_rule_fires_when_a_lower_layer_imports_a_higher_one():
    assert violation("inference", "report")
    assert violation("sources", "likelihoods")
    assert not violation("report", "inference")


def test_every_part_has_a_rank():
    assert {part_of(module_of(path)) for path in files()} <= set(RANK)
