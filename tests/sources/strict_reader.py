"""A strict reader of delimited text, letter by letter: what the fast readers are compared with. It shares no code.

The rules are those of docs/limits.md: records end with one kind of line end; a cell is quoted if it begins with a
quotation mark, or a blank and one; blanks may follow a quoted cell; empty cells too many at the end of a row, and blank
lines of a table of several columns, are passed over.
"""

from __future__ import annotations


class Refused(Exception):
    """The text is no table."""


def strict_records(text: str, delimiter: str) -> list[list[str]]:  # noqa: C901, PLR0912 - the rules, letter by letter
    """All records; Refused where a quotation mark is left open or followed by text, or lines end in different ways."""
    result: list[list[str]] = []
    cells: list[str] = []
    cell, state, ends, i = "", "start", set(), 0
    while i < len(text):
        letter, i = text[i], i + 1
        is_end = letter in "\r\n"
        if state == "quoted":
            if letter != '"':
                cell += letter
            elif text[i : i + 1] == '"':
                cell, i = cell + '"', i + 1
            else:
                state = "after"
        elif state == "start" and (letter == '"' or (letter == " " and text[i : i + 1] == '"' and delimiter != " ")):
            i += letter == " "
            state = "quoted"
        elif letter == delimiter or is_end:
            cells.append(cell)
            cell, state = "", "start"
            if is_end:
                if letter == "\r" and text[i : i + 1] == "\n":
                    letter, i = "\r\n", i + 1
                ends.add(letter)
                result.append(cells)
                cells, state = [], "new"
        elif state == "after":
            if letter != " " or delimiter == " ":
                raise Refused("text after a quoted cell")
        else:
            cell, state = cell + letter, "plain"
        if state == "new":
            state = "start"
    if state == "quoted":
        raise Refused("an open quotation mark")
    if cells or cell or state != "start":
        result.append([*cells, cell])
    elif text and text[-1] == delimiter:
        result.append([*cells, ""])
    if len(ends) > 1:
        raise Refused("different line ends")
    return result


def strict_table(text: str, delimiter: str) -> tuple[list[str], list[tuple[str | None, ...]]]:
    """Names and rows of a table with a header, cells that are empty as None."""
    text = text.removeprefix("\ufeff")
    records = strict_records(text, delimiter)
    if not records or text[0] in "\r\n":
        raise Refused("no header")
    names, rows = records[0], []
    for record in records[1:]:
        cells = list(record)
        if len(names) > 1 and cells == [""]:
            continue
        while len(cells) > len(names) and cells[-1] == "":
            cells.pop()
        if len(cells) != len(names):
            raise Refused("a row of another length")
        rows.append(tuple(cell or None for cell in cells))
    return names, rows
