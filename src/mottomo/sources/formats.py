"""The formats of files: their names, endings and settings. To add one, add a row here and write its reader.

No reader is imported here, so that the help of the command line, which lists the formats, is fast.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name : the value of the option ``--input``.
    endings : of the names of such files.
    settings : the fields of ``Reading`` that apply to it.
    reader : the function that opens it for DuckDB, as ``module:name`` (see ``table.opened_table``); empty for lines,
        which have no columns.
    """

    name: str
    endings: tuple[str, ...]
    settings: frozenset[str] = frozenset()
    reader: str = ""


_OF_TEXT = frozenset({"encoding", "names", "delimiter"})
FORMATS = {
    one.name: one
    for one in (
        Format("csv", (".csv",), _OF_TEXT, "mottomo.sources.delimited:opened_text"),
        Format("tsv", (".tsv",), _OF_TEXT, "mottomo.sources.delimited:opened_text"),
        Format("jsonl", (".jsonl", ".ndjson"), frozenset(), "mottomo.sources.json_lines:opened_json"),
        Format("parquet", (".parquet",), frozenset(), "mottomo.sources.parquet:opened_parquet"),
        Format("lines", (".txt",), frozenset({"encoding"})),
    )
}
ENDINGS = {ending: one.name for one in FORMATS.values() for ending in one.endings}
TABLES = tuple(one.name for one in FORMATS.values() if one.reader)
