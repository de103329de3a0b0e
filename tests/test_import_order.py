"""The tree is the flow: who may import whom, lazy imports included."""

from __future__ import annotations

import ast
from pathlib import Path

import mottomo

ROOT = Path(mottomo.__file__).parent
# Each part may import only parts before it in this order, and itself; parts that share a rank do not see one another.
RANKS = [
    {"messages", "_version"},
    {"errors"},
    {"leftovers"},
    {"temporary"},
    {"results"},
    {"_arrays", "_checks"},
    {"_crosstabs"},
    {"kernels", "numerics"},
    {"categories"},
    {"tallies"},
    {"probabilities"},
    {"likelihoods", "losses", "sources"},
    {"held_out"},
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
        "numerics",
        "categories",
        "tallies",
        "probabilities",
        "likelihoods",
        "losses",
        "held_out",
        "inference",
        "classification",
        "explanation",
        "sources",
        "storage",
        "report",
    },
    "scipy": {"kernels", "numerics", "likelihoods", "inference", "classification"},
    "sklearn": {"classification", "workflows"},
    "threadpoolctl": {"kernels"},
    "safetensors": {"storage"},
    "onnx": {"storage"},
    "onnxruntime": {"sources"},
    "PIL": {"sources"},
    "platformdirs": {"storage"},
    "sqlite3": {"storage"},
    "duckdb": {"sources"},
    "narwhals": {"sources", "report"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "latex2mathml": {"report"},
    "altair": {"report"},
    "vl_convert": {"report"},
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
    "numerics",
    "categories",
    "tallies",
    "probabilities",
    "likelihoods",
    "losses",
    "held_out",
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


def imported():
    """Every import of the package: the file, its part, and the module."""
    return [(path, part_of(module_of(path)), module) for path in files() for module in imports_of(path)]


def test_every_import_follows_the_order_of_the_layers():
    ours = [one for one in imported() if one[2].startswith("mottomo.")]
    assert len(ours) > 500
    assert not [one for one in ours if violation(one[1], part_of(one[2]))]


def test_every_third_party_is_used_in_its_layer_alone():
    theirs = [one for one in imported() if one[2].split(".")[0] in THIRD_PARTIES]
    assert len(theirs) > 50
    assert not [one for one in theirs if one[1] not in THIRD_PARTIES[one[2].split(".")[0]]]


def test_pure_layers_open_no_file_print_nothing_and_read_no_clock():
    pure = [path for path in files() if part_of(module_of(path)) in PURE]
    assert len(pure) > 50
    assert not {path.name: found for path in pure if (found := impurities(path))}


def impurities(path):
    """What a pure module must not call or import, and does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    refused = {"time", "datetime", "random", "os", "sys", "pathlib"}
    if path.name == "threads.py":  # which asks how many processors there are, and nothing else
        refused.remove("os")
    modules = {module.split(".")[0] for module in imports_of(path)}
    return (called & {"open", "print", "input"}) | (modules & refused)


def test_no_public_name_is_also_a_module_at_the_top_level():
    modules = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & set(mottomo.__all__)


def test_the_rule_fires_when_a_lower_layer_imports_a_higher_one():
    assert violation("inference", "report")
    assert violation("sources", "likelihoods")
    assert not violation("report", "inference")


def test_every_part_has_a_rank():
    assert {part_of(module_of(path)) for path in files()} <= set(RANK)
