from fractions import Fraction

import numpy as np
import pytest

import mottomo as mo
from mottomo.errors import InvalidInput
from mottomo.inference.noncentral import effect_size
from tests.oracles import multinomial

DIE = [Fraction(k, 20) for k in (2, 5, 2, 4, 2, 5)]
SIX = range(1, 7)


@pytest.mark.parametrize(
    ("ordering", "power"), [("likelihood-ratio", 0.2361), ("pearson", 0.2378), ("probability", 0.2455)]
)
def test_exact_power_at_the_articles_estimate(ordering, power):
    found = mo.power("fair", DIE, 20, ordering=ordering, categories=SIX)
    assert found.method == "exact"
    assert found.power == pytest.approx(power, abs=5e-5)
    assert found.exact_size <= 0.05


@pytest.mark.parametrize("ordering", ["likelihood-ratio", "pearson", "probability"])
@pytest.mark.parametrize(
    ("null", "truth", "n"),
    [
        ([Fraction(1, 3)] * 3, [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], 14),
        ([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(1, 5), Fraction(2, 5), Fraction(2, 5)], 11),
        ([Fraction(1, 4)] * 4, [Fraction(1, 2), Fraction(1, 6), Fraction(1, 6), Fraction(1, 6)], 9),
        ([Fraction(1, 2), Fraction(1, 2), Fraction(0)], [Fraction(3, 5), Fraction(3, 10), Fraction(1, 10)], 8),
        ([Fraction(1, 2), Fraction(1, 2)], [Fraction(9, 10), Fraction(1, 10)], 2),
    ],
)
def test_power_and_size_are_sums_over_all_rejected_outcomes(ordering, null, truth, n):
    possible = [index for index, p in enumerate(null) if p]
    size = power = Fraction(0)
    for outcome in multinomial.compositions(n, len(null)):
        seen = [outcome[index] for index in possible]
        impossible = sum(seen) < n
        p = None if impossible else multinomial.tail(ordering, seen, [null[index] for index in possible])
        if impossible or p <= Fraction(5, 100):
            power += multinomial.probability(outcome, truth)
            size += multinomial.probability(outcome, null)
    found = mo.power(null, truth, n, ordering=ordering)
    assert found.exact_size == pytest.approx(float(size), abs=1e-13)
    assert found.power == pytest.approx(float(power), rel=1e-12, abs=1e-13)


def test_a_p_value_equal_to_the_significance_is_rejected_in_tests_and_in_power():
    # Five heads of five have p = 2/32; twenty of twenty 2/2^20, where 1 minus the rest has few digits left.
    for n in (5, 20):
        significance = float(Fraction(2, 2**n))
        assert mo.goodness_of_fit(mo.Tally.from_counts([n, 0]), significance=significance).decision == "rejected"
        found = mo.power("fair", [0.9, 0.1], n, significance=significance, categories=["h", "t"])
        assert found.power == pytest.approx(0.9**n + 0.1**n, rel=1e-9)
        assert found.exact_size == pytest.approx(significance, rel=1e-6)


def test_the_articles_plan():
    plan = mo.sample_size("fair", DIE, categories=SIX)
    assert (plan.n_observations, plan.method) == (76, "noncentral-chi-square")
    assert plan.power >= 0.8
    assert mo.sample_size("fair", DIE, power=0.9, categories=SIX).n_observations == 97


def test_an_exact_number_is_the_first_from_which_power_stays():
    null, truth = [Fraction(1, 2)] * 2, [Fraction(4, 5), Fraction(1, 5)]
    plan = mo.sample_size(null, truth, method=mo.Exact())
    assert plan.method == "exact"
    powers = {n: mo.power(null, truth, n, method=mo.Exact()).power for n in range(2, plan.searched_to + 30)}
    assert powers[plan.n_observations - 1] < 0.8
    assert min(value for n, value in powers.items() if n >= plan.n_observations) >= 0.8
    # The power has teeth: it reached the target before, and fell again.
    assert max(value for n, value in powers.items() if n < plan.n_observations) >= 0.8


def test_few_observations_are_planned_exactly_by_default():
    plan = mo.sample_size([0.5, 0.5], [0.95, 0.05])
    assert plan.method == "exact"


def test_exact_and_approximate_power_meet_for_many_observations():
    exact = mo.power("fair", DIE, 200, significance=0.05, categories=SIX, method=mo.Exact())
    approximate = mo.power("fair", DIE, 200, categories=SIX, method=mo.Asymptotic())
    assert approximate.method == "noncentral-chi-square"
    assert exact.power == pytest.approx(approximate.power, abs=0.01)


