"""What each result says: one file a result, called as the module that defines its type, imported when first shown."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from mottomo.messages import Message
from mottomo.report.provenance import source_of
from mottomo.report.report import Body, Report, Sentence
from mottomo.results import NoWords, Result

R = TypeVar("R", bound=Result)
S = TypeVar("S")
P = TypeVar("P", bound=Result)
Say = Callable[[R], Message]
Says = Callable[[R], Message | Iterable[Message]]


@dataclass(frozen=True)
class Words(Generic[R]):
    """The words of a type of results.

    command : the command that makes them.
    body : title, tables and formulas of one.
    verdicts, remarks : the sentences of its codes; a remark may be several sentences, such as one a column.
    summary : what its ``repr`` says; the first sentence of its verdict unless said.
    """

    command: str
    body: Callable[[R], Body]
    verdicts: Mapping[str, Say[R]]
    remarks: Mapping[str, Says[R]]
    summary: Callable[[R], str] | None = None

    def report(self, result: R, verdict: str, remarks: Iterable[str]) -> Report:
        """The body of a result with the sentences of these codes."""
        notes = []
        for code in remarks:
            words = self.remarks[code](result)
            notes += [Sentence(code, text) for text in ([words] if isinstance(words, Message) else words)]
        said = Sentence(verdict, self.verdicts[verdict](result))
        return Report(self.command, self.body(result), said, tuple(notes), lambda: source_of(result))

    def verdict(self, result: R, code: str) -> Message:
        """The sentence of a verdict by itself."""
        return self.verdicts[code](result)


def worded(codes: object, sentences: Mapping[str, S]) -> Mapping[str, S]:
    """The sentences of the codes of a Literal. Raises LookupError : a code without words, or words without a code."""
    apart = set(get_args(codes)) ^ set(sentences)
    if apart:
        raise LookupError(f"codes without words, or words without a code: {', '.join(sorted(apart))}")
    return sentences


def about(part: Callable[[R], P], sentences: Mapping[str, Says[P]]) -> dict[str, Says[R]]:
    """The sentences about a part of a result, such as its tally, as sentences about the result."""

    def said(say: Says[P]) -> Says[R]:
        return lambda result: say(part(result))

    return {code: said(say) for code, say in sentences.items()}


def report_of(result: Result) -> Report:
    """The report of a result, by the words of its type."""
    return words_of(type(result)).report(result, result.verdict, result.remarks)


def verdict_of(result: Result) -> Message:
    """The sentence of its verdict."""
    return words_of(type(result)).verdict(result, result.verdict)


def words_of(kind: type[Result]) -> Words[Result]:
    """The words of a type: those of the file that is called as the module that defines it, or a type it derives from.

    Raises NoWords : there is no such file.
    """
    for one in kind.__mro__:
        if one.__module__.partition(".")[0] != "mottomo":
            continue
        name = f"{__name__}.{one.__module__.rpartition('.')[2]}"
        try:
            words: Words[Result] = importlib.import_module(name).WORDS
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
        else:
            return words
    raise NoWords(f"no words for {kind.__name__}: no module {__name__}.{kind.__module__.rpartition('.')[2]}")
