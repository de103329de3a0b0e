"""Categories: what an outcome can be, as text, declared or discovered, matched by name."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, verbatim, written

_RANGE = re.compile(r"(-?\d{1,1000})\.\.(-?\d{1,1000})")
_LARGEST_RANGE = 1_000_000
_SHOWN_NAMES = 5
_LARGEST_INTEGER = 10**1000


def category_name(value: Any) -> str:
    """The text that names a category: strings as they are, integers in decimal, booleans ``true``/``false``.

    So 1 and "1" are the same category in every source. Any other type is refused, and the error says how to convert
    it: 1.0 would be a second face beside 1, and a date has as many texts as there are formats.

    >>> category_name(1), category_name("1"), category_name(True)
    ('1', '1', 'true')
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if _is_whole(value) and abs(int(value)) < _LARGEST_INTEGER:
        return str(int(value))
    raise InvalidInput(
        "category-type",
        say("a category is neither text nor a whole number nor true/false"),
        None,
        say("text, whole numbers, or true/false"),
        say("{value} of type {type}", value=written(value, repr), type=type(value).__name__),
        say("convert the outcomes first, for example with astype(int), or to text in a format of your choice"),
    )


def _is_whole(value: Any) -> bool:
    # numpy registers timedelta64 as Integral
    return isinstance(value, numbers.Integral) and not isinstance(value, np.timedelta64)


def by_category_name(given: Mapping[Any, Any]) -> dict[str, Any]:
    """The mapping with category names as keys; refused if two keys, such as 1 and "1", are the same category."""
    named = {category_name(key): value for key, value in given.items()}
    if len(named) < len(given):
        _without_duplicates(tuple(category_name(key) for key in given))  # raises, and names the duplicate
    return named


def natural_order(names: Iterable[str]) -> list[str]:
    """Names in the order used for discovered categories: whole numbers by value, then text by code point.

    >>> natural_order(["b", "10", "2", "a"])
    ['2', '10', 'a', 'b']
    """
    return sorted(names, key=natural_key)


def natural_key(name: str) -> tuple[int, int, str]:
    """The sort key of ``natural_order``: whole numbers by value before text by code point."""
    digits = name[1:] if name.startswith("-") else name
    if digits.isascii() and digits.isdigit() and len(digits) <= 1000:
        return (0, int(name), name)
    return (1, 0, name)


@dataclass(frozen=True, slots=True)
class Categories(Sequence[str]):
    """The categories an outcome can fall into, in a stable order, and whether they were declared or discovered.

    A face that never came up belongs to a declared die but is missing from a discovered one, and K changes every test.

    >>> Categories.of(range(1, 7)).names
    ('1', '2', '3', '4', '5', '6')
    """

    names: tuple[str, ...]
    declared: bool = True

    @classmethod
    def of(cls, spec: Any) -> Categories:
        """Declared categories from a list, a range, the text ``1..6`` or ``a,b,c``, or Categories.

        From a mapping such as published odds, ``{"SSR": 0.03, "R": 0.97}``, the names are taken.
        """
        if isinstance(spec, Categories):
            return spec
        if isinstance(getattr(spec, "categories", None), Categories):  # probabilities or a tally
            return cls(spec.categories.names)
        if isinstance(spec, str):
            return cls(_without_duplicates(tuple(_names_of_text(spec))))
        if not isinstance(spec, Iterable) or (isinstance(spec, bytes | np.ndarray) and np.ndim(spec) == 0):
            raise _no_list_of_categories(spec)
        return cls(_without_duplicates(tuple(category_name(item) for item in spec)))

    @classmethod
    def numbered(cls, n_categories: int) -> Categories:
        """The declared categories "1" .. "K"."""
        return cls(tuple(str(number) for number in range(1, n_categories + 1)))

    @classmethod
    def discovered(cls, names: Iterable[str]) -> Categories:
        """Categories known only from having been seen, in natural order."""
        return cls(tuple(natural_order(set(names))), declared=False)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: Any) -> Any:
        return self.names[index]

    def merge(self, other: Categories) -> Categories:
        """The categories of two tallies taken together; associative and commutative.

        Two discovered sets are united. A category that is missing from a declared set is an error. If both declare the
        same set in different orders, the result is in natural order.
        """
        if not self.declared and not other.declared:
            return self if self.names == other.names else Categories.discovered(self.names + other.names)
        if self.declared and other.declared:
            return self._merge_declared(other)
        declared, seen = (self, other) if self.declared else (other, self)
        known = set(declared.names)
        for name in seen.names:
            if name not in known:
                raise unknown_category(name, declared)
        return declared

    def _merge_declared(self, other: Categories) -> Categories:
        if self.names == other.names:
            return self
        if set(self.names) == set(other.names):
            return Categories(tuple(natural_order(self.names)))
        raise InvalidInput(
            "categories-differ",
            say("the tallies declare different categories"),
            None,
            say("the same categories on both sides: {names}", names=_abbreviated(self.names)),
            say("{names}", names=_abbreviated(other.names)),
            say("declare the same categories for both"),
        )


