"""Which language, and the sentence in it: gettext catalogues whose keys are the English templates."""

from __future__ import annotations

import gettext
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim

LANGUAGES = ("en", "ja")
CATALOGUES = Path(__file__).parent.parent / "locale"
_DOMAIN = "mottomo"

Translate = Callable[[Message], str]


def preferred_language(environment: Mapping[str, str] | None = None) -> str:
    """The language of the environment: the first of LC_ALL, LC_MESSAGES, LANG that is set decides; else English."""
    environment = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name)
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


@cache
def translator(language: str) -> Translate:
    """A function from messages to the templates of a language."""
    if language not in LANGUAGES:
        raise InvalidInput(
            "unknown-language",
            say("there is no such language"),
            verbatim("language"),
            say("one of {names}", names=list(LANGUAGES)),
            verbatim(language),
        )
    if language == "en":
        return Message.english_template
    catalogue = gettext.translation(_DOMAIN, CATALOGUES, [language], fallback=True)

    def translate(message: Message) -> str:
        if message.plural is None:
            return catalogue.gettext(message.template)
        return catalogue.ngettext(message.template, message.plural, message.count)

    return translate
