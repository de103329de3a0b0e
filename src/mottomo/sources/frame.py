"""Data frames of any library, counted by their own engine through narwhals; only distinct rows are fetched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo._arrays import as_count, family, is_missing
from mottomo._crosstabs import Crosstab
from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim
from mottomo.sources.foreign import in_our_words
from mottomo.sources.memory import count_columns, counted_integers, refuse_others
from mottomo.sources.rows import CountedRows, Selection, column_text, duplicate_column, no_such_column, plain_number

_COUNT = "mottomo_count"


@dataclass(frozen=True, slots=True)
class Frame:
    """A data frame or a series of some library.

    In pandas a name may be a number or a tuple, and two columns may have the same name; narwhals knows only texts. So
    columns are found by their position, and get plain names.

    Attributes
    ----------
    native : the frame or series itself.
    names : of the columns, as the library has them.
    where : what messages call it.
    """

    native: Any
    names: list[Any]
    where: Message

    @classmethod
    def of(cls, outcomes: Any) -> Frame | None:
        """The frame or series that `outcomes` is, or None if it is neither."""
        import narwhals as nw

        native = _of_arrow(nw.to_native(outcomes, pass_through=True))
        if nw.dependencies.is_into_series(native):
            return cls(native, ["outcomes"], say("series"))
        if _is_pandas(native) or _is_arrow_table(native):
            names = list(native.columns) if _is_pandas(native) else list(native.column_names)
            return cls(native, names, say("data frame"))
        if not nw.dependencies.is_into_dataframe(native):
            wrapped = nw.from_native(native, pass_through=True)
            if not isinstance(wrapped, nw.LazyFrame):
                return None
            with in_our_words(say("data frame")):
                return cls(native, list(wrapped.collect_schema().names()), say("data frame"))
        return cls(native, list(nw.from_native(native).columns), say("data frame"))

    @property
    def is_series(self) -> bool:
        """Whether it is a series, which has values and no columns."""
        import narwhals as nw

        return bool(nw.dependencies.is_into_series(self.native))

    def chosen(self, positions: Sequence[int]) -> Any:
        """A narwhals frame of the columns at these positions, in this order, named c0, c1, ..."""
        import narwhals as nw

        names = [f"c{place}" for place in range(len(positions))]
        if self.is_series:
            return nw.from_native(_of_one_dictionary(self.native), series_only=True).alias("c0").to_frame()
        if _is_pandas(self.native):
            return nw.from_native(self.native.iloc[:, list(positions)].set_axis(names, axis=1))
        if _is_arrow_table(self.native):
            chosen = self.native.select(list(positions)).rename_columns(names)
            return nw.from_native(_of_one_dictionary(chosen))
        pairs = zip(positions, names, strict=True)
        return nw.from_native(self.native).select(*(nw.col(self.names[at]).alias(name) for at, name in pairs))

    def kept(self, names: Sequence[Any]) -> Any:
        """The columns of these names, as the library of the frame has them; a lazy frame is collected."""
        positions = [_position(name, self.names, self.where) for name in names]
        if _is_pandas(self.native):
            return self.native.iloc[:, positions]
        if _is_arrow_table(self.native):
            return self.native.select(positions)
        import narwhals as nw

        with in_our_words(self.where):
            return _in_memory(nw.from_native(self.native).select([self.names[at] for at in positions])).to_native()

    def cells(self, name: Any) -> list[Any]:
        """The cells of a column."""
        with in_our_words(self.where):
            chosen = _in_memory(self.chosen([_position(name, self.names, self.where)]))
            return list(chosen.get_column("c0").to_list())


def _in_memory(frame: Any) -> Any:
    """A frame of narwhals, collected if it is a lazy one."""
    return frame.collect() if hasattr(frame, "collect") else frame


def is_crosstab(data: Any) -> bool:
    """Whether a data frame is a table of counts: several columns, all of whole numbers."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return len(data.columns) > 1 and all(map(pandas.api.types.is_integer_dtype, data.dtypes))
    if not Crosstab.is_one(data):
        return False
    import narwhals as nw

    kinds = nw.from_native(data, eager_only=True).schema.values()
    return len(kinds) > 1 and all(kind.is_integer() for kind in kinds)


