"""Does log L have a maximum? Detects separation of the categories.

log L of a softmax model has no maximum if and only if the data are separated: along some direction of coefficients the
probability of some row's observed category rises and that of no row's falls (Albert and Anderson 1984; for many
categories Lesaffre and Albert 1989, Konis 2007). Along such a direction the coefficients diverge, the probabilities
approach a limit, and log L rises to its supremum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mottomo.classification.objective import Data, Objective, Rows
from mottomo.classification.optimisation import Optimum
from mottomo.classification.scaling import Scaling
from mottomo.classification.separation import ZERO, Separation, margins

_OUT_OF_SIGHT = 60.0  # nats: a probability of exp(-60) is negligible relative to 1
_MOST_NUMBERS = 20_000_000  # numbers in the features of a batch of rows made from soft targets


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether log L has a maximum; if not, the direction along which it rises to its supremum.

    Attributes
    ----------
    verdict : ``exists``, ``penalised`` (the penalised objective has a minimum), ``complete-separation``,
        ``quasi-complete-separation`` or ``undecided``.
    direction : (p + 1, K), a direction of separation of the coefficients, the intercept last; None if none is known.
    categories : positions of the categories that the direction separates from others.
    supremum : the limit of log L along the direction, nats.
    n_separated : rows whose observed category becomes certain along the direction.
    reach : the distance along the direction at which log L equals its supremum within rounding.
    """

    verdict: str
    direction: np.ndarray | None = None
    categories: tuple[int, ...] = ()
    supremum: float | None = None
    n_separated: int = 0
    reach: float = 0.0

    @property
    def has_maximum(self) -> bool:
        """True for ``exists`` and ``penalised``."""
        return self.verdict in ("exists", "penalised")


@dataclass(frozen=True, slots=True)
class Separator:
    """A single column that separates two categories: the ranges of its values do not overlap.

    Attributes
    ----------
    column : position of the column.
    lower : position of the category with the smaller values.
    upper : position of the category with the larger values.
    lower_maximum : largest value in `lower`; at most `upper_minimum`.
    upper_minimum : smallest value in `upper`.
    upper_goes_on : if the two ranges touch, True if `upper` extends past the shared value; otherwise `lower` does.
    """

    column: int
    lower: int
    upper: int
    lower_maximum: float
    upper_minimum: float
    upper_goes_on: bool


def separators(data: Data, categories: tuple[int, ...], most: int = 3) -> tuple[Separator, ...]:
    """At most `most` single dense columns that separate two of the categories, by decreasing relative gap."""
    if data.is_sparse or data.least_weight() is None:
        return ()
    lows, highs = _ranges(data)
    spread = np.maximum(highs.max(axis=0) - lows.min(axis=0), 1e-300)
    found = []
    for i in categories:
        for j in categories:
            for column in np.flatnonzero((highs[i] <= lows[j]) & (lows[i] < highs[j])) if i != j else ():
                gap = (lows[j, column] - highs[i, column]) / spread[column]
                beyond = bool(highs[j, column] > lows[j, column])
                one = Separator(int(column), i, j, float(highs[i, column]), float(lows[j, column]), beyond)
                found.append((-gap, one.column, one.lower, one.upper, one))
    return tuple(entry[-1] for entry in sorted(found)[:most])


