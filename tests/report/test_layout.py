"""Columns of a terminal, and lines broken where a reader of either language would break them."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mottomo.report.layout import display_width, padded, pasted, shortened, wrapped


@pytest.mark.parametrize(("text", "width"), [("die", 3), ("サイコロ", 8), ("e\u0301", 1), ("", 0), ("犬 a", 4)])
def test_wide_characters_take_two_columns(text, width):
    assert display_width(text) == width


def test_padding_and_cutting_count_columns():
    assert padded("犬", 4) == "犬  "
    assert padded("犬", 4, right=True) == "  犬"
    assert shortened("サイコロ", 5) == "サ…ロ"
    assert shortened("die", 3) == "die"


@pytest.mark.parametrize("width", range(3, 30))
def test_a_shortened_name_keeps_its_end(width):
    for text in ("temperature_in_january", "最高気温(一月の平均)"):
        cut = shortened(text, width)
        assert display_width(cut) <= width
        assert width < 6 or cut[-1] == text[-1]


def test_no_line_begins_with_a_full_stop():
    for width in range(20, 60):
        lines = wrapped("どの行を取り分けるかを決めるシード(既定: 0)。最大 95 %)、次。", width).split("\n")
        assert not any(line.startswith(("。", "、", ")")) for line in lines)


def test_no_line_is_too_long_and_nothing_is_lost():
    text = "最も尤もらしいのは相対頻度です(信頼水準 95 %)。 " * 5 + "and some words in English " * 5
    lines = wrapped(text, 40).split("\n")
    assert max(map(display_width, lines)) <= 40
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("width", range(12, 60))
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(width):
    lines = wrapped("これは例です。かっこ(のなか)や「引用」、読点、句点。" * 3, width).split("\n")
    assert not [line for line in lines if line[0] in "。、)」ー"]
    assert not [line for line in lines if line[-1] in "(「"]


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=70), min_size=1, max_size=6)


@given(WORDS, st.integers(20, 120))
@example(["it's", '"', "a b" * 40], 20)
@example(["'" * 50, "\\" * 50], 21)
def test_a_broken_command_is_read_by_a_shell_as_the_same_words(words, width):
    text = pasted(shlex.join(words), width)
    assert all(display_width(line) <= width for line in text.splitlines())
    lines = text.split("\n")
    assert all(line.endswith("\\") for line in lines[:-1])
    assert shlex.split(text.replace("\\\n", "")) == words


def test_a_real_shell_reads_it_too():
    words = ["it's", "a  b " * 30, '"$HOME" `x`', "\\" * 90, "犬" * 60, "'" * 40, "", "--x=1"]
    for width in (20, 41, 80):
        script = f"printf '%s\\0' {pasted(shlex.join(words), width)}"
        done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
        assert done.stdout.decode().split("\0")[:-1] == words
