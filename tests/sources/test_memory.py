"""Outcomes in memory: arrays of integers of every width are counted like lists of the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mottomo as mo


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", ">i2", ">u4", "i4", "i8", "u8"])
@given(seed=st.integers(0, 10**6), step=st.sampled_from([1, -1, 3]), width=st.sampled_from([3, 300, 10**7]))
def test_integers_of_any_width_are_counted_like_a_list(dtype, seed, step, width):
    rng, limits = np.random.default_rng(seed), np.iinfo(dtype)
    low = int(rng.integers(max(int(limits.min), -width), min(int(limits.max), width)))
    high = min(int(limits.max), low + width)
    outcomes = rng.integers(low, high, size=int(rng.integers(1, 60)), endpoint=True).astype(dtype)[::step]
    assert mo.tally(outcomes) == mo.tally(outcomes.tolist())


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "u8"])
def test_the_smallest_and_the_largest_number_are_counted(dtype):
    limits = np.iinfo(dtype)
    ends = np.array([limits.max, limits.min, limits.max], dtype=dtype)
    assert mo.tally(ends) == mo.tally(ends.tolist())
