"""CSV and TSV files against a strict reader that shares no code: what is counted is what stands in the text."""

from __future__ import annotations

import gzip
import io
import random
from collections import Counter
from pathlib import Path

import pytest

import mottomo as mo
from mottomo.messages import verbatim
from mottomo.sources import delimited
from mottomo.sources.delimited_text import records
from mottomo.sources.probability_file import odds_of
from mottomo.sources.reading import table_file
from mottomo.sources.text_form import TextForm
from mottomo.workflows.training import train_on_table
from mottomo.workflows.training_plan import TrainingPlan
from tests.sources.strict_reader import Refused, strict_table

MARK = "\ufeff"


def counted(path: Path, name: str, **settings) -> Counter[str]:
    tally = mo.tally(path, column=name, missing="drop", **settings)
    found = Counter(dict(zip(tally.categories, tally.counts.tolist(), strict=True)))
    found[""] = tally.n_missing_dropped
    return +found


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


# --- generated files -------------------------------------------------------------------------------------------------


def a_table(source: random.Random) -> tuple[str, str]:
    """A text that is nearly a table, and its delimiter: a sound one, changed in up to three places."""
    delimiter, n_columns = source.choice(",\t"), source.choice([1, 2, 2, 3])
    end = source.choice(["\n", "\r\n", "\r"])

    def quoted(inside: str) -> str:
        before, after = source.choice(["", "", "", "", " "]), source.choice(["", "", "", " ", "  "])
        return f'{before}"{inside}"{after}'

    def cell() -> str:
        if source.random() < 0.4:
            other = source.choice(
                ["a\nb", "a\rb", "a\r\nb", f"x{delimiter}y", '""', '""a""', '"" ""', '""  ""', "", "b"]
            )
            return quoted(other)
        return source.choice(["a", "b", "x y", "1", "", " ", "a b", 'q"q', "é", "\x0b", "犬", "\0", "NULL", "#"])

    def name(index: int) -> str:
        plain = source.choice([f"h{index}", f"h {index}", f"é{index}"])
        if source.random() < 0.3:
            ways = [plain, f"{plain}\nof", f"{plain}\r\nof", f"{plain}\rof", f'{plain}""', f"{plain}{delimiter}"]
            return quoted(source.choice(ways))
        return plain

    lines = [delimiter.join(name(index) for index in range(n_columns))]
    lines += [delimiter.join(cell() for _ in range(n_columns)) for _ in range(source.randint(0, 5))]
    text = source.choice(["", "", MARK]) + end.join(lines) + source.choice([end, end, ""])
    for _ in range(source.choice([0, 0, 1, 1, 2, 3])):
        at, letter = (
            source.randint(0, len(text)),
            source.choice(['"', '"', " ", "\n", "\r", "\r\n", delimiter, "a", "\x0b"]),
        )
        text = text[:at] + source.choice([letter + text[at:], text[at + 1 :], letter + text[at + 1 :]])
    return text, delimiter


def check(text: str, delimiter: str, folder: Path, conditions: bool = True) -> str:
    """How a text was taken; fails where another count comes out than that of the strict reader, or a raw error."""
    path = written(folder, text, "t.tsv" if delimiter == "\t" else "t.csv")
    try:
        names, rows = strict_table(text, delimiter)
    except Refused:
        names, rows = [], None
    if rows is None or len(set(names)) < len(names):
        for name in dict.fromkeys(names or _likely_names(text, delimiter)):
            with pytest.raises(mo.MottomoError):
                counted(path, name)
            if conditions:
                with pytest.raises(mo.MottomoError):
                    counted(path, name, where="true")
        return "refused"
    outcome = "same"
    for index, name in enumerate(names):
        expected = Counter(row[index] or "" for row in rows)
        try:
            assert counted(path, name) == expected, text
            assert not (name and conditions) or counted(path, name, where="true") == expected, text
        except mo.MottomoError as error:  # stricter than the strict reader, and never silent
            outcome = f"refused: {error.code}"
            if rows and error.code == "no-rows":
                pytest.fail(text)
    return outcome


def _likely_names(text: str, delimiter: str) -> list[str]:
    first = text.removeprefix(MARK).splitlines()[:1] or [""]
    return [cell.strip(' "') for cell in first[0].split(delimiter)]


@pytest.mark.parametrize("seed", range(1))
def test_generated_files_are_counted_as_a_strict_reader_counts_them(seed, tmp_path):
    source = random.Random(seed)
    outcomes = Counter(check(*a_table(source), tmp_path) for _ in range(40))
    assert outcomes["same"] > 8
    assert outcomes["refused"] > 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 108))
def test_many_generated_files_are_counted_as_a_strict_reader_counts_them(seed, tmp_path):
    source = random.Random(seed)
    for _ in range(250):
        check(*a_table(source), tmp_path)


# --- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", MARK])
@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r", "\n\n", '""', ",", " "])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_quoted_header_may_hold_what_a_cell_may(tmp_path, end, mark, inner, suffix):
    text = end.join([f'{mark}"face{inner}of die",n', '"a",1', 'b,"2"', '"b\nc",3', ""])
    path = tmp_path / f"t{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    name = f"face{inner}of die".replace('""', '"')
    assert counted(path, name) == {"a": 1, "b": 1, "b\nc": 1}
    assert counted(path, name, where="n <> '3'") == {"a": 1, "b": 1}
    assert counted(path, "n") == {"1": 1, "2": 1, "3": 1}