def test_the_bias_planned_for_is_the_hardest_to_notice():
    null = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    plan = mo.sample_size(null, bias=0.1)
    mine = effect_size(null, plan.alternative.exact)
    assert max(abs(q - p) for p, q in zip(null, plan.alternative.exact, strict=True)) == Fraction(1, 10)
    generator = np.random.default_rng(1)
    for rival in generator.dirichlet([1, 1, 1], 3000):
        if max(abs(rival - np.array([float(p) for p in null]))) >= 0.1:
            assert effect_size([float(p) for p in null], rival) >= mine - 1e-12


def test_intervals_are_narrow_enough_from_the_planned_number_on():
    plan = mo.sample_size("fair", half_width=0.05, categories=SIX)
    for n in (plan.n_observations, plan.n_observations + 1, plan.n_observations + 7, 2 * plan.n_observations):
        for count in (n // 6, -(-n // 6)):
            rest = [(n - count) // 5 + (index < (n - count) % 5) for index in range(5)]
            intervals = mo.ClopperPearson()(mo.Tally.from_counts([count, *rest]))
            assert (intervals.upper[0] - intervals.lower[0]) / 2 <= 0.05
    assert mo.sample_size(half_width=0.05, categories=SIX).n_observations > plan.n_observations


@pytest.mark.parametrize("null", ["1/2,1/2", "1/4,3/4", "1/6,1/6,1/6,1/6,1/6,1/6", "1/10,2/5,1/2", "0,1/3,2/3"])
def test_no_effect_above_that_of_the_rarest_category_being_certain_is_planned_for(null):
    possible = [Fraction(p) for p in null.split(",") if Fraction(p)]
    vertices = [[Fraction(int(i == k)) for i in range(len(possible))] for k in range(len(possible))]
    largest = max(effect_size(possible, vertex) for vertex in vertices)
    generator = np.random.default_rng(7)
    for rival in generator.dirichlet(np.full(len(possible), 0.2), size=200):
        assert effect_size([float(p) for p in possible], rival) <= largest + 1e-9
    assert mo.sample_size(null, effect=largest).n_observations >= 1
    assert mo.sample_size(null, effect=float(f"{largest:.10g}")).n_observations >= 1
    for effect in (largest * 1.001, 3 * largest, 1e9):
        with pytest.raises(InvalidInput, match=f"at most {largest:.6g}") as error:
            mo.sample_size(null, effect=effect)
        assert error.value.code == "effect-impossible"


def test_an_effect_size_needs_only_the_number_of_categories():
    assert mo.sample_size(effect=0.3, categories=SIX).n_observations == 143  # 12.8276 / 0.09


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: mo.sample_size("fair", [1 / 6] * 6, categories=SIX), "no-difference"),
        (lambda: mo.sample_size("fair", DIE, power=80, categories=SIX), "power-range"),
        (lambda: mo.sample_size("fair", DIE, significance=0, categories=SIX), "significance-range"),
        (lambda: mo.sample_size("fair", categories=SIX), "plan-goal"),
        (lambda: mo.sample_size("fair", DIE, effect=0.1, categories=SIX), "plan-goal"),
        (lambda: mo.sample_size(None, DIE), "plan-null"),
        (lambda: mo.sample_size(effect=0.1), "plan-categories"),
        (lambda: mo.sample_size(effect=0, categories=SIX), "effect-range"),
        (lambda: mo.sample_size("fair", bias=1, categories=SIX), "bias-range"),
        (lambda: mo.sample_size(half_width=0.6, categories=SIX), "half-width-range"),
        (lambda: mo.sample_size(half_width=0.1, level=95, categories=SIX), "level-range"),
        (lambda: mo.sample_size(half_width=0.1), "plan-categories"),
        (lambda: mo.sample_size(effect=1e-200, categories=SIX), "effect-range"),
        (lambda: mo.power("fair", DIE, 0, categories=SIX), "not-a-whole-number"),
        (lambda: mo.power("fair", [0.5, 0.5], 10, categories=SIX), "probabilities-length"),
        (lambda: mo.power("fair", DIE, 10, categories=SIX, method=mo.MonteCarlo()), "plan-method"),
        (lambda: mo.power("fair", DIE, 10**12, categories=SIX, method=mo.Exact()), "budget-exceeded"),
    ],
)
def test_bad_input_is_refused(call, code):
    with pytest.raises(InvalidInput) as error:
        call()
    assert error.value.code == code
