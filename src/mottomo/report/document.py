"""What a description is made of: blocks without a format and sentences without a language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mottomo.messages import Message

Cell = str | Message


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is that of the document."""

    text: Message
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or several."""

    text: Message


@dataclass(frozen=True, slots=True)
class Formula:
    """One displayed line of mathematics, in LaTeX and as plain text, with its equation number in the article."""

    latex: str
    text: str
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `key` is its name in CSV, which is the same in every language."""

    key: str
    title: Message
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns; they may be shortened and rounded, `full` has every row unrounded, for CSV."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    full: Iterable[Sequence[object]] = ()
    full_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notes:
    """What else has to be known to read the numbers right."""

    sentences: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one sentence that answers the question."""

    sentence: Message


Block = Heading | Paragraph | Formula | Table | Notes | Verdict


@dataclass(frozen=True, slots=True)
class Document:
    """A title and blocks in the order of reading."""

    title: Message
    blocks: tuple[Block, ...] = field(default_factory=tuple)
