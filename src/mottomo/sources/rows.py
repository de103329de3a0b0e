"""What every source gives: distinct values with their counts, before they become categories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mottomo.errors import InvalidInput, MottomoError, nearest
from mottomo.messages import Message, say, verbatim


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
    """What is meant of a table: the column of outcomes, perhaps of counts, perhaps groups, perhaps only some rows."""

    column: str | None = None
    count_column: str | None = None
    by: tuple[str, ...] = ()
    where: str | None = None

    def resolved(self, columns: list[str], source: Message | None) -> Selection:
        """The selection with its column filled in, every name checked against the table's columns."""
        for name in (self.column, self.count_column, *self.by):
            if name is not None and name not in columns:
                raise no_such_column(name, columns, source)
        if self.column is not None:
            return self
        candidates = [name for name in columns if name not in (self.count_column, *self.by)]
        if len(candidates) != 1:
            raise InvalidInput(
                "column-needed",
                say("the table has several columns, and none was named"),
                source,
                say("the name of the column with the outcomes"),
                say("columns {names}", names=columns[:20]),
                say("name it with --column NAME (in Python: column='NAME')"),
            )
        return Selection(candidates[0], self.count_column, self.by, self.where)

    def refuse(self, what: Message, source: Message | None) -> None:
        """Refuse a selection of columns where there are no columns."""
        if self.column is not None or self.count_column is not None or self.by or self.where:
            raise InvalidInput(
                "no-columns", what, source, say("outcomes without columns"), None, say("leave out the column options")
            )


def no_such_column(name: str, columns: list[str], source: Message | None) -> MottomoError:
    return InvalidInput(
        "unknown-column",
        say("there is no such column"),
        source,
        say("one of {names}", names=columns[:20]),
        verbatim(name),
        nearest(name, columns),
    )
