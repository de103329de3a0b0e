"""Dependence and drift, against the enumeration of all orders, direct tables and simulated sequences."""

from __future__ import annotations

import math
from itertools import pairwise
from itertools import permutations as orders_of

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2

import mottomo as mo
from mottomo.inference.permutations import count_logarithms, permutations

PINNED = [[4, 1, 3, 0, 0, 1, 2, 5], [0, 1, 2, 0, 1, 4, 5, 3], [1, 5, 0, 3, 4, 2, 1, 0]]
PINNED_P = (0.34, 1.0)


def deviance_of(table):
    """2 sum N log(N n / (row column)), cell by cell."""
    total, value = sum(map(sum, table)), 0.0
    for row in table:
        for column, cell in enumerate(row):
            if cell:
                value += cell * math.log(cell * total / (sum(row) * sum(other[column] for other in table)))
    return 2 * value


def tables(sequence, names, blocks):
    pairs = [[sum(a == x and b == y for a, b in pairwise(sequence)) for y in names] for x in names]
    n = len(sequence)
    places = [[sum(sequence[i] == y and i * blocks // n == b for i in range(n)) for y in names] for b in range(blocks)]
    return deviance_of(pairs), deviance_of(places)


@pytest.mark.parametrize("sequence", ["abababab", "aabbaabb", "aaaabbbb", "abcabcab", "aaabbbcc", "abbcaacb"])
def test_p_values_are_the_shares_of_all_orders(sequence):
    names = sorted(set(sequence))
    found = mo.exchangeability(list(sequence), draws=20_000)
    observed = tables(sequence, names, found.n_blocks)
    everything = [tables(order, names, found.n_blocks) for order in set(orders_of(sequence))]
    for way, statistic, index in ((found.dependence, observed[0], 0), (found.drift, observed[1], 1)):
        assert way.deviance == pytest.approx(statistic, abs=1e-9)
        exact = sum(values[index] >= statistic - 1e-9 for values in everything) / len(everything)
        assert way.p.lower <= exact <= way.p.upper  # 99.9 % limits, at a fixed seed


def test_every_order_comes_as_often_as_any_other():
    draws = 60_000
    seen = np.concatenate(list(permutations(np.array([0, 1, 2, 2]), draws, 7)))
    _, counts = np.unique(seen, axis=0, return_counts=True)
    assert counts.size == 12
    # One false alarm in a million, were all twelve equally likely.
    assert ((counts - draws / 12) ** 2 / (draws / 12)).sum() < chi2.isf(1e-6, 11)


def test_a_seed_gives_the_same_orders_on_every_platform():
    first = next(permutations(np.array([0, 1, 2, 3, 4, 5, 0, 1]), 3, 42))
    assert first.tolist() == PINNED
    found = mo.exchangeability([1, 2, 2, 1, 3, 3, 1, 2, 2, 2, 3, 1], draws=999, seed=5)
    assert (found.dependence.p.value, found.drift.p.value) == PINNED_P


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(1, 3))
def test_counting_by_cells_and_by_sorting_agree(cells, m):
    rows = np.array([cells] * m)
    narrow, wide = count_logarithms(rows, 31), count_logarithms(rows, 10_000)
    _, counts = np.unique(cells, return_counts=True)
    assert narrow == pytest.approx(float((counts * np.log(counts)).sum()), abs=1e-9)
    assert wide == pytest.approx(narrow, abs=1e-9)


@given(st.lists(st.sampled_from("abc"), min_size=3, max_size=30))
def test_the_names_of_the_categories_do_not_matter(sequence):
    renamed = [{"a": "z", "b": "y", "c": "x"}[name] for name in sequence]
    first, second = (mo.exchangeability(s, draws=1) for s in (sequence, renamed))
    if first.dependence is None:
        assert second.dependence is None
        return
    assert first.dependence.deviance == pytest.approx(second.dependence.deviance, abs=1e-9)
    assert first.drift.deviance == pytest.approx(second.drift.deviance, abs=1e-9)


def test_a_perfect_tally_in_a_telling_order_is_flagged():
    found = mo.exchangeability([1, 2] * 10)
    assert found.departing == ("dependence",)
    assert (found.repeats, found.expected_repeats) == (0, 9.0)
    assert (found.dependence.row, found.dependence.column, found.dependence.observed) == ("1", "2", 10)
    assert mo.exchangeability([1, 2, 3, 4, 5, 6] * 5).departing == ("dependence",)


def test_a_change_half_way_is_drift():
    rng = np.random.default_rng(20_241_124)
    sequence = [*rng.choice(6, 300, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]), *rng.choice(6, 300)]
    found = mo.exchangeability(sequence)
    assert "drift" in found.departing
    assert mo.exchangeability(sorted(sequence)).departing == ("dependence", "drift")


def test_the_drift_table_has_the_deviance_of_homogeneity():
    rng = np.random.default_rng(3)
    sequence = rng.choice(4, 200)
    found = mo.exchangeability(sequence)
    assert found.n_blocks == 10
    blocks = [mo.tally(part, categories=range(4)) for part in np.split(sequence, 10)]
    assert found.drift.deviance == pytest.approx(mo.homogeneity(blocks, method=mo.Asymptotic()).deviance, rel=1e-12)


@pytest.mark.slow
def test_independent_outcomes_of_a_loaded_die_are_flagged_no_more_often_than_promised():
    rng, repetitions = np.random.default_rng(20_240_611), 150
    flagged = sum(
        bool(mo.exchangeability(rng.choice(6, 60, p=[0.4, 0.2, 0.2, 0.1, 0.05, 0.05]), draws=199).departing)
        for _ in range(repetitions)
    )
    # One false alarm in a million, were the share exactly 5 %.
    assert flagged <= binom.isf(1e-6, repetitions, 0.05)


@pytest.mark.parametrize(
    ("sequence", "method", "draws"),
    [
        (np.arange(4000) % 7, "monte-carlo", 9999),
        (np.arange(20_000) % 5, "monte-carlo", 2000),
        (np.arange(500_000) % 5, "asymptotic", None),
        ([*np.arange(500_000) % 5, 99], "monte-carlo", 99),
    ],
    ids=["short", "long", "longer", "longer with a rare category"],
)
def test_what_is_affordable_decides_and_is_said(sequence, method, draws):
    found = mo.exchangeability(sequence)
    assert (found.dependence.p.method, found.dependence.p.draws) == (method, draws)
    assert f"order-{method}" in found.remarks


@pytest.mark.slow
@pytest.mark.parametrize(("n", "n_categories"), [(45_000, 60), (50_000, 200), (41_000, 41_000)])
def test_sparse_tables_of_long_sequences_are_not_flagged(n, n_categories):
    rng = np.random.default_rng(20_241_124)
    found = [mo.exchangeability(rng.integers(n_categories, size=n), draws=39) for _ in range(8)]
    # One false alarm in a million at least, were each p below 0.05 one time in twenty.
    for way in ("dependence", "drift"):
        assert sum(getattr(result, way).p.value <= 0.05 for result in found) <= binom.isf(1e-6, 8, 0.05)
    assert mo.exchangeability(rng.permutation(5_000)).dependence.p.value == 1.0


@pytest.mark.slow
def test_chi_square_is_near_where_it_is_used():
    rng, repetitions = np.random.default_rng(20_241_124), 60
    far = 0
    for _ in range(repetitions):
        found = mo.exchangeability(rng.integers(20, size=420_000))
        assert found.dependence.p.method == "asymptotic"
        far += found.dependence.p.value <= 0.05
    assert far <= binom.isf(1e-6, repetitions, 0.06)


@pytest.mark.parametrize("sequence", [[], [1], [1, 2], [3, 3, 3, 3]])
def test_what_has_no_order_says_so(sequence):
    found = mo.exchangeability(sequence)
    assert found.decision == "cannot-tell"
    assert found.verdict == "order-nothing"


@pytest.mark.parametrize(
    ("outcomes", "options", "code"),
    [
        ("abab", {}, "not-in-order"),
        (mo.Tally.from_counts([1, 2]), {}, "not-in-order"),
        (7, {}, "not-in-order"),
        ({"1": 5, "2": 7}, {}, "not-in-order"),
        ({"b", "a"}, {}, "not-in-order"),
        (np.ones((3, 2), dtype=int), {}, "not-in-order"),
        ([[1], [2], [1]], {}, "category-type"),
        ([1.0, 2.0, 1.0], {}, "category-type"),
        ([1, None, 2], {}, "category-type"),
        ([1, 2, 3], {"categories": [1, 2]}, "unknown-category"),
        ([1, 2, 3], {"significance": 5}, "significance-range"),
        ([1, 2, 3], {"draws": 0}, "not-a-whole-number"),
        ([1, 2, 3], {"seed": -1}, "not-a-whole-number"),
    ],
)
def test_what_cannot_be_right_is_refused(outcomes, options, code):
    with pytest.raises(mo.InvalidInput) as caught:
        mo.exchangeability(outcomes, **options)
    assert caught.value.code == code


def test_the_order_stands_beside_the_verdict_of_a_test():
    outcomes = [1, 2] * 10
    tally, order = mo.tally(outcomes, categories=[1, 2]), mo.exchangeability(outcomes)
    found = mo.goodness_of_fit(tally, order=order)
    assert found.decision == "not-rejected"
    assert {"order-dependence", "order-invalidates"} <= set(found.remarks)
    assert "not come in an order like that" in found.render(language="en").replace("\n", " ")
    assert found.to_dict()["order"]["decision"] == "rejected"
    with pytest.raises(mo.InvalidInput, match="not that of these outcomes"):
        mo.goodness_of_fit(mo.tally([1, 2, 2], categories=[1, 2]), order=order)


def test_outcomes_that_equal_one_another_in_python_stay_apart():
    assert mo.exchangeability([True, 1, True, 1]).tally.categories.names == ("1", "true")
