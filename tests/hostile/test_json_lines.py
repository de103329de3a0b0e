"""JSON lines are counted as strict JSON says, or refused with the line: never something between."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

import mottomo as mo
from tests.hostile.json_documents import COLUMNS, Refused, document, strict_counts


def counted(path: Path, column: str) -> tuple[Counter[str], int]:
    tally = mo.tally(path, column=column, missing="drop")
    return Counter(dict(zip(tally.categories, tally.counts.tolist(), strict=True))), tally.n_missing_dropped


def compare(seed: int, n: int, folder: Path) -> tuple[int, int]:
    """How many documents both readers took, and how many both refused; they never differ."""
    random_, path, taken, refused = random.Random(seed), folder / "t.jsonl", 0, 0
    for number in range(n):
        data, column = document(random_), random_.choice(COLUMNS)
        path.write_bytes(data)
        try:
            expected = strict_counts(data, column)
        except Refused:
            with pytest.raises(mo.MottomoError):
                counted(path, column)
            refused += 1
        else:
            assert counted(path, column) == expected, (seed, number, data, column)
            taken += 1
    return taken, refused


def test_json_lines_are_counted_as_a_strict_reader_counts_them(tmp_path):
    taken, refused = compare(20_261, 100, tmp_path)
    assert min(taken, refused) > 15


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_json_lines_are_counted_as_a_strict_reader_counts_them(tmp_path):
    taken, refused = compare(30_000, 2_500, tmp_path)
    assert min(taken, refused) > 500


GOOD = [
    (b'{"id":1,"Id":2,"face":"a"}\n{"id":1,"face":"b"}\n', "face", {"a": 1, "b": 1}),
    (b'{"Face":"A","face":"a"}\n{"face":"b"}\n', "face", {"a": 1, "b": 1}),
    (b'{"Face":"A","face":"a"}\n{"Face":"B"}\n', "Face", {"A": 1, "B": 1}),
    (b'{"a/b":"x","a~b":"y","~1":"z"}\n', "a/b", {"x": 1}),
    (b'{"a/b":"x","a~b":"y","~1":"z"}\n', "a~b", {"y": 1}),
    (b'{"a/b":"x","a~b":"y","~1":"z"}\n', "~1", {"z": 1}),
    (b'{"":"x","*":"y"}\n', "", {"x": 1}),
    (b'{"":"x","*":"y"}\n', "*", {"y": 1}),
    (b'{"it\'s":"x"}\n', "it's", {"x": 1}),
    (b'{"n":-0}\n{"n":0}\n', "n", {"0": 2}),
    (b'{"x":[[[1,{"y":null}]]],"face":"a"}\n', "face", {"a": 1}),
    (b'{"x":"NaN, }","face":"a"}\n', "face", {"a": 1}),
    (b'{"x":{"y":1,"y":2},"face":"a"}\n', "face", {"a": 1}),
]


@pytest.mark.parametrize(("data", "column", "counts"), GOOD, ids=range(len(GOOD)))
def test_any_key_names_a_column(data, column, counts, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(data)
    assert mo.tally(path, column=column) == mo.tally([name for name, n in counts.items() for _ in range(n)])


MANY = b'{"face":"a"}\n' * 30_000  # more than is looked at in the beginning
FAULTS = [
    (b'{"face":"a","face":"b"}', "duplicate-key", "face"),
    (b'{"face":"a",}', "not-json-objects", None),
    (b'{"face":"a","x":[1,]}', "not-json-objects", None),
    (b'{"face":NaN}', "not-json-objects", "NaN"),
    (b'{"face":"a","x":-Infinity}', "not-json-objects", "Infinity"),
    (b'{"face":"a"}\x0b', "not-json-objects", None),
    (b'{"face":"\\ud800"}', "not-json-objects", "\\ud800"),
    (b'{"face":"\xff"}', "not-utf-8", None),
    (b'{"face":"a"} {"face":"b"}', "not-json-objects", None),
    (b'{"face":"a"', "not-json-objects", None),
    (b"5", "not-json-objects", "5"),
    (b"null", "not-json-objects", "null"),
    (b'["face"]', "not-json-objects", "face"),
]


@pytest.mark.parametrize("before", [b"", MANY], ids=["first", "late"])
@pytest.mark.parametrize(("line", "code", "got"), FAULTS, ids=[repr(line)[1:30] for line, _, _ in FAULTS])
def test_a_line_that_is_no_json_object_is_refused_with_its_number(before, line, code, got, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(before + line + b"\n")
    with pytest.raises(mo.SourceError) as raised:
        mo.tally(path, column="face")
    assert raised.value.code == code
    number = 1 + before.count(b"\n")
    assert str(raised.value.where).endswith(f"line {number}")
    assert got is None or got in str(raised.value.got)
    assert "Error" not in str(raised.value)


def test_deep_nesting_is_read_or_refused(tmp_path):
    path = tmp_path / "t.jsonl"
    for depth in (10, 1_000, 100_000):
        path.write_text('{"face":"a","x":' + "[" * depth + "]" * depth + "}\n")
        assert mo.tally(path, column="face").to_dict()["counts"] == [1]
        path.write_text('{"face":"a","x":' + "[" * depth + "]" * depth + ",}\n")
        with pytest.raises(mo.SourceError, match=r"not valid JSON|nested too deeply"):
            mo.tally(path, column="face")
