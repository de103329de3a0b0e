"""The language of one run: ``--lang`` if it is given, else the locale; known before anything is parsed."""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence

from mottomo.report.wording import CATALOGUES, LANGUAGES, Translate, preferred_language, translator

_chosen: str | None = None


def choose_language(arguments: Sequence[str]) -> str:
    """Set the language of this run from the arguments and the environment, for help and usage errors too."""
    global _chosen
    _chosen = _asked_for(arguments) or preferred_language()
    # click words its own messages through gettext's default domain: it finds them in our catalogue.
    gettext.bindtextdomain("mottomo", str(CATALOGUES))
    gettext.textdomain("mottomo")
    os.environ["LANGUAGE"] = _chosen
    return _chosen


def _asked_for(arguments: Sequence[str]) -> str | None:
    for index, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value in LANGUAGES:
            return value
    return None


def chosen_language() -> str:
    return _chosen or preferred_language()


def chosen_translator() -> Translate:
    return translator(chosen_language())
