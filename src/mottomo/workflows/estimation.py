"""``mo.estimate``: the most plausible probabilities, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, overload

from mottomo.categories import category_name
from mottomo.errors import InvalidCall
from mottomo.inference import estimation
from mottomo.inference.estimation import Estimate
from mottomo.inference.intervals import IntervalMethod, interval_method
from mottomo.messages import say
from mottomo.workflows.counts import counted
from mottomo.workflows.options import DataOptions, checked
from mottomo.workflows.provenance import with_options
from mottomo.workflows.tally_plan import TallyPlan

if TYPE_CHECKING:
    from mottomo.inference.partly_seen import PartlySeenEstimate


@overload
def estimate(
    data: Any,
    *,
    intervals: IntervalMethod | str | None = None,
    level: float | None = None,
    means: None = None,
    **options: Unpack[DataOptions],
) -> Estimate: ...


@overload
def estimate(
    data: Any,
    *,
    intervals: IntervalMethod | str | None = None,
    level: float | None = None,
    means: Mapping[str, Any] | None,
    **options: Unpack[DataOptions],
) -> Any: ...


@checked
def estimate(
    data: Any,
    *,
    intervals: IntervalMethod | str | None = None,
    level: float | None = None,
    means: Mapping[str, Any] | None = None,
    **options: Unpack[DataOptions],
) -> Estimate | PartlySeenEstimate:
    """Maximum likelihood estimate of the probabilities behind counts or outcomes: ``mottomo estimate``.

    y_k = t_k / n maximises log L(y) = sum_k t_k log y_k on the simplex, because log L(t/n) - log L(y) =
    n KL(t/n || y) >= 0; zero counts included.

    Parameters
    ----------
    data : counts (a list, a mapping, a Series by label, a crosstab), a Tally, or what ``mo.tally`` takes. A list or an
        array of whole numbers is counts, as on the command line; outcomes that are whole numbers go to ``mo.tally``.
    intervals : ``"clopper-pearson"`` (the default: for all categories at once, guaranteed at every n),
        ``"clopper-pearson-per-category"``, ``"goodman"``, ``"sison-glaz"``, ``"wilson"``, ``"profile-likelihood"``, or
        a method as a value, such as ``Goodman(level=0.9)``.
    level : the confidence level, 0.95 unless said.
    means : for outcomes seen only in part: for each label the categories it may stand for, ``{"even": "2,4,6"}``.
    options : as those of ``mo.tally``.

    Returns
    -------
    Estimate : probabilities (float and exact), standard errors, log L (nats), intervals, the optimality check; with
        `means` a PartlySeenEstimate.

    Source: docs/theory/likelihood.md, eq. (5); the article's sections 3-5 and 3-6.

    >>> die = estimate([2, 5, 2, 4, 2, 5])
    >>> die.probabilities.tolist(), round(float(die.log_likelihood), 4)
    ([0.1, 0.25, 0.1, 0.2, 0.1, 0.25], -34.1162)
    >>> round(estimate({"SSR": 3, "R": 97}, intervals="wilson")["SSR"].upper, 4)
    0.0845
    """
    if means is None:
        method = interval_method(intervals, level)  # what is wrong with it is said before the data are read
        how = TallyPlan.of(options)
        found = estimation.estimate(counted(data, how).tally, intervals=method)
        if how.null is not None:
            found = replace(found, null=how.null_over(found.tally.categories))
        return with_options(found, estimate, intervals=intervals, level=level)
    if intervals is not None:
        raise InvalidCall(
            "means-intervals", say("--intervals does not go with --means, which has intervals of its own")
        )
    if options.get("null") is not None or options.get("normalise"):
        raise InvalidCall("means-null", say("--null and --normalise do not go with --means; declare the --categories"))
    if options.get("by") is not None:
        raise InvalidCall("means-by", say("--means is for one tally, without --by and /"))
    from mottomo.inference.partly_seen import estimate_partly_seen

    labels = tuple(category_name(label) for label in means)
    in_part = TallyPlan.of(options, labels=labels)
    partly = estimate_partly_seen(counted(data, in_part).tally, means, level=0.95 if level is None else level)
    return with_options(partly, estimate, level=level, means=means)
