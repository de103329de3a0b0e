"""Tails of two categories and of 2 x 2 tables, against sums of integers and against mpmath."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.inference.choices import STATISTICS
from mottomo.inference.exact.kinds import multinomial_problem
from mottomo.inference.exact.one_free_count import OutcomeLine, tail_of_line, two_by_two_tail, two_category_tail
from mottomo.inference.exact.tail import Budget, tail_probability
from mottomo.inference.exact.two_rows import two_row_problem
from mottomo.inference.statistics import statistic_of as statistic_named
from tests.oracles import multinomial
from tests.oracles.one_free_count import log10_of_tail

ORDERINGS = list(STATISTICS)
HALF = (Fraction(1, 2), Fraction(1, 2))
LN10 = math.log(10)


def log10_of_two(counts, null, ordering="likelihood-ratio"):
    return two_category_tail(counts, null, statistic_named(ordering), is_exact=True, threshold=1.0).log_p / LN10


def log10_of_table(table, ordering="likelihood-ratio"):
    return two_by_two_tail(table, statistic_named(ordering)).log_p / LN10


def agrees(found, expected):
    """Twelve digits of p where a float holds it, and of log10 p everywhere."""
    assert found == pytest.approx(float(expected), rel=1e-12, abs=2e-13)


@pytest.mark.parametrize(
    ("counts", "log10"),
    [((1990, 10), "-575.316025868903420"), ((300_000, 0), "-90308.6976691986805"), ((19_990, 10), "-5983.849106389")],
)
def test_tails_far_below_the_floats_are_known_to_twelve_digits(counts, log10):
    assert log10_of_two(counts, HALF) == pytest.approx(float(log10), rel=1e-12)
    n = sum(counts)
    whole = 2 * sum(math.comb(n, x) for x in range(min(counts) + 1))
    with mpmath.workdps(40):
        agrees(log10_of_two(counts, HALF), mpmath.log10(whole) - n * mpmath.log10(2))


def test_a_table_of_two_rows_far_below_the_floats():
    found = two_by_two_tail([[640, 39], [100, 52_900]], statistic_named("probability"))
    assert found.log_p / LN10 == pytest.approx(math.log10(8.35010034478) - 1317, rel=1e-13)
    assert found.log_lower <= found.log_p <= found.log_upper
    assert found.log_upper - found.log_lower < 1e-11


@given(
    st.integers(0, 40),
    st.integers(0, 40),
    st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=50),
    st.sampled_from(ORDERINGS),
)
def test_two_categories_agree_with_enumeration_in_fractions(first, second, p, ordering):
    if first + second == 0:
        return
    null = (p, 1 - p)
    found = two_category_tail((first, second), null, statistic_named(ordering), is_exact=True, threshold=1.0)
    truth = multinomial.tail(ordering, (first, second), null)
    assert found.p == pytest.approx(float(truth), rel=1e-12)
    own = multinomial.order_value(ordering, (first, second), null)
    n = first + second
    same = [(x, n - x) for x in range(n + 1) if multinomial.order_value(ordering, (x, n - x), null) == own]
    assert found.tied == pytest.approx(float(sum(multinomial.probability(x, null) for x in same)), rel=1e-12)


@given(st.lists(st.integers(0, 25), min_size=4, max_size=4), st.sampled_from(ORDERINGS))
def test_tables_agree_with_enumeration_in_integers(cells, ordering):
    a, b, c, d = cells
    if 0 in (a + b, c + d, a + c, b + d):
        return
    row, column, n = a + b, a + c, sum(cells)

    def weight(x):
        return math.comb(row, x) * math.comb(n - row, column - x)

    def far(x):
        if ordering == "probability":
            return Fraction(1, weight(x))
        if ordering == "pearson":
            return (x * n - row * column) ** 2
        return math.prod(y**y for y in (x, row - x, column - x, n - row - column + x))

    support = range(max(0, row + column - n), min(row, column) + 1)
    truth = Fraction(sum(weight(x) for x in support if far(x) >= far(a)), math.comb(n, column))
    assert two_by_two_tail([[a, b], [c, d]], statistic_named(ordering)).p == pytest.approx(float(truth), rel=1e-12)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_tie_that_no_symmetry_explains_is_counted(ordering):
    # With odds 1 : 6, C(9, 2) = 36 makes 0 and 2 of nine equally probable, and no other ordering does.
    null = (Fraction(1, 7), Fraction(6, 7))
    found = two_category_tail((0, 9), null, statistic_named(ordering), is_exact=True, threshold=1.0)
    assert found.p == pytest.approx(float(multinomial.tail(ordering, (0, 9), null)), rel=1e-13)
    tied = multinomial.probability((0, 9), null) * (2 if ordering == "probability" else 1)
    assert found.tied == pytest.approx(float(tied), rel=1e-12)


@pytest.mark.parametrize("n", [10**6, 10**12, 10**15, 10**15 + 1, 10**30, 10**150])
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_mirrored_outcomes_of_a_fair_coin_are_tied_at_any_n(n, ordering):
    x = n // 2 + math.isqrt(n)
    found = two_category_tail((x, n - x), HALF, statistic_named(ordering), is_exact=True, threshold=1.0)
    mirrored = two_category_tail((n - x, x), HALF, statistic_named(ordering), is_exact=True, threshold=1.0)
    one_side = OutcomeLine.binomial(n, Fraction(1, 2)).log_tail(x, 1)
    assert found.log_p == mirrored.log_p == pytest.approx(one_side + math.log(2), rel=1e-14)


def test_floats_count_what_is_almost_as_far_as_tied_and_fractions_do_not():
    third = 1 / 3
    floats = [Fraction(p) / (Fraction(third) + Fraction(1 - third)) for p in (third, 1 - third)]
    counts = next(
        (x, 90 - x)
        for x in range(30)
        for y in range(31, 91)
        if multinomial.order_value("pearson", (x, 90 - x), (Fraction(1, 3), Fraction(2, 3)))
        == multinomial.order_value("pearson", (y, 90 - y), (Fraction(1, 3), Fraction(2, 3)))
    )
    truth = float(multinomial.tail("pearson", counts, (Fraction(1, 3), Fraction(2, 3))))
    found = two_category_tail(counts, floats, statistic_named("pearson"), is_exact=False, threshold=1.0)
    assert found.p == pytest.approx(truth, rel=1e-12)
    as_they_are = two_category_tail(counts, floats, statistic_named("pearson"), is_exact=True, threshold=1.0)
    assert as_they_are.p == pytest.approx(float(multinomial.tail("pearson", counts, floats)), rel=1e-12)


def test_the_nearest_outcome_has_p_1():
    for ordering in ORDERINGS:
        assert two_category_tail((3, 3), HALF, statistic_named(ordering), is_exact=True, threshold=0.0).p == 1.0
        assert two_by_two_tail([[10**9, 10**9], [10**9, 10**9]], statistic_named(ordering)).p == 1.0


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_moderate_numbers_have_the_p_values_of_the_general_engine(ordering):
    generator = random.Random(20_261_128)
    for _ in range(25):
        n, p = generator.randrange(2, 3000), Fraction(generator.randrange(1, 40), 40)
        x = min(max(round(n * float(p) + generator.gauss(0, 2) * math.sqrt(n / 4)), 0), n)
        null = [p, 1 - p] if p < 1 else [Fraction(1, 3), Fraction(2, 3)]
        problem, kind_of = multinomial_problem(null, n, statistic_named(ordering))
        general = tail_probability(problem, (x, n - x), kind_of, Budget())
        own = two_category_tail((x, n - x), null, statistic_named(ordering), is_exact=True, threshold=1.0)
        assert own.log_p == pytest.approx(general.log_p, rel=1e-12, abs=1e-12)
        table = [[generator.randrange(1, 400) for _ in range(2)] for _ in range(2)]
        problem, kind_of = two_row_problem(*table, statistic_named(ordering))
        general = tail_probability(problem, table[0], kind_of, Budget())
        assert two_by_two_tail(table, statistic_named(ordering)).log_p == pytest.approx(
            general.log_p, rel=1e-12, abs=1e-12
        )


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("exponent", [3, 6, 9, 12, 15])
def test_two_categories_agree_with_mpmath_at_any_n(exponent, ordering):
    n = 10**exponent
    for p, deviations in ((Fraction(1, 2), 8), (Fraction(1, 7), -9), (Fraction(999, 1000), 6), (Fraction(2, 9), 60)):
        spread = math.sqrt(n * float(p * (1 - p)))
        x = min(max(round(n * p) + round(deviations * spread), 0), n)
        line = OutcomeLine.binomial(n, p)
        agrees(
            tail_of_line(line, x, statistic_named(ordering)).log_p / LN10,
            log10_of_tail(line.factors, p / (1 - p), x, ordering),
        )


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize(
    "table",
    [
        [[640, 39], [100, 52_900]],
        [[7, 500_000], [60, 400_000]],
        [[300_000, 200_000], [250_000, 250_000]],
        [[10**6 + 30_000, 10**6], [10**6, 10**6 + 30_000]],
        [[600_000, 400_000], [5 * 10**14, 5 * 10**14]],
        [[3 * 10**14, 10**14], [2 * 10**14, 4 * 10**14]],
        [[25 * 10**13 + 4 * 10**7, 25 * 10**13 - 4 * 10**7], [25 * 10**13 - 10**6, 25 * 10**13 + 10**6]],
    ],
)
def test_tables_agree_with_mpmath_at_any_n(table, ordering):
    (a, b), (c, d) = table
    line = OutcomeLine.hypergeometric(a + b, a + c, a + b + c + d)
    expected = log10_of_tail(line.factors, Fraction(1), a, ordering)
    agrees(log10_of_table(table, ordering), expected)


@pytest.mark.slow
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_p_values_from_10_to_the_minus_10_to_10_to_the_minus_100_000(ordering):
    generator = np.random.default_rng(20_261_128)
    lowest = 0.0
    for _ in range(120):
        n = int(10 ** generator.uniform(4, 12))
        p = Fraction(int(generator.integers(1, 1000)), 1000)
        wanted = 10 ** generator.uniform(1, 5)
        x = _outcome_of(n, p, wanted, int(generator.integers(2)))
        line = OutcomeLine.binomial(n, p)
        found = tail_of_line(line, x, statistic_named(ordering)).log_p / LN10
        agrees(found, log10_of_tail(line.factors, p / (1 - p), x, ordering))
        lowest = min(lowest, found)
    for _ in range(60):
        rows = [int(10 ** generator.uniform(3, 11)) for _ in range(2)]
        column = int(generator.uniform(0.1, 0.9) * sum(rows))
        mean = Fraction(rows[0] * column, sum(rows))
        spread = math.sqrt(float(mean) * rows[1] / sum(rows) * (1 - column / sum(rows)))
        line = OutcomeLine.hypergeometric(rows[0], column, sum(rows))
        x = round(mean) + round(spread * float(generator.choice([-1, 1])) * 10 ** generator.uniform(0.8, 2.5))
        x = min(max(x, line.lowest), line.highest)
        found = tail_of_line(line, x, statistic_named(ordering)).log_p / LN10
        agrees(found, log10_of_tail(line.factors, Fraction(1), x, ordering))
    assert lowest < -50_000


def _outcome_of(n, p, digits, side):
    """An outcome whose p-value is about 10^-digits, or the last one on its side."""
    mean = float(n * p)
    low, high = (math.ceil(mean), n) if side else (0, math.floor(mean))

    def far(x):
        share = x / n
        parts = ((share, float(p)), (1 - share, float(1 - p)))
        return n * sum(s * math.log(s / q) for s, q in parts if s > 0) > digits * LN10

    while high - low > 1:
        middle = (low + high) // 2
        if far(middle) == bool(side):
            high = middle
        else:
            low = middle
    return high if side else low