@pytest.mark.parametrize("mark", ["", MARK])
def test_training_reads_as_many_rows_as_there_are_under_a_header_of_several_lines(tmp_path, mark):
    text = mark + '"species\n(of animal)",colour\n' + "dog,red\nfox,red\ndog,grey\nfox,grey\n" * 6
    file = table_file(written(tmp_path, text))
    result = train_on_table(file, TrainingPlan("species\n(of animal)"))
    assert (result.n_rows, result.classifier.categories.names) == (24, ("dog", "fox"))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('face,"n"x\na,1\nb,2\n', "text-after-quote", "line 1"),
        ('face,"n\na,1\nb,2\n', "open-quote", "line 1"),
        (MARK + '"g\n2\n3\n', "open-quote", "line 1"),
        ('face,n\na,"1"x\n', "text-after-quote", "line 2"),
        ('face,n\na,1\nb,"2" "3"\n', "text-after-quote", "line 3"),
        ("face\n\r\nx ", "mixed-line-ends", "line 2"),
        ("face\n\r\n\na", "mixed-line-ends", "line 2"),
        ('face\n \r\n"\x0b"\nx"\n', "mixed-line-ends", "line 2"),
        ('face,n\r\n"a\nb",1\r\nc,2\n', "mixed-line-ends", "line 4"),
        (MARK, "empty-source", None),
        (MARK + "\n", "empty-source", None),
        ("\udcef\n", "not-utf-8", None),
        ("\udce9\n1\n", "not-utf-8", None),
        ("c\udce9\r1\r", "not-utf-8", None),
        ("c1\udc80\r1\r", "not-utf-8", None),
    ],
)
@pytest.mark.parametrize("where", [None, "true"])
def test_a_text_that_is_no_table_is_refused_with_its_line(tmp_path, text, code, line, where):
    with pytest.raises(mo.MottomoError) as error:
        counted(written(tmp_path, text), "face", where=where)
    assert error.value.code == code
    assert line is None or line in str(error.value)


def test_line_ends_inside_quotation_marks_are_those_of_the_cell(tmp_path):
    text = 'face,n\r\n"a\nb",1\r\n"a\nb",2\r\n'
    assert counted(written(tmp_path, text), "face") == {"a\nb": 2}
    assert counted(written(tmp_path, '"a\nb"\r\nc\r\n"a\nb"'), "x", names=["x"]) == {"a\nb": 2, "c": 1}


def test_the_line_of_an_error_is_that_of_the_file_under_a_header_of_several_lines(tmp_path):
    with pytest.raises(mo.SourceError, match="line 5"):
        counted(written(tmp_path, MARK + '"a\nb\nc",d\n1,2\n3\n'), "a\nb\nc")


def test_a_character_at_the_end_of_the_sample_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_SAMPLES", (8, 64))
    assert counted(written(tmp_path, "ab,cde犬\n1,2\n"), "cde犬") == {"2": 1}
    long = "x" * 70
    with pytest.raises(mo.SourceError, match="too long"):
        counted(written(tmp_path, f"{long}\n1\n"), long)


def test_a_first_row_that_duckdb_reads_in_another_way_is_refused(tmp_path, monkeypatch):
    """Its parser may change in any version: here it is made to pass over one line more."""
    relation = delimited._relation
    monkeypatch.setattr(delimited, "_relation", lambda *given: relation(*given).replace("skip=1", "skip=2"))
    with pytest.raises(mo.SourceError, match="read in two ways"):
        counted(written(tmp_path, "face\na\nb\n"), "face")


def test_a_large_file_of_one_kind_of_line_end_is_not_read_record_by_record(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("read record by record")

    monkeypatch.setattr("mottomo.sources.text_form.refuse_other_forms", refuse)
    row = '"a ""word"" in a cell",b\r\n'
    path = written(tmp_path, "face,n\r\n" + row * 100_000)
    assert counted(path, "face") == {'a "word" in a cell': 100_000}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("text", "suspect"),
    [
        ("a\r\nb\r\n", False), ("a\rb\r", False), ("a\nb\n", False), ("a", False), ("a\r\nb\n", True), ("a\n\rb", True),
        ("a\r\r\n", True), ('"a"  "b"', True), ('"a"   ', False), ('"a"   b', False), ("a\r", False),
    ],
)  # fmt: skip
def test_traces_are_found_wherever_a_chunk_ends(tmp_path, monkeypatch, size, text, suspect):
    monkeypatch.setattr("mottomo.sources.text_form._CHUNK", size)
    form = TextForm(written(tmp_path, text), ",", verbatim("t"))
    form._look()
    assert form._is_suspect == suspect


@pytest.mark.parametrize("chunk", [1, 2, 5, 100])
def test_records_are_the_same_whatever_the_chunks(monkeypatch, chunk):
    monkeypatch.setattr("mottomo.sources.delimited_text._CHUNK", chunk)
    text = '\ufeff"a\r\nb",c\r\n1,"x ""y"""\r\n\r\n 犬, "z" \r\n'
    found = list(records(io.BytesIO(text.encode()), ","))
    assert [one.cells for one in found] == [["a\r\nb", "c"], ["1", 'x "y"'], [""], [" 犬", "z"]]
    assert [one.line for one in found] == [1, 3, 4, 5]


def test_published_odds_are_read_by_the_same_rules(tmp_path):
    assert odds_of(written(tmp_path, MARK + '"rank\nof card","p"\nSSR, "3%"\nR,97%\n')) == {
        "SSR": "3%",
        "R": "97%",
    }
    with pytest.raises(mo.SourceError, match="followed by text"):
        odds_of(written(tmp_path, 'rank,p\nSSR,"3"%\nR,97%\n'))
    with pytest.raises(mo.SourceError, match="line 3"):
        odds_of(written(tmp_path, "rank,p\nSSR,3%\nR\n"))
