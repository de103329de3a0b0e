"""From a table to rows to train on, and rows held out: in memory, or on disk where they do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.categories import Categories, category_name, unknown_category
from mottomo.classification.batched_rows import BatchedRows
from mottomo.classification.encoding import Encoding
from mottomo.classification.labelled_rows import checked_features
from mottomo.classification.objective import Rows
from mottomo.classification.penalties import L2
from mottomo.classification.training import Settings, TrainingRows
from mottomo.errors import InvalidInput
from mottomo.messages import say, say_count, verbatim
from mottomo.sources.columns import Columns, ColumnSelection, KeptColumns
from mottomo.storage.row_file import RowFile
from mottomo.tallies import Tally
from mottomo.temporary import temporary_folder
from mottomo.workflows.held_out import HeldOutRows
from mottomo.workflows.provenance import given
from mottomo.workflows.tables import Table, opened

IN_MEMORY = 1 << 30  # bytes of features that are held in memory; more are read in batches
_BATCH = 1 << 22  # numbers in a batch
_LARGEST_WEIGHT = 2.0**53  # from there on not every whole number is a float


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be learnt, and how.

    target : the column to predict. features : the columns to predict it from; all others for None. text : columns that
    are text whatever they look like. weights : a column of frequency weights. categories : the declared categories.
    penalty : None for maximum likelihood. holdout : the share of rows that are kept out of the training, to see what it
    is worth, chosen by `seed`. missing : ``error`` or ``drop``. reference : the category whose coefficients are 0.
    accept_limit : where there is no maximum, go along the direction of separation until log L is at its supremum.
    memory : bytes of features up to which they are held in memory; more are kept on disk and read in batches.
    """

    target: str
    features: tuple[str, ...] | None = None
    text: tuple[str, ...] = ()
    weights: str | None = None
    categories: Any = None
    penalty: L2 | None = None
    holdout: float = 0.0
    seed: int = 0
    missing: str = "error"
    missing_values: tuple[str, ...] = ()
    where: str | None = None
    reference: str | None = None
    accept_limit: bool = False
    tolerance: float = 1e-7
    memory: int = IN_MEMORY

    @property
    def given(self) -> dict[str, str]:
        """What was asked for, as text, for where a result comes from."""
        return given(
            target=self.target,
            features=self.features,
            text=self.text or None,
            weights=self.weights,
            categories=None if self.categories is None else Categories.of(self.categories).names,
            penalty=self.penalty,
            holdout=self.holdout or None,
            seed=self.seed if self.holdout else None,
            missing=None if self.missing == "error" else self.missing,
            missing_values=self.missing_values or None,
            where=self.where,
            reference=self.reference,
            accept_limit=self.accept_limit or None,
        )

    @property
    def settings(self) -> Settings:
        """What of it says how to learn from rows."""
        return Settings(
            target=self.target,
            penalty=self.penalty,
            reference=self.reference,
            accept_limit=self.accept_limit,
            seed=self.seed,
            tolerance=self.tolerance,
        )


