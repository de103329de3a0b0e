import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import mottomo as mo
from mottomo.errors import InvalidInput
from mottomo.inference.exact.tables_given_margins import enumerated_tail
from mottomo.inference.statistics import statistic_of as statistic_named
from tests.oracles.multinomial import compositions, probability

ORDERINGS = ["likelihood-ratio", "pearson", "probability"]


def tables(rows, columns):
    """All tables with these margins."""
    if len(rows) == 1:
        yield [tuple(columns)]
        return
    for first in itertools.product(*(range(c + 1) for c in columns)):
        if sum(first) == rows[0]:
            for rest in tables(rows[1:], [c - x for c, x in zip(columns, first, strict=True)]):
                yield [first, *rest]


def exact_tail(table, ordering):
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    n = sum(rows)

    def weight(candidate):
        value = Fraction(1, math.factorial(n))
        for margin in (*rows, *columns):
            value *= math.factorial(margin)
        for x in itertools.chain(*candidate):
            value /= math.factorial(x)
        return value

    def distance(candidate):
        if ordering == "probability":
            return -weight(candidate)
        if ordering == "pearson":
            return sum(
                Fraction(x * x, r * c)
                for row, r in zip(candidate, rows, strict=True)
                for x, c in zip(row, columns, strict=True)
            )
        value = 1
        for x in itertools.chain(*candidate):
            value *= x**x
        return value

    threshold = distance(table)
    return sum(weight(candidate) for candidate in tables(rows, columns) if distance(candidate) >= threshold)


@st.composite
def small_tables(draw):
    n_rows, n_columns = draw(st.sampled_from([(2, 2), (2, 3), (3, 2), (2, 4), (3, 3)]))
    largest = 5 if n_rows * n_columns < 8 else 2
    return draw(
        st.lists(
            st.lists(st.integers(0, largest), min_size=n_columns, max_size=n_columns).map(tuple),
            min_size=n_rows,
            max_size=n_rows,
        )
    )


@given(table=small_tables(), ordering=st.sampled_from(ORDERINGS))
@settings(max_examples=80, deadline=None)
def test_the_exact_p_value_is_a_sum_over_all_tables(table, ordering):
    kept = np.array(table)
    kept = kept[kept.sum(axis=1) > 0][:, kept.sum(axis=0) > 0]
    found = mo.homogeneity(mo.Tally.from_counts(table), ordering=ordering)
    if min(kept.shape, default=0) < 2:
        assert (found.p_value, found.decision) == (1.0, "cannot-tell")
        return
    assert found.method == "exact"
    assert found.p_value == pytest.approx(float(exact_tail(kept.tolist(), ordering)), rel=1e-11)


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_two_rows_agree_with_filling_columns(ordering):
    table = np.array([[7, 3, 9, 1], [4, 8, 2, 5]])
    tail = enumerated_tail(table, statistic_named(ordering), 10**6)
    by_columns, tied = tail.p, tail.tied
    found = mo.homogeneity(mo.Tally.from_counts(table), ordering=ordering)
    assert found.p_value == pytest.approx(by_columns, rel=1e-11)
    assert found.p.tied == pytest.approx(tied, rel=1e-9)


@pytest.mark.parametrize("table", [[[10, 2], [3, 9]], [[1, 9], [11, 3]], [[0, 5], [7, 2]], [[100, 130], [90, 150]]])
def test_two_by_two_is_fishers_exact_test(table):
    found = mo.independence(mo.Tally.from_counts(table), ordering="probability")
    assert found.p_value == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)


def test_statistics_are_scipys():
    table = [[20, 15, 30], [25, 25, 10], [12, 9, 14]]
    found = mo.homogeneity(mo.Tally.from_counts(table), method=mo.Asymptotic())
    g = stats.chi2_contingency(table, lambda_="log-likelihood", correction=False)
    x2 = stats.chi2_contingency(table, correction=False)
    assert found.deviance == pytest.approx(g.statistic, rel=1e-12)
    assert found.pearson == pytest.approx(x2.statistic, rel=1e-12)
    assert found.degrees_of_freedom == g.dof == 4
    assert found.p_value == pytest.approx(g.pvalue, rel=1e-10)


