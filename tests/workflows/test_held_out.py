"""Which rows are held out: as many as asked, the same from any place, and those that sorting all words gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.errors import InvalidInput
from mottomo.workflows import held_out
from mottomo.workflows.held_out import HeldOutRows


@given(n=st.integers(4, 3000), share=st.floats(0.3, 0.5), seed=st.integers(0, 99), step=st.integers(1, 700))
def test_the_smallest_words_are_held_out_wherever_the_rows_are_asked_for(n, share, seed, step):
    chosen = HeldOutRows.choose(n, share, seed)
    order = np.argsort(np.random.PCG64(seed).random_raw(n), kind="stable")
    parts = [chosen.mask(start, min(start + step, n)) for start in range(0, n, step)]
    assert np.flatnonzero(np.concatenate(parts)).tolist() == sorted(order[: round(n * share)].tolist())


def test_equal_words_are_split_by_their_rows(monkeypatch):
    monkeypatch.setattr(held_out, "_words", lambda seed, start, stop: np.full(stop - start, 7, dtype=np.uint64))
    assert HeldOutRows.choose(10, 0.3, 0).mask(1, 10).tolist() == [True, True, *[False] * 7]


@pytest.mark.parametrize(("n", "share"), [(10, 1.0), (10, -0.1), (10, float("nan")), (2, 0.5), (3, 0.01)])
def test_a_share_that_leaves_no_rows_is_refused(n, share):
    with pytest.raises(InvalidInput):
        HeldOutRows.choose(n, share, 0)
