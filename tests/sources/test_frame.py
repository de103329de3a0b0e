"""Columns of data frames are found whatever they are called, and counted whatever holds them."""

from __future__ import annotations

import datetime

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mottomo as mo

EXPECTED = mo.tally(["x", "y", "x"])
FACES, NUMBERS = ["x", "y", "x"], [1, 2, 3]


def frame(names):
    made = pd.DataFrame([FACES, *[NUMBERS] * (len(names) - 1)]).T
    made.columns = names
    return made


@pytest.mark.parametrize(
    ("names", "column"),
    [
        ([0, 1], 0),
        ([0, 1], "0"),
        ([7, "a"], 7),
        (["face", 0], "face"),
        (["face", "n", "n"], "face"),
        (["face", "Face"], "face"),
        ([1.5, 2], 1.5),
        ([pd.Timestamp("2026-01-01"), "n"], pd.Timestamp("2026-01-01")),
        ([None, "n"], None),
        (pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]), ("a", "b")),
        (pd.MultiIndex.from_tuples([("a", 0), ("a", 1), ("a", 1)]), ("a", 0)),
        (["", "n"], ""),
        (["mottomo_count", "n"], "mottomo_count"),
        (["c1", "c0"], "c1"),
    ],
    ids=str,
)
def test_a_column_is_found_by_the_name_that_pandas_has_for_it(names, column):
    given = frame(names)
    before = given.copy()
    if column is None:
        given = given.iloc[:, :1]
    assert mo.tally(given, column=column) == EXPECTED
    pd.testing.assert_frame_equal(given, before.iloc[:, : given.shape[1]])


def test_groups_and_counts_are_found_by_such_names_too():
    given = frame([0, 1, ("a", "b")])
    tally = mo.tally(given, column=0, count_column=1, by=[("a", "b")])
    assert (tally.by, tally.groups) == (("a, b",), (("1",), ("2",), ("3",)))
    assert tally.total_observations == 6
    assert mo.tally(given, column=0, by=1).by == ("1",)


TWICE = {
    "pandas": lambda: frame(["face", "n", "n"]),
    "pyarrow": lambda: pa.table([pa.array(FACES), pa.array(NUMBERS), pa.array(NUMBERS)], names=["face", "n", "n"]),
}


@pytest.mark.parametrize("make", TWICE.values(), ids=TWICE)
def test_of_two_columns_with_one_name_neither_is_taken(make):
    assert mo.tally(make(), column="face") == EXPECTED
    for options in ({"column": "n"}, {"column": "face", "by": "n"}, {"column": "face", "count_column": "n"}):
        with pytest.raises(mo.InvalidInput) as raised:
            mo.tally(make(), **options)
        assert raised.value.code == "duplicate-column"


@pytest.mark.parametrize("name", ["fac", 5, ("a", "b"), 1.5, np.array([1]), [1], pd.NA, b"face", True], ids=str)
def test_a_name_that_no_column_has_is_refused_with_those_there_are(name):
    for given in (frame(["face", "n"]), pl.DataFrame({"face": FACES}), pa.table({"face": FACES})):
        with pytest.raises(mo.InvalidInput) as raised:
            mo.tally(given, column=name)
        assert raised.value.code == "unknown-column"
        assert "face" in str(raised.value.expected)


def dictionaries(values):
    return pa.chunked_array([pa.array(values[:2]).dictionary_encode(), pa.array(values[2:]).dictionary_encode()])


@pytest.mark.parametrize("values", [["a", "b", "c", "b"], [3, 1, 2, 1], ["a", None, "b", None]], ids=str)
def test_chunks_of_arrow_with_dictionaries_of_their_own_are_counted_together(values):
    column = dictionaries(values)
    expected = mo.tally([value for value in values if value is not None])
    for given in (
        column,
        pa.table({"f": column}),
        pa.table({"f": column}).to_reader(),
        pa.table({"f": column}).to_pandas(),
    ):
        assert mo.tally(given, missing="drop") == expected
    table = pa.table({"f": column, "g": column, "n": [1, 1, 1, 1]})
    grouped = mo.tally(table, column="f", by="g", count_column="n", missing="drop")
    assert grouped.total_observations == expected.total_observations


TRUTHS = [True, None, False, True]


@pytest.mark.parametrize(
    "given",
    [
        pd.Series(TRUTHS, dtype="boolean"), pd.Series(TRUTHS, dtype=object), pd.Series(TRUTHS, dtype="category"),
        pd.Series(TRUTHS, dtype=pd.ArrowDtype(pa.bool_())), pl.Series(TRUTHS), pa.chunked_array([TRUTHS]),
        pa.array(TRUTHS), pd.array(TRUTHS, dtype="boolean"), np.ma.array([True, True, False, True], mask=[0, 1, 0, 0]),
        TRUTHS, nw.from_native(pl.Series(TRUTHS), series_only=True),
    ],
    ids=range(11),
)  # fmt: skip
def test_truth_values_with_missing_ones_are_counted_alike_everywhere(given):
    assert mo.tally(given, missing="drop") == mo.tally([True, False, True])
    with pytest.raises(mo.InvalidInput, match="outcomes are missing"):
        mo.tally(given)


DAYS = [datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)]


@pytest.mark.parametrize(
    "given",
    [
        pd.Series(DAYS), pd.Series(pd.to_datetime(DAYS)), pd.Series(pd.to_datetime(DAYS)).dt.tz_localize("UTC"),
        pd.Series(pd.Categorical(DAYS)), pd.Series(pd.to_datetime(DAYS)).dt.to_period("M"),
        pd.Series(pd.to_timedelta([1, 2])), pd.cut(pd.Series([1, 2]), 2),
        pd.Series([1.5, 2.5], dtype="category"), pd.DatetimeIndex(DAYS),
        pl.Series(DAYS), pa.array(DAYS), pa.chunked_array([DAYS]), pa.array([datetime.time(1)]),
        np.array(DAYS, "M8[D]"), DAYS,
        pd.Series(pd.arrays.SparseArray([1, 2])), pl.Series([{"a": 1}]), pl.Series([[1]]), pa.array([{"a": 1}]),
        pd.Series([b"a"]), pa.array([b"a"]), pl.Series([b"a"]), pl.Series([datetime.timedelta(1)]),
    ],
    ids=range(23),
)  # fmt: skip
def test_what_is_no_category_is_refused_by_its_type_and_may_stand_beside_one(given):
    with pytest.raises(mo.InvalidInput) as raised:
        mo.tally(given)
    assert raised.value.code == "category-type"
    if isinstance(given, pd.Series | pl.Series) and len(given) == 2:
        make = pd.DataFrame if isinstance(given, pd.Series) else pl.DataFrame
        assert mo.tally(make({"face": ["x", "y"], "other": given}), column="face") == mo.tally(["x", "y"])


def test_python_objects_are_counted_by_several_groups_and_by_counts():
    given = pd.DataFrame({"f": [1, None, 1], "g": ["a", "b", "a"], "h": ["c", "c", "d"], "n": [2, 1, 3]}, dtype=object)
    tally = mo.tally(given, column="f", by=["g", "h"], count_column="n", missing="drop")
    assert [(key, single.total_observations) for key, single in tally] == [(("a", "c"), 2), (("a", "d"), 3)]
    assert tally.n_missing_dropped == 1
