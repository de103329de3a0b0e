"""Every source takes the same spellings of whole numbers, for outcomes and for counts: 3, 3.0, 3 as a decimal."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mottomo as mo

EXPECTED = mo.tally(["a"] * 3 + ["b"] * 4)
COUNTS = {
    "decimal(5,0)": pa.array([Decimal(3), Decimal(4)], pa.decimal128(5, 0)),
    "decimal(9,2)": pa.array([Decimal("3.00"), Decimal("4.00")], pa.decimal128(9, 2)),
    "decimal(38,0)": pa.array([Decimal(3), Decimal(4)], pa.decimal128(38, 0)),
    "double": pa.array([3.0, 4.0]),
    "float": pa.array([3.0, 4.0], pa.float32()),
    "int8": pa.array([3, 4], pa.int8()),
    "uint64": pa.array([3, 4], pa.uint64()),
    "text": pa.array(["3", "4.0"]),
}


@pytest.mark.parametrize("kind", COUNTS)
def test_a_count_may_be_written_as_any_type_of_number(kind, tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"f": ["a", "b"], "n": COUNTS[kind]})
    pq.write_table(table, path)
    assert mo.tally(path, column="f", count_column="n") == EXPECTED
    assert mo.tally(path, column="f", count_column="n", where="true") == EXPECTED
    if kind != "text":
        assert mo.tally(table, column="f", count_column="n") == EXPECTED
        assert mo.tally(table.to_reader(), column="f", count_column="n") == EXPECTED


@pytest.mark.parametrize("cells", [("3.0", "4.0"), ("3.", "4.000"), ("+3", " 4 "), ("03", "4")])
def test_a_count_may_be_written_with_decimal_places_of_0(cells, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"f,n\na,{cells[0]}\nb,{cells[1]}\n")
    assert mo.tally(path, column="f", count_column="n") == EXPECTED


@pytest.mark.parametrize("wrong", ["3.5", "-1.0", "1e3", "3.0.0", "3,0", "nan", "0x3", "3.0x", "٣"])
def test_a_count_in_text_that_is_no_plain_whole_number_is_refused(wrong, tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text(f"f\tn\na\t{wrong}\n")
    with pytest.raises(mo.InvalidInput) as raised:
        mo.tally(path, column="f", count_column="n")
    assert raised.value.code == "invalid-count"


@pytest.mark.parametrize("wrong", [3.5, -1.0, float("nan"), float("inf"), 2.0**53 + 2, None])
def test_a_float_that_is_no_exact_count_is_refused_in_parquet_as_in_memory(wrong, tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"f": ["a", "b"], "n": pd.Series([wrong, 1.0], dtype="float64")})
    pq.write_table(pa.Table.from_pandas(frame), path)
    for given in (path, frame, pl.from_pandas(frame)):
        with pytest.raises(mo.InvalidInput) as raised:
            mo.tally(given, column="f", count_column="n")
        assert raised.value.code == "invalid-count"


def test_outcomes_in_decimals_without_decimal_places_are_whole_numbers(tmp_path):
    path = tmp_path / "t.parquet"
    for precision in (5, 18, 38):
        numbers = pa.array([Decimal(1), Decimal(2), None, Decimal(10 ** (precision - 1))], pa.decimal128(precision, 0))
        table = pa.table({"x": numbers, "g": numbers})
        pq.write_table(table, path)
        expected = mo.tally([1, 2, 10 ** (precision - 1)])
        for given in (path, table, pl.from_arrow(table), table.to_reader()):
            assert mo.tally(given, column="x", missing="drop") == expected
        assert mo.tally(path, column="x", by="g", missing="drop").groups[0] == ("1",)


def test_a_column_without_any_value_is_all_missing(tmp_path):
    path = tmp_path / "t.parquet"
    for kind in (pa.null(), pa.float64(), pa.date32(), pa.list_(pa.int8()), pa.binary()):
        table = pa.table({"f": pa.array([None, None], kind), "g": ["a", "a"]})
        pq.write_table(table, path)
        for given in (path, table, table.to_reader()):
            tally = mo.tally(given, column="f", missing="drop")
            assert (tally.total_observations, tally.n_missing_dropped) == (0, 2)
        with pytest.raises(mo.InvalidInput, match="outcomes are missing"):
            mo.tally(path, column="f")
    assert mo.tally(pd.Series([np.nan, np.nan]), missing="drop").n_missing_dropped == 2


@pytest.mark.parametrize("names", [["col", "COL", "n"], ["n", "N", "n_1"], ["a", "A", "a_1", "A_1"], ["x", "X"]])
def test_columns_of_parquet_have_the_names_of_the_file(names, tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table([pa.array([f"{name}!"]) for name in names], names=names)
    nested = pa.table({"s": [{"col": {"n": [1]}}], **{name: table[name] for name in names}})
    for made in (table, nested):
        pq.write_table(made, path)
        for name in names:
            assert mo.tally(path, column=name).categories.names == (f"{name}!",)


def test_a_parquet_file_with_two_columns_of_one_name_is_counted_by_another(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([pa.array(["u", "v"]), pa.array([1, 2]), pa.array([3, 4])], names=["f", "x", "x"]), path)
    assert mo.tally(path, column="f") == mo.tally(["u", "v"])
    with pytest.raises(mo.InvalidInput, match="two columns have the same name"):
        mo.tally(path, column="x")
