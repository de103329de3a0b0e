"""The tables of a training: its coefficients, their intervals, and the tests of its features."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mottomo.classification.coefficient_intervals import CoefficientIntervals
from mottomo.classification.marginal_effects import MarginalEffects
from mottomo.classification.training_result import TrainingResult
from mottomo.messages import Message, say, verbatim
from mottomo.report.numbers import percent, whole
from mottomo.report.report import Block, Cells, Column, P, Paragraph, Table
from mottomo.report.results.tallies import CATEGORY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shown_coefficients(result: TrainingResult) -> Iterable[Block]:
    """The coefficients that people read. Those of pictures are left out: a single one has no meaning."""
    encoding, positions = result.classifier.encoding, result.classifier.encoding.groups()
    hidden: set[int] = set()
    for feature in encoding.features:
        if feature.block is not None:
            hidden.update(positions[feature.name])
            yield Paragraph(
                say(
                    "“{name}” is a block of {number} numbers of each picture ({features}). Their coefficients mean "
                    "nothing one by one; CSV and JSON have them.",
                    name=feature.name,
                    number=whole(feature.block.width),
                    features=result.pictures.made if result.pictures is not None else "",
                )
            )
    places = tuple(place for place in result.shown_rows if place[0] not in hidden)
    yield coefficients(result, places)


def coefficients(result: TrainingResult, places: tuple[tuple[int, int], ...]) -> Table:
    """The coefficients with what is known of each; or, where there is no maximum, the direction in which they grow."""
    where = tuple(_where(result, places))
    if result.shows_direction:
        direction = result.direction()
        column = Column("direction", say("direction"), digits=6)
        return Table.of(len(places), *where, (column, lambda row: float(direction[places[row]])))
    values, errors, z = result.coefficients(), result.standard_errors, result.z
    p_values, log10 = result.p_values, result.log10_p_values
    known = errors is not None

    def p(row: int) -> P:
        if p_values is None or log10 is None:
            return P(math.nan, math.nan)
        return P(float(p_values[places[row]]), float(log10[places[row]]))

    return Table.of(
        len(places),
        *where,
        (Column("coefficient", say("coefficient"), digits=6), lambda row: float(values[places[row]])),
        (
            Column("standard_error", say("std. error"), is_shown=known),
            lambda row: _at(errors, places[row]),
        ),
        (
            Column("z", verbatim("z"), digits=3, is_shown=known),
            lambda row: _at(z, places[row]),
        ),
        (Column("p_value", verbatim("p"), "p_value", is_shown=known), p),
        *_limits(result, places, is_shown=False),
    )


def intervals_title(intervals: CoefficientIntervals) -> Message:
    """The heading of the intervals."""
    level = percent(intervals.level)
    if intervals.method == "profile":
        return say("Intervals at {level} each, by the profile likelihood", level=level)
    return say("Intervals at {level} each, by the normal approximation (Wald)", level=level)


def intervals(result: TrainingResult) -> Table:
    """The limits of each coefficient, and of what it multiplies the odds by."""
    places = result.shown_rows
    return Table.of(len(places), *_where(result, places), *_limits(result, places, is_shown=True))


def _where(result: TrainingResult, places: tuple[tuple[int, int], ...]) -> Iterator[tuple[Column, Cells]]:
    """Whose coefficient a row is."""
    names = result.classifier.categories.names
    yield CATEGORY, lambda row: names[places[row][1]]
    yield Column("column", say("column"), "label"), lambda row: result.columns[places[row][0]]


def _limits(
    result: TrainingResult, places: tuple[tuple[int, int], ...], *, is_shown: bool
) -> Iterator[tuple[Column, Cells]]:
    """The columns of limits and odds ratios."""
    found = result.intervals
    lower, upper = (None, None) if found is None else (found.lower, found.upper)
    low, high = (None, None) if found is None else found.odds_ratios
    level = percent(result.level)
    own, odds = say("coefficient, {level}", level=level), say("odds ratio, {level}", level=level)
    yield Column("lower", own, "lower", 4, is_shown), _cells(lower, places)
    yield Column("upper", own, "upper", 4, is_shown), _cells(upper, places)
    yield Column("odds_ratio", say("odds ratio"), digits=3, is_shown=is_shown), _odds(result.odds_ratios, places)
    yield Column("odds_ratio_lower", odds, "lower", 3, is_shown), _odds(low, places)
    yield Column("odds_ratio_upper", odds, "upper", 3, is_shown), _odds(high, places)


def _cells(values: NDArray[np.float64] | None, places: tuple[tuple[int, int], ...]) -> Cells:
    return lambda row: _at(values, places[row])


def effects(result: TrainingResult, found: MarginalEffects) -> Table:
    """The average marginal effect of each column on each probability."""
    names, n = result.classifier.categories.names, len(found.columns)
    places = tuple((j, k) for k in range(len(names)) for j in range(n))
    return Table.of(
        len(places),
        (CATEGORY, lambda row: names[places[row][1]]),
        (Column("column", say("column"), "label"), lambda row: found.columns[places[row][0]]),
        (Column("effect", say("change"), digits=4), _cells(found.values, places)),
        (Column("standard_error", say("std. error")), _cells(found.standard_errors, places)),
        (Column("lower", say("{level}", level=percent(found.level)), "lower", 4), _cells(found.lower, places)),
        (Column("upper", say("{level}", level=percent(found.level)), "upper", 4), _cells(found.upper, places)),
    )


def _odds(values: NDArray[np.float64] | None, places: tuple[tuple[int, int], ...]) -> Cells:
    """As ``_cells``; an intercept is no ratio of odds."""
    return lambda row: None if values is None or places[row][0] == len(values) - 1 else _at(values, places[row])


def _at(values: NDArray[np.float64] | None, place: tuple[int, int]) -> float | None:
    return None if values is None else float(values[place])


def feature_tests(result: TrainingResult) -> Table:
    """The tests of the features."""
    tests = result.feature_tests
    return Table.of(
        len(tests),
        (Column("feature", say("feature"), "label"), [test.name for test in tests]),
        (Column("degrees_of_freedom", verbatim("df"), "count"), [test.degrees_of_freedom for test in tests]),
        (Column("likelihood_ratio", verbatim("G"), digits=5), [test.likelihood_ratio for test in tests]),
        (Column("p_value", verbatim("p"), "p_value"), [_known_p(test.p_value, test.log10_p_value) for test in tests]),
        (Column("wald", say("Wald"), digits=5), [test.wald for test in tests]),
        (
            Column("wald_p_value", say("p (Wald)"), "p_value"),
            [P(test.wald_p_value, test.log10_wald_p_value) for test in tests],
        ),
    )


def _known_p(value: float | None, log10: float | None) -> P | None:
    return None if value is None or log10 is None else P(value, log10)
