"""Collinear features: columns that are constant or combinations of earlier columns, exactly or nearly.

The remainder of a column is the column minus its combination of others. It is computed in double-double arithmetic and
compared with the rounding of the data, not with the spread of the column:

- A remainder of zero is an exact collinearity; this is proved in integer arithmetic.
- A remainder as small as the rounding of the data cannot be told apart from an exact collinearity.
- Any other column is kept, and the model is fitted to its remainder (``recoding``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo.classification.exact_combinations import simplest_between, vanishes
from mottomo.classification.objective import Data, Rows
from mottomo.classification.recoding import Combination, Recoding
from mottomo.classification.scaling import Scaling
from mottomo.kernels.threads import processors, ranges, workers
from mottomo.numerics.sums import accurate_combination

_NEAR = 1e-4  # remainder of a column scaled to length 1; below it the model is fitted to the remainder
_FAR = 1e3  # distance from 0 in spreads; beyond it products lose 3 digits or more, and the column is centred
_ALL_BUT_CONSTANT = 2.0**40  # distance from 0 in spreads; beyond it the column may be constant up to rounding
_ROUNDINGS = 32.0  # remainder in rounding errors of its terms; at most this counts as rounding only
_SHARE_DIGITS = 1e-12  # accuracy of a share computed in floats
_SHOWN_SHARE = 1e-7  # share in a spanned column, scaled; smaller ones are rounding and left out
_SHARE_OF_REST = 1e-3  # of the remainder: how much a simpler share may change it
_MOST_ROUNDS = 12
_LIMIT = 2.0**-96  # relative to the terms: smaller remainders are beyond double-double precision
_LARGEST_WHOLE = 2.0**53  # up to here floats hold every integer
_MOST_DISTINCT = 20_000_000  # numbers that are sorted to count different rows
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Dependence:
    """A collinear column: column ~ constant + sum_j share_j column_j.

    Attributes
    ----------
    column : the position of the column.
    combination : constant and shares as fractions, because exact ones such as 1/3 may not be floats. A constant column
        has no shares.
    kind : how near the equality is.
        ``exact`` : it holds in every row; proved.
        ``spanned`` : there are no more different rows than columns, so the others span it; shares are approximate.
        ``rounding`` : the remainder is as small as the rounding of the data, so it may be exact.
        ``near`` : the column adds information, but coefficients in double precision cannot hold it accurately enough.
    remainder : root mean square of the column minus the combination, in the units of the column.
    """

    column: int
    combination: Combination
    kind: str = "exact"
    remainder: float = 0.0

    @property
    def shares(self) -> dict[int, float]:
        """The share of each other column by position, as the nearest float."""
        return {j: float(share) for j, share in self.combination.shares.items()}

    @property
    def constant(self) -> float:
        """The constant as the nearest float."""
        return float(self.combination.constant)

    @property
    def is_constant(self) -> bool:
        """True if the column has the same value in every row; proved."""
        return self.kind == "exact" and not self.combination.shares


def recoded(data: Data, intercept: bool, *, leaves_out: bool = True) -> tuple[Recoding, tuple[Dependence, ...]]:
    """The recoding of dense features for the fit, and the collinear columns that it leaves out.

    leaves_out : False with a penalty. It determines all coefficients, so no column is left out, and none is examined
        if there are at least as many columns as rows.
    """
    recoding = Recoding.centred(far_centre(data, intercept), intercept)
    if not leaves_out and data.n <= data.n_features:
        return recoding, ()
    # If no column is near a combination of others in a sample, none is in all rows.
    some = recoding.of(data.sample(4 * (data.n_features + 1) + 100, seed=1))
    scaling = Scaling.of(some, intercept)
    if not _all_but_constant(recoding, scaling).size and _smallest_pivot(_triangle(some, scaling)) > _NEAR:
        return recoding, ()
    return _Search(data, intercept, recoding, leaves_out).run()


def far_centre(data: Data, intercept: bool) -> np.ndarray:
    """(p,) what to subtract from constant columns and from columns far from 0 relative to their spread; else 0.

    It is a value of the column itself, so that nearby differences are exact. The intercept compensates for it: the
    model is the same, and its logits do not cancel.
    """
    if data.is_sparse or not intercept or not data.n_features:
        return np.zeros(data.n_features)
    x = np.asarray(data.sample(1000).features, dtype=np.float64)
    away = x - x[0]
    mean = away.mean(axis=0)
    spread = np.sqrt(((away - mean) ** 2).mean(axis=0))
    nearest = x[np.abs(away - mean).argmin(axis=0), np.arange(x.shape[1])]
    return np.where(np.abs(nearest) > _FAR * spread, nearest, 0.0)


def _all_but_constant(recoding: Recoding, scaling: Scaling) -> np.ndarray:
    """Positions of the columns whose spread is negligible relative to what was subtracted from them."""
    return np.flatnonzero(np.abs(recoding.centre[recoding.columns]) > _ALL_BUT_CONSTANT * scaling.spread)


# --- remainders ------------------------------------------------------------------------------------------------------


def _triangle(data: Data, scaling: Scaling) -> np.ndarray:
    """R (P, P) / sqrt(n) of the QR decomposition of the scaled features, with the column of ones last."""
    p1 = data.n_features + scaling.intercept
    triangle = np.zeros((p1, p1))
    for rows in data.batches():

        def part(start: int, stop: int, x: Any = rows.features) -> np.ndarray:
            some = np.zeros((0, p1))
            for first in range(start, stop, _CHUNK):
                design = scaling.design(np.asarray(x[first : min(first + _CHUNK, stop)], dtype=np.float64))
                some = np.asarray(np.linalg.qr(np.vstack([some, design]), mode="r"))
            return some

        work = 2.0 * rows.n * p1 * p1
        where = ranges(rows.n, min(-(-rows.n // _CHUNK), processors()))
        with workers(work, len(where)) as run:
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, *run(part, where)]), mode="r"))
    return triangle / np.sqrt(data.n)


def _smallest_pivot(triangle: np.ndarray) -> float:
    import scipy.linalg

    r = scipy.linalg.qr(triangle, mode="r", pivoting=True, check_finite=False)[0]
    return float(np.abs(np.diag(r)).min(initial=math.inf))


def _remainders(triangle: np.ndarray, intercept: bool) -> tuple[list[int], dict[int, float]]:
    """The columns that are not near a combination of earlier ones, and the remainder of each that is (scaled).

    Gram-Schmidt with reorthogonalisation, the intercept first.
    """
    basis, size, kept, near = np.empty_like(triangle), 0, [], {}
    for place in (-1, *range(triangle.shape[1] - 1)) if intercept else range(triangle.shape[1]):
        left = triangle[:, place].copy()
        for _ in range(2):
            left -= basis[:, :size] @ (basis[:, :size].T @ left)
        length = float(np.linalg.norm(left))
        if length > _NEAR:
            basis[:, size] = left / length
            size += 1
            if place >= 0:
                kept.append(place)
        else:
            near[place] = length
    return kept, near


# --- the search ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """Properties of each column, (p,) each.

    Attributes
    ----------
    sizes : root mean square.
    is_whole : True if all values are integers that floats hold exactly.
    first_row : the values of the first row.
    """

    sizes: np.ndarray
    is_whole: np.ndarray
    first_row: np.ndarray

    @classmethod
    def of(cls, data: Data) -> _Facts:
        squares, whole, first = np.zeros(data.n_features), np.ones(data.n_features, dtype=bool), None
        for rows in data.batches():
            x = np.asarray(rows.features, dtype=np.float64)
            first = x[0] if first is None else first
            squares += (x**2).sum(axis=0)
            whole &= ((x == np.rint(x)) & (np.abs(x) <= _LARGEST_WHOLE)).all(axis=0)
        assert first is not None
        return cls(np.sqrt(squares / data.n), whole, first)


class _Shares:
    """Least-squares combinations of the kept columns: the scaled share of each in another column, by place."""

    def __init__(self, kept: Sequence[int], triangle: np.ndarray, scaling: Scaling) -> None:
        self._kept, self._triangle, self._scale, self._first = list(kept), triangle, scaling.scale, scaling.intercept
        order = [triangle.shape[1] - 1, *kept] if scaling.intercept else list(kept)
        self._q, self._r = np.linalg.qr(triangle[:, order])

    def before(self, place: int) -> list[tuple[int, float]]:
        """Shares of the kept columns before `place`."""
        return self._of_first(place, sum(other < place for other in self._kept))

    def all(self, place: int) -> list[tuple[int, float]]:
        """Shares of all kept columns."""
        return self._of_first(place, len(self._kept))

    def unit(self, place: int, other: int) -> Fraction:
        """The factor that converts a scaled share of column `other` in column `place` to the units of the columns."""
        return Fraction(float(self._scale[place])) / Fraction(float(self._scale[other]))

    def _of_first(self, place: int, count: int) -> list[tuple[int, float]]:
        import scipy.linalg

        size = count + self._first
        projected = self._q[:, :size].T @ self._triangle[:, place]
        shares = scipy.linalg.solve_triangular(self._r[:size, :size], projected, check_finite=False)
        return list(zip(self._kept[:count], shares[self._first :].tolist(), strict=True))


class _Search:
    """Subtracts from each column its combination of earlier ones until no remainder is nearly collinear."""

    def __init__(self, data: Data, intercept: bool, recoding: Recoding, leaves_out: bool) -> None:
        self._data, self._intercept, self._recoding, self._leaves_out = data, intercept, recoding, leaves_out
        self._facts = _Facts.of(data)
        self._found: list[Dependence] = []
        self._settled: set[int] = set()  # columns with remainder zero that are kept because of a penalty

    def run(self) -> tuple[Recoding, tuple[Dependence, ...]]:
        """The recoding, and the columns that it leaves out in order of position."""
        places = _all_but_constant(self._recoding, Scaling.of(self._recoding.of(self._data), self._intercept)).tolist()
        self._take({place: self._through_first_row(place, Combination()) for place in places}, False)
        for attempt in range(_MOST_ROUNDS):
            learnt = self._recoding.of(self._data)
            scaling = Scaling.of(learnt, self._intercept)
            triangle = _triangle(learnt, scaling)
            kept, near = _remainders(triangle, self._intercept)
            settled = {*np.flatnonzero(np.isin(self._recoding.columns, list(self._settled))).tolist(), -1}
            near = {place: length for place, length in near.items() if place not in settled}
            if not near:
                break
            if self._leaves_out and len(kept) + self._intercept >= self._n_different(len(kept)):
                self._leave_out_spanned(kept, near, triangle, scaling)
                break
            self._take(self._combinations(kept, near, triangle, scaling), attempt == _MOST_ROUNDS - 1)
        return self._recoding, tuple(sorted(self._found, key=lambda one: one.column))

    def _n_different(self, enough: int) -> int:
        """The number of distinct rows; if they are too many to compare, the number of rows."""
        data = self._data
        if not isinstance(data, Rows) or data.n * data.n_features > _MOST_DISTINCT or data.n <= enough:
            return data.n
        return len(np.unique(data.features, axis=0))

    def _combinations(
        self, kept: Sequence[int], near: Mapping[int, float], triangle: np.ndarray, scaling: Scaling
    ) -> dict[int, Combination]:
        """What to subtract from each nearly collinear column: shares as simple as the remainder allows."""
        shares_of, found = _Shares(kept, triangle, scaling), {}
        for place, length in near.items():
            room = max(_SHARE_OF_REST * length, _SHARE_DIGITS)
            times = {}
            for other, share in shares_of.before(place):
                if abs(share) > room:
                    unit = shares_of.unit(place, other)
                    times[other] = simplest_between(Fraction(share - room) * unit, Fraction(share + room) * unit)
            column = self._recoding.columns[place]
            found[int(column)] = self._combined(place, times)
        return found

    def _combined(self, place: int, times: Mapping[int, Fraction]) -> Combination:
        """What is subtracted from a column already, plus `times` each of some recoded columns."""
        columns = self._recoding.columns.tolist()
        taken = self._recoding.combination(columns[place])
        taken = taken.plus(Combination(shares={columns[other]: share for other, share in times.items()}))
        for other, share in times.items():
            if columns[other] in self._recoding.taken:
                taken = taken.plus(self._recoding.taken[columns[other]], -share)
        return self._through_first_row(columns[place], taken)

    def _through_first_row(self, column: int, combination: Combination) -> Combination:
        """The combination with the constant that makes the remainder of the first row 0; without an intercept none."""
        if not self._intercept:
            return Combination(shares=combination.shares)
        first = self._facts.first_row
        constant = Fraction(float(first[column]))
        constant -= sum(share * Fraction(float(first[j])) for j, share in combination.shares.items())
        return Combination(constant, combination.shares)

    def _take(self, combinations: Mapping[int, Combination], is_last: bool) -> None:
        """Subtract the combinations from their columns; leave out columns whose remainder is zero or only rounding."""
        exact = self._vanishing(combinations)
        rounded = {column: one.in_two_floats() for column, one in combinations.items() if column not in exact}
        rests = self._rests(rounded)
        gone = {column: Dependence(column, combinations[column], "exact") for column in exact}
        for column, combination in rounded.items():
            size = self._size(column, combination)
            whole = all(self._facts.is_whole[j] for j in (column, *combination.shares))
            least = _LIMIT * size if whole else _ROUNDINGS * 2.0**-53 * size
            if rests[column] <= least or is_last:
                gone[column] = Dependence(column, combination, "rounding", rests[column])
        if not self._leaves_out:
            self._recoding = self._recoding.with_taken({**combinations, **rounded})
            self._settled |= gone.keys()
            return
        self._recoding = self._recoding.with_taken(rounded)
        for column, dependence in sorted(gone.items(), reverse=True):  # a combination contains earlier columns only
            self._leave_out(dependence, combinations[column])

    def _leave_out(self, dependence: Dependence, combination: Combination) -> None:
        """Leave a column out; in combinations that contain it, replace it by its own combination."""
        column, replaced = dependence.column, {}
        for other, taken in self._recoding.taken.items():
            if column in taken.shares:
                share = taken.shares[column]
                less = taken.plus(Combination(shares={column: Fraction(1)}), -share).plus(combination, share)
                replaced[other] = self._through_first_row(other, less).in_two_floats()
        self._found.append(dependence)
        self._recoding = self._recoding.with_taken(replaced).without([column])

    def _leave_out_spanned(
        self, kept: Sequence[int], near: Mapping[int, float], triangle: np.ndarray, scaling: Scaling
    ) -> None:
        """Leave out all `near` columns: as many kept columns as distinct rows span every other column."""
        shares_of, columns, combinations = _Shares(kept, triangle, scaling), self._recoding.columns.tolist(), {}
        for place in near:
            if not self._recoding.taken:
                combinations[columns[place]] = self._approximate(columns[place], place, shares_of, scaling)
                continue
            shares = {
                other: Fraction(share) * shares_of.unit(place, other)
                for other, share in shares_of.all(place)
                if abs(share) > _SHOWN_SHARE
            }
            combinations[columns[place]] = self._combined(place, shares)
        for column, combination in combinations.items():
            self._leave_out(Dependence(column, combination, "spanned"), combination)

    def _approximate(self, column: int, place: int, shares_of: _Shares, scaling: Scaling) -> Combination:
        """A combination of all kept columns, computed in floats: with thousands of them fractions take minutes."""
        columns, scale, first = self._recoding.columns.tolist(), scaling.scale.tolist(), self._facts.first_row
        shares = {
            columns[other]: share * scale[place] / scale[other]
            for other, share in shares_of.all(place)
            if abs(share) > _SHOWN_SHARE
        }
        constant = 0.0
        if self._intercept:
            constant = float(first[column]) - math.fsum(share * float(first[j]) for j, share in shares.items())
        return Combination(Fraction(constant), {j: Fraction(share) for j, share in shares.items()})

    # --- remainders over all rows ------------------------------------------------------------------------------------

    def _vanishing(self, combinations: Mapping[int, Combination]) -> set[int]:
        """The columns that provably equal their combinations in every row."""
        left = set(combinations)
        for rows in self._data.batches():
            for column in sorted(left):
                one = combinations[column]
                terms = [(Fraction(1), column), *((-share, j) for j, share in one.shares.items())]
                columns = [(share, np.asarray(rows.features[:, j], dtype=np.float64)) for share, j in terms]
                if not vanishes(columns, -one.constant):
                    left.discard(column)
            if not left:
                break
        return left

    def _rests(self, combinations: Mapping[int, Combination]) -> dict[int, float]:
        """The root mean square of each column's remainder, in its units."""
        squares = dict.fromkeys(combinations, 0.0)
        for rows in self._data.batches() if combinations else ():
            for column, one in combinations.items():
                own = (1.0, 0.0, np.asarray(rows.features[:, column], dtype=np.float64))
                rest = accurate_combination([own, *one.terms(rows.features, -1)])[0]
                squares[column] += float(rest @ rest)
        return {column: math.sqrt(square / self._data.n) for column, square in squares.items()}

    def _size(self, column: int, combination: Combination) -> float:
        """The sum of the sizes (root mean squares) of the terms whose difference is the remainder."""
        sizes = self._facts.sizes
        own = float(sizes[column]) + abs(float(combination.constant))
        return own + sum(abs(float(share)) * float(sizes[j]) for j, share in combination.shares.items())
