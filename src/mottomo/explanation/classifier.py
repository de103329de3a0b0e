"""Continue the derivation from the die to a classifier, on the rows of a table: formulas, values and checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from mottomo.classification.objective import Data
from mottomo.classification.softmax import logits
from mottomo.classification.training_result import TrainingRemark, TrainingResult
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
    symbol,
    total,
)
from mottomo.explanation.rows import (
    LOG_L,
    MOST_TERMS,
    SHOWN_ROWS,
    about,
    cross_entropy_step,
    exponential,
    likelihood_step,
    log_likelihood_step,
    one_hot_lines,
    over_categories,
    over_rows,
    pair,
    slope,
    slope_lines,
    some_categories,
)
from mottomo.explanation.steps import Derivation, Step
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.tallies import Tally

_EPS = float(np.finfo(np.float64).eps)
_FARTHER = (0.0, 1.0, 2.0, 4.0, 8.0)  # relative distances along a direction of separation

ClassifierExplanationVerdict = Literal["explained", "explanation-fails"]


@dataclass(frozen=True, eq=False)
class ClassifierExplanation(Derivation):
    """The derivation from the rows of a table to a classifier, on these rows.

    Attributes
    ----------
    training : the classifier and its fit.
    steps : the steps of the derivation, in order.
    """

    training: TrainingResult
    steps: tuple[Step, ...]

    @property
    def tally(self) -> Tally:
        """The categories of the training rows."""
        return self.training.tally

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""
        return {
            "n_observations": self.tally.n_observations,
            "target": self.training.classifier.target,
            "steps": [step.to_dict() for step in self.steps],
        }

    @property
    def verdict(self) -> ClassifierExplanationVerdict:
        """``explained`` if the claims of all steps hold."""
        return "explanation-fails" if self.failed else "explained"

    @property
    def remarks(self) -> tuple[TrainingRemark, ...]:
        """The remarks of the training."""
        return self.training.remarks


def explain_classifier(training: TrainingResult, data: Data) -> ClassifierExplanation:
    """From one-hot rows by logits, softmax, likelihood and cross-entropy to the gradient y - t, on the rows of `data`.

    training : the training on the rows.
    data : those rows, with features encoded by the classifier's encoding.

    Each step computes its claims again and says in ``holds`` whether they are true. If there is no maximum, the last
    but one step follows log L along the direction of separation.
    """
    case = _Case(training, data)
    return ClassifierExplanation(training, tuple(make(case) for make in _STEPS))


@dataclass(frozen=True)
class _Sums:
    """Sums over all rows at some coefficients.

    Attributes
    ----------
    loss : -log L, nats.
    predicted : (K,) sum_i w_i y_ik.
    counts : (K,) sum_i w_i t_ik.
    gradient : (p, K) sum_i w_i x_i (y_i - t_i).
    squares : (p,) sum_i w_i x_i^2.
    losses : (m,) of the first rows, nats.
    """

    loss: float
    predicted: np.ndarray
    counts: np.ndarray
    gradient: np.ndarray
    squares: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True)
class _Case:
    """The classifier and its rows, and the values that several steps share."""

    training: TrainingResult
    data: Data

    @property
    def w(self) -> np.ndarray:
        return self.training.classifier.coefficients

    @property
    def b(self) -> np.ndarray:
        return self.training.classifier.intercepts

    @property
    def n(self) -> int:
        return self.training.n_observations

    @property
    def n_categories(self) -> int:
        return len(self.b)

    @property
    def names(self) -> tuple[str, ...]:
        return self.training.classifier.categories.names

    @property
    def counts(self) -> list[int]:
        return [int(count) for count in self.training.tally.counts]

    @property
    def losses(self) -> np.ndarray:
        return self.sums.losses

    @property
    def loss_of_first(self) -> float:
        return float(_losses_of_each(self)[self.labels[0]])

    @property
    def loss(self) -> float:
        return self.sums.loss

    @property
    def log_likelihood(self) -> float:
        return self.training.log_likelihood

    @property
    def null_log_likelihood(self) -> float:
        return self.training.null_log_likelihood

    @property
    def is_weighted(self) -> bool:
        return self.times is not None

    @cached_property
    def x(self) -> np.ndarray:
        """The features of the first rows, (m, p)."""
        features = next(self.data.batches()).features[:SHOWN_ROWS]
        return np.asarray(features.toarray() if hasattr(features, "indptr") else features, dtype=np.float64)

    @cached_property
    def labels(self) -> list[int]:
        """The categories of the first rows."""
        labels = next(self.data.batches()).labels
        assert labels is not None
        return [int(label) for label in labels[:SHOWN_ROWS]]

    @cached_property
    def times(self) -> list[int] | None:
        """How often each of the first rows counts; None without weights."""
        weights = next(self.data.batches()).weights
        return None if weights is None else [round(float(weight)) for weight in weights[:SHOWN_ROWS]]

    @cached_property
    def z(self) -> list[float]:
        """The logits of the first row, computed exactly and rounded once."""
        first = [Fraction(value) for value in self.x[0].tolist()]
        return [
            float(Fraction(b) + sum(value * Fraction(share) for value, share in zip(first, own, strict=True)))
            for b, own in zip(self.b.tolist(), self.w.T.tolist(), strict=True)
        ]

    @cached_property
    def y(self) -> list[float]:
        """The probabilities of the first row."""
        powers = [math.exp(value - max(self.z)) for value in self.z]
        return [value / math.fsum(powers) for value in powers]

    @cached_property
    def sums(self) -> _Sums:
        return self.sums_at(self.w, self.b)

    def sums_at(self, w: np.ndarray, b: np.ndarray) -> _Sums:
        """The sums at W (p, K) and b (K,); one pass over all rows."""
        losses: list[float] = []
        first: list[float] = []
        gradient, squares = np.zeros_like(w), np.zeros(len(w))
        over, counts = np.zeros(len(b)), np.zeros(len(b))
        for rows in self.data.batches():
            assert rows.labels is not None
            weights = np.ones(rows.n) if rows.weights is None else rows.weights
            z = np.ascontiguousarray(logits(rows.features, w, b))
            found = cross_entropy_of_logits(z, rows.labels, weights=weights, scale=1.0, losses=True)
            assert found.losses is not None
            assert found.gradient is not None
            losses += (found.losses * weights).tolist()
            first = first or found.losses[:SHOWN_ROWS].tolist()
            gradient += rows.features.T @ found.gradient
            over += found.gradient.sum(axis=0)
            counts += np.bincount(rows.labels, weights, len(b))
            squared = rows.features.power(2) if rows.is_sparse else rows.features**2
            squares += np.asarray(weights @ squared).ravel()
        return _Sums(math.fsum(losses), counts + over, counts, gradient, squares, np.array(first))


# --- the steps -------------------------------------------------------------------------------------------------------


def _rows(case: _Case) -> Step:
    """One-hot rows."""
    counts = case.counts
    values = {
        "n": case.n,
        "n_rows": case.data.n,
        "counts": counts,
        "categories": list(case.names),
        "columns": list(case.training.classifier.encoding.columns),
        "features": case.x.tolist(),
        "labels": case.labels,
        "weights": case.times,
    }
    holds = case.sums.counts.tolist() == counts
    return Step("rows", None, tuple(one_hot_lines(case)), values, holds, "weighted" if case.is_weighted else "")


def _logits(case: _Case) -> Step:
    """z_k = b_k + sum_j x_j w_jk, in numbers for the first row."""
    lines = []
    for k in some_categories(case):
        names, numbers = _terms(case, k)
        lines.append(
            line(
                pair("z", 1, k + 1),
                ("=", total([indexed("b", k + 1), *names])),
                ("≈", total([about(case.b[k]), *numbers])),
                ("≈", about(case.z[k])),
            )
        )
    found = np.asarray(case.training.classifier.logits(case.x[:1]))[0]
    scale = np.abs(case.b) + np.abs(case.x[0]) @ np.abs(case.w)
    holds = bool((np.abs(found - case.z) <= 4 * (len(case.w) + 1) * _EPS * scale + 1e-300).all())
    return Step("logits", None, tuple(lines), {"logits": case.z}, holds, "" if len(case.w) else "no-features")


def _terms(case: _Case, k: int) -> tuple[list[Math], list[Math]]:
    """x_1j w_jk for each column j, in symbols and in numbers."""
    positions = range(len(case.w))

    def names(j: int) -> Math:
        return product([pair("x", 1, j + 1), pair("w", j + 1, k + 1)])

    def numbers(j: int) -> Math:
        return product([parenthesised(number(float(case.x[0, j]))), parenthesised(about(case.w[j, k]))], "×")

    return elided(names, positions, MOST_TERMS), elided(numbers, positions, MOST_TERMS)


def _softmax(case: _Case) -> Step:
    below = total(over_categories(case, lambda k: exponential(case.z[k])))
    lines = []
    for k in some_categories(case):
        names = total(over_categories(case, lambda j: power(symbol("e"), pair("z", 1, j + 1))))
        formula = fraction(power(symbol("e"), pair("z", 1, k + 1)), names)
        numbers = fraction(exponential(case.z[k]), below)
        lines.append(line(pair("y", 1, k + 1), ("=", formula), ("≈", numbers), ("≈", about(case.y[k]))))
    lines.append(line(total(over_categories(case, lambda k: pair("y", 1, k + 1))), ("=", number(1))))
    found = np.exp(-_losses_of_each(case))
    holds = bool(np.allclose(found, case.y, rtol=1e-12, atol=1e-300)) and abs(math.fsum(case.y) - 1) < 1e-15 * (
        4 + case.n_categories
    )
    return Step("softmax", None, tuple(lines), {"probabilities": case.y}, holds)


def _losses_of_each(case: _Case) -> np.ndarray:
    """-log y_k of the first row, (K,) nats, by the kernel that computes losses."""
    k = case.n_categories
    found = cross_entropy_of_logits(np.tile(np.array(case.z), (k, 1)), np.arange(k), losses=True).losses
    assert found is not None
    return found


def _gradient(case: _Case) -> Step:
    """y - t in numbers for the first row, its sum over all rows, and a check by differences of log L."""
    lines = slope_lines(case)
    residual = parenthesised(minus(pair("y", "i", "k"), pair("t", "i", "k")))
    lines.append(line(slope(pair("w", "j", "k")), ("=", over_rows(case, pair("x", "i", "j"), residual))))
    values: dict[str, Any] = {
        "predicted": case.sums.predicted.tolist(),
        "counts": case.counts,
        "categories": list(case.names),
        "largest": float(np.abs(case.sums.gradient).max(initial=0.0)),
    }
    holds, checked = True, _difference_quotient(case)
    if checked is not None:
        by_formula, by_differences, scale = checked
        values |= {"slope": by_formula, "difference_quotient": by_differences}
        holds = abs(by_formula - by_differences) <= 1e-6 * scale
    if case.training.converged:
        holds = holds and _is_flat(case)
    return Step("gradient", None, tuple(lines), values, holds, _kind(case))


def _kind(case: _Case) -> str:
    if case.training.existence.direction is not None:
        return "no-maximum"
    return "" if case.training.is_maximum_likelihood else "penalised"


def _difference_quotient(case: _Case) -> tuple[float, float, float] | None:
    """The derivative of -log L at the null model, with respect to the first column's last coefficient.

    By the formula, by a central difference, and a scale for comparing the two; None without features.
    """
    if not len(case.w):
        return None
    w, seen = np.zeros_like(case.w), np.maximum(case.sums.counts, 0.5)
    b = np.log(seen / seen.sum())
    scale = math.sqrt(case.sums.squares[0] * case.n) + 1e-300
    h = 1e-4 * math.sqrt(case.n / max(case.sums.squares[0], 1e-300))
    up, down = w.copy(), w.copy()
    up[0, -1], down[0, -1] = h, -h
    difference = case.sums_at(up, b).loss - case.sums_at(down, b).loss
    return float(case.sums_at(w, b).gradient[0, -1]), difference / (2 * h), scale


def _is_flat(case: _Case) -> bool:
    """True if the gradient is as small as the optimality gap implies.

    Each component satisfies g^2 <= 2 gap H, and the diagonal H of the Hessian is at most a quarter of the sum of x^2.
    With a penalty only the intercepts are checked, which are not penalised.
    """
    gap = 1.01 * case.training.gap + 1e-12 * max(1.0, case.sums.loss)
    over = np.abs(case.sums.predicted - case.sums.counts)
    if (over > np.sqrt(gap * case.n / 2) + 1e-9 * case.n).any():
        return False
    if not case.training.is_maximum_likelihood:
        return True
    kept = np.setdiff1d(np.arange(len(case.w)), [one.column for one in case.training.collinear])
    limits = np.sqrt(gap * case.sums.squares / 2) + 1e-9 * np.sqrt(case.sums.squares * case.n)
    return bool((np.abs(case.sums.gradient[kept]) <= limits[kept, None]).all())


def _maximum(case: _Case) -> Step:
    """The optimality gap; if there is no maximum, log L along the direction of separation."""
    found = case.training.existence
    values: dict[str, Any] = {
        "gap": case.training.gap,
        "proved": case.training.gap_is_proved,
        "converged": case.training.converged,
    }
    if found.direction is None:
        return Step("classifier-maximum", None, (), values, True, _kind(case))
    unit = max(float(np.abs(case.w).max(initial=0.0)), 1.0)
    steps = [unit * step for step in _FARTHER]
    on_the_way = [
        -case.sums_at(case.w + s * found.direction[:-1], case.b + s * found.direction[-1]).loss for s in steps
    ]
    slack = 1e-9 * max(1.0, case.sums.loss)
    rising = all(after >= before - slack for before, after in pairwise(on_the_way))
    assert found.supremum is not None
    values |= {"steps": steps, "log_likelihoods": on_the_way, "supremum": found.supremum, "verdict": found.verdict}
    return Step(
        "classifier-maximum", None, (), values, rising and on_the_way[-1] <= found.supremum + slack, "no-maximum"
    )


def _two_categories(case: _Case) -> Step:
    """The softmax of two categories is the logistic function of the difference of their logits."""
    first, second = case.y[0], case.y[1]
    apart = case.z[0] - case.z[1]
    formula = fraction(number(1), total([number(1), power(symbol("e"), negative(parenthesised(_difference())))]))
    numbers = fraction(number(1), total([number(1), exponential(-apart)]))
    share = 1 / (1 + math.exp(-apart)) if apart > -700 else math.exp(apart)
    lines: list[Line] = []
    if case.n_categories == 2:
        lines.append(line(pair("y", 1, 1), ("=", formula), ("≈", numbers), ("≈", about(share))))
        one, other = product([pair("t", "i", 1), log(pair("y", "i", 1))]), _other_category()
        loss = negative(over_rows(case, parenthesised(total([one, other]))))
        lines.append(line(negative(LOG_L), ("=", loss), ("≈", about(case.sums.loss))))
    else:
        ratio = fraction(pair("y", 1, 1), total([pair("y", 1, 1), pair("y", 1, 2)]))
        lines.append(line(ratio, ("=", formula), ("≈", numbers), ("≈", about(share))))
    expected = first / (first + second) if first + second else share
    holds = math.isclose(share, expected, rel_tol=1e-9, abs_tol=1e-300)
    variant = "" if case.n_categories == 2 else "of-several"
    return Step("two-categories", None, tuple(lines), {"share": share}, holds, variant)


def _difference() -> Math:
    return minus(pair("z", 1, 1), pair("z", 1, 2))


def _other_category() -> Math:
    left = parenthesised(minus(number(1), pair("t", "i", 1)))
    return product([left, log(minus(number(1), pair("y", "i", 1)))])


_STEPS: tuple[Callable[[_Case], Step], ...] = (
    _rows,
    _logits,
    _softmax,
    likelihood_step,
    log_likelihood_step,
    cross_entropy_step,
    _gradient,
    _maximum,
    _two_categories,
)
