"""Which rows are held out of the training, fixed by a seed: those with the smallest of n random words, or groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo._checks import check_whole
from mottomo.categories import natural_order
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.held_out import Groups
from mottomo.messages import say, verbatim, written
from mottomo.sources.columns import Columns
from mottomo.workflows.training_plan import TrainingPlan

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """`size` of n rows: those whose (word, row) is below `first_kept`, in the order of pairs.

    The words of some rows are found without those of the rows before them, so that a table of any length is split
    without a list of its rows.
    """

    size: int
    seed: int
    first_kept: tuple[int, int]

    @classmethod
    def choose(cls, n: int, share: float, seed: int) -> HeldOutRows:
        """round(n share) rows. Raises InvalidInput where none, or fewer than two to train on, would be left."""
        _check_share(share, seed)
        size = round(n * share)
        if share and not 0 < size < n - 1:
            raise InvalidInput(
                "holdout-rows",
                say("there are too few rows to hold some out"),
                verbatim("--holdout"),
                say("at least one row held out, and two to train on"),
                say("{size} of {n} rows", size=size, n=n),
            )
        return cls(size, seed, _pair_at(n, size, seed) if size else (0, 0))

    def mask(self, start: int, stop: int) -> np.ndarray:
        """Which of the rows from `start` to before `stop` are held out, (stop - start,) bool."""
        if not self.size:
            return np.zeros(stop - start, dtype=bool)
        words, (word, row) = _words(self.seed, start, stop), self.first_kept
        return (words < np.uint64(word)) | ((words == np.uint64(word)) & (np.arange(start, stop) < row))


def _check_share(share: Any, seed: Any) -> None:
    is_number = isinstance(share, int | float | np.floating | np.integer) and not isinstance(share, bool)
    if not is_number or not 0 <= share < 1:
        raise InvalidInput(
            "holdout",
            say("the share to hold out is out of range"),
            verbatim("--holdout"),
            say("a share of 0 or more, below 1, or each"),
            verbatim(written(share)),
        )
    check_whole("seed", seed, 0)


def _words(seed: int, start: int, stop: int) -> np.ndarray:
    return np.asarray(np.random.PCG64(seed).advance(start).random_raw(stop - start))


def _pair_at(n: int, rank: int, seed: int) -> tuple[int, int]:
    """The pair (word, row) with `rank` smaller ones, found among those that share its leading bits."""
    leading = np.zeros(1 << 16, dtype=np.int64)
    for start in range(0, n, _CHUNK):
        words = _words(seed, start, min(start + _CHUNK, n))
        leading += np.bincount((words >> np.uint64(48)).astype(np.int64), minlength=leading.size)
    bits = int(np.searchsorted(np.cumsum(leading), rank, side="right"))
    before = int(leading[:bits].sum())
    candidates = []
    for start in range(0, n, _CHUNK):
        words = _words(seed, start, min(start + _CHUNK, n))
        rows = np.flatnonzero(words >> np.uint64(48) == np.uint64(bits))
        candidates += [(int(words[row]), start + int(row)) for row in rows]
    return sorted(candidates)[rank - before]


class GroupsOfRows:
    """The groups of rows, and which of them are held out; without a column of groups it does nothing.

    Attributes
    ----------
    are_held_out : whether whole groups are held out.
    """

    def __init__(self, column: str | None, names: tuple[str, ...], held_out: frozenset[int]) -> None:
        self._column, self._names, self._held_out = column, names, held_out
        self._inside: list[np.ndarray] = []
        self._outside: list[np.ndarray] = []
        self.are_held_out = bool(held_out)

    @classmethod
    def of(cls, seen: Sequence[str] | None, plan: TrainingPlan) -> GroupsOfRows:
        """From the names of the groups. Raises InvalidInput where the share leaves no group, in or out."""
        if seen is None:
            if plan.in_turn:
                raise InvalidCall(
                    "no-groups",
                    say("{option} needs groups of rows; name their column with --group", option="--holdout each"),
                    verbatim("--holdout each"),
                    say("a column whose values are the groups"),
                )
            return cls(None, (), frozenset())
        _check_share(plan.holdout, plan.seed)
        names = tuple(natural_order(seen))
        size = round(len(names) * plan.holdout)
        if (plan.holdout and not 0 < size < len(names)) or (plan.in_turn and len(names) < 2):
            raise InvalidInput(
                "holdout-groups",
                say("there are too few groups to hold some out"),
                verbatim("--holdout"),
                say("at least one group held out, and one to train on"),
                say("{size} of {n} groups", size=size, n=len(names)),
            )
        order = np.random.Generator(np.random.PCG64(plan.seed)).permutation(len(names))
        return cls(plan.group, names, frozenset(order[:size].tolist()))

    def codes(self, columns: Columns) -> np.ndarray | None:
        """The group of each row."""
        if self._column is None:
            return None
        position = {name: code for code, name in enumerate(self._names)}
        return np.array([position[name] for name in columns.values[self._column].tolist()], dtype=np.int32)

    def mask(self, codes: np.ndarray | None) -> np.ndarray:
        """Which rows are held out."""
        assert codes is not None
        return np.isin(codes, list(self._held_out))

    def keep(self, codes: np.ndarray | None, inside: np.ndarray, outside: np.ndarray) -> None:
        """Remember the groups of rows, of those to train on and of those held out."""
        if codes is not None:
            self._inside.append(codes[inside])
            self._outside.append(codes[outside])

    def inside(self) -> Groups | None:
        """The groups of the rows to train on."""
        return None if self._column is None else Groups(self._column, self._names, np.concatenate(self._inside))

    def outside(self) -> Groups | None:
        """The groups of the rows held out; None where rows are held out one by one."""
        if self._column is None or not self.are_held_out:
            return None
        return Groups(self._column, self._names, np.concatenate(self._outside))
