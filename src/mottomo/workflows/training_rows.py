"""From a table to rows to train on, and rows held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from mottomo.categories import Categories, category_name, unknown_category
from mottomo.classification.encoding import Encoding
from mottomo.classification.penalties import Firth
from mottomo.classification.terms import SIGNS, terms_of
from mottomo.classification.training_rows import TrainingRows
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import say, say_count, verbatim
from mottomo.sources.columns import Columns, ColumnSelection, KeptColumns
from mottomo.storage.encoded_rows import NUMBERS_IN_A_BATCH, EncodedRows, RowsInMemory, RowsOnDisk
from mottomo.tallies import Tally
from mottomo.temporary import temporary_folder
from mottomo.workflows.held_out import GroupsOfRows, HeldOutRows
from mottomo.workflows.picture_recipes import recipe_of
from mottomo.workflows.picture_rows import PictureProgress, PictureRows, read_others, read_pictures
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.tables import ReadProgress, Table, opened
from mottomo.workflows.training_plan import TrainingPlan

_LARGEST_WEIGHT = 2.0**53  # from there on not every whole number is a float


@contextmanager
def training_rows(
    table: Table,
    plan: TrainingPlan,
    reads: ReadProgress | None = None,
    picture_reads: PictureProgress | None = None,
) -> Iterator[TrainingRows]:
    """Read a table, and the pictures in it; what is kept on disk is gone afterwards.

    reads, picture_reads : hear how much of a file is read, in percent, and how many pictures of how many.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    weights = () if plan.weights is None else (plan.weights,)
    group = () if plan.group is None else (plan.group,)
    beside = (plan.target, *weights, *group)
    wanted = None if plan.features is None else (*plan.features, *beside)
    pictures = (table.column,) if isinstance(table, PictureTable) else ()
    text = frozenset({*plan.text, *pictures, plan.target, *group})
    choice = ColumnSelection(wanted, text, plan.missing_values, plan.where, (*weights, *group))
    if any(sign in name for name in plan.features or () for sign in SIGNS):
        choice = replace(choice, wanted=lambda columns: (*_columns_of_terms(plan, columns), *beside))
    with ExitStack() as kept, temporary_folder() as folder:
        found = kept.enter_context(opened(table, choice, reads))
        names = _feature_names(found, plan)
        if isinstance(table, PictureTable) and table.column not in names:
            raise InvalidCall(
                "images-no-feature",
                say("the column of the pictures is not among the features"),
                verbatim("--images"),
                say("a column to predict from: not the target, the weights or the groups, and one of --features"),
                verbatim(table.column),
            )
        n_dropped = _complete(found, plan)
        found.refuse_infinite([*names, *weights])
        _categories(found, plan)  # before the pictures are read, which takes long
        pictured = None
        if isinstance(table, PictureTable) and table.column in names:
            recipe = recipe_of(plan.image_features)
            pictured = read_pictures(
                found,
                table,
                recipe,
                plan.target,
                folder / "pictures",
                group=plan.group,
                skip_bad=plan.skip_bad,
                progress=picture_reads,
            )
        filling = _Filling(found, plan, names, pictured, folder)
        filling.fill()
        kept.close()
        rows = filling.rows(n_dropped)
        if plan.none is not None and pictured is not None:
            groups = () if rows.groups is None else rows.groups.names
            recipe = recipe_of(plan.image_features)
            others = read_others(plan.none, recipe, groups, plan.group, skip_bad=plan.skip_bad)
            rows = replace(rows, others=others)
        yield rows


