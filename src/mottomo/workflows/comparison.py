"""``mo.compare``: do tallies come from the same probabilities? Are two columns independent?"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from mottomo.errors import InvalidCall
from mottomo.inference.homogeneity import ComparisonResult, homogeneity, independence
from mottomo.inference.methods import Method, method_of
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.messages import say
from mottomo.workflows.counts import are_counts, counted
from mottomo.workflows.options import CountOptions, checked
from mottomo.workflows.provenance import with_options
from mottomo.workflows.tally_plan import TallyPlan


@checked
def compare(
    data: Any,
    *,
    with_: Any = None,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | str = "auto",
    significance: float = 0.05,
    budget: float | None = None,
    draws: int | None = None,
    seed: int | None = None,
    **options: Unpack[CountOptions],
) -> ComparisonResult:
    """Test whether tallies come from the same probabilities, or two columns are independent: ``mottomo compare``.

    Parameters
    ----------
    data : several tallies or counts (a list, or a mapping from names to them), files, a Tally with groups, rows of
        counts, a crosstab; or with `by` or `with_` anything that has columns.
    with_ : the second column, for a test of independence from that of `column`.
    ordering, method, significance, budget, draws, seed : as in ``mo.test``.
    options : as those of ``mo.tally``.

    Returns
    -------
    ComparisonResult : the p-value, deviance, Pearson's statistic, residuals, and for two tallies the differences.

    >>> round(compare([[2, 5, 2, 4, 2, 5], [8, 2, 3, 1, 4, 2]]).p_value, 4)
    0.1518
    """
    if with_ is not None and options.get("by") is not None:
        raise InvalidCall("with-and-by", say("--with and --by contradict each other"))
    how = _Test(statistic_of(ordering), method_of(method, budget, draws, seed), significance)
    return with_options(
        _compared(data, with_, how, options),
        compare,
        with_=with_,
        ordering=ordering,
        method=method,
        significance=significance,
        budget=budget,
        draws=draws,
        seed=seed,
    )


def _compared(data: Any, with_: Any, how: _Test, options: CountOptions) -> ComparisonResult:
    if with_ is not None:
        tally = counted(data, TallyPlan.of({**options, "by": with_})).tally
        return how.of(independence, tally.with_provenance(tally.provenance.without_setting("by")))
    each = _several(data, options)
    if each is not None:
        tallies = {name: counted(one, TallyPlan.of(options)).tally for name, one in each}
        return how.of(homogeneity, tallies)
    tally = counted(data, TallyPlan.of(options)).tally
    return how.of(homogeneity, tally if tally.is_grouped else [tally])


@dataclass(frozen=True)
class _Test:
    """How tallies are compared."""

    ordering: Statistic
    method: Method
    significance: float

    def of(self, compared: Callable[..., ComparisonResult], tallies: Any) -> ComparisonResult:
        return compared(tallies, ordering=self.ordering, method=self.method, significance=self.significance)


def _several(data: Any, options: CountOptions) -> list[tuple[str, Any]] | None:
    """Several tallies by name, where `data` is several: files, tallies, arrays, or a mapping of them."""
    if options.get("by") is not None:
        return None
    if isinstance(data, Mapping) and data and not all(isinstance(value, int | np.integer) for value in data.values()):
        return [(str(name), value) for name, value in data.items()]
    if isinstance(data, list | tuple) and len(data) > 1:
        if all(isinstance(one, os.PathLike) or hasattr(one, "read") for one in data):
            names = [str(one) if isinstance(one, os.PathLike) else "-" for one in data]
            return list(zip(_numbered(names), data, strict=True))
        if not any(isinstance(one, str | bytes | int | np.integer) for one in data) and not are_counts(data):
            return [(str(number), one) for number, one in enumerate(data, start=1)]
    return None


def _numbered(names: list[str]) -> list[str]:
    """Names of which each comes once: a file given twice is numbered."""
    found: list[str] = []
    for name in names:
        own, number = name, 2
        while own in found:
            own, number = f"{name} ({number})", number + 1
        found.append(own)
    return found
