"""Data frames of any library, counted in their own engine through narwhals: only the distinct rows come back."""

from __future__ import annotations

from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim
from mottomo.sources.memory import count_values, is_missing
from mottomo.sources.rows import CountedRows, Selection

_COUNT = "mottomo_count"


def as_narwhals(outcomes: Any) -> Any | None:
    """A narwhals frame or series around `outcomes`, or None if it is neither."""
    import narwhals as nw

    wrapped = nw.from_native(outcomes, allow_series=True, pass_through=True)
    return wrapped if isinstance(wrapped, nw.DataFrame | nw.LazyFrame | nw.Series) else None


def count_frame(frame: Any, selection: Selection) -> CountedRows:
    """Count a column of a narwhals frame, or a narwhals series, by group where groups are asked for."""
    import narwhals as nw

    where = say("data frame")
    if isinstance(frame, nw.Series):
        selection.refuse(say("a series has no columns"), say("series"))
        frame = frame.alias("outcomes").to_frame()
        where = say("series")
    schema = frame.collect_schema()
    selection = selection.resolved(list(schema.names()), where)
    assert selection.column is not None
    columns = [selection.column, *selection.by]
    if any(isinstance(schema[name], nw.Object) for name in columns):
        return _count_objects(frame, selection, where)
    for name in columns:
        _check_dtype(schema[name], name, where)
    keys = columns if selection.count_column is None else [*columns, selection.count_column]
    rows = _collected(
        frame.select(*dict.fromkeys(keys)).group_by(list(dict.fromkeys(keys))).agg(nw.len().alias(_COUNT))
    )
    return _rows_counted(rows, keys, selection, where)


def _collected(grouped: Any) -> list[tuple[Any, ...]]:
    """The grouped rows as Python tuples; DuckDB gives them itself, without a detour through Arrow."""
    native = grouped.to_native()
    if hasattr(native, "fetchall"):
        return list(native.fetchall())
    if hasattr(grouped, "collect"):
        grouped = grouped.collect()
    return list(grouped.rows())


def _rows_counted(rows: list[tuple[Any, ...]], keys: list[str], selection: Selection, where: Message) -> CountedRows:
    order = list(dict.fromkeys(keys))
    value_at = order.index(selection.column or "")
    group_at = [order.index(name) for name in selection.by]
    counted = CountedRows([], [], [] if selection.by else None, where=where)
    for row in rows:
        times = int(row[-1])
        if selection.count_column is not None:
            times *= _whole(row[order.index(selection.count_column)], selection.count_column, where)
        if any(is_missing(row[index]) for index in (value_at, *group_at)):
            counted.n_missing += times
            continue
        counted.values.append(row[value_at])
        counted.counts.append(times)
        if counted.groups is not None:
            counted.groups.append(tuple(row[index] for index in group_at))
    return counted


def _whole(count: Any, column: str, where: Message) -> int:
    from mottomo._arrays import as_counts

    return int(as_counts([count], say("{where}, column {column}", where=where, column=column))[0])


def _count_objects(frame: Any, selection: Selection, where: Message) -> CountedRows:
    """A column of Python objects has no engine: its values are counted, and typed, one by one."""
    if selection.count_column is not None or len(selection.by) > 1:
        raise InvalidInput(
            "object-column",
            say("a column of mixed Python objects cannot be grouped"),
            where,
            say("columns of one type"),
            None,
            say("convert the column first, for example with astype(str)"),
        )
    values = frame.get_column(selection.column).to_list()
    groups = frame.get_column(selection.by[0]).to_list() if selection.by else None
    return count_values(values, groups)


def _check_dtype(dtype: Any, name: str, where: Message) -> None:
    import narwhals as nw

    if not (dtype.is_integer() or isinstance(dtype, nw.String | nw.Categorical | nw.Enum | nw.Boolean)):
        raise column_type_error(name, str(dtype), where)


def column_type_error(name: str, type_name: str, where: Message | None) -> InvalidInput:
    """The error for a column whose values are no categories: floats, dates, bytes."""
    return InvalidInput(
        "category-type",
        say("the column holds neither text nor whole numbers nor true/false"),
        say("{where}, column {column}", where=where, column=name) if where else verbatim(name),
        say("text, whole numbers, or true/false"),
        say("type {type}", type=type_name),
        say("convert it first: whole numbers to an integer type, dates to text in a format of your choice"),
    )
