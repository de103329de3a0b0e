"""An error that pandas, polars, pyarrow or DuckDB raises becomes a SourceError; any other error passes unchanged."""

from __future__ import annotations

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mottomo as mo
from mottomo.messages import say
from mottomo.sources import duck
from mottomo.sources.foreign import in_our_words

FAILING = {
    "a file that is not there": lambda: pl.scan_csv("/nowhere/t.csv"),
    "a cell that cannot be cast": lambda: pl.LazyFrame({"face": ["x"]}).select(pl.col("face").cast(pl.Int8)),
    "a column that is not there": lambda: pl.LazyFrame({"face": ["x"]}).select("x"),
    "a query that fails": lambda: duckdb.sql("SELECT 'x' AS face WHERE error('boom')"),
    "a cast that fails": lambda: duckdb.sql("SELECT face::INT AS face FROM (VALUES ('x')) t(face)"),
}


@pytest.mark.parametrize("make", FAILING.values(), ids=FAILING)
def test_a_frame_that_cannot_be_computed_is_an_error_in_five_parts_with_the_librarys_as_its_cause(make):
    with pytest.raises(mo.SourceError) as raised:
        mo.tally(make(), column="face")
    assert raised.value.code == "data-library"
    assert set(raised.value.parts()) == {"where", "expected", "got", "mend"}
    assert raised.value.__cause__ is not None
    assert "boom" not in str(raised.value)


def raised_by(action):
    with pytest.raises(Exception) as raised, in_our_words(say("data frame")):  # noqa: PT011 - any of them
        action()
    return raised.value


def test_own_types_of_the_libraries_and_pythons_types_from_their_code_become_ours():
    frame = pd.DataFrame({"a": [1]})
    foreign = [
        lambda: frame["b"],
        lambda: frame.iloc[:, 7],
        lambda: pd.Series(["x"]).astype(int),
        lambda: pl.DataFrame({"a": [1]})["b"],
        lambda: pa.table({"a": [1]}).cast(pa.schema([("a", pa.string()), ("b", pa.string())])),
        lambda: pa.array([1, "a"]),
        lambda: duckdb.sql("SELECT nothing"),
        lambda: duck.fetch_all(duckdb.connect(), "SELECT nothing"),
    ]
    for action in foreign:
        error = raised_by(action)
        assert isinstance(error, mo.SourceError), error
        assert error.code == "data-library"


def test_errors_of_our_own_code_and_of_the_callers_pass_unchanged():
    class Mine(Exception):
        pass

    def own():
        raise Mine

    assert isinstance(raised_by(own), Mine)
    assert isinstance(raised_by(lambda: {}["a"]), KeyError)
    assert isinstance(raised_by(lambda: None + 1), TypeError)
    assert isinstance(raised_by(lambda: 1 / 0), ZeroDivisionError)
    refused = mo.InvalidInput("code", say("data frame"))

    def refuse():
        raise refused

    assert raised_by(refuse) is refused
    with pytest.raises(ZeroDivisionError):
        mo.tally(1 // x for x in (1, 0))
