"""What the derivations on rows share, whatever computes the probabilities: notation, likelihood, cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from mottomo.explanation.notation import (
    Line,
    Math,
    elided,
    fraction,
    indexed,
    line,
    log,
    minus,
    negative,
    number,
    parenthesised,
    power,
    product,
    rounded_number,
    symbol,
    total,
)
from mottomo.explanation.steps import Step

SHOWN_ROWS = 5
MOST_TERMS = 5  # longer sums are elided in the middle
_DIGITS = 8

LOG_L, N = Math(r"\log L", "log L", atomic=False), symbol("N")


class RowsCase(Protocol):
    """Rows, what happened in them, and the probabilities of it."""

    @property
    def names(self) -> Sequence[str]:
        """The K categories."""
        ...

    @property
    def n_categories(self) -> int:
        """K."""
        ...

    @property
    def counts(self) -> list[int]:
        """How often each category happened."""
        ...

    @property
    def n(self) -> int:
        """The sum of the weights of the rows."""
        ...

    @property
    def is_weighted(self) -> bool:
        """Whether rows count several times."""
        ...

    @property
    def labels(self) -> list[int]:
        """The categories of the first rows."""
        ...

    @property
    def y(self) -> list[float]:
        """The probabilities of the first row."""
        ...

    @property
    def losses(self) -> np.ndarray:
        """The losses of the first rows, nats."""
        ...

    @property
    def loss_of_first(self) -> float:
        """The loss of the first row, nats, computed independently of `losses`."""
        ...

    @property
    def loss(self) -> float:
        """-log L, nats."""
        ...

    @property
    def log_likelihood(self) -> float:
        """log L as it was reported, nats."""
        ...

    @property
    def null_log_likelihood(self) -> float:
        """log L of the intercept-only (null) model as it was reported, nats."""
        ...


TIMES = indexed("m", "i")  # how often row i counts


def some_categories(case: RowsCase) -> list[int]:
    """The categories that get a line each: all of a few, or the first two and the last of many."""
    k = case.n_categories
    return list(range(k)) if k <= MOST_TERMS else [0, 1, k - 1]


def over_categories(case: RowsCase, piece: Callable[[int], Math]) -> list[Math]:
    """A piece for each category, elided in the middle of many."""
    return elided(piece, range(case.n_categories), MOST_TERMS)


def pair(name: str, i: int | str, k: int | str) -> Math:
    """A name with two indices: of a row or a column, and of a category."""
    return indexed(name, f"{i},{k}")


def over_rows(case: RowsCase, *factors: Math, sign: str = "sum") -> Math:
    """A sum or a product over all rows; with weights, row i counts m_i times in a sum."""
    mark, last = {"sum": "Σ", "prod": "Π"}[sign], "n" if case.is_weighted else "N"
    body = product([TIMES, *factors] if case.is_weighted and sign == "sum" else factors)
    return Math(rf"\{sign}_{{i=1}}^{{{last}}} {body.latex}", f"{mark}(i=1..{last}) {body.text}", atomic=False)


def over_both(case: RowsCase, sign: str, body: Math) -> Math:
    """The same over all categories too."""
    mark, n_categories = {"sum": "Σ", "prod": "Π"}[sign], case.n_categories
    inner = Math(rf"\{sign}_{{k=1}}^{{{n_categories}}} {body.latex}", f"{mark}(k=1..{n_categories}) {body.text}")
    return over_rows(case, inner, sign=sign)


def exponential(value: float) -> Math:
    """e to the power of a number."""
    return power(symbol("e"), about(value))


def about(value: float) -> Math:
    """A number after ≈, rounded but sufficient to check a line by hand; the step's values have all digits."""
    return rounded_number(value, _DIGITS)


def one_hot_lines(case: RowsCase) -> list[Line]:
    """The one-hot numbers of the first row, and their sums over all rows: the counts."""
    hot = [int(k == case.labels[0]) for k in range(case.n_categories)]
    lines = [
        line(
            total(over_categories(case, lambda k: pair("t", 1, k + 1))),
            ("=", total(over_categories(case, lambda k: number(hot[k])))),
            ("=", number(1)),
        )
    ]
    for k in some_categories(case):
        count = number(case.counts[k])
        lines.append(line(over_rows(case, pair("t", "i", k + 1)), ("=", indexed("t", k + 1)), ("=", count)))
    return lines


