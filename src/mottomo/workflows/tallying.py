"""Whatever the outcomes are in, one call folds them into a Tally."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from mottomo._arrays import exact_counts
from mottomo.categories import Categories, category_name, unknown_category
from mottomo.errors import InvalidCall, InvalidInput, nearest
from mottomo.messages import Message, say, say_count, verbatim, written
from mottomo.probabilities import Probabilities
from mottomo.results import Provenance
from mottomo.sources.file_hash import FileHash
from mottomo.sources.files import is_compressed
from mottomo.sources.formats import TABLES
from mottomo.sources.reading import READING_OPTIONS, Reading, check_file, table_file
from mottomo.sources.rows import CountedRows, Selection, column_text
from mottomo.tallies import Tally, group_order
from mottomo.workflows.options import DataOptions, check_options, options_of


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
    fingerprint : compute the SHA-256 of files of more than 1 GiB too. progress : hears how much of a file is read, in
        percent.

    Raises
    ------
    InvalidInput : floats, dates or mixed types as categories; an outcome that was not declared; missing outcomes.
    SourceError : a file that cannot be read as what it is.

    >>> tally(["a", "b", "a"]).to_dict()
    {'n_observations': 3, 'categories': ['a', 'b'], 'declared': False, 'counts': [2, 1]}
    """
    return Tallying.of("tally", options).count(outcomes).tally


@dataclass(frozen=True)
class Counted:
    """A tally, and how to get the outcomes in the order in which they came, where that is known."""

    tally: Tally
    in_order: Callable[[], list[str]] | None = None


