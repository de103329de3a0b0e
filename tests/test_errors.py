"""Errors keep their five parts, in memory, across processes and in both languages."""

from __future__ import annotations

import pickle

import pytest

import mottomo as mo
from mottomo.errors import nearest
from mottomo.messages import say


def failed(kind=mo.InvalidInput):
    return kind("code", say("what"), say("where"), say("expected"), say("got"), say("mend {n}", n=1))


@pytest.mark.parametrize("kind", [mo.InvalidInput, mo.SourceError, mo.MissingExtra, mo.MottomoError])
def test_an_error_survives_pickling_with_all_its_parts(kind):
    error = failed(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.code, again.parts()) == (error.code, error.parts())
    assert str(again) == str(error)


def test_an_error_shows_what_where_expected_got_and_mend():
    assert str(failed()).splitlines() == [
        "what",
        "  where:    where",
        "  expected: expected",
        "  got:      got",
        "  mend:     mend 1",
    ]


def test_invalid_input_is_a_value_error_and_every_error_is_ours():
    assert issubclass(mo.InvalidInput, ValueError)
    assert issubclass(mo.SourceError, mo.MottomoError)


def test_the_nearest_known_name_is_suggested():
    assert str(nearest("clopper-person", ["goodman", "clopper-pearson"])) == "did you mean clopper-pearson?"
    assert str(nearest("FACE", ["face", "count"])) == "did you mean face?"
    assert nearest("xyz", ["goodman"]) is None
