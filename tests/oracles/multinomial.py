"""Full enumeration of a multinomial in rational arithmetic: the oracle of everything exact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction


def compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write `total` as an ordered sum of `parts` numbers of 0 or more."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


def probability(counts: Sequence[int], probabilities: Sequence[Fraction]) -> Fraction:
    value = Fraction(math.factorial(sum(counts)))
    for count, p in zip(counts, probabilities, strict=True):
        value *= p**count / math.factorial(count)
    return value


def order_value(ordering: str, counts: Sequence[int], probabilities: Sequence[Fraction]) -> Fraction:
    """A rational that orders outcomes as the statistic does: the larger, the farther from the null."""
    n = sum(counts)
    if ordering == "probability":
        return -probability(counts, probabilities)
    if ordering == "pearson":
        return sum(((c - n * p) ** 2 / (n * p) for c, p in zip(counts, probabilities, strict=True)), Fraction(0))
    value = Fraction(1)
    for count, p in zip(counts, probabilities, strict=True):
        value *= (Fraction(count) / p) ** count
    return value


def tail(ordering: str, counts: Sequence[int], probabilities: Sequence[Fraction]) -> Fraction:
    """P(T >= t), ties included, for a null with positive probabilities."""
    threshold = order_value(ordering, counts, probabilities)
    return sum(
        (
            probability(other, probabilities)
            for other in compositions(sum(counts), len(counts))
            if order_value(ordering, other, probabilities) >= threshold
        ),
        Fraction(0),
    )
