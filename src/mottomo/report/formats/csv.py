"""The tables of a document as CSV: every row, full precision, the same column names in every language."""

from __future__ import annotations

import csv
import io

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.report.document import Document, Table
from mottomo.report.wording import Translate


def to_csv(document: Document, translate: Translate) -> str:
    """The one full table of the document; a document without one has no CSV form."""
    tables = [block for block in document.blocks if isinstance(block, Table) and block.full_columns]
    if not tables:
        raise InvalidInput(
            "no-csv",
            say("this result is not a table, so it has no CSV form"),
            verbatim("--format"),
            say("one of {names}", names=["text", "json", "md", "html", "latex"]),
            verbatim("csv"),
        )
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(tables[0].full_columns)
    writer.writerows(tables[0].full)
    return target.getvalue()
