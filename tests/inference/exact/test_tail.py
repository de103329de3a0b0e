import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mottomo.inference.choices import STATISTICS
from mottomo.inference.exact.characteristic_function import transformed_tail
from mottomo.inference.exact.kinds import multinomial_problem
from mottomo.inference.exact.lattice import LatticeHalves
from mottomo.inference.exact.meet_in_the_middle import Halves
from mottomo.inference.exact.tables import make_tables
from mottomo.inference.exact.tail import (
    Budget,
    BudgetExceeded,
    largest_statistic,
    statistic_at,
    tail_probability,
)
from mottomo.inference.exact.tilting import log_tail_bound
from mottomo.inference.statistics import TIE_BAND
from mottomo.inference.statistics import statistic_of as statistic_named
from tests.oracles import multinomial

FAIR = [Fraction(1, 6)] * 6
ORDERINGS = list(STATISTICS)
GENEROUS = Budget()


def tail(ordering, counts, probabilities, budget=GENEROUS, **settings):
    problem, kind_of = multinomial_problem(probabilities, sum(counts), statistic_named(ordering))
    return tail_probability(problem, counts, kind_of, budget, **settings)


@st.composite
def tallies_with_nulls(draw):
    n_categories = draw(st.integers(2, 5))
    largest = {2: 30, 3: 14, 4: 9, 5: 7}[n_categories]
    counts = draw(st.lists(st.integers(0, largest), min_size=n_categories, max_size=n_categories))
    while sum(counts) > largest:
        counts[counts.index(max(counts))] -= 1
    counts[0] += sum(counts) == 0
    weights = draw(st.lists(st.integers(1, 12), min_size=n_categories, max_size=n_categories))
    return counts, [Fraction(weight, sum(weights)) for weight in weights]


@given(case=tallies_with_nulls(), ordering=st.sampled_from(ORDERINGS))
@settings(max_examples=150, deadline=None)
def test_exact_p_is_the_sum_over_all_outcomes(case, ordering):
    counts, probabilities = case
    expected = multinomial.tail(ordering, counts, probabilities)
    found = tail(ordering, counts, probabilities)
    assert found.p == pytest.approx(float(expected), rel=1e-12)
    assert math.exp(found.log_lower) <= expected <= math.exp(found.log_upper) * (1 + 1e-15)


@given(case=tallies_with_nulls(), ordering=st.sampled_from(ORDERINGS))
@settings(max_examples=60, deadline=None)
def test_the_probability_of_a_tie_is_that_of_all_outcomes_that_tie(case, ordering):
    counts, probabilities = case
    mine = multinomial.order_value(ordering, counts, probabilities)
    expected = sum(
        multinomial.probability(other, probabilities)
        for other in multinomial.compositions(sum(counts), len(counts))
        if multinomial.order_value(ordering, other, probabilities) == mine
    )
    assert tail(ordering, counts, probabilities).tied == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("ordering", "exact"),
    [
        ("likelihood-ratio", Fraction(5521939145243, 8463329722368)),
        ("probability", Fraction(5521939145243, 8463329722368)),
        ("pearson", Fraction(5929326125243, 8463329722368)),
    ],
)
def test_the_articles_die(ordering, exact):
    assert tail(ordering, [2, 5, 2, 4, 2, 5], FAIR).p == pytest.approx(float(exact), rel=2e-15)


