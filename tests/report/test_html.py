"""HTML pages: indices and powers are set in our own words, and never in what a user calls something."""

from __future__ import annotations

import re

import mottomo as mo


def page(result, language="en"):
    return re.sub(r"(?s)<style>.*?</style>", "", result.render("html", language))


def test_indices_and_powers_are_set_in_prose_and_tables():
    text = page(mo.explain([2, 5, 2, 4, 2, 5]))
    assert "unknown probability y<sub>k</sub>" in text
    assert '<td class="n">y<sub>1</sub></td>' in text
    assert "(G) or 0.639 (X<sup>2</sup>)" in page(mo.test([2, 5, 2, 4, 2, 5]))
    assert "10<sup>-" in page(mo.test([3000, 0]))
    assert not re.search(r">[^<]*\b[yt]_[k0-9]", text)


def test_labels_of_users_keep_their_characters():
    text = page(mo.test({"x_1": 5, "a^2": 3, "10^-5": 8}))
    for label in ("x_1", "a^2", "10^-5"):
        assert f"<td>{label}</td>" in text
    rejected = page(mo.test({"x_1": 50, "y_2": 3}))
    assert "Departing: x_1, y_2" in rejected


def test_a_function_is_apart_from_its_argument_and_an_operator_from_both_sides():
    text = page(mo.explain([2, 5, 2, 4, 2, 5]))
    assert not re.search(r"<mi>log</mi><m[in]>", text)
    assert '<mo form="infix">' in text


def test_a_wide_table_scrolls_in_its_own_frame():
    text = page(mo.estimate(dict.fromkeys(["a" * 150, "b" * 150], 3)))
    assert '<div class="table"><table>' in text
