"""Tallies form a commutative monoid, bit for bit."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

import mottomo as mo
from tests.strategies import declared_tallies, discovered_tallies


def same(left, right):
    """Equal in every bit that can be seen: order of categories, counts, types, fingerprint."""
    return (
        left.to_dict() == right.to_dict()
        and left.counts.dtype == right.counts.dtype
        and left.sha256 == right.sha256
        and left == right
    )


@given(discovered_tallies(), discovered_tallies(), discovered_tallies())
def test_merging_discovered_tallies_is_associative_and_commutative(a, b, c):
    assert same((a + b) + c, a + (b + c))
    assert same(a + b, b + a)
    assert same(a + mo.Tally.empty(), a)


@given(declared_tallies(), declared_tallies(), declared_tallies())
def test_merging_declared_tallies_is_associative_and_commutative(a, b, c):
    assert same((a + b) + c, a + (b + c))
    assert same(a + b, b + a)
    assert same(a + mo.Tally.empty(), a)


@given(declared_tallies(), discovered_tallies())
def test_a_declared_and_a_discovered_tally_merge_alike_from_both_sides(declared, discovered):
    try:
        merged = declared + discovered
    except mo.InvalidInput:
        merged = None
    try:
        other = discovered + declared
    except mo.InvalidInput:
        other = None
    assert merged is other is None or same(merged, other)


@given(st.lists(st.sampled_from("abcde"), max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_a_tally_does_not_depend_on_how_the_outcomes_are_split(outcomes, cuts):
    bounds = [0, *sorted(min(cut, len(outcomes)) for cut in cuts), len(outcomes)]
    total = mo.Tally.empty()
    for start, end in itertools.pairwise(bounds):
        total = total + mo.tally(outcomes[start:end])
    assert same(total, mo.tally(outcomes))


@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("abc")), min_size=1, max_size=40), st.integers(0, 40))
def test_grouped_tallies_merge_group_by_group(pairs, cut):
    def counted(part):
        return mo.tally([value for _, value in part], by=[key for key, _ in part])

    whole = counted(pairs)
    head, tail = pairs[:cut], pairs[cut:]
    if head and tail:
        assert same(counted(head) + counted(tail), whole)
        assert same(counted(tail) + counted(head), whole)
    for key, one in whole:
        assert one == mo.tally([value for group, value in pairs if group == key[0]]).reordered(whole.categories)
