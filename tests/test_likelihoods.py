"""The numbers of the article's die to full precision, and the rules for zeros, shapes and cancellation."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
import pytest

import mottomo as mo

COUNTS = [2, 5, 2, 4, 2, 5]
SHARES = [Fraction(count, 20) for count in COUNTS]
FAIR = [Fraction(1, 6)] * 6
ULP = 2.0**-52


def within_ulps(got: float, exact: str, ulps: int = 4) -> bool:
    with mpmath.workdps(40):
        return abs(mpmath.mpf(float(got)) / mpmath.mpf(exact) - 1) <= ulps * ULP


def test_the_likelihood_of_the_article_is_an_exact_fraction():
    assert mo.likelihood(COUNTS, SHARES) == Fraction(1, 655360000000000) == Fraction(1, 2**26 * 5**10)
    assert mo.likelihood(COUNTS, FAIR) == Fraction(1, 6**20)
    assert mo.likelihood(COUNTS, SHARES) / mo.likelihood(COUNTS, FAIR) == Fraction(3486784401, 625000000)


def test_the_three_product_forms_agree():
    throw_by_throw = math.prod(SHARES[face] for face, count in enumerate(COUNTS) for _ in range(count))
    powers = math.prod(y**t for y, t in zip(SHARES, COUNTS, strict=True))
    assert throw_by_throw == powers == mo.likelihood(COUNTS, SHARES)
    assert mo.likelihood(COUNTS, [float(y) for y in SHARES]) == pytest.approx(float(powers), rel=1e-14)


@pytest.mark.parametrize(
    ("got", "exact"),
    [
        (mo.log_likelihood(COUNTS, SHARES), "-34.11620581889958179"),
        (mo.log_likelihood(COUNTS, [float(y) for y in SHARES]), "-34.11620581889958179"),
        (mo.log_likelihood(COUNTS, FAIR), "-35.83518938456110002"),
        (mo.log_likelihood(COUNTS, [1 / 6] * 6), "-35.83518938456110002"),
        (mo.log_likelihood(COUNTS, [0.1, 0.3, 0.1, 0.2, 0.1, 0.2]), "-34.320315791500848"),
        (mo.entropy(SHARES), "1.7058102909449791"),
        (mo.bits(mo.entropy(SHARES)), "2.4609640474436812"),
        (mo.perplexity(mo.entropy(SHARES)), "5.5058451967166641"),
        (mo.cross_entropy(SHARES, FAIR), "1.7917594692280550"),
        (mo.bits(mo.cross_entropy(SHARES, FAIR)), "2.5849625007211562"),
        (mo.kl_divergence(SHARES, FAIR), "0.0859491782830759"),
        (mo.bits(mo.kl_divergence(SHARES, FAIR)), "0.1239984532774750"),
        (mo.deviance(COUNTS, FAIR), "3.4379671313230364"),
        (mo.deviance(COUNTS, [1 / 6] * 6), "3.4379671313230364"),
        (mo.log_multinomial_coefficient(COUNTS), "27.503137603161610"),
    ],
)
def test_the_numbers_of_the_article_hold_to_full_precision(got, exact):
    assert within_ulps(got, exact, ulps=16)


def test_the_probability_of_the_table_needs_the_coefficient():
    coefficient = mo.log_multinomial_coefficient(COUNTS)
    assert math.exp(coefficient + mo.log_likelihood(COUNTS, SHARES)) == pytest.approx(0.00134271, rel=1e-5)
    assert math.exp(coefficient + mo.log_likelihood(COUNTS, FAIR)) == pytest.approx(0.00024068, rel=1e-4)


def test_at_the_estimate_every_slope_is_the_number_of_throws():
    assert mo.log_likelihood_gradient(COUNTS, [float(y) for y in SHARES]).tolist() == [20.0] * 6
    assert mo.log_likelihood_gradient([0, 3], [0.0, 1.0]).tolist() == [0.0, 3.0]
    assert mo.log_likelihood_gradient([1, 3], [0.0, 1.0]).tolist() == [math.inf, 3.0]


def test_second_derivatives_and_their_restriction_to_the_simplex():
    shares = [float(y) for y in SHARES]
    assert mo.hessian(COUNTS, shares).diagonal().round(9).tolist() == [-200, -80, -200, -100, -200, -80]
    root = 5 * math.sqrt(241)
    expected = sorted([-200, -200, (-355 - root) / 3, (-355 + root) / 3, -80])
    assert np.linalg.eigvalsh(mo.tangent_hessian(COUNTS, shares)) == pytest.approx(expected, rel=1e-13)


def test_the_inverse_information_on_the_simplex_is_the_covariance_of_the_estimate():
    y = np.array([float(share) for share in SHARES])
    centre = np.eye(6) - 1 / 6
    covariance = np.linalg.pinv(centre @ mo.fisher_information(y, 20) @ centre)
    assert covariance == pytest.approx((np.diag(y) - np.outer(y, y)) / 20, abs=1e-15)
    assert mo.fisher_information([0.0, 1.0])[0, 0] == math.inf


def test_the_gradient_and_the_hessian_agree_with_differences():
    rng = np.random.default_rng(7)
    y = rng.dirichlet(np.ones(6))
    direction = rng.normal(size=6)
    direction -= direction.mean()
    step = 1e-6
    ahead, behind = y + step * direction, y - step * direction
    slope = (mo.log_likelihood(COUNTS, ahead) - mo.log_likelihood(COUNTS, behind)) / (2 * step)
    assert slope == pytest.approx(mo.log_likelihood_gradient(COUNTS, y) @ direction, rel=1e-6)
    change = (mo.log_likelihood_gradient(COUNTS, ahead) - mo.log_likelihood_gradient(COUNTS, behind)) / (2 * step)
    assert change == pytest.approx(mo.hessian(COUNTS, y) @ direction, rel=1e-4)


@pytest.mark.parametrize(
    ("counts", "probabilities", "expected"),
    [
        ([0, 3], [0.0, 1.0], 0.0),
        ([1, 3], [0.0, 1.0], -math.inf),
        ([0, 0], [0.5, 0.5], 0.0),
        ([7], [1.0], 0.0),
        ([1, 0], [0.25, 0.75], math.log(0.25)),
    ],
)
def test_zeros_follow_the_rules(counts, probabilities, expected):
    assert mo.log_likelihood(counts, probabilities) == expected
    assert str(mo.log_likelihood(counts, probabilities)) != "-0.0"
    assert math.exp(expected) == pytest.approx(float(mo.likelihood(counts, probabilities)))


def test_an_impossible_outcome_is_named():
    assert mo.impossible_categories([1, 2, 3], [0.0, 0.5, 0.5]) == (0,)
    assert mo.impossible_categories([0, 2, 3], [0.0, 0.5, 0.5]) == ()
    assert mo.deviance([1, 2], [0, 1]) == math.inf
    assert mo.cross_entropy([0.5, 0.5], [0.0, 1.0]) == math.inf
    assert mo.kl_divergence([0.5, 0.5], [0.0, 1.0]) == math.inf


def test_entropy_of_certainty_is_zero_and_kl_of_equals_is_zero():
    assert mo.entropy([1.0, 0.0]) == 0.0
    assert mo.kl_divergence([0.3, 0.7], [0.3, 0.7]) == 0.0


def test_dog_fox_wolf():
    assert mo.cross_entropy([1, 0, 0], [0.8, 0.1, 0.1]) == pytest.approx(0.2231435513142097, rel=1e-15)


@pytest.mark.parametrize(
    ("counts", "null"),
    [
        ([10**6 + 1, 10**6 - 1], [Fraction(1, 2)] * 2),
        ([10**12 + 1, 10**12 - 1], [Fraction(1, 2)] * 2),
        ([10**15 + 10**7, 10**15 - 10**7, 10**15], [Fraction(1, 3)] * 3),
        ([5 * 10**8 + 3, 25 * 10**7 - 1, 25 * 10**7 - 2], [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]),
        ([10**30 + 10**12, 10**30 - 10**12], [Fraction(1, 2)] * 2),
        ([3, 10**9], [Fraction(1, 10**9), 1 - Fraction(1, 10**9)]),
    ],
)
def test_the_deviance_keeps_its_digits_where_the_textbook_formula_loses_them(counts, null):
    n = sum(counts)
    with mpmath.workdps(80):
        terms = [
            t * mpmath.log(mpmath.mpf(t) * y.denominator / (n * y.numerator)) for t, y in zip(counts, null, strict=True)
        ]
        exact = 2 * mpmath.fsum(terms)
        got = mpmath.mpf(float(mo.deviance(counts, null)))
        assert abs(got / exact - 1) < 1e-15
        if all(y.denominator & (y.denominator - 1) == 0 for y in null):  # a float null that is exact
            from_floats = mpmath.mpf(float(mo.deviance(counts, [float(y) for y in null])))
            assert abs(from_floats / exact - 1) < 1e-15


def test_a_hundred_thousand_tallies_are_one_call():
    counts = np.random.default_rng(1).multinomial(60, [1 / 6] * 6, size=100_000)
    together = mo.log_likelihood(counts, [1 / 6] * 6)
    assert together.shape == (100_000,)
    assert mo.deviance(counts, [1 / 6] * 6).shape == (100_000,)
    for row in (0, 77, 99_999):
        assert together[row] == pytest.approx(mo.log_likelihood(counts[row], [1 / 6] * 6), rel=1e-15)


def test_leading_axes_broadcast():
    counts = np.arange(12).reshape(2, 2, 3)
    probabilities = np.array([[0.2, 0.3, 0.5], [1 / 3] * 3])
    assert mo.log_likelihood(counts, probabilities).shape == (2, 2)
    assert mo.hessian(counts, probabilities).shape == (2, 2, 3, 3)


def test_probabilities_are_matched_to_categories_by_name():
    tally = mo.Tally.from_counts({"lo": 1, "mid": 2, "hi": 3})
    named = mo.log_likelihood(tally, {"hi": 0.5, "lo": 0.25, "mid": 0.25})
    assert named == mo.log_likelihood([1, 2, 3], [0.25, 0.25, 0.5])
    with pytest.raises(mo.InvalidInput, match="missing: mid; unknown: mod"):
        mo.log_likelihood(tally, {"hi": 0.5, "lo": 0.25, "mod": 0.25})
    with pytest.raises(mo.InvalidInput, match="the counts have none"):
        mo.log_likelihood([1, 2], {"a": 0.5, "b": 0.5})


def test_different_lengths_and_shapes_are_refused():
    with pytest.raises(mo.InvalidInput, match="not over the same categories"):
        mo.log_likelihood([1, 2], [0.5, 0.25, 0.25])
    with pytest.raises(mo.InvalidInput, match="do not go together"):
        mo.log_likelihood(np.ones((3, 2), dtype=int), np.full((4, 2), 0.5))
    with pytest.raises(mo.InvalidInput, match="not over the same categories"):
        mo.kl_divergence([0.5, 0.5], [1.0])


def test_softmax_keeps_far_logits_apart_and_refuses_what_has_none():
    assert mo.softmax([1000.0, 0.0, -np.inf]).tolist() == [1.0, 0.0, 0.0]
    for bad in ([np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf], []):
        with pytest.raises(mo.InvalidInput, match="no softmax"):
            mo.softmax(bad)


def test_positions_mean_nothing_for_discovered_categories():
    tally = mo.tally(["wolf"] * 3 + ["dog"])
    with pytest.raises(mo.InvalidInput, match="does not say which is whose"):
        mo.log_likelihood(tally, [0.75, 0.25])
    assert mo.log_likelihood(tally, {"wolf": 0.75, "dog": 0.25}) == mo.log_likelihood([3, 1], [0.75, 0.25])


def test_fractions_beyond_any_float_keep_their_logarithm():
    tiny = Fraction(1, 10**400)
    assert mo.log_likelihood([1, 1], [tiny, 1 - tiny]) == pytest.approx(-400 * math.log(10), rel=1e-15)
    assert mo.deviance([1, 1], [tiny, 1 - tiny]) == pytest.approx(2 * (400 * math.log(10) - 2 * math.log(2)), rel=1e-14)
    assert mo.impossible_categories([1, 1], [tiny, 1 - tiny]) == ()
    with pytest.raises(mo.InvalidInput, match="too small for a float"):
        mo.log_likelihood([1, 1], [[tiny, 1 - tiny]])


def test_probabilities_may_be_text_and_are_then_exact():
    assert mo.likelihood([1, 1], ["1/3", "2/3"]) == Fraction(2, 9)


@pytest.mark.parametrize(
    "counts", [[10**20, 10], [10**18, 1], [10**15, 1], [10**9, 1], [3, 0, 4], [0, 0], [7], [1, 1, 1]]
)
def test_the_logarithm_of_the_coefficient_keeps_its_digits(counts):
    with mpmath.workdps(80):
        exact = mpmath.loggamma(sum(counts) + 1) - mpmath.fsum(mpmath.loggamma(t + 1) for t in counts)
        got = mpmath.mpf(float(mo.log_multinomial_coefficient(counts)))
        assert abs(got - exact) <= 1e-14 * max(1, abs(exact))


def test_probabilities_of_negative_zero_are_zero():
    assert mo.log_likelihood_gradient([1, 3], [-0.0, 1.0])[0] == math.inf
    assert mo.fisher_information([-0.0, 1.0])[0, 0] == math.inf


def test_a_likelihood_of_astronomic_counts_is_a_float():
    assert mo.likelihood([10**30, 0], [Fraction(1, 2)] * 2) == 0.0
    with pytest.raises(mo.InvalidInput, match="negative"):
        mo.fisher_information([0.5, 0.5], n_observations=-3)


@pytest.mark.parametrize("y", [1e-320, 1e-310, 1e-300, 1e-200, 1e-90])
@pytest.mark.parametrize("t", [0, 1, 7, 10**18])
def test_the_deviance_of_what_is_nearly_impossible_is_finite_and_right(y, t):
    found = mo.deviance([t, 2], [y, 1.0])
    with mpmath.workdps(400):
        n = t + 2
        expected = 2 * (
            (t * mpmath.log(mpmath.mpf(t) / (n * mpmath.mpf(y))) if t else 0) + 2 * mpmath.log(mpmath.mpf(2) / n)
        )
    assert found == pytest.approx(float(expected), rel=1e-13, abs=1e-15)
    rows = mo.deviance([[t, 2], [3, 4]], [[y, 1.0], [0.5, 0.5]])
    assert rows.tolist() == [found, mo.deviance([3, 4], [0.5, 0.5])]


@pytest.mark.parametrize(
    "function", [mo.likelihood, mo.log_likelihood, mo.deviance, mo.log_likelihood_gradient], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("given", ["fair", "1:1:1", "1/3,1/3,1/3", "b=1/3,a=1/3,c=1/3", "null"])
def test_probabilities_are_taken_in_every_form_that_tests_take(function, given):
    tally = mo.Tally.from_counts({"a": 3, "b": 1, "c": 2})
    probabilities = mo.goodness_of_fit(tally).null if given == "null" else given
    np.testing.assert_array_equal(function(tally, probabilities), function(tally, [Fraction(1, 3)] * 3))


def test_names_are_needed_where_categories_were_discovered():
    tally = mo.tally(["b", "a", "b"])
    assert mo.deviance(tally, "b=0.25,a=0.75") == mo.deviance(tally, {"a": 0.75, "b": 0.25})
    for given in ("0.5,0.5", "1:1", "fair"):
        with pytest.raises(mo.InvalidInput):
            mo.deviance(tally, given)
    null = mo.goodness_of_fit(tally, "b=0.25,a=0.75").null
    assert mo.deviance(tally, null) == mo.deviance(tally, {"a": 0.75, "b": 0.25})
    assert mo.kl_divergence(null, null) == 0
    assert mo.entropy(null) == mo.entropy([0.75, 0.25])


def test_distributions_are_read_in_every_form_that_tests_take():
    even = [Fraction(1, 2), Fraction(1, 2)]
    forms = ("1/2,1/2", "1:1", {"a": 0.5, "b": "1/2"}, "a=1/2,b=50%", pd.Series([0.5, 0.5], index=["a", "b"]))
    for form in (*forms, mo.test([1, 2], "1,1", normalise=True).null):
        assert mo.entropy(form) == mo.entropy(even)
        assert np.array_equal(mo.fisher_information(form), mo.fisher_information(even))
        assert mo.kl_divergence([0.25, 0.75], form) == mo.kl_divergence([0.25, 0.75], even)
        assert mo.cross_entropy(form, [0.25, 0.75]) == mo.cross_entropy(even, [0.25, 0.75])
    assert mo.kl_divergence([0.25, 0.75], "fair") == mo.kl_divergence([0.25, 0.75], even)
    assert mo.kl_divergence("fair", {"a": 0.25, "b": 0.75}) == mo.kl_divergence(even, [0.25, 0.75])
    assert mo.kl_divergence({"a": 0.2, "b": 0.8}, {"b": 0.8, "a": 0.2}) == 0  # by name
    for call in (lambda: mo.entropy("fair"), lambda: mo.cross_entropy("fair", "fair")):
        with pytest.raises(mo.InvalidInput, match="until the categories are declared"):
            call()
    with pytest.raises(mo.InvalidInput):
        mo.kl_divergence({"a": 0.2, "b": 0.8}, {"a": 0.2, "c": 0.8})
