"""The public names: complete, importable, documented, typed as lazy as they claim to be."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import mottomo

STATED = [
    "tally",
    "estimate",
    "test",
    "plan",
    "compare",
    "explain",
    "simulate",
    "train",
    "predict",
    "load_model",
    "Tally",
    "Categories",
    "likelihood",
    "log_likelihood",
    "log_multinomial_coefficient",
    "impossible_categories",
    "log_likelihood_gradient",
    "hessian",
    "tangent_hessian",
    "fisher_information",
    "entropy",
    "cross_entropy",
    "kl_divergence",
    "deviance",
    "perplexity",
    "bits",
    "softmax",
    "Estimate",
    "estimate_partly_seen",
    "PartlySeenEstimate",
    "ClopperPearson",
    "Goodman",
    "SisonGlaz",
    "Wilson",
    "ProfileLikelihood",
    "JointRegion",
    "coverage",
    "goodness_of_fit",
    "TestResult",
    "GroupTests",
    "Auto",
    "Exact",
    "MonteCarlo",
    "Asymptotic",
    "homogeneity",
    "independence",
    "ComparisonResult",
    "exchangeability",
    "ExchangeabilityResult",
    "power",
    "sample_size",
    "Plan",
    "SoftmaxRegression",
    "TrainingResult",
    "Predictions",
    "L2",
    "Explanation",
    "ClassifierExplanation",
    "Statistic",
    "MottomoError",
    "InvalidInput",
    "InvalidCall",
    "SourceError",
    "MissingExtra",
    "NoMaximum",
    "NotConverged",
    "NotDetermined",
]


def test_the_public_names_are_these():
    assert mottomo.__all__ == STATED
    assert set(STATED) <= set(dir(mottomo))


@pytest.mark.parametrize("name", STATED)
def test_every_public_name_resolves_and_has_a_docstring(name):
    assert inspect.getdoc(getattr(mottomo, name))


@pytest.mark.parametrize("name", [name for name in STATED if inspect.isfunction(getattr(mottomo, name))])
def test_every_public_function_has_an_example(name):
    assert ">>> " in (inspect.getdoc(getattr(mottomo, name)) or "")


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(mottomo.__file__).read_text(encoding="utf-8"))
    seen = {alias.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(STATED) <= seen


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'tallly'"):
        _ = mottomo.tallly


def test_importing_mottomo_imports_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'duckdb', 'narwhals', 'click', 'rich', 'sklearn', 'pandas'}"
    code = f"import sys, mottomo; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