def test_wolfs_red_and_white_dice_were_not_alike():
    white, red = [3246, 3449, 2897, 2841, 3635, 3932], [3407, 3631, 3176, 2916, 3448, 3422]
    found = mo.homogeneity({"white": mo.Tally.from_counts(white), "red": mo.Tally.from_counts(red)})
    assert found.method == "exact"
    assert found.p.lower < 3.3530e-12 < found.p.upper
    assert found.decision == "rejected"
    assert found.tally.groups == (("white",), ("red",))


def test_a_tiny_p_value_of_three_rows_keeps_its_logarithm():
    found = mo.homogeneity(mo.Tally.from_counts([[700, 1, 0], [0, 700, 2], [0, 0, 1]]))
    assert found.p_value == 0.0
    assert -500 < found.p.log10 < -300


def test_what_was_never_seen_is_named_as_what_it_is():
    found = mo.homogeneity(mo.Tally.from_counts([[3, 0, 2], [1, 0, 5], [0, 0, 0]]))
    assert (found.dropped_groups, found.dropped_categories) == (("3",), ("2",))
    assert {"empty-groups-dropped", "never-seen-dropped"} <= set(found.remarks)


def test_the_methods_agree():
    tally = mo.Tally.from_counts([[9, 4, 7], [3, 8, 6], [5, 5, 2]])
    exact = mo.homogeneity(tally)
    simulated = mo.homogeneity(tally, method=mo.MonteCarlo(draws=50_000, seed=2))
    assert exact.method == "exact"
    assert simulated.p.lower <= exact.p_value <= simulated.p.upper


def test_auto_simulates_and_approximates_where_it_must():
    generator = np.random.default_rng(4)
    middling = mo.Tally.from_counts(generator.multinomial(400, [0.2] * 5, size=5))
    assert mo.homogeneity(middling).method == "monte-carlo"
    assert mo.homogeneity(mo.Tally.from_counts(middling.counts * 10**6)).method == "asymptotic"


def test_differences_hold_for_all_categories_at_once():
    # Enumerated: the probability that both tallies' differences are all inside.
    first, second, n, m = (
        [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)],
        [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)],
        3,
        3,
    )
    covered = Fraction(0)
    truth = [float(a - b) for a, b in zip(first, second, strict=True)]
    for x in compositions(n, 3):
        for y in compositions(m, 3):
            found = mo.homogeneity(mo.Tally.from_counts([x, y]), method=mo.Asymptotic(), significance=0.2).differences
            if ((found.lower <= truth) & (truth <= found.upper)).all():
                covered += probability(x, first) * probability(y, second)
    assert covered >= Fraction(8, 10)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: mo.homogeneity([mo.Tally.from_counts([1, 2])]), "one-tally"),
        (lambda: mo.homogeneity([mo.Tally.from_counts([1, 2]), [1, 2]]), "not-a-tally"),
        (lambda: mo.homogeneity([mo.Tally.from_counts([1, 2]), mo.Tally.from_counts([1, 2, 3])]), "categories-differ"),
        (lambda: mo.homogeneity([mo.Tally.from_counts([[1, 2], [3, 4]])] * 2), "grouped-tally"),
        (lambda: mo.homogeneity(5), "not-a-tally"),
        (lambda: mo.homogeneity(mo.Tally.from_counts([[1, 2], [3, 4]]), significance=2), "significance-range"),
        (lambda: mo.homogeneity(mo.Tally.from_counts([[1, 2], [3, 4]]), ordering="g"), "unknown-ordering"),
        (
            lambda: mo.homogeneity(mo.Tally.from_counts(np.full((6, 6), 50)), method=mo.Exact()),
            "budget-exceeded",
        ),
        (
            lambda: mo.homogeneity(mo.Tally.from_counts(np.full((3, 3), 10**12)), method=mo.MonteCarlo()),
            "too-many-to-simulate",
        ),
    ],
)
def test_bad_input_is_refused(call, code):
    with pytest.raises(InvalidInput) as error:
        call()
    assert error.value.code == code
