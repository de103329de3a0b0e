"""Is there a maximum at all? Separation of categories, and columns that say nothing of their own.

log L of a softmax model has a maximum if and only if no direction of coefficients makes some row's own category more
probable and no row's less (Albert and Anderson 1984; for many categories Lesaffre and Albert 1989, Konis 2007). Along
such a direction log L only rises: coefficients grow without end, probabilities approach a limit, and log L its
supremum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo.classification.curvature import Scaling
from mottomo.classification.objective import Data, Objective, Rows
from mottomo.classification.optimisation import Optimum

_ZERO = 1e-7  # a margin that the linear programme may leave at 0, in units of the scaled features
_FIRST_PAIRS = 3000
_MORE_PAIRS = 2000
_MOST_ROUNDS = 60
_LARGEST_COEFFICIENT = 1e6
_LARGEST_PROGRAMME = 2_000_000  # numbers other than 0 in its constraints
_LONGEST = 60.0  # seconds for one programme


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether log L has a maximum, and the proof or the direction in which it has none.

    `verdict` is ``exists``, ``penalised`` (the penalised objective has a minimum), ``complete-separation``,
    ``quasi-complete-separation`` or ``undecided``. `direction` (p + 1, K) holds coefficients and, last, the intercept:
    the farther along it, the higher log L; `reach` is how far along it log L is at its supremum within rounding.
    `categories` are the positions of those whose rows it tells apart; `supremum` is what log L approaches, nats;
    `n_separated` how many rows become certain.
    """

    verdict: str
    direction: np.ndarray | None = None
    categories: tuple[int, ...] = ()
    supremum: float | None = None
    n_separated: int = 0
    reach: float = 0.0

    @property
    def has_maximum(self) -> bool:
        return self.verdict in ("exists", "penalised")


@dataclass(frozen=True, slots=True)
class Separator:
    """A single column that separates two categories: all rows of `lower` at most where all of `upper` begin."""

    column: int
    lower: int
    upper: int
    lower_maximum: float
    upper_minimum: float


def separators(data: Data, categories: tuple[int, ...], most: int = 3) -> tuple[Separator, ...]:
    """Single columns of dense features that separate two of the categories, the widest gaps beside the range first."""
    if data.is_sparse or data.least_weight() is None:
        return ()
    lows, highs = _ranges(data)
    spread = np.maximum(highs.max(axis=0) - lows.min(axis=0), 1e-300)
    found = []
    for i in categories:
        for j in categories:
            for column in np.flatnonzero((highs[i] <= lows[j]) & (lows[i] < highs[j])) if i != j else ():
                gap = (lows[j, column] - highs[i, column]) / spread[column]
                one = Separator(int(column), i, j, float(highs[i, column]), float(lows[j, column]))
                found.append((-gap, one.column, one.lower, one.upper, one))
    return tuple(entry[-1] for entry in sorted(found)[:most])