def some_whole_numbers(data: Any) -> list[int] | None:
    """The first values of a series, an index or an Arrow array of whole numbers; None of everything else."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.Index | pandas.api.extensions.ExtensionArray):
        data = pandas.Series(data)
    frame = Frame.of(data)
    if frame is None or not frame.is_series:
        return None
    import narwhals as nw

    series = nw.from_native(frame.native, series_only=True)
    if series.dtype.is_integer():
        return series.head(5).to_list()
    values = series.to_list() if series.dtype == nw.Object else []  # which holds numbers beyond 64 bits
    is_whole = bool(values) and all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    return values[:5] if is_whole else None


def _is_pandas(native: Any) -> bool:
    import narwhals as nw

    return bool(nw.dependencies.is_pandas_like_dataframe(native))


def _is_arrow_table(native: Any) -> bool:
    pyarrow = sys.modules.get("pyarrow")
    return pyarrow is not None and isinstance(native, pyarrow.Table)


def _of_arrow(native: Any) -> Any:
    """An Arrow array as a chunked array, a record batch as a table, because narwhals knows these; else unchanged."""
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None and isinstance(native, pyarrow.Array):
        return pyarrow.chunked_array([native])
    if pyarrow is not None and isinstance(native, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([native])
    return native


def _of_one_dictionary(native: Any) -> Any:
    """Arrow data whose chunks share one dictionary, because pyarrow cannot group a column of several dictionaries."""
    return native.unify_dictionaries() if hasattr(native, "unify_dictionaries") else native


def count_frame(frame: Frame, selection: Selection) -> CountedRows:
    """Count a series, or a column of a data frame, by group if groups are asked for."""
    import narwhals as nw

    where = frame.where
    if frame.is_series:
        selection.refuse(say("a series has no columns"), where)
    selection = selection.resolved(frame.names, where)
    keys = [selection.column, *selection.by, *([] if selection.count_column is None else [selection.count_column])]
    with in_our_words(where):
        chosen = frame.chosen([_position(name, frame.names, where) for name in keys])
        schema = chosen.collect_schema()
        for place, name in enumerate(keys[: 1 + len(selection.by)]):
            if not _is_category(schema[f"c{place}"]) and not isinstance(schema[f"c{place}"], nw.Object):
                chosen = _without_values(chosen, f"c{place}", name, where)
        columns = [f"c{place}" for place in range(len(keys))]
        if any(isinstance(schema[name], nw.Object) for name in columns):
            return _count_objects(chosen, selection, where)
        if len(keys) == 1 and (numbers := _integers(chosen)) is not None and (found := counted_integers(numbers)):
            return CountedRows(*found, where=where)
        rows = _collected(chosen.group_by(columns).agg(nw.len().alias(_COUNT)))
    return _rows_counted(rows, selection, where)


def _integers(chosen: Any) -> np.ndarray | None:
    """The only column as integers (n,), if it is one of numbers in memory without missing values; else None."""
    import narwhals as nw

    if isinstance(chosen, nw.LazyFrame) or not chosen.schema["c0"].is_integer():
        return None
    column = chosen.get_column("c0")
    if not (
        column.implementation.is_pandas() or column.implementation.is_polars() or column.implementation.is_pyarrow()
    ):
        return None
    if column.null_count():
        return None
    numbers: np.ndarray = column.to_numpy()
    return numbers if numbers.dtype.kind in "iu" else None


def _position(name: Any, names: list[Any], where: Message) -> int:
    if names.count(name) != 1:
        raise duplicate_column(name, where) if name in names else no_such_column(name, names, where)
    return names.index(name)


def _collected(grouped: Any) -> list[tuple[Any, ...]]:
    """The grouped rows as Python tuples; those of DuckDB are fetched directly, without Arrow."""
    native = grouped.to_native()
    if hasattr(native, "fetchall"):
        return list(native.fetchall())
    if hasattr(grouped, "collect"):
        grouped = grouped.collect()
    return list(grouped.rows())


def _rows_counted(rows: list[tuple[Any, ...]], selection: Selection, where: Message) -> CountedRows:
    """Counted rows from tuples: value, groups, count if there is a count column, and how often this row occurs."""
    counted = CountedRows([], [], [] if selection.by else None, where=where)
    for value, *others, times in rows:
        count = int(times)
        if selection.count_column is not None:
            count *= _whole(others.pop(), selection.count_column, where)
        if is_missing(value) or any(map(is_missing, others)):
            for part in (value, *others):  # a float is refused as a category even if its row is not counted
                if not is_missing(part):
                    refuse_others([plain_number(part)], {family(type(plain_number(part)))}, where)
            counted.n_missing += count
            continue
        counted.values.append(plain_number(value))
        counted.counts.append(count)
        if counted.groups is not None:
            counted.groups.append(tuple(map(plain_number, others)))
    return counted


def _whole(count: Any, column: Any, where: Message) -> int:
    place = say("{where}, column {column}", where=where, column=column_text(column))
    return as_count(count, place)


def _count_objects(chosen: Any, selection: Selection, where: Message) -> CountedRows:
    """Count columns of Python objects, which no engine can group: rows are counted and checked one by one."""
    import narwhals as nw

    schema = chosen.collect_schema()
    columns = []
    for name in schema.names():
        cells = chosen.get_column(name).to_list()
        is_decimal = isinstance(schema[name], nw.Decimal) and _is_category(schema[name])
        columns.append([plain_number(cell) for cell in cells] if is_decimal else cells)
    times = None
    if selection.count_column is not None:
        place = say("{where}, column {column}", where=where, column=column_text(selection.count_column))
        times = [as_count(count, place) for count in columns.pop()]
    names = [
        say("{where}, column {column}", where=where, column=column_text(name))
        for name in (selection.column, *selection.by)
    ]
    return count_columns(columns, times, names, where)


def _is_category(dtype: Any) -> bool:
    import narwhals as nw

    is_whole = dtype.is_integer() or (isinstance(dtype, nw.Decimal) and getattr(dtype, "scale", None) == 0)
    return is_whole or isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.Boolean)


def _without_values(chosen: Any, column: str, name: Any, where: Message) -> Any:
    """The frame with this column as missing text, if it holds no value; else its type is refused as a category."""
    import narwhals as nw

    asked = chosen.select(nw.col(column).is_null().all())
    is_empty = (asked.collect() if hasattr(asked, "collect") else asked).rows()[0][0]
    if is_empty is False:
        raise column_type_error(column_text(name), str(chosen.collect_schema()[column]), where)
    return chosen.with_columns(nw.lit(None, dtype=nw.String).alias(column))


def column_type_error(name: str, type_name: str, where: Message | None) -> InvalidInput:
    """The error for a column whose values cannot be categories, such as floats, dates or bytes."""
    return InvalidInput(
        "category-type",
        say("the column holds neither text nor whole numbers nor true/false"),
        say("{where}, column {column}", where=where, column=name) if where else verbatim(name),
        say("text, whole numbers, or true/false"),
        say("type {type}", type=type_name),
        say("convert it first: whole numbers to an integer type, dates to text in a format of your choice"),
    )
