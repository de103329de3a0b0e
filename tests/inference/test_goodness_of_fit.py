import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import mottomo as mo
from mottomo.errors import InvalidInput
from tests.oracles import multinomial

DIE = [2, 5, 2, 4, 2, 5]


def fit(counts, null="fair", **settings):
    return mo.goodness_of_fit(mo.Tally.from_counts(counts), null, **settings)


def test_the_articles_die():
    die = fit(DIE)
    assert die.p_value == pytest.approx(5521939145243 / 8463329722368, rel=2e-15)
    assert die.p.lower <= 5521939145243 / 8463329722368 <= die.p.upper
    assert (die.method, die.decision) == ("exact", "not-rejected")
    assert die.deviance == pytest.approx(3.4379671313230364, rel=1e-15)
    assert die.pearson == pytest.approx(3.4, rel=1e-15)
    assert die.asymptotic_p_value["deviance"] == pytest.approx(0.632794, abs=1e-6)
    assert die.asymptotic_p_value["pearson"] == pytest.approx(0.638570, abs=1e-6)
    assert die.kl_divergence == pytest.approx(0.0859491782830759, rel=1e-14)
    assert die.p.mid == pytest.approx(0.645234, abs=1e-6)
    assert math.exp(die.log_bayes_factor) == pytest.approx(0.0782031588, abs=1e-10)
    assert die.planning.power == pytest.approx(0.2361, abs=5e-5)
    assert (die.planning.power_method, die.planning.n_observations) == ("exact", 76)
    assert fit(DIE, ordering="probability").p_value == pytest.approx(0.652454687030436, rel=1e-14)
    assert fit(DIE, ordering="pearson").p_value == pytest.approx(0.7005902310023675, rel=1e-14)


def test_a_face_never_seen_belongs_to_the_die():
    assert fit([5, 4, 4, 4, 3]).p_value == pytest.approx(0.997, abs=5e-4)
    assert fit([5, 4, 4, 4, 3, 0]).p_value == pytest.approx(0.232, abs=5e-4)


@pytest.mark.parametrize(
    "claim", ["9/16,3/16,3/16,1/16", "9:3:3:1", {"1": "9/16", "2": "3/16", "3": "3/16", "4": "1/16"}]
)
def test_one_claim_has_many_spellings(claim):
    counts, null = [10, 2, 5, 3], [Fraction(9, 16), Fraction(3, 16), Fraction(3, 16), Fraction(1, 16)]
    expected = float(multinomial.tail("likelihood-ratio", counts, null))
    assert fit(counts, claim).p_value == pytest.approx(expected, rel=1e-13)


def test_a_claim_by_name_declares_the_categories():
    tally = mo.tally(["a", "b", "a"])
    found = mo.goodness_of_fit(tally, "a=1/2,b=1/4,c=1/4")
    assert found.tally.categories.names == ("a", "b", "c")
    assert found.degrees_of_freedom == 2


def test_an_impossible_outcome_refutes_the_claim():
    found = fit([3, 1, 2], "1/2,0,1/2")
    assert (found.p_value, found.decision, found.impossible) == (0.0, "rejected", ("2",))
    assert found.deviance == math.inf


def test_an_impossible_category_that_was_not_seen_is_left_out_and_said():
    found = fit([3, 0, 2], "1/2,0,1/2")
    assert found.dropped == ("2",)
    assert found.degrees_of_freedom == 1
    assert found.p_value == pytest.approx(fit([3, 2]).p_value)
    assert "impossible-dropped" in found.remarks


def test_no_observations_tell_nothing():
    found = fit([0, 0, 0])
    assert (found.p_value, found.decision, found.verdict) == (1.0, "cannot-tell", "nothing-to-test")


@pytest.mark.parametrize("method", [mo.Auto(), mo.Exact(), mo.MonteCarlo(), mo.Asymptotic()])
def test_no_observations_have_p_1_by_every_method(method):
    assert fit([0, 0, 0], method=method).p_value == 1.0


def test_residuals_of_huge_counts_are_those_of_the_normal_distribution():
    found = fit([10**24, 10**24, 10**24 + 5 * 10**12])
    assert found.residuals.standardized[2] == pytest.approx(4.0825, abs=1e-4)
    assert found.residuals.p_values[2] == pytest.approx(4.4557e-5, rel=1e-3)


def test_a_bound_is_not_called_exact():
    found = fit([20_000, *[100] * 99])
    assert found.p.algorithm == "chernoff-bound"
    assert "p ≤ 10^-" in found.render("text", "en")
    assert "is exact" not in found.render("text", "en")


def test_a_single_category_leaves_nothing_to_test():
    assert fit([7], [1]).p_value == 1.0


def test_auto_is_exact_then_simulated_then_chi_square():
    assert fit(DIE).method == "exact"
    rare = fit([5 * 10**12, 5 * 10**12, 3], "0.4999999999999,0.4999999999999,0.0000000000002")
    assert rare.method == "monte-carlo"  # too many for tables, and one expected count of 2 is too few for chi-square
    assert fit([10**15] * 6).method == "asymptotic"


