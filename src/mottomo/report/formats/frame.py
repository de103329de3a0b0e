"""The table of a report as a data frame, and as rows with names."""

from __future__ import annotations

import importlib.util
import operator
from collections import namedtuple
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mottomo.errors import InvalidInput, MissingExtra, nearest
from mottomo.messages import say, verbatim, written
from mottomo.report.report import Cell, Named, P, Report, Table

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Backend = Literal["pandas", "polars", "pyarrow"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
_LARGEST = 2**63


def to_frame(report: Report, backend: str | None) -> IntoDataFrame:
    """The data of a report as a frame of a library; without a name of the first that is installed.

    p-values too small for floats are 0 there; CSV and JSON have them. Counts beyond int64 are Python's integers in
    pandas, and texts in the other libraries.
    """
    table = _data(report)
    library = _installed(backend)
    import narwhals

    keys, rows = table.data()
    cells = list(zip(*rows, strict=True)) or [()] * len(keys)
    columns = {key: _values(column, library) for key, column in zip(keys, cells, strict=True)}
    frame: IntoDataFrame = narwhals.from_dict(columns, backend=library).to_native()
    return frame


def _data(report: Report) -> Table:
    if report.body.data is None:
        raise InvalidInput(
            "no-table",
            say("this result is not a table"),
            say("result"),
            say("a result with a row for each category or group"),
            verbatim(report.command),
            say("take its fields, or to_dict()"),
        )
    return report.body.data


def _installed(backend: str | None) -> Backend:
    if backend is not None and backend not in BACKENDS:
        raise InvalidInput(
            "unknown-backend",
            say("there is no such data frame library"),
            verbatim("backend"),
            say("one of {names}", names=list(BACKENDS)),
            verbatim(written(backend)),
            nearest(str(backend), BACKENDS),
        )
    wanted = [name for name in BACKENDS if backend in (None, name)]
    found = next((name for name in wanted if importlib.util.find_spec(name) is not None), None)
    if found is None:
        raise MissingExtra(
            "no-data-frames",
            say("no library for data frames is installed"),
            verbatim("to_frame"),
            say("one of {names}", names=wanted),
            None,
            say("install one, for example with: pip install {name}", name=wanted[0]),
        )
    return found


def _values(cells: Sequence[Cell], library: Backend) -> list[Cell]:
    values = [_value(cell) for cell in cells]
    if library != "pandas" and any(isinstance(cell, int) and abs(cell) >= _LARGEST for cell in values):
        return [str(cell) if isinstance(cell, int) else cell for cell in values]
    return values


def _value(cell: Cell) -> Cell:
    """A cell as a number or a text."""
    if isinstance(cell, P):
        return cell.value
    if isinstance(cell, Named):
        return cell.name
    if isinstance(cell, tuple):
        return ",".join(cell)
    return cell if isinstance(cell, str | bool | int | float) or cell is None else str(cell)


def named_rows(report: Report) -> Iterator[NamedTuple]:
    """The rows of the data with the keys of the columns as names."""
    keys, rows = _data(report).data()
    kind = _row_type(keys)
    return (kind._make(map(_value, row)) for row in rows)


@cache
def _row_type(keys: tuple[str, ...]) -> type[NamedTuple]:
    return namedtuple("Row", keys, rename=True)  # type: ignore[return-value]


def named_row(report: Report, name: object) -> NamedTuple:
    """The row that a name stands for: all its leading labels, or one that no other row has.

    Where rows have no names it is the row of that number, from 0.

    Raises InvalidInput : there is no such row, or there are several; with the nearest name.
    """
    table = _data(report)
    wanted = tuple(map(str, name)) if isinstance(name, tuple) else (str(name),)
    kinds = [column.kind == "label" for column in table.columns]
    n_labels = kinds.index(False) if False in kinds else len(kinds)
    if not n_labels:
        return _numbered_row(report, name)
    names, having = [], []
    for row in named_rows(report):
        labels = row[:n_labels]
        if labels == wanted:
            return row
        if len(wanted) == 1 and wanted[0] in labels:
            having.append(row)
        names.append(_as_name(labels))
    if len(having) == 1:
        return having[0]
    raise InvalidInput(
        "unknown-row",
        say("there is no such row"),
        say("result"),
        say("one of {names}", names=names if len(names) <= 10 else [*names[:10], "…"]),
        verbatim(_as_name(wanted)),
        nearest(_as_name(wanted), [_as_name(row[:n_labels]) for row in having] or names),
    )


def _numbered_row(report: Report, number: object) -> NamedTuple:
    if hasattr(number, "__index__") and not isinstance(number, bool) and (at := operator.index(number)) >= 0:
        table = _data(report)
        for row in table.rows(at, at + 1):
            return _row_type(table.keys)._make(map(_value, row))
    raise InvalidInput(
        "unknown-row",
        say("there is no such row"),
        say("result"),
        say("the number of a row, from 0"),
        verbatim(written(number, repr)),
    )


def _as_name(labels: tuple[object, ...]) -> str:
    """Labels as they are written between brackets: one as itself, several as a tuple of texts."""
    return str(labels[0]) if len(labels) == 1 else f"({', '.join(repr(str(label)) for label in labels)})"
