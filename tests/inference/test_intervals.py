"""Intervals keep what they claim: coverage enumerated, limits where they may be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mottomo as mo
from tests.strategies import counts_of


def all_tallies(n: int, n_categories: int) -> np.ndarray:
    bars = itertools.combinations(range(n + n_categories - 1), n_categories - 1)
    edges = np.array([(-1, *bar, n + n_categories - 1) for bar in bars])
    return np.diff(edges, axis=1) - 1


def exact_coverage(method, truth: list[float], n: int, *, simultaneous: bool = True) -> float:
    """The probability that the intervals hold, summed over every possible tally."""
    tallies = all_tallies(n, len(truth))
    found = method(mo.Tally.from_counts(tallies))
    y = np.array(truth)
    holds = (found.lower <= y) & (y <= found.upper)
    weights = np.exp(mo.log_multinomial_coefficient(tallies) + mo.log_likelihood(tallies, truth))
    assert weights.sum() == pytest.approx(1.0, abs=1e-9)
    return float(weights @ holds.all(axis=1)) if simultaneous else float((weights @ holds).min())


TRUTHS = [
    [1 / 3] * 3,
    [0.9, 0.05, 0.05],
    [0.5, 0.5 - 1e-3, 1e-3],
    [0.96, 0.02, 0.02],
    [0.7, 0.3, 0.0],
]


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("n", [1, 2, 5, 12, 20])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_default_covers_all_categories_at_once_at_its_level_or_more(truth, n, level):
    assert exact_coverage(mo.ClopperPearson(level), truth, n) >= level


@pytest.mark.parametrize("n", [6, 12])
def test_the_default_keeps_its_level_for_the_loaded_die(n):
    assert exact_coverage(mo.ClopperPearson(), [0.1, 0.25, 0.1, 0.2, 0.1, 0.25], n) >= 0.95


@pytest.mark.parametrize("truth", TRUTHS)
def test_per_category_intervals_cover_each_category_but_not_all_at_once(truth):
    method = mo.ClopperPearson(0.95, simultaneous=False)
    assert exact_coverage(method, truth, 20, simultaneous=False) >= 0.95


@pytest.mark.parametrize(
    ("truth", "expected"),
    [([1 / 6] * 6, 0.933), ([0.1, 0.25, 0.1, 0.2, 0.1, 0.25], 0.949), ([0.9, *[0.02] * 5], 0.960)],
)
def test_goodman_covers_as_often_as_the_table_in_the_docs_says(truth, expected):
    assert exact_coverage(mo.Goodman(0.95), truth, 20) == pytest.approx(expected, abs=6e-4)


def test_goodman_agrees_with_its_published_formula():
    found = mo.Goodman(0.95)(mo.Tally.from_counts([2, 5, 2, 4, 2, 5]))
    assert (found.lower[0], found.upper[0]) == pytest.approx((0.01915, 0.38739), abs=5e-6)
    assert not found.guaranteed


@settings(max_examples=30)
@given(counts=counts_of(5, largest=10**17, smallest_total=0), level=st.sampled_from([0.01, 0.5, 0.95, 1 - 1e-9]))
def test_intervals_contain_the_estimate_stay_inside_and_have_a_width(counts, level):
    tally = mo.Tally.from_counts(counts)
    shares = mo.estimate(tally).probabilities
    for method in (mo.ClopperPearson(level), mo.ClopperPearson(level, simultaneous=False), mo.Goodman(level)):
        found = method(tally)
        assert (found.lower >= 0).all()
        assert (found.upper <= 1).all()
        assert (found.lower < found.upper).all()
        if sum(counts):
            assert (found.lower <= shares).all()
            assert (shares <= found.upper).all()
            seen = np.array(counts) > 0
            assert (found.lower[seen] > 0).all()
            others = np.array(counts) < sum(counts)
            assert (found.upper[others] < 1).all() or sum(counts) > 10**15


@settings(max_examples=30)
@given(counts=counts_of(3, largest=50), level=st.floats(0.6, 0.98))
def test_a_higher_level_gives_wider_intervals(counts, level):
    tally = mo.Tally.from_counts(counts)
    for kind in (mo.ClopperPearson, mo.Goodman):
        narrow, wide = kind(level)(tally), kind(level + 0.01)(tally)
        assert (wide.lower <= narrow.lower).all()
        assert (narrow.upper <= wide.upper).all()


def test_the_only_declared_category_is_certain_and_a_discovered_one_is_not():
    declared = mo.ClopperPearson()(mo.Tally.from_counts([7]))
    assert (declared.lower.tolist(), declared.upper.tolist()) == ([1.0], [1.0])
    discovered = mo.ClopperPearson()(mo.tally(["a"] * 7))
    assert discovered.upper.tolist() == [1.0]
    assert discovered.lower[0] == pytest.approx(0.025 ** (1 / 7), rel=1e-12)


@pytest.mark.parametrize("level", [0, 1, -1, 1.5, 95, math.nan, "0.95"])
@pytest.mark.parametrize("kind", [mo.ClopperPearson, mo.Goodman])
def test_a_level_outside_its_range_is_refused(kind, level):
    with pytest.raises(mo.InvalidInput, match="not between 0 and 1"):
        kind(level)


def test_the_level_holds_by_simulation():
    repetitions, n, truth = 4000, 20, [0.1, 0.25, 0.1, 0.2, 0.1, 0.25]
    tallies = np.random.default_rng(20_240_611).multinomial(n, truth, size=repetitions)
    found = mo.ClopperPearson(0.95)(mo.Tally.from_counts(tallies))
    covered = int(((found.lower <= truth) & (np.array(truth) <= found.upper)).all(axis=1).sum())
    # Were the coverage exactly 0.95, fewer than 3731 of 4000 would happen less than once in a million.
    assert covered >= 3731


@pytest.mark.parametrize("method", [mo.ClopperPearson, mo.Wilson, mo.Goodman, mo.ProfileLikelihood, mo.SisonGlaz])
def test_a_level_may_be_a_number_of_numpy(method):
    die = mo.Tally.from_counts([2, 5, 2])
    for level in (np.float64(0.9), np.longdouble("0.9"), np.float32(0.9)):
        found = mo.estimate(die, intervals=method(level)).intervals
        assert found.lower.tolist() == mo.estimate(die, intervals=method(float(level))).intervals.lower.tolist()
    for level in (True, "0.9", 1, 0, 95, np.nan, 10**5, None):
        with pytest.raises(mo.InvalidInput, match="level is not between 0 and 1"):
            method(level)
