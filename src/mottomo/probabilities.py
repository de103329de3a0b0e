"""Named probabilities, exact wherever they were given exactly: what a claim, a null or a die to simulate is.

Text is exact: ``0.1`` is one tenth, ``9/16``, ``3%``, ratios ``625:125:25:5:2``. Floats are what they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo._arrays import as_probabilities, labelled
from mottomo.categories import Categories, by_category_name
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import say, say_count, verbatim

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?)\s*(?:/\s*(\d+(?:\.\d+)?)\s*)?(%?)\s*")
_LONGEST = 4_000  # characters of a number; Python itself refuses texts of 4301 digits and more
_FAIR = "fair"


@dataclass(frozen=True, eq=False)
class Probabilities:
    """Probabilities of named categories.

    Attributes
    ----------
    categories : Categories, K names.
    values : (K,) float64, sums to 1.
    exact : the same K numbers as Fractions if the input was exact, else None.
    normalised : whether they were divided by their sum, because that was asked for.
    """

    categories: Categories
    values: np.ndarray
    exact: tuple[Fraction, ...] | None
    normalised: bool = False

    @classmethod
    def of(cls, given: Any, categories: Any = None, *, normalise: bool = False) -> Probabilities:
        """Probabilities from text, a mapping, a sequence of numbers, or Probabilities.

        Without `categories` a sequence is about the categories "1" .. "K"; ``"fair"`` is refused, because K is unknown.
        """
        declared = None if categories is None else Categories.of(categories)
        if isinstance(given, Probabilities):
            return given if declared is None else given.reordered(declared)
        if isinstance(given, str):
            return cls._from_text(given, declared, normalise)
        by_name = labelled(given)
        if by_name is not None:
            named = {name: _number_of(value) for name, value in by_category_name(by_name).items()}
            return cls._named(list(named), list(named.values()), declared, normalise)
        if isinstance(given, list | tuple):
            given = [_number_of(value) for value in given]
        return cls._listed(given, declared, normalise)

    @classmethod
    def _from_text(cls, text: str, declared: Categories | None, normalise: bool) -> Probabilities:
        if is_fair(text):
            return cls.fair(declared)
        if are_named(text):
            pairs = [part.rpartition("=") for part in text.split(",")]
            return cls._named(
                [name.strip() for name, _, _ in pairs], [parse_number(p) for _, _, p in pairs], declared, normalise
            )
        if ":" in text:  # ratios are weights, so they are always divided by their sum
            weights = [parse_number(part) for part in text.split(":")]
            return cls._listed(_divided(weights), declared, False)
        return cls._listed([parse_number(part) for part in text.split(",")], declared, normalise)

    @classmethod
    def fair(cls, categories: Categories | None) -> Probabilities:
        """The probability 1 / K for each category; refused unless the categories are declared."""
        if categories is None or not categories.declared:
            raise InvalidInput(
                "fair-needs-categories",
                say("'fair' is not defined until the categories are declared"),
                say("probabilities"),
                say("declared categories: a face that never came up changes what fair means"),
                say("no categories") if categories is None else say("categories discovered in the data"),
                say("declare them, for example --categories 1..6 (in Python: categories=range(1, 7))"),
            )
        share = Fraction(1, len(categories))
        return cls(categories, np.full(len(categories), float(share)), (share,) * len(categories))

    @classmethod
    def _named(cls, names: list[str], values: list[Any], declared: Categories | None, normalise: bool) -> Probabilities:
        return cls._listed(values, Categories.of(names), normalise).reordered(declared)

    @classmethod
    def _listed(cls, values: Any, declared: Categories | None, normalise: bool) -> Probabilities:
        if normalise:
            values = _divided(list(values))
        checked = as_probabilities(values)
        if checked.values.ndim != 1:
            raise InvalidInput(
                "probabilities-shape",
                say("probabilities have too many dimensions"),
                say("probabilities"),
                say("one row of probabilities"),
                say("an array of shape {shape}", shape=str(checked.values.shape)),
            )
        categories = Categories.numbered(len(checked.values)) if declared is None else declared
        if len(categories) != len(checked.values):
            raise InvalidInput(
                "probabilities-length",
                say("there is not one probability for each category"),
                say("probabilities"),
                say_count("{count} probability", "{count} probabilities", len(categories)),
                say_count("{count} probability", "{count} probabilities", len(checked.values)),
            )
        return cls(categories, checked.values, checked.exact, normalise)

    def reordered(self, categories: Categories | None) -> Probabilities:
        """The same probabilities in the order of `categories`, matched by name.

        Raises InvalidInput unless both have the same names.
        """
        if categories is None or categories.names == self.categories.names:
            return self
        known = set(categories.names)
        for name in self.categories.names:
            if name not in known:
                raise _names_error(name, say("a probability is given for an unknown category"), categories)
        given = {name: index for index, name in enumerate(self.categories.names)}
        for name in categories.names:
            if name not in given:
                raise _names_error(name, say("a category has no probability"), self.categories)
        order = [given[name] for name in categories.names]
        exact = None if self.exact is None else tuple(self.exact[index] for index in order)
        return Probabilities(categories, self.values[order], exact, self.normalised)


def _names_error(name: str, what: Any, known: Categories) -> InvalidInput:
    return InvalidInput(
        "probabilities-names",
        what,
        say("probabilities"),
        say("the categories {names}", names=list(known.names[:10])),
        verbatim(name),
        nearest(name, known.names),
    )


def is_fair(given: Any) -> bool:
    """Whether probabilities are given as ``"fair"``."""
    return isinstance(given, str) and given.strip() == _FAIR


def are_named(given: Any) -> bool:
    """Whether probabilities are given by the names of categories, and not by position."""
    if isinstance(given, str):
        return "=" in given
    return isinstance(given, Probabilities) or labelled(given) is not None


def parse_number(text: str) -> Fraction:
    """A number written as text, exactly: ``0.1``, ``1/6``, ``3%``, ``1e-3``.

    >>> parse_number("3%"), parse_number("9/16"), parse_number("0.1")
    (Fraction(3, 100), Fraction(9, 16), Fraction(1, 10))
    """
    if len(text) > _LONGEST:
        raise InvalidInput(
            "number-too-long",
            say("a probability has too many digits"),
            say("probabilities"),
            say("a number of at most {n:,} characters", n=_LONGEST),
            verbatim(text),
        )
    match = _NUMBER.fullmatch(text)
    if match is None or (match[2] is not None and Fraction(match[2]) == 0):
        raise InvalidInput(
            "not-a-number",
            say("a probability cannot be read"),
            say("probabilities"),
            say("a number such as 0.1, 1/6 or 3%; for ratios, 625:125:25"),
            verbatim(text),
        )
    value = Fraction(match[1]) / Fraction(match[2] or 1)
    return value / 100 if match[3] else value


def _number_of(value: Any) -> Any:
    return parse_number(value) if isinstance(value, str) else value


def _divided(weights: list[Any]) -> list[Any]:
    """Weights divided by their sum; integers and Fractions stay exact."""
    weights = [_number_of(weight) for weight in weights]
    total = sum(weights)
    if not all(weight >= 0 for weight in weights) or not 0 < total < float("inf"):
        raise InvalidInput(
            "invalid-weights",
            say("weights cannot be divided by their sum"),
            say("probabilities"),
            say("numbers of 0 or more with a positive, finite sum"),
            say("{values}", values=[str(weight) for weight in weights[:10]]),
        )
    return [Fraction(weight) / Fraction(total) if isinstance(weight, int) else weight / total for weight in weights]
