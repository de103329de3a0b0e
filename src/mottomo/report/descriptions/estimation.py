"""Tallies and estimates, as documents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mottomo.messages import Message, say
from mottomo.report.descriptions.common import MOST_ROWS, Lazy, closing, group_columns, shown
from mottomo.report.document import Cell, Column, Document, Formula, Paragraph, Table
from mottomo.report.numbers import full, percent, rounded, rounded_down, rounded_up, whole

_LONGEST_FRACTION = 19


def describe_tally(tally: Any) -> Document:
    """The counts and shares."""
    columns = [*group_columns(tally), Column("category", say("category"), False), Column("count", say("count t"))]
    if not tally.is_grouped:
        columns.append(Column("share", say("share t/n")))
    full_rows = Lazy(
        lambda: ([*key, name, int(t)] for key, one in tally for name, t in zip(one.categories, one.counts, strict=True))
    )
    table = Table(tuple(columns), shown(tally, _tally_cells), full_rows, (*tally.by, "category", "count"))
    return Document(say("Tally"), (table, *closing(tally)))


def _tally_cells(tally: Any, group: int | None, index: int) -> list[Cell]:
    if group is not None:
        return [whole(int(tally.counts[group, index]))]
    n = tally.n_observations
    count = int(tally.counts[index])
    return [whole(count), rounded(count / n) if n else "–"]


def describe_estimate(estimate: Any) -> Document:
    """Probabilities with errors and intervals, log L, and the check of the maximum."""
    tally, intervals = estimate.tally, estimate.intervals
    exact = not tally.is_grouped and _fractions_fit(estimate)
    columns = [*group_columns(tally), Column("category", say("category"), False), Column("count", say("count t"))]
    if exact:
        columns.append(Column("exact", say("t/n")))
    interval = say("{level} interval", level=percent(intervals.level))
    columns += [
        Column("probability", say("probability")),
        Column("standard_error", say("std. error")),
        Column("interval", interval),
    ]

    def cells(tally: Any, group: int | None, index: int) -> list[Cell]:
        at = (index,) if group is None else (group, index)
        limits = f"{rounded_down(float(intervals.lower[at]))} … {rounded_up(float(intervals.upper[at]))}"
        fraction = []
        if exact:
            fraction = [str(estimate.probabilities_exact[index]) if estimate.probabilities_exact else "–"]
        numbers = [rounded(float(estimate.probabilities[at])), rounded(float(estimate.standard_errors[at]))]
        return [whole(int(tally.counts[at])), *fraction, *numbers, limits]

    names = (*tally.by, "category", "count", "probability", "standard_error", "lower", "upper")
    table = Table(tuple(columns), shown(tally, cells), Lazy(lambda: _estimate_rows(estimate)), names)
    blocks = [table, *_estimate_sentences(estimate), *closing(estimate)]
    return Document(say("Maximum likelihood estimate"), tuple(blocks))


def _fractions_fit(estimate: Any) -> bool:
    if estimate.tally.n_categories > MOST_ROWS:
        return False
    return all(len(str(fraction)) <= _LONGEST_FRACTION for fraction in estimate.probabilities_exact)


def _estimate_rows(estimate: Any) -> Iterator[list[object]]:
    tally, intervals = estimate.tally, estimate.intervals
    tables = (tally.counts, estimate.probabilities, estimate.standard_errors, intervals.lower, intervals.upper)
    if tally.n_categories == 0:
        return
    shape = (-1, tally.n_categories)
    for key, *rows in zip(
        tally.groups if tally.is_grouped else ((),), *(table.reshape(shape).tolist() for table in tables), strict=True
    ):
        for name, count, *numbers in zip(tally.categories, *rows, strict=True):
            yield [*key, name, count, *("" if math.isnan(number) else repr(number) for number in numbers)]


def _estimate_sentences(estimate: Any) -> list[Paragraph | Formula]:
    if estimate.tally.is_grouped or estimate.tally.n_observations == 0:
        return []
    n, log_l, nats = estimate.tally.n_observations, float(estimate.log_likelihood), float(estimate.cross_entropy)
    from mottomo.likelihoods import bits, perplexity

    in_bits, size = full(float(bits(nats))), rounded(float(perplexity(nats)), 10)
    maximum = {
        "strict": say("a strict maximum: every category was seen"),
        "boundary": say("a maximum on the boundary: some category was never seen"),
    }[str(estimate.check.maximum)]
    return [
        Formula(rf"\log L = {full(log_l)}", f"log L = {full(log_l)}"),
        Formula(
            rf"-\log L / n = {full(nats)}\ \mathrm{{nats}} = {in_bits}\ \mathrm{{bits}}",
            f"-log L / n = {full(nats)} nats = {in_bits} bits (perplexity {size})",
        ),
        Paragraph(
            say(
                "Check: t/y = {n} for every category that was seen{deviation}; {maximum}.",
                n=whole(n),
                deviation=_deviation(estimate),
                maximum=maximum,
            )
        ),
    ]


def _deviation(estimate: Any) -> Message:
    """How far t/y is from n on the floats as printed: nothing, or what rounding left."""
    counts, n = estimate.tally.counts.tolist(), estimate.tally.n_observations
    ratios = [count / y for count, y in zip(counts, estimate.probabilities.tolist(), strict=True) if count]
    largest = max(abs(ratio - n) for ratio in ratios)
    return say(", exactly") if largest == 0 else say(", within {size}", size=rounded(largest, 2))
