"""The options that every function on outcomes has, and how an unknown one is answered."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypedDict, TypeVar, cast, get_type_hints

import numpy as np

from mottomo.errors import InvalidCall, InvalidInput, nearest
from mottomo.messages import Message, say, verbatim, written

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


class CountOptions(ReadingOptions, total=False):
    """How outcomes are read and counted.

    column : the column with the outcomes; not needed where there is only one.
    count_column : a column that says how often, for tables of value and count.
    by : name or names of columns, for one tally a group.
    where : of files: an SQL condition; only the rows for which it is true are counted.
    categories : the declared categories (a list, ``range(1, 7)``, ``"1..6"``).
    missing : ``"error"`` refuses missing outcomes and counts them; ``"drop"`` leaves them out and notes how many.
    fingerprint : compute the SHA-256 of files of more than 1 GiB too.
    progress : hears how much of a file is read, in percent.
    label : what messages call the data.
    """

    column: Any
    count_column: Any
    by: Any
    where: str | None
    categories: Any
    missing: Literal["error", "drop"]
    fingerprint: bool
    progress: Any
    label: Any


class ReadOptions(CountOptions, total=False):
    """The same beside claimed probabilities.

    normalise : divide them by their sum, and say so.
    """

    normalise: bool


class DataOptions(ReadOptions, total=False):
    """The options of ``mo.tally``, and of all that count first.

    null : claimed probabilities, which declare the categories too.
    """

    null: Any


def options_of(kind: type[ReadingOptions]) -> tuple[str, ...]:
    """The names of the options."""
    return tuple(get_type_hints(kind))


# What people try, and what it is called here: the first that a function has.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "alpha": ("significance", "level"),
    "confidence": ("level",),
    "confidence_level": ("level",),
    "conf_level": ("level",),
    "probabilities": ("null",),
    "probs": ("null",),
    "p": ("null",),
    "odds": ("null",),
    "expected": ("null",),
    "f_exp": ("null",),
    "statistic": ("ordering",),
    "lambda_": ("ordering",),
    "groups": ("by",),
    "group": ("by",),
    "cv": ("holdout",),
    "groupby": ("by",),
    "values": ("column",),
    "x": ("column",),
    "weights": ("count_column",),
    "counts": ("count_column",),
    "na": ("missing",),
    "dropna": ("missing",),
    "sep": ("delimiter",),
    "format": ("input",),
    "query": ("where",),
    "labels": ("target",),
    "y": ("target",),
    "l2": ("penalty",),
    "test_size": ("holdout",),
    "nobs": ("n",),
    "n_observations": ("n",),
    "effect_size": ("effect",),
    "nsim": ("draws",),
    "n_resamples": ("draws",),
    "random_state": ("seed",),
    "method": ("intervals",),
    "interval": ("intervals",),
    "level": ("significance",),
    "size": ("n",),
    "X": ("features",),
    "predictors": ("features",),
    "covariates": ("features",),
    "C": ("penalty",),
}


_TEXTS = ("where", "encoding", "input", "target", "weights", "reference", "images", "image_features")
_NAMES = ("names", "features", "text", "missing_values")
_FLAGS = ("normalise", "fingerprint")  # besides those that a function has itself
_FUNCTIONS = ("progress", "reads", "picture_reads", "check_names")
_WORDS = {
    "missing": ("error", "drop"),
    "unknown": ("error", "baseline"),
    "model_type": ("softmax", "network"),
}
# What is wrong with a word that one of them does not know, and what it may be.
_OF_WORDS = {
    "missing": (say("there is no such way to treat missing outcomes"), say("error or drop")),
    "unknown": (say("there is no such way to treat texts never seen in training"), say("error or baseline")),
    "model_type": (say("there is no such type of model"), say("softmax or network")),
}


def check_values(
    values: Mapping[str, Any],
    words: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    flags: Collection[str] = (),
) -> None:
    """Refuse options of a wrong type, and words that an option does not know.

    words, flags : options of a function that take certain words alone, and those that are True or False.

    >>> check_values({"missing": "dorp"})
    Traceback (most recent call last):
    ...
    mottomo.errors.InvalidInput: there is no such way to treat missing outcomes
      where:    missing
      expected: error or drop
      got:      dorp
      mend:     did you mean drop?
    """
    for name, value in values.items():
        allowed = words.get(name) or _WORDS.get(name)
        if allowed is not None and not (isinstance(value, str) and value in allowed):
            what, known = _OF_WORDS.get(
                name, (say("an option has no such value"), say("one of {names}", names=allowed))
            )
            raise InvalidInput(
                f"{name}-policy",
                what,
                verbatim(name),
                known if allowed == _WORDS.get(name, allowed) else say("one of {names}", names=allowed),
                verbatim(written(value)),
                nearest(str(value), allowed),
            )
        expected = None if value is None else _type_missed(name, value, flags)
        if expected is not None:
            raise InvalidInput(
                "option-type",
                say("an option is of the wrong type"),
                verbatim(name),
                expected,
                say("{value} of type {type}", value=written(value, repr)[:60], type=type(value).__name__),
            )


def _type_missed(name: str, value: Any, flags: Collection[str]) -> Message | None:
    """What an option should be, if this value is something else."""
    if name in _TEXTS:
        return None if isinstance(value, str) else say("a text")
    if name in _NAMES and not isinstance(value, str | Iterator):
        are_names = isinstance(value, Iterable) and all(isinstance(one, str) for one in value)
        return None if are_names else say("a list of texts, or a text with commas")
    if name in _FLAGS or name in flags:
        return None if isinstance(value, bool | np.bool_) else say("True or False")
    if name in _FUNCTIONS:
        return None if callable(value) else say("a function")
    if name == "means":
        expected = say("a mapping from labels to categories, such as {example}", example="{'odd': '1,3'}")
        return None if isinstance(value, Mapping) else expected
    return None


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
            other = next((one for one in _OTHER_NAMES.get(name, ()) if one in names), None)
            meant = nearest(name, names) if other is None else say("did you mean {name}?", name=other)
            if (function, name) == ("compare", "null"):
                meant = say("mo.test compares with claimed probabilities")
            raise InvalidCall(
                "unknown-option",
                say("there is no such option"),
                verbatim(f"mottomo.{function}"),
                say("one of {names}", names=names),
                verbatim(name),
                meant,
            )


def own_options(function: Callable[..., Any]) -> list[str]:
    """The names of the keyword arguments in the signature of a function; those of ``**options`` are not among them."""
    return [name for name, one in inspect.signature(function).parameters.items() if one.kind is one.KEYWORD_ONLY]


def _words_of(annotation: str) -> tuple[str, ...]:
    """The words of ``Literal["a", "b"]`` as it is written; none for any other annotation.

    >>> _words_of("Literal['error', 'drop']")
    ('error', 'drop')
    """
    is_literal = annotation.startswith("Literal[") and annotation.endswith("]") and "|" not in annotation
    return tuple(ast.literal_eval(f"({annotation[8:-1]},)")) if is_literal else ()


def checked(function: F) -> F:
    """A function that refuses options it does not have, and values they cannot have, before it does anything."""
    parameters = inspect.signature(function).parameters.values()
    names = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD]
    anything = {one.name for one in parameters if one.annotation == "Any"}  # which the function reads itself
    words = {one.name: found for one in parameters if (found := _words_of(str(one.annotation)))}
    flags = {one.name for one in parameters if one.annotation == "bool"}
    options = [str(one.annotation) for one in parameters if one.kind is one.VAR_KEYWORD]
    kinds = {f"Unpack[{kind.__name__}]": kind for kind in (ReadingOptions, CountOptions, ReadOptions, DataOptions)}
    known = [*names, *(name for kind in options for name in options_of(kinds[kind]))]

    @functools.wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        check_options(function.__name__, options, known)
        given = {**dict(zip(names, arguments, strict=False)), **options}
        check_values({name: value for name, value in given.items() if name not in anything}, words, flags)
        return function(*arguments, **options)

    return cast(F, called)