def _names_of_text(text: str) -> Iterator[str]:
    match = _RANGE.fullmatch(text.strip())
    if match:
        first, last = int(match[1]), int(match[2])
        if not 0 <= last - first < _LARGEST_RANGE:
            raise InvalidInput(
                "categories-range",
                say("the range of categories is empty or too long"),
                say("categories"),
                say("first..last with first <= last and at most {most:,} categories", most=_LARGEST_RANGE),
                verbatim(text),
            )
        yield from (str(number) for number in range(first, last + 1))
        return
    if "," not in text:
        raise InvalidInput(
            "categories-text",
            say("categories cannot be read from this text"),
            say("categories"),
            say("a range such as 1..6, or names separated by commas such as a,b,c"),
            verbatim(text),
            say("for a single category, give a list with one name"),
        )
    yield from text.split(",")


def _no_list_of_categories(spec: Any) -> InvalidInput:
    return InvalidInput(
        "categories-type",
        say("this is no list of categories"),
        say("categories"),
        say("a list of names, a range, or a text such as 1..6 or a,b,c"),
        say("{value} of type {type}", value=written(spec, repr)[:60], type=type(spec).__name__),
    )


def _without_duplicates(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise InvalidInput(
            "no-categories", say("no categories were given"), say("categories"), say("at least one category")
        )
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InvalidInput(
            "duplicate-category",
            say("a category is declared twice"),
            say("categories"),
            say("each category once"),
            verbatim(twice),
            say("1 and the text '1' are the same category"),
        )
    return names


def unknown_category(name: str, declared: Categories, where: Message | None = None) -> InvalidInput:
    """The error for an outcome that is not among the declared categories."""
    return InvalidInput(
        "unknown-category",
        say("an outcome is not among the declared categories"),
        where,
        say("one of {names}", names=_abbreviated(declared.names)),
        verbatim(name),
        nearest(name, declared.names) if len(declared) <= 1000 else say("declare it, or correct the outcome"),
    )


def _abbreviated(names: tuple[str, ...]) -> list[str]:
    return list(names) if len(names) <= 2 * _SHOWN_NAMES else [*names[:_SHOWN_NAMES], "…", names[-1]]


def look_alikes(names: Sequence[str]) -> tuple[str, ...]:
    """The first categories that differ only in case, in surrounding spaces or in Unicode composition.

    They stay separate categories, because joining them would change counts; but a reader should be told that there is
    both ``win`` and ``WIN ``. Empty if there are none, or more than 10,000 names.
    """
    import unicodedata

    if len(names) > 10_000:
        return ()
    first_of: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold().strip()
        if folded in first_of:
            return (first_of[folded], name)
        first_of[folded] = name
    return ()
