"""The order of outcomes, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mottomo.messages import say
from mottomo.report.descriptions.common import Lazy, closing
from mottomo.report.document import Block, Cell, Column, Document, Paragraph, Table
from mottomo.report.findings.parts import p_text
from mottomo.report.numbers import full_p_value, rounded, whole


def describe_exchangeability(result: Any) -> Document:
    """Both deviances with their p-values, and how often an outcome repeated."""
    blocks: list[Block] = [_table(result)]
    if result.dependence is not None:
        blocks.append(_repeats(result))
    return Document(say("The order of the outcomes"), (*blocks, *closing(result)))


def _table(result: Any) -> Table:
    columns = (
        Column("way", say("by its order"), False),
        Column("deviance", say("deviance G")),
        Column("degrees_of_freedom", say("df")),
        Column("p_value", say("p")),
        Column("adjusted_p_value", say("adj. p")),
    )
    ways = (
        (say("dependence on the outcome before"), result.dependence),
        (say("drift between {number} blocks", number=whole(result.n_blocks)), result.drift),
    )
    rows: list[list[Cell]] = [
        [
            name,
            rounded(way.deviance),
            whole(way.degrees_of_freedom),
            p_text(way.p.value, way.p.log10),
            p_text(way.adjusted, way.log10_adjusted),
        ]
        for name, way in ways
        if way is not None
    ]
    return Table(columns, rows, Lazy(lambda: _full_rows(result)), tuple(column.key for column in columns))


def _full_rows(result: Any) -> Iterator[list[object]]:
    for name, way in (("dependence", result.dependence), ("drift", result.drift)):
        if way is not None:
            p_values = (full_p_value(way.p.value, way.p.log10), full_p_value(way.adjusted, way.log10_adjusted))
            yield [name, repr(way.deviance), way.degrees_of_freedom, *p_values]


def _repeats(result: Any) -> Paragraph:
    return Paragraph(
        say(
            "An outcome equals the one before {repeats} times; in a random order it would {expected} times on average.",
            repeats=whole(result.repeats),
            expected=rounded(result.expected_repeats),
        )
    )
