"""The result of every source: distinct values with their counts, before they become categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mottomo.errors import InvalidInput, MottomoError, nearest
from mottomo.messages import Message, say, verbatim, written


@dataclass(slots=True)
class CountedRows:
    """The distinct outcomes of a source, and how often each occurs.

    Attributes
    ----------
    values : the outcomes as the source has them (text, integers, booleans); none is missing.
    counts : how often each value occurs, exact integers.
    groups : the key of the group of each value, or None without groups. A value occurs once for each of its groups.
    n_missing : how many outcomes were missing (NULL, None, NaN, an empty cell) or had a missing group.
    where : what messages call the source.
    locate : returns the place of a value in the source, for errors; slow.
    in_order : returns all outcomes as texts in their order; None if the source did not keep the order.
    """

    values: list[Any]
    counts: list[int]
    groups: list[tuple[Any, ...]] | None = None
    n_missing: int = 0
    where: Message | None = None
    locate: Callable[[Any], Message | None] = field(default=lambda value: None)
    in_order: Callable[[], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What to count in a table. Columns are named by text; those of a data frame as it names them.

    Attributes
    ----------
    column : with the outcomes; None if it is the only one left.
    count_column : that says how often each outcome occurred; None if each row is one outcome.
    by : the columns that define groups.
    where : an SQL condition; only rows for which it is true are counted. None for all rows.
    """

    column: Any = None
    count_column: Any = None
    by: tuple[Any, ...] = ()
    where: str | None = None

    def resolved(self, columns: Sequence[Any], source: Message | None) -> Selection:
        """The selection with its column filled in; every name is checked against the columns of the table."""
        count_column = None if self.count_column is None else _known(self.count_column, columns, source)
        by = tuple(_known(name, columns, source) for name in self.by)
        if self.column is not None:
            return Selection(_known(self.column, columns, source), count_column, by, self.where)
        candidates = [name for name in columns if name not in (count_column, *by)]
        if not columns:
            raise InvalidInput(
                "no-columns", say("the table has no columns"), source, say("the column with the outcomes")
            )
        if len(candidates) != 1:
            raise InvalidInput(
                "column-needed",
                say("the table has several columns, and none was named"),
                source,
                say("the name of the column with the outcomes"),
                say("columns {names}", names=[column_text(name) for name in columns[:20]]),
                say("name it with --column NAME (in Python: column='NAME')"),
            )
        return Selection(candidates[0], count_column, by, self.where)

    def refuse(self, what: Message, source: Message | None) -> None:
        """Refuse any selection of columns, for outcomes without columns."""
        if self.column is not None or self.count_column is not None or self.by or self.where:
            raise InvalidInput(
                "no-columns", what, source, say("outcomes without columns"), None, say("leave out the column options")
            )


def _known(name: Any, columns: Sequence[Any], source: Message | None) -> Any:
    """The name as the table has it; the text 0 also finds a column that is named by the number 0."""
    try:
        if name in set(columns):  # compares hashes, so that an array raises TypeError
            return name
    except TypeError:
        raise no_such_column(name, columns, source) from None
    same = [one for one in columns if isinstance(one, int) and isinstance(name, str) and str(one) == name]
    if len(same) != 1:
        raise no_such_column(name, columns, source)
    return same[0]


def column_text(name: Any) -> str:
    """The name of a column as text; a name of several levels, as in pandas, becomes the levels separated by commas."""
    return ", ".join(map(column_text, name)) if isinstance(name, tuple) else written(name)


def _as_given(name: Any) -> str:
    """The name of a column as a caller has to write it: a tuple stays a tuple."""
    return repr(name) if isinstance(name, tuple) else column_text(name)


def no_such_column(name: Any, columns: Sequence[Any], source: Message | None) -> MottomoError:
    """The error for a column that a table does not have, with the nearest name that it has."""
    texts = [_as_given(one) for one in columns]
    return InvalidInput(
        "unknown-column",
        say("there is no such column"),
        source,
        say("one of {names}", names=texts[:20]),
        verbatim(_as_given(name) or "''"),
        nearest(_as_given(name), texts),
    )


def duplicate_column(name: Any, source: Message | None) -> InvalidInput:
    """The error for a name that two columns have."""
    return InvalidInput(
        "duplicate-column",
        say("two columns have the same name"),
        source,
        say("one column of that name"),
        verbatim(_as_given(name)),
        say("rename one of them first"),
    )


def plain_number(cell: Any) -> Any:
    """The cell; if it is a Decimal, of a column without decimal places, the whole number."""
    return int(cell) if isinstance(cell, Decimal) else cell
