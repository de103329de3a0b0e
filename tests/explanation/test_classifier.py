"""The derivation on the rows of a table: each number it prints is computed again; a wrong classifier is noticed."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise

import mpmath
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from mottomo.classification.penalties import L2
from mottomo.explanation.classifier import explain_classifier
from mottomo.sources.reading import table_file
from mottomo.workflows.training import trained
from mottomo.workflows.training_plan import TrainingPlan
from tests.explanation.latex_evaluator import RELATIONS, Parser, Symbols, Unknown
from tests.explanation.test_explain import NUMBER, body, relation_holds

NAMES = ["rows", "logits", "softmax", "row-likelihood", "row-log-likelihood", "row-cross-entropy", "gradient",
         "classifier-maximum", "two-categories"]  # fmt: skip


def small(n=60, k=3, seed=0):
    generator = np.random.default_rng(seed)
    x, colour = generator.normal(size=n), generator.choice(["red", "green", "blue"], n)
    z = np.outer(x, np.arange(k)) * 0.7 + generator.gumbel(size=(n, k))
    return pd.DataFrame({"x": x, "colour": colour, "much": 1000 * x**2, "y": [f"k{i}" for i in z.argmax(axis=1)]})


IRIS = load_iris(as_frame=True).frame
CASES = {
    "two categories": (small(k=2), TrainingPlan("y")),
    "three categories": (small(), TrainingPlan("y")),
    "many categories and columns": (
        small(500, 9).join(pd.DataFrame(np.random.default_rng(1).normal(size=(500, 6))).rename(columns=str)),
        TrainingPlan("y"),
    ),
    "weights": (small().assign(times=[i % 3 for i in range(60)]), TrainingPlan("y", weights="times")),
    "penalty": (small(), TrainingPlan("y", penalty=L2(3.0))),
    "separated": (IRIS, TrainingPlan("target")),
    "separated, with a penalty": (IRIS, TrainingPlan("target", penalty=L2(1.0))),
    "no features": (small(), TrainingPlan("y", features=())),
    "a constant column": (small().assign(same=1.5), TrainingPlan("y")),
    "many levels": (
        small(1400, 2).assign(level=[f"v{i % 700}" for i in range(1400)]),
        TrainingPlan("y", penalty=L2(1.0)),
    ),
    "on disk": (small(), TrainingPlan("y", memory=0)),
}


def explained(name, tmp_path, change=lambda training: training):
    frame, plan = CASES[name]
    frame.to_csv(tmp_path / "t.csv", index=False)
    with trained(table_file(tmp_path / "t.csv"), plan) as (training, data):
        return explain_classifier(change(training), data)


PRINTED = re.compile(r"(\d+(?:\.\d+)?)(?: \\times 10\^\{(-?\d+)\})?")


def numeric_sides(latex):
    """The sides of a line with their values, None where it has letters or an ellipsis."""
    parts = re.split(r" (=|\\approx) (?![^{]*\})", latex)
    for relation, side in [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]:
        plain = re.sub(r"\\(?:frac|left|right|cdot|times|log)\b", "", side).replace("e^", "")
        try:
            value = None if re.search("[A-Za-z]", plain) else Parser(side, Symbols([1])).value()
        except Unknown:
            value = None
        assert not relation or relation in RELATIONS
        yield relation, value, side


def follows(before, relation, value, latex, left):
    """Whether a side follows from the one before it, whose numbers are rounded to 8 digits.

    A power of e is as uncertain as its exponent is large; a sum, as its largest term.
    """
    if relation != r"\approx":
        return relation_holds(before, relation, value, "", latex)
    terms = [mpmath.mpf(10) ** int(power or 0) * mpmath.mpf(text) for text, power in PRINTED.findall(left)]
    largest = max([abs(before), *terms])
    slack = abs(before) * (1 + largest) if "e^" in left else largest
    return abs(before - value) <= mpmath.mpf(10) ** -7 * slack


@pytest.mark.parametrize("name", CASES)
def test_every_step_holds_and_every_printed_number_follows_from_the_side_before_it(name, tmp_path):
    told = explained(name, tmp_path)
    assert [step.name for step in told.steps] == NAMES
    assert [step.name for step in told.steps if not step.holds] == []
    assert told.verdict == "explained"
    compared = 0
    with mpmath.workdps(60):
        for line in (line for step in told.steps for line in step.lines):
            before, left = None, ""
            for relation, value, side in numeric_sides(line.latex):
                if before is not None and value is not None:
                    assert follows(before, relation, value, line.latex, left), line.latex
                    compared += 1
                before, left = value, side
    assert compared >= 5


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex"])
def test_both_languages_carry_the_same_numbers_in_the_same_order(name, format, tmp_path):
    told = explained(name, tmp_path)
    numbers = {language: NUMBER.findall(body(told.render(format, language), format)) for language in ("en", "ja")}
    assert numbers["en"] == numbers["ja"]
    assert len(numbers["en"]) > 30


def test_probabilities_of_the_first_row_are_those_of_the_classifier(tmp_path):
    steps = {step.name: step.values for step in explained("three categories", tmp_path).steps}
    with trained(table_file(tmp_path / "t.csv"), CASES["three categories"][1]) as (training, data):
        z = training.classifier.logits(next(data.batches()).features)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(steps["softmax"]["probabilities"], y[0], rtol=1e-12)
    np.testing.assert_allclose(steps["gradient"]["predicted"], y.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(steps["gradient"]["predicted"], steps["gradient"]["counts"], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        (lambda classifier: {"intercepts": classifier.intercepts + np.array([0.01, 0, -0.01])}, "gradient"),
        (lambda classifier: {"coefficients": classifier.coefficients * 1.01}, "row-log-likelihood"),
    ],
)
def test_a_classifier_that_is_not_the_maximum_fails_its_steps(change, failing, tmp_path):
    def changed(training):
        return dataclasses.replace(
            training, classifier=dataclasses.replace(training.classifier, **change(training.classifier))
        )

    told = explained("three categories", tmp_path, changed)
    assert failing in [step.name for step in told.steps if not step.holds]
    assert told.verdict == "explanation-fails"


def test_without_a_maximum_log_likelihood_is_followed_to_its_supremum(tmp_path):
    step = explained("separated", tmp_path).steps[NAMES.index("classifier-maximum")]
    rising = step.values["log_likelihoods"]
    assert all(after >= before - 1e-12 for before, after in pairwise(rising))
    assert step.values["supremum"] == pytest.approx(-5.94927, abs=1e-5)
    assert rising[-1] == pytest.approx(step.values["supremum"], abs=1e-3)
