"""Sentences kept as data: an English template and its values, worded in a language later.

The English template is also the key of the translation catalogues, so a message can always be shown,
even where no catalogue is installed. Nothing here knows a language but English; ``report/wording.py`` does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Characters that a terminal or a bidirectional layout would act on instead of showing.
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONGEST_SHOWN = 200


def visible(text: str, longest: int = _LONGEST_SHOWN) -> str:
    r"""`text` with every control, format and unassigned character written as an escape.

    The names of categories come from users and reach terminals, logs and pages; an ANSI sequence or a right-to-left
    override in one must be shown, not obeyed. A text longer than `longest` characters is cut, and says how long it is.

    >>> visible("win\x1b[31m")
    'win\\x1b[31m'
    """
    if len(text) > longest:
        text = f"{text[: longest - 20]}… ({len(text):,} characters)"
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if unicodedata.category(character) not in _INVISIBLE_CATEGORIES:
        return character  # spaces other than U+0020: harmless, and part of the label
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence that is put into words later, in the language of the reader.

    Attributes
    ----------
    template : the English sentence, with ``{names}`` for values; the key of its translation.
    values : what fills the template; messages among them are translated too.
    plural : the English template for other counts than 1, if the sentence counts something.
    count : how many things the sentence is about.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str | None = None
    count: int = 1

    def worded(self, translate: Callable[[Message], str]) -> str:
        """The sentence as text; `translate` gives the template of a message in the language wanted."""
        return translate(self).format_map({name: _shown(value, translate) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.worded(Message.english_template)

    def english_template(self) -> str:
        """The template in English: the plural one if there is one and the count is not 1."""
        return self.template if self.plural is None or self.count == 1 else self.plural


def _shown(value: Any, translate: Callable[[Message], str]) -> Any:
    if isinstance(value, Message):
        return value.worded(translate)
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple | list):
        return ", ".join(str(_shown(item, translate)) for item in value)
    return value


def say(template: str, /, **values: Any) -> Message:
    """A message; the template's ``{names}`` are filled from `values` with ``str.format``.

    >>> str(say("a sum of {total}", total=1))
    'a sum of 1'
    """
    return Message(template, values)


def say_count(singular: str, plural: str, /, count: int, **values: Any) -> Message:
    """A message about `count` things, in the singular or the plural; ``{count}`` is among its values.

    >>> str(say_count("{count} throw", "{count} throws", 2))
    '2 throws'
    """
    return Message(singular, {"count": count, **values}, plural, count)


def verbatim(text: str) -> Message:
    """A message that is the same in every language: a number, a name, a piece of the user's input."""
    return Message("{text}", {"text": text})


def as_message(name: Message | str | None) -> Message | None:
    """A name that messages give to something, as it was said."""
    return verbatim(name) if isinstance(name, str) else name


def written(value: Any, how: Callable[[Any], str] = str) -> str:
    """`value` as text, by `str` or `repr`; if that fails, as for integers of more than 4300 digits, its type.

    >>> written(10**5000, repr)
    '… (int)'
    """
    try:
        return how(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError):
        return f"… ({type(value).__name__})"
