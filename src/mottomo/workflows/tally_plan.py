"""What is to be counted, and how: the options of a function on outcomes as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mottomo.categories import Categories
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, as_message, say
from mottomo.probabilities import Probabilities, are_named, is_fair
from mottomo.results import Provenance, SourceFile
from mottomo.sources.outcomes import column_names
from mottomo.sources.reading import READING_OPTIONS, Reading
from mottomo.workflows.provenance import given


@dataclass(frozen=True)
class TallyPlan:
    """What is to be counted, and how: the options of ``DataOptions``, read once.

    labels : names of outcomes that are seen only in part; they are declared together with the categories.
    label : what messages call a stream, or counts.
    """

    column: Any = None
    count_column: Any = None
    by: Any = None
    where: str | None = None
    categories: Any = None
    null: Any = None
    normalise: bool = False
    missing: str = "error"
    reading: Reading = field(default_factory=Reading)
    fingerprint: bool = False
    progress: Callable[[float], None] | None = None
    labels: tuple[str, ...] = ()
    label: Message | str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], **more: Any) -> TallyPlan:
        """From the options of a function."""
        rest = {name: value for name, value in options.items() if name not in READING_OPTIONS}
        return cls(**rest, reading=Reading.of(options), **more)

    @cached_property
    def _claim(self) -> tuple[Any, SourceFile | None]:
        """The claimed probabilities as given, and their file: read once, however many tallies are compared."""
        if self.null is None:
            return "fair", None
        from mottomo.sources.probability_file import claim_of

        return claim_of(self.null)

    @property
    def odds(self) -> Any:
        """The claimed probabilities as given, or as their file says."""
        return self._claim[0]

    def provenance(self, *files: SourceFile, origin: str | None = None, library: str | None = None) -> Provenance:
        """Where a result comes from that was counted like this."""
        return self.added_to(Provenance(files, () if origin is None else (origin,), library=library))

    def added_to(self, found: Provenance) -> Provenance:
        """The same with the options, and with the file of the claim."""
        claims = () if self._claim[1] is None else (self._claim[1],)
        return replace(found, sources=(*found.sources, *claims)).with_settings(self.settings)

    @property
    def called(self) -> Message | None:
        """What messages call the data, where that is said."""
        return as_message(self.label)

    @property
    def is_fair(self) -> bool:
        """Whether nothing is claimed, or that all categories are equally probable."""
        return is_fair(self.odds)

    def null_over(self, categories: Any) -> Probabilities:
        """The claimed probabilities over some categories; fair where nothing is claimed."""
        return Probabilities.of(self.odds, categories, normalise=self.normalise)

    @cached_property
    def declared(self) -> Categories | None:
        """The categories that the options or the claim declare; None if the data are to show them."""
        categories = None if self.categories is None else Categories.of(self.categories)
        if categories is not None and self.labels:
            twice = next((label for label in self.labels if label in categories), None)
            if twice is not None:
                raise InvalidCall(
                    "means-category", say("--means: the label {label} is one of the categories", label=twice)
                )
            return Categories.of([*categories, *self.labels])
        return categories if self.null is None or self.is_fair else Categories.of(self.null_over(categories))

    @property
    def has_numbers_alone(self) -> bool:
        """Whether the categories are declared only by a list of probabilities, which numbers them."""
        return self.categories is None and not self.is_fair and not are_named(self.odds)

    def follows(self, own: Categories) -> bool:
        """Whether a list of probabilities is in the order of the declared categories of a tally, and not by number."""
        numbers = set() if self.declared is None else set(self.declared.names)
        return self.has_numbers_alone and own.declared and not set(own.names) <= numbers

    @contextmanager
    def explaining_positions(self) -> Iterator[None]:
        """An outcome that is no number may be right, and its probability without a name."""
        try:
            yield
        except InvalidInput as error:
            is_number = error.got is not None and str(error.got).isdecimal()
            if error.code != "unknown-category" or is_number or not self.has_numbers_alone:
                raise
            raise InvalidInput(
                "positions-of-discovered",
                say("a list of probabilities is for outcomes 1, 2, 3, …, and this outcome is no number"),
                error.where or say("probabilities"),
                say("a probability by name, or declared categories"),
                error.got,
                say("name them: --null cat=0.3,dog=0.7 (in Python: null={{'cat': 0.3, 'dog': 0.7}})"),
            ) from None

    @property
    def settings(self) -> dict[str, str]:
        """The options that were given, as text, for where a result comes from."""
        return given(
            column=self.column,
            count_column=self.count_column,
            by=column_names(self.by) or None,
            where=self.where,
            categories=None if self.categories is None else Categories.of(self.categories).names,
            null=self.null,
            normalise=self.normalise or None,
            missing=None if self.missing == "error" else self.missing,
            input=self.reading.kind,
            **self.reading.settings,
        )
