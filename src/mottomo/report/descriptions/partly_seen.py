"""Estimates from outcomes seen only in part, as documents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mottomo.messages import say
from mottomo.report.descriptions.common import MOST_ROWS, Lazy, closing, cut, shown
from mottomo.report.document import Block, Cell, Column, Document, Formula, Paragraph, Table
from mottomo.report.numbers import full, percent, rounded, rounded_down, rounded_up, whole

_LONGEST_SET = 10


def describe_partly_seen(result: Any) -> Document:
    """The labels with what they mean, the probabilities, and the check of the maximum."""
    blocks: list[Block] = [_labels(result), _probabilities(result)]
    if result.tally.n_observations:
        log_l = full(result.log_likelihood)
        blocks += [
            Formula(rf"\log L = {log_l}", f"log L = {log_l}"),
            Paragraph(
                say(
                    "Check: the gradient of log L is at most n = {n} everywhere, within {gap}; log L can be higher by "
                    "no more than that.",
                    n=whole(result.tally.n_observations),
                    gap=rounded(float(result.check.gap), 2),
                )
            ),
        ]
    title = say("Maximum likelihood estimate, some outcomes seen only in part")
    return Document(title, (*blocks, *closing(result)))


def _labels(result: Any) -> Table:
    columns = (
        Column("label", say("label"), False),
        Column("means", say("one of"), False),
        Column("count", say("count t")),
        Column("probability", say("probability")),
    )
    rows: list[list[Cell]] = []
    for label in result.labels[:MOST_ROWS]:
        names = [result.categories[index] for index in label.members]
        if len(names) > _LONGEST_SET:
            names = [*names[: _LONGEST_SET - 1], f"… (+{len(names) - _LONGEST_SET + 1})"]
        rows.append([label.name, ", ".join(names), whole(label.count), rounded(label.probability)])
    return Table(columns, cut(rows, len(result.labels), len(columns)))


def _probabilities(result: Any) -> Table:
    intervals = result.intervals
    columns = [
        Column("category", say("category"), False),
        Column("count", say("count t")),
        Column("probability", say("probability")),
        Column("standard_error", say("std. error")),
    ]
    loose = not result.identified.all() and result.tally.n_observations > 0
    if loose:
        columns.append(Column("maxima", say("equally plausible")))
    columns.append(Column("interval", say("{level} interval", level=percent(intervals.level))))

    def cells(_: Any, group: int | None, index: int) -> list[Cell]:
        known, y = bool(result.identified[index]), rounded(float(result.probabilities[index]))
        lowest, highest = rounded(float(result.lower[index])), rounded(float(result.upper[index]))
        limits = f"{rounded_down(float(intervals.lower[index]))} … {rounded_up(float(intervals.upper[index]))}"
        row: list[Cell] = [whole(int(result.counts[index])), y if known or not loose else "?"]
        row.append(rounded(float(result.standard_errors[index])))
        if loose:
            row.append(y if known else f"{lowest} … {highest}")
        return [*row, limits]

    names = (
        "category",
        "count",
        "probability",
        "standard_error",
        "identified",
        "lowest_maximum",
        "highest_maximum",
        "lower",
        "upper",
        "means",
    )
    rows = shown(_Rows(result), cells)
    return Table(tuple(columns), rows, Lazy(lambda: _full_rows(result)), names)


class _Rows:
    """The categories without the labels, as a single tally has them."""

    is_grouped = False

    def __init__(self, result: Any) -> None:
        self.categories, self.n_categories = result.categories, len(result.categories)


def _full_rows(result: Any) -> Iterator[list[object]]:
    columns = (
        result.probabilities,
        result.standard_errors,
        result.lower,
        result.upper,
        result.intervals.lower,
        result.intervals.upper,
    )
    identified, counts = result.identified.tolist(), result.counts.tolist()
    for index, name in enumerate(result.categories):
        numbers = ["" if math.isnan(column[index]) else repr(float(column[index])) for column in columns]
        yield [name, counts[index], *numbers[:2], "true" if identified[index] else "false", *numbers[2:], ""]
    for label in result.labels:  # a label's probability is the sum over what it may stand for
        probability = "" if math.isnan(label.probability) else repr(label.probability)
        means = ",".join(result.categories[index] for index in label.members)
        yield [label.name, label.count, probability, *[""] * 6, means]
