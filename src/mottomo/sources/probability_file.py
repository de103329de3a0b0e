"""Files of probabilities: a small table of categories and their odds, for a null or a die."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

from mottomo.errors import SourceError
from mottomo.messages import say, say_count, verbatim
from mottomo.results import SourceFile
from mottomo.sources.delimited_text import records
from mottomo.sources.encodings import not_utf8
from mottomo.sources.reading import check_file
from mottomo.sources.text_form import refuse_other_forms


def odds_of(spec: Any) -> Any:
    """What ``Probabilities.of`` reads: the value itself, or what the file of that name says."""
    return claim_of(spec)[0]


def claim_of(spec: Any, role: str = "null") -> tuple[Any, SourceFile | None]:
    """The same, and the file that says it, with its hash and what it is for."""
    if not isinstance(spec, str | os.PathLike):
        return spec, None
    path = Path(spec)
    if isinstance(spec, os.PathLike):
        spec = str(spec)
    if path.suffix.lower() not in (".csv", ".tsv") or set(spec) & set("=,:"):
        return spec, None
    check_file(path)
    content = path.read_bytes()
    file = SourceFile(spec, len(content), hashlib.sha256(content).hexdigest(), role)
    return read_probabilities(path, content), file


def read_probabilities(path: Path, content: bytes) -> dict[str, str]:
    """The probability of each category, both as text, from a .csv or .tsv file with a header and two columns."""
    where = verbatim(str(path))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(error.object, where) from None
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    refuse_other_forms(path, delimiter, where)
    table = [record for record in records(io.BytesIO(content), delimiter) if not record.is_blank]
    rows = [record.cells for record in table]
    if rows and len(rows[0]) == 2 and rows[0][1].strip()[:1].isdigit():
        raise SourceError(
            "no-header",
            say("the first row looks like odds, not like a header"),
            where,
            say("a header such as category,probability"),
            verbatim(",".join(rows[0])),
            say("add a header as the first line"),
        )
    found: dict[str, str] = {}
    for record in table[1:]:
        row, number = record.cells, record.line
        if len(row) != 2:
            raise SourceError(
                "ragged-row",
                say("a row has another number of cells than the header"),
                say("{file}, line {line}", file=str(path), line=number),
                say_count("{count} cell", "{count} cells", 2),
                say_count("{count} cell", "{count} cells", len(row)),
            )
        if row[0] in found:
            raise SourceError(
                "duplicate-category",
                say("a category is given twice"),
                say("{file}, line {line}", file=str(path), line=number),
                say("each category once"),
                verbatim(row[0]),
            )
        found[row[0]] = row[1]
    if not found:
        raise SourceError("no-rows", say("the table has a header and no rows"), where, say("at least one row"))
    return found
