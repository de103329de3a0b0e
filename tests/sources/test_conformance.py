"""One suite for every source: the same outcomes give the same tally, whatever they are in."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

import mottomo as mo

NUMBERS = [1, 2, 2, 10, 10, 10, 3]
TEXTS = ["犬", "fox", "fox", "a,b", 'say "x"', "ウルフ", "fox"]
TRUTHS = [True, False, True, True]


def csv_of(values, delimiter=","):
    quoted = ['"' + str(v).replace('"', '""') + '"' if set(str(v)) & set('",\t') else cell(v) for v in values]
    return f"outcome{delimiter}row\n" + "".join(f"{q}{delimiter}{i}\n" for i, q in enumerate(quoted))


def cell(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def written(tmp_path: Path, name: str, data: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def parquet(tmp_path: Path, values) -> Path:
    path = tmp_path / "t.parquet"
    pa.parquet.write_table(pa.table({"outcome": values, "row": range(len(values))}), path)
    return path


def json_lines(values) -> str:
    return "".join(json.dumps({"outcome": value, "row": i}) + "\n" for i, value in enumerate(values))


def zstd(tmp_path: Path, values) -> Path:
    path = tmp_path / "t.csv.zst"
    text = csv_of(values)
    rows = duckdb.sql("SELECT 1") and text
    plain = written(tmp_path, "plain.csv", rows)
    compressed = pa.Codec("zstd").compress(plain.read_bytes(), asbytes=True)
    path.write_bytes(compressed)
    return path


ROW = {"list": list, "tuple": tuple, "generator": lambda v: (x for x in v), "counter": lambda v: Counter(v).elements()}
SERIES = {
    "array": np.array,
    "object array": lambda v: np.array(v, dtype=object),
    "pandas series": pd.Series,
    "pandas objects": lambda v: pd.Series(v, dtype=object),
    "pandas categories": lambda v: pd.Series([cell(x) for x in v], dtype="category"),
    "polars series": pl.Series,
    "polars categories": lambda v: pl.Series([cell(x) for x in v], dtype=pl.Categorical),
    "arrow chunked array": lambda v: pa.chunked_array([v[:2], v[2:]]),
}
FRAMES = {
    "pandas": lambda v: pd.DataFrame({"outcome": v, "row": range(len(v))}),
    "polars": lambda v: pl.DataFrame({"outcome": v, "row": range(len(v))}),
    "polars lazy": lambda v: pl.LazyFrame({"outcome": v, "row": range(len(v))}),
    "arrow table": lambda v: pa.table({"outcome": v, "row": range(len(v))}),
    "arrow reader": lambda v: pa.table({"outcome": v, "row": range(len(v))}).to_reader(),
    "arrow dataset": lambda v: pa.dataset.dataset(pa.table({"outcome": v, "row": range(len(v))})),
    "duckdb relation": lambda v: duckdb.from_arrow(pa.table({"outcome": v, "row": range(len(v))})),
}
FILES = {
    "csv": lambda v, p: written(p, "t.csv", csv_of(v)),
    "csv with byte-order mark": lambda v, p: written(p, "t.csv", "\ufeff" + csv_of(v)),
    "csv with CR LF": lambda v, p: written(p, "t.csv", csv_of(v).replace("\n", "\r\n")),
    "csv with CR": lambda v, p: written(p, "t.csv", csv_of(v).replace("\n", "\r")),
    "tsv": lambda v, p: written(p, "t.tsv", csv_of(v, "\t")),
    "csv.gz": lambda v, p: written(p, "t.csv.gz", gzip.compress(csv_of(v).encode())),
    "csv.zst": lambda v, p: zstd(p, v),
    "jsonl": lambda v, p: written(p, "t.jsonl", json_lines(v)),
    "jsonl.gz": lambda v, p: written(p, "t.jsonl.gz", gzip.compress(json_lines(v).encode())),
    "parquet": lambda v, p: parquet(p, v),
    "csv in a folder with a pattern in its name": lambda v, p: written(_folder(p / "k=v [a] *?"), "t.csv", csv_of(v)),
    "csv with an apostrophe in its name": lambda v, p: written(p, "it's.csv", csv_of(v)),
}
LINES = {
    "txt": lambda v, p: written(p, "t.txt", "".join(f"{cell(x)}\n" for x in v)),
    "txt without a last line end": lambda v, p: written(p, "t.txt", "\n".join(map(cell, v))),
    "txt with byte-order mark and CR LF": lambda v, p: written(
        p, "t.txt", "\ufeff" + "".join(f"{cell(x)}\r\n" for x in v)
    ),
    "txt with CR": lambda v, p: written(p, "t.txt", "".join(f"{cell(x)}\r" for x in v)),
    "txt.gz": lambda v, p: written(p, "t.txt.gz", gzip.compress("\n".join(map(cell, v)).encode())),
    "binary stream": lambda v, p: io.BytesIO("\n".join(map(cell, v)).encode()),
    "text stream": lambda v, p: io.TextIOWrapper(io.BytesIO("\n".join(map(cell, v)).encode())),
}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def expected(values) -> mo.Tally:
    names = Counter(cell(value) for value in values)
    return mo.Tally(mo.Categories.discovered(names), mo.Tally.from_counts([1]).counts) if not names else _tally(names)


def _tally(names: Counter) -> mo.Tally:
    categories = mo.Categories.discovered(names)
    return mo.Tally(categories, mo.Tally.from_counts([names[name] for name in categories]).counts)


PLACES = {"row": ROW, "series": SERIES, "frame": FRAMES, "file": FILES, "lines": LINES}
ALL = [(kind, name) for kind, names in PLACES.items() for name in names]


def source(kind: str, name: str, values, tmp_path: Path):
    """The source, and the options that choose its column."""
    if kind in ("row", "series"):
        return {**ROW, **SERIES}[name](values), {}
    if kind == "frame":
        return FRAMES[name](values), {"column": "outcome"}
    if kind == "file":
        return FILES[name](values, tmp_path), {"column": "outcome"}
    return LINES[name](values, tmp_path), {}


@pytest.mark.parametrize("values", [NUMBERS, TEXTS, TRUTHS], ids=["numbers", "texts", "truths"])
@pytest.mark.parametrize(("kind", "name"), ALL, ids=[name for _, name in ALL])
def test_the_same_outcomes_give_the_same_tally_from_every_source(kind, name, values, tmp_path):
    given, options = source(kind, name, values, tmp_path)
    tally = mo.tally(given, **options)
    assert tally == expected(values)
    assert tally.sha256 == expected(values).sha256


@pytest.mark.parametrize(("kind", "name"), ALL, ids=[name for _, name in ALL])
def test_declared_categories_count_faces_never_seen_on_every_source(kind, name, tmp_path):
    given, options = source(kind, name, NUMBERS, tmp_path)
    tally = mo.tally(given, categories=["10", "3", "2", "1", "7"], **options)
    assert tally.categories.names == ("10", "3", "2", "1", "7")
    assert tally.counts.tolist() == [3, 1, 2, 1, 0]


@pytest.mark.parametrize(("kind", "name"), ALL, ids=[name for _, name in ALL])
def test_an_undeclared_outcome_is_refused_on_every_source(kind, name, tmp_path):
    given, options = source(kind, name, NUMBERS, tmp_path)
    with pytest.raises(mo.InvalidInput, match="not among the declared") as raised:
        mo.tally(given, categories=["1", "2", "3"], **options)
    assert str(raised.value.got) == "10"


GROUPED = [(kind, name) for kind, name in ALL if kind in ("frame", "file")]


@pytest.mark.parametrize(("kind", "name"), GROUPED, ids=[name for _, name in GROUPED])
def test_groups_are_counted_alike_on_every_table(kind, name, tmp_path):
    given, options = source(kind, name, NUMBERS, tmp_path)
    tally = mo.tally(given, by="row", **options)
    assert tally.by == ("row",)
    assert [key for key, _ in tally] == [(str(i),) for i in range(7)]
    assert tally == mo.tally(NUMBERS, by=range(7)).__class__(tally.categories, tally.counts, ("row",), tally.groups)
    assert [one.count(NUMBERS[i]) for i, (_, one) in enumerate(tally)] == [1] * 7


@pytest.mark.parametrize(("kind", "name"), GROUPED, ids=[name for _, name in GROUPED])
def test_a_count_column_says_how_often_on_every_table(kind, name, tmp_path):
    given, options = source(kind, name, NUMBERS, tmp_path)
    tally = mo.tally(given, count_column="row", **options)
    counts = Counter()
    for row, value in enumerate(NUMBERS):
        counts[str(value)] += row
    assert dict(zip(tally.categories, tally.counts.tolist(), strict=True)) == dict(counts)


MISSING = {
    "list": lambda p: ([1, None, 2, float("nan")], {}),
    "pandas integers": lambda p: (pd.Series([1, None, 2, None], dtype="Int64"), {}),
    "pandas objects": lambda p: (pd.Series(["1", None, "2", np.nan], dtype=object), {}),
    "polars": lambda p: (pl.DataFrame({"outcome": [1, None, 2, None]}), {}),
    "arrow reader": lambda p: (pa.table({"outcome": [1, None, 2, None]}).to_reader(), {}),
    "csv": lambda p: (written(p, "t.csv", 'outcome,x\n1,a\n,b\n2,c\n"",d\n'), {"column": "outcome"}),
    "blank lines of a csv with one column": lambda p: (written(p, "t.csv", "outcome\n1\n\n2\n\n"), {}),
    "jsonl": lambda p: (
        written(p, "t.jsonl", '{"outcome": 1}\n{"outcome": null}\n{"outcome": 2}\n{"x": 3}\n'),
        {"column": "outcome"},
    ),
    "parquet": lambda p: (parquet(p, [1, None, 2, None]), {"column": "outcome"}),
    "lines": lambda p: (written(p, "t.txt", "1\n\n2\n\n"), {}),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_outcomes_are_counted_refused_and_dropped_only_when_asked(name, tmp_path):
    given, options = MISSING[name](tmp_path)
    with pytest.raises(mo.InvalidInput, match="2 missing outcomes") as raised:
        mo.tally(given, **options)
    assert "--missing drop" in str(raised.value.mend)
    given, options = MISSING[name](tmp_path)
    tally = mo.tally(given, missing="drop", **options)
    assert tally.to_dict()["counts"] == [1, 1]
    assert tally.n_missing_dropped == 2
    assert tally.remarks == ("missing-dropped",)


def test_words_for_nothing_are_categories_like_any_other(tmp_path):
    path = written(tmp_path, "t.csv", "outcome\nNULL\nNA\nnan\nNone\n#x\n 1\n")
    assert mo.tally(path).categories.names == (" 1", "#x", "NA", "NULL", "None", "nan")


def test_numbers_keep_the_text_they_came_in(tmp_path):
    path = written(tmp_path, "t.csv", "outcome\n" + "1\n" * 30_000 + "1.5\n01\n2020-01-01\ntrue\nyes\n")
    tally = mo.tally(path)
    assert dict(zip(tally.categories, tally.counts.tolist(), strict=True)) == {
        "01": 1, "1": 30_000, "1.5": 1, "2020-01-01": 1, "true": 1, "yes": 1,
    }  # fmt: skip


def test_a_line_of_ten_megabytes_is_read(tmp_path):
    long = "x" * 10_000_000
    for name, text in (("t.csv", f"outcome\n{long}\n1\n"), ("t.txt", f"{long}\n1\n")):
        tally = mo.tally(written(tmp_path, name, text))
        assert tally.counts.tolist() == [1, 1]
        assert tally.categories.names[1] == long
        assert len(tally.render("text")) < 2000


@pytest.mark.slow
def test_a_million_categories_are_counted_and_shown_abbreviated(tmp_path):
    path = written(tmp_path, "t.txt", "\n".join(map(str, range(1_000_000))) + "\n0\n")
    tally = mo.tally(path)
    assert tally.n_categories == 1_000_000
    assert tally.count(0) == 2
    text = mo.estimate(tally).render("text")
    assert len(text.splitlines()) < 60
    assert "999,975 more rows" in text


def test_a_quoted_line_end_is_part_of_its_cell(tmp_path):
    path = written(tmp_path, "t.csv", 'a,"b\nc"\n"1\n2",x\n"1\n2",y\n')
    assert mo.tally(path, column="a").categories.names == ("1\n2",)
    assert mo.tally(path, column="b\nc").categories.names == ("x", "y")


def test_counts_beyond_any_machine_integer_in_a_file(tmp_path):
    path = written(tmp_path, "t.csv", f"v,n\na,{10**30}\na,5\nb,007\n")
    assert mo.tally(path, count_column="n").counts.tolist() == [10**30 + 5, 7]


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-jp", "utf-16", "utf-16-le", "cp932"])
@pytest.mark.parametrize("suffix", [".csv", ".txt", ".csv.gz"])
def test_other_encodings_are_read_when_named(encoding, suffix, tmp_path):
    text = "犬\n狐\n狐\nウルフ\n" if suffix == ".txt" else "出目\n犬\n狐\n狐\nウルフ\n"
    data = text.encode(encoding)
    path = written(tmp_path, f"t{suffix}", gzip.compress(data) if suffix.endswith("gz") else data)
    assert mo.tally(path, encoding=encoding) == mo.tally(["犬", "狐", "狐", "ウルフ"])


def test_the_zstd_program_and_arrow_agree(tmp_path):
    if shutil.which("zstd") is None:
        return  # the test above has read what Arrow compressed
    plain = written(tmp_path, "t.csv", csv_of(NUMBERS))
    subprocess.run(["zstd", "-q", str(plain)], check=True)
    assert mo.tally(tmp_path / "t.csv.zst", column="outcome") == expected(NUMBERS)


def test_integers_far_apart_and_near_the_edge_of_int64():
    values = np.array([-(2**63), 2**63 - 1, 5, 5], dtype=np.int64)
    assert mo.tally(values).counts.tolist() == [1, 2, 1]
    assert mo.tally(np.array([2**64 - 1], dtype=np.uint64)).categories.names == (str(2**64 - 1),)
    assert mo.tally(np.zeros(0, dtype=np.int64)).n_observations == 0


def test_the_argument_is_left_as_it_was():
    array = np.array([3, 1, 2])
    frame = pd.DataFrame({"a": [1, 2]})
    mo.tally(array)
    mo.tally(frame)
    assert array.tolist() == [3, 1, 2]
    assert frame.to_dict("list") == {"a": [1, 2]}


COMPRESS = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["t.csv", "T.TXT", "t.jsonl"])
def test_compressed_files_are_read_whole_and_damaged_ones_refused(name, suffix, tmp_path):
    lines = [f'{{"face": {row % 7}}}' if name == "t.jsonl" else str(row % 7) for row in range(400_000)]
    data = ("face\n" * (name == "t.csv") + "\n".join(lines) + "\n").encode()
    packed = COMPRESS[suffix](data)
    path = tmp_path / (name + (suffix.upper() if name == "T.TXT" else suffix))
    path.write_bytes(packed)
    assert mo.tally(path).n_observations == 400_000
    for damaged in (packed[: len(packed) // 2], packed[:-4], packed[:-8] + b"\0" * 8):
        path.write_bytes(damaged)
        with pytest.raises(mo.SourceError, match="cannot be decompressed"):
            mo.tally(path)


@pytest.mark.parametrize("name", ["f.csv", "f.txt"])
def test_a_named_pipe_is_read_once_and_whole(name, tmp_path):
    path = tmp_path / name
    os.mkfifo(path)
    lines = "".join(f"{row % 7}\n" for row in range(700_000))
    text = ("face\n" if name == "f.csv" else "") + lines
    writer = threading.Thread(target=lambda: path.write_text(text))
    writer.start()
    assert mo.tally(path).n_observations == 700_000
    writer.join()


@pytest.mark.parametrize(
    ("condition", "counts"), [("c = '1'", [1]), ("c like 'x%'", [1]), ("a::int > 1", [1]), ("true", [1, 1])]
)
def test_a_condition_sees_text_in_json_lines(condition, counts, tmp_path):
    path = written(tmp_path, "t.jsonl", '{"c": "1", "a": 1}\n{"c": "x2", "a": 2}\n')
    assert mo.tally(path, column="a", where=condition).to_dict()["counts"] == counts


def test_columns_that_differ_only_in_case_are_told_apart_or_refused(tmp_path):
    path = written(tmp_path, "t.csv", "x,X,odd_count\na,b,3\n")
    assert mo.tally(path, column="X", count_column="odd_count").to_dict()["categories"] == ["b"]
    with pytest.raises(mo.InvalidInput, match="the same name"):
        mo.tally(path, column="X", where="true")
    unnamed = written(tmp_path, "u.csv", ",x\n0,a\n1,b\n")
    assert mo.tally(unnamed, column="x", where="x = 'a'").to_dict()["counts"] == [1]


def test_a_condition_writes_no_file_and_reads_no_other(tmp_path):
    path = written(tmp_path, "t.csv", "x\na\n")
    target = tmp_path / "stolen.txt"
    for condition in (
        f"true) GROUP BY ALL; COPY (SELECT 42) TO '{target}'; SELECT 1 FROM t WHERE (true",
        f"x IN (SELECT content FROM read_text('{tmp_path}/secret'))",
    ):
        (tmp_path / "secret").write_text("a")
        with pytest.raises(mo.MottomoError):
            mo.tally(path, where=condition)
    assert not target.exists()


def test_missing_text_in_numpys_string_type_is_missing():
    values = np.array(["a", "b", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan))
    with pytest.raises(mo.InvalidInput, match="1 missing outcome"):
        mo.tally(values)


def test_a_text_file_is_read_in_the_encoding_it_was_opened_with(tmp_path):
    path = written(tmp_path, "t.txt", "é\n".encode("cp1252"))
    with path.open(encoding="cp1252") as stream:
        assert mo.tally(stream).categories.names == ("é",)
    assert mo.tally(io.StringIO("a\nb\n")).categories.names == ("a", "b")


class Pieces(io.RawIOBase):
    """A stream whose bytes arrive one at a time."""

    def __init__(self, data):
        self.data = list(data)

    def read1(self, size):
        return bytes([self.data.pop(0)]) if self.data else b""

    read = read1


def test_a_byte_order_mark_may_arrive_in_pieces():
    assert mo.tally(Pieces("\ufeffa\na\n".encode())).to_dict()["counts"] == [2]


def test_a_key_that_comes_late_in_json_lines_is_found(tmp_path):
    path = written(tmp_path, "t.jsonl", '{"id": 1}\n' * 5000 + '{"id": 2, "face": "x"}\n')
    assert mo.tally(path, column="face", missing="drop").to_dict()["counts"] == [1]


def test_only_json_columns_are_read_as_json(tmp_path):
    path = tmp_path / "t.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT '01' AS face, '{{}}'::JSON AS meta) TO '{path}' (FORMAT parquet)")
    assert mo.tally(path, column="face").categories.names == ("01",)


def test_masked_outcomes_are_missing_and_masked_counts_refused():
    masked = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    with pytest.raises(mo.InvalidInput, match="1 missing outcome"):
        mo.tally(masked)
    assert mo.tally(masked, missing="drop").categories.names == ("1", "3")
    with pytest.raises(mo.InvalidInput, match="a count is missing"):
        mo.Tally.from_counts(masked)


def test_a_labelled_series_is_read_by_name():
    counts = pd.Series(["b", "a", "b"]).value_counts()
    assert mo.Tally.from_counts(counts) == mo.Tally.from_counts({"a": 1, "b": 2})
    tally = mo.Tally.from_counts({"a": 1, "b": 3})
    odds = pd.Series({"b": 0.75, "a": 0.25})
    assert mo.log_likelihood(tally, odds) == mo.log_likelihood(tally, {"a": 0.25, "b": 0.75})
    assert set(mo.simulate(odds, 20, seed=1)) <= {"a", "b"}
    assert mo.Tally.from_counts(pd.Series([2, 5])).categories.names == ("1", "2")


def test_categories_may_come_from_published_odds():
    assert mo.tally(["SSR"], categories={"SSR": 0.03, "R": 0.97}).counts.tolist() == [1, 0]
    assert mo.tally(["a"], categories=mo.Tally.from_counts({"a": 1, "b": 0})).counts.tolist() == [1, 0]


def test_settings_that_do_not_apply_are_refused(tmp_path):
    for given, options in (
        ([1], {"encoding": "utf-8"}),
        (parquet(tmp_path, [1]), {"column": "outcome", "delimiter": ";"}),
    ):
        with pytest.raises(mo.InvalidInput, match="does not apply"):
            mo.tally(given, **options)
