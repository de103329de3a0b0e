"""Every equality that an explanation prints is computed again; both languages carry the same numbers."""

from __future__ import annotations

import re
from html import unescape

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mottomo as mo
from mottomo.explanation.underflow import underflow_throw
from tests.explanation.latex_evaluator import Symbols, chain, significant_digits

TALLIES = {
    "the article": [2, 5, 2, 4, 2, 5],
    "zero counts": [0, 3, 0, 7],
    "one throw": [0, 1, 0],
    "all alike": [7, 0],
    "two categories": [9, 4],
    "one category": [7],
    "no throws": [0, 0, 0],
    "wolf": [3246, 3449, 2897, 2841, 3635, 3932],
    "huge": [10**18, 3 * 10**18, 5],
    "beyond floats' integers": [10**30, 10**30 + 1, 1],
    "many categories": [*range(1, 41)],
    "one that sticks near the smallest float": [648, 1, 361],
    "a coin that nearly always falls alike": [9999, 1],
}
NAMES = ["events", "constraint", "tally", "product", "powers", "product-sign", "question", "why-log", "log-rules",
         "log-likelihood", "lagrange", "second-derivative", "cross-entropy", "one-hot"]  # fmt: skip
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?")


def explanation(name: str) -> mo.Explanation:
    return mo.explain(mo.Tally.from_counts(TALLIES[name]))


@pytest.mark.parametrize("name", TALLIES)
def test_every_printed_equality_holds_when_computed_again(name):
    counts = TALLIES[name]
    compared = 0
    with mpmath.workdps(60):
        for step in explanation(name).steps:
            for line in step.lines:
                if r"\sum_{i=1}" in line.latex and sum(counts) > 100_000:
                    continue  # as many rows as throws
                compared += check(line.latex, Symbols(counts))
    assert compared >= (5 if sum(counts) == 0 else 15)


def check(latex: str, symbols: Symbols) -> int:
    """Compare each side with the one before it that has a value; returns how many were compared."""
    before, compared = None, 0
    for relation, value, side in chain(latex, symbols):
        if value is None:
            continue
        if before is not None:
            assert relation_holds(before, relation, value, side, latex), (latex, side, before, value)
            compared += 1
        before = value
    return compared


def relation_holds(left, relation, right, side, latex) -> bool:
    scale = max(abs(left), abs(right))
    if relation == "=":
        return abs(left - right) <= mpmath.mpf(10) ** -40 * max(scale, 1)
    if relation == r"\approx":
        if re.match(r"10\^\{-\d+\.\d", side):  # a power of ten with a rounded exponent
            exponent = mpmath.log10(right)
            return abs(mpmath.log10(left) - exponent) <= max(mpmath.mpf("5.1e-3"), mpmath.mpf("5e-10") * abs(exponent))
        digits = min(significant_digits(side), 13)
        terms = [abs(mpmath.mpf(text)) for text in re.findall(r"\d+\.\d+", latex)]
        return abs(left - right) <= mpmath.mpf(10) ** (1 - digits) * max([scale, *(terms if digits > 10 else [])])
    slack = mpmath.mpf(10) ** -40 * max(scale, 1)
    return {"<": left < right, ">": left > right, r"\ge": left >= right - slack, r"\le": left <= right + slack}[
        relation
    ]


def test_the_checker_notices_a_wrong_equality():
    symbols = Symbols([2, 5, 2, 4, 2, 5])
    with pytest.raises(AssertionError):
        check(r"\log L \approx -34.11620581881", symbols)
    with pytest.raises(AssertionError):
        check(r"t_{1} = 3", symbols)
    with pytest.raises(AssertionError):
        check(r"\prod_{k=1}^{6} y_{k}^{t_{k}} = \frac{1}{655360000000001}", symbols)


@pytest.mark.parametrize("name", TALLIES)
def test_every_step_holds_and_none_is_missing(name):
    told = explanation(name)
    assert [step.name for step in told.steps] == (NAMES[:7] if name == "no throws" else NAMES)
    assert all(step.holds for step in told.steps)
    assert told.verdict == ("no-observations" if name == "no throws" else "explained")


