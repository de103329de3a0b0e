"""p-values in print: never 0 where they are not, and equal to a number only where they are known to be."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest

import mottomo as mo
from mottomo.numerics.chi_square import log10_chi_square_tail
from mottomo.report.numbers import full_p_value, rounded_down, rounded_up
from mottomo.sources.reading import table_file
from mottomo.workflows.training import train_on_table
from mottomo.workflows.training_plan import TrainingPlan
from tests.report.tables import tables_of

pytestmark = pytest.mark.xdist_group("p values")  # on one processor, so that each result is made once

FORMATS = ("text", "markdown", "html", "latex")
P_COLUMNS = {"p_value", "adjusted_p_value", "benjamini_hochberg", "holm", "wald_p_value"}
ZERO = re.compile(r"(p\s*(=|≤|would be)|値は)\s*0(?![.\d]*\d)|(?<![.\d])0\s*[((](G|X)")


def fit(counts, null="fair", **settings):
    return mo.goodness_of_fit(mo.Tally.from_counts(counts), null, **settings)


def trained():
    lines = [f"{i % 2},{(i % 2) ^ (i % 50 < 2)}" for i in range(80_000)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text("\n".join(["x,y", *lines]) + "\n")
        return train_on_table(table_file(path), TrainingPlan("y"))


BELOW_THE_FLOATS = {
    "coin": lambda: fit([1990, 10]),
    "coin of one side": lambda: fit([300_000, 0]),
    "coin by chi-square": lambda: fit([300_000, 0], method=mo.Asymptotic(), ordering="pearson"),
    "many faces": lambda: fit([20_000, *[100] * 99]),
    "coins": lambda: fit([[1990, 10], [300_000, 0], [3_000_000, 0], [4, 5]]),
    "dice": lambda: fit([[900, 10, 10], [3_000_000, 0, 0], [4, 5, 6]]),
    "dice by chi-square": lambda: fit([[900, 10, 10], [3_000_000, 0, 0], [4, 5, 6]], method=mo.Asymptotic()),
    "table": lambda: mo.independence(mo.Tally.from_counts([[640, 39], [100, 52_900]])),
    "table of two rows": lambda: mo.homogeneity(mo.Tally.from_counts([[6400, 39, 7], [100, 52_900, 3000]])),
    "table by chi-square": lambda: mo.homogeneity(mo.Tally.from_counts([[10**6, 9], [5, 10**6], [3, 3 * 10**6]])),
    "order": lambda: mo.exchangeability([1] * 250_000 + [2] * 250_000),
    "training": trained,
}


def test_the_pattern_finds_zeros_and_nothing_else():
    zeros = ("p = 0.", "p would be 0 (G) or 0.1 (X^2)", "0.1 (G) or 0 (X^2)", "値は 0(G)")
    assert all(ZERO.search(text) for text in zeros)
    assert not any(ZERO.search(text) for text in ("p = 0.25", "p = 1", "10 (G)", "p would be 0.1 (G)"))


@cache
def made(name):
    return BELOW_THE_FLOATS[name]()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", BELOW_THE_FLOATS)
def test_no_p_value_is_printed_as_0(name, language):
    result = made(name)
    for name_of_format in FORMATS:
        assert not ZERO.search(re.sub(r"\s+", " ", result.render(name_of_format, language)))
    cells = [
        row[title]
        for table in tables_of(result)
        for row in table.rows
        for title, column in table.columns.items()
        if column.key in P_COLUMNS
    ]
    assert "0" not in cells
    assert any(str(cell).removeprefix("≤ ").startswith("10^-") for cell in cells) or "10^-" in result.render("text")


@pytest.mark.parametrize("name", BELOW_THE_FLOATS)
def test_no_p_value_is_0_in_csv(name):
    rows = list(csv.DictReader(io.StringIO(made(name).render("csv"))))
    found = [row[column] for row in rows for column in P_COLUMNS & set(row) if row[column]]
    assert all(0 < Decimal(text) <= 1 for text in found)
    assert found or "p_value" not in rows[0]


@pytest.mark.parametrize("name", BELOW_THE_FLOATS)
def test_json_says_by_logarithms_and_bounds_what_floats_cannot_hold(name):
    def look(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key in ("p_value", "adjusted_p_value", "benjamini_hochberg", "holm") and item == 0:
                    assert -1e12 < value[f"log10_{key}"] < -300
                if key == "p_value_bounds" and item is not None:
                    assert item[0] <= value["p_value"] <= item[1]
                    assert item[1] > 0
                look(item)
        if isinstance(value, list):
            for item in value:
                look(item)

    look(json.loads(made(name).render("json"))["result"])


@pytest.mark.parametrize("format", FORMATS)
def test_a_bound_is_never_printed_as_equal(format):
    text = made("many faces").render(format, "en")
    assert not re.search(r"p (</?\w+>)*=", text)
    relation = {"text": "p ≤ 10^-", "markdown": r"p \le 10^{-", "latex": r"p \le 10^{-", "html": "&#x02264;"}
    assert relation[format] in text


def test_a_wide_bracket_is_printed_with_both_ends():
    null = "0.2,0.21,0.19,0.05,0.15,0.09,0.11"
    found = fit([4100, 4100, 3900, 950, 3050, 1800, 2100], null, method=mo.Exact(relative_width=0.5, budget=0.1))
    assert found.p.upper > 1.01 * found.p.lower, "or the case shows nothing"
    text = found.render("text", "en")
    assert re.search(r"\d ≤ p ≤ \d", text)
    assert not re.search(r"p = ", text)


def test_groups_beside_a_bounded_one_are_bounded_too():
    found = fit([[20_000, *[100] * 99], [100] * 100, [0] * 100], method=mo.Exact())
    assert found.bounded.tolist() == [True, False, False]
    rows = tables_of(found)[0].rows
    assert [row["p"].startswith("≤ ") for row in rows] == [True, False, False]
    assert all(row[title].startswith("≤ ") for row in rows for title in ("BH", "Holm"))


@pytest.mark.parametrize(
    ("count", "n", "p"),
    [(1990, 2000, "1/2"), (0, 30_000, "1/10"), (10**9, 10**9, "999/1000"), (7 * 10**11, 10**12, "1/2")],
)
def test_the_logarithm_of_a_category_s_p_value_is_that_of_the_binomial_tail(count, n, p):
    p = Fraction(p)
    found = fit([count, n - count], [p, 1 - p])
    with mpmath.workdps(50):
        share, above = mpmath.mpf(p.numerator) / p.denominator, count > n * p
        t, q = (count, share) if above else (n - count, 1 - share)
        own = mpmath.binomial(n, t) * q**t * (1 - q) ** (n - t)
        term, total, k = mpmath.mpf(1), mpmath.mpf(1), t
        while k < n and term > mpmath.mpf(10) ** -30:
            term *= (n - k) * q / ((k + 1) * (1 - q))
            k += 1
            total += term
        expected = mpmath.log10(2 * own * total)
    assert found.residuals.log10_p_values[0] == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("freedom", [1, 2, 7, 99, 1000])
@pytest.mark.parametrize("statistic", [1.0, 50.0, 1340.0, 3000.0, 1e5, 1e9])
def test_the_logarithm_of_a_chi_square_tail_is_that_of_mpmath(statistic, freedom):
    with mpmath.workdps(40):
        expected = mpmath.log10(mpmath.gammainc(mpmath.mpf(freedom) / 2, statistic / 2, regularized=True))
    assert log10_chi_square_tail(statistic, freedom) == pytest.approx(float(expected), rel=1e-12, abs=1e-13)


def test_a_p_value_below_the_floats_is_a_decimal_number():
    assert full_p_value(0.0, -999.0000000000001) == "1e-999"
    found = float(Decimal(full_p_value(0.0, -575.3160258689034)).log10())
    assert found == pytest.approx(-575.3160258689034, abs=1e-9)
    assert full_p_value(0.0, -np.inf) == "0.0"  # an impossible outcome has p = 0 for certain
    assert full_p_value(np.nan, np.nan) == ""


@pytest.mark.parametrize("number", [1.00003, 1.23456, 2.0, 12.34567, 0.99999, 0.123456, 1.0])
def test_limits_are_rounded_outward_above_one_too(number):
    down, up = rounded_down(number), rounded_up(number)
    value = {text: eval(text, {"__builtins__": {}}) for text in (down, up)}  # "1 - 1e-05" is a number too
    assert value[down] <= number <= value[up]
    assert value[up] - value[down] <= 2e-3 * number
