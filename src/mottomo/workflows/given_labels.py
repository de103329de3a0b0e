"""The categories that happened, from the cells of a column or given beside the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from mottomo._arrays import is_missing
from mottomo.categories import category_name
from mottomo.errors import InvalidInput
from mottomo.messages import say, say_count, verbatim, written
from mottomo.sources.columns import Columns


def categories_in(columns: Columns, name: str) -> list[str]:
    """The categories that the cells of a column name. Raises InvalidInput : a cell is missing, or names none."""
    return [_category(value, columns, row, name) for row, value in enumerate(columns.values[name].tolist())]


def labels_of(target: Any) -> list[str]:
    """Categories that are given beside the data, one for each row."""
    found = target
    for name in ("to_pylist", "tolist", "to_list"):  # of Arrow, numpy and pandas, polars
        found = getattr(found, name)() if hasattr(found, name) else found
    if not isinstance(found, list | tuple):
        raise InvalidInput(
            "labels",
            say("these are no categories of rows"),
            verbatim("target"),
            say("the name of a column, or a category for each row"),
            say("{value} of type {type}", value=written(target, repr)[:60], type=type(target).__name__),
        )
    cells = np.array([*found, None], dtype=object)[:-1]  # also of equally long lists one cell each
    return categories_in(Columns({"target": cells}, np.arange(1, len(found) + 1), say("data")), "target")


def lengths(found: int, expected: int) -> InvalidInput:
    """The error of another number of categories than rows."""
    return InvalidInput(
        "lengths",
        say("there is not one category for each row"),
        verbatim("target"),
        say_count("{number} category", "{number} categories", expected, number=expected),
        verbatim(str(found)),
    )


def _category(value: Any, columns: Columns, row: int, target: str) -> str:
    """The category that a cell names. Raises InvalidInput : it is missing, or none."""
    if is_missing(value):
        raise InvalidInput(
            "missing-values",
            say("values are missing"),
            columns.place(row, target),
            say("a value in every cell of the columns that are used"),
            verbatim(str(value)),
            say("fill them in, or leave such rows out before"),
        )
    try:
        return category_name(value)
    except InvalidInput as error:
        raise InvalidInput(
            error.code, error.what, columns.place(row, target), error.expected, error.got, error.mend
        ) from None
