r"""Test statistics as values: how far counts are from expected ones, as a sum of convex costs over the cells.

    likelihood-ratio   2 e h(d / e),  h(u) = (1 + u) log(1 + u) - u,   d = x - e
    pearson            d^2 / e
    probability        -2 log Poisson(x; e)

A multinomial is K independent Poissons given their total, and a table given its margins likewise, so each is a sum over
the cells, up to constants that all outcomes share.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mottomo.errors import InvalidInput, nearest
from mottomo.inference.choices import STATISTICS, chosen
from mottomo.inference.exact.fingerprints import logarithms_of_range
from mottomo.inference.exact.long_logarithms import log_factorial
from mottomo.likelihoods import deviance, pearson_statistic
from mottomo.messages import Message, say, verbatim, written
from mottomo.numerics.poisson import SMALLEST_RATE, deviations, divergence, log_poisson

if TYPE_CHECKING:
    from mottomo.inference.exact.one_free_count import Line

TIE_BAND = 1e-9  # floats this close to a tie, relatively, count as tied
_SAME = Decimal("1e-80")  # logarithms this close belong to equal numbers, or are compared in integers


class Statistic(ABC):
    """A test statistic T: outcomes with a larger T are farther from the null.

    name : of the option. title : in sentences. is_least_at_expected : whether the costs of a cell are 0, and least, at
    its expected count; else the least one is found at the mode. has_integer_costs : whether the costs are squares like
    Pearson's, which are integers in some unit. is_twice_a_logarithm : whether T / 2 is about -log P of an outcome.

    ``name``, ``title`` and ``costs`` are all that a statistic needs. The rest lets ties be decided exactly and
    chi-square be used; without it outcomes within 1e-9 of a tie count as tied, and T itself is taken for chi-square.
    """

    name: ClassVar[str]
    title: ClassVar[Message]
    is_least_at_expected: ClassVar[bool] = True
    has_integer_costs: ClassVar[bool] = False
    is_twice_a_logarithm: ClassVar[bool] = False

    @abstractmethod
    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        """What x outcomes in a cell add to T, (L,) float64; convex in x."""

    def prints(self, first: int, last: int) -> np.ndarray | None:
        """F(x) of x = first .. last modulo 2^64, where the costs are 2 F(x) + a x + b and F is made of logarithms."""
        return None

    def distance(self, x: int, line: Line) -> Fraction | Decimal:
        """T of an outcome with one free count, in the unit of ``unit`` and up to a constant."""
        cells = zip(line.values(x), line.expected, strict=True)
        return sum((Fraction(float(self.costs(np.array([value]), e)[0])) for value, e in cells), Fraction(0))

    def unit(self, line: Line) -> Fraction:
        """What 1 of T is in distances."""
        return Fraction(1)

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: Line) -> bool:
        """Whether two outcomes whose distances differ by `excess` are as far."""
        return abs(float(excess)) <= TIE_BAND * max(1.0, float(self.distance(other, line)))

    def asymptotic(self, counts: Any, null: Any) -> Any:
        """What has a chi-square distribution for large counts, for one tally or for rows of them."""
        expected = [Fraction(p) for p in null]

        def total(row: Sequence[int]) -> float:
            n = sum(row)
            pairs = [(np.array([x]), p * n) for x, p in zip(row, expected, strict=True) if p * n > 0]
            return float(sum(self.costs(x, e)[0] for x, e in pairs))

        rows = np.asarray(counts, dtype=object)
        return total(rows.tolist()) if rows.ndim == 1 else np.array([total(row) for row in rows.tolist()])

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        """The same of a table given its margins, whose deviance and Pearson's statistic are known."""
        rows, columns, n = table.sum(axis=1).tolist(), table.sum(axis=0).tolist(), int(table.sum())
        cells = ((table[i, j : j + 1], Fraction(r * c, n)) for i, r in enumerate(rows) for j, c in enumerate(columns))
        return float(sum(self.costs(x, e)[0] for x, e in cells))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class _OfLogarithms(Statistic):
    """One whose ties are equalities between products, decided by logarithms to many decimals and then in integers."""

    is_twice_a_logarithm = True

    @abstractmethod
    def logarithm(self, x: int, context: Context) -> Decimal:
        """F(x)."""

    @abstractmethod
    def is_equal(self, x: int, other: int, line: Line) -> bool:
        """Whether two outcomes whose F agree to 80 decimals are as far."""

    def distance(self, x: int, line: Line) -> Decimal:
        return line.summed(x, self.logarithm)

    def unit(self, line: Line) -> Fraction:
        return Fraction(1, 2)

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: Line) -> bool:
        return isinstance(excess, Decimal) and abs(excess) < _SAME and self.is_equal(x, other, line)

    def asymptotic(self, counts: Any, null: Any) -> Any:
        return deviance(counts, null)

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        return deviance


class LikelihoodRatio(_OfLogarithms):
    """The deviance G = 2 sum x log(x / e)."""

    name = "likelihood-ratio"
    title = say("the likelihood ratio")

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        return 2 * divergence(x, expected)

    def prints(self, first: int, last: int) -> np.ndarray:
        return np.arange(first, last + 1).astype(np.uint64) * logarithms_of_range(first, last)

    def logarithm(self, x: int, context: Context) -> Decimal:
        return context.multiply(x, context.ln(Decimal(x))) if x else Decimal(0)

    def is_equal(self, x: int, other: int, line: Line) -> bool:
        return line.has_equal_powers(x, other)


class Pearson(Statistic):
    """Pearson's X^2 = sum (x - e)^2 / e."""

    name = "pearson"
    title = say("Pearson's statistic")
    has_integer_costs = True

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        if expected < SMALLEST_RATE:
            return np.where(np.asarray(x) > 0, np.inf, 0.0)
        found = deviations(x, expected)
        return np.asarray(found * found / float(expected))

    def distance(self, x: int, line: Line) -> Fraction:
        return (x - line.mean) ** 2

    def unit(self, line: Line) -> Fraction:
        return line.mean / (1 + line.odds)  # T is the distance over this variance

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: Line) -> bool:
        return excess == 0

    def asymptotic(self, counts: Any, null: Any) -> Any:
        return pearson_statistic(counts, null)

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        return pearson


class Probability(_OfLogarithms):
    """-2 log of the probability of the outcome; for large counts it orders them as the deviance does."""

    name = "probability"
    title = say("probability")
    is_least_at_expected = False

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        return -2 * log_poisson(x, expected)

    def prints(self, first: int, last: int) -> np.ndarray:
        return np.cumsum(logarithms_of_range(first, last), dtype=np.uint64)

    def logarithm(self, x: int, context: Context) -> Decimal:
        return log_factorial(x, context)

    def is_equal(self, x: int, other: int, line: Line) -> bool:
        return line.has_equal_weights(x, other)


def statistic_of(given: Any) -> Statistic:
    """A statistic, or the one of that name. Raises InvalidInput : there is no such name."""
    if isinstance(given, Statistic):
        return given
    if isinstance(given, str) and given in STATISTICS:
        found: Statistic = chosen(STATISTICS, given)()
        return found
    raise InvalidInput(
        "unknown-ordering",
        say("there is no such ordering"),
        say("ordering"),
        say("one of {names}", names=list(STATISTICS)),
        verbatim(written(given)),
        nearest(str(given), STATISTICS),
    )
