"""Terms of a model beyond single columns: products of columns (interactions) and powers of them.

A term is a product of factors, each a column of numbers to a power, or the indicators of a text. A text is coded
without its baseline level if the term without it is in the model too; else with all its levels, as R does: then the
columns of the model span the same space, whatever the baseline is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim

SIGNS = "*:^"  # of products and powers
_POWER = re.compile(r"(.+)\^([0-9]+)")
_LARGEST_POWER = 20


@dataclass(frozen=True, slots=True, order=True)
class Factor:
    """A column in a term.

    Attributes
    ----------
    column : its name.
    power : of a column of numbers, 1 or more.
    is_full : of a text, whether all its levels have an indicator.
    """

    column: str
    power: int = 1
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors, no column twice."""

    factors: tuple[Factor, ...]

    @property
    def name(self) -> str:
        """As it is written: ``a``, ``a^2``, ``a:b``."""
        return ":".join(f"{one.column}^{one.power}" if one.power > 1 else one.column for one in self.factors)

    @property
    def is_plain(self) -> bool:
        """True for a column by itself."""
        return len(self.factors) == 1 and self.factors[0].power == 1

    def to_list(self) -> list[list[Any]]:
        """Plain data for JSON."""
        return [[one.column, one.power, one.is_full] for one in self.factors]

    @classmethod
    def from_list(cls, factors: Sequence[Sequence[Any]]) -> Term:
        """The inverse of ``to_list``; raises ValueError for anything else."""
        found = cls(tuple(Factor(str(column), int(power), bool(is_full)) for column, power, is_full in factors))
        names = [one.column for one in found.factors]
        if found.to_list() != [list(one) for one in factors] or not names or len(set(names)) < len(names):
            raise ValueError("a term that is none")
        if any(one.power < 1 for one in found.factors):
            raise ValueError("a power below 1")
        return found


def terms_of(written: Iterable[str], columns: Collection[str]) -> tuple[Term, ...]:
    """The terms that are written: ``a`` a column, ``a^2`` a power, ``a:b`` a product, ``a*b`` for a, b and a:b.

    columns : those of the table; a name among them is that column, whatever letters it has.

    Raises InvalidInput for a column that the table does not have.
    """
    found: dict[tuple[tuple[str, int], ...], Term] = {}
    for text in written:
        for term in _expanded(text, columns):
            found.setdefault(tuple(sorted((one.column, one.power) for one in term.factors)), term)
    return tuple(found.values())


def _expanded(text: str, columns: Collection[str]) -> list[Term]:
    if text in columns:
        return [Term((Factor(text),))]
    parts = _split(text, "*", columns)
    terms: list[Term] = []
    for part in parts:
        own = Term(tuple(_factor(one, text, columns) for one in _split(part, ":", columns)))
        terms += [own, *(_product(before, own, text) for before in terms)]
    return sorted((_product(one, Term(()), text) for one in terms), key=lambda term: len(term.factors))


def _split(text: str, sign: str, columns: Collection[str]) -> list[str]:
    """The parts between signs; a sign inside the name of a column separates nothing."""
    if text in columns or sign not in text:
        return [text]
    pieces = text.split(sign)
    parts: list[str] = []
    while pieces:
        size = next((n for n in range(len(pieces), 0, -1) if sign.join(pieces[:n]) in columns), 1)
        parts.append(sign.join(pieces[:size]))
        pieces = pieces[size:]
    return parts


def _factor(text: str, term: str, columns: Collection[str]) -> Factor:
    if text in columns:
        return Factor(text)
    match = _POWER.fullmatch(text)
    if match is None:
        return Factor(text)  # which the table does not have, as its reader says
    power = int(match[2])
    if not 1 <= power <= _LARGEST_POWER:
        raise _refused(term, say("a power from 1 to {most}", most=_LARGEST_POWER), verbatim(text))
    return Factor(match[1], power)


def _product(one: Term, other: Term, text: str) -> Term:
    """Both terms; powers of a column that is in both add up."""
    powers: dict[str, int] = {}
    for factor in (*one.factors, *other.factors):
        powers[factor.column] = powers.get(factor.column, 0) + factor.power
    if not powers or "" in powers:
        raise _refused(text, say("columns with : or * between them, such as a:b"), verbatim(text))
    return Term(tuple(Factor(column, power) for column, power in powers.items()))


def coded(terms: Sequence[Term], texts: Collection[str], baselines: bool) -> tuple[Term, ...]:
    """The terms, each text with all its levels where the baseline would be missed; with a penalty everywhere.

    texts : the columns that are text; a power of one is the text itself, because indicators are 0 and 1.
    baselines : whether texts by themselves leave out their baseline level.
    """
    tidy = [
        Term(tuple(Factor(one.column, 1 if one.column in texts else one.power) for one in term.factors))
        for term in terms
    ]
    tidy = list(dict.fromkeys(tidy))
    present: set[frozenset[tuple[str, int]]] = {
        frozenset((one.column, one.power) for one in term.factors) for term in tidy
    }
    present.add(frozenset())  # the intercept

    def is_full(term: Term, factor: Factor) -> bool:
        rest = frozenset((one.column, one.power) for one in term.factors if one != factor)
        return factor.column in texts and (not baselines or rest not in present)

    return tuple(
        Term(tuple(Factor(one.column, one.power, is_full(term, one)) for one in term.factors)) for term in tidy
    )


def _refused(where: str, expected: Message, got: Message) -> InvalidInput:
    return InvalidInput(
        "feature-term",
        say("this is no product or power of columns"),
        say("--features {term}", term=where),
        expected,
        got,
    )
