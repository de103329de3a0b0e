"""The one registry of descriptions: each result type, as a document of headings, tables, notes and a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from mottomo.messages import Message, say, verbatim
from mottomo.report.document import Cell, Column, Document, Formula, Heading, Notes, Paragraph, Table, Verdict
from mottomo.report.findings import worded_finding
from mottomo.report.numbers import full, percent, rounded, rounded_down, rounded_up, whole

_MOST_ROWS = 40  # a longer table is shortened to its first 20 and last 5 rows; CSV and JSON have them all
_FIRST, _LAST = 20, 5
_LONGEST_FRACTION = 19


def describe(result: Any) -> Document:
    """The document of a result, by its type."""
    for kind in type(result).__mro__:
        if kind.__name__ in _DESCRIPTIONS:
            return _DESCRIPTIONS[kind.__name__](result)
    raise TypeError(f"no description of {type(result).__name__}")


def _describe_tally(tally: Any) -> Document:
    columns = [*_group_columns(tally), Column("category", say("category"), False), Column("count", say("count t"))]
    if not tally.is_grouped:
        columns.append(Column("share", say("share t/n")))
    full_rows = _Lazy(
        lambda: ([*key, name, int(t)] for key, one in tally for name, t in zip(one.categories, one.counts, strict=True))
    )
    table = Table(tuple(columns), _shown(tally, _tally_cells), full_rows, (*tally.by, "category", "count"))
    return Document(say("Tally"), (table, *_closing(tally)))


def _tally_cells(tally: Any, group: int | None, index: int) -> list[Cell]:
    if group is not None:
        return [whole(int(tally.counts[group, index]))]
    n = tally.n_observations
    count = int(tally.counts[index])
    return [whole(count), rounded(count / n) if n else "–"]


def _describe_estimate(estimate: Any) -> Document:
    tally, intervals = estimate.tally, estimate.intervals
    exact = not tally.is_grouped and _fractions_fit(estimate)
    columns = [*_group_columns(tally), Column("category", say("category"), False), Column("count", say("count t"))]
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
    table = Table(tuple(columns), _shown(tally, cells), _Lazy(lambda: _estimate_rows(estimate)), names)
    blocks = [table, *_estimate_sentences(estimate), *_closing(estimate)]
    return Document(say("Maximum likelihood estimate"), tuple(blocks))


def _fractions_fit(estimate: Any) -> bool:
    if estimate.tally.n_categories > _MOST_ROWS:
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


def _describe_explanation(explanation: Any) -> Document:
    from mottomo.report.narration import narrated

    blocks: list[Any] = []
    for number, step in enumerate(explanation.steps, start=1):
        told = narrated(step, explanation)
        blocks.append(Heading(say("{number}. {title}", number=number, title=told.title), 2))
        blocks += [Paragraph(sentence) for sentence in told.before]
        blocks += told.tables
        blocks += [Formula(line.latex, line.text, line.number) for line in step.lines]
        blocks += [Paragraph(sentence) for sentence in told.after]
    return Document(say("From outcomes to probabilities, by maximum likelihood"), (*blocks, *_closing(explanation)))


def _closing(result: Any) -> tuple[Notes, Verdict]:
    return Notes(tuple(worded_finding(note) for note in result.notes)), Verdict(worded_finding(result.verdict))


def _group_columns(tally: Any) -> list[Column]:
    return [Column(name, verbatim(name), False) for name in tally.by]


def _shown(tally: Any, cells: Callable[[Any, int | None, int], list[Cell]]) -> list[list[Cell]]:
    """The rows that a person sees: all of a short table, the first and the last of a long one."""
    n_categories = tally.n_categories
    n_rows = (len(tally.groups) if tally.is_grouped else 1) * n_categories
    shortened = n_rows > _MOST_ROWS
    rows: list[list[Cell]] = []
    for row in range(n_rows) if not shortened else [*range(_FIRST), *range(n_rows - _LAST, n_rows)]:
        if shortened and row == n_rows - _LAST:
            rows.append([_more(n_rows - _FIRST - _LAST), *[""] * (len(rows[0]) - 1)])
        group, index = divmod(row, n_categories)
        key: tuple[str, ...] = tally.groups[group] if tally.is_grouped else ()
        rows.append([*key, tally.categories[index], *cells(tally, group if tally.is_grouped else None, index)])
    return rows


def _more(hidden: int) -> Message:
    return say("… {number} more rows; --format csv has them all", number=whole(hidden))


class _Lazy:
    """Rows that are made only when a format wants them, and as often as it does."""

    def __init__(self, make: Callable[[], Iterator[list[object]]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[list[object]]:
        return iter(self._make())


_DESCRIPTIONS: dict[str, Callable[[Any], Document]] = {
    "Tally": _describe_tally,
    "Estimate": _describe_estimate,
    "Explanation": _describe_explanation,
}
