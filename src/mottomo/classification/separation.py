"""A direction along which log L only rises, by linear programmes over pairs of a row and another category.

A pair (i, k), k other than the category of row i, has the margin x~_i (d_y(i) - d_k) along a direction d. log L has no
maximum if and only if some direction has no negative margin and a positive one (Konis 2007, chapter 4). Few of the
pairs matter, so they are brought in as they are needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

ZERO = 1e-7  # a margin that counts as 0, in units of the largest coefficient of scaled features
_UNSURE, _CERTAIN, _MORE = 2000, 1000, 2000  # pairs at first and in each round
_MOST_ROUNDS = 60
_LARGEST_COEFFICIENT = 1e3  # with 1e6 HiGHS takes twenty times as long, or gives up
_LARGEST_PROGRAMME = 2_000_000  # numbers other than 0 in its constraints
_MOST_COEFFICIENTS = 2500  # with more, HiGHS rarely comes to an end in time
_LONGEST, _LONGEST_ON_TOP = 30.0, 5.0  # seconds for all programmes, and for one where a direction is known already
_SPANNED = 1e-10  # the share of the largest eigenvalue below which a direction is not spanned


def margins(x: Any, labels: np.ndarray, direction: np.ndarray, intercepts: np.ndarray | float = 0.0) -> np.ndarray:
    """x_i (d_y(i) - d_k), (n, K), along a direction (p, K) and (K,); 0 for a row's own category."""
    scores = np.asarray(x @ direction) + intercepts
    return np.asarray(scores[np.arange(len(scores)), labels][:, None] - scores)


class Separation:
    """The search for a direction of separation of labelled rows, and for all that can be separated along it.

    `design` (n, P) holds scaled features, `lead` (n, K) by how much the logit of a row's category exceeds the others
    where training stopped: pairs that it is least sure of are most likely to stand against a separation, those that it
    is surest of are most likely to be separated. `known` (P, K) is a direction of separation, or 0.
    """

    def __init__(self, design: np.ndarray, labels: np.ndarray, lead: np.ndarray, known: np.ndarray) -> None:
        self._design, self._labels, self._size = design, labels, lead.shape[1]
        self._used = np.zeros(lead.shape, dtype=bool)
        self._open = np.ones(lead.shape, dtype=bool)  # pairs that no direction found so far separates
        self._open[np.arange(len(labels)), labels] = False
        self._found = known
        self._open &= self._margins(known) <= ZERO
        self._seconds = _LONGEST
        self._bring_in(lead, _UNSURE)
        self._bring_in(-lead, _CERTAIN)

    def solve(self, waiting: Callable[[], None]) -> np.ndarray | None:
        """A direction (P, K) that separates all that can be; all zero if none can be; None if that was not decided.

        Where only a part could be decided, the direction separates that part. `waiting` is called now and then.
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
        """It and what was found before, with as much of that as outweighs what it takes from those pairs."""
        if not self._found.any():
            return direction
        before = self._margins(self._found)
        takes = (reached < 0) & (before > ZERO)
        outweighs = 1 + float((-reached[takes] / before[takes]).max(initial=0.0))
        both = outweighs * self._found + direction
        return np.asarray(both / np.abs(both).max())

    def _bring_in(self, order: np.ndarray, most: int) -> bool:
        """Use the open pairs with the smallest values, at most so many of those that are finite and not yet used."""
        values = np.where(self._open & ~self._used, order, np.inf).ravel()
        candidates = np.flatnonzero(values < np.inf)
        if candidates.size > most:
            candidates = candidates[np.argpartition(values[candidates], most)[:most]]
        self._used.ravel()[candidates] = True
        return bool(candidates.size)

    def _bring_in_unspanned(self) -> bool:
        """Use pairs whose margins the used ones leave free: where those allow none but 0, the others may yet not be 0.

        False if there are none: then no direction separates any of the open pairs.
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
        """The rows and the other categories of the pairs in use."""
        row, other = np.nonzero(self._used & self._open)
        return row, other

    def _vectors(self, row: np.ndarray, other: np.ndarray) -> np.ndarray:
        """What a pair's margin is linear in, a row each, over (K - 1, P): the first category's coefficients stay 0."""
        blocks = np.zeros((row.size, self._size, self._design.shape[1]))
        index = np.arange(row.size)
        blocks[index, self._labels[row]] = self._design[row]
        blocks[index, other] = -self._design[row]
        return blocks[:, 1:].reshape(row.size, -1)

    def _wait(self, waiting: Callable[[], None]) -> Callable[[], None]:
        """What to do each second that a programme takes."""

        def second() -> None:
            self._seconds -= 1
            waiting()

        return second

    def _programme(self, waiting: Callable[[], None]) -> np.ndarray | None:
        """maximise sum s  subject to  margin_ik >= s_ik scale_ik,  0 <= s_ik <= 1,  over the pairs in use."""
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
    """The optimum of gains x subject to constraints x <= 0; by another method where HiGHS' first choice is at a loss.

    It runs beside this thread, which goes on hearing Ctrl-C, and calls `second` as the seconds go by.
    """
    import scipy.optimize

    options = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9, "time_limit": seconds}
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(solved())
        except Exception as error:  # raised where it is heard
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