@pytest.mark.parametrize("name", TALLIES)
@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex"])
def test_both_languages_carry_the_same_numbers_in_the_same_order(name, format):
    told = explanation(name)
    numbers = {language: NUMBER.findall(body(told.render(format, language), format)) for language in ("en", "ja")}
    assert numbers["en"] == numbers["ja"]
    assert len(numbers["en"]) > 10


def body(text: str, format: str) -> str:
    """What is read: in HTML without the style; counting words of Japanese are no numbers of the derivation."""
    if format == "html":
        text = unescape(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    return re.sub(r"\b\d\s+(?=つ|回あたり)", "", text)


def test_the_article_gives_the_numbers_of_the_article():
    steps = {step.name: step for step in explanation("the article").steps}
    assert steps["product"].values["likelihood"] == "1/655360000000000"
    assert steps["why-log"].values == {"underflow_throw_fair": 416, "underflow_throw_estimate": 436}
    assert steps["lagrange"].values["multiplier"] == 20
    assert steps["lagrange"].values["probabilities_exact"] == ["1/10", "1/4", "1/10", "1/5", "1/10", "1/4"]
    assert steps["second-derivative"].values["eigenvalues"] == pytest.approx(
        [-200, -200, -144.2069578, -92.4597088, -80]
    )
    assert steps["cross-entropy"].values["nats"] == pytest.approx(1.7058102909449791, rel=1e-15)
    assert steps["cross-entropy"].values["bits"] == pytest.approx(2.4609640474436812, rel=1e-15)
    assert steps["cross-entropy"].values["perplexity"] == pytest.approx(5.5058451967166641, rel=1e-15)
    assert steps["one-hot"].values["gradient"] == [0.0] * 6


def test_the_equations_of_the_article_carry_its_numbers():
    numbered = [line.number for step in explanation("the article").steps for line in step.lines if line.number]
    assert numbered == ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6"]


@pytest.mark.parametrize(
    ("probabilities", "counts", "throw"),
    [
        ([1 / 6] * 6, [1] * 6, 416),
        ([0.1, 0.25, 0.1, 0.2, 0.1, 0.25], [2, 5, 2, 4, 2, 5], 436),
        ([0.5, 0.5], [1, 1], 1075),
        ([1.0], [5], None),
        ([1 - 1e-9, 1e-9], [10**9 - 1, 1], None),  # about 3 * 10^10: farther than is tried
    ],
)
def test_the_throw_at_which_the_product_dies(probabilities, counts, throw):
    assert underflow_throw(np.array(probabilities), np.array(counts)) == throw


def test_the_throw_is_found_by_multiplying_one_factor_after_the_other():
    y, counts = np.array([0.3, 0.2, 0.5]), np.array([3, 2, 5])
    running, throws = 1.0, 0
    while running > 0:
        for probability, count in zip(y.tolist(), counts.tolist(), strict=True):
            for _ in range(count):
                running *= probability
                throws += running > 0
    assert underflow_throw(y, counts) == throws + 1


@settings(max_examples=50)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_any_small_tally_is_explained_with_every_check_holding(counts):
    told = mo.explain(mo.Tally.from_counts(counts))
    assert all(step.holds for step in told.steps)
    with mpmath.workdps(60):
        for step in told.steps:
            for line in step.lines:
                check(line.latex, Symbols(counts))


@pytest.mark.parametrize("tally", [mo.Tally.from_counts([[1, 2], [3, 4]]), mo.Tally.empty()])
def test_only_a_single_tally_is_explained(tally):
    with pytest.raises(mo.InvalidInput, match="only a single tally"):
        mo.explain(tally)


def test_labels_never_stand_in_formulas():
    told = mo.explain(mo.Tally.from_counts({"<script>": 2, "$x_1$": 3}))
    assert not any("script" in line.latex or "$" in line.latex for step in told.steps for line in step.lines)
