"""What the commands take: counts by their form, outcomes in any source, or a tally; one route to a tally for all."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence, ValuesView
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim, written
from mottomo.sources.rows import Selection
from mottomo.tallies import Tally
from mottomo.workflows.provenance import library_of
from mottomo.workflows.tally_plan import TallyPlan
from mottomo.workflows.tallying import Counted, count


def counted(data: Any, how: TallyPlan) -> Counted:
    """The tally of counts or outcomes.

    Counts are what has the form of counts: a list or an array of whole numbers (or rows of them, one a group), a
    mapping, a Series of whole numbers labelled by text, a crosstab. Everything else is outcomes, or a tally.

    Raises InvalidInput : a Series of whole numbers that has no labels, or whole numbers as labels: it could be either.
    """
    if _is_sequence(data) and not isinstance(data, list | tuple):
        data = list(data)
    is_tally = isinstance(data, Tally)
    if not is_tally and not are_counts(data, how):
        return count(data, how)
    selection = Selection(how.column, how.count_column, () if how.by is None else (how.by,), how.where)
    if is_tally:
        how.reading.refuse(say("tally"))
        selection.refuse(say("a tally has no columns"), say("tally"))
        made = data
        if how.declared is not None and not how.follows(data.categories):
            with how.explaining_positions():
                made = data.reordered(how.declared)
        return Counted(made.with_provenance(how.added_to(data.provenance)))
    nothing = say("counts have no columns")
    if how.called is not None:
        nothing = say("counts on the command line have no columns")
    selection.refuse(nothing, how.called or say("counts"))
    how.reading.refuse(say("counts"))
    with how.explaining_positions():
        made = Tally.from_counts(data, how.declared)
    return Counted(made.with_provenance(how.provenance(origin="counts", library=library_of(data))))


def are_counts(data: Any, how: TallyPlan | None = None) -> bool:
    """Whether data has the form of counts; a Series or a frame only if no columns of it are named."""
    if isinstance(data, Mapping):
        return True
    if _is_sequence(data):
        rows = data if data and all(map(_is_sequence, data)) else [data]
        return bool(data) and all(bool(row) and all(map(_is_whole, row)) for row in rows)
    if _is_array(data):
        are_whole = data.dtype.kind in "iu" or (data.dtype == object and data.size and all(map(_is_whole, data.flat)))
        return bool(are_whole) and data.ndim in (1, 2)
    if how is not None and (how.column is not None or how.by is not None):
        return False
    from mottomo.sources.frame import is_crosstab, some_whole_numbers

    found = some_whole_numbers(data)
    if found is None:
        return is_crosstab(data)
    if not _are_labelled(data):
        raise InvalidInput(
            "counts-or-outcomes",
            say("these whole numbers could be counts or outcomes"),
            say("Series"),
            say("counts labelled by text, or outcomes that are text"),
            verbatim(written(found)),
            say("say mo.tally(series) for outcomes, or Tally.from_counts(series) for counts"),
        )
    return True


def _is_sequence(data: Any) -> bool:
    return isinstance(data, Sequence | ValuesView) and not isinstance(data, str | bytes | memoryview)


def _is_whole(value: Any) -> bool:
    numpy = sys.modules["numpy"]
    return isinstance(value, int | numpy.integer) and not isinstance(value, bool | numpy.timedelta64)


def _is_array(data: Any) -> bool:
    return isinstance(data, sys.modules["numpy"].ndarray)


def _are_labelled(series: Any) -> bool:
    """Whether a series has labels that are no whole numbers, such as ``value_counts()`` gives them."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(series, pandas.Series):
        return False
    return not pandas.api.types.is_integer_dtype(series.index.dtype)
