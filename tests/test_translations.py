"""Both languages are complete, and say the same."""

from __future__ import annotations

import re

import pytest
from update_catalogues import read_catalogue, sentences

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, say_count, visible
from mottomo.report.wording import CATALOGUES, LANGUAGES, preferred_language, translator

FIELD = re.compile(r"(?<!{){(\w+)(?::[^}]*)?}(?!})")
SOURCE = [message for message in sentences() if message.id]
JAPANESE = read_catalogue(CATALOGUES / "ja" / "LC_MESSAGES" / "mottomo.po")


def key(message):
    return message.id if isinstance(message.id, str) else message.id[0]


def test_every_sentence_of_the_source_has_japanese_words_with_the_same_fields():
    assert len(SOURCE) > 500
    faults = {key(message): fault for message in SOURCE if (fault := fault_of(message)) is not None}
    assert not faults


def fault_of(message):
    """What is wrong with the Japanese words of a message."""
    found = JAPANESE.get(key(message))
    if found is None or found.fuzzy:
        return "run: make catalogues"
    words = found.string if isinstance(found.string, str) else found.string[0]
    if not words:
        return "no translation"
    fields = key(message) if isinstance(message.id, str) else message.id[1]
    return None if sorted(FIELD.findall(words)) == sorted(FIELD.findall(fields)) else f"other fields: {words}"


def test_the_catalogue_has_no_sentence_that_the_source_no_longer_says():
    known = {key(message) for message in SOURCE}
    left = [key(message) for message in JAPANESE if message.id and "worded by click" not in message.auto_comments]
    assert set(left) <= known


def test_sentences_are_found_in_the_source_at_all():
    assert len(SOURCE) > 200
    assert "probabilities do not sum to 1" in {key(message) for message in SOURCE}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_is_worded_with_its_values_and_its_nested_messages(language):
    message = say("{where}, position {position}", where=say("counts"), position=3)
    expected = {"en": "counts, position 3", "ja": "回数、3 番目"}
    assert message.worded(translator(language)) == expected[language]


def test_plurals_follow_the_count():
    assert [str(say_count("{count} cell", "{count} cells", count)) for count in (0, 1, 2)] == [
        "0 cells",
        "1 cell",
        "2 cells",
    ]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ja_JP"}, "ja"),
    ],
)
def test_the_locale_chooses_the_language(environment, language):
    assert preferred_language(environment) == language


def test_an_unknown_language_is_refused():
    with pytest.raises(InvalidInput, match="no such language"):
        translator("tlh")


def test_values_that_are_text_are_made_visible():
    assert str(Message("{name}", {"name": "a\x1b[2J\u202eb"})) == "a\\x1b[2J\\u202eb"
    assert visible("犬 é\u3000") == "犬 é\u3000"
    assert visible("x" * 10_000).endswith("(10,000 characters)")
