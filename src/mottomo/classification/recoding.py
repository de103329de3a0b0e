"""Recode columns for the fit: subtract constants, or combinations of earlier columns, in double-double arithmetic.

A column that nearly equals a combination of others is replaced by its remainder,

    z_c = x_c - constant_c - sum_{j < c} share_cj x_j.

The remainders span the same space. If two columns agree in ten digits, a gradient would know their difference only to
six digits. The remainder computed here is correct to one rounding, so the fit is well conditioned.
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
    """constant + sum_j shares_j x_j of columns x_j.

    Attributes
    ----------
    constant : the constant, exact.
    shares : the coefficient of each column by position, exact.
    """

    constant: Fraction = Fraction(0)
    shares: Mapping[int, Fraction] = field(default_factory=dict)

    def plus(self, other: Combination, times: Fraction = Fraction(1)) -> Combination:
        """The combination plus `times` the other; shares that cancel to 0 are dropped."""
        shares = dict(self.shares)
        for j, share in other.shares.items():
            shares[j] = shares.get(j, Fraction(0)) + times * share
        kept = {j: share for j, share in sorted(shares.items()) if share}
        return Combination(self.constant + times * other.constant, kept)

    def in_two_floats(self) -> Combination:
        """The nearest combination with coefficients that are sums of two floats (double-double)."""
        return Combination(_in_two_floats(self.constant), {j: _in_two_floats(one) for j, one in self.shares.items()})

    def terms(self, x: np.ndarray, sign: int = 1) -> list[Term]:
        """`sign` times the combination of features x (n, p), as terms for ``accurate_combination``."""
        parts = [(self.constant, np.ones(len(x)))] if self.constant else []
        parts += [(share, np.asarray(x[:, j], dtype=np.float64)) for j, share in self.shares.items()]
        return [(*split(sign * coefficient), values) for coefficient, values in parts]


def split(number: Fraction) -> tuple[float, float]:
    """A number as the sum of two floats: the nearest float, and the difference from it."""
    high = float(number)
    return high, float(number - Fraction(high))


def _in_two_floats(number: Fraction) -> Fraction:
    high, low = split(number)
    return Fraction(high) + Fraction(low)


@dataclass(frozen=True, eq=False)
class Recoding:
    """The map from features x (n, p) to recoded features z (n, p'): which columns are kept, and what is subtracted.

    Attributes
    ----------
    columns : (p',) positions of the columns that are kept.
    centre : (p,) float64, the constant that is subtracted from each column.
    intercept : whether the model has an intercept, which compensates for constants; without it there are none.
    taken : for some columns, the combination that is subtracted instead; it contains only earlier columns.
    """

    columns: np.ndarray
    centre: np.ndarray
    intercept: bool
    taken: Mapping[int, Combination] = field(default_factory=dict)

    @classmethod
    def centred(cls, centre: np.ndarray, intercept: bool) -> Recoding:
        """Keep all columns and subtract `centre` (p,)."""
        return cls(np.arange(len(centre)), centre, intercept)

    @property
    def is_identity(self) -> bool:
        """True if z = x."""
        return len(self.columns) == len(self.centre) and not self.taken and not self.centre.any()

    def with_taken(self, taken: Mapping[int, Combination]) -> Recoding:
        """The same columns, with new combinations for some of them."""
        return replace(self, taken={**self.taken, **taken})

    def without(self, columns: Iterable[int]) -> Recoding:
        """The same recoding without some columns."""
        gone = set(columns)
        left = np.array([c for c in self.columns.tolist() if c not in gone], dtype=np.intp)
        return replace(self, columns=left, taken={c: one for c, one in self.taken.items() if c not in gone})

    def combination(self, column: int) -> Combination:
        """What is subtracted from a column, by its position among all columns."""
        found = self.taken.get(column)
        return Combination(Fraction(float(self.centre[column]))) if found is None else found

    def of(self, data: Data) -> Data:
        """The rows with recoded features."""
        return data if self.is_identity else data.mapped(self.apply, len(self.columns))

    def apply(self, x: Any) -> Any:
        """Recoded features z (n, p') of features x (n, p); each number is correct to one rounding."""
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
        """Coefficients (p, K) and intercepts (K,) of the features, from (p', K) and (K,) of the recoded ones.

        Each coefficient is correct to one rounding. The intercept compensates for this rounding at `middle` (p,), a
        typical row of the features, so that columns far from 0 lose no accuracy.
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
        """The ridge on the recoded coefficients that equals `ridge` (p,) on those of the features: (p,), or (p, p)."""
        if not self.taken:
            return ridge
        back = self.matrix()[: len(ridge), : len(ridge)]
        return np.asarray(back.T @ (ridge[:, None] * back))

    def matrix(self) -> np.ndarray:
        """The linear map of ``back`` on the kept columns and, last, the intercept: (P', P') float64."""
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