@contextmanager
def training_rows(table: Table, plan: TrainingPlan, reading: Any = None) -> Iterator[TrainingRows]:
    """Read a table; what is kept on disk is gone afterwards.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    weights = () if plan.weights is None else (plan.weights,)
    wanted = None if plan.features is None else (*plan.features, plan.target, *weights)
    choice = ColumnSelection(wanted, frozenset({*plan.text, plan.target}), plan.missing_values, plan.where, weights)
    with ExitStack() as kept, temporary_folder() as folder:
        found = kept.enter_context(opened(table, choice, reading))
        names = _feature_names(found, plan)
        n_dropped = _complete(found, plan)
        found.refuse_infinite([*names, *weights])
        categories = _categories(found, plan)
        levels = {name: found.levels(name) if found.is_text(name) else None for name in names}
        encoding = Encoding.learn(levels, baselines=plan.penalty is None)
        chosen = HeldOutRows.choose(found.n, plan.holdout, plan.seed)
        width = len(encoding.columns)
        sink = _OnDisk if 8.0 * found.n * width > plan.memory else _InMemory
        inside, outside = (
            sink(folder / part, n, encoding, len(categories), plan.weights is not None)
            for part, n in (("inside", found.n - chosen.size), ("outside", chosen.size))
        )
        counts = np.zeros(len(categories), dtype=np.int64)
        start = 0
        for columns in found.batches(max(1, _BATCH // (len(found.names) + 1))):
            batch = _Batch.of(columns, encoding, categories, plan)
            out = chosen.mask(start, start + columns.n)
            outside.append(batch.rows(out & batch.counted))
            inside.append(batch.rows(~out & batch.counted))
            counts += batch.tally(~out & batch.counted, len(categories))
            start += columns.n
        kept.close()
        if not inside.n:
            raise InvalidInput(
                "weights-zero",
                say("all sample weights are zero"),
                verbatim("--weights"),
                say("at least one row with a weight above 0"),
            )
        yield TrainingRows(
            inside.data(),
            outside.data() if outside.n else None,
            encoding,
            categories,
            Tally.from_counts(counts, categories),
            n_dropped,
        )


# --- what the table says ---------------------------------------------------------------------------------------------


def _feature_names(table: KeptColumns, plan: TrainingPlan) -> list[str]:
    target = say("the target is also among the features"), say("features other than the target")
    weights = say("the column of weights is also among the features"), say("features other than the weights")
    for part, name, (what, expected) in (("target", plan.target, target), ("weights", plan.weights, weights)):
        if name in (plan.features or ()):
            raise InvalidInput(f"{part}-among-features", what, verbatim("--features"), expected, verbatim(name or ""))
    names = plan.features if plan.features is not None else table.names
    return [name for name in dict.fromkeys(names) if name not in (plan.target, plan.weights)]


def _complete(table: KeptColumns, plan: TrainingPlan) -> int:
    """Missing values are refused, or their rows left out if that was asked for; how many were."""
    gaps = table.gaps()
    if gaps is None:
        return 0
    if plan.missing != "drop":
        name = next(iter(gaps.n_cells))
        raise InvalidInput(
            "missing-values",
            say("values are missing"),
            say("{where}, row {row}, column {column}", where=table.where, row=gaps.first[name], column=name),
            say("a value in every cell of the columns that are used"),
            gaps.said(),
            say("leave such rows out with --missing drop, or leave out the column with --features"),
        )
    if gaps.n_rows == table.n:
        raise InvalidInput("no-rows", say("every row has a missing value"), table.where, say("complete rows"))
    table.drop_gaps()
    return gaps.n_rows


def _categories(table: KeptColumns, plan: TrainingPlan) -> Categories:
    """The categories of the target, declared or discovered; at least two of them are seen."""
    seen = [category_name(value) for value in table.levels(plan.target, plan.weights)]
    place = say("{where}, column {column}", where=table.where, column=plan.target)
    if len(seen) < 2:
        raise InvalidInput(
            "one-category",
            say("the labels are all of one category, so there is nothing to tell apart"),
            place,
            say("labels of at least two categories (classes)"),
            say_count("{count} class: {names}", "{count} classes: {names}", len(seen), names=sorted(seen)),
            say("choose a target that varies"),
        )
    return Categories.discovered(seen) if plan.categories is None else Categories.of(plan.categories)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of a table as numbers: codes of the features, of the category, and how often each row counts."""

    codes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None

    @classmethod
    def of(cls, columns: Columns, encoding: Encoding, categories: Categories, plan: TrainingPlan) -> _Batch:
        weights = None if plan.weights is None else _weights(columns, plan.weights)
        return cls(encoding.codes(columns), _labels(columns, categories, plan.target, weights), weights)

    @property
    def counted(self) -> np.ndarray:
        """Rows of weight 0 say nothing."""
        return np.ones(len(self.labels), dtype=bool) if self.weights is None else self.weights > 0

    def rows(self, kept: np.ndarray) -> _Batch:
        weights = None if self.weights is None else self.weights[kept]
        return _Batch(self.codes[kept], self.labels[kept], weights)

    def tally(self, kept: np.ndarray, n_categories: int) -> np.ndarray:
        weights = None if self.weights is None else self.weights[kept]
        return np.bincount(self.labels[kept], weights, n_categories).astype(np.int64)


