r"""Test statistics as values. Each measures how far counts are from expected ones, by a sum of convex costs of cells.

    likelihood-ratio   2 e h(d / e),  h(u) = (1 + u) log(1 + u) - u,   d = x - e
    pearson            d^2 / e
    probability        -2 log Poisson(x; e)

The counts of a multinomial are independent Poissons given their total, and those of a table are independent Poissons
given its margins. So each statistic is a sum over the cells, up to a constant that all outcomes share.
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
    from mottomo.inference.exact.one_free_count import OutcomeLine

TIE_BAND = 1e-9  # values of T within this relative distance count as tied, unless ties are decided exactly
_SAME = Decimal("1e-80")  # numbers whose logarithms differ by less are compared as integers


class Statistic(ABC):
    """A test statistic T: outcomes with a larger T are farther from the null.

    A statistic has to define ``name``, ``title`` and ``costs``. The rest makes decisions about ties exact and says
    what has a chi-square distribution. Without it, outcomes within a relative 1e-9 of a tie count as tied, and T itself
    is compared with chi-square.

    Attributes
    ----------
    name : the value of the option ``ordering``.
    title : the name in sentences.
    is_least_at_expected : whether the cost of a cell is 0 at its expected count, and least there. If not, the least
        cost is looked for at the mode.
    has_integer_costs : whether costs are squares like Pearson's, which are integers in some unit.
    is_twice_a_logarithm : whether T / 2 is about -log P of an outcome.
    """

    name: ClassVar[str]
    title: ClassVar[Message]
    is_least_at_expected: ClassVar[bool] = True
    has_integer_costs: ClassVar[bool] = False
    is_twice_a_logarithm: ClassVar[bool] = False

    @abstractmethod
    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        """What x outcomes (L,) in a cell with this expected count add to T, (L,) float64; convex in x."""

    def prints(self, first: int, last: int) -> np.ndarray | None:
        """Fingerprints of F(x) for x = first .. last, uint64, if costs are 2 F(x) + a x + b with a sum of logarithms F.

        None if they are not: then ties are decided within a band.
        """
        return None

    def distance(self, x: int, line: OutcomeLine) -> Fraction | Decimal:
        """T times ``unit``, up to a constant, of an outcome that is determined by one count x."""
        cells = zip(line.values(x), line.expected, strict=True)
        return sum((Fraction(float(self.costs(np.array([value]), e)[0])) for value, e in cells), Fraction(0))

    def unit(self, line: OutcomeLine) -> Fraction:
        """By how much ``distance`` grows if T grows by 1."""
        return Fraction(1)

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: OutcomeLine) -> bool:
        """Whether two outcomes, whose distances differ by `excess`, are equally far from the null."""
        return abs(float(excess)) <= TIE_BAND * max(1.0, float(self.distance(other, line)))

    def asymptotic(self, counts: Any, null: Any) -> Any:
        """The statistic that has a chi-square distribution for large counts: (K,) counts to float, (G, K) to (G,)."""
        expected = [Fraction(p) for p in null]

        def total(row: Sequence[int]) -> float:
            n = sum(row)
            pairs = [(np.array([x]), p * n) for x, p in zip(row, expected, strict=True) if p * n > 0]
            return float(sum(self.costs(x, e)[0] for x, e in pairs))

        rows = np.asarray(counts, dtype=object)
        return total(rows.tolist()) if rows.ndim == 1 else np.array([total(row) for row in rows.tolist()])

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        """The same for a table given its margins; its deviance and Pearson's statistic are known already."""
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
    """A statistic made of logarithms. Outcomes tie if products of integers are equal.

    That is decided by logarithms with many decimals and, if these agree, in integers.
    """

    is_twice_a_logarithm = True

    @abstractmethod
    def logarithm(self, x: int, context: Context) -> Decimal:
        """F(x), in the decimals of the context."""

    @abstractmethod
    def is_equal(self, x: int, other: int, line: OutcomeLine) -> bool:
        """Whether two outcomes, whose distances agree to 80 decimals, are equally far from the null."""

    def distance(self, x: int, line: OutcomeLine) -> Decimal:
        """T / 2 up to a constant, sum_j F(y_j) - x log odds, with 110 decimals."""
        return line.summed(x, self.logarithm)

    def unit(self, line: OutcomeLine) -> Fraction:
        """1/2: distances are half of T."""
        return Fraction(1, 2)

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: OutcomeLine) -> bool:
        """Decided by 80 decimals and, if these agree, in integers; no tie band is needed."""
        return isinstance(excess, Decimal) and abs(excess) < _SAME and self.is_equal(x, other, line)

    def asymptotic(self, counts: Any, null: Any) -> Any:
        """The deviance, also for ``Probability``, which ranks outcomes alike if the counts are large."""
        return deviance(counts, null)

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        """The deviance of the table."""
        return deviance


