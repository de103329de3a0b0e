"""Whatever the outcomes are in, one call folds them into a Tally."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources.file_hash import FileHash
from mottomo.sources.folding import tally_of_rows
from mottomo.sources.formats import TABLES
from mottomo.sources.outcomes import (
    binary_of,
    column_names,
    count_outcomes,
    count_path,
    selection_of_file,
    spooled,
)
from mottomo.sources.reading import check_file
from mottomo.sources.rows import CountedRows, Selection, column_text
from mottomo.tallies import Tally
from mottomo.workflows.options import DataOptions, checked
from mottomo.workflows.provenance import library_of
from mottomo.workflows.tally_plan import TallyPlan


@checked
def tally(outcomes: Any, **options: Unpack[DataOptions]) -> Tally:
    r"""Count how often each category was seen, whatever the outcomes are in.

    t_k = number of outcomes equal to category k: all that the likelihood needs to know of independent outcomes.

    Parameters
    ----------
    outcomes : an iterable of outcomes, a numpy array, a Series; a data frame or relation (pandas, polars, pyarrow,
        DuckDB, whatever narwhals knows), an Arrow stream; a ``pathlib.Path`` to a .csv, .tsv, .jsonl, .parquet or
        .txt file, or a list of such paths; an open binary file of lines. A bare string is refused: a path, or one
        outcome a letter?
    column : the column with the outcomes; not needed where there is only one. In a data frame a name may be what that
        has: a number, or a tuple of pandas' levels.
    count_column : a column that says how often, for tables of value and count.
    categories : the declared categories (a list, ``range(1, 7)``, ``"1..6"``). Without it they are discovered in the
        data, and the tally knows that.
    by : name or names of columns, for one tally a group; for outcomes without columns, the group of each.
    where : of files: an SQL condition; only the rows for which it is true are counted.
    missing : ``"error"`` refuses missing outcomes and counts them; ``"drop"`` leaves them out and notes how many.
    null, normalise : claimed probabilities, which declare the categories too.
    input, encoding, delimiter, names : of files: the format if their name does not tell; of text the encoding if not
        UTF-8, the separator if neither comma nor tab, the columns of a table without a header.
    fingerprint : compute the SHA-256 of files of more than 1 GiB too.
    progress : hears how much of a file is read, in percent.

    Raises
    ------
    InvalidInput : floats, dates or mixed types as categories; an outcome that was not declared; missing outcomes.
    SourceError : a file that cannot be read as what it is.

    >>> tally(["a", "b", "a"]).counts_dict()
    {'n_observations': 3, 'categories': ['a', 'b'], 'declared': False, 'counts': [2, 1]}
    """
    return count(outcomes, TallyPlan.of(options)).tally


@dataclass(frozen=True)
class Counted:
    """A tally, and how to get the outcomes in the order in which they came, where that is known."""

    tally: Tally
    in_order: Callable[[], list[str]] | None = None


def count(outcomes: Any, plan: TallyPlan) -> Counted:
    """Fold the outcomes into a tally. Several files are counted together."""
    if _are_files(outcomes):
        total = Tally.empty()
        for one in outcomes:
            total = total + count(one, plan).tally
        return Counted(total)
    if isinstance(outcomes, os.PathLike):
        return _count_path(Path(outcomes), plan)
    if hasattr(outcomes, "read"):
        return _count_stream(outcomes, plan)
    plan.reading.refuse(say("outcomes"))
    if plan.where is not None:
        raise InvalidInput(
            "setting-does-not-apply",
            say("a setting does not apply to this format"),
            say("outcomes"),
            say("no {name} for {kind}", name="where", kind="outcomes"),
            verbatim(written(plan.where)),
            say("leave it out"),
        )
    rows, groups = count_outcomes(outcomes, plan.column, plan.count_column, plan.by)
    names = column_names(plan.by)
    are_names = len(names) == len(groups) and tuple(map(column_text, names)) == groups
    how = plan if are_names else replace(plan, by=None)  # the group of each outcome is data, and no option
    found = how.provenance(origin="outcomes", library=library_of(outcomes))
    return Counted(_folded(rows, groups, plan).with_provenance(found))


def _count_path(path: Path, plan: TallyPlan, label: Message | None = None) -> Counted:
    selection = selection_of_file(plan.column, plan.count_column, plan.by, plan.where)
    check_file(path, label)
    with FileHash(path, None if label is None else str(label), however_large=plan.fingerprint) as sha256:
        rows = count_path(path, selection, plan.reading, label=label, progress=plan.progress)
        made = _folded(rows, selection.by, plan)
        return Counted(made.with_provenance(plan.provenance(sha256.found())), rows.in_order)


def _count_stream(stream: Any, plan: TallyPlan) -> Counted:
    """Lines as they come; a table is read more than once, so it is kept in a file first."""
    binary, where, encoding = binary_of(stream)
    if plan.reading.kind in TABLES:
        with spooled(binary, str(plan.reading.kind)) as path:
            return _count_path(path, plan, plan.called or where)
    from mottomo.sources.stream import count_lines

    nothing = say("a stream of lines has no columns")
    if plan.called is not None:
        nothing = say("lines from standard input have no columns; see --input")
    selection = Selection(plan.column, plan.count_column, column_names(plan.by), plan.where)
    selection.refuse(nothing, plan.called or where)
    reading = plan.reading if encoding is None else replace(plan.reading, encoding=plan.reading.encoding or encoding)
    rows = count_lines(binary, plan.called or where, reading)
    made = _folded(rows, (), plan)
    return Counted(made.with_provenance(plan.provenance(origin=str(plan.called or where))), rows.in_order)


def _folded(rows: CountedRows, by: tuple[str, ...], plan: TallyPlan) -> Tally:
    with plan.explaining_positions():
        return tally_of_rows(rows, plan.declared, by, plan.missing)


def _are_files(outcomes: Any) -> bool:
    """Whether these are several files, or streams among them."""
    if not isinstance(outcomes, list | tuple) or not outcomes:
        return False
    return all(isinstance(one, os.PathLike) or hasattr(one, "read") for one in outcomes)