def integer_tail(ordering, counts, weights):
    """The same sum for three categories in integers, fast enough for hundreds of outcomes; log10 of p."""
    n, total = sum(counts), sum(weights)
    factorial = [math.factorial(k) for k in range(n + 1)]

    def weight(outcome):
        value = factorial[n]
        for count, w in zip(outcome, weights, strict=True):
            value = value // factorial[count] * w**count
        return value

    def distance(outcome):
        if ordering == "probability":
            return -weight(outcome)
        if ordering == "pearson":
            common = math.lcm(*weights)
            return sum((total * c - n * w) ** 2 * (common // w) for c, w in zip(outcome, weights, strict=True))
        return sum(log_power[c] - c * log_weight[w] for c, w in zip(outcome, weights, strict=True))

    mpmath.mp.dps = 60
    log_power = [mpmath.mpf(0)] + [k * mpmath.log(k) for k in range(1, n + 1)]
    log_weight = {w: mpmath.log(w) for w in weights}
    threshold = distance(counts)
    slack = mpmath.mpf(10) ** -45 if ordering == "likelihood-ratio" else 0
    exact = sum(
        weight(outcome) for outcome in multinomial.compositions(n, 3) if (distance(outcome) >= threshold - slack)
    )
    return mpmath.log10(exact) - n * mpmath.log10(total)


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize(
    ("counts", "weights"),
    [([300, 0, 0], [1, 2, 7]), ([150, 100, 2], [1, 2, 7]), ([200, 3, 1], [1, 1, 1]), ([40, 200, 20], [3, 3, 4])],
)
def test_tiny_p_values_keep_their_digits(ordering, counts, weights):
    exact = integer_tail(ordering, counts, weights)
    found = tail(ordering, counts, [Fraction(w, sum(weights)) for w in weights])
    assert found.log_p == pytest.approx(float(exact * mpmath.log(10)), abs=1e-11)
    assert found.log_lower - 1e-12 <= float(exact * mpmath.log(10)) <= found.log_upper + 1e-12


def test_a_p_value_too_small_for_a_float_has_its_logarithm():
    assert tail("likelihood-ratio", [700, 0, 0], [Fraction(1, 3)] * 3).log_p == pytest.approx(-699 * math.log(3))


@pytest.mark.parametrize("counts", [[20, 0, 0, 0], [30, 2, 2, 1], [5, 2, 2, 0], [1, 1, 1, 1]])
def test_states_and_dense_tables_agree(counts):
    problem, kind_of = multinomial_problem([Fraction(1, 4)] * 4, sum(counts), statistic_named("pearson"))
    limit = largest_statistic(problem)
    tables = make_tables(problem, limit, 0.0)
    cost, fingerprint = tables.cost(np.array(counts), np.array(kind_of))
    for upper in (False, True):
        listed = Halves.enumerate(tables, 10**6, upper=upper).masses(cost, fingerprint)
        dense = LatticeHalves.fill(tables, upper=upper).masses(cost, fingerprint)
        np.testing.assert_allclose(listed.clear, dense.clear, rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(listed.tied, dense.tied, rtol=1e-9, atol=1e-14)


@st.composite
def larger_tallies(draw):
    n_categories = draw(st.integers(3, 9))
    n = draw(st.integers(20, 150))
    weights = draw(st.lists(st.integers(1, 4), min_size=n_categories, max_size=n_categories))
    probabilities = [Fraction(weight, sum(weights)) for weight in weights]
    seed = draw(st.integers(0, 2**32))
    generator = np.random.default_rng(seed)
    tilted = np.array(weights) * np.exp(generator.normal(0, draw(st.sampled_from([0.0, 0.2, 0.6])), n_categories))
    return generator.multinomial(n, tilted / tilted.sum()).tolist(), probabilities


@pytest.mark.slow
@given(case=larger_tallies(), ordering=st.sampled_from(ORDERINGS))
@settings(max_examples=40, deadline=None)
def test_the_characteristic_functions_bracket_holds_the_enumerated_value(case, ordering):
    counts, probabilities = case
    problem, kind_of = multinomial_problem(probabilities, sum(counts), statistic_named(ordering))
    exact = tail_probability(problem, counts, kind_of, GENEROUS)
    if exact.algorithm == "characteristic-function":
        return
    threshold = statistic_at(problem, counts, kind_of)
    bracket = transformed_tail(
        problem, threshold, log_tail_bound(problem, threshold), relative_width=0.05, most_operations=1e9
    )
    assert bracket.log_lower <= exact.log_upper + 1e-9
    assert bracket.log_upper >= exact.log_lower - 1e-9


@given(case=larger_tallies(), ordering=st.sampled_from(ORDERINGS))
@settings(max_examples=40, deadline=None)
def test_the_bound_of_a_tail_is_one(case, ordering):
    counts, probabilities = case
    problem, kind_of = multinomial_problem(probabilities, sum(counts), statistic_named(ordering))
    exact = tail_probability(problem, counts, kind_of, GENEROUS)
    assert log_tail_bound(problem, statistic_at(problem, counts, kind_of)) >= exact.log_lower - 1e-9


def test_float_nulls_count_what_is_within_the_stated_band_as_tied():
    counts = [3, 1, 4, 0]
    for bits in ([0.25] * 4, [0.25, 0.25 + 2.0**-50, 0.25, 0.25 - 2.0**-50]):
        null = [Fraction(value) for value in bits]
        problem, kind_of = multinomial_problem(null, 8, statistic_named("likelihood-ratio"), exact=False)
        found = tail_probability(problem, counts, kind_of, GENEROUS)
        assert found.p == pytest.approx(float(multinomial.tail("likelihood-ratio", counts, [Fraction(1, 4)] * 4)))
    assert TIE_BAND == 1e-9


@pytest.mark.parametrize(
    ("ordering", "counts", "weights"),
    [
        # The first partial outcome is far from 0, so that a key that starts at 0 would overflow.
        ("likelihood-ratio", [4, 6], [1, 2]),
        ("likelihood-ratio", [6, 5, 4], [1, 1, 1]),
        ("pearson", [9, 14], [1, 2]),
        ("pearson", [63, 71], [1, 1]),
        ("likelihood-ratio", [63, 35], [2, 1]),
        # Tied modes: the cost is the difference of two large logarithms.
        ("probability", [90, 78], [7, 6]),
        ("probability", [34, 28], [5, 4]),
        ("probability", [33, 204], [1, 6]),
        # Corners, where the best tilt has no end; one outcome; nearly impossible categories.
        ("likelihood-ratio", [0, 33], [1, 1]),
        ("pearson", [1, 0], [1, 10**9 - 1]),
        ("pearson", [6, 113], [98, 2]),
        ("likelihood-ratio", [1, 0, 0], [1, 1, 1]),
        ("pearson", [0, 0, 14], [1, 1, 100_000]),
        ("likelihood-ratio", [1, 24], [10**17, 1]),
    ],
)
def test_unusual_tallies_have_the_p_value_of_the_sum(ordering, counts, weights):
    null = [Fraction(w, sum(weights)) for w in weights]
    expected = multinomial.tail(ordering, counts, null)
    log_expected = math.log(expected.numerator) - math.log(expected.denominator)
    found = tail(ordering, counts, null)
    assert found.log_p == pytest.approx(log_expected, abs=1e-10)
    assert found.log_lower - 1e-12 <= log_expected <= found.log_upper + 1e-12


def test_a_small_tail_is_summed_even_where_its_bound_is_large():
    n, successes = 999_983, 336_157
    found = tail("pearson", [successes, n - successes], [Fraction(1, 3), Fraction(2, 3)])
    assert found.p == pytest.approx(1.95827e-09, rel=1e-5)
    assert found.log_upper - found.log_lower < 1e-10


@pytest.mark.parametrize(
    ("ordering", "counts", "weights"),
    [
        ("likelihood-ratio", [0, 100_007], [1, 1]),
        ("probability", [549_992, 449_991], [1, 1]),
        ("likelihood-ratio", [0, 4, 0], [10**100, 1, 1]),
    ],
)
def test_what_is_too_far_out_to_sum_is_still_bracketed(ordering, counts, weights):
    found = tail(ordering, counts, [Fraction(w, sum(weights)) for w in weights])
    assert found.log_lower <= found.log_p == found.log_upper < -500


@pytest.mark.parametrize(
    ("ordering", "counts", "null"),
    [
        ("pearson", [1, 1], [Fraction(1, 10**300), 1 - Fraction(1, 10**300)]),
        ("pearson", [1, 5], [Fraction(1, 10**330), 1 - Fraction(1, 10**330)]),
        ("likelihood-ratio", [10**7, 0], [Fraction(1, 2)] * 2),
    ],
)
def test_what_no_float_can_hold_is_refused_quickly(ordering, counts, null):
    with pytest.raises(BudgetExceeded):
        tail(ordering, counts, null)


def test_pearsons_ties_are_told_apart_under_awkward_fractions():
    null = [Fraction(0.1), Fraction(0.3)]
    null.append(1 - sum(null))
    expected = float(multinomial.tail("pearson", [0, 2, 0], null))
    found = tail("pearson", [0, 2, 0], null)
    assert math.exp(found.log_lower) <= expected <= found.p  # neighbours closer than floats tell widen the bracket


def test_no_outcomes_and_a_single_category_have_p_1():
    assert tail("pearson", [0, 0], [Fraction(1, 2)] * 2).p == 1
    assert tail("probability", [7], [Fraction(1)]).p == 1


def test_many_categories_are_bracketed():
    counts = [111, 89] * 48 + [135, 65, 100, 100]
    null = [Fraction(1, 100)] * 100
    pearson = tail("pearson", counts, null)
    assert pearson.algorithm == "characteristic-function"
    assert pearson.log_upper - pearson.log_lower < 1e-6
    ratio = tail("likelihood-ratio", counts, null)
    assert ratio.log_upper - ratio.log_lower < 1e-3


def test_a_budget_that_cannot_be_met_says_how_much_would_be_needed():
    with pytest.raises(BudgetExceeded) as stop:
        tail("likelihood-ratio", [1000] * 18 + [1100, 900], [Fraction(1, 20)] * 20, Budget(10, 10, 10.0))
    assert stop.value.factor > 1
