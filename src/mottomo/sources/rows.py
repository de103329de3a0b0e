"""What every source gives: distinct values with their counts, before they become categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mottomo.errors import InvalidInput, MottomoError, nearest
from mottomo.messages import Message, say, verbatim, written


@dataclass(slots=True)
class CountedRows:
    """Distinct outcomes of a source and how often each came.

    values : the outcomes, as the source has them (text, integers, booleans); never missing.
    counts : how often, exact integers, one for each value.
    groups : the key of the group of each value, or None without groups.
    n_missing : outcomes that were missing (NULL, None, NaN, an empty cell), or whose group was.
    where : the source, for messages. locate : finds the place of a value in it, slowly, for errors.
    in_order : gives the outcomes in the order in which they came, as texts, where the source has and kept it.
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
    """What is meant of a table: the column of outcomes, perhaps of counts, perhaps groups, perhaps only some rows.

    Columns are named by text; those of a data frame by whatever it calls them.
    """

    column: Any = None
    count_column: Any = None
    by: tuple[Any, ...] = ()
    where: str | None = None

    def resolved(self, columns: Sequence[Any], source: Message | None) -> Selection:
        """The selection with its column filled in, every name checked against the table's columns."""
        count_column = None if self.count_column is None else _known(self.count_column, columns, source)
        by = tuple(_known(name, columns, source) for name in self.by)
        if self.column is not None:
            return Selection(_known(self.column, columns, source), count_column, by, self.where)
        candidates = [name for name in columns if name not in (count_column, *by)]
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
        """Refuse a selection of columns where there are no columns."""
        if self.column is not None or self.count_column is not None or self.by or self.where:
            raise InvalidInput(
                "no-columns", what, source, say("outcomes without columns"), None, say("leave out the column options")
            )


def _known(name: Any, columns: Sequence[Any], source: Message | None) -> Any:
    """A name as the table has it: the number 0 is also called by the text 0."""
    try:
        if name in set(columns):  # by its hash: an array is equal to nothing, and no name
            return name
    except TypeError:
        raise no_such_column(name, columns, source) from None
    same = [one for one in columns if isinstance(one, int) and isinstance(name, str) and str(one) == name]
    if len(same) != 1:
        raise no_such_column(name, columns, source)
    return same[0]


def column_text(name: Any) -> str:
    """The name of a column as text; of pandas' columns with several levels, the levels separated by commas."""
    return ", ".join(map(column_text, name)) if isinstance(name, tuple) else written(name)


def _as_given(name: Any) -> str:
    """The name of a column as it has to be written: a tuple is not the text that joins its levels."""
    return repr(name) if isinstance(name, tuple) else column_text(name)


def no_such_column(name: Any, columns: Sequence[Any], source: Message | None) -> MottomoError:
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
    return InvalidInput(
        "duplicate-column",
        say("two columns have the same name"),
        source,
        say("one column of that name"),
        verbatim(_as_given(name)),
        say("rename one of them first"),
    )


def plain_number(cell: Any) -> Any:
    """A cell; of a column of decimals without decimal places the whole number that it is."""
    return int(cell) if isinstance(cell, Decimal) else cell
