"""A user's condition on the rows of a table: how it is put into a query, how it is checked, and its errors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, verbatim
from mottomo.sources import duck

_OURS = f"mottomo {secrets.token_hex(8)}"  # a prefix that no column has and no condition can guess
ROW_NUMBER, ODD_COUNT = f'"{_OURS} row"', f'"{_OURS} odd"'


def conditioned(
    relation: str, pairs: Iterable[tuple[str, str]], types: dict[str, str], condition: str, *, numbered: bool = False
) -> str:
    """SQL for after FROM: the rows for which a condition holds.

    Each column occurs twice: unchanged under ``raw_name(i)``, and for the condition under the name that it has in the
    table.

    pairs : for each column its name in the relation and its name in the table.
    types : of the columns by their name in the table; JSON is made text for the condition.
    numbered : whether there is also a column ``ROW_NUMBER``, the number of the row among all, from 1.
    """
    pieces = [f"row_number() OVER () AS {ROW_NUMBER}"] if numbered else []
    for index, (own, name) in enumerate(pairs):
        cell = duck.identifier(own)
        pieces.append(f"{cell} AS {raw_name(index)}")
        if name:
            readable = f"({cell} ->> '$')" if types.get(name) == "JSON" else cell  # text out of JSON
            pieces.append(f"{readable} AS {duck.identifier(name)}")
    return f"(SELECT {', '.join(pieces)} FROM {relation}) WHERE ({condition}\n)"


def raw_name(index: int) -> str:
    """The quoted name of the unchanged cells of column `index`, a name that no condition can guess."""
    return duck.identifier(f"{_OURS} {index}")


def check_condition(connection: Any, source: str, condition: str) -> None:
    """Refuse a condition that is not a single expression of the type BOOLEAN; `source` is from ``conditioned``.

    SQL would accept numbers and NULL too: 1/0 is infinite and so counts as true, and with NULL no row is kept.
    """
    try:
        condition.encode()
    except UnicodeEncodeError:
        raise condition_error(condition, say("it holds bytes that are not UTF-8")) from None
    rows = source.removesuffix(f" WHERE ({condition}\n)")
    sql = f"SELECT ({condition}\n) FROM {rows}"
    if not duck.is_one_statement(f"SELECT 1 FROM {source}") or not duck.is_one_statement(sql):
        raise condition_error(condition, say("one condition, and no statement after it"))
    types = [row[1] for row in duck.fetch_all(connection, f"DESCRIBE {sql}")]
    if types != ["BOOLEAN"]:
        raise condition_error(
            condition,
            say("this is of type {type}, neither true nor false: compare it with a value", type=types[0].strip('"'))
            if len(types) == 1
            else say("one condition, and no statement after it"),
        )


def condition_error(condition: str, mend: Message) -> InvalidInput:
    """The error for a condition that cannot be used, with how to mend it."""
    return InvalidInput(
        "condition",
        say("the condition cannot be evaluated"),
        verbatim("--where"),
        say("an SQL condition on the columns; texts in single quotes"),
        verbatim(condition),
        mend,
    )


def what_is_wrong(error: Exception, condition: str, columns: Sequence[str]) -> InvalidInput:
    """The error for a condition that DuckDB refused, worded by mottomo."""
    text = str(error)
    for pattern, mend in _MENDS:
        found = re.search(pattern, text)
        if found:
            return condition_error(condition, Message(mend.template, found.groupdict()))
    unknown = re.search(r'Referenced (?:column|table) "(?P<name>(?:[^"]|"")*)" not found', text)
    if unknown:
        name = unknown["name"]
        return condition_error(condition, nearest(name, columns) or say("there is no column {name}", name=name))
    return condition_error(condition, say("it cannot be computed for every row"))


# A pattern in DuckDB's error, and how to mend the condition.
_MENDS = (
    (r"compare values of type VARCHAR", say("cells of a text file are text: TRY_CAST(a AS DOUBLE) > 0")),
    (r"Values were not provided for the following", say("write values instead of the parameters ? and $1")),
    (r"syntax error at or near (?P<near>\"[^\n]*\")", say("look at {near}: the condition is no SQL there")),
    (r"^Parser Error", say("the condition is no SQL: look at quotes and parentheses")),
    (r"Could not convert|^Conversion Error", say("a cell cannot be converted: TRY_CAST gives NULL for it")),
    (r"Function with name (?P<name>\S+) does not exist", say("there is no function {name}")),
    (r"Table with name (?P<name>\S+) does not exist", say("there is no table {name}: only columns can be used")),
    (r"^Out of Range Error", say("a number of it grows too large: CAST(a AS DOUBLE) has room")),
    (r"^Permission Error", say("a condition cannot read files: only columns can be used")),
    (r"aggregates|window functions|UNNEST", say("a condition looks at one row: no sums, windows or lists of rows")),
)
