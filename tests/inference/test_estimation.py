"""The estimate: exact, checked, and right in words at every edge."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

import mottomo as mo
from tests.strategies import counts_of

DIE = mo.Tally.from_counts([2, 5, 2, 4, 2, 5])


def test_the_article_die():
    die = mo.estimate(DIE)
    assert die.probabilities.tolist() == [0.1, 0.25, 0.1, 0.2, 0.1, 0.25]
    assert [str(y) for y in die.probabilities_exact] == ["1/10", "1/4", "1/10", "1/5", "1/10", "1/4"]
    assert die.log_likelihood == pytest.approx(-34.11620581889958179, rel=1e-15)
    assert die.standard_errors.tolist() == pytest.approx(
        [
            0.0670820393249937,
            0.0968245836551854,
            0.0670820393249937,
            0.0894427190999916,
            0.0670820393249937,
            0.0968245836551854,
        ],
        rel=1e-14,
    )
    assert die.check.to_dict() == {"multiplier": 20, "gap": 0.0, "maximum": "strict"}
    assert die.verdict == "estimated"


def test_wolfs_white_die():
    die = mo.estimate(mo.Tally.from_counts([3246, 3449, 2897, 2841, 3635, 3932]))
    assert die.probabilities.tolist() == [0.1623, 0.17245, 0.14485, 0.14205, 0.18175, 0.1966]
    assert die.check.gap <= 20_000 * 1e-15


@given(counts=counts_of(5, largest=10**20))
def test_estimates_are_the_exact_shares_and_their_nearest_floats(counts):
    estimate = mo.estimate(mo.Tally.from_counts(counts))
    n = sum(counts)
    assert list(estimate.probabilities_exact) == [Fraction(count, n) for count in counts]
    assert estimate.probabilities.tolist() == [count / n for count in counts]
    assert abs(estimate.check.gap) <= n * 4e-16
    assert estimate.check.multiplier == n
    assert str(estimate.check.maximum) == ("boundary" if 0 in counts else "strict")


def test_estimating_leaves_the_tally_as_it_was():
    tally = mo.Tally.from_counts([2, 5])
    before = tally.to_dict()
    estimate = mo.estimate(tally)
    assert tally.to_dict() == before
    with pytest.raises(ValueError, match="read-only"):
        estimate.probabilities[0] = 0.5


def test_without_observations_nothing_is_estimated_and_log_likelihood_is_zero():
    none = mo.estimate(mo.Tally.from_counts([0, 0, 0]))
    assert np.isnan(none.probabilities).all()
    assert none.log_likelihood == 0.0
    assert none.probabilities_exact == ()
    assert none.verdict == "no-observations"
    assert str(none.check.maximum) == "not-unique"
    assert (none.intervals.lower.tolist(), none.intervals.upper.tolist()) == ([0.0] * 3, [1.0] * 3)


def test_one_observation_makes_one_category_certain_and_says_what_that_is_worth():
    one = mo.estimate(mo.Tally.from_counts([0, 1, 0]))
    assert one.probabilities.tolist() == [0.0, 1.0, 0.0]
    assert one.log_likelihood == 0.0
    assert one.verdict == "single-observation"
    assert one.intervals.lower[1] < 0.01


def test_a_single_category():
    assert mo.estimate(mo.Tally.from_counts([7])).verdict == "single-category"
    assert mo.estimate(mo.tally(["a"])).verdict == "single-category-discovered"


def test_the_empty_tally_is_estimated_too():
    assert mo.estimate(mo.Tally.empty()).verdict == "no-observations"


def test_unseen_categories_are_named_with_how_likely_they_may_be():
    estimate = mo.estimate(mo.Tally.from_counts([0, 20, 0]))
    assert "unseen-categories" in estimate.remarks
    assert estimate.tally.unseen == ("1", "3")
    assert estimate["1"].upper == pytest.approx(1 - (0.025 / 3) ** (1 / 20), rel=1e-12)
    text = " ".join(estimate.render("text", "en").split())
    assert "Never seen: 1, 3." in text
    assert "may be as high as 0.2129" in text


def test_no_standard_error_is_given_on_the_boundary():
    estimate = mo.estimate(mo.Tally.from_counts([0, 3, 5]))
    assert np.isnan(estimate.standard_errors[0])
    assert estimate.standard_errors[1] == pytest.approx(math.sqrt(3 / 8 * 5 / 8 / 8))
    assert np.isnan(mo.estimate(mo.Tally.from_counts([0, 3])).standard_errors).all()


def test_log_likelihood_keeps_its_digits_near_certainty():
    n = 10**12
    estimate = mo.estimate(mo.Tally.from_counts([n, 1]))
    exact = n * math.log1p(-1 / (n + 1)) + math.log(1 / (n + 1))
    assert estimate.log_likelihood == pytest.approx(exact, rel=1e-15)


def test_many_groups_are_estimated_in_one_call():
    rows = np.random.default_rng(2).multinomial(60, [1 / 6] * 6, size=1000)
    together = mo.estimate(mo.Tally.from_counts(rows))
    alone = mo.estimate(mo.Tally.from_counts(rows[123]))
    assert together.probabilities[123].tolist() == alone.probabilities.tolist()
    assert together.log_likelihood[123] == pytest.approx(alone.log_likelihood, rel=1e-15)
    assert together.intervals.lower[123].tolist() == pytest.approx(alone.intervals.lower.tolist(), rel=1e-13)
    found = together.to_dict()["groups"][123]
    expected = alone.to_dict()
    assert found["probabilities_exact"] == expected["probabilities_exact"]
    assert found["cross_entropy"]["bits"] == pytest.approx(expected["cross_entropy"]["bits"])


def test_ties_for_the_highest_are_all_named():
    assert mo.estimate(DIE).highest == ("2", "6")