def _ranges(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of each feature in each category, (K, p); of no rows inf and -inf."""
    lows = np.full((data.n_categories, data.n_features), np.inf)
    highs = -lows
    for rows in data.batches():
        assert rows.labels is not None
        for k in range(data.n_categories):
            part = rows.features[rows.labels == k]
            if len(part):
                lows[k] = np.minimum(lows[k], part.min(axis=0))
                highs[k] = np.maximum(highs[k], part.max(axis=0))
    return lows, highs


def existence(data: Data, optimum: Optimum, objective: Objective) -> Existence:
    """Decide whether there is a maximum, from where the training stopped.

    Where the certificate bounds the gap, it exists. Where each row's own category has come beyond 1/2, the coefficients
    themselves are a direction of complete separation. Otherwise a linear programme decides, over dense labelled rows
    that are in memory.
    """
    never = np.flatnonzero(data.category_weights() == 0)
    if never.size and objective.has_intercept:
        return _never_seen(data, never, optimum)
    if objective.decay:
        return Existence("penalised")
    if optimum.reason == "gap" and optimum.proved:
        return Existence("exists")
    w, b = objective.coefficients(optimum.point.coordinates)
    if optimum.reason == "separated":
        direction = _normalised(np.vstack([w, b]))
        reach = max(_reach(rows, w, b, direction, None) for rows in data.batches())
        return Existence("complete-separation", direction, tuple(range(data.n_categories)), 0.0, data.n, reach)
    cut_short = optimum.reason in ("interrupted", "passes")
    if not isinstance(data, Rows) or data.is_sparse or data.labels is None or cut_short:
        return Existence("undecided")
    return _by_linear_programme(data, w, b, Scaling.of(data, objective.has_intercept))


def _never_seen(data: Data, never: np.ndarray, optimum: Optimum) -> Existence:
    direction = np.zeros((data.n_features + 1, data.n_categories))
    direction[-1, never] = -1
    direction[-1] -= direction[-1].mean()
    supremum = -optimum.point.value * data.weight
    return Existence("quasi-complete-separation", direction, tuple(never.tolist()), supremum, 0, 1000.0)


def _normalised(direction: np.ndarray) -> np.ndarray:
    centred = direction - direction.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.abs(centred).max())


def _by_linear_programme(rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling) -> Existence:
    design = scaling.design(np.asarray(rows.features, dtype=np.float64))
    programme = _Separation(design, rows, w, b)
    direction = programme.solve()
    if direction is None:
        return Existence("undecided")
    if not direction.any():
        return Existence("exists")
    strict = programme.margins(direction) > _ZERO
    assert rows.labels is not None
    strict[np.arange(rows.n), rows.labels] = False
    in_features = scaling.step(direction)
    if not scaling.intercept:
        in_features = np.vstack([in_features, np.zeros(rows.n_categories)])
    in_features = _normalised(in_features)
    reach = _reach(rows, w, b, in_features, strict)
    own = np.unique(rows.labels[strict.any(axis=1)])
    others = np.flatnonzero(strict.any(axis=0))
    certain = strict.sum(axis=1) == rows.n_categories - 1
    complete = bool(certain.all())
    return Existence(
        "complete-separation" if complete else "quasi-complete-separation",
        in_features,
        tuple(sorted({*own.tolist(), *others.tolist()})),
        0.0 if complete else _supremum(rows, w, b, in_features, reach, strict),
        int(certain.sum()),
        reach,
    )


def _reach(rows: Rows, w: np.ndarray, b: np.ndarray, direction: np.ndarray, strict: np.ndarray | None) -> float:
    """How far along the direction the other categories of what it separates fall below exp(-60)."""
    logits = rows.features @ w + b
    scores = rows.features @ direction[:-1] + direction[-1]
    index = np.arange(rows.n)
    margins = scores[index, rows.labels][:, None] - scores
    if strict is None:
        strict = np.ones(margins.shape, dtype=bool)
        strict[index, rows.labels] = False
    behind = logits - logits[index, rows.labels][:, None]
    return float(max(0.0, ((60 + behind[strict]) / margins[strict]).max()))


def _supremum(
    rows: Rows, w: np.ndarray, b: np.ndarray, direction: np.ndarray, reach: float, strict: np.ndarray
) -> float:
    """log L far along the direction, where the rows that it separates have come to their limit."""
    logits = rows.features @ (w + reach * direction[:-1]) + b + reach * direction[-1]
    logits -= logits[np.arange(rows.n), rows.labels][:, None]
    logits[strict] = -np.inf
    losses = np.log(np.exp(logits).sum(axis=1))
    return -float(losses @ (np.ones(rows.n) if rows.weights is None else rows.weights))


class _Separation:
    """The linear programme: as many strictly positive margins as there can be, with none negative.

    maximise sum s_ik subject to  x~_i (d_y(i) - d_k) >= s_ik,  0 <= s_ik <= 1,  over pairs of a row i and a category k
    other than its own. Pairs are brought in as they are needed: those that a direction breaks, and those that may still
    be separated; rows that the model is unsure of come first.
    """

    def __init__(self, design: np.ndarray, rows: Rows, w: np.ndarray, b: np.ndarray) -> None:
        self._design, self._labels, self._size = design, rows.labels, rows.n_categories
        logits = rows.features @ w + b
        index = np.arange(rows.n)
        assert rows.labels is not None
        self._lead = logits[index, rows.labels][:, None] - logits
        self._lead[index, rows.labels] = np.inf
        self._used = np.zeros(self._lead.shape, dtype=bool)
        self._used[index, rows.labels] = True

    def solve(self) -> np.ndarray | None:
        """A direction (P, K) that separates all that can be; all zero if none can be; None if it was not found."""
        self._bring_in(self._lead, _FIRST_PAIRS)
        for _ in range(_MOST_ROUNDS):
            direction = self._programme()
            if direction is None or not direction.any():
                return direction
            margins = self.margins(direction)
            broken = np.where(self._used | (margins >= -_ZERO), np.inf, margins)
            idle = np.where(self._used | (np.abs(margins) > _ZERO), np.inf, self._lead)
            if not self._bring_in(broken, _MORE_PAIRS) and not self._bring_in(idle, _MORE_PAIRS):
                return direction
        return None

    def margins(self, direction: np.ndarray) -> np.ndarray:
        """x~_i (d_y(i) - d_k), (n, K), in units of the largest coefficient."""
        scores = self._design @ direction
        return scores[np.arange(len(scores)), self._labels][:, None] - scores

    def _bring_in(self, order: np.ndarray, most: int) -> bool:
        """Use the pairs with the smallest values, at most so many of those that are finite and not yet used."""
        values = np.where(self._used, np.inf, order).ravel()
        candidates = np.flatnonzero(np.isfinite(values))
        if candidates.size > most:
            candidates = candidates[np.argpartition(values[candidates], most)[:most]]
        self._used.ravel()[candidates] = True
        return bool(candidates.size)

    def _programme(self) -> np.ndarray | None:
        import scipy.optimize
        import scipy.sparse

        size, p1 = self._size, self._design.shape[1]
        used = self._used.copy()
        used[np.arange(len(used)), self._labels] = False
        row, other = np.nonzero(used)
        if 2 * row.size * p1 > _LARGEST_PROGRAMME:
            return None
        own = self._labels[row]  # type: ignore[index]
        blocks = np.zeros((row.size, size, p1))
        index = np.arange(row.size)
        blocks[index, own] = self._design[row]
        blocks[index, other] = -self._design[row]
        pairs = blocks[:, 1:].reshape(row.size, -1)  # the first category's coefficients stay 0
        scale = np.abs(pairs).max(axis=1, keepdims=True)
        constraints = scipy.sparse.hstack([scipy.sparse.csr_matrix(-pairs / scale), scipy.sparse.eye(row.size)])
        found = scipy.optimize.linprog(
            np.concatenate([np.zeros(pairs.shape[1]), -np.ones(row.size)]),
            A_ub=constraints.tocsr(),
            b_ub=np.zeros(row.size),
            bounds=[(-_LARGEST_COEFFICIENT, _LARGEST_COEFFICIENT)] * pairs.shape[1] + [(0, 1)] * row.size,
            method="highs",
            options={
                "primal_feasibility_tolerance": 1e-9,
                "dual_feasibility_tolerance": 1e-9,
                "time_limit": _LONGEST,
            },
        )
        if found.status != 0:
            return None
        if -found.fun < 0.5:
            return np.zeros((p1, size))
        direction = np.zeros((size, p1))
        direction[1:] = found.x[: pairs.shape[1]].reshape(size - 1, p1)
        direction = (direction - direction.mean(axis=0)).T
        return np.asarray(direction / np.abs(direction).max())