def _labels(columns: Columns, categories: Categories, target: str, weights: np.ndarray | None) -> np.ndarray:
    """The position of each row's category; -1 where it is none that was seen, in rows of weight 0 alone."""
    position = {name: index for index, name in enumerate(categories.names)}
    names = [category_name(value) for value in columns.values[target].tolist()]
    codes = np.array([position.get(name, -1) for name in names], dtype=np.int64)
    ignored = False if categories.declared or weights is None else weights == 0
    unknown = np.flatnonzero((codes < 0) & np.logical_not(ignored))
    if unknown.size:
        raise unknown_category(names[unknown[0]], categories, columns.place(int(unknown[0]), target))
    return codes


def _weights(columns: Columns, name: str) -> np.ndarray:
    values = columns.values[name]
    whole = values.dtype != object and (values >= 0) & (values % 1 == 0) & (values < _LARGEST_WEIGHT)
    wrong = np.arange(columns.n) if values.dtype == object else np.flatnonzero(~whole)
    if wrong.size:
        raise InvalidInput(
            "weights-whole",
            say("a frequency weight is not a whole number"),
            columns.place(int(wrong[0]), name),
            say("how often each row counts: whole numbers of 0 or more, below 2^53"),
            verbatim(str(values[wrong[0]])),
        )
    return values


# --- where the rows are kept -----------------------------------------------------------------------------------------


class _InMemory:
    """Rows that are filled in batch by batch."""

    def __init__(self, path: Path, n: int, encoding: Encoding, n_categories: int, weighted: bool) -> None:
        self._encoding, self._n_categories = encoding, n_categories
        self._codes = np.empty((n, len(encoding.features)))
        self._labels = np.empty(n, dtype=np.int64)
        self._weights = np.empty(n) if weighted else None
        self.n = 0

    def append(self, batch: _Batch) -> None:
        at = slice(self.n, self.n + len(batch.labels))
        self._codes[at], self._labels[at] = batch.codes, batch.labels
        if self._weights is not None:
            self._weights[at] = batch.weights
        self.n = at.stop

    def data(self) -> Rows:
        features = checked_features(self._encoding.expand(self._codes[: self.n]), self._encoding.columns)
        weights = None if self._weights is None else self._weights[: self.n]
        return Rows(features, self._n_categories, self._labels[: self.n], weights=weights)


class _OnDisk:
    """Rows in files, read anew batch by batch in each pass."""

    def __init__(self, path: Path, n: int, encoding: Encoding, n_categories: int, weighted: bool) -> None:
        self._encoding, self._n_categories = encoding, n_categories
        self._codes = RowFile(path.with_suffix(".codes"), len(encoding.features), np.float64)
        self._labels = RowFile(path.with_suffix(".labels"), 1, np.int64)
        self._weights = RowFile(path.with_suffix(".weights"), 1, np.float64) if weighted else None
        self._size = max(256, _BATCH // (len(encoding.columns) + 1))

    @property
    def n(self) -> int:
        return self._labels.n

    def append(self, batch: _Batch) -> None:
        self._codes.append(batch.codes)
        self._labels.append(batch.labels)
        if self._weights is not None:
            assert batch.weights is not None
            self._weights.append(batch.weights)

    def data(self) -> BatchedRows:
        return BatchedRows.of(self._read)

    def _read(self) -> Iterator[Rows]:
        size = self._size
        weights = self._weights.batches(size) if self._weights is not None else None
        for codes, labels in zip(self._codes.batches(size), self._labels.batches(size), strict=True):
            features = checked_features(self._encoding.expand(codes), self._encoding.columns)
            own = None if weights is None else next(weights)[:, 0]
            yield Rows(features, self._n_categories, labels[:, 0], weights=own)