def test_the_methods_agree_where_they_must():
    counts = [180, 160, 175, 150, 170, 165]
    exact = fit(counts, method=mo.Exact())
    simulated = fit(counts, method=mo.MonteCarlo(draws=40_000, seed=7))
    # Both ends of a 99.9 % interval.
    assert simulated.p.lower <= exact.p_value <= simulated.p.upper
    assert simulated.p_value == (1 + round(simulated.p_value * 40_001 - 1)) / 40_001
    assert fit(counts, method=mo.Asymptotic()).p_value == pytest.approx(exact.p_value, abs=5e-3)
    assert fit(counts, ordering="pearson", method=mo.Asymptotic()).p_value == pytest.approx(
        stats.chisquare(counts).pvalue, rel=1e-12
    )


def test_a_seed_gives_the_same_simulated_p_value_everywhere():
    assert fit(DIE, method=mo.MonteCarlo(draws=1000, seed=1)).p_value == PINNED


PINNED = 658 / 1001


def test_floats_count_near_ties_as_tied():
    found = fit(DIE, [1 / 6] * 6)
    assert found.p_value == pytest.approx(0.652454687030436, rel=1e-12)
    assert "float-null" in found.remarks


def test_residuals_name_the_faces_that_depart():
    wolf = fit([3246, 3449, 2897, 2841, 3635, 3932], method=mo.Asymptotic())
    names = wolf.tally.categories.names
    assert wolf.residuals.flagged(names) == ("6", "4", "3", "5")
    assert wolf.residuals.flagged(names, 1) == ("6", "5")
    assert wolf.residuals.flagged(names, -1) == ("4", "3")
    for index, count in enumerate(wolf.tally.counts.tolist()):
        lower, upper = stats.binom.cdf(count, 20000, 1 / 6), stats.binom.sf(count - 1, 20000, 1 / 6)
        assert wolf.residuals.p_values[index] == pytest.approx(2 * min(lower, upper), rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "margin", "verdict"),
    [
        ([2000, 2010, 1990], 0.05, "equivalent"),
        ([3000, 2000, 1000], 0.05, "different"),
        ([20, 25, 15], 0.05, "cannot-tell"),
    ],
)
def test_a_tolerance_has_three_answers(counts, margin, verdict):
    found = fit(counts, tolerance=margin)
    assert found.tolerance.verdict == found.decision == verdict
    assert found.verdict == f"tolerance-{verdict}"


@given(st.lists(st.integers(0, 12), min_size=2, max_size=5), st.permutations(range(5)))
@settings(max_examples=30, deadline=None)
def test_relabelling_categories_changes_no_p_value(counts, order):
    order = [index for index in order if index < len(counts)]
    assert fit(counts).p_value == pytest.approx(fit([counts[index] for index in order]).p_value, rel=1e-13)


def test_huge_counts_are_tested_too():
    found = fit([10**20] * 5 + [10**20 + 3 * 10**10])
    assert found.method == "asymptotic"
    assert found.deviance == pytest.approx(9 * 10**20 * 5 / 6 / (10**20), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: fit(DIE, "0.5,0.5"), "probabilities-length"),
        (lambda: fit(DIE, "99.99%,0,0,0,0,0"), "probabilities-sum"),
        (lambda: fit({"a": 1, "b": 2}, "a=0.5,c=0.5"), "probabilities-names"),
        (lambda: mo.goodness_of_fit(mo.tally(["a", "b"])), "fair-needs-categories"),
        (lambda: mo.goodness_of_fit(mo.tally(["a", "b"]), [0.5, 0.5]), "positions-of-discovered"),
        (lambda: fit(DIE, significance=5), "significance-range"),
        (lambda: fit(DIE, significance=0), "significance-range"),
        (lambda: fit(DIE, tolerance=2), "tolerance-range"),
        (lambda: fit(DIE, ordering="likelyhood-ratio"), "unknown-ordering"),
        (lambda: mo.goodness_of_fit(mo.Tally.from_counts([[2, 3], [2, 2]]), tolerance=0.1), "grouped-tally"),
        (lambda: mo.coverage("wislon", [0.5, 0.5], 5), "interval-method"),
        (lambda: fit(DIE, method="exact"), "test-method"),
        (lambda: mo.MonteCarlo(draws=0), "not-a-whole-number"),
        (lambda: mo.Exact(budget=-1), "not-positive"),
        (lambda: fit([10**15] * 6, method=mo.Exact()), "budget-exceeded"),
        (lambda: fit([10**20] * 6, method=mo.MonteCarlo()), "too-many-to-simulate"),
        (lambda: mo.goodness_of_fit([2, 5]), "not-a-tally"),
    ],
)
def test_bad_input_is_refused(call, code):
    with pytest.raises(InvalidInput) as error:
        call()
    assert error.value.code == code


def test_normalising_is_done_only_when_asked_for_and_said():
    found = fit([9999, 0], "99.98%,0", normalise=True)
    assert "normalised" in found.remarks


