"""Frames of every library, whatever their columns are called and hold, give the right counts or an error of ours."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import mottomo as mo
from tests.hostile.frames import Made, expected


def counts_of(tally: mo.Tally) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for key, single in tally:
        for name, count in zip(single.categories, single.counts.tolist(), strict=True):
            found[*key, name] += count
    return +found


def compare(seed: int, n: int) -> Counter[str]:
    """How many frames were counted right, and how many refused; none is counted otherwise."""
    random_, seen = random.Random(seed), Counter()
    for number in range(n):
        made = Made(random_)
        name = random_.choice([*made.names, *made.names, "nope", 7])
        group = random_.choice([None, None, *made.names])
        column, by = made.place(name), None if group is None else made.place(group)
        options = {"column": name, "by": None if group is None else [group]}
        known = column is not None and (group is None or by is not None) and None not in (name,)
        wanted = expected(made, column, by) if known and column is not None else None
        tally, error = tallied(made.native, options)
        if error is not None:
            assert wanted is None, (seed, number, made.native, options, str(error))
            assert error.code != "data-library", (seed, number, made.native, options, error.__cause__)
            seen["refused"] += 1
        else:
            assert not known or counts_of(tally) == (wanted or Counter()), (seed, number, made.native, options)
            seen[made.library] += 1
    return seen


def tallied(native: Any, options: dict[str, Any]) -> tuple[mo.Tally | None, mo.MottomoError | None]:
    try:
        return mo.tally(native, missing="drop", **options), None
    except mo.MottomoError as error:
        return None, error


def test_frames_are_counted_as_their_columns_are_by_hand():
    seen = compare(20_262, 600)
    assert min(seen[name] for name in ("pandas", "polars", "pyarrow", "refused")) > 30


def test_whole_decimals_beside_a_column_of_objects_are_whole_numbers():
    frame = pl.DataFrame(
        {
            "n": pl.Series([Decimal(2), Decimal(2), None], dtype=pl.Decimal(20, 0)),
            "o": pl.Series(["a", "a", "b"], dtype=pl.Object),
        }
    )
    by_object = mo.tally(frame, column="n", by="o", missing="drop")
    assert by_object.group("a").to_dict()["counts"] == [2]
    by_number = mo.tally(frame, column="o", by="n", missing="drop")
    assert (by_number.groups, by_number.counts.tolist()) == ((("2",),), [[2]])
    with pytest.raises(mo.InvalidInput, match="whole number"):
        mo.tally(frame.with_columns(n=pl.lit("2.25").cast(pl.Decimal(20, 2))), column="o", count_column="n")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_many_frames_are_counted_as_their_columns_are_by_hand(seed):
    seen = compare(40_000 + seed, 10_000)
    assert min(seen[name] for name in ("pandas", "polars", "pyarrow", "refused")) > 500
