"""A file with columns, and how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mottomo.messages import Message, verbatim


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file with columns and how it is to be read.

    kind : csv, tsv, jsonl or parquet. encoding : of csv and tsv, UTF-8 unless named. names : the columns of a table
    without a header. delimiter : one character, instead of the comma or the tab. label : what messages call the file.
    lines_before : how many more lines the file had than its plain copy, before those that are counted.
    """

    path: Path
    kind: str
    encoding: str | None = None
    names: tuple[str, ...] | None = None
    delimiter: str | None = None
    label: str | None = None
    lines_before: int = 0

    @property
    def where(self) -> Message:
        return verbatim(self.label or str(self.path))
