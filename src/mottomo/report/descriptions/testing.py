"""Tests of one tally or of many groups, as documents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mottomo.messages import say, verbatim
from mottomo.report.descriptions.common import Lazy, closing, cut, shown
from mottomo.report.document import Block, Cell, Column, Document, Formula, Paragraph, Table
from mottomo.report.findings.parts import chi_square_texts, p_formula, p_text
from mottomo.report.numbers import full, full_p_value, power_of_ten, rounded, whole

_MOST_GROUPS = 20


def describe_test(result: Any) -> Document:
    """Observed beside expected with residuals, the statistics, and what the p-value means."""
    tally, n = result.tally, result.tally.n_observations
    columns = (
        Column("category", say("category"), False),
        Column("count", say("count t")),
        Column("expected", say("expected")),
        Column("share", say("share t/n")),
        Column("null_probability", say("claimed")),
        Column("residual", say("residual")),
        Column("adjusted_p_value", say("adj. p")),
    )

    def cells(tally: Any, group: int | None, index: int) -> list[Cell]:
        count, p = int(tally.counts[index]), float(result.null.values[index])
        return [
            whole(count),
            rounded(n * p, 6),
            rounded(count / n) if n else "–",
            rounded(p),
            rounded(float(result.residuals.standardized[index]), 3),
            p_text(float(result.residuals.adjusted[index]), float(result.residuals.log10_adjusted[index])),
        ]

    names = ("category", "count", "expected", "null_probability", "residual", "p_value", "adjusted_p_value")
    table = Table(columns, shown(tally, cells), Lazy(lambda: _rows(result)), names)
    return Document(say("Goodness of fit"), (table, *_statistics(result), *closing(result)))


def _rows(result: Any) -> Iterator[list[object]]:
    n = result.tally.n_observations
    residuals = result.residuals
    for index, name in enumerate(result.tally.categories):
        numbers = (
            n * float(result.null.values[index]),
            float(result.null.values[index]),
            float(residuals.standardized[index]),
        )
        yield [
            name,
            int(result.tally.counts[index]),
            *("" if math.isnan(x) else repr(x) for x in numbers),
            full_p_value(float(residuals.p_values[index]), float(residuals.log10_p_values[index])),
            full_p_value(float(residuals.adjusted[index]), float(residuals.log10_adjusted[index])),
        ]


def _statistics(result: Any) -> list[Block]:
    if result.tally.n_observations == 0:
        return []
    g, x2, df = rounded(result.deviance, 6), rounded(result.pearson, 6), result.degrees_of_freedom
    latex, text = p_formula(result.p.spoken())
    blocks: list[Block] = [
        Formula(
            rf"G = 2 [\log L(t/n) - \log L(y^0)] = {full(result.deviance)}, X^2 = {x2}, {latex}",
            f"G = {g}   X^2 = {x2}   {text}",
        ),
        Paragraph(
            say(
                "By chi-square (degrees of freedom: {df}) p would be {deviance} (G) or {pearson} (X^2).",
                df=df,
                **chi_square_texts(result),
            )
        ),
        Paragraph(
            say(
                "Effect size w = {w}; KL(t/n, claim) = {kl} nats; Bayes factor against the claim (uniform prior) "
                "{factor}.",
                w=rounded(result.effect_size),
                kl=rounded(result.kl_divergence),
                factor=_factor(result.log_bayes_factor),
            )
        ),
    ]
    return blocks


def _factor(log: float) -> str:
    if abs(log) < 600:
        return f"{math.exp(log):.3g}"
    return "∞" if log == math.inf else power_of_ten(log / math.log(10), 1)


def describe_group_tests(result: Any) -> Document:
    """The groups by evidence, the strongest first."""
    tally = result.tally
    columns = (
        *(Column(name, verbatim(name), False) for name in tally.by),
        Column("n", verbatim("n")),
        Column("deviance", verbatim("G")),
        Column("p_value", verbatim("p")),
        Column("benjamini_hochberg", verbatim("BH")),
        Column("holm", verbatim("Holm")),
    )
    order = result.order.tolist()
    rows: list[list[Cell]] = [
        [
            *tally.groups[index],
            whole(int(tally.n_observations[index])),
            rounded(float(result.deviance[index])),
            *_group_p_values(result, index),
        ]
        for index in order[:_MOST_GROUPS]
    ]
    rows = cut(rows, len(order), len(columns))
    names = (*tally.by, "n", "deviance", "pearson", "p_value", "benjamini_hochberg", "holm", "bounded", "method")
    table = Table(columns, rows, Lazy(lambda: _group_rows(result)), names)
    return Document(say("Goodness of fit, group by group"), (table, *closing(result)))


def _group_p_values(result: Any, index: int) -> list[str]:
    """p and both adjusted ones; beside a bound, with which they are adjusted together, these are bounds too."""
    signs = ["≤ " * bool(result.bounded[index]), *["≤ " * bool(result.bounded.any())] * 2]
    return [
        sign + p_text(float(values[index]), float(logarithms[index]))
        for sign, (values, logarithms) in zip(signs, _columns_of_p(result), strict=True)
    ]


def _columns_of_p(result: Any) -> tuple[tuple[Any, Any], ...]:
    return (
        (result.p_values, result.log10_p_values),
        (result.benjamini_hochberg, result.log10_benjamini_hochberg),
        (result.holm, result.log10_holm),
    )


def _group_rows(result: Any) -> Iterator[list[object]]:
    pairs = _columns_of_p(result)
    for index in result.order.tolist():
        values = [repr(float(column[index])) for column in (result.deviance, result.pearson)]
        values += [full_p_value(float(p[index]), float(logarithms[index])) for p, logarithms in pairs]
        yield [
            *result.tally.groups[index],
            int(result.tally.n_observations[index]),
            *values,
            str(bool(result.bounded[index])).lower(),
            str(result.methods[index]),
        ]
