"""A test statistic is a value: one of one's own serves everywhere, with nothing else told about it."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chi2

import mottomo as mo
from mottomo.inference.choices import STATISTICS
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.messages import verbatim


class FreemanTukey(Statistic):
    """T = 4 sum (sqrt x - sqrt e)^2."""

    name = "freeman-tukey"
    title = verbatim("Freeman and Tukey's statistic")

    def costs(self, x, expected):
        return 4 * (np.sqrt(np.asarray(x, dtype=float)) - math.sqrt(expected)) ** 2


def distance(counts, expected):
    return 4 * sum((math.sqrt(x) - math.sqrt(e)) ** 2 for x, e in zip(counts, expected, strict=True))


def tail_by_enumeration(counts, null):
    n = sum(counts)
    expected = [n * float(p) for p in null]
    own, total = distance(counts, expected), 0.0
    for x in itertools.product(range(n + 1), repeat=len(null)):
        if sum(x) == n and distance(x, expected) >= own - 1e-9 * max(own, 1.0):
            ways = math.factorial(n) / math.prod(map(math.factorial, x))
            total += ways * math.prod(float(p) ** t for p, t in zip(null, x, strict=True))
    return total


def table_tail_by_enumeration(table):
    rows, columns, n = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)], 0
    n = sum(rows)
    expected = [r * c / n for r in rows for c in columns]
    own = distance(itertools.chain(*table), expected)
    far = whole = 0.0
    fills = [[x for x in itertools.product(*(range(c + 1) for c in columns)) if sum(x) == r] for r in rows]
    for filled in itertools.product(*fills):
        if [sum(column) for column in zip(*filled, strict=True)] == columns:
            cells = list(itertools.chain(*filled))
            weight = 1 / math.prod(map(math.factorial, cells))
            whole += weight
            far += weight * (distance(cells, expected) >= own - 1e-9 * max(own, 1.0))
    return far / whole


TALLIES = [
    ([2, 5, 5], "0.2,0.3,0.5"),
    ([1, 9, 2], "1/3,1/3,1/3"),
    ([3, 9], "1/2,1/2"),
    ([0, 7], "0.3,0.7"),
    ([5, 1, 2, 4], "1/4,1/4,1/4,1/4"),
]


@pytest.mark.parametrize(("counts", "null"), TALLIES)
def test_its_exact_p_value_is_that_of_enumeration(counts, null):
    found = mo.goodness_of_fit(mo.Tally.from_counts(counts), null, ordering=FreemanTukey(), method=mo.Exact())
    assert found.p_value == pytest.approx(
        tail_by_enumeration(counts, [Fraction(p) for p in null.split(",")]), rel=1e-12
    )
    assert (found.method, found.ordering) == ("exact", "freeman-tukey")


@pytest.mark.parametrize("table", [[[3, 1], [2, 6]], [[3, 1, 4], [2, 6, 1]], [[3, 1, 2], [2, 4, 1], [0, 3, 2]]])
def test_so_is_that_of_tables(table):
    found = mo.homogeneity(mo.Tally.from_counts(table), ordering=FreemanTukey(), method=mo.Exact())
    assert found.p_value == pytest.approx(table_tail_by_enumeration(table), rel=1e-12)


def test_groups_simulation_and_chi_square_use_it():
    tally = mo.Tally.from_counts([[5, 1, 2, 4], [3, 3, 3, 3], [0, 0, 6, 6]])
    groups = mo.goodness_of_fit(tally, ordering=FreemanTukey())
    for row, p in zip(tally.counts.tolist(), groups.p_values.tolist(), strict=True):
        assert p == pytest.approx(tail_by_enumeration(row, [Fraction(1, 4)] * 4), rel=1e-12)
    single = mo.Tally.from_counts([5, 1, 2, 4])
    exact = mo.goodness_of_fit(single, ordering=FreemanTukey()).p_value
    simulated = mo.goodness_of_fit(single, ordering=FreemanTukey(), method=mo.MonteCarlo(draws=20_000, seed=1))
    assert simulated.p.lower <= exact <= simulated.p.upper
    asymptotic = mo.goodness_of_fit(single, ordering=FreemanTukey(), method=mo.Asymptotic()).p_value
    assert asymptotic == pytest.approx(float(chi2.sf(distance([5, 1, 2, 4], [3] * 4), 3)), rel=1e-12)


def test_plans_have_its_power():
    plan = mo.power("fair", [0.1, 0.25, 0.1, 0.2, 0.1, 0.25], 20, categories=range(1, 7), ordering=FreemanTukey())
    assert plan.method == "exact"
    assert 0.05 < plan.power < 0.5
    assert plan.to_dict()["ordering"] == "freeman-tukey"


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex", "json"])
def test_it_is_named_in_every_format_and_language(format, language):
    found = mo.goodness_of_fit(mo.Tally.from_counts([5, 1, 2, 4]), ordering=FreemanTukey())
    text = found.render(format, language)
    assert "Freeman" in text
    assert "freeman-tukey" in found.render("json", language)


def test_with_a_row_in_the_table_of_names_it_is_found_by_its_name(monkeypatch):
    monkeypatch.setitem(STATISTICS, "freeman-tukey", f"{__name__}:FreemanTukey")
    assert statistic_of("freeman-tukey") == FreemanTukey()


def test_an_unknown_name_or_a_wrong_value_is_no_statistic():
    for wrong in ("freeman", FreemanTukey, 5, None, ["pearson"]):
        with pytest.raises(mo.InvalidInput, match="no such test statistic"):
            mo.goodness_of_fit(mo.Tally.from_counts([1, 2]), ordering=wrong)


def test_one_without_costs_cannot_be_made():
    class Nameless(Statistic):
        name = "nameless"

    with pytest.raises(TypeError, match="costs"):
        Nameless()
