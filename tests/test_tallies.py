"""Tallies and categories: declared or discovered, exact, frozen, matched by name."""

from __future__ import annotations

import copy
import hashlib
import pickle

import numpy as np
import pytest

import mottomo as mo
from mottomo.categories import category_name, look_alikes


def test_counts_of_any_size_stay_exact():
    big = mo.Tally.from_counts({"a": 10**30, "b": 1})
    assert (big + big).count("a") == 2 * 10**30
    assert big.n_observations == 10**30 + 1
    edge = mo.Tally.from_counts([2**63 - 1, 0])
    assert (edge + mo.Tally.from_counts([1, 0])).counts.tolist() == [2**63, 0]
    assert mo.Tally.from_counts([2**62, 2**62, 0]).n_observations == 2**63


def test_a_tally_is_frozen():
    tally = mo.Tally.from_counts([1, 2])
    with pytest.raises(ValueError, match="read-only"):
        tally.counts[0] = 9
    with pytest.raises(AttributeError):
        tally.counts = np.array([1])


def test_counts_given_in_a_row_declare_numbered_categories():
    tally = mo.Tally.from_counts([2, 5, 2, 4, 2, 5])
    assert tally.categories.names == ("1", "2", "3", "4", "5", "6")
    assert tally.categories.declared


def test_a_face_never_seen_is_declared():
    tally = mo.tally([1, 2, 2], categories=range(1, 7))
    assert tally.counts.tolist() == [1, 2, 0, 0, 0, 0]
    assert tally.unseen == ("3", "4", "5", "6")
    assert not mo.tally([1, 2, 2]).categories.declared


def test_tallies_are_equal_by_name_not_by_position():
    left = mo.Tally.from_counts({"a": 1, "b": 2})
    right = mo.Tally.from_counts({"b": 2, "a": 1})
    assert left == right
    assert hash(left) == hash(right)
    assert left != mo.Tally.from_counts({"a": 2, "b": 1})
    assert left != mo.tally(["a", "b", "b"])  # discovered
    assert left != "a"


def test_the_fingerprint_is_that_of_the_documented_json():
    tally = mo.Tally.from_counts({"犬": 2, "a": 1})
    text = '{"by":[],"declared":true,"groups":[[[],[["a",1],["犬",2]]]]}'
    assert tally.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_tally_survives_pickling():
    tally = mo.tally(["a", "b"], by=["x", "y"])
    for again in (pickle.loads(pickle.dumps(tally)), copy.deepcopy(tally)):
        assert again == tally
        assert not again.counts.flags.writeable


def test_merging_into_a_declared_tally_admits_nothing_new():
    die = mo.Tally.empty("1..6")
    assert (die + mo.tally([1, 2])).counts.tolist() == [1, 1, 0, 0, 0, 0]
    with pytest.raises(mo.InvalidInput, match="not among the declared"):
        die + mo.tally([7])
    with pytest.raises(mo.InvalidInput, match="declare different categories"):
        die + mo.Tally.from_counts([1, 2])


def test_tallies_grouped_differently_do_not_merge():
    with pytest.raises(mo.InvalidInput, match="grouped differently"):
        mo.tally([1], by=["x"]) + mo.tally([1])


def test_adding_something_else_is_a_type_error():
    with pytest.raises(TypeError):
        mo.Tally.from_counts([1]) + 3


def test_groups_are_reached_by_name():
    tally = mo.tally(["a", "b", "b"], by=["x", "y", "y"])
    assert tally.group("y").to_dict()["counts"] == [0, 2]
    assert tally.n_observations.tolist() == [1, 2]
    with pytest.raises(mo.InvalidInput, match="no such group"):
        tally.group("z")


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("1..3", ("1", "2", "3")),
        ("-1..1", ("-1", "0", "1")),
        ("a,b", ("a", "b")),
        (range(2), ("0", "1")),
        ([True, False], ("true", "false")),
    ],
)
def test_categories_are_declared_as_lists_ranges_or_text(spec, names):
    assert mo.Categories.of(spec).names == names


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("abc", "cannot be read"),
        ("6..1", "empty or too long"),
        ("1..1000001", "empty or too long"),
        (["a", "a"], "declared twice"),
        ([1, "1"], "declared twice"),
        ([], "no categories"),
        ([1.0], "neither text nor"),
    ],
)
def test_categories_that_are_none_are_refused(spec, message):
    with pytest.raises(mo.InvalidInput, match=message):
        mo.Categories.of(spec)


