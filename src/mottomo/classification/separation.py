"""Find a direction of separation by linear programmes over pairs of a row and another category.

A pair is (i, k) with a category k other than the observed category y(i) of row i. Its margin along a direction d is
x~_i (d_y(i) - d_k). log L has no maximum if and only if along some direction no margin is negative and at least one is
positive (Konis 2007, chapter 4). Few pairs matter, so they are added to the programme as they are needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

ZERO = 1e-7  # margins up to here count as 0, relative to the largest coefficient of scaled features
_UNSURE, _CERTAIN, _MORE = 2000, 1000, 2000  # pairs at first (smallest and largest margins), and added in each round
_MOST_ROUNDS = 60
_LARGEST_COEFFICIENT = 1e3  # bound in the programme; with 1e6 HiGHS takes twenty times as long, or fails
_LARGEST_PROGRAMME = 2_000_000  # nonzero numbers in the constraints
_MOST_COEFFICIENTS = 2500  # with more, HiGHS rarely finishes in time
_LONGEST, _LONGEST_ON_TOP = 30.0, 5.0  # seconds: all programmes; one programme once a direction is known
_SPANNED = 1e-10  # relative to the largest eigenvalue; below it a direction is not spanned


def margins(x: Any, labels: np.ndarray, direction: np.ndarray, intercepts: np.ndarray | float = 0.0) -> np.ndarray:
    """The margins x_i (d_y(i) - d_k), (n, K), along a direction (p, K) with `intercepts` (K,); 0 for k = y(i)."""
    scores = np.asarray(x @ direction) + intercepts
    return np.asarray(scores[np.arange(len(scores)), labels][:, None] - scores)


class Separation:
    """The search for a direction of separation of labelled rows that separates as many pairs as possible."""

    def __init__(self, design: np.ndarray, labels: np.ndarray, margin: np.ndarray, known: np.ndarray) -> None:
        """Start from the pairs that are most likely to decide.

        design : (n, P) scaled features.
        labels : (n,) observed categories.
        margin : (n, K) margins of the fitted logits, x_i W. Small ones are likely to refute a separation, large ones
            are likely to be separated.
        known : (P, K) a direction of separation that is known, or 0.
        """
        self._design, self._labels, self._size = design, labels, margin.shape[1]
        self._used = np.zeros(margin.shape, dtype=bool)
        self._open = np.ones(margin.shape, dtype=bool)  # pairs that no direction found so far separates
        self._open[np.arange(len(labels)), labels] = False
        self._found = known
        self._open &= self._margins(known) <= ZERO
        self._seconds = _LONGEST
        self._bring_in(margin, _UNSURE)
        self._bring_in(-margin, _CERTAIN)

    def solve(self, waiting: Callable[[], None]) -> np.ndarray | None:
        """A direction (P, K) that separates every pair that can be separated; 0 if there is none, None if undecided.

        If the search stops early, the direction separates the pairs found so far. `waiting` is called every second.
        """
        for _ in range(_MOST_ROUNDS):
            if not self._open.any():
                return self._found
            direction = self._programme(waiting)
            if direction is None:
                break
            if not direction.any():
                if not self._bring_in_unspanned():
                    return self._found
                continue
            reached = self._margins(direction)
            if not self._bring_in(np.where(reached < -ZERO, reached, np.inf), _MORE):
                self._found = self._combined(direction, reached)
                self._open &= reached <= ZERO
        return self._found if self._found.any() else None

    def _margins(self, direction: np.ndarray) -> np.ndarray:
        return margins(self._design, self._labels, direction)

    def _combined(self, direction: np.ndarray, reached: np.ndarray) -> np.ndarray:
        """`direction` plus a multiple of the one found before, large enough that no margin is negative."""
        if not self._found.any():
            return direction
        before = self._margins(self._found)
        takes = (reached < 0) & (before > ZERO)
        outweighs = 1 + float((-reached[takes] / before[takes]).max(initial=0.0))
        both = outweighs * self._found + direction
        return np.asarray(both / np.abs(both).max())

    def _bring_in(self, order: np.ndarray, most: int) -> bool:
        """Use at most `most` open unused pairs, those with the smallest finite values in `order`; False if none."""
        values = np.where(self._open & ~self._used, order, np.inf).ravel()
        candidates = np.flatnonzero(values < np.inf)
        if candidates.size > most:
            candidates = candidates[np.argpartition(values[candidates], most)[:most]]
        self._used.ravel()[candidates] = True
        return bool(candidates.size)

    def _bring_in_unspanned(self) -> bool:
        """Add pairs whose margins can be nonzero although all margins of the used pairs are 0.

        False if there are none; then no direction separates any open pair.
        """
        vectors = self._vectors(*self._chosen())
        values, basis = np.linalg.eigh(vectors.T @ vectors)
        free = basis[:, values <= _SPANNED * max(values[-1], 1e-300)]
        largest = np.zeros(self._open.shape)
        for one in free.T:
            direction = np.zeros((self._size, self._design.shape[1]))
            direction[1:] = one.reshape(self._size - 1, -1)
            np.maximum(largest, np.abs(self._margins(direction.T)), out=largest)
        return self._bring_in(np.where(largest > ZERO, -largest, np.inf), _MORE)

    def _chosen(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the other categories of the used open pairs."""
        row, other = np.nonzero(self._used & self._open)
        return row, other

    def _vectors(self, row: np.ndarray, other: np.ndarray) -> np.ndarray:
        """(pairs, (K - 1) P): a row times the coefficients is the margin of its pair; those of category 0 are 0."""
        blocks = np.zeros((row.size, self._size, self._design.shape[1]))
        index = np.arange(row.size)
        blocks[index, self._labels[row]] = self._design[row]
        blocks[index, other] = -self._design[row]
        return blocks[:, 1:].reshape(row.size, -1)

    def _wait(self, waiting: Callable[[], None]) -> Callable[[], None]:
        """A function for each second that a programme runs: it counts down the time and calls `waiting`."""

        def second() -> None:
            self._seconds -= 1
            waiting()

        return second

    def _programme(self, waiting: Callable[[], None]) -> np.ndarray | None:
        """A direction (P, K) that maximises sum s_ik  subject to  margin_ik >= s_ik scale_ik,  0 <= s_ik <= 1.

        The pairs (i, k) are the used ones. The direction is 0 if the maximum is 0, and None if the programme is too
        large or was not solved in time.
        """
        import scipy.sparse

        row, other = self._chosen()
        p1 = self._design.shape[1]
        n_coefficients = p1 * (self._size - 1)
        too_large = 2 * row.size * p1 > _LARGEST_PROGRAMME or n_coefficients > _MOST_COEFFICIENTS
        if too_large or self._seconds <= 0:
            return None
        pairs = self._vectors(row, other)
        scale = np.abs(pairs).max(axis=1, keepdims=True, initial=1e-300)
        constraints = scipy.sparse.hstack([scipy.sparse.csr_matrix(-pairs / scale), scipy.sparse.eye(row.size)])
        found = _maximised(
            np.concatenate([np.zeros(n_coefficients), np.ones(row.size)]),
            constraints.tocsr(),
            [(-_LARGEST_COEFFICIENT, _LARGEST_COEFFICIENT)] * n_coefficients + [(0, 1)] * row.size,
            min(self._seconds, _LONGEST_ON_TOP if self._found.any() else _LONGEST),
            self._wait(waiting),
        )
        if found is None:
            return None
        if found[n_coefficients:].sum() < _LARGEST_COEFFICIENT * ZERO:
            return np.zeros((p1, self._size))
        direction = np.zeros((self._size, p1))
        direction[1:] = found[:n_coefficients].reshape(self._size - 1, p1)
        direction = (direction - direction.mean(axis=0)).T
        return np.asarray(direction / np.abs(direction).max())


def _maximised(
    gains: np.ndarray,
    constraints: Any,
    bounds: list[tuple[float, float]],
    seconds: float,
    second: Callable[[], None],
) -> np.ndarray | None:
    """The x that maximises gains x subject to constraints x <= 0; None if no method of HiGHS solves it in time.

    The programme runs in another thread, so that this one can receive Ctrl-C and call `second` every second.
    """
    import scipy.optimize

    options = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9, "time_limit": seconds}
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(solved())
        except Exception as error:  # raised again in the calling thread
            found.append(error)

    def solved() -> Any:
        for method in ("highs", "highs-ipm"):
            one = scipy.optimize.linprog(
                -gains,
                A_ub=constraints,
                b_ub=np.zeros(constraints.shape[0]),
                bounds=bounds,
                method=method,
                options=options,
            )
            if one.status in (0, 1):  # solved, or out of time
                break
        return one

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(1.0)
    while thread.is_alive():
        second()
        thread.join(1.0)
    if isinstance(found[0], Exception):
        raise found[0]
    return np.asarray(found[0].x) if found[0].status == 0 else None