class LikelihoodRatio(_OfLogarithms):
    """The deviance G = 2 sum x log(x / e)."""

    name = "likelihood-ratio"
    title = say("the likelihood ratio")

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        """2 e h((x - e) / e), (L,) float64, at least 0."""
        return 2 * divergence(x, expected)

    def prints(self, first: int, last: int) -> np.ndarray:
        """F(x) = x log x."""
        return np.arange(first, last + 1).astype(np.uint64) * logarithms_of_range(first, last)

    def logarithm(self, x: int, context: Context) -> Decimal:
        """x log x."""
        return context.multiply(x, context.ln(Decimal(x))) if x else Decimal(0)

    def is_equal(self, x: int, other: int, line: OutcomeLine) -> bool:
        """Whether the products of the powers y^y are equal."""
        return line.has_equal_powers(x, other)


class Pearson(Statistic):
    """Pearson's X^2 = sum (x - e)^2 / e."""

    name = "pearson"
    title = say("Pearson's statistic")
    has_integer_costs = True

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        """(x - e)^2 / e, (L,) float64; infinite where x > 0 outcomes were as good as impossible."""
        if expected < SMALLEST_RATE:
            return np.where(np.asarray(x) > 0, np.inf, 0.0)
        found = deviations(x, expected)
        return np.asarray(found * found / float(expected))

    def distance(self, x: int, line: OutcomeLine) -> Fraction:
        """(x - mean)^2, of which T is a multiple: with one free count all cells deviate by the same amount."""
        return (x - line.mean) ** 2

    def unit(self, line: OutcomeLine) -> Fraction:
        """n p (1 - p), the variance of x for two categories, by which the distance is divided to give T."""
        return line.mean / (1 + line.odds)

    def are_tied(self, x: int, other: int, excess: Fraction | Decimal, line: OutcomeLine) -> bool:
        """Decided in rationals, which are exact."""
        return excess == 0

    def asymptotic(self, counts: Any, null: Any) -> Any:
        """Pearson's statistic itself."""
        return pearson_statistic(counts, null)

    def asymptotic_of_table(self, table: np.ndarray, deviance: float, pearson: float) -> float:
        """Pearson's statistic of the table."""
        return pearson


class Probability(_OfLogarithms):
    """-2 log of the probability of the outcome; for large counts it ranks outcomes as the deviance does."""

    name = "probability"
    title = say("probability")
    is_least_at_expected = False

    def costs(self, x: np.ndarray, expected: Fraction) -> np.ndarray:
        """-2 log Poisson(x; e), (L,) float64."""
        return -2 * log_poisson(x, expected)

    def prints(self, first: int, last: int) -> np.ndarray:
        """F(x) = log x!."""
        return np.cumsum(logarithms_of_range(first, last), dtype=np.uint64)

    def logarithm(self, x: int, context: Context) -> Decimal:
        """log x!."""
        return log_factorial(x, context)

    def is_equal(self, x: int, other: int, line: OutcomeLine) -> bool:
        """Whether both outcomes have the same probability, as rationals."""
        return line.has_equal_weights(x, other)


def statistic_of(given: Any) -> Statistic:
    """The statistic that is given, or the one of that name. Raises InvalidInput : there is no such name."""
    if isinstance(given, Statistic):
        return given
    if isinstance(given, str) and given in STATISTICS:
        found: Statistic = chosen(STATISTICS, given)()
        return found
    raise InvalidInput(
        "unknown-ordering",
        say("there is no such test statistic"),
        say("ordering"),
        say("one of {names}", names=list(STATISTICS)),
        verbatim(written(given)),
        nearest(str(given), STATISTICS),
    )
