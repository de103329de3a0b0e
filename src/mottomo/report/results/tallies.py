"""What a tally says: counts and shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mottomo.messages import Message, say, say_count, verbatim, visible
from mottomo.report.layout import shortened
from mottomo.report.numbers import whole
from mottomo.report.report import Body, Cells, Column, Table
from mottomo.report.results import Says, Words, worded
from mottomo.report.sentences import categories, groups, observations
from mottomo.tallies import Tally, TallyRemark, TallyVerdict

_MOST_SHOWN = 6
CATEGORY = Column("category", say("category"), "label")
COUNT = Column("count", say("count t"), "count")


def _body(tally: Tally) -> Body:
    columns = [*names(tally), (COUNT, tally.counts.reshape(-1))]
    if not tally.is_grouped:
        columns.append((Column("share", say("share t/n"), "share"), tally.shares))
    table = Table.of(n_rows(tally), *columns)
    return Body(say("Tally"), (table,), table)


def n_rows(tally: Tally) -> int:
    """How many rows a table has with one for each category of each group."""
    return tally.counts.size


def names(tally: Tally) -> list[tuple[Column, Cells]]:
    """The columns that name the rows of such a table: the group, and the category."""
    size = tally.n_categories

    def part(place: int) -> Callable[[int], str]:
        return lambda row: tally.groups[row // size][place]

    keys: list[tuple[Column, Cells]] = [
        (Column(name, verbatim(name), "label"), part(place)) for place, name in enumerate(tally.by)
    ]
    return [*keys, (CATEGORY, lambda row: tally.categories[row % size])]


def _declared(tally: Tally) -> Message:
    parts = {"observations": observations(tally.n_observations), "categories": categories(tally.n_categories)}
    if not tally.unseen:
        return say("{observations} of {categories} declared, each seen at least once.", **parts)
    return say(
        "{observations} of {categories} declared, {unseen} of them never seen.",
        **parts,
        unseen=whole(len(tally.unseen)),
    )


def summary(tally: Tally, values: Sequence[str]) -> str:
    """The first categories with a value each, and n."""
    if tally.is_grouped:
        size, n = whole(tally.n_categories), whole(tally.total_observations)
        return f"{whole(len(tally.groups))} groups of {size} categories; n = {n}"
    shown = [
        f"{shortened(visible(name), 30)}: {value}"
        for name, value in zip(tally.categories[:_MOST_SHOWN], values, strict=False)
    ]
    more = ", …" if tally.n_categories > _MOST_SHOWN else ""
    return f"{', '.join(shown)}{more}; n = {whole(tally.n_observations)}"


REMARKS: Mapping[str, Says[Tally]] = worded(
    TallyRemark,
    {
        "missing-dropped": lambda tally: say_count(
            "{number} missing outcome was left out, as asked.",
            "{number} missing outcomes were left out, as asked.",
            tally.n_missing_dropped,
            number=whole(tally.n_missing_dropped),
        ),
        "look-alike-categories": lambda tally: say(
            "Counted as different categories although they look alike: {names}.",
            names=[repr(name) for name in tally.look_alikes],
        ),
    },
)
WORDS = Words[Tally](
    "tally",
    _body,
    worded(
        TallyVerdict,
        {
            "tallied-declared": _declared,
            "tallied-discovered": lambda tally: say(
                "{observations} of {categories} discovered in the data.",
                observations=observations(tally.n_observations),
                categories=categories(tally.n_categories),
            ),
            "tallied-groups": lambda tally: say(
                "{observations} in {groups}, over {categories}.",
                observations=observations(tally.total_observations),
                groups=groups(len(tally.groups)),
                categories=categories(tally.n_categories),
            ),
            "nothing-tallied": lambda tally: say("No observations yet."),
        },
    ),
    REMARKS,
    lambda tally: summary(tally, [whole(int(count)) for count in tally.counts.reshape(-1)[:_MOST_SHOWN]]),
)
