"""Whole columns of a table: numbers, texts, what is missing, and what is neither."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mottomo.errors import InvalidInput, SourceError
from mottomo.sources.columns import ColumnSelection, open_columns
from mottomo.sources.reading import table_file


def read_columns(file, choice):
    with open_columns(file, choice) as kept:
        return kept.rows(0, kept.n)


FRAME = pd.DataFrame({"x": [1.5, 2.0, None, -3e10], "s": ["a", "b", None, "ä,\n"], "n": [1, 2, 3, 4]})


@pytest.fixture(params=["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def path(request, tmp_path):
    file = tmp_path / f"table.{request.param}"
    if request.param == "parquet":
        FRAME.to_parquet(file)
    elif request.param == "jsonl":
        FRAME.to_json(file, orient="records", lines=True, force_ascii=False)
    else:
        FRAME.to_csv(file, index=False, sep="\t" if request.param == "tsv" else ",")
    return file


def test_every_format_gives_the_same_columns_in_the_order_of_the_rows(path):
    found = read_columns(table_file(path), ColumnSelection(("s", "x", "n")))
    assert list(found.values) == ["s", "x", "n"]
    assert found.values["s"].tolist() == ["a", "b", None, "ä,\n"]
    np.testing.assert_array_equal(found.values["x"], [1.5, 2.0, np.nan, -3e10])
    np.testing.assert_array_equal(found.values["n"], [1, 2, 3, 4])


def test_what_is_missing_is_counted_and_left_out_with_the_numbers_of_the_rows_kept(path):
    with open_columns(table_file(path), ColumnSelection()) as kept:
        gaps = kept.gaps()
        assert (gaps.n_rows, gaps.n_cells, gaps.first) == (1, {"x": 1, "s": 1}, {"x": 3, "s": 3})
        kept.drop_gaps()
        assert kept.n == 3
        assert kept.gaps() is None
        assert kept.rows(1, 3).numbers.tolist() == [2, 4]
        assert sorted(kept.levels("s")) == ["a", "b", "ä,\n"]
        assert [part.n for part in kept.batches(2)] == [2, 1]


def test_digits_are_text_where_that_is_said(path):
    found = read_columns(table_file(path), ColumnSelection(("n",), text=frozenset({"n"})))
    assert found.values["n"].tolist() == ["1", "2", "3", "4"]


def test_a_condition_chooses_rows(path):
    found = read_columns(table_file(path), ColumnSelection(("n", "s"), where="s = 'b' OR s = 'a'"))
    assert found.values["s"].tolist() == ["a", "b"]


def test_rows_keep_their_numbers_under_a_condition(path):
    with open_columns(table_file(path), ColumnSelection(("n", "x"), where="CAST(n AS INTEGER) >= 2")) as kept:
        assert kept.rows(0, kept.n).numbers.tolist() == [2, 3, 4]
        assert kept.gaps().first == {"x": 3}


def test_a_thousand_rows_keep_their_order(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("n,s\n" + "".join(f"{i},v{i % 7}\n" for i in range(200_000)))
    for where in (None, "s <> 'x'"):
        found = read_columns(table_file(file), ColumnSelection(where=where))
        assert (found.values["n"] == np.arange(200_000)).all()


def test_cells_that_are_partly_numbers_are_refused_or_said_to_be_missing(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a\n1\nNA\n2\nNA\n-\n")
    with pytest.raises(
        InvalidInput, match=r"(?s)2 of 5 cells are numbers; the others: 'NA' \(2\), '-' \(1\).*--text a"
    ):
        read_columns(table_file(file), ColumnSelection())
    found = read_columns(table_file(file), ColumnSelection(missing_values=("NA", "-")))
    np.testing.assert_array_equal(found.values["a"], [1, np.nan, 2, np.nan, np.nan])


def test_dates_are_neither(tmp_path):
    file = tmp_path / "t.parquet"
    pd.DataFrame({"day": pd.to_datetime(["2024-01-01"]), "x": [1.0]}).to_parquet(file)
    with pytest.raises(InvalidInput, match=r"(?s)neither numbers nor text.*column day"):
        read_columns(table_file(file), ColumnSelection())
    assert read_columns(table_file(file), ColumnSelection(("x",))).n == 1


def test_unknown_and_double_names_are_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("species,x,x\na,1,2\n")
    with pytest.raises(InvalidInput, match=r"(?s)no such column.*did you mean species"):
        read_columns(table_file(file), ColumnSelection(("specis",)))
    with pytest.raises(InvalidInput, match="two columns have the same name"):
        read_columns(table_file(file), ColumnSelection(("x",)))


def test_a_table_without_rows_and_a_file_of_lines_are_refused(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n")
    with pytest.raises(SourceError, match="no rows"):
        read_columns(table_file(file), ColumnSelection())
    lines = tmp_path / "t.txt"
    lines.write_text("a\n")
    with pytest.raises(InvalidInput, match="a file of lines has no columns"):
        table_file(lines)


@pytest.mark.parametrize("condition", ["1=1; DROP TABLE x", "nonsense", "x = (SELECT 1 FROM read_csv('/etc/passwd'))"])
def test_a_condition_is_one_condition_on_this_file(tmp_path, condition):
    file = tmp_path / "t.csv"
    file.write_text("x\n1\n")
    with pytest.raises(InvalidInput, match="condition"):
        read_columns(table_file(file), ColumnSelection(where=condition))


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_column_of_fractions_or_dates_is_no_text(tmp_path, kind):
    frame = pd.DataFrame({"f": [1.0, 2.5], "d": pd.to_datetime(["2020-01-01", "2021-01-01"]), "n": [1, 2]})
    file = tmp_path / f"t.{kind}"
    if kind == "parquet":
        frame.to_parquet(file)
    else:
        frame.drop(columns="d").to_json(file, orient="records", lines=True)
    for name in ("f", "d") if kind == "parquet" else ("f",):
        with pytest.raises(InvalidInput, match=f"(?s)neither text nor whole numbers.*column {name}"):
            read_columns(table_file(file), ColumnSelection((name,), frozenset({name})))
    found = read_columns(table_file(file), ColumnSelection(("n",), frozenset({"n"})))
    assert found.values["n"].tolist() == ["1", "2"]
