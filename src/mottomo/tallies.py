"""The Tally: how often each category was seen, the sufficient statistic that merges.

Tallies form a commutative monoid: ``Tally.empty()``, and ``+``. Counts are exact integers of any size, so the sum is
the same bit for bit whatever the chunking and the order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mottomo._arrays import INT64_MAX, as_counts, exact_counts, labelled, row_totals
from mottomo._crosstabs import Crosstab
from mottomo.categories import Categories, category_name, look_alikes, natural_key, unknown_category
from mottomo.errors import InvalidInput, nearest
from mottomo.messages import Message, say, say_count, verbatim, written
from mottomo.results import Provenance, ResultWithNames

GroupKey = tuple[str, ...]
TallyVerdict = Literal["tallied-declared", "tallied-discovered", "tallied-groups", "nothing-tallied"]
TallyRemark = Literal["missing-dropped", "look-alike-categories"]


@dataclass(frozen=True, eq=False)
class Tally(ResultWithNames):
    """How often each category was seen: one row of counts, or one row a group.

    Attributes
    ----------
    categories : Categories, K names.
    counts : (K,) or, with groups, (G, K) read-only integers: int64, or Python integers if the total exceeds int64.
    by : names of the grouping columns, empty for a single tally.
    groups : G keys, each a tuple of texts, one for each name in `by`.
    n_missing_dropped : how many missing outcomes were left out, because that was asked for.

    Two tallies are equal when they have the same counts by name, whatever the order of their categories.

    >>> Tally.from_counts([2, 5, 2, 4, 2, 5]).n_observations
    20
    >>> (Tally.from_counts({"a": 1, "b": 2}) + Tally.from_counts({"a": 10**30, "b": 0})).count("a") == 10**30 + 1
    True
    """

    categories: Categories
    counts: np.ndarray
    by: tuple[str, ...] = ()
    groups: tuple[GroupKey, ...] = ()
    n_missing_dropped: int = 0

    @classmethod
    def from_counts(cls, counts: Any, categories: Any = None) -> Tally:
        """A tally from counts: a sequence (categories "1" .. "K" unless given), a mapping or a labelled Series.

        The categories are declared. Each row of a two-dimensional array is a group, numbered "1" .. "G". Each row of
        a data frame such as a crosstab is a group too: its columns name the categories, and its index, if it has
        names, the groups.
        """
        crosstab = Crosstab.of(counts)
        if crosstab is not None:
            return cls._of_crosstab(crosstab, None if categories is None else Categories.of(categories))
        by_name = labelled(counts)
        if by_name is not None:
            named = Categories.of([category_name(key) for key in by_name])
            tally = cls(named, _one_row(as_counts(list(by_name.values()))))
            return tally if categories is None else tally.reordered(Categories.of(categories))
        _refuse_text(counts)
        checked = as_counts(list(counts) if isinstance(counts, Iterator) else counts)
        names = Categories.numbered(checked.shape[-1]) if categories is None else Categories.of(categories)
        if len(names) != checked.shape[-1]:
            raise InvalidInput(
                "counts-length",
                say("there is not one count for each category"),
                say("counts"),
                say_count("{count} count", "{count} counts", len(names)),
                say_count("{count} count", "{count} counts", checked.shape[-1]),
            )
        if checked.ndim == 1:
            return cls(names, checked)
        if checked.ndim > 2:
            raise _too_many_dimensions(checked, say("one row of counts, or one row for each group"))
        return cls(names, checked, ("tally",), _numbered(len(checked)))

    @classmethod
    def _of_crosstab(cls, table: Crosstab, declared: Categories | None) -> Tally:
        """Each row is a group. Categories are matched by name if the columns have names, else by position."""
        checked = as_counts(table.counts)
        named = table.columns is not None
        own = Categories.of(table.columns) if named else Categories.numbered(checked.shape[-1])
        groups = _numbered(len(checked))
        if table.rows is not None:
            groups = tuple(tuple(category_name(part) for part in key) for key in table.rows)
            if len(set(groups)) < len(groups):
                raise InvalidInput(
                    "duplicate-group",
                    say("two rows are the same group"),
                    say("data frame"),
                    say("each group once"),
                    say("{key}", key=list(next(key for row, key in enumerate(groups) if key in groups[:row]))),
                    say("add up what belongs together first, for example with groupby(level=0).sum()"),
                )
        if declared is not None and not named and len(declared) == checked.shape[-1]:
            own = declared
        tally = cls(own, checked, table.by, groups)
        return tally if declared is None else tally.reordered(declared)

    @classmethod
    def empty(cls, categories: Any = None) -> Tally:
        """The tally of no outcomes: the neutral element of merging."""
        if categories is None:
            return cls(Categories((), declared=False), exact_counts(np.zeros(0, dtype=np.int64)))
        declared = Categories.of(categories)
        return cls(declared, exact_counts(np.zeros(len(declared), dtype=np.int64)))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Copies and unpickled tallies have read-only counts too."""
        self.__dict__.update(state)
        self.counts.setflags(write=False)

    @property
    def provenance(self) -> Provenance:
        """Where it comes from; what does not say it was given as counts."""
        found = super().provenance
        return replace(found, origins=("counts",)) if not found.data and self.counts.any() else found

    @property
    def is_grouped(self) -> bool:
        """Whether there is one row of counts for each group, instead of a single row."""
        return self.counts.ndim == 2

    @property
    def n_categories(self) -> int:
        """K, declared categories that were never seen included."""
        return len(self.categories)

    @cached_property
    def n_observations(self) -> Any:
        """n: an integer for a single tally, (G,) integers with groups."""
        return row_totals(self.counts)

    @property
    def total_observations(self) -> int:
        """All observations, summed over the groups where there are any."""
        return int(np.asarray(self.n_observations, dtype=object).sum())

    def count(self, category: Any) -> int:
        """The count of one category of a single tally, by name."""
        name = category_name(category)
        if name not in self.categories.names:
            raise unknown_category(name, self.categories)
        return int(self.counts[self.categories.names.index(name)])

    def group(self, *key: Any) -> Tally:
        """The single tally of one group."""
        wanted = tuple(category_name(part) for part in key)
        if wanted not in self._row_of_group:
            names = ["/".join(one) for one in self.groups]
            raise InvalidInput(
                "unknown-group",
                say("there is no such group"),
                None,
                say("one of {names}", names=names if len(names) <= 10 else [*names[:10], "…"]),
                say("{key}", key=list(wanted)),
                nearest("/".join(wanted), names),
            )
        return self._single(self._row_of_group[wanted])

    def __iter__(self) -> Iterator[tuple[GroupKey, Tally]]:
        """Pairs of group key and single tally; a tally without groups has the one key ()."""
        if not self.is_grouped:
            yield (), self
            return
        for row, key in enumerate(self.groups):
            yield key, self._single(row)

    @cached_property
    def _row_of_group(self) -> dict[GroupKey, int]:
        return {key: row for row, key in enumerate(self.groups)}

    def _single(self, row: int) -> Tally:
        one = self._coming_from(Tally(self.categories, exact_counts(self.counts[row])))
        group = "/".join(map(str, self.groups[row]))
        return one.with_provenance(one.provenance.with_settings({"group": group}))

    def reordered(self, categories: Categories) -> Tally:
        """The same counts over `categories`, matched by name.

        A category that the tally does not have is counted 0; a category of the tally that is missing from
        `categories` is refused.
        """
        if categories.names == self.categories.names:
            return self if categories == self.categories else self._with(categories, self.counts)
        position = {name: index for index, name in enumerate(categories.names)}
        counts = np.zeros((*self.counts.shape[:-1], len(categories)), dtype=self.counts.dtype)
        if len(self.categories):
            for name in self.categories.names:
                if name not in position:
                    raise unknown_category(name, categories)
            counts[..., [position[name] for name in self.categories.names]] = self.counts
        return self._with(categories, exact_counts(counts))

    def _with(self, categories: Categories, counts: np.ndarray) -> Tally:
        return self._coming_from(Tally(categories, counts, self.by, self.groups, self.n_missing_dropped))

    def _coming_from(self, made: Tally, *others: Tally) -> Tally:
        """A tally made of this one and of others, with the sources of all."""
        found = self.provenance
        for other in others:
            found = found.merged(other.provenance)
        return made if found == Provenance() else made.with_provenance(found)

    def merge(self, other: Tally) -> Tally:
        """The sum of both tallies: counts are added by category, and by group if there are groups.

        Associative and commutative, bit for bit; ``Tally.empty()`` changes nothing.
        """
        if not isinstance(other, Tally):
            return NotImplemented
        if self._is_neutral or other._is_neutral:
            kept, dropped = (other, self) if self._is_neutral else (self, other)
            return self._coming_from(kept._dropping(kept.n_missing_dropped + dropped.n_missing_dropped), other)
        if self.by != other.by:
            raise InvalidInput(
                "groups-differ",
                say("the tallies are grouped differently"),
                None,
                say("groups by {names}", names=list(self.by) or "-"),
                say("groups by {names}", names=list(other.by) or "-"),
            )
        categories = self.categories.merge(other.categories)
        left, right = self.reordered(categories), other.reordered(categories)
        missing = self.n_missing_dropped + other.n_missing_dropped
        if not self.is_grouped:
            made = Tally(categories, _added(left.counts, right.counts), n_missing_dropped=missing)
            return self._coming_from(made, other)
        groups = tuple(sorted({*self.groups, *other.groups}, key=group_order))
        row_of = {key: row for row, key in enumerate(groups)}
        sums = [np.zeros((len(groups), len(categories)), dtype=part.counts.dtype) for part in (left, right)]
        for rows, part in zip(sums, (left, right), strict=True):
            rows[[row_of[key] for key in part.groups]] = part.counts
        return self._coming_from(Tally(categories, _added(*sums), self.by, groups, missing), other)

    __add__ = merge

    def __radd__(self, other: object) -> Tally:
        """``sum(tallies)`` starts from 0, which changes nothing; any other number is refused."""
        return self if isinstance(other, int) and not isinstance(other, bool) and other == 0 else NotImplemented

    @property
    def _is_neutral(self) -> bool:
        return not self.is_grouped and len(self.categories) == 0

    def _dropping(self, n_missing: int) -> Tally:
        return Tally(self.categories, self.counts, self.by, self.groups, n_missing)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self.sha256)

    def _content(self) -> dict[str, Any]:
        """What two equal tallies have in common: categories and groups are sorted, so their order does not count."""
        order = sorted(range(self.n_categories), key=lambda index: self.categories.names[index])
        names = [self.categories.names[index] for index in order]
        rows = self.counts.reshape(-1, self.n_categories)[:, order].tolist() if self.n_categories else None
        keys = self.groups if self.is_grouped else ((),)
        pairs = sorted(zip(keys, rows if rows is not None else [[]] * len(keys), strict=True))
        return {
            "by": list(self.by),
            "declared": self.categories.declared,
            "groups": [[list(key), [list(pair) for pair in zip(names, row, strict=True)]] for key, row in pairs],
        }

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the tally as JSON; it does not depend on the order of categories and groups.

        The JSON is ``{"by":[names],"declared":true,"groups":[[group key,[[category,count],...]],...]}``, groups and
        categories sorted, in UTF-8, without spaces; a tally without groups has the one key ``[]``.
        """
        text = json.dumps(self._content(), ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The tally for JSON: what ``counts_dict`` gives. A tally without groups has its shares too."""
        return self.counts_dict() if self.is_grouped else {**self.counts_dict(), "shares": self.shares_list()}

    def shares_list(self) -> list[float | None]:
        """t / n of a single tally for JSON; None where n = 0."""
        return self.shares.tolist() if self.n_observations else [None] * self.n_categories

    def counts_dict(self) -> dict[str, Any]:
        """What results have of their tally: n, categories, counts; of groups the counts of each in ``groups``."""
        shared = {"categories": list(self.categories), "declared": self.categories.declared}
        if not self.is_grouped:
            return {"n_observations": self.n_observations, **shared, "counts": self.counts.tolist()}
        totals = self.n_observations.tolist()
        rows = self.counts.tolist()
        return {
            "n_observations": self.total_observations,
            **shared,
            "by": list(self.by),
            "groups": [
                {"by": dict(zip(self.by, key, strict=True)), "n_observations": n, "counts": row}
                for key, n, row in zip(self.groups, totals, rows, strict=True)
            ],
        }

    @property
    def verdict(self) -> TallyVerdict:
        """The code of what was tallied: groups, nothing, or outcomes of declared or discovered categories."""
        if self.is_grouped:
            return "tallied-groups"
        if self.total_observations == 0:
            return "nothing-tallied"
        return "tallied-declared" if self.categories.declared else "tallied-discovered"

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The categories that were never seen, in any group."""
        if self.n_categories == 0:
            return ()
        seen = np.any(self.counts.reshape(-1, self.n_categories) > 0, axis=0)
        return tuple(name for name, was_seen in zip(self.categories, seen.tolist(), strict=True) if not was_seen)

    @cached_property
    def look_alikes(self) -> tuple[str, ...]:
        """Two different categories whose names look alike, such as ``win`` and ``WIN ``; empty if there are none."""
        return tuple(look_alikes(self.categories.names))

    @property
    def shares(self) -> np.ndarray:
        """t / n, shaped as the counts; NaN where n = 0."""
        return shares_of(self.counts, np.asarray(self.n_observations, dtype=self.counts.dtype)[..., None])

    @property
    def remarks(self) -> tuple[TallyRemark, ...]:
        """The codes of what to know of the counts: missing outcomes dropped, names that look alike."""
        found: list[TallyRemark] = []
        if self.n_missing_dropped:
            found.append("missing-dropped")
        if self.look_alikes:
            found.append("look-alike-categories")
        return tuple(found)


def shares_of(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """counts / totals, float64, each rounded only once even beyond 2**53; NaN where the total is 0."""
    if counts.dtype == np.int64 and (totals.size == 0 or int(totals.max()) <= 2**53):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(counts / totals)
    share = np.frompyfunc(lambda t, n: int(t) / int(n) if n else np.nan, 2, 1)
    return np.asarray(share(counts, totals)).astype(np.float64)


def check_tally(tally: Any) -> None:
    """Refuse anything that is no Tally; the error says how to make one."""
    if not isinstance(tally, Tally):
        raise InvalidInput(
            "not-a-tally",
            say("this is no tally"),
            say("tally"),
            say("a Tally"),
            say("{value} of type {type}", value=written(tally, repr)[:60], type=type(tally).__name__),
            say("counts become one with Tally.from_counts(...), outcomes with mottomo.tally(...)"),
        )


def check_single(tally: Any) -> None:
    """Refuse anything that is no Tally, and one with groups."""
    check_tally(tally)
    if tally.is_grouped:
        raise InvalidInput(
            "grouped-tally",
            say("this tally has groups"),
            say("tally"),
            say("a single tally"),
            say_count("{count} group", "{count} groups", len(tally.groups)),
            say("take one of them with tally.group(...)"),
        )


def _numbered(n_groups: int) -> tuple[GroupKey, ...]:
    return tuple((str(row),) for row in range(1, n_groups + 1))


def _one_row(counts: np.ndarray) -> np.ndarray:
    if counts.ndim > 1:
        raise _too_many_dimensions(counts, say("one count for each category"))
    return counts


def _too_many_dimensions(counts: np.ndarray, expected: Message) -> InvalidInput:
    return InvalidInput(
        "counts-shape",
        say("counts have too many dimensions"),
        say("counts"),
        expected,
        say("an array of shape {shape}", shape=str(counts.shape)),
    )


def _refuse_text(counts: Any) -> None:
    if isinstance(counts, str | bytes):
        raise InvalidInput(
            "counts-type",
            say("counts are not numbers"),
            say("counts"),
            say("whole numbers: how often each category was seen"),
            verbatim(written(counts, repr)),
            say("give a list such as [2, 5, 2, 4, 2, 5]"),
        )


def _added(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    fits = all(
        part.dtype == np.int64 and (part.size == 0 or int(part.max()) <= INT64_MAX // 2) for part in (left, right)
    )
    return exact_counts(left + right if fits else left.astype(object) + right.astype(object))


def group_order(key: GroupKey) -> tuple[tuple[int, int, str], ...]:
    """The sort key of a group: each part in natural order."""
    return tuple(natural_key(part) for part in key)
