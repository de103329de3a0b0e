"""The options that every function on outcomes has, and how an unknown one is answered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypedDict, TypeVar, cast, get_type_hints

from mottomo.errors import InvalidCall, InvalidInput, nearest
from mottomo.messages import say, verbatim, written

F = TypeVar("F", bound=Callable[..., Any])


class ReadingOptions(TypedDict, total=False):
    """How a file is written: the fields of ``sources.reading.Reading``.

    input : the format of a file or a stream, if its name does not tell.
    encoding, delimiter, names : of text: the encoding if not UTF-8, the separator if neither comma nor tab, the columns
        of a table without a header.
    """

    input: str | None
    encoding: str | None
    delimiter: str | None
    names: Iterable[str] | str | None


class ReadOptions(ReadingOptions, total=False):
    """How outcomes are read and counted.

    column : the column with the outcomes; not needed where there is only one.
    count_column : a column that says how often, for tables of value and count.
    by : name or names of columns, for one tally a group.
    where : of files: an SQL condition; only the rows for which it is true are counted.
    categories : the declared categories (a list, ``range(1, 7)``, ``"1..6"``).
    normalise : divide claimed probabilities by their sum, and say so.
    missing : ``"error"`` refuses missing outcomes and counts them; ``"drop"`` leaves them out and notes how many.
    fingerprint : compute the SHA-256 of files of more than 1 GiB too.
    progress : hears how much of a file is read, in percent. label : what messages call the data.
    """

    column: Any
    count_column: Any
    by: Any
    where: str | None
    categories: Any
    normalise: bool
    missing: Literal["error", "drop"]
    fingerprint: bool
    progress: Any
    label: Any


class DataOptions(ReadOptions, total=False):
    """The options of ``mo.tally``, and of all that count first.

    null : claimed probabilities, which declare the categories too.
    """

    null: Any


def options_of(kind: type[ReadingOptions]) -> tuple[str, ...]:
    """The names of the options."""
    return tuple(get_type_hints(kind))


# What people try, and what it is called here.
_OTHER_NAMES = {
    "alpha": "significance",
    "confidence": "level",
    "confidence_level": "level",
    "conf_level": "level",
    "probabilities": "null",
    "probs": "null",
    "p": "null",
    "odds": "null",
    "expected": "null",
    "f_exp": "null",
    "statistic": "ordering",
    "lambda_": "ordering",
    "groups": "by",
    "group": "by",
    "groupby": "by",
    "values": "column",
    "x": "column",
    "weights": "count_column",
    "counts": "count_column",
    "na": "missing",
    "dropna": "missing",
    "sep": "delimiter",
    "format": "input",
    "query": "where",
    "label": "target",
    "labels": "target",
    "y": "target",
    "l2": "penalty",
    "test_size": "holdout",
    "nobs": "n",
    "n_observations": "n",
    "effect_size": "effect",
    "nsim": "draws",
    "n_resamples": "draws",
    "random_state": "seed",
    "method": "intervals",
    "interval": "intervals",
    "level": "significance",
    "size": "n",
}


_TEXTS = ("where", "encoding", "input", "target", "weights", "reference")
_NAMES = ("names", "features", "text", "missing_values")
_WORDS = {"missing": ("error", "drop"), "unknown": ("error", "baseline")}


def check_values(**values: Any) -> None:
    """Refuse options of a wrong type, and words that an option does not know.

    >>> check_values(missing="dorp")
    Traceback (most recent call last):
    ...
    mottomo.errors.InvalidInput: there is no such way to treat missing outcomes
      where:    missing
      expected: error or drop
      got:      dorp
      mend:     did you mean drop?
    """
    for name, value in values.items():
        if name in _WORDS and value not in _WORDS[name]:
            raise InvalidInput(
                f"{name}-policy",
                say("there is no such way to treat missing outcomes")
                if name == "missing"
                else say("there is no such way to treat texts never seen in training"),
                verbatim(name),
                say("error or drop") if name == "missing" else say("error or baseline"),
                verbatim(written(value)),
                nearest(str(value), _WORDS[name]),
            )
        if value is None or not (name in _TEXTS or name in _NAMES) or isinstance(value, Iterator):
            continue
        is_list = isinstance(value, Iterable) and all(isinstance(one, str) for one in value)
        if not (isinstance(value, str) or (name in _NAMES and is_list)):
            raise InvalidInput(
                "option-type",
                say("an option is of the wrong type"),
                verbatim(name),
                say("a text") if name in _TEXTS else say("a list of texts, or a text with commas"),
                say("{value} of type {type}", value=written(value, repr)[:60], type=type(value).__name__),
            )


def check_options(function: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse an option that a function does not have, with the name of the one that was meant.

    >>> check_options("estimate", {"confidence": 0.9}, ["level", "intervals"])
    Traceback (most recent call last):
    ...
    mottomo.errors.InvalidCall: there is no such option
      where:    mottomo.estimate
      expected: one of level, intervals
      got:      confidence
      mend:     did you mean level?
    """
    names = list(known)
    for name in given:
        if name not in names:
            other = _OTHER_NAMES.get(name)
            meant = say("did you mean {name}?", name=other) if other in names else nearest(name, names)
            raise InvalidCall(
                "unknown-option",
                say("there is no such option"),
                verbatim(f"mottomo.{function}"),
                say("one of {names}", names=names),
                verbatim(name),
                meant,
            )
    check_values(**given)


def answers_wrong_names(function: F) -> F:
    """A function without ``**options`` whose unknown keywords are answered as ``check_options`` does."""
    names = tuple(inspect.signature(function).parameters)

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        check_options(function.__name__, options, names)
        return function(*arguments, **options)

    return cast(F, called)