def test_discovered_categories_stand_in_natural_order():
    assert mo.tally(["b", "10", "9", "a", "-2", "01"]).categories.names == ("-2", "01", "9", "10", "a", "b")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("a", "a"),
        (np.str_("a"), "a"),
        (1, "1"),
        (np.int8(-3), "-3"),
        (True, "true"),
        (np.bool_(False), "false"),
        (10**30, str(10**30)),
    ],
)
def test_the_name_of_a_category(value, name):
    assert category_name(value) == name
    assert type(category_name(value)) is str


@pytest.mark.parametrize("value", [1.0, b"a", None, np.datetime64("2020-01-01"), object()])
def test_other_types_are_no_categories(value):
    with pytest.raises(mo.InvalidInput, match="neither text nor"):
        category_name(value)


def test_names_that_look_alike_are_noted_and_kept_apart():
    tally = mo.tally(["win", "WIN ", "win"])
    assert tally.counts.tolist() == [1, 2]
    assert tally.remarks == ("look-alike-categories",)
    assert look_alikes(["\u00e9", "e\u0301"]) == ("\u00e9", "e\u0301")
    assert look_alikes(["a", "b"]) == ()


@pytest.mark.parametrize("bad", ["12", b"12", [[[1]]]])
def test_counts_that_are_none_are_refused(bad):
    with pytest.raises(mo.InvalidInput):
        mo.Tally.from_counts(bad)


def test_as_many_counts_as_categories():
    with pytest.raises(mo.InvalidInput, match="not one count for each category"):
        mo.Tally.from_counts([1, 2], categories=["a", "b", "c"])
    with pytest.raises(mo.InvalidInput, match="among the declared"):
        mo.Tally.from_counts({"a": 1}, categories=["b"])


def test_a_tally_without_groups_and_one_of_no_groups_are_shown():
    none = mo.tally([], by=[], categories=[1, 2])
    for shown in (none, mo.estimate(none)):
        for wanted in ("text", "json", "csv", "html"):
            assert shown.render(wanted)
    assert none != mo.Tally.empty([1, 2])
    assert len(none.sha256) == 64


def test_tallies_grouped_by_other_columns_are_other_tallies():
    one = mo.tally(["a"], by=["x"])
    other = mo.Tally(one.categories, one.counts, ("other",), one.groups)
    assert one != other
    assert one.sha256 != other.sha256


@pytest.mark.parametrize("call", [lambda: mo.goodness_of_fit([2, 5]), lambda: mo.homogeneity([[2, 5], [1, 2]])])
def test_what_is_no_tally_is_refused_with_how_to_make_one(call):
    with pytest.raises(mo.InvalidInput, match="no tally") as raised:
        call()
    assert "from_counts" in str(raised.value.mend)


def test_unknown_choices_are_refused():
    with pytest.raises(mo.InvalidInput, match="did you mean goodman"):
        mo.estimate(mo.Tally.from_counts([1]), intervals="godman")
    with pytest.raises(mo.InvalidInput, match="no method for intervals"):
        mo.estimate(mo.Tally.from_counts([1]), intervals=5)
    with pytest.raises(mo.InvalidInput, match="the level is said twice"):
        mo.estimate(mo.Tally.from_counts([1]), intervals=mo.Goodman(), level=0.9)
    with pytest.raises(mo.InvalidInput, match="did you mean drop"):
        mo.tally([1], missing="dorp")


def test_tallies_are_summed():
    tallies = [mo.tally(["a", "b"]), mo.tally(["b"]), mo.tally(["c"])]
    assert sum(tallies) == mo.tally(["a", "b", "b", "c"])
    assert sum(tallies, mo.Tally.empty()) == sum(tallies)
    for other in (1, "a", None, False):
        with pytest.raises(TypeError):
            other + tallies[0]
