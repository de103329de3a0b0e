"""Do several tallies have the same probabilities? Are two columns independent? One test, given the margins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo._checks import check_between
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.inference.exact.one_free_count import two_by_two_tail
from mottomo.inference.exact.tables import TooManyStates
from mottomo.inference.exact.tables_given_margins import enumerated_tail, simulated_far
from mottomo.inference.exact.tail import Budget, BudgetExceeded, tail_probability
from mottomo.inference.exact.two_rows import two_row_problem
from mottomo.inference.intervals import ClopperPearson
from mottomo.inference.methods import Asymptotic, Auto, Exact, Method, check_method
from mottomo.inference.nulls import LARGE_EXPECTED, budget_error
from mottomo.inference.p_values import PRemark, PValue
from mottomo.inference.statistics import Statistic, statistic_of
from mottomo.inference.tested import Tested
from mottomo.messages import say, verbatim
from mottomo.numerics.series import relative_entropy_term
from mottomo.numerics.sums import accurate_sum
from mottomo.results import Provenance
from mottomo.tallies import Tally, TallyRemark, check_single, check_tally

_MOST_STATES, _MOST_STATES_EVER = 1_000_000, 4_000_000  # the second is a limit of memory, for any budget
_MOST_SIMULATED = 500_000_000  # numpy draws no hypergeometric numbers for a larger total


ComparisonVerdict = Literal[
    "comparison-rejected", "comparison-not-rejected", "comparison-undecided", "nothing-to-compare"
]
ComparisonRemark = Literal[TallyRemark, PRemark, "empty-groups-dropped", "never-seen-dropped", "differences-guaranteed"]
_VERDICTS: dict[str, ComparisonVerdict] = {
    "rejected": "comparison-rejected",
    "not-rejected": "comparison-not-rejected",
    "cannot-tell": "comparison-undecided",
}


@dataclass(frozen=True, eq=False)
class Differences:
    """y_A - y_B for each category of two tallies: estimates, and simultaneous guaranteed intervals.

    An interval combines Clopper-Pearson limits of both tallies at the level 1 - (1 - level) / (2 K), so that all
    intervals together hold with at least `level` at every n.

    Attributes
    ----------
    estimates : (K,) float64.
    lower : (K,) float64.
    upper : (K,) float64.
    level : the confidence level, for all categories at once.
    """

    estimates: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    level: float


@dataclass(frozen=True, eq=False)
class ComparisonResult(Tested):
    """Several tallies compared, or the rows of a table of two columns.

    Attributes
    ----------
    tally : with a row of counts for each group.
    question : ``homogeneity`` or ``independence``.
    statistic : the test statistic.
    deviance : of the table without empty rows and columns, from proportional rows.
    pearson : Pearson's statistic of the same table.
    degrees_of_freedom : (rows - 1) (columns - 1) of the same table.
    p : PValue given the margins.
    significance : the significance level of the verdict.
    residuals : (G, K) adjusted residuals (x - e) / sqrt(e (1 - r/n) (1 - c/n)); NaN in empty rows and columns.
    differences : Differences, for the homogeneity of two tallies; else None.
    dropped_groups : names of groups without any observation.
    dropped_categories : names of categories that were never seen.
    """

    tally: Tally
    question: str
    statistic: Statistic
    deviance: float
    pearson: float
    degrees_of_freedom: int
    p: PValue
    significance: float
    residuals: np.ndarray
    differences: Differences | None
    dropped_groups: tuple[str, ...]
    dropped_categories: tuple[str, ...]

    @property
    def decision(self) -> str:
        """``rejected``, ``not-rejected``, or ``cannot-tell`` if only one table has these margins or p is uncertain."""
        if self.degrees_of_freedom == 0:
            return "cannot-tell"
        return self.p.decision(self.significance)

    def to_dict(self) -> dict[str, Any]:
        """The result for JSON; ``differences`` only for two tallies."""
        found = {
            **self.tally.counts_dict(),
            "shares": self.tally.shares.tolist(),
            "question": self.question,
            **self.test_dict(),
            "residuals": self.residuals.tolist(),
            "dropped": {"groups": list(self.dropped_groups), "categories": list(self.dropped_categories)},
        }
        if self.differences is not None:
            found["differences"] = {
                "level": self.differences.level,
                "simultaneous": True,
                "guaranteed": True,
                "estimates": self.differences.estimates.tolist(),
                "lower": self.differences.lower.tolist(),
                "upper": self.differences.upper.tolist(),
            }
        return found

    @property
    def verdict(self) -> ComparisonVerdict:
        """The code of the decision; ``nothing-to-compare`` if only one table has these margins."""
        return _VERDICTS[self.decision] if self.degrees_of_freedom else "nothing-to-compare"

    @property
    def remarks(self) -> tuple[ComparisonRemark, ...]:
        """The codes of what was left out, how the p-value is known, and what the intervals guarantee."""
        found: list[ComparisonRemark] = [*self.tally.remarks]
        if self.dropped_groups:
            found.append("empty-groups-dropped")
        if self.dropped_categories:
            found.append("never-seen-dropped")
        if self.degrees_of_freedom:
            found.append(self.p.remark)
        if self.differences is not None:
            found.append("differences-guaranteed")
        return tuple(found)


def homogeneity(
    tallies: Any,
    *,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | None = None,
    significance: float = 0.05,
) -> ComparisonResult:
    """Test whether several tallies come from the same probabilities, given how often each category was seen in all.

    Exact (Fisher, Freeman, Halton): p is the probability, given the margins, of all tables that are at least as far
    from proportional, as measured by the test statistic `ordering`.

    Parameters
    ----------
    tallies : a Tally with groups, a sequence of tallies, or a mapping from names to tallies.
    ordering, method, significance : as in ``goodness_of_fit``.

    Returns
    -------
    ComparisonResult : the p-value, deviance, Pearson's statistic, residuals, and for two tallies the differences.

    Raises InvalidInput : fewer than two tallies, different categories, a budget that cannot be met.
    Source: docs/theory/exact_tests.md; Freeman and Halton, Biometrika 38 (1951).

    >>> found = homogeneity(Tally.from_counts([[2, 5, 2, 4, 2, 5], [8, 2, 3, 1, 4, 2]]))
    >>> round(found.p_value, 4), found.method
    (0.1518, 'exact')
    """
    return _compared(_as_groups(tallies), "homogeneity", ordering, method or Auto(), significance)


def independence(
    table: Tally,
    *others: Any,
    ordering: str | Statistic = "likelihood-ratio",
    method: Method | None = None,
    significance: float = 0.05,
) -> ComparisonResult:
    """Test whether two columns are independent, from the table of one grouped by the other.

    The exact test is that of ``homogeneity``; only the question differs. ``mo.tally(frame, column="red", by="white")``
    makes such a table.

    >>> found = independence(Tally.from_counts([[10, 2], [3, 9]]))
    >>> round(found.p_value, 5)
    0.01228
    """
    if others:
        raise InvalidCall(
            "two-columns",
            say("independence takes one table, not two columns"),
            say("table"),
            say("a tally of one column, grouped by the other"),
            verbatim(str(1 + len(others))),
            say("make it with mo.tally(x, by=y); of a data frame, mo.compare(frame, column=..., with_=...)"),
        )
    return _compared(_as_groups(table), "independence", ordering, method or Auto(), significance)


def _as_groups(tallies: Any) -> Tally:
    if isinstance(tallies, Tally):
        check_tally(tallies)
        groups = tallies
    else:
        if not isinstance(tallies, dict | Iterable) or (isinstance(tallies, np.ndarray) and tallies.ndim == 0):
            check_tally(tallies)  # raises, and says what is wanted
        named = list(tallies.items()) if isinstance(tallies, dict) else [(str(i + 1), t) for i, t in enumerate(tallies)]
        for _, tally in named:
            check_single(tally)
        groups = _joined(named)
    if not groups.is_grouped or len(groups.groups) < 2:
        raise InvalidInput(
            "one-tally",
            say("there is nothing to compare"),
            say("tallies"),
            say("two tallies or more, or groups"),
            verbatim(str(len(groups.groups) if groups.is_grouped else groups.total_observations and 1)),
            say("to compare one tally with claimed odds, use goodness_of_fit or mottomo test"),
        )
    if groups.counts.dtype != np.int64:
        raise InvalidInput(
            "groups-too-large",
            say("groups of so many observations are not tested together"),
            say("counts"),
            say("totals below 2**63"),
            verbatim(str(max(int(n) for n in groups.n_observations))),
        )
    return groups


def _joined(named: Sequence[tuple[str, Tally]]) -> Tally:
    """One tally that has each of these as a group, in the given order."""
    total = Tally.empty()
    for name, tally in named:
        row = Tally(tally.categories, tally.counts.reshape(1, -1), ("tally",), ((name,),), tally.n_missing_dropped)
        total = total + row
    order = {name: index for index, (name, _) in enumerate(named)}
    rows = sorted(range(len(total.groups)), key=lambda row: order[total.groups[row][0]])
    made = Tally(
        total.categories,
        total.counts[rows] if rows else total.counts,
        total.by,
        tuple(total.groups[row] for row in rows),
        total.n_missing_dropped,
    )
    source = Provenance()
    for _, tally in named:
        source = source.merged(tally.provenance)
    return made.with_provenance(source)


def _compared(
    tally: Tally, question: str, ordering: str | Statistic, method: Method, significance: float
) -> ComparisonResult:
    statistic = statistic_of(ordering)
    check_method(method)
    significance = check_between("significance", significance, "0.05")
    counts = tally.counts
    kept_rows, kept_columns = counts.sum(axis=1) > 0, counts.sum(axis=0) > 0
    table = np.ascontiguousarray(counts[kept_rows][:, kept_columns])
    freedom = max(table.shape[0] - 1, 0) * max(table.shape[1] - 1, 0)
    g, x2, kept_residuals = _departures(table)
    residuals = np.full(counts.shape, np.nan)
    if freedom:
        residuals[np.ix_(kept_rows, kept_columns)] = kept_residuals
    empty = tuple("/".join(key) for key, kept in zip(tally.groups, kept_rows.tolist(), strict=True) if not kept)
    unseen = tuple(name for name, kept in zip(tally.categories, kept_columns.tolist(), strict=True) if not kept)
    p = _p_value(table, statistic, method, g, x2, freedom) if freedom else PValue.certain(1.0, "single-table")
    two = len(tally.groups) == 2 and bool(kept_rows.all()) and question == "homogeneity"
    return ComparisonResult(
        tally,
        question,
        statistic,
        g,
        x2,
        freedom,
        p,
        significance,
        residuals,
        _differences(counts, 1 - significance) if two else None,
        empty,
        unseen,
    )


def _departures(table: np.ndarray) -> tuple[float, float, np.ndarray]:
    """The deviance and Pearson's statistic from proportional rows, and the standardized residuals."""
    rows, columns = (
        table.sum(axis=1).astype(np.float64),
        table.sum(axis=0).astype(np.float64),
    )  # products overflow int64
    n = max(float(rows.sum()), 1.0)
    expected = np.outer(rows, columns) / n
    relative = (table - expected) / np.where(expected > 0, expected, 1.0)
    g = 2 * float(accurate_sum((expected * relative_entropy_term(np.maximum(relative, -1.0))).ravel()))
    x2 = float(accurate_sum((expected * relative * relative).ravel()))
    with np.errstate(invalid="ignore", divide="ignore"):
        residuals = (table - expected) / np.sqrt(np.outer(1 - rows / n, 1 - columns / n) * expected)
    return g, x2, residuals


