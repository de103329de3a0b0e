"""Estimates from outcomes seen only in part, against closed forms, rational certificates, plain EM and enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

import mottomo as mo

ARTICLE = {"1": 2, "2": 5, "3": 2, "4": 4, "5": 2, "6": 5}


@st.composite
def partly_seen(draw):
    """Counts of up to five categories, and up to four labels, each of a set of them."""
    size = draw(st.integers(2, 5))
    names = [str(index + 1) for index in range(size)]
    counts = {name: draw(st.sampled_from([0, 0, 1, 3, 7, 40])) for name in names}
    means = {}
    for label in "abcd"[: draw(st.integers(1, 4))]:
        means[label] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=size, unique=True))
        counts[label] = draw(st.sampled_from([0, 1, 2, 5, 30]))
    return counts, means


def gradient(counts, means, y):
    """d log L / dy in rationals; None where something seen has probability 0."""
    found = {name: Fraction(0) for name in y}
    for label, count in counts.items():
        members = means.get(label, [label])
        total = sum(y[name] for name in members)
        if count and total == 0:
            return None
        for name in members:
            found[name] += Fraction(count) / total if count else 0
    return found


def by_em(counts, means, names, start, steps=4000):
    """Plain EM: each partly seen outcome is divided over its set in proportion to y."""
    y = np.array(start) / np.sum(start)
    n = sum(counts.values())
    sets = [(np.isin(names, members), counts[label]) for label, members in means.items() if counts[label]]
    alone = np.array([counts[name] for name in names], dtype=float)
    for _ in range(steps):
        expected = alone.copy()
        for inside, count in sets:
            expected += count * np.where(inside, y, 0) / y[inside].sum()
        y = expected / n
    return y


def test_the_closed_form_of_ten_throws_known_only_as_even():
    found = mo.estimate_partly_seen(mo.Tally.from_counts({**ARTICLE, "even": 10}), {"even": "2,4,6"})
    expected = [Fraction(1, 15), Fraction(2, 7), Fraction(1, 15), Fraction(8, 35), Fraction(1, 15), Fraction(2, 7)]
    assert found.probabilities.tolist() == pytest.approx([float(y) for y in expected], rel=1e-15)
    assert found.labels[0].probability == pytest.approx(0.8, rel=1e-15)
    assert found.check.maximum == "strict"
    assert found.converged
    assert found.identified.all()


@settings(max_examples=50)
@given(partly_seen())
def test_the_optimality_conditions_hold_in_rational_arithmetic(case):
    counts, means = case
    n = sum(counts.values())
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
    if n == 0:
        assert np.isnan(found.probabilities).all()
        assert found.verdict == "no-observations"
        return
    y = {name: Fraction(p) for name, p in zip(found.categories, found.probabilities.tolist(), strict=True)}
    assert abs(float(sum(y.values())) - 1) < 1e-14
    assert all(p >= 0 for p in y.values())
    # log L is concave, so this bounds how far below its maximum it is.
    assert float(max(gradient(counts, means, y).values()) - n) <= 1e-12 * n
    assert found.converged


@pytest.mark.slow
@given(partly_seen(), st.integers(0, 2**32))
def test_em_from_anywhere_ends_within_the_limits_of_the_maxima(case, seed):
    counts, means = case
    if sum(counts.values()) == 0:
        return
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
    names = list(found.categories)
    start = np.random.default_rng(seed).random(len(names)) + 0.01
    y = by_em(counts, means, names, start)
    slack = 2e-3  # EM is slow at the edge of the simplex: after m steps about 1 / m is left
    assert (y >= found.lower - slack).all()
    assert (y <= found.upper + slack).all()
    assert (np.abs(y - found.probabilities)[found.identified] < slack).all()
    assert (found.lower <= found.probabilities).all()
    assert (found.probabilities <= found.upper).all()


def test_standard_errors_are_those_of_the_inverse_information_on_the_simplex():
    rng = np.random.default_rng(20_241_124)
    for _ in range(40):
        size = int(rng.integers(2, 6))
        names = [str(index + 1) for index in range(size)]
        means = {label: [name for name in names if rng.random() < 0.6] or names[:1] for label in "abc"}
        counts = {name: int(rng.integers(1, 30)) for name in [*names, *means]}
        found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
        information = np.zeros((size, size))
        for label, count in counts.items():
            inside = np.isin(names, means.get(label, [label])).astype(float)
            information += count * np.outer(inside, inside) / (inside @ found.probabilities) ** 2
        basis = np.linalg.svd(np.ones((1, size)))[2][1:].T
        covariance = basis @ np.linalg.inv(basis.T @ information @ basis) @ basis.T
        assert found.standard_errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-9)


def test_without_labels_seen_it_is_the_ordinary_estimate():
    tally = mo.Tally.from_counts({**ARTICLE, "even": 0})
    found, plain = mo.estimate_partly_seen(tally, {"even": "2,4,6"}), mo.estimate(mo.Tally.from_counts(ARTICLE))
    assert found.probabilities == pytest.approx(plain.probabilities, rel=1e-15)
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-12)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-15)
    assert found.intervals.lower.tolist() == plain.intervals.lower.tolist()
    assert found.intervals.upper.tolist() == plain.intervals.upper.tolist()


def test_outcomes_of_which_nothing_was_seen_leave_the_estimate_as_it_is():
    without = mo.estimate_partly_seen(mo.Tally.from_counts({**ARTICLE, "even": 10}), {"even": "2,4,6"})
    tally = mo.Tally.from_counts({**ARTICLE, "even": 10, "?": 7})
    found = mo.estimate_partly_seen(tally, {"even": "2,4,6", "?": range(1, 7)})
    assert found.probabilities == pytest.approx(without.probabilities, rel=1e-14)
    assert found.standard_errors == pytest.approx(without.standard_errors, rel=1e-12)
    assert "label-tells-nothing" in found.remarks
    assert (found.intervals.upper > without.intervals.upper).all()  # they could have been anything


def test_what_is_not_determined_is_said_with_its_limits():
    tally = mo.Tally.from_counts({"1": 2, "2": 0, "3": 0, "b": 5})
    found = mo.estimate_partly_seen(tally, {"b": ["2", "3"]})
    assert found.identified.tolist() == [True, False, False]
    assert found.lower.tolist()[1:] == [0, 0]
    assert found.upper[1:] == pytest.approx([5 / 7, 5 / 7])
    assert np.isnan(found.standard_errors[1:]).all()
    assert found.check.maximum == "not-unique"
    assert found.verdict == "partly-seen-not-determined"
    assert "2, 3" in found.render(language="en")
    assert "決まりません" in found.render(language="ja").replace("\n", "")


def test_two_ways_of_grouping_leave_one_degree_of_freedom():
    counts = {"1": 0, "2": 0, "3": 0, "4": 0, "a": 10, "b": 3, "c": 4, "d": 7}
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), {"a": "1,2", "b": "3,4", "c": "1,3", "d": "2,4"})
    first, other = Fraction(10, 13), Fraction(4, 11)  # P(1 or 2), P(1 or 3): y_1 is free between the Fréchet bounds
    assert found.lower[0] == pytest.approx(float(first + other - 1), rel=1e-9)
    assert found.upper[0] == pytest.approx(float(min(first, other)), rel=1e-9)
    assert not found.identified.any()


def test_a_degenerate_zero_is_a_zero():
    found = mo.estimate_partly_seen(
        mo.Tally.from_counts({"1": 5, "2": 5, "3": 0, "a": 5, "b": 5}), {"a": "1,3", "b": "2,3"}
    )
    assert found.probabilities.tolist() == [0.5, 0.5, 0.0]
    assert found.check.maximum == "boundary"
    assert np.isnan(found.standard_errors[2])


def test_counts_of_any_size_keep_their_relative_precision():
    counts = {"1": 10**30, "2": 10**15, "3": 0, "a": 10**15}
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), {"a": "2,3"})
    assert found.probabilities[1] == pytest.approx(2e-15, rel=1e-12)
    assert found.probabilities[2] == 0
    assert found.to_dict()["n_observations"] == 10**30 + 2 * 10**15


def test_many_categories_and_few_labels_are_quick():
    counts = {str(index): 1 + index % 7 for index in range(20_000)} | {"low": 500, "high": 300}
    means = {"low": range(10_000), "high": range(5_000, 20_000)}
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
    assert found.converged
    assert found.identified.all()


@pytest.mark.parametrize("hidden", [{"1"}, {"2"}, {"1", "2"}])
@pytest.mark.parametrize("truth", [0.1, 0.5, 0.8])
def test_the_intervals_cover_whatever_decides_which_outcomes_are_hidden(hidden, truth):
    n, level, covered = 12, 0.9, 0.0
    for ones in range(n + 1):
        counts = {"1": 0 if "1" in hidden else ones, "2": 0 if "2" in hidden else n - ones}
        counts["?"] = n - sum(counts.values())
        found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), {"?": "1,2"}, level=level).intervals
        if (found.lower <= [truth, 1 - truth]).all() and (found.upper >= [truth, 1 - truth]).all():
            covered += binom.pmf(ones, n, truth)
    assert covered >= level


def test_every_assignment_of_partly_seen_outcomes_is_inside_the_limits():
    found = mo.estimate_partly_seen(mo.Tally.from_counts({"1": 2, "2": 1, "3": 1, "a": 2}), {"a": "1,2"}).intervals
    for hidden in product("12", repeat=2):
        counts = [2 + hidden.count("1"), 1 + hidden.count("2"), 1]
        plain = mo.estimate(mo.Tally.from_counts(counts)).intervals
        assert (found.lower <= plain.lower).all()
        assert (found.upper >= plain.upper).all()


def test_discovered_categories_are_those_seen_and_those_that_labels_name():
    found = mo.estimate_partly_seen(mo.tally(["1", "even", "even"]), {"even": "2,4,6", "odd": "1,3,5"})
    assert found.categories.names == ("1", "2", "3", "4", "5", "6")
    assert not found.categories.declared
    assert [label.count for label in found.labels] == [2, 0]


@pytest.mark.parametrize(
    ("means", "code"),
    [
        ({}, "means-type"),
        ("even=2", "means-type"),
        ({"evne": "2,4,6"}, "label-not-declared"),
        ({"even": "2,4,7"}, "unknown-category"),
        ({"even": "2,2"}, "duplicate-category"),
        ({"even": []}, "no-categories"),
        ({"even": "2,even"}, "label-means-label"),
        ({1.5: "2,4"}, "category-type"),
    ],
)
def test_labels_that_cannot_be_right_are_refused(means, code):
    with pytest.raises(mo.InvalidInput) as caught:
        mo.estimate_partly_seen(mo.Tally.from_counts({**ARTICLE, "even": 10}), means)
    assert caught.value.code == code


def test_groups_and_levels_outside_0_1_are_refused():
    with pytest.raises(mo.InvalidInput, match="groups"):
        mo.estimate_partly_seen(mo.Tally.from_counts([[1, 2], [3, 4]]), {"2": "1"})
    with pytest.raises(mo.InvalidInput):
        mo.estimate_partly_seen(mo.Tally.from_counts({**ARTICLE, "even": 10}), {"even": "2,4,6"}, level=1.0)


def test_labels_that_overlap_in_too_many_ways_are_refused():
    names = [str(index) for index in range(2100)]
    counts = dict.fromkeys(names, 1) | {f"up to {index}": 1 for index in range(2099)}
    means = {f"up to {index}": names[: index + 1] for index in range(2099)}
    with pytest.raises(mo.InvalidInput) as caught:
        mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
    assert caught.value.code == "too-many-patterns"


@pytest.mark.parametrize("size", [9 * 10**18, 10**19, 10**30])
def test_sums_of_counts_beyond_64_bits_do_not_wrap(size):
    counts = {"1": 5, "2": 3, "3": 1, "a": size, "b": size, "c": size}
    found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), {"a": "1,2", "b": "1,3", "c": "1"})
    assert found.intervals.upper[0] == 1
    assert (found.intervals.lower <= found.probabilities).all()
    assert (found.probabilities <= found.intervals.upper).all()


def test_a_likelihood_too_flat_for_float64_has_no_standard_errors():
    means = {"a": "2,3", "b": "3,4"}
    for label, flat in ((10**6, False), (10**14, True)):
        counts = {"1": 1, "2": 1, "3": 1, "4": 1, "a": label, "b": 1}
        found = mo.estimate_partly_seen(mo.Tally.from_counts(counts), means)
        assert found.too_flat == flat
        assert np.isnan(found.standard_errors).all() == flat
        assert ("too-flat" in found.remarks) == flat
    assert found.labels[0].probability == pytest.approx(1, rel=1e-13)


def test_a_label_that_never_occurs_in_discovered_data_is_named():
    found = mo.estimate_partly_seen(mo.tally(["1", "even", "3"]), {"evn": "2,4,6"})
    assert ("label-never-seen" in found.remarks, found.never_seen) == (True, ("evn",))
    assert "The label evn never occurs" in " ".join(found.render("text", "en").split())
    declared = mo.estimate_partly_seen(mo.Tally.from_counts({**ARTICLE, "even": 0}), {"even": "2,4,6"})
    assert "label-never-seen" not in declared.remarks
