"""What the commands take: counts by their form, outcomes in any source, or a tally; one route to a tally for all."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim, written
from mottomo.results import Provenance
from mottomo.sources.rows import Selection
from mottomo.tallies import Tally
from mottomo.workflows.tallying import Counted, Tallying


def counted(data: Any, how: Tallying) -> Counted:
    """The tally of counts or outcomes.

    Counts are what has the form of counts: a list or an array of whole numbers (or rows of them, one a group), a
    mapping, a Series of whole numbers labelled by text, a crosstab. Everything else is outcomes, or a tally.
    """
    is_tally = isinstance(data, Tally)
    if not is_tally and not _are_counts(data, how):
        return how.count(data)
    selection = Selection(how.column, how.count_column, () if how.by is None else (how.by,), how.where)
    if is_tally:
        how.reading.refuse(say("tally"))
        selection.refuse(say("a tally has no columns"), say("tally"))
        return Counted(data if how.declared is None else data.reordered(how.declared))
    nothing = say("counts have no columns")
    if how.called is not None:
        nothing = say("counts on the command line have no columns")
    selection.refuse(nothing, how.called or say("counts"))
    how.reading.refuse(say("counts"))
    return Counted(
        Tally.from_counts(data, how.declared).with_provenance(Provenance(origin="counts", settings=how.settings))
    )


def _are_counts(data: Any, how: Tallying) -> bool:
    if isinstance(data, Mapping):
        return True
    if isinstance(data, list | tuple):
        rows = data if data and all(isinstance(row, list | tuple) for row in data) else [data]
        return bool(data) and all(bool(row) and all(map(_is_whole, row)) for row in rows)
    if _is_array(data):
        return data.dtype.kind in "iu" and data.ndim in (1, 2)
    if how.column is not None or how.by is not None:
        return False
    from mottomo.sources.frame import is_crosstab

    return _are_labelled(data) or is_crosstab(data)


def _is_whole(value: Any) -> bool:
    numpy = sys.modules["numpy"]
    return isinstance(value, int | numpy.integer) and not isinstance(value, bool | numpy.timedelta64)


def _is_array(data: Any) -> bool:
    return isinstance(data, sys.modules["numpy"].ndarray)


def _are_labelled(data: Any) -> bool:
    """Whether a Series holds counts by label, such as ``value_counts()`` gives them.

    Raises InvalidInput : whole numbers labelled by whole numbers could be either, counts or outcomes.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(data, pandas.Series) or not pandas.api.types.is_integer_dtype(data.dtype):
        return False
    if pandas.api.types.is_integer_dtype(data.index.dtype):
        raise InvalidInput(
            "counts-or-outcomes",
            say("these whole numbers could be counts or outcomes"),
            say("Series"),
            say("counts labelled by text, or outcomes that are text"),
            verbatim(f"{written(data.name)}: {written(data.tolist()[:5])}"),
            say("say mo.tally(series) for outcomes, or Tally.from_counts(series) for counts"),
        )
    return True
