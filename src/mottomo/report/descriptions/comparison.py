"""Comparisons of tallies and tables of two columns, as documents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mottomo.messages import say, verbatim
from mottomo.report.descriptions.common import MOST_ROWS, Lazy, closing, cut, rest_of_columns
from mottomo.report.document import Block, Cell, Column, Document, Formula, Paragraph, Table
from mottomo.report.findings.parts import chi_square_texts, p_formula
from mottomo.report.numbers import percent, rounded, rounded_down, rounded_up, whole

_WIDEST = 8  # groups beside each other; CSV has them all
_WITH_COUNTS = 3  # with more groups a line has no room for counts beside the shares


def describe_comparison(result: Any) -> Document:
    """The shares beside each other, differences of two tallies, the statistics and the p-value."""
    blocks: list[Block] = [_table(result)]
    if result.degrees_of_freedom:
        g, x2 = rounded(result.deviance, 6), rounded(result.pearson, 6)
        latex, text = p_formula(result.p.spoken())
        blocks.append(Formula(rf"G = {g}, X^2 = {x2}, {latex}", f"G = {g}   X^2 = {x2}   {text}"))
        blocks.append(
            Paragraph(
                say(
                    "By chi-square (degrees of freedom: {df}) p would be {deviance} (G) or {pearson} (X^2).",
                    df=result.degrees_of_freedom,
                    **chi_square_texts(result),
                )
            )
        )
    title = say("Independence of two columns") if result.question == "independence" else say("Comparison of tallies")
    return Document(title, (*blocks, *closing(result)))


def _table(result: Any) -> Table:
    tally, differences = result.tally, result.differences
    shown = list(range(min(len(tally.groups), _WIDEST)))
    columns = [Column("category", say("category"), False)]
    columns += [Column(f"share_{index}", verbatim("/".join(tally.groups[index]))) for index in shown]
    if differences is not None:
        columns.append(Column("difference", say("{level} difference", level=percent(differences.level))))
    totals = [max(int(n), 1) for n in tally.n_observations]
    rows: list[list[Cell]] = []
    for index, name in enumerate(tally.categories[:MOST_ROWS]):
        counts = [int(tally.counts[group, index]) for group in shown]
        shares = [rounded(count / totals[group], 3) for count, group in zip(counts, shown, strict=True)]
        cells: list[Cell] = [*shares]
        if len(shown) <= _WITH_COUNTS:
            cells = [f"{whole(count)} ({share})" for count, share in zip(counts, shares, strict=True)]
        if differences is not None:
            lower, upper = float(differences.lower[index]), float(differences.upper[index])
            cells.append(f"{_signed(lower, rounded_down)} … {_signed(upper, rounded_up)}")
        rows.append([name, *cells])
    rows = cut(rows, tally.n_categories, len(columns))
    if len(tally.groups) > len(shown):
        rows.append(rest_of_columns(len(tally.groups) - len(shown), len(columns)))
    names = (*tally.by, "category", "count", "share", "residual")
    if differences is not None:
        names += ("difference", "difference_lower", "difference_upper")
    return Table(tuple(columns), rows, Lazy(lambda: _rows(result)), names)


def _signed(value: float, towards: Any) -> str:
    """A limit rounded outward, also below 0."""
    if value < 0:
        return "-" + (rounded_up if towards is rounded_down else rounded_down)(-value)
    return str(towards(value))


def _rows(result: Any) -> Iterator[list[object]]:
    tally = result.tally
    for group, key in enumerate(tally.groups):
        total = max(int(tally.n_observations[group]), 1)
        for index, name in enumerate(tally.categories):
            count, residual = int(tally.counts[group, index]), float(result.residuals[group, index])
            row: list[object] = [*key, name, count, repr(count / total), "" if math.isnan(residual) else repr(residual)]
            if result.differences is not None:  # the first tally's share less the second's, in the rows of both
                found = result.differences
                row += [repr(float(limits[index])) for limits in (found.estimates, found.lower, found.upper)]
            yield row
