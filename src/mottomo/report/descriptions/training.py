"""A training as a document: the fit beside the die, the coefficients, the features' tests, and what was held out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mottomo.kernels.chi_square import log10_chi_square_tail
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.descriptions.common import JSON, MOST_ROWS, Lazy, closing, cut
from mottomo.report.document import Block, Cell, Column, Document, Formula, Heading, Paragraph, Table
from mottomo.report.findings.parts import categories, in_latex, p_text, some
from mottomo.report.findings.training import REASONS
from mottomo.report.numbers import full_p_value, rounded, significant, whole

_NAMES = ("category", "column", "coefficient", "standard_error", "z", "p_value")
_DIRECTION_NAMES = ("category", "column", "direction")


def describe_training(result: Any) -> Document:
    """What was fitted, whether and how well the maximum was reached, and how sure each coefficient is."""
    blocks: list[Block] = [_what(result), *_likelihoods(result), _optimum(result), _coefficients(result)]
    if result.feature_tests:
        blocks += [Heading(say("Does a feature say anything, given the others?"), 2), _tests(result)]
    if result.held_out is not None:
        blocks += [Heading(say("Rows held out of the training"), 2), *_held_out(result.held_out)]
    title = say("Softmax regression of “{target}”", target=result.classifier.target)
    return Document(title, (*blocks, *closing(result)))


def _what(result: Any) -> Paragraph:
    names = [f"{name} ({count})" for name, count in zip(result.tally.categories, result.tally.counts, strict=True)]
    return Paragraph(
        say(
            "{rows}, {categories}: {names}. The coefficients of “{reference}” are 0.",
            rows=_counted(result.n_rows, result.n_observations),
            categories=categories({"n_categories": len(names)}),
            names=some(names[:10], len(names)),
            reference=result.reference,
        )
    )


def _counted(n_rows: int, n_observations: int) -> Message:
    """How many rows there are, and with weights how many observations they stand for."""
    rows = say_count("{number} row", "{number} rows", n_rows, number=whole(n_rows))
    if n_observations == n_rows:
        return rows
    return say("{rows} that count as {n}", rows=rows, n=whole(n_observations))


def _likelihoods(result: Any) -> list[Block]:
    fit, die = significant(result.log_likelihood, 9), significant(result.null_log_likelihood, 9)
    g, df, p = (
        significant(result.likelihood_ratio, 6),
        result.degrees_of_freedom,
        p_text(result.p_value, result.log10_p_value),
    )
    blocks: list[Block] = []
    if not result.is_maximum_likelihood:
        strength = significant(result.classifier.penalty.strength, 6)
        two = len(result.classifier.categories) == 2
        squares = (r"\sum_j (W_{j1} - W_{j2})^2", "sum (W_1 - W_2)^2") if two else (r"\sum_{jk} W_{jk}^2", "sum W^2")
        blocks.append(Formula(rf"\log L - \frac{{{strength}}}{{2}} {squares[0]}", f"log L - {strength}/2 {squares[1]}"))
    if result.shows_direction:
        limit = significant(result.existence.supremum + 0.0, 9)
        blocks.append(
            Formula(
                rf"\sup \log L = {limit}, \quad \log L(t/n) = \sum_k t_k \log \frac{{t_k}}{{n}} = {die}",
                f"sup log L = {limit}   log L(t/n) = {die}",
            )
        )
        return blocks
    blocks.append(
        Formula(
            rf"\log L = {fit}, \quad \log L(t/n) = \sum_k t_k \log \frac{{t_k}}{{n}} = {die}",
            f"log L = {fit}   log L(t/n) = {die}",
        )
    )
    if result.is_maximum_likelihood and result.converged and result.degrees_of_freedom:
        blocks.append(
            Formula(
                rf"G = 2 [\log L - \log L(t/n)] = {g}, \quad df = {df}, \quad p = {in_latex(p)}",
                f"G = {g}   df = {df}   p = {p}   "
                f"AIC = {significant(result.aic, 8)}   BIC = {significant(result.bic, 8)}",
            )
        )
    return blocks


def _optimum(result: Any) -> Paragraph:
    passes = say_count("{count} pass", "{count} passes", result.n_passes)
    if result.existence.direction is not None:
        return Paragraph(_separation(result))
    if result.verdict.code == "existence-undecided":
        return Paragraph(
            say(
                "After {passes} about {gap} nats seem left to gain, if there is a maximum.",
                passes=passes,
                gap=significant(result.gap, 2),
            )
        )
    if not result.converged:
        return Paragraph(
            say(
                "The fit stopped before it was near enough ({reason}), after {passes}; about {gap} nats are left to "
                "gain.",
                reason=REASONS[result.reason],
                passes=passes,
                gap=significant(result.gap, 2),
            )
        )
    if result.gap_is_proved:
        return Paragraph(
            say(
                "There is one maximum, and the fit is within {gap} nats of it: proved, after {passes}.",
                gap=significant(result.gap, 2),
                passes=passes,
            )
        )
    if any(one.kind == "rounding" for one in result.dependent):
        return Paragraph(
            say(
                "The fit is within about {gap} nats of the maximum with the columns that are kept: an estimate, after "
                "{passes}.",
                gap=significant(result.gap, 2),
                passes=passes,
            )
        )
    return Paragraph(
        say(
            "The fit is within about {gap} nats of the maximum: an estimate, after {passes}.",
            gap=significant(result.gap, 2),
            passes=passes,
        )
    )


def _separation(result: Any) -> Message:
    found, names = result.existence, result.classifier.categories.names
    if not result.never_seen and result.separators:
        one = result.separators[0]
        if one.lower_maximum == one.upper_minimum:
            return _touching(one, result)
        return say(
            "“{column}” separates the categories: it is at most {lower_maximum} where “{target}” is {lower}, and at "
            "least {upper_minimum} where it is {upper}.",
            column=result.columns[one.column],
            target=result.classifier.target,
            lower=names[one.lower],
            upper=names[one.upper],
            lower_maximum=significant(one.lower_maximum, 6),
            upper_minimum=significant(one.upper_minimum, 6),
        )
    if result.never_seen:
        return say(
            "{names} never came up: the intercept falls without end, and the probability approaches 0.",
            names=list(result.never_seen),
        )
    certain = say("{number} of {n}", number=str(found.n_separated), n=str(result.n_rows))
    if result.shows_direction:
        return say(
            "A combination of the columns separates the categories; it stands below. Rows that become certain along "
            "it: {certain}.",
            certain=certain,
        )
    return say(
        "A combination of the columns separates the categories. Rows that become certain along it: {certain}.",
        certain=certain,
    )


def _touching(one: Any, result: Any) -> Message:
    """Two categories that meet at one value: an indicator of a level that one of them never has, for example."""
    column, target, value = result.columns[one.column], result.classifier.target, significant(one.lower_maximum, 6)
    names = result.classifier.categories.names
    if one.upper_goes_on:
        return say(
            "Where “{column}” is above {value}, “{target}” is never {name}.",
            column=column,
            value=value,
            target=target,
            name=names[one.lower],
        )
    return say(
        "Where “{column}” is below {value}, “{target}” is never {name}.",
        column=column,
        value=value,
        target=target,
        name=names[one.upper],
    )


def _in_print(coefficient: float, error: float, z: float, p: float) -> list[str]:
    return [significant(coefficient, 6), significant(error), significant(z, 3), p_text(p, _log10_p(z))]


def _log10_p(z: float) -> float:
    return math.nan if math.isnan(z) else log10_chi_square_tail(z**2, 1)


def _coefficients(result: Any) -> Table:
    columns: tuple[Column, ...] = (
        Column("category", say("category"), False),
        Column("column", say("column"), False),
        Column("coefficient", say("coefficient")),
        Column("standard_error", say("std. error")),
        Column("z", verbatim("z")),
        Column("p_value", verbatim("p")),
    )
    if result.standard_errors is None:
        columns = (*columns[:2], Column("coefficient", _shown(result)))
    every = list(_rows(result))
    rows: list[list[Cell]] = [
        [name, column, *_in_print(*numbers)][: len(columns)] for name, column, *numbers in every[:MOST_ROWS]
    ]
    rows = cut(rows, len(every), len(columns))
    names = _DIRECTION_NAMES if result.shows_direction else _NAMES
    return Table(columns, rows, Lazy(lambda: _full(result)), names)


def _shown(result: Any) -> Message:
    """What the numbers are: coefficients, or where there is no maximum the direction in which they grow."""
    return say("direction") if result.shows_direction else say("coefficient")


def _rows(result: Any) -> Iterator[list[Any]]:
    """Category, column, coefficient, standard error, z and p; NaN for what there is not."""
    coefficients = result.direction() if result.shows_direction else result.coefficients()
    errors = result.standard_errors
    for k, name in enumerate(result.classifier.categories.names):
        if name == result.reference:
            continue
        order = [len(result.columns) - 1, *range(len(result.columns) - 1)]  # the intercept first, as in other tools
        for j in order:
            value = float(coefficients[j, k])
            error = math.nan if errors is None else float(errors[j, k])
            z = value / error if error > 0 else math.nan
            p = math.erfc(abs(z) / math.sqrt(2)) if not math.isnan(z) else math.nan
            yield [name, result.columns[j], value, error, z, p]


def _full(result: Any) -> Iterator[list[object]]:
    for name, column, *numbers, p in _rows(result):
        told = numbers[:1] if result.shows_direction else numbers
        cells = ["" if math.isnan(x) else repr(x) for x in told]
        yield [name, column, *cells, *([] if result.shows_direction else [full_p_value(p, _log10_p(numbers[-1]))])]


def _tests(result: Any) -> Table:
    columns = (
        Column("feature", say("feature"), False),
        Column("degrees_of_freedom", verbatim("df")),
        Column("likelihood_ratio", verbatim("G")),
        Column("p_value", verbatim("p")),
        Column("wald", say("Wald")),
        Column("wald_p_value", say("p (Wald)")),
    )
    rows: list[list[Cell]] = []
    for test in result.feature_tests[:MOST_ROWS]:
        ratio = test.likelihood_ratio
        p = p_text(test.p_value, test.log10_p_value) if ratio is not None else "–"
        g = significant(ratio, 5) if ratio is not None else "–"
        rows.append(
            [
                test.name,
                str(test.degrees_of_freedom),
                g,
                p,
                significant(test.wald, 5),
                p_text(test.wald_p_value, test.log10_wald_p_value),
            ]
        )
    return Table(columns, cut(rows, len(result.feature_tests), len(columns), JSON))


def _held_out(found: Any) -> list[Block]:
    columns = (
        Column("what", say("cross-entropy, nats"), False),
        Column("value", say("mean")),
        Column("standard_error", say("std. error")),
    )
    rows: list[list[Cell]] = [
        [label, rounded(losses.value, 5), rounded(losses.standard_error, 2)]
        for label, losses in (
            (say("the model"), found.model),
            (say("the die, without features"), found.die),
            (say("gain of the model"), found.gain),
        )
    ]
    return [
        Paragraph(
            say("{rows}, chosen by seed {seed}:", rows=_counted(found.n_rows, found.n_observations), seed=found.seed)
        ),
        Table(columns, rows),
    ]
