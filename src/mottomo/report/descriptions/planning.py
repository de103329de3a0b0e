"""Plans, as documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mottomo.messages import say
from mottomo.report.descriptions.common import MOST_ROWS, Lazy, closing, cut
from mottomo.report.document import Block, Cell, Column, Document, Paragraph, Table
from mottomo.report.numbers import rounded, whole


def describe_plan(plan: Any) -> Document:
    """The claim beside the alternative that is planned for, the effect, and the number of observations."""
    blocks: list[Block] = []
    if plan.null is not None and plan.alternative is not None:
        columns = (
            Column("category", say("category"), False),
            Column("null_probability", say("claimed")),
            Column("alternative_probability", say("alternative")),
        )
        pairs = list(zip(plan.null.categories, plan.null.values, plan.alternative.values, strict=True))
        rows: list[list[Cell]] = [[name, rounded(float(p)), rounded(float(q))] for name, p, q in pairs[:MOST_ROWS]]

        def full_rows() -> Iterator[list[object]]:
            for name, p, q in pairs:
                yield [name, repr(float(p)), repr(float(q))]

        names = ("category", "null_probability", "alternative_probability")
        blocks.append(Table(columns, cut(rows, len(pairs), len(columns)), Lazy(full_rows), names))
    if plan.effect_size is not None:
        blocks.append(
            Paragraph(
                say(
                    "Effect size w = {w}; significance {significance}.",
                    w=rounded(plan.effect_size),
                    significance=rounded(plan.significance),
                )
            )
        )
    if plan.exact_power is not None:
        blocks.append(
            Paragraph(
                say(
                    "At n = {n} the exact test has size {size} (how often it rejects a true claim) and power {power}.",
                    n=whole(plan.n_observations),
                    size=rounded(plan.exact_size),
                    power=rounded(plan.exact_power),
                )
            )
        )
    return Document(say("How many observations"), (*blocks, *closing(plan)))
