"""What can go wrong, as values: a stable code and five parts, worded in a language only when shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mottomo.messages import Message, say

_PARTS = ("where", "expected", "got", "mend")


class MottomoError(Exception):
    """An error that says what, where, what was expected, what came, and how to mend it.

    Parameters
    ----------
    code : a stable, hyphenated identifier for programs (``probabilities-sum``).
    what, where, expected, got, mend : messages; all but `what` may be left out.

    All fields stand in ``args``, so the error survives pickling from a worker process.

    >>> from mottomo.messages import say
    >>> print(InvalidInput("probabilities-sum", say("probabilities do not sum to 1"), got=say("0.93")))
    probabilities do not sum to 1
      got:      0.93
    """

    def __init__(
        self,
        code: str,
        what: Message,
        where: Message | None = None,
        expected: Message | None = None,
        got: Message | None = None,
        mend: Message | None = None,
    ) -> None:
        super().__init__(code, what, where, expected, got, mend)
        self.code = code
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.mend = mend

    def parts(self) -> dict[str, Message]:
        """The parts beside `what` that were given, by name, in the order in which they are shown."""
        return {name: part for name in _PARTS if (part := getattr(self, name)) is not None}

    def worded(self, translate: Callable[[Message], str], labels: dict[str, str] | None = None) -> str:
        """The error as lines of text: `what`, then each part after its label."""
        labels = labels or {}
        lines = [self.what.worded(translate)]
        for name, part in self.parts().items():
            lines.append(f"  {labels.get(name, f'{name}:'.ljust(9))} {part.worded(translate)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.worded(Message.english_template)


class InvalidInput(MottomoError, ValueError):
    """What was handed over breaks the contract: a negative count, probabilities that do not sum to 1."""


class InvalidCall(InvalidInput):
    """Options that do not go together, or one that a function does not have: wrong usage, whatever the data are."""


class SourceError(MottomoError):
    """A file or stream cannot be read as what it claims to be: missing, another encoding, a ragged row."""


class MissingExtra(MottomoError, ImportError):
    """A part of mottomo was asked for whose libraries are not installed."""


def nearest(name: str, known: Iterable[str]) -> Message | None:
    """“did you mean …?” for a name that is not known, or nothing where none is near."""
    import difflib  # only on the way to an error

    known = list(known)
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not matches:
        folded = {other.casefold(): other for other in known}
        matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
        matches = [folded[match] for match in matches]
    return say("did you mean {name}?", name=matches[0]) if matches else None


class NoMaximum(UserWarning):
    """The likelihood has no maximum: the coefficients are the last ones of a walk that never ends."""


class NotConverged(UserWarning):
    """A fit stopped before it was near enough to the optimum; its coefficients are the best found."""


class NotDetermined(UserWarning):
    """Some columns are constant or combinations of others: their coefficients are not determined, and given as 0."""
