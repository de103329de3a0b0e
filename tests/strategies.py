"""Inputs for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from mottomo.categories import Categories
from mottomo.tallies import Tally


def counts_of(n_categories: int, largest: int = 10**6, smallest_total: int = 1):
    """Counts of K categories, zeros often among them."""
    count = st.one_of(st.just(0), st.integers(0, 30), st.integers(0, largest))
    rows = st.lists(count, min_size=n_categories, max_size=n_categories)
    return rows.filter(lambda row: sum(row) >= smallest_total)


def probabilities_of(n_categories: int):
    """Positive probabilities of K categories."""
    weights = st.lists(st.floats(1e-6, 1.0), min_size=n_categories, max_size=n_categories)
    return weights.map(lambda row: (np.array(row) / np.sum(row)).tolist())


def discovered_tallies():
    """Single tallies whose categories were discovered, with counts of any size."""
    count = st.one_of(st.integers(0, 5), st.integers(0, 2**62), st.integers(2**62, 10**30))
    mapping = st.dictionaries(st.sampled_from(["1", "2", "10", "a", "b", "犬", ""]), count, max_size=5)

    def build(found):
        total = Tally.empty()
        for name, number in found.items():
            one = Tally(Categories.discovered([name]), Tally.from_counts([number]).counts)
            total = total + one
        return total

    return mapping.map(build)


def declared_tallies(n_categories: int = 4):
    """Single tallies over the same declared categories, in any order."""
    names = [str(number) for number in range(1, n_categories + 1)]
    count = st.one_of(st.integers(0, 5), st.integers(0, 2**62), st.integers(2**62, 10**30))
    return st.tuples(st.permutations(names), st.lists(count, min_size=n_categories, max_size=n_categories)).map(
        lambda pair: Tally.from_counts(dict(zip(*pair, strict=True)))
    )
