"""Does the order of the outcomes matter? Tests for serial dependence and drift, which a tally cannot show."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo._checks import check_between, check_whole
from mottomo.categories import Categories, category_name, unknown_category
from mottomo.errors import InvalidInput
from mottomo.inference.p_values import PValue
from mottomo.inference.permutations import count_logarithms, product_logarithms, simulated_tails
from mottomo.messages import say, verbatim, written
from mottomo.results import Result
from mottomo.tallies import Tally, TallyRemark

_MOST_BLOCKS = 10
_PER_CELL = 5  # expected outcomes of a category in a block, on average
_MOST_DRAWS, _FEWEST_DRAWS = 9_999, 99
_MOST_SHUFFLED = 40_000_000  # outcomes in all random orders together, about a second
_MOST_CELLS = 4_000_000  # a larger table is not held: only its cells that occur are


OrderVerdict = Literal["order-agrees", "order-dependence", "order-drift", "order-dependence-and-drift", "order-nothing"]
OrderRemark = Literal[TallyRemark, "order-monte-carlo", "order-asymptotic"]
_VERDICTS: dict[tuple[str, ...], OrderVerdict] = {
    (): "order-agrees",
    ("dependence",): "order-dependence",
    ("drift",): "order-drift",
    ("dependence", "drift"): "order-dependence-and-drift",
}


@dataclass(frozen=True, slots=True)
class OrderStatistic:
    """One way in which the order can matter, dependence or drift: the test of a table against its margins.

    Attributes
    ----------
    deviance : of the table from the product of its margins.
    degrees_of_freedom : of the deviance, by chi-square.
    p : PValue of this way alone.
    adjusted : the p-value corrected for testing both ways (Holm).
    log10_adjusted : log10 of `adjusted`.
    row : of the cell with the largest standardized residual. For dependence the outcome before; for drift the block,
        as ``first-last`` (places, from 1).
    column : of the same cell. For dependence the outcome after; for drift the category.
    observed : the count of this cell.
    expected : its expected count, from the margins.
    """

    deviance: float
    degrees_of_freedom: int
    p: PValue
    adjusted: float
    log10_adjusted: float
    row: str
    column: str
    observed: int
    expected: float

    def to_dict(self) -> dict[str, Any]:
        """The statistic for JSON; ``most_conspicuous`` holds the cell."""
        return {
            "deviance": self.deviance,
            "degrees_of_freedom": self.degrees_of_freedom,
            **self.p.to_dict(),
            "adjusted_p_value": self.adjusted,
            "log10_adjusted_p_value": self.log10_adjusted,
            "most_conspicuous": {
                "row": self.row,
                "column": self.column,
                "observed": self.observed,
                "expected": self.expected,
            },
        }


@dataclass(frozen=True, eq=False)
class ExchangeabilityResult(Result):
    """Whether outcomes come in an order as independent ones would.

    Attributes
    ----------
    tally : of the outcomes.
    dependence : of each outcome on the one before; None if there is nothing to order.
    drift : of the probabilities between consecutive blocks of equal length; None if there is nothing to order.
    n_blocks : how many blocks.
    repeats : how often an outcome equals the one before.
    expected_repeats : the same on average over all random orders.
    significance : for dependence and drift together.
    """

    tally: Tally
    dependence: OrderStatistic | None
    drift: OrderStatistic | None
    n_blocks: int
    repeats: int
    expected_repeats: float
    significance: float

    @property
    def decision(self) -> str:
        """``rejected`` if dependence or drift is found at the significance, both taken together."""
        if self.dependence is None or self.drift is None:
            return "cannot-tell"
        return "rejected" if self.departing else "not-rejected"

    @property
    def departing(self) -> tuple[str, ...]:
        """Which of ``dependence`` and ``drift`` are significant after Holm's correction.

        Either says that the outcomes are not exchangeable, but not why: dependent outcomes can make blocks differ, and
        drifting probabilities make neighbours alike.
        """
        return tuple(name for name, way in self.ways.items() if way.adjusted <= self.significance)

    def to_dict(self) -> dict[str, Any]:
        """The tally with both statistics; these are null where there is nothing to order."""
        return {
            **self.tally.counts_dict(),
            "dependence": None if self.dependence is None else self.dependence.to_dict(),
            "drift": None if self.drift is None else self.drift.to_dict(),
            "n_blocks": self.n_blocks,
            "repeats": self.repeats,
            "expected_repeats": self.expected_repeats,
            "significance": self.significance,
            "decision": self.decision,
        }

    @property
    def ways(self) -> dict[str, OrderStatistic]:
        """Both statistics by name; empty if there is nothing to order."""
        found = {"dependence": self.dependence, "drift": self.drift}
        return {name: way for name, way in found.items() if way is not None}

    @property
    def verdict(self) -> OrderVerdict:
        """The code of which ways in which the order can matter were found."""
        return _VERDICTS[self.departing] if self.ways else "order-nothing"

    @property
    def remarks(self) -> tuple[OrderRemark, ...]:
        """The tally's codes, and the code of how the p-values were computed."""
        if self.dependence is None:
            return self.tally.remarks
        is_simulated = self.dependence.p.method == "monte-carlo"
        return (*self.tally.remarks, "order-monte-carlo" if is_simulated else "order-asymptotic")


