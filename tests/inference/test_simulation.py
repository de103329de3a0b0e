"""Simulated throws: pinned, exact in their probabilities, right in their frequencies."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

import mottomo as mo
from mottomo.inference.simulation import Simulation, _thresholds, simulated_positions
from mottomo.probabilities import Probabilities

LOADED = [0.1, 0.25, 0.1, 0.2, 0.1, 0.25]


def test_the_same_seed_gives_these_throws_on_every_platform():
    assert (
        "".join(mo.simulate("fair", 40, seed=1, categories=range(1, 7))) == "4616235341542523132252366542164145461431"
    )
    assert "".join(mo.simulate(LOADED, 12, seed=20240611)) == "264622646424"
    assert "".join(mo.simulate("9/16,3/16,3/16,1/16", 12, seed=0)) == "211133221331"


def test_outcomes_are_drawn_by_the_stated_rule():
    die = Probabilities.of([Fraction(1, 3), Fraction(0), Fraction(2, 3)])
    words = [int(word) for word in np.random.PCG64(5).random_raw(2000)]
    expected = [0 if word < 2**64 // 3 else 2 for word in words]
    assert np.concatenate(list(simulated_positions(die, 2000, seed=5))).tolist() == expected


def test_thresholds_are_exact():
    die = Probabilities.of([Fraction(1, 10)] * 10)
    assert _thresholds(die).tolist() == [k * 2**64 // 10 for k in range(1, 10)]


def test_the_outcomes_do_not_depend_on_the_chunks():
    long = mo.simulate(LOADED, 200_000, seed=3)
    assert long[:1000].tolist() == mo.simulate(LOADED, 1000, seed=3).tolist()


def test_a_category_of_probability_zero_is_never_drawn():
    assert set(mo.simulate({"a": 0, "b": 0.5, "c": 0, "d": 0.5, "e": 0}, 10_000, seed=1)) == {"b", "d"}
    assert set(mo.simulate({"a": 1, "b": 0}, 100, seed=1)) == {"a"}


def test_frequencies_are_those_of_the_die():
    n = 100_000
    counts = mo.tally(mo.simulate(LOADED, n, seed=8), categories=range(1, 7)).counts
    for count, probability in zip(counts.tolist(), LOADED, strict=True):
        # Two sides of six faces at 1e-7 each: at most about one false alarm in a million.
        assert binom.ppf(1e-7, n, probability) <= count <= binom.isf(1e-7, n, probability)


def test_a_simulation_carries_what_made_it():
    made = Simulation.of(Probabilities.of("fair", "1..6"), 100, 7)
    assert made.tally == mo.tally(mo.simulate("fair", 100, seed=7, categories="1..6"), categories="1..6")
    assert made.to_dict()["seed"] == 7
    assert len(made.to_dict()["outcomes"]) == 100


def test_nothing_thrown_is_an_empty_array():
    assert mo.simulate([0.5, 0.5], 0, seed=1).tolist() == []
    assert Simulation.of(Probabilities.of([0.5, 0.5]), 0, 1).tally.n_observations == 0


@pytest.mark.parametrize(("n", "seed"), [(-1, 1), (1.5, 1), (5, -1), (5, 1.5), (5, None), (True, 1)])
def test_n_and_seed_are_whole_numbers_of_0_or_more(n, seed):
    with pytest.raises(mo.InvalidInput, match="whole number"):
        mo.simulate([0.5, 0.5], n, seed=seed)


@pytest.mark.timeout(60)
def test_a_die_with_a_million_faces_is_thrown_within_seconds():
    outcomes = mo.simulate("fair", 3, seed=0, categories="1..1000000")
    words = np.random.PCG64(0).random_raw(3)
    assert [str(name) for name in outcomes] == [str(1 + int(word) * 10**6 // 2**64) for word in words.tolist()]


def test_thresholds_are_the_same_in_whole_numbers_and_in_fractions():
    primes = [p for p in range(2, 3_600) if all(p % q for q in range(2, 60) if q < p)]
    exact = [Fraction(1, 3 * p) for p in primes]  # whose common denominator has more than 4096 bits
    die = [*exact, 1 - sum(exact)]
    cumulative, expected = Fraction(0), []
    for probability in die[:-1]:
        cumulative += probability
        expected.append(int(cumulative * 2**64))
    word = np.random.PCG64(7).random_raw()
    assert mo.simulate(die, 1, seed=7)[0] == str(1 + int(np.searchsorted(np.array(expected, np.uint64), word, "right")))