def _ranges(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of each feature in each category, (K, p) each; inf and -inf without rows."""
    lows = np.full((data.n_categories, data.n_features), np.inf)
    highs = -lows
    for rows in _labelled_batches(data):
        assert rows.labels is not None
        for k in range(data.n_categories):
            part = rows.features[rows.labels == k]
            if part.shape[0]:
                lows[k] = np.minimum(lows[k], _dense(part.min(axis=0)))
                highs[k] = np.maximum(highs[k], _dense(part.max(axis=0)))
    return lows, highs


def _dense(row: np.ndarray) -> np.ndarray:
    return row.toarray().ravel() if hasattr(row, "toarray") else row


# --- the decision ----------------------------------------------------------------------------------------------------


def existence(
    data: Data, optimum: Optimum, objective: Objective, waiting: Callable[[], None] = lambda: None
) -> Existence:
    """Decide whether log L has a maximum, starting from where the training stopped.

    - If the certificate bounds the optimality gap, a maximum exists.
    - If every row's observed category has a probability above 1/2, the coefficients themselves are a direction of
      complete separation.
    - Otherwise single columns are examined and, for dense rows in memory, a linear programme decides.

    `waiting` is called from time to time while the linear programme runs.
    """
    w, b = objective.coefficients(optimum.point.coordinates)
    if optimum.reason == "separated":
        return along(data, w, b, np.vstack([w, b]), all_of_it=True)
    direction = np.zeros((data.n_features + 1, data.n_categories))
    if objective.has_intercept:
        direction[-1, data.category_weights() == 0] = -1  # a category that was never seen has no finite intercept
    if objective.is_penalised:
        return along(data, w, b, direction) if direction.any() else Existence("penalised")
    if optimum.exists:
        return Existence("exists")
    if optimum.reason != "interrupted":
        direction += _by_single_columns(data, objective.has_intercept)
        if isinstance(data, Rows) and not data.is_sparse:
            rows, *others = _labelled_batches(data)
            scaling = Scaling.robust(rows, objective.has_intercept)
            found = None if others else _by_linear_programme(rows, w, b, direction, scaling, waiting)
            if found is not None:
                return found
    return along(data, w, b, direction) if direction.any() else Existence("undecided")


def _labelled_batches(data: Data) -> Iterator[Rows]:
    """Rows with labels; soft targets become one weighted row a category, which leaves log L unchanged."""
    for rows in data.batches():
        if rows.labels is not None:
            yield rows
            continue
        step = max(1, _MOST_NUMBERS // (rows.n_features * rows.n_categories + 1))
        for first in range(0, rows.n, step):
            some = rows.taken(slice(first, first + step))
            assert some.targets is not None
            row, label = np.nonzero(some.targets)
            weights = some.targets[row, label] * (1.0 if some.weights is None else some.weights[row])
            yield Rows(some.features[row], rows.n_categories, label, None, weights)


def _by_single_columns(data: Data, intercept: bool) -> np.ndarray:
    """A direction (p + 1, K) of separation by single columns, (quasi-)complete; 0 if there is none.

    If a column is at most c in one category and at least c in all others, the slope of that category's logit can fall
    without bound. An indicator of a level that a category never has is such a column.
    """
    direction = np.zeros((data.n_features + 1, data.n_categories))
    lows, highs = _ranges(data)
    spread = highs.max(axis=0) - lows.min(axis=0)
    spread[spread == 0] = 1
    for k in np.flatnonzero(data.category_weights() > 0):
        others = np.arange(data.n_categories) != k
        for own, other, sign in (
            (highs[k], lows[others].min(axis=0), -1.0),
            (lows[k], highs[others].max(axis=0), 1.0),
        ):
            beyond = lows[others].min(axis=0) if sign > 0 else highs[others].max(axis=0)
            between = np.where(intercept, (own + other) / 2, 0.0)
            apart = sign * (own - other) >= 0
            if not intercept:
                apart = (sign * own >= 0) & (sign * other <= 0)
            says = apart & ((own != other) | (beyond != other) | (highs[k] != lows[k]))
            direction[:-1, k] += np.where(says, sign / spread, 0.0)
            direction[-1, k] -= float((sign * between / spread)[says].sum())
    return direction


def _by_linear_programme(
    rows: Rows, w: np.ndarray, b: np.ndarray, known: np.ndarray, scaling: Scaling, waiting: Callable[[], None]
) -> Existence | None:
    """The decision by linear programmes, given a `known` direction of separation or 0; None if they do not decide."""
    assert rows.labels is not None
    design = scaling.design(np.asarray(rows.features, dtype=np.float64))
    logits = rows.features @ w + b
    margin = logits[np.arange(rows.n), rows.labels][:, None] - logits
    _, one_each = np.unique(np.column_stack([rows.labels, design]), axis=0, return_index=True)
    separation = Separation(design[one_each], rows.labels[one_each], margin[one_each], scaling.scaled(known))
    direction = separation.solve(waiting)
    if direction is None:
        return None
    if not direction.any():
        return Existence("exists")
    in_features = scaling.step(direction)
    if not scaling.intercept:
        in_features = np.vstack([in_features, np.zeros(rows.n_categories)])
    return along(rows, w, b, in_features)


def along(data: Data, w: np.ndarray, b: np.ndarray, direction: np.ndarray, all_of_it: bool = False) -> Existence:
    """What a direction (p + 1, K) separates, and the limit of log L along it.

    A pair of a row and another category is separated if its margin exceeds ``ZERO``; with `all_of_it`, if it exceeds 0.
    """
    direction = direction - direction.mean(axis=1, keepdims=True)
    seen = data.category_weights() > 0
    told = ~seen
    reach, supremum, n, n_certain = 0.0, 0.0, 0, 0
    for rows in _labelled_batches(data):
        assert rows.labels is not None
        reached = margins(rows.features, rows.labels, direction[:-1], direction[-1])
        strict = reached > (0 if all_of_it else ZERO)
        behind = -margins(rows.features, rows.labels, w, b)
        reach = max(reach, float(((_OUT_OF_SIGHT + behind[strict]) / reached[strict]).max(initial=0.0)))
        certain = strict.sum(axis=1) == data.n_categories - 1
        n, n_certain = n + rows.n, n_certain + int(certain.sum())
        told[np.unique(rows.labels[strict[:, seen].any(axis=1)])] = True
        told |= strict.any(axis=0)
        behind[strict] = -np.inf
        losses = np.log(np.exp(behind).sum(axis=1))
        supremum -= float(losses @ (np.ones(rows.n) if rows.weights is None else rows.weights))
    complete = n_certain == n
    length = np.abs(direction).max()
    return Existence(
        "complete-separation" if complete else "quasi-complete-separation",
        direction / length,
        tuple(np.flatnonzero(told).tolist()),
        0.0 if complete else supremum,
        n_certain,
        reach * length,
    )