def test_the_dictionary_is_plain_and_complete():
    result = json.loads(fit(DIE).render("json"))["result"]
    for name in (
        "n_observations",
        "categories",
        "counts",
        "null_probabilities",
        "deviance",
        "pearson",
        "degrees_of_freedom",
        "method",
        "ordering",
        "p_value",
        "log10_p_value",
        "p_value_bounds",
        "asymptotic_p_value",
        "kl_divergence",
        "power_at_estimate",
    ):
        assert name in result
    assert json.loads(fit([10**15] * 6).render("json"))["result"]["p_value_bounds"] is None


def test_many_groups_have_the_p_values_of_each_alone():
    generator = np.random.default_rng(5)
    rows = np.stack([generator.multinomial(n, [0.2, 0.2, 0.3, 0.3]) for n in generator.integers(0, 25, 30)])
    for null in ("1/4,1/4,1/4,1/4", "1/10,2/10,3/10,4/10"):
        for ordering in ("likelihood-ratio", "pearson", "probability"):
            many = mo.goodness_of_fit(mo.Tally.from_counts(rows), null, ordering=ordering)
            alone = [fit(row, null, ordering=ordering) for row in rows.tolist()]
            np.testing.assert_allclose(many.p_values, [one.p_value for one in alone], rtol=1e-11)
            np.testing.assert_allclose(many.deviance, [one.deviance for one in alone], rtol=1e-12, atol=1e-13)
            np.testing.assert_allclose(many.pearson, [one.pearson for one in alone], rtol=1e-12, atol=1e-13)


def test_many_groups_are_corrected_as_scipy_corrects():
    generator = np.random.default_rng(6)
    rows = generator.multinomial(30, [0.3, 0.3, 0.4], size=40)
    rows[0] = [30, 0, 0]
    many = mo.goodness_of_fit(mo.Tally.from_counts(rows))
    np.testing.assert_allclose(many.benjamini_hochberg, stats.false_discovery_control(many.p_values), rtol=1e-12)
    assert many.smallest_p_first[0] == 0
    assert many.decision == "rejected"
    assert many.expected_by_chance == pytest.approx(2.0)


def test_groups_are_simulated_or_approximated_where_they_cannot_be_enumerated():
    weights = [Fraction(w, 78) for w in range(1, 13)]
    rows = np.random.default_rng(3).multinomial(900, [float(w) for w in weights], size=5)
    many = mo.goodness_of_fit(mo.Tally.from_counts(rows), [*weights], method=mo.MonteCarlo(draws=2000, seed=1))
    assert many.method == "monte-carlo"
    assert (many.draws, many.seed) == (2000, 1)
    far = mo.goodness_of_fit(mo.Tally.from_counts(rows), [*weights], method=mo.Asymptotic())
    np.testing.assert_allclose(many.p_values, far.p_values, atol=0.06)


@pytest.mark.slow
def test_a_group_whose_p_value_is_only_bracketed_gets_the_upper_end():
    null = "0.2,0.21,0.19,0.05,0.15,0.09,0.11"
    counts = [[4100, 4100, 3900, 950, 3050, 1800, 2100], [0] * 7]
    p = float(mo.goodness_of_fit(mo.Tally.from_counts(counts), null, method=mo.Exact()).p_values[0])
    alone = mo.goodness_of_fit(mo.Tally.from_counts(counts[0]), null, method=mo.Exact()).p
    assert alone.upper > alone.lower * (1 + 1e-6)  # or the case shows nothing
    assert p >= alone.value
    assert p == pytest.approx(alone.upper, rel=1e-3)


def test_an_impossible_outcome_in_a_group_refutes_the_claim_for_it():
    many = mo.goodness_of_fit(mo.Tally.from_counts([[1, 1, 0], [1, 1, 1]]), "1/2,1/2,0")
    assert many.p_values.tolist() == [1.0, 0.0]


def test_what_is_only_bounded_is_not_counted_as_exact():
    groups = mo.Tally.from_counts([[3000, 0, 5], [5, 5, 5], [4000, 10, 10]])
    found = mo.goodness_of_fit(groups, [Fraction(2, 5), Fraction(3, 10), Fraction(3, 10)])
    assert found.bounded.tolist() == [True, False, True]
    text = found.render("text", "en")
    assert "Exact p-values: 1 group." in text
    assert "Only a proven upper bound of p is known (≤): 2 groups." in text
    header, *rows = found.render("csv", "en").splitlines()
    at = header.split(",").index("bounded")
    assert sorted(row.split(",")[at] for row in rows) == ["false", "true", "true"]


def test_a_group_too_far_for_a_float_is_not_called_impossible():
    groups = mo.Tally.from_counts([[5000, 0, 0], [1, 1, 0]])
    found = mo.goodness_of_fit(groups, [Fraction(1, 10), Fraction(9, 10), Fraction(0)])
    assert found.p_values.min() == 0.0
    assert "Refuted for certain" not in found.render("text", "en")
