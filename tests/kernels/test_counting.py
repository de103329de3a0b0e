"""Counts of codes on each path."""

from __future__ import annotations

import numpy as np
import pytest

from mottomo.kernels.counting import count_codes

INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("size", [1, 2, 5, 6, 8, 9, 16, 17, 100, 5000])
def test_counts_are_those_of_bincount(path, dtype, size):
    top = min(size, int(np.iinfo(dtype).max) + 1)
    for n in (0, 1, 31, 1000, 300_007):
        codes = np.random.default_rng(n).integers(0, top, n).astype(dtype)
        counts, stray = count_codes(codes, size)
        assert counts.dtype == np.int64
        assert counts.tolist() == np.bincount(codes.astype(np.int64), minlength=size).tolist()
        assert stray == 0


@pytest.mark.parametrize("dtype", INTEGERS)
def test_codes_that_are_no_category_are_counted_apart(path, dtype):
    codes = np.array([0, 3, 4, 5, 127, 2, np.iinfo(dtype).max, np.iinfo(dtype).min, 1] * 50, dtype=dtype)
    counts, stray = count_codes(codes, 5)
    expected = [int((codes.astype(object) == k).sum()) for k in range(5)]
    assert counts.tolist() == expected
    assert stray == codes.size - sum(expected)


@pytest.mark.parametrize(("dtype", "size"), [(np.int8, 128), (np.int8, 200), (np.int16, 40_000), (np.uint8, 200)])
def test_negative_codes_of_a_narrow_type_are_no_category(path, dtype, size):
    limits = np.iinfo(dtype)
    codes = np.arange(limits.min, int(limits.max) + 1, dtype=np.int64).astype(dtype)
    counts, stray = count_codes(codes, size)
    inside = np.arange(size) <= limits.max
    assert counts.tolist() == inside.astype(int).tolist()
    assert stray == codes.size - inside.sum()


def test_counts_of_more_codes_than_a_range(path):
    codes = np.tile(np.array([1, 0, 5, 1], dtype=np.uint8), 3_000_001)
    assert count_codes(codes, 6)[0].tolist() == [3_000_001, 6_000_002, 0, 0, 0, 3_000_001]