def slope_lines(case: RowsCase) -> list[Line]:
    """y - t in numbers for the first row."""
    own, y, lines = case.labels[0], case.y, []
    for k in some_categories(case):
        # for the observed category, y - 1 is minus the sum of the others: if y is near 1, y - 1 would cancel
        difference = -math.fsum(value for j, value in enumerate(y) if j != own) if k == own else y[k]
        lines.append(
            line(
                slope(pair("z", 1, k + 1)),
                ("=", minus(pair("y", 1, k + 1), pair("t", 1, k + 1))),
                ("≈", minus(about(y[k]), number(int(k == own)))),
                ("≈", about(difference)),
            )
        )
    return lines


def likelihood_step(case: RowsCase) -> Step:
    """L as a product over rows and categories, whose exponents pick what happened."""
    own = case.labels[0]
    hot = [int(k == own) for k in range(case.n_categories)]
    exponent = product([TIMES, pair("t", "i", "k")] if case.is_weighted else [pair("t", "i", "k")])
    body = power(pair("y", "i", "k"), exponent)
    names = product(over_categories(case, lambda k: power(pair("y", 1, k + 1), number(hot[k]))))
    lines = (
        line(symbol("L"), ("=", over_both(case, "prod", body))),
        line(names, ("=", pair("y", 1, own + 1)), ("≈", about(case.y[own]))),
    )
    values = {
        "labels": case.labels,
        "categories": list(case.names),
        "losses": case.losses.tolist(),
        "probabilities": np.exp(-case.losses).tolist(),
    }
    raised = math.prod(y**t for y, t in zip(case.y, hot, strict=True))
    holds = raised == case.y[own] and math.isclose(case.losses[0], case.loss_of_first, rel_tol=1e-9)
    return Step("row-likelihood", None, lines, values, holds, "weighted" if case.is_weighted else "")


def log_likelihood_step(case: RowsCase) -> Step:
    """log L as a sum."""
    body = product([pair("t", "i", "k"), log(pair("y", "i", "k"))])
    lines = (line(LOG_L, ("=", over_both(case, "sum", body)), ("≈", about(-case.loss))),)
    log_likelihood = case.log_likelihood
    holds = abs(case.loss + log_likelihood) <= 1e-11 * max(1.0, abs(log_likelihood))
    return Step("row-log-likelihood", None, lines, {"log_likelihood": -case.loss}, holds)


def cross_entropy_step(case: RowsCase) -> Step:
    """The cross-entropy -log L / N, and that of the intercept-only model, whose probabilities are t / N."""
    counts = case.counts
    nats, null = case.loss / case.n, -math.fsum(t * math.log(t / case.n) for t in counts if t) / case.n
    mean = negative(product([fraction(number(1), N), LOG_L]))
    terms = over_categories(
        case, lambda k: product([fraction(number(counts[k]), number(case.n)), log(share(counts[k], case.n))])
    )
    lines = [line(mean, ("≈", fraction(about(case.loss), number(case.n))), ("≈", about(nats)))]
    if all(counts):
        lines.append(line(negative(parenthesised(total(terms))), ("≈", about(null))))
    lines.append(line(minus(about(null), about(nats)), ("≈", about(null - nats))))
    holds = math.isclose(null * case.n, -case.null_log_likelihood, rel_tol=1e-12, abs_tol=1e-12)
    return Step("row-cross-entropy", None, tuple(lines), {"nats": nats, "nats_of_the_null_model": null}, holds)


def share(count: int, n: int) -> Math:
    """t / n."""
    return fraction(number(count), number(n))


def slope(variable: Math) -> Math:
    """The derivative of the loss."""
    return Math(
        rf"\frac{{\partial (-\log L)}}{{\partial {variable.latex}}}", f"∂(-log L)/∂{variable.text}", atomic=False
    )