def _p_value(table: np.ndarray, statistic: Statistic, method: Method, g: float, x2: float, freedom: int) -> PValue:
    if isinstance(method, Auto | Exact):
        try:
            return _exact_p_value(table, statistic, method if isinstance(method, Exact) else Exact())
        except BudgetExceeded as stop:
            if isinstance(method, Exact):
                raise budget_error(stop.factor * method.budget) from None
        smallest = float(table.sum(axis=1).min()) * float(table.sum(axis=0).min()) / float(table.sum())
        large = smallest >= LARGE_EXPECTED or int(table.sum()) > _MOST_SIMULATED
        method = Asymptotic() if large else method.simulation
    if isinstance(method, Asymptotic):
        return PValue.of_chi_square(statistic.asymptotic_of_table(table, g, x2), freedom)
    if int(table.sum()) > _MOST_SIMULATED:
        raise InvalidInput(
            "too-many-to-simulate",
            say("so many observations cannot be simulated"),
            say("counts"),
            say("at most {most} observations", most=f"{_MOST_SIMULATED:,}"),
            verbatim(str(int(table.sum()))),
            say("use --method asymptotic (Asymptotic())"),
        )
    far = simulated_far(table, statistic, method.draws, method.seed)
    return PValue.of_simulation(far, method.draws, method.seed, "hypergeometric")


