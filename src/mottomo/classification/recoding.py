"""Columns as they are learnt: constants, and combinations of the columns before them, taken away in twice the digits.

A column that all but equals a combination of others is replaced by what is left of it,

    z_c = x_c - constant_c - sum_{j < c} share_cj x_j,

which spans the same space. The difference of two columns that agree in ten digits would have six digits left if it were
formed inside a gradient; formed here, each of its own digits is right, and the fit is as well conditioned as any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo.classification.objective import Data
from mottomo.numerics.sums import accurate_combination

Term = tuple[float, float, np.ndarray]


@dataclass(frozen=True, slots=True)
class Combination:
    """constant + sum_j shares_j x_j of columns x_j, with rational coefficients."""

    constant: Fraction = Fraction(0)
    shares: Mapping[int, Fraction] = field(default_factory=dict)

    def plus(self, other: Combination, times: Fraction = Fraction(1)) -> Combination:
        """The sum of the combination and `times` another one."""
        shares = dict(self.shares)
        for j, share in other.shares.items():
            shares[j] = shares.get(j, Fraction(0)) + times * share
        kept = {j: share for j, share in sorted(shares.items()) if share}
        return Combination(self.constant + times * other.constant, kept)

    def in_two_floats(self) -> Combination:
        """The nearest combination whose coefficients each are the sum of two floats."""
        return Combination(_in_two_floats(self.constant), {j: _in_two_floats(one) for j, one in self.shares.items()})

    def terms(self, x: np.ndarray, sign: int = 1) -> list[Term]:
        """`sign` times the combination, as terms for ``accurate_combination``, of features x (n, p)."""
        parts = [(self.constant, np.ones(len(x)))] if self.constant else []
        parts += [(share, np.asarray(x[:, j], dtype=np.float64)) for j, share in self.shares.items()]
        return [(*split(sign * coefficient), values) for coefficient, values in parts]


def split(number: Fraction) -> tuple[float, float]:
    """A number as the sum of two floats: the nearest one, and what is left."""
    high = float(number)
    return high, float(number - Fraction(high))


def _in_two_floats(number: Fraction) -> Fraction:
    high, low = split(number)
    return Fraction(high) + Fraction(low)


@dataclass(frozen=True, eq=False)
class Recoding:
    """Features x (n, p) as learnt ones z (n, p'): which columns, and what was taken from them.

    columns : (p',) those that are learnt. centre : (p,) what was taken from each, float. taken : the combinations that
    were taken from some of them instead; a combination has shares of columns before it alone. intercept : whether the
    model has one, which takes the constants back; without it there are none.
    """

    columns: np.ndarray
    centre: np.ndarray
    intercept: bool
    taken: Mapping[int, Combination] = field(default_factory=dict)

    @classmethod
    def centred(cls, centre: np.ndarray, intercept: bool) -> Recoding:
        """All columns, with `centre` (p,) taken from them."""
        return cls(np.arange(len(centre)), centre, intercept)

    @property
    def is_identity(self) -> bool:
        return len(self.columns) == len(self.centre) and not self.taken and not self.centre.any()

    def with_taken(self, taken: Mapping[int, Combination]) -> Recoding:
        """The same columns, with other combinations taken from some."""
        return replace(self, taken={**self.taken, **taken})

    def without(self, columns: Iterable[int]) -> Recoding:
        """The same without some columns."""
        gone = set(columns)
        left = np.array([c for c in self.columns.tolist() if c not in gone], dtype=np.intp)
        return replace(self, columns=left, taken={c: one for c, one in self.taken.items() if c not in gone})

    def combination(self, column: int) -> Combination:
        """What is taken from a column."""
        found = self.taken.get(column)
        return Combination(Fraction(float(self.centre[column]))) if found is None else found

    def of(self, data: Data) -> Data:
        """The rows with learnt features."""
        return data if self.is_identity else data.mapped(self.apply, len(self.columns))

    def apply(self, x: Any) -> Any:
        """Learnt features z (n, p') of features x (n, p); each number correct to one rounding."""
        z = x if len(self.columns) == x.shape[1] else np.ascontiguousarray(x[:, self.columns])
        if self.centre.any():
            z = z - self.centre[self.columns]
        if self.taken:
            z = np.array(z, dtype=np.float64)
        for place, column in enumerate(self.columns.tolist()):
            if column in self.taken:
                own: Term = (1.0, 0.0, np.asarray(x[:, column], dtype=np.float64))
                z[:, place] = accurate_combination([own, *self.taken[column].terms(x, -1)])[0]
        return z

    def back(self, w: np.ndarray, b: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (p, K) and (K,) of the features, from (p', K) and (K,) of the learnt ones.

        The coefficients are correct to one rounding each; the intercept makes up for their rounding at `middle` (p,),
        where the features are, so that a large number in all rows costs no digits.
        """
        if self.is_identity:
            return w, b
        full = np.zeros((len(self.centre), w.shape[1]))
        if not self.taken:
            full[self.columns] = w
            moved = [(-float(c), 0.0, row) for c, row in zip(self.centre[self.columns], w, strict=True) if c]
            return full, accurate_combination([(1.0, 0.0, b), *moved])[0]
        terms: dict[int, list[Term]] = {}
        for row, column in zip(w, self.columns.tolist(), strict=True):
            terms.setdefault(column, []).append((1.0, 0.0, row))
            if column in self.taken:
                for j, share in self.taken[column].shares.items():
                    terms.setdefault(j, []).append((*split(-share), row))
        for column, its in terms.items():
            full[column] = accurate_combination(its)[0]
        if not self.intercept:
            return full, b
        at: list[Term] = [(1.0, 0.0, b)]
        for row, column in zip(w, self.columns.tolist(), strict=True):
            taken = self.combination(column)
            value = Fraction(float(middle[column])) - taken.constant
            value -= sum(share * Fraction(float(middle[j])) for j, share in taken.shares.items())
            at.append((*split(value), row))
        at += [(-float(middle[column]), 0.0, full[column]) for column in terms]
        return full, accurate_combination(at)[0]

    def ridge(self, ridge: np.ndarray) -> np.ndarray:
        """What a ridge (p,) on the coefficients of all features is on those of the learnt ones: (p,), or (p, p)."""
        if not self.taken:
            return ridge
        back = self.matrix()[: len(ridge), : len(ridge)]
        return np.asarray(back.T @ (ridge[:, None] * back))

    def matrix(self) -> np.ndarray:
        """The linear map of ``back`` for the columns that are learnt and, last, the intercept: (P', P')."""
        size = len(self.columns)
        place = {column: index for index, column in enumerate(self.columns.tolist())}
        found = np.eye(size + self.intercept)
        for column, index in place.items():
            taken = self.combination(column)
            for j, share in taken.shares.items():
                found[place[j], index] -= float(share)
            if self.intercept:
                found[-1, index] -= float(taken.constant)
        return found
