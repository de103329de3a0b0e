"""Fingerprints that decide ties exactly: equal test statistics have equal fingerprints, whatever their floats are.

The likelihood ratio is a product of powers, prod x^x p^-x, and the probability is a product of factorials and powers.
Two outcomes tie if these rationals are equal, that is, if the exponents of every prime are equal. A fingerprint is a
fixed random linear function of the exponents, modulo 2^64, so fingerprints of categories can be added. Two outcomes
that do not tie have the same fingerprint with a probability of about 2^-60. Fingerprints are used only if floats cannot
decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

_MASK = 2**64 - 1


def scrambled(value: int) -> int:
    """A fixed pseudorandom 64-bit word for an integer of any size (splitmix64 over its words)."""
    word = 0x9E3779B97F4A7C15
    while True:
        word = (word ^ (value & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _MASK
        word ^= word >> 31
        value >>= 64
        if not value:
            return word


def logarithms_of_range(first: int, last: int) -> np.ndarray:
    """The fingerprints of log x for x = first .. last, uint64, by a sieve over that range; 0 for x = 0 and x = 1."""
    values = np.arange(max(first, 1), last + 1, dtype=np.int64)
    rest = values.copy()
    prints = np.zeros(values.size, dtype=np.uint64)
    for prime in _primes(math.isqrt(max(last, 1))):
        word = np.uint64(scrambled(prime))
        power = prime
        while power <= last:
            start = -int(values[0]) % power if values.size else 0
            prints[start::power] += word
            rest[start::power] //= prime
            power *= prime
    large = np.flatnonzero(rest > 1)
    prints[large] += np.array([scrambled(int(prime)) for prime in rest[large].tolist()], dtype=np.uint64)
    return np.concatenate([np.zeros(1, dtype=np.uint64), prints]) if first == 0 else prints


def _primes(limit: int) -> list[int]:
    sieve = np.ones(limit + 1, dtype=bool)
    sieve[:2] = False
    for number in range(2, math.isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = False
    return np.flatnonzero(sieve).tolist()


def logarithms_of_fractions(fractions: Sequence[Fraction], largest: int) -> list[int]:
    """The fingerprints of the logarithms of positive fractions, which fit ``logarithms_of_range`` up to `largest`.

    Primes up to `largest` are divided out. The rest, a product of larger primes, is split into coprime factors, whose
    exponents decide equality as well as those of primes do.
    """
    parts = [part for fraction in fractions for part in (fraction.numerator, fraction.denominator)]
    small = [_small_factors(part, largest) for part in parts]
    base = coprime_base([rest for _, rest in small if rest > 1])
    words = []
    for exponents, rest in small:
        word = sum(exponent * scrambled(prime) for prime, exponent in exponents.items())
        words.append(word + sum(_multiplicity(rest, factor) * scrambled(factor) for factor in base))
    return [(words[2 * index] - words[2 * index + 1]) & _MASK for index in range(len(fractions))]


def _multiplicity(value: int, factor: int) -> int:
    exponent = 0
    while value % factor == 0:
        value //= factor
        exponent += 1
    return exponent


def _small_factors(value: int, largest: int) -> tuple[dict[int, int], int]:
    exponents: dict[int, int] = {}
    divisor = 2
    while divisor <= largest and divisor * divisor <= value:
        while value % divisor == 0:
            exponents[divisor] = exponents.get(divisor, 0) + 1
            value //= divisor
        divisor += 1 if divisor == 2 else 2
    if 1 < value <= largest:  # a prime; larger ones are left for the coprime base
        exponents[value] = exponents.get(value, 0) + 1
        value = 1
    return exponents, value


def coprime_base(values: list[int]) -> list[int]:
    """Pairwise coprime factors > 1, so that every value is a product of powers of them."""
    base: list[int] = []
    pending = list(values)
    while pending:
        value = pending.pop()
        if value == 1:
            continue
        for index, known in enumerate(base):
            shared = math.gcd(value, known)
            if shared > 1:
                del base[index]
                pending += [shared, known // shared, value // shared]
                break
        else:
            base.append(value)
    return base


def product_of_powers_is_one(powers: Sequence[tuple[int, int]]) -> bool:
    """Whether prod base^exponent = 1, for bases of 1 or more: the exponent of every coprime factor has to be 0."""
    return all(
        sum(exponent * _multiplicity(base, factor) for base, exponent in powers) == 0
        for factor in coprime_base([base for base, _ in powers])
    )