class _Filling:
    """Rows of a table that become rows to train on and rows held out, batch by batch."""

    def __init__(
        self, found: KeptColumns, plan: TrainingPlan, names: list[str], pictured: PictureRows | None, folder: Path
    ) -> None:
        self._found, self._plan, self._pictured = found, plan, pictured
        self._categories = _categories(found, plan)
        self._encoding = _encoding(found, names, plan, pictured)
        self._groups = GroupsOfRows.of(found.levels(plan.group) if plan.group is not None else None, plan)
        share = 0.0 if self._groups.are_held_out else plan.holdout
        self._chosen = HeldOutRows.choose(found.n, share, plan.seed)
        sink = RowsOnDisk if 8.0 * found.n * len(self._encoding.columns) > plan.memory else RowsInMemory
        n_outside = found.n if self._groups.are_held_out else self._chosen.size
        self._inside, self._outside = (
            sink(folder / part, n, self._encoding, len(self._categories), plan.weights is not None)
            for part, n in (("inside", found.n - self._chosen.size), ("outside", n_outside))
        )
        self._counts = np.zeros(len(self._categories), dtype=np.int64)
        self._names: list[str] = []

    def fill(self) -> None:
        """Read all rows. Raises InvalidInput for labels and weights that are none."""
        block = 0 if self._pictured is None else self._pictured.block.width
        size = max(1, NUMBERS_IN_A_BATCH // (len(self._found.names) + 1 + block))
        batches, start = self._found.batches(size), 0
        for columns in batches if self._pictured is None else self._pictured.added(batches, size):
            self._add(columns, start)
            start += columns.n
        if not self._inside.n:
            raise _weights_zero()

    def _add(self, columns: Columns, start: int) -> None:
        batch = _encoded(columns, self._encoding, self._categories, self._plan)
        codes = self._groups.codes(columns)
        out = self._chosen.mask(start, start + columns.n) if not self._groups.are_held_out else self._groups.mask(codes)
        outside, inside = out & batch.counted, ~out & batch.counted
        self._outside.append(batch.chosen(outside))
        self._inside.append(batch.chosen(inside))
        self._groups.keep(codes, inside, outside)
        self._counts += batch.tally(inside, len(self._categories))
        if self._pictured is not None and self._plan.in_turn:
            self._names += [self._pictured.names[start + row] for row in np.flatnonzero(inside)]

    def rows(self, n_dropped: int) -> TrainingRows:
        """What was filled."""
        return TrainingRows(
            self._inside.data(),
            self._outside.data() if self._outside.n else None,
            self._encoding,
            self._categories,
            Tally.from_counts(self._counts, self._categories),
            n_dropped,
            None if self._pictured is None else self._pictured.facts,
            self._groups.inside(),
            self._groups.outside(),
            tuple(self._names) or None,
        )


def _weights_zero() -> InvalidInput:
    return InvalidInput(
        "weights-zero",
        say("all sample weights are zero"),
        verbatim("--weights"),
        say("at least one row with a weight above 0"),
    )


def _columns_of_terms(plan: TrainingPlan, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of the features that are written, as products and powers too."""
    terms = terms_of(plan.features or (), columns)
    return tuple(dict.fromkeys(one.column for term in terms for one in term.factors))


def _encoding(found: KeptColumns, names: list[str], plan: TrainingPlan, pictured: PictureRows | None) -> Encoding:
    """How the columns become features: levels of texts, numbers as they are, pictures as blocks of numbers."""
    blocks = {} if pictured is None else {pictured.column: pictured.block}
    levels = {name: found.levels(name) if found.is_text(name) and name not in blocks else None for name in names}
    baselines = plan.penalty is None or isinstance(plan.penalty, Firth)
    terms = None if plan.features is None else terms_of(plan.features, found.names)
    pictured_terms = [
        one.name for one in terms or () if not one.is_plain for factor in one.factors if factor.column in blocks
    ]
    if pictured_terms:
        raise InvalidInput(
            "feature-term",
            say("this is no product or power of columns"),
            say("--features {term}", term=pictured_terms[0]),
            say("columns of numbers or text"),
            say("pictures"),
        )
    return Encoding.learn(levels, baselines=baselines, blocks=blocks, terms=terms)


def _feature_names(table: KeptColumns, plan: TrainingPlan) -> list[str]:
    own = _columns_of_terms(plan, table.names) if plan.features is not None else ()
    target = say("the target is also among the features"), say("features other than the target")
    weights = say("the column of weights is also among the features"), say("features other than the weights")
    group = say("the column of groups is also among the features"), say("features other than the groups")
    for part, name, (what, expected) in (
        ("target", plan.target, target),
        ("weights", plan.weights, weights),
        ("group", plan.group, group),
    ):
        if name in own:
            raise InvalidInput(f"{part}-among-features", what, verbatim("--features"), expected, verbatim(name or ""))
    names = own if plan.features is not None else table.names
    return [name for name in dict.fromkeys(names) if name not in (plan.target, plan.weights, plan.group)]


def _complete(table: KeptColumns, plan: TrainingPlan) -> int:
    """Missing values are refused, or their rows left out if that was asked for; how many were."""
    gaps = table.gaps()
    if gaps is None:
        return 0
    if plan.missing != "drop":
        mend = say("leave such rows out with --missing drop, or leave out the column with --features")
        raise gaps.refused(table.where, mend)
    if gaps.n_rows == table.n:
        raise InvalidInput("no-rows", say("every row has a missing value"), table.where, say("complete rows"))
    table.drop_gaps()
    return gaps.n_rows


def _categories(table: KeptColumns, plan: TrainingPlan) -> Categories:
    """The categories of the target, declared or discovered; at least two of them are seen."""
    seen = [category_name(value) for value in table.levels(plan.target, plan.weights)]
    if not seen and plan.weights is not None:
        raise _weights_zero()
    place = say("{where}, column {column}", where=table.where, column=plan.target)
    if len(seen) < 2:
        raise InvalidInput(
            "one-category",
            say("the labels are all of one category, so there is nothing to tell apart"),
            place,
            say("labels of at least two categories (classes)"),
            say_count("{count} class: {names}", "{count} classes: {names}", len(seen), names=sorted(seen)),
            say("choose a target that varies"),
        )
    return Categories.discovered(seen) if plan.categories is None else Categories.of(plan.categories)


def _encoded(columns: Columns, encoding: Encoding, categories: Categories, plan: TrainingPlan) -> EncodedRows:
    weights = None if plan.weights is None else frequency_weights(columns, plan.weights)
    return EncodedRows(encoding.codes(columns), _labels(columns, categories, plan.target, weights), weights)


def _labels(columns: Columns, categories: Categories, target: str, weights: np.ndarray | None) -> np.ndarray:
    """The position of each row's category; -1 where it is none that was seen, in rows of weight 0 alone."""
    position = {name: index for index, name in enumerate(categories.names)}
    names = [category_name(value) for value in columns.values[target].tolist()]
    codes = np.array([position.get(name, -1) for name in names], dtype=np.int64)
    ignored = False if categories.declared or weights is None else weights == 0
    unknown = np.flatnonzero((codes < 0) & np.logical_not(ignored))
    if unknown.size:
        raise unknown_category(names[unknown[0]], categories, columns.place(int(unknown[0]), target))
    return codes


def frequency_weights(columns: Columns, name: str) -> np.ndarray:
    """How often each row counts. Raises InvalidInput : that is no whole number of 0 or more."""
    values = columns.values[name]
    whole = values.dtype != object and (values >= 0) & (values % 1 == 0) & (values < _LARGEST_WEIGHT)
    wrong = np.arange(columns.n) if values.dtype == object else np.flatnonzero(~whole)
    if wrong.size:
        raise InvalidInput(
            "weights-whole",
            say("a frequency weight is not a whole number"),
            columns.place(int(wrong[0]), name),
            say("how often each row counts: whole numbers of 0 or more, below 2^53"),
            verbatim(str(values[wrong[0]])),
        )
    return values
