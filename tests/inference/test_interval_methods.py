"""What every method for intervals promises, and what each really covers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import mottomo as mo
from mottomo.errors import InvalidInput
from mottomo.inference.sison_glaz import box_probability
from tests.oracles import multinomial

METHODS = [mo.ClopperPearson, mo.Goodman, mo.Wilson, mo.ProfileLikelihood, mo.SisonGlaz]
TRUTHS = {
    "fair": "fair",
    "loaded": "0.1,0.25,0.1,0.2,0.1,0.25",
    "rare": "0.9,0.02,0.02,0.02,0.02,0.02",
    "geometric": "0.5,0.3,0.1,0.05,0.03,0.02",
}


@pytest.mark.parametrize("method", METHODS)
@given(counts=st.lists(st.integers(0, 10**6), min_size=2, max_size=7))
@settings(max_examples=40, deadline=None)
def test_intervals_have_width_and_hold_the_estimate(method, counts):
    found = method()(mo.Tally.from_counts(counts))
    n = sum(counts)
    assert (found.lower >= 0).all()
    assert (found.upper <= 1).all()
    assert (found.lower < found.upper).all()
    if n:
        share = np.array(counts) / n
        assert (found.lower <= share).all()
        assert (share <= found.upper).all()


@pytest.mark.parametrize("method", [mo.ClopperPearson, mo.Goodman, mo.Wilson, mo.ProfileLikelihood])
def test_closed_forms_take_any_n(method):
    for counts in ([10**15, 0, 5], [10**15, 10**15, 1], [0, 10**15, 10**15 - 1]):
        found = method()(mo.Tally.from_counts(counts))
        assert (found.lower < found.upper).all()
        assert (found.lower <= np.array(counts) / sum(counts)).all()


def test_wilson_is_scipys():
    for t, n in [(0, 20), (2, 20), (20, 20), (17, 400)]:
        expected = stats.binomtest(t, n).proportion_ci(0.9, method="wilson")
        found = mo.Wilson(level=0.9)(mo.Tally.from_counts([t, n - t]))
        assert found.lower[0] == pytest.approx(expected.low, rel=1e-12, abs=1e-15)
        assert found.upper[0] == pytest.approx(expected.high, rel=1e-12)


@pytest.mark.parametrize(("t", "n"), [(0, 20), (2, 20), (10, 20), (20, 20), (3, 10**6), (499_000, 10**6)])
def test_profile_limits_are_where_the_deviance_reaches_its_quantile(t, n):
    found = mo.ProfileLikelihood(level=0.95)(mo.Tally.from_counts([t, n - t]))
    quantile = stats.chi2.ppf(0.95, 1)
    for limit in (found.lower[0], found.upper[0]):
        if 0 < limit < 1:
            assert float(mo.deviance([t, n - t], [limit, 1 - limit])) == pytest.approx(quantile, rel=1e-7)
    if t == 0:
        assert found.upper[0] == pytest.approx(1 - np.exp(-quantile / (2 * n)), rel=1e-12)


@pytest.mark.parametrize("counts", [(2, 5, 2), (0, 3, 4), (6, 1, 1), (4, 4)])
@pytest.mark.parametrize("c", [0, 1, 2, 3])
def test_box_probabilities_are_sums_over_the_box(counts, c):
    n = sum(counts)
    ranges = [range(max(t - c, 0), t + c + 1) for t in counts]
    from fractions import Fraction

    shares = [Fraction(t, n) for t in counts]
    expected = sum(
        multinomial.probability(x, shares)
        for x in itertools.product(*ranges)
        if sum(x) == n and all(v == 0 for v, share in zip(x, shares, strict=True) if share == 0)
    )
    assert box_probability(counts, c) == pytest.approx(float(expected), rel=1e-11)


def test_sison_glaz_of_two_equal_large_counts_has_width():
    # Moments expanded in other software give [0.5, 0.5] here.
    found = mo.SisonGlaz()(mo.Tally.from_counts([100_000, 100_000]))
    half = (found.upper[0] - found.lower[0]) / 2
    assert half == pytest.approx(1.96 * np.sqrt(0.25 / 200_000), rel=0.02)


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("n", [1, 3, 7, 12])
def test_guaranteed_intervals_keep_their_level(truth, n):
    found = mo.coverage(mo.ClopperPearson(), TRUTHS[truth], n, categories=range(1, 7))
    assert found.simultaneous >= 0.95
    each = mo.coverage(mo.ClopperPearson(simultaneous=False), TRUTHS[truth], n, categories=range(1, 7))
    assert min(each.per_category) >= 0.95


@pytest.mark.slow
def test_guaranteed_intervals_keep_their_level_over_a_grid():
    for weights in itertools.combinations_with_replacement(range(1, 12), 2):
        truth = [w / (sum(weights) + 3) for w in weights] + [3 / (sum(weights) + 3)]
        for n in (2, 9, 25):
            for level in (0.8, 0.95):
                assert mo.coverage(mo.ClopperPearson(level), truth, n).simultaneous >= level


# Enumerated with R's DescTools and by hand for K = 6, n = 20; the approximate ones fall short of 95 %.
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (mo.ClopperPearson, [0.983, 0.977, 0.995, 0.988]),
        (mo.Goodman, [0.933, 0.948, 0.960, 0.931]),
        (mo.Wilson, [0.690, 0.733, 0.728, 0.765]),
    ],
)
def test_coverage_is_that_of_other_software(method, expected):
    found = [mo.coverage(method(), truth, 20, categories=range(1, 7)).simultaneous for truth in TRUTHS.values()]
    np.testing.assert_allclose(found, expected, atol=6e-4)


def test_coverage_is_a_sum_over_all_outcomes():
    truth, n = [0.5, 0.3, 0.2], 6
    expected = 0.0
    for outcome in multinomial.compositions(n, 3):
        found = mo.Goodman()(mo.Tally.from_counts(list(outcome)))
        if ((found.lower <= truth) & (truth <= found.upper)).all():
            expected += stats.multinomial.pmf(outcome, n, truth)
    assert mo.coverage(mo.Goodman(), truth, n).simultaneous == pytest.approx(expected, rel=1e-12)


def test_too_many_outcomes_are_refused():
    with pytest.raises(InvalidInput) as error:
        mo.coverage(mo.Goodman(), "fair", 1000, categories=range(1, 7))
    assert error.value.code == "too-many-outcomes"
    with pytest.raises(InvalidInput) as error:
        mo.SisonGlaz()(mo.Tally.from_counts([10**14, 10**14]))
    assert error.value.code == "box-too-large"


def test_the_joint_region_covers_the_truth_often_enough():
    from fractions import Fraction

    truth, n = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], 9
    for ordering in ("likelihood-ratio", "pearson", "probability"):
        region = mo.JointRegion(level=0.9, ordering=ordering)
        covered = sum(
            multinomial.probability(outcome, truth)
            for outcome in multinomial.compositions(n, 3)
            if region.contains(mo.Tally.from_counts(list(outcome)), truth)
        )
        assert covered >= Fraction(9, 10)


def test_the_joint_regions_shadow_is_wider_than_bonferronis_interval():
    from fractions import Fraction

    tally = mo.Tally.from_counts([2, 5, 2, 4, 2, 5])
    upper = mo.ClopperPearson()(tally).upper[0]
    share = Fraction(44, 100)
    claim = [share, *((1 - share) * Fraction(t, 18) for t in (5, 2, 4, 2, 5))]
    assert upper < 0.395
    assert mo.JointRegion().contains(tally, claim)


def test_the_joint_region_excludes_what_forbids_an_outcome():
    assert not mo.JointRegion().contains(mo.Tally.from_counts([1, 1]), [1.0, 0.0])


def test_the_profile_root_agrees_with_a_root_finder():
    t, n, quantile = 7, 50, stats.chi2.ppf(0.99, 1)
    root = optimize.brentq(lambda x: float(mo.deviance([t, n - t], [x, 1 - x])) - quantile, 1e-9, t / n)
    assert mo.ProfileLikelihood(level=0.99)(mo.Tally.from_counts([t, n - t])).lower[0] == pytest.approx(root, rel=1e-9)
