"""Columns of a terminal, and lines broken where a reader of either language would break them."""

from __future__ import annotations

import pytest

from mottomo.report.layout import display_width, padded, shortened, wrapped


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
