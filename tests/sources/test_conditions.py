"""A condition on the rows is one that is true or false for each row, or it is refused in our words."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import mottomo as mo

ROWS = [{"face": "a", "n": 1}, {"face": "b", "n": 2}, {"face": "a", "n": 3}]


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def table(request, tmp_path):
    path = tmp_path / f"t.{request.param}"
    frame = pd.DataFrame(ROWS)
    if request.param == "csv":
        frame.to_csv(path, index=False)
    elif request.param == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize(
    "condition", ["face = 'a'", "CAST(n AS INT) <> 2", "n IN ('1', '3') -- odd", "(n > '0') = (face = 'a')"]
)
def test_a_condition_keeps_the_rows_for_which_it_is_true(condition, table):
    assert mo.tally(table, column="face", where=condition) == mo.tally(["a", "a"])


REFUSED = [
    ("NULL", "neither true nor false"),
    ("1/0", "type DOUBLE"),
    ("1", "neither true nor false"),
    ("face", "type VARCHAR"),
    ("error('boom')", "neither true nor false"),
    ("error('boom')::BOOLEAN", "computed for every row"),
    ("?", "instead of the parameters"),
    ("$1", "instead of the parameters"),
    ("n = $name", "instead of the parameters"),
    ("fac = 'a'", "did you mean face?"),
    ("nowhere = 'a'", "did you mean|there is no column nowhere"),
    ("face = ", "the condition is no SQL"),
    ("face = 'a", "quotes and parentheses"),
    (")", "the condition is no SQL"),
    ("(", "the condition is no SQL"),
    ("", "neither true nor false"),
    ("face = 'a' LIMIT 1", "the condition is no SQL"),
    ("true) ; select (1", "no statement after it"),
    ("true; select true", "the condition is no SQL|no statement after it"),
    ("foo(face) = 1", "there is no function foo"),
    ("face IN (SELECT x FROM nosuch)", "there is no table nosuch"),
    ("(SELECT content FROM read_text('/etc/passwd')) = 'a'", "cannot read files"),
    ("face::INT > 0", "TRY_CAST"),
    ("face::DATE > '2020-01-01'", "TRY_CAST"),
    ("DATE '2020-13-01' > '2020-01-01'", "TRY_CAST"),
    ("count(*) > 1", "looks at one row"),
    ("row_number() OVER () = 1", "looks at one row"),
    ("unnest([true])", "looks at one row"),
    ("COLUMNS(*) = 'a'", "no statement after it"),
    ("regexp_matches(face, '(')", "computed for every row"),
    ("face ~ '['", "computed for every row"),
    ("repeat(face, 100000000000) = 'a'", "grows too large"),
    ("face LIKE 'a' ESCAPE 'ab'", "computed for every row"),
    ("face.x = 1", "computed for every row"),
    ("face COLLATE foo = 'a'", "computed for every row"),
]


@pytest.mark.parametrize(("condition", "mend"), REFUSED, ids=[condition for condition, _ in REFUSED])
def test_what_is_no_condition_is_refused_with_a_mend_of_ours(condition, mend, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face,n\na,1\nb,2\n")
    with pytest.raises(mo.InvalidInput) as raised:
        mo.tally(path, column="face", where=condition)
    assert raised.value.code == "condition"
    assert re.search(mend, str(raised.value.mend))
    assert "Error" not in str(raised.value)


def test_names_of_ours_are_no_names_of_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face,mottomo 0,mottomo odd,mottomo row\na,x,1,u\nb,y,2,u\n")
    with pytest.raises(mo.InvalidInput, match="did you mean mottomo 0"):
        mo.tally(path, column="face", where="\"mottomo 1\" = 'x'")
    assert mo.tally(path, column="face", where="\"mottomo 0\" = 'x'").count("a") == 1
    assert mo.tally(path, column="mottomo odd", count_column="mottomo odd", by="mottomo row").counts.tolist() == [
        [1, 2]
    ]


def test_a_condition_of_bytes_that_are_no_text_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face\na\n")
    with pytest.raises(mo.InvalidInput, match="not UTF-8"):
        mo.tally(path, column="face", where="\udcff")
