"""The columns of a data frame or of a mapping, for training and prediction, read like those of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mottomo._arrays import family, is_missing, unmasked
from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources import duck
from mottomo.sources.columns import ColumnSelection, KeptColumns, check_names, keep_columns
from mottomo.sources.foreign import in_our_words
from mottomo.sources.frame import Frame
from mottomo.sources.rows import column_text

_RELATION = "columns_in_memory"


@contextmanager
def open_frame(
    table: Frame | Mapping[Any, Any], choice: ColumnSelection, called: Message | None = None
) -> Iterator[KeptColumns]:
    """The chosen columns of a frame or a mapping. `called` is what messages call it.

    The type of a column decides whether it is numbers or text; but as in a file, a column of texts is numbers if every
    text is a number.

    Raises InvalidInput : unknown names, columns that are neither numbers nor text, columns of different lengths.
    """
    where = called or (table.where if isinstance(table, Frame) else say("mapping"))
    names = [column_text(name) for name in (table.names if isinstance(table, Frame) else table)]
    if choice.where is not None:
        raise InvalidInput(
            "setting-does-not-apply",
            say("a setting does not apply to this format"),
            where,
            say("no {name} for {kind}", name="where", kind="data frame" if called is None else say("pictures")),
            verbatim(choice.where),
            say("choose the rows of the frame first") if called is None else say("leave it out"),
        )
    wanted = choice.chosen(names)
    check_names([*wanted, *choice.text, *choice.needed], names, where)
    loaded = wanted or names[:1]  # a model without features still needs the number of rows
    with in_our_words(where):
        cells = {name: _cells(table, names.index(name)) for name in loaded}
    arrays = {
        name: _as_written(cells[name], where, name)
        if name in choice.as_written
        else _array(cells[name], name in choice.text, where, name)
        for name in loaded
    }
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) > 1:
        raise InvalidInput(
            "columns-length",
            say("the columns have different lengths"),
            where,
            say("as many cells in every column"),
            say("{names}", names=[f"{name}: {len(array)}" for name, array in arrays.items()][:10]),
        )
    if lengths <= {0}:
        raise SourceError("no-rows", say("the table has a header and no rows"), where, say("at least one row"))
    with duck.connection() as connection:
        connection.register(_RELATION, {f"c{place}": arrays[name] for place, name in enumerate(loaded)})
        connection.execute("SET preserve_insertion_order=true")
        with keep_columns(connection, _RELATION, loaded, names, choice, where) as kept:
            yield kept


def _cells(table: Frame | Mapping[Any, Any], position: int) -> Any:
    """The column at a position: the value of a mapping, or a narwhals series."""
    if not isinstance(table, Frame):
        return list(table.values())[position]
    chosen = table.chosen([position])
    if hasattr(chosen, "collect"):
        chosen = chosen.collect()
    return chosen.get_column("c0")


def _array(cells: Any, is_text: bool, where: Message, name: str) -> np.ndarray:
    """A column as an array: float64, int64, bool, or objects that are text or None."""
    place = say("{where}, column {column}", where=where, column=name)
    series = cells if hasattr(cells, "dtype") and hasattr(cells, "to_list") else None
    if series is not None and not isinstance(cells, np.ndarray):
        if not hasattr(series.dtype, "is_integer"):  # a Series inside a mapping
            import narwhals as nw

            series = nw.from_native(series, series_only=True)
        values = _of_series(series, is_text)
        if values is not None:
            return values
        cells = series.to_list()
    if isinstance(cells, np.ma.MaskedArray):
        cells = unmasked(cells)
    if isinstance(cells, np.ndarray) and cells.ndim == 1 and cells.dtype.kind in "iufb":
        return _plain(cells)
    if isinstance(cells, str | bytes) or not isinstance(cells, Iterable):
        raise InvalidInput(
            "not-a-column",
            say("this is no column of a table"),
            place,
            say("a list, an array or a Series with a value for each row"),
            say("{value} of type {type}", value=written(cells, repr)[:60], type=type(cells).__name__),
        )
    return _of_objects(list(cells), is_text, place)


def _as_written(cells: Any, where: Message, name: str) -> np.ndarray:
    """A column that is only repeated, as text; None where a cell is missing."""
    try:
        return _array(cells, True, where, name)
    except InvalidInput as error:
        if error.code not in ("category-type", "column-type"):
            raise
    values = cells.to_list() if hasattr(cells, "to_list") else list(cells)
    return np.array([None if is_missing(cell) else _text(cell) for cell in values], dtype=object)


def _plain(values: np.ndarray) -> np.ndarray:
    """The numbers as float64, int64 or bool; as text if they exceed int64."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    if values.dtype.kind == "u" and values.dtype.itemsize == 8 and values.size and int(values.max()) >= 2**63:
        return np.array([str(value) for value in values.tolist()], dtype=object)
    return values if values.dtype.kind == "b" else values.astype(np.int64)


def _of_series(series: Any, is_text: bool) -> np.ndarray | None:
    """A series of numbers as an array; None for any other series."""
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_float():
        return np.asarray(series.to_numpy(), dtype=np.float64)
    if dtype.is_integer():
        if series.null_count() == 0:
            return _plain(np.asarray(series.to_numpy()))
        if not is_text:
            return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    return None


def _of_objects(cells: Sequence[Any], is_text: bool, place: Message) -> np.ndarray:
    """Python values as an array of text or of float64; whole numbers become text only if `is_text`."""
    kinds = {family(type(cell)) for cell in cells if not is_missing(cell)}
    if kinds <= {str, bool} or (is_text and kinds <= {str, bool, int}):
        return np.array([None if is_missing(cell) else _text(cell) for cell in cells], dtype=object)
    if all(issubclass(kind, int | float | np.floating) or kind.__name__ in ("Decimal", "Fraction") for kind in kinds):
        if is_text:
            raise InvalidInput(
                "category-type",
                say("the column holds neither text nor whole numbers nor true/false"),
                place,
                say("text, whole numbers, or true/false"),
                say("{names}", names=sorted(kind.__name__ for kind in kinds)),
                say("convert it first: whole numbers to an integer type, dates to text in a format of your choice"),
            )
        return np.array([np.nan if is_missing(cell) else float(cell) for cell in cells], dtype=np.float64)
    raise InvalidInput(
        "column-type",
        say("a column is neither numbers nor text"),
        place,
        say("numbers, text, or true/false"),
        say("{names}", names=sorted(kind.__name__ for kind in kinds)),
        say("convert it first, or name the other columns with --features"),
    )


def _text(cell: Any) -> str:
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    return str(cell)
