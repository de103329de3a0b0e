"""Whatever the outcomes are in, one call folds them into a Tally."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from mottomo._arrays import labelled
from mottomo.categories import Categories
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, as_message, say, verbatim, written
from mottomo.probabilities import Probabilities
from mottomo.results import Provenance, SourceFile
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
from mottomo.sources.reading import READING_OPTIONS, Reading, check_file
from mottomo.sources.rows import CountedRows, Selection, column_text
from mottomo.tallies import Tally
from mottomo.workflows.options import DataOptions, checked
from mottomo.workflows.provenance import given, library_of


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
    return Tallying.of(options).count(outcomes).tally


@dataclass(frozen=True)
class Counted:
    """A tally, and how to get the outcomes in the order in which they came, where that is known."""

    tally: Tally
    in_order: Callable[[], list[str]] | None = None


@dataclass(frozen=True)
class Tallying:
    """How outcomes are counted: the options of ``DataOptions``, read once.

    labels : names of outcomes that are seen only in part; they are declared together with the categories.
    label : what messages call a stream, or counts.
    """

    column: Any = None
    count_column: Any = None
    by: Any = None
    where: str | None = None
    categories: Any = None
    null: Any = None
    normalise: bool = False
    missing: str = "error"
    reading: Reading = field(default_factory=Reading)
    fingerprint: bool = False
    progress: Callable[[float], None] | None = None
    labels: tuple[str, ...] = ()
    label: Message | str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], **more: Any) -> Tallying:
        """From the options of a function."""
        rest = {name: value for name, value in options.items() if name not in READING_OPTIONS}
        return cls(**rest, reading=Reading.of(options), **more)

    @cached_property
    def _claim(self) -> tuple[Any, SourceFile | None]:
        """The claimed probabilities as given, and their file: read once, however many tallies are compared."""
        if self.null is None:
            return "fair", None
        from mottomo.sources.probability_file import claim_of

        return claim_of(self.null)

    @property
    def odds(self) -> Any:
        """The claimed probabilities as given, or as their file says."""
        return self._claim[0]

    def provenance(self, *files: SourceFile, origin: str | None = None, library: str | None = None) -> Provenance:
        """Where a result comes from that was counted like this."""
        return self.added_to(Provenance(files, () if origin is None else (origin,), library=library))

    def added_to(self, found: Provenance) -> Provenance:
        """The same with the options, and with the file of the claim."""
        claims = () if self._claim[1] is None else (self._claim[1],)
        return replace(found, sources=(*found.sources, *claims)).with_settings(self.settings)

    @property
    def called(self) -> Message | None:
        """What messages call the data, where that is said."""
        return as_message(self.label)

    @property
    def is_fair(self) -> bool:
        """Whether nothing is claimed, or that all categories are equally probable."""
        return isinstance(self.odds, str) and self.odds.strip() == "fair"

    @property
    def is_positional(self) -> bool:
        """Whether probabilities are claimed in the order of the categories, without names."""
        if isinstance(self.odds, str):
            return not self.is_fair and "=" not in self.odds
        return not isinstance(self.odds, Probabilities) and labelled(self.odds) is None

    def null_over(self, categories: Any) -> Probabilities:
        """The claimed probabilities over some categories; fair where nothing is claimed."""
        return Probabilities.of(self.odds, categories, normalise=self.normalise)

    @cached_property
    def declared(self) -> Categories | None:
        """The declared categories, those of the claim too; None if they are to be discovered."""
        categories = None if self.categories is None else Categories.of(self.categories)
        if categories is not None and self.labels:
            twice = next((label for label in self.labels if label in categories), None)
            if twice is not None:
                raise InvalidCall(
                    "means-category", say("--means: the label {label} is one of the categories", label=twice)
                )
            return Categories.of([*categories, *self.labels])
        return categories if self.null is None or self.is_fair else Categories.of(self.null_over(categories))

    @property
    def is_in_order_of_data(self) -> bool:
        """Whether probabilities are claimed in the order of categories that only the data declare."""
        return self.categories is None and self.is_positional

    def count(self, outcomes: Any) -> Counted:
        """Fold the outcomes into a tally. Several files are counted together."""
        if _are_files(outcomes):
            total = Tally.empty()
            for one in outcomes:
                total = total + self.count(one).tally
            return Counted(total)
        if isinstance(outcomes, os.PathLike):
            return self._count_path(Path(outcomes))
        if hasattr(outcomes, "read"):
            return self._count_stream(outcomes)
        self.reading.refuse(say("outcomes"))
        if self.where is not None:
            raise InvalidInput(
                "setting-does-not-apply",
                say("a setting does not apply to this format"),
                say("outcomes"),
                say("no {name} for {kind}", name="where", kind="outcomes"),
                verbatim(written(self.where)),
                say("leave it out"),
            )
        rows, groups = count_outcomes(outcomes, self.column, self.count_column, self.by)
        names = column_names(self.by)
        are_names = len(names) == len(groups) and tuple(map(column_text, names)) == groups
        how = self if are_names else replace(self, by=None)  # the group of each outcome is data, and no option
        found = how.provenance(origin="outcomes", library=library_of(outcomes))
        return Counted(self._folded(rows, groups).with_provenance(found))

    def _count_path(self, path: Path, label: Message | None = None) -> Counted:
        selection = selection_of_file(self.column, self.count_column, self.by, self.where)
        check_file(path, label)
        sha256 = FileHash(path, None if label is None else str(label), however_large=self.fingerprint)
        try:
            rows = count_path(path, selection, self.reading, label=label, progress=self.progress)
            made = self._folded(rows, selection.by)
        except BaseException:
            sha256.stop()
            raise
        return Counted(made.with_provenance(self.provenance(sha256.found())), rows.in_order)

    def _count_stream(self, stream: Any) -> Counted:
        """Lines as they come; a table is read more than once, so it is kept in a file first."""
        binary, where, encoding = binary_of(stream)
        if self.reading.kind in TABLES:
            with spooled(binary, str(self.reading.kind)) as path:
                return self._count_path(path, self.called or where)
        from mottomo.sources.stream import count_lines

        nothing = say("a stream of lines has no columns")
        if self.called is not None:
            nothing = say("lines from standard input have no columns; see --input")
        selection = Selection(self.column, self.count_column, column_names(self.by), self.where)
        selection.refuse(nothing, self.called or where)
        reading = (
            self.reading if encoding is None else replace(self.reading, encoding=self.reading.encoding or encoding)
        )
        rows = count_lines(binary, self.called or where, reading)
        made = self._folded(rows, ())
        return Counted(made.with_provenance(self.provenance(origin=str(self.called or where))), rows.in_order)

    def _folded(self, rows: CountedRows, by: tuple[str, ...]) -> Tally:
        with self.explaining_positions():
            return tally_of_rows(rows, self.declared, by, self.missing)

    @contextmanager
    def explaining_positions(self) -> Iterator[None]:
        """An outcome that is no number, beside probabilities without names, is no mistake in the outcome."""
        try:
            yield
        except InvalidInput as error:
            if error.code != "unknown-category" or not self.is_in_order_of_data:
                raise
            raise InvalidInput(
                "positions-of-discovered",
                say("the outcomes are not numbered, so a list of probabilities does not say which is whose"),
                say("probabilities"),
                say("a probability by name, or declared categories"),
                error.got,
                say("name them: --null cat=0.3,dog=0.7 (in Python: null={{'cat': 0.3, 'dog': 0.7}})"),
            ) from None

    @property
    def settings(self) -> dict[str, str]:
        """The options that were given, as text, for where a result comes from."""
        return given(
            column=self.column,
            count_column=self.count_column,
            by=column_names(self.by) or None,
            where=self.where,
            categories=None if self.categories is None else Categories.of(self.categories).names,
            null=self.null,
            normalise=self.normalise or None,
            missing=None if self.missing == "error" else self.missing,
            input=self.reading.kind,
            **self.reading.settings,
        )


def _are_files(outcomes: Any) -> bool:
    """Whether these are several files, or streams among them."""
    if not isinstance(outcomes, list | tuple) or not outcomes:
        return False
    return all(isinstance(one, os.PathLike) or hasattr(one, "read") for one in outcomes)