@dataclass(frozen=True)
class Tallying:
    """How outcomes are counted: the options of ``DataOptions``, read once.

    labels : names of outcomes that are seen only in part; they are declared together with the categories. label : what
    messages call a stream, or counts.
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
    def of(cls, function: str, options: Mapping[str, Any], **more: Any) -> Tallying:
        """From the options of a function. Raises InvalidCall : it has no such option."""
        check_options(function, options, options_of(DataOptions))
        rest = {name: value for name, value in options.items() if name not in READING_OPTIONS}
        return cls(**rest, reading=Reading.of(options), **more)

    @cached_property
    def odds(self) -> Any:
        """The claimed probabilities as given: a file of them is read once, however many tallies are compared."""
        return odds_of("fair" if self.null is None else self.null)

    @property
    def called(self) -> Message | None:
        """What messages call the data, where that is said."""
        return verbatim(self.label) if isinstance(self.label, str) else self.label

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
        is_named = self.null is not None and not (isinstance(self.odds, str) and self.odds.strip() == "fair")
        return Categories.of(self.null_over(categories)) if is_named else categories

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
        rows, groups = _counted_rows(outcomes, self.column, self.count_column, self.by)
        made = self._folded(rows, groups).with_provenance(Provenance(origin="outcomes", settings=self.settings))
        return Counted(made)

    def _count_path(self, path: Path, label: str | None = None) -> Counted:
        selection = _selection_of_file(self.column, self.count_column, self.by, self.where)
        check_file(path)
        sha256 = FileHash(path, label, however_large=self.fingerprint)
        try:
            rows = count_path(path, selection, self.reading, label=label, progress=self.progress)
            made = self._folded(rows, selection.by)
        except BaseException:
            sha256.stop()
            raise
        return Counted(made.with_provenance(Provenance((sha256.found(),), settings=self.settings)), rows.in_order)

    def _count_stream(self, stream: Any) -> Counted:
        """Lines as they come; a table is read more than once, so it is kept in a file first."""
        binary, where, encoding = _binary(stream)
        if self.reading.kind in TABLES:
            with spooled(binary, str(self.reading.kind)) as path:
                return self._count_path(path, str(self.called or where))
        from mottomo.sources.stream import count_lines

        nothing = say("a stream of lines has no columns")
        if self.called is not None:
            nothing = say("lines from standard input have no columns; see --input")
        selection = Selection(self.column, self.count_column, _column_names(self.by), self.where)
        selection.refuse(nothing, self.called or where)
        reading = (
            self.reading if encoding is None else replace(self.reading, encoding=self.reading.encoding or encoding)
        )
        rows = count_lines(binary, self.called or where, reading)
        made = self._folded(rows, ())
        return Counted(made.with_provenance(Provenance(origin=str(self.called or where))), rows.in_order)

    def _folded(self, rows: CountedRows, by: tuple[str, ...]) -> Tally:
        return tally_of_rows(rows, self.declared, by, self.missing)

    @property
    def settings(self) -> dict[str, str]:
        """The options that were given, as text, for where a result comes from."""
        given = {
            "column": self.column,
            "count_column": self.count_column,
            "by": ",".join(map(column_text, _column_names(self.by))) or None,
            "where": self.where,
            "categories": None if self.categories is None else ",".join(Categories.of(self.categories)[:20]),
            "missing": None if self.missing == "error" else self.missing,
            "input": self.reading.kind,
            **{name: ",".join(v) if isinstance(v, tuple) else v for name, v in self.reading.settings.items()},
        }
        return {name: str(value) for name, value in given.items() if value is not None}


def _are_files(outcomes: Any) -> bool:
    """Whether these are several files, or streams among them."""
    if not isinstance(outcomes, list | tuple) or not outcomes:
        return False
    return all(isinstance(one, os.PathLike) or hasattr(one, "read") for one in outcomes)


@contextmanager
def spooled(stream: Any, kind: str) -> Iterator[Path]:
    """A stream as a temporary file."""
    from mottomo.temporary import temporary_folder, write_copy

    with ExitStack() as stack:
        path = stack.enter_context(temporary_folder()) / f"standard-input.{kind}"
        write_copy(stream, path)
        yield path


def _counted_rows(outcomes: Any, column: Any, count_column: Any, by: Any) -> tuple[CountedRows, tuple[str, ...]]:
    """The distinct outcomes of any source in memory, counted, and the names of the groups."""
    if isinstance(outcomes, str | bytes | Mapping | Tally):
        raise _not_outcomes(outcomes)
    if not isinstance(outcomes, list | tuple | range) and not _is_array(outcomes):
        from mottomo.sources import frame

        table = frame.Frame.of(outcomes)
        if table is not None and (not table.is_series or by is None):
            selection = Selection(column, count_column, _column_names(by))
            return frame.count_frame(table, selection), tuple(map(column_text, selection.by))
        if table is None and (hasattr(outcomes, "__arrow_c_stream__") or _is_arrow(outcomes)):
            from mottomo.sources.table import count_arrow

            selection = Selection(column, count_column, _column_names(by))
            return count_arrow(outcomes, selection), tuple(map(column_text, selection.by))
    if not isinstance(outcomes, Iterable):
        raise _not_outcomes(outcomes)
    from mottomo.sources.memory import count_values

    Selection(column, count_column).refuse(say("outcomes in a row have no columns"), say("outcomes"))
    if isinstance(by, str) or not isinstance(by, Iterable | None):
        raise _no_columns_to_group(by)
    return count_values(outcomes, by), () if by is None else ("group",)


def _binary(stream: Any) -> tuple[Any, Message, str | None]:
    """The bytes below an open file, with the encoding that a text file was opened with."""
    if not isinstance(stream, io.TextIOBase):
        return stream, say("stream"), None
    if not hasattr(stream, "buffer"):
        return io.BytesIO(stream.read().encode("utf-8", "surrogatepass")), say("stream"), None
    return stream.buffer, say("stream"), stream.encoding


def _column_names(by: Any) -> tuple[Any, ...]:
    """The names of grouping columns, from one name or several."""
    is_one = isinstance(by, str) or not isinstance(by, Iterable) or getattr(by, "shape", None) == ()
    return () if by is None else (by,) if is_one else tuple(by)


def _selection_of_file(column: Any, count_column: Any, by: Any, where: str | None) -> Selection:
    """A selection of the columns of a file, which are called by texts."""
    selection = Selection(column, count_column, _column_names(by), where)
    options = [("column", column), ("count_column", count_column), *(("by", name) for name in selection.by)]
    for option, name in options:
        if name is not None and not isinstance(name, str):
            raise InvalidInput(
                "column-name",
                say("a column of a file is not named by a text"),
                verbatim(option),
                say("the name of a column"),
                verbatim(written(name, repr)),
            )
    return selection


def _no_columns_to_group(name: Any) -> InvalidInput:
    return InvalidInput(
        "no-columns",
        say("outcomes in a row have no columns"),
        say("by"),
        say("the group of each outcome"),
        verbatim(written(name, repr)),
        say("give a sequence as long as the outcomes, or a data frame"),
    )


def _is_arrow(outcomes: Any) -> bool:
    return type(outcomes).__module__.startswith("pyarrow")


def _is_array(outcomes: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(outcomes, numpy.ndarray)


def _not_outcomes(outcomes: Any) -> InvalidInput:
    if isinstance(outcomes, str | bytes):
        text = written(outcomes, repr)
        mend = say("for a file give pathlib.Path({text}); for single letters give list({text})", text=text)
    elif isinstance(outcomes, Mapping):
        mend = say("counts by category go to Tally.from_counts(...)")
    else:
        mend = say("give a list, an array, a Series, a data frame or a pathlib.Path")
    return InvalidInput(
        "not-outcomes",
        say("this cannot be read as outcomes"),
        say("outcomes"),
        say("an iterable of outcomes, a table, or a pathlib.Path"),
        say("{value} of type {type}", value=written(outcomes, repr)[:60], type=type(outcomes).__name__),
        mend,
    )


def count_path(
    path: Path,
    selection: Selection,
    reading: Reading | None = None,
    *,
    label: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> CountedRows:
    """Count a file, by the kind its name tells or that is given."""
    found = (reading or Reading()).of_file(path, label)
    where = verbatim(label or str(path))
    if found.kind not in TABLES:
        from mottomo.sources.files import opened
        from mottomo.sources.stream import count_lines

        selection.refuse(say("a file of lines has no columns"), where)
        can_locate = found.encoding is None and path.is_file() and not is_compressed(path)
        with opened(path) as stream:
            return count_lines(stream, where, found, path if can_locate else None)
    from mottomo.sources.table import count_table

    return count_table(table_file(path, found, label), selection, progress)


def tally_of_rows(
    rows: CountedRows, declared: Categories | None, by: tuple[str, ...] = (), missing: str = "error"
) -> Tally:
    """The fold: counted rows become categories by name, and a Tally of one or many groups."""
    if missing not in ("error", "drop"):
        raise InvalidInput(
            "missing-policy",
            say("there is no such way to treat missing outcomes"),
            verbatim("missing"),
            say("error or drop"),
            verbatim(written(missing, repr)),
            nearest(str(missing), ("error", "drop")),
        )
    if rows.n_missing and missing != "drop":
        raise InvalidInput(
            "missing-outcomes",
            say("outcomes are missing"),
            rows.where,
            say("an outcome in every row"),
            say_count("{count} missing outcome", "{count} missing outcomes", rows.n_missing),
            say("leave them out with --missing drop (in Python: missing='drop')"),
        )
    names = _named_once(rows)
    categories = declared or Categories.discovered(names)
    position = {name: index for index, name in enumerate(categories.names)}
    unknown = next((name for name in names if name not in position), None)
    if unknown is not None:
        raise unknown_category(unknown, categories, rows.locate(unknown) or rows.where)
    columns = [position[name] for name in names]
    if not by:
        return Tally(categories, _summed(columns, rows.counts, len(categories)), n_missing_dropped=rows.n_missing)
    keys = [tuple(category_name(part) for part in key) for key in rows.groups or []]
    groups = tuple(sorted(set(keys), key=group_order))
    row_of = {key: row for row, key in enumerate(groups)}
    cells = [row_of[key] * len(categories) + column for key, column in zip(keys, columns, strict=True)]
    counts = _summed(cells, rows.counts, len(groups) * len(categories)).reshape(len(groups), len(categories))
    return Tally(categories, exact_counts(counts), by, groups, rows.n_missing)


def _named_once(rows: CountedRows) -> list[str]:
    """The category names of the rows; the place of a value that is none stands in the error."""
    kinds = {bool if isinstance(value, bool) else type(value) for value in rows.values}
    if len(kinds) > 1:
        raise InvalidInput(
            "mixed-types",
            say("the outcomes are of different types"),
            rows.where,
            say("one type: text, whole numbers, or true/false"),
            say("types {names}", names=sorted(kind.__name__ for kind in kinds)),
            say("convert them to one type first"),
        )
    try:
        return [category_name(value) for value in rows.values]
    except InvalidInput as error:
        if error.where is None and rows.where is not None:
            raise InvalidInput(error.code, error.what, rows.where, error.expected, error.got, error.mend) from None
        raise


def _summed(cells: list[int], counts: list[int], size: int) -> Any:
    """Exact counts by cell: in int64 where the total fits, else in Python integers."""
    import numpy as np

    if sum(counts) <= 2**62:
        sums = np.zeros(size, dtype=np.int64)
        np.add.at(sums, np.asarray(cells, dtype=np.int64), np.asarray(counts, dtype=np.int64))
    else:
        exact = [0] * size
        for cell, count in zip(cells, counts, strict=True):
            exact[cell] += count
        sums = np.array(exact, dtype=object)
    return exact_counts(sums)


def odds_of(spec: Any) -> Any:
    """What ``Probabilities.of`` reads: the value itself, or what the file of that name says."""
    if not isinstance(spec, str | os.PathLike):
        return spec
    path = Path(spec)
    if isinstance(spec, os.PathLike):
        spec = str(spec)
    if path.suffix.lower() not in (".csv", ".tsv") or set(spec) & set("=,:"):
        return spec
    from mottomo.sources.probability_file import read_probabilities

    check_file(path)
    return read_probabilities(path)
