"""``mo.test``: is it as claimed?"""

from __future__ import annotations

from typing import Any, Unpack

from mottomo.inference.exchangeability import exchangeability
from mottomo.inference.goodness_of_fit import TestResult, goodness_of_fit
from mottomo.inference.group_tests import GroupTests
from mottomo.inference.methods import Method, method_of
from mottomo.inference.statistics import Statistic
from mottomo.workflows.counts import counted
from mottomo.workflows.options import ReadOptions, checked
from mottomo.workflows.provenance import with_options
from mottomo.workflows.tally_plan import TallyPlan


@checked
def test(
    data: Any,
    null: Any = None,
    *,
    tolerance: float | None = None,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | str = "auto",
    significance: float = 0.05,
    budget: float | None = None,
    draws: int | None = None,
    seed: int | None = None,
    **options: Unpack[ReadOptions],
) -> TestResult | GroupTests:
    """Test whether counts or outcomes come from claimed probabilities, exactly: ``mottomo test``.

    p = P(T(x) >= T(t)) over all outcomes x of n observations under the claim, ties included. ``goodness_of_fit`` says
    what T is, and what else the result holds.

    Parameters
    ----------
    data : counts, a Tally, or what ``mo.tally`` takes, as in ``mo.estimate``. The order of the outcomes is tested too
        where they are the lines of one file or stream, up to 4 MB.
    null : ``"fair"`` (the default), a list, a mapping, text (``"9/16,3/16,3/16,1/16"``, ``"625:125:25"``,
        ``"SSR=3%,R=97%"``), or the name of a .csv file of category and probability.
    tolerance : a margin: are all probabilities within it of the claim?
    ordering : the test statistic: ``"likelihood-ratio"``, ``"pearson"``, ``"probability"``, or a ``Statistic``.
    method : ``"auto"`` (exact within a few seconds, and says what it did), ``"exact"``, ``"monte-carlo"``,
        ``"asymptotic"``, or a value such as ``Exact(budget=10)``.
    significance : the level at which the verdict speaks.
    budget : of ``"exact"``.
    draws, seed : of simulations.
    options : as those of ``mo.tally``.

    Returns
    -------
    TestResult; of a tally with groups GroupTests.

    >>> round(test([2, 5, 2, 4, 2, 5], null="fair").p_value, 6)
    0.652455
    >>> test({"SSR": 3, "R": 97}, "SSR=0.6%,R=99.4%").decision
    'rejected'
    """
    chosen = method_of(method, budget, draws, seed)
    how = TallyPlan.of({**options, "null": null})
    found = counted(data, how)
    claim = how.null_over(found.tally.categories)
    outcomes = None if found.in_order is None else found.in_order()
    order = None
    if outcomes is not None:
        order = exchangeability(outcomes, significance=significance, draws=draws, seed=seed or 0)
    result: TestResult | GroupTests = goodness_of_fit(
        found.tally,
        claim,
        tolerance=tolerance,
        order=order,
        ordering=ordering,
        method=chosen,
        significance=significance,
    )
    return with_options(
        result,
        test,
        tolerance=tolerance,
        ordering=ordering,
        method=method,
        significance=significance,
        budget=budget,
        draws=draws,
        seed=seed,
    )