def _exact_p_value(table: np.ndarray, statistic: Statistic, settings: Exact) -> PValue:
    """A 2 x 2 table is summed in logarithms, two rows or columns by ``tail_probability``, larger ones by columns."""
    if table.shape == (2, 2):
        return PValue.of_tail(two_by_two_tail(table.tolist(), statistic))
    if min(table.shape) == 2:
        rows = table if table.shape[0] == 2 else table.T
        problem, kind_of = two_row_problem(rows[0].tolist(), rows[1].tolist(), statistic)
        width = settings.relative_width
        counts, budget = rows[0].tolist(), Budget().scaled(settings.budget)
        return PValue.of_tail(tail_probability(problem, counts, kind_of, budget, relative_width=width))
    most_states = min(int(_MOST_STATES * settings.budget), _MOST_STATES_EVER)
    try:
        return PValue.of_tail(enumerated_tail(table, statistic, most_states))
    except TooManyStates as stop:
        raise BudgetExceeded(stop.needed / most_states) from None


def _differences(counts: np.ndarray, level: float) -> Differences:
    shares = counts / counts.sum(axis=1, keepdims=True)
    limits = ClopperPearson(level=1 - (1 - level) / 2)
    first, second = (limits(Tally.from_counts(row.tolist())) for row in counts)
    return Differences(shares[0] - shares[1], first.lower - second.upper, first.upper - second.lower, level)