def exchangeability(
    outcomes: Iterable[Any],
    *,
    categories: Any = None,
    significance: float = 0.05,
    draws: int | None = None,
    seed: int = 0,
) -> ExchangeabilityResult:
    r"""Test whether the order of outcomes matters: serial dependence, and drift of the probabilities.

    If outcomes are independent with the same probabilities, whatever these are, every order of them is equally likely.
    Dependence is the deviance of the table of successive outcomes from independence. Drift is the deviance of the table
    of consecutive blocks (up to 10, of at least 5 outcomes a category on average) from homogeneity. A p-value is
    (1 + far) / (1 + draws), where `far` random orders have a deviance at least as large; it is valid at any n and any
    number of draws. Holm's correction accounts for testing both.

    Parameters
    ----------
    outcomes : in the order in which they happened: texts, whole numbers, or true/false.
    categories : the declared ones; they matter only for the tally, not for the test.
    significance : the significance level of the verdict.
    draws : how many random orders. Without it 9,999 up to 4,000 outcomes, then fewer, but at least 99 and
        2 / significance. If even so few would shuffle more than 40 million outcomes in all (from 400,000 outcomes on,
        at a significance of 0.02 or more), and every transition is expected often enough, chi-square is used instead;
        the result says which.
    seed : of the random orders.

    Returns
    -------
    ExchangeabilityResult : both deviances and p-values, and for each the cell with the largest residual.

    Raises InvalidInput : a text instead of a sequence, outcomes that are no categories, a number out of range.
    Source: docs/theory/order.md; Good, Permutation, Parametric and Bootstrap Tests (2005), ch. 1 and 9.

    >>> found = exchangeability([1, 2] * 10)
    >>> found.departing, found.repeats
    (('dependence',), 0)
    """
    significance = check_between("significance", significance, "0.05")
    if draws is not None:
        check_whole("draws", draws, 1)
    check_whole("seed", seed, 0)
    names, codes = _coded(outcomes)
    tally = _tallied(names, codes, None if categories is None else Categories.of(categories))
    n, size = codes.size, len(names)
    blocks = min(max(n // (_PER_CELL * max(size, 1)), 2), _MOST_BLOCKS)
    repeats = int((codes[1:] == codes[:-1]).sum())
    counts = np.bincount(codes, minlength=size)
    expected = float((counts * (counts - 1.0)).sum() / n) if n else 0.0
    if size < 2 or n < 3:
        return ExchangeabilityResult(tally, None, None, blocks, repeats, expected, significance)
    statistics = _Statistics(counts, blocks)
    draws = _number_of_orders(statistics, significance) if draws is None else draws
    dependence, drift = _judged(codes, names, statistics, draws, seed)
    return ExchangeabilityResult(tally, dependence, drift, blocks, repeats, expected, significance)


@dataclass(frozen=True, eq=False)
class _Statistics:
    """Computes both deviances of a sequence: G = 2 sum of +- c log c over the cells and margins of a table.

    counts : (K,) how often each category comes in the sequence.
    blocks : how many blocks it is cut into.
    """

    counts: np.ndarray
    blocks: int

    @property
    def freedom(self) -> tuple[int, int]:
        size = self.counts.size - 1
        return size * size, (self.blocks - 1) * size

    def cells(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For codes (..., n): the cells of successive pairs, (..., n - 1), and of outcomes in blocks, (..., n)."""
        size, n = self.counts.size, codes.shape[-1]
        block = np.arange(n) * self.blocks // n
        return codes[..., :-1] * size + codes[..., 1:], block * size + codes

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """(m, 2) deviances of (m, n) codes."""
        size, n = self.counts.size, codes.shape[1]
        pairs, placed = self.cells(codes)
        whole = product_logarithms(self.counts)
        # The pairs' margins are the counts without the last outcome and without the first one.
        lost = whole - product_logarithms(self.counts - 1)
        margins = 2 * whole.sum() - lost[codes[:, -1]] - lost[codes[:, 0]]
        lengths = np.bincount(np.arange(n) * self.blocks // n)
        dependence = count_logarithms(pairs, size * size) - margins + float(product_logarithms(np.array(n - 1)))
        drift = count_logarithms(placed, self.blocks * size) - whole.sum() - product_logarithms(lengths).sum()
        return 2 * np.stack([dependence, drift + float(product_logarithms(np.array(n)))], axis=1)


def _judged(
    codes: np.ndarray, names: list[str], statistics: _Statistics, draws: int, seed: int
) -> tuple[OrderStatistic, OrderStatistic]:
    deviances = np.maximum(statistics(codes[None, :])[0], 0.0).tolist()
    if draws:
        # Equal tables may differ by rounding, because their terms are added in another order.
        band = 1e-9 + 1e-12 * float(product_logarithms(np.array(codes.size)))
        far = simulated_tails(codes, statistics, draws, seed, band)
        found = [PValue.of_simulation(count, draws, seed, "random-orders") for count in far]
    else:
        found = [PValue.of_chi_square(g, df) for g, df in zip(deviances, statistics.freedom, strict=True)]
    least = min(2 * min(p.value for p in found), 1.0)
    log10_least = min(math.log10(2) + min(p.log10 for p in found), 0.0)
    dependence, drift = (
        OrderStatistic(g, df, p, max(least, p.value), max(log10_least, p.log10), *cell)
        for g, df, p, cell in zip(
            deviances, statistics.freedom, found, _conspicuous(codes, names, statistics), strict=True
        )
    )
    return dependence, drift


def _number_of_orders(statistics: _Statistics, significance: float) -> int:
    """How many random orders are drawn; 0 if the sequence is too long for that and chi-square is good enough.

    If e outcomes are expected in the rarest cell, the mean of G exceeds its degrees of freedom by at most about
    df / (6 e). For e >= 1.2 sqrt(df) that is at most a tenth of the standard deviation of G, sqrt(2 df).
    """
    n, rarest = int(statistics.counts.sum()), float(statistics.counts.min())
    fewest = max(_FEWEST_DRAWS, math.ceil(2 / significance) - 1)  # fewer could never reject
    if n * fewest > _MOST_SHUFFLED:
        expected = (rarest * rarest / n, rarest / statistics.blocks)
        needed = [max(20.0, 1.2 * math.sqrt(df)) for df in statistics.freedom]
        if all(e >= least for e, least in zip(expected, needed, strict=True)):
            return 0
    return max(min(_MOST_DRAWS, _MOST_SHUFFLED // n), fewest)


def _conspicuous(codes: np.ndarray, names: list[str], statistics: _Statistics) -> Iterable[tuple[str, str, int, float]]:
    """For dependence and for drift: row, column, count and expected count of the cell with the largest residual."""
    size, n, blocks = len(names), codes.size, statistics.blocks
    edges = [-(-block * n // blocks) for block in range(blocks + 1)]
    places = [f"{first + 1}-{last}" for first, last in itertools.pairwise(edges)]
    pairs, placed = statistics.cells(codes)
    for rows, cells in ((names, pairs), (places, placed)):
        row, column, observed, expected = _farthest(cells, len(rows), size)
        yield rows[row], names[column], observed, expected


def _farthest(cells: np.ndarray, n_rows: int, n_columns: int) -> tuple[int, int, int, float]:
    """Row, column, count and expected count of the cell with the largest standardized residual.

    If the table has more than 4 million cells, only cells that occur are considered.
    """
    if n_rows * n_columns <= _MOST_CELLS:
        where = np.arange(n_rows * n_columns)
        found = np.bincount(cells, minlength=where.size)
    else:
        where, found = np.unique(cells, return_counts=True)
    row, column = np.divmod(where, n_columns)
    down = np.bincount(row, weights=found, minlength=n_rows)[row] / cells.size
    across = np.bincount(column, weights=found, minlength=n_columns)[column] / cells.size
    expected = cells.size * down * across
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.abs(found - expected) / np.sqrt(expected * (1 - down) * (1 - across))
    best = int(np.argmax(np.where(np.isfinite(residuals), residuals, -1.0)))
    return int(row[best]), int(column[best]), int(found[best]), float(expected[best])


_KEYS = (str, int, np.integer, np.bool_)  # values of other types may not be hashable


def _coded(outcomes: Any) -> tuple[list[str], np.ndarray]:
    """The names of the categories seen, in natural order, and the outcomes as positions among them."""
    wrong: bool = isinstance(outcomes, str | bytes | Tally | Mapping | Set) or not isinstance(outcomes, Iterable)
    if wrong or getattr(outcomes, "ndim", 1) != 1:
        raise InvalidInput(
            "not-in-order",
            say("these are no outcomes in the order in which they happened"),
            say("outcomes"),
            say("a list, an array or a Series of outcomes"),
            say("{value} of type {type}", value=written(outcomes, repr)[:60], type=type(outcomes).__name__),
            say("a tally has forgotten the order; give the outcomes themselves"),
        )
    values = outcomes.tolist() if isinstance(outcomes, np.ndarray) else outcomes
    known: dict[tuple[type, Any], str] = {}  # the type is part of the key, because True == 1 == 1.0
    texts = []
    for value in values:
        # category_name refuses what is no category
        key = (type(value), value if isinstance(value, _KEYS) else category_name(value))
        if key not in known:
            known[key] = category_name(value)
        texts.append(known[key])
    categories = Categories.discovered(texts)
    position = {name: index for index, name in enumerate(categories.names)}
    return list(categories.names), np.array([position[text] for text in texts], dtype=np.int64)


def _tallied(names: list[str], codes: np.ndarray, declared: Categories | None) -> Tally:
    counts = np.bincount(codes, minlength=len(names)) if names else np.zeros(0, dtype=np.int64)
    if declared is None:
        return Tally(Categories(tuple(names), declared=False), counts.astype(np.int64))
    known = set(declared.names)
    strange = next((name for name in names if name not in known), None)
    if strange is not None:
        raise unknown_category(strange, declared, verbatim("outcomes"))
    by_name = dict(zip(names, counts.tolist(), strict=True))
    return Tally.from_counts({name: by_name.get(name, 0) for name in declared})
