"""Tables of counts in a data frame of pandas, polars or pyarrow: rows are groups, columns are categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mottomo._arrays import only_numbers


@dataclass(frozen=True, slots=True)
class Crosstab:
    """Counts as they stand in a data frame, unchecked, with the names that it gives them.

    columns : the category of each column, or None where they are only numbered.
    by, rows : what the rows are groups by, and the key of each; rows is None where they are only numbered
    """

    counts: Any
    columns: list[Any] | None
    by: tuple[str, ...]
    rows: list[tuple[Any, ...]] | None

    @classmethod
    def of(cls, given: Any) -> Crosstab | None:
        """The table that a data frame is; None for anything else."""
        if _is_pandas(given):
            return cls(given.to_numpy(), _names(given.columns), *_groups(given.index))
        if _has_rows(given):
            return cls([list(row) for row in given.rows()], list(given.columns), ("tally",), None)
        if _is_arrow(given):
            columns = [column.to_pylist() for column in given.columns]
            rows = [list(row) for row in zip(*columns, strict=True)]
            return cls(rows, list(given.column_names), ("tally",), None)
        return None

    @staticmethod
    def is_one(given: Any) -> bool:
        """Whether ``of`` reads it; nothing of it is read yet."""
        return _is_pandas(given) or _has_rows(given) or _is_arrow(given)


def _is_pandas(given: Any) -> bool:
    return hasattr(given, "to_numpy") and hasattr(given, "columns") and hasattr(given, "index")


def _has_rows(given: Any) -> bool:
    return callable(getattr(given, "rows", None)) and hasattr(given, "columns")  # a lazy frame warns of its columns


def _is_arrow(given: Any) -> bool:
    return hasattr(given, "column_names") and hasattr(given, "to_pylist")


def _groups(index: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]] | None]:
    keys = list(index)
    if index.nlevels > 1:
        by = tuple(f"tally {level}" if name is None else str(name) for level, name in enumerate(index.names, start=1))
        return by, keys
    by = ("tally" if index.name is None else str(index.name),)
    return by, None if only_numbers(index) else [(key,) for key in keys]


def _names(index: Any) -> list[Any] | None:
    return None if only_numbers(index) else list(index)
