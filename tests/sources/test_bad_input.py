"""Every bad input is an error that says what, where and how to mend; nothing is guessed and nothing is lost."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mottomo as mo
from mottomo.probabilities import Probabilities
from mottomo.sources import duck
from mottomo.sources.encodings import guessed_encoding
from mottomo.sources.outcomes import count_path
from mottomo.sources.probability_file import odds_of
from mottomo.sources.reading import Reading
from tests.sources.one_connection import OneConnection

DATE = datetime.date(2026, 1, 1)

IN_MEMORY = [
    ("abc", {}, "not-outcomes", "pathlib.Path('abc')"),
    (b"abc", {}, "not-outcomes", None),
    ({"a": 1}, {}, "not-outcomes", "Tally.from_counts"),
    (5, {}, "not-outcomes", None),
    (mo.Tally.from_counts([1]), {}, "not-outcomes", None),
    ([1.0, 2.0], {}, "category-type", "astype(int)"),
    ([DATE], {}, "category-type", "to text"),
    ([b"a"], {}, "category-type", None),
    ([1, "a"], {}, "mixed-types", "one type first"),
    ([1, True], {}, "mixed-types", None),
    (["a", 1.5], {}, "mixed-types", None),
    ([[1], [2]], {}, "category-type", None),
    (np.array([[1, 2]]), {}, "outcomes-shape", "Tally.from_counts"),
    (np.array([1.5]), {}, "category-type", None),
    (np.array([DATE], dtype="datetime64[D]"), {}, "category-type", None),
    (pd.Series([1.5]), {}, "category-type", "integer type"),
    (pd.Series([pd.Timestamp("2026-01-01")]), {}, "category-type", None),
    (pd.Series([1, "a"], dtype=object), {}, "mixed-types", None),
    (pl.Series([DATE]), {}, "category-type", None),
    (pd.DataFrame({"a": [1], "b": [2]}), {}, "column-needed", "--column"),
    (pd.DataFrame({"face": [1], "b": [2]}), {"column": "fac"}, "unknown-column", "did you mean face?"),
    (pd.DataFrame({"a": [1], "n": [1.5]}), {"count_column": "n"}, "invalid-count", None),
    (pd.DataFrame({"a": [1], "n": [-1]}), {"count_column": "n"}, "invalid-count", None),
    (
        pl.DataFrame({"a": [1], "n": [None]}, schema={"a": pl.Int8, "n": pl.Int8}),
        {"count_column": "n"},
        "invalid-count",
        None,
    ),
    (pl.DataFrame({"a": [1], "g": [1.5]}), {"column": "a", "by": "g"}, "category-type", None),
    ([1, 2], {"by": [1]}, "by-length", None),
    ([1, 2], {"by": "g"}, "no-columns", None),
    ([1, 2], {"column": "a"}, "no-columns", None),
    (pd.DataFrame({"a": [1], "b": [1]}), {"column": "a", "by": [1]}, "unknown-column", None),
    ([1, 2], {"categories": "1..1"}, "unknown-category", None),
    (["dgo"], {"categories": ["dog", "fox"]}, "unknown-category", "did you mean dog?"),
]


@pytest.mark.parametrize(
    ("given", "options", "code", "mend"), IN_MEMORY, ids=lambda value: str(value)[:30].replace("\n", " ")
)
def test_what_is_no_tally_in_memory_is_refused(given, options, code, mend):
    with pytest.raises(mo.MottomoError) as raised:
        mo.tally(given, **options)
    assert raised.value.code == code
    assert str(raised.value.what)
    if mend is not None:
        assert mend in str(raised.value.mend)


JAPANESE = "出目\n犬\n狐\n"
FILES = [
    ("t.csv", b"", {}, "empty-source", "0 bytes"),
    ("t.csv", b"\n\n", {}, "empty-source", None),
    ("t.csv.gz", gzip.compress(b"", mtime=0), {}, "empty-source", None),
    ("t.txt", b"", {}, "empty-source", None),
    ("t.txt", b"\xef\xbb\xbf", {}, "empty-source", None),
    ("t.csv", b"face\n", {}, "no-rows", "at least one row"),
    ("t.csv", b"face", {}, "no-rows", None),
    ("t.csv", b"face,n\n1,2\n3\n4,5\n", {"column": "face"}, "ragged-row", "line 3"),
    ("t.csv", b"face,n\n1,2\n3,4,5\n", {"column": "face"}, "ragged-row", "3 cells"),
    ("t.csv", b'face,n\n1,2\n"3,4\n5,6\n', {"column": "face"}, "open-quote", "line 3"),
    ("t.csv", b"face,n\n1,2\r\n3,4\n5,6\r\n", {"column": "face"}, "mixed-line-ends", "dos2unix"),
    ("t.csv", JAPANESE.encode("shift_jis"), {}, "not-utf-8", "--encoding shift_jis"),
    ("t.csv", JAPANESE.encode("euc-jp"), {}, "not-utf-8", "--encoding euc-jp"),
    ("t.csv", JAPANESE.encode("utf-16"), {}, "not-utf-8", "--encoding utf-16"),
    ("t.csv", "face\n1\n2\n".encode("utf-16-le"), {}, "not-utf-8", "--encoding utf-16-le"),
    ("t.csv", "face\n1\n2\n".encode("utf-16-be"), {}, "not-utf-8", "--encoding utf-16-be"),
    ("t.csv", ("face\n" + "1\n" * 1000 + "犬のおもちゃ\n").encode("shift_jis"), {}, "not-utf-8", "shift_jis"),
    ("t.csv", "face\nwählen\n".encode("latin-1"), {}, "not-utf-8", "--encoding"),
    ("t.txt", JAPANESE.encode("shift_jis"), {}, "not-utf-8", "--encoding shift_jis"),
    ("t.txt", JAPANESE.encode("utf-16"), {}, "not-utf-8", "--encoding utf-16"),
    ("t.jsonl", JAPANESE.encode("utf-16"), {}, "not-utf-8", None),
    ("t.csv", b"face;n\n1;2\n", {}, "delimiter", "--delimiter ';'"),
    ("t.csv", b"face,face\n1,2\n", {"column": "face"}, "duplicate-column", None),
    ("t.csv", b"face,n\n1,2\n", {}, "column-needed", "--column"),
    ("t.csv", b"face,n\n1,2\n", {"column": "Faces"}, "unknown-column", "did you mean face?"),
    ("t.csv", b"face,n\n1,2\n2,-3\n", {"count_column": "n"}, "invalid-count", "-3"),
    ("t.csv", b"face,n\n1,2\n2,1.5\n", {"count_column": "n"}, "invalid-count", "1.5"),
    ("t.csv", b"face,n\n1,2\n2,nan\n", {"count_column": "n"}, "invalid-count", "nan"),
    ("t.csv", b"face,n\n1,2\n2,\n", {"count_column": "n"}, "invalid-count", "missing"),
    ("t.csv", b"face,n\n1,2\n2,1e3\n", {"count_column": "n"}, "invalid-count", "1e3"),
    ("t.csv", b"face\n1\n2\n7\n", {"categories": "1..6"}, "unknown-category", "line 4"),
    ("t.txt", b"1\n2\n7\n", {"categories": "1..6"}, "unknown-category", "line 3"),
    ("t.jsonl", b"not json\n", {}, "not-json-objects", None),
    ("t.jsonl", b"[1]\n", {}, "not-json-objects", None),
    ("t.jsonl", b'{"face": 1}\n{"face": 2\n{"face": 3}\n', {}, "not-json-objects", None),
    ("t.jsonl", b'{"face": 1}\n{"face": "1"}\n', {}, "mixed-types", None),
    ("t.jsonl", b'{"face": 1.5}\n', {}, "category-type", None),
    ("t.jsonl", b'{"face": [1]}\n', {}, "category-type", None),
    ("t.parquet", b"PAR1 no", {}, "not-parquet", None),
    ("t.xlsx", b"PK", {}, "unknown-format", "--input"),
    ("t.txt.zst", b"(\xb5/\xfd", {}, "damaged-compression", None),
    ("t.csv.zst", b"no zstd", {}, "damaged-compression", None),
    ("t.csv", b"\nx\na\n", {}, "unreadable", "blank first line"),
    ("t.jsonl", b'{"a": 1}\nbad\n', {}, "not-json-objects", "line 2"),
    ("t.csv.gz", b"no gzip", {}, "damaged-compression", None),
    ("t.txt.gz", gzip.compress(b"1\n" * 5000, mtime=0)[:-12], {}, "damaged-compression", None),
    ("t.txt", b"1\n2\n", {"column": "face"}, "no-columns", None),
]


@pytest.mark.parametrize(
    ("name", "data", "options", "code", "said"),
    FILES,
    ids=[f"{row}-{name}-{code}" for row, (name, _, _, code, _) in enumerate(FILES)],
)
def test_what_is_no_tally_in_a_file_is_refused_with_its_place(name, data, options, code, said, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(mo.MottomoError) as raised:
        mo.tally(path, **options)
    error = raised.value
    assert error.code == code, error
    assert said is None or said in str(error)
    assert len(str(error)) < 2000
    assert path.read_bytes() == data


@pytest.mark.parametrize("kind", ["float", "date", "timestamp", "blob", "list"])
def test_columns_of_other_types_are_refused_in_parquet(kind, tmp_path):
    values = {
        "float": [1.0],
        "date": [DATE],
        "timestamp": [datetime.datetime(2026, 1, 1)],
        "blob": [b"x"],
        "list": [[1]],
    }[kind]
    path = tmp_path / "t.parquet"
    pl.DataFrame({"x": values}).write_parquet(path)
    with pytest.raises(mo.InvalidInput, match="neither text nor whole numbers"):
        mo.tally(path)


def test_a_missing_file_a_folder_and_a_forbidden_file_are_told_apart(tmp_path, monkeypatch):
    (tmp_path / "throws.csv").write_text("face\n1\n")
    with pytest.raises(mo.SourceError, match="no such file") as raised:
        mo.tally(tmp_path / "throw.csv")
    assert str(raised.value.mend) == "did you mean throws.csv?"
    with pytest.raises(mo.SourceError, match="a folder, not a file"):
        mo.tally(tmp_path)

    def forbidden(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(mo.SourceError, match="Permission denied"):
        mo.tally(tmp_path / "throws.csv")


def test_a_condition_that_is_no_sql_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face,who\n1,a\n2,b\n")
    from mottomo.sources.rows import Selection

    rows = count_path(path, Selection("face", where="who = 'a' -- only a"))
    assert rows.values == ["1"]
    for condition in ("who = ", "true) ; select (1", "nope = 1", "face + 1 > 'x'"):
        with pytest.raises(mo.InvalidInput, match="condition cannot be evaluated"):
            count_path(path, Selection("face", where=condition))


def test_a_wrongly_named_encoding_and_an_unknown_one_are_refused(tmp_path):
    from mottomo.sources.rows import Selection

    path = tmp_path / "t.csv"
    path.write_bytes(JAPANESE.encode("shift_jis"))
    with pytest.raises(mo.SourceError, match="not in the encoding"):
        count_path(path, Selection(), Reading(encoding="utf-8"))
    with pytest.raises(mo.InvalidInput, match="no such text encoding"):
        count_path(path, Selection(), Reading(encoding="klingon"))
    with pytest.raises(mo.InvalidInput, match="no such text encoding"):
        count_path(path, Selection(), Reading(encoding="rot13"))


def test_encodings_are_guessed_from_japanese_text_and_not_from_accents():
    assert guessed_encoding("乱数の目".encode("shift_jis")) == "shift_jis"
    assert guessed_encoding("乱数の目".encode("euc-jp")) == "euc-jp"
    assert guessed_encoding("é à ü".encode("latin-1")) == "cp1252"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, ValueError])
def test_whatever_comes_up_stops_a_query_and_is_passed_on(kind):
    def interrupt(percent: float) -> None:
        raise kind

    with duck.connection() as connection:
        with pytest.raises(kind):
            duck.fetch_all(
                connection,
                "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range > b.range",
                interrupt,
            )
        assert duck.fetch_all(connection, "SELECT 42") == [(42,)]


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n", "\r", "\0", "\ud800", 5, b",", ["a"]])
def test_what_cannot_separate_cells_is_refused(delimiter, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("face,n\na,1\n")
    with pytest.raises(mo.InvalidInput) as raised:
        mo.tally(path, column="face", delimiter=delimiter)
    assert raised.value.code == "delimiter"


@pytest.fixture(scope="module")
def one_connection():
    connection = OneConnection()
    yield connection
    connection.close()


@pytest.mark.parametrize("delimiter", [*map(chr, range(1, 0x100)), "、", "犬", "\u2028", "😀"], ids=ascii)
def test_every_other_character_separates_cells(delimiter, tmp_path, one_connection):
    if delimiter in '"\n\r':
        return
    path = tmp_path / "t.csv"
    names = [name for name in ("face", "XYZ") if delimiter not in name]
    cells = [cell for cell in ("B", "9") if delimiter != cell]
    lines = [
        delimiter.join([*names, "!!" if delimiter != "!" else "??"]),
        *(delimiter.join([cell] * (len(names) + 1)) for cell in cells),
    ]
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    with one_connection:
        assert mo.tally(path, column=names[0], delimiter=delimiter) == mo.tally(cells)


def test_a_column_of_a_file_is_named_by_a_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("0,n\na,1\n")
    for options in ({"column": 0}, {"count_column": 1}, {"by": [("n",)]}, {"by": 5}):
        with pytest.raises(mo.InvalidInput) as raised:
            mo.tally(path, **options)
        assert raised.value.code == "column-name"
    assert mo.tally(path, column="0") == mo.tally(["a"])


@pytest.mark.parametrize("digits", [4_001, 5_000, 200_000])
def test_a_file_of_odds_with_a_number_too_long_is_refused(tmp_path, digits):
    path = tmp_path / "odds.csv"
    path.write_text("category,p\na," + "1" * digits + "\n")
    with pytest.raises(mo.InvalidInput) as raised:
        Probabilities.of(odds_of(str(path)))
    assert raised.value.code == "number-too-long"
