"""Read what scikit-learn's conventions allow as input: features, labels and weights of any library."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from mottomo._arrays import family, is_missing, unmasked
from mottomo.errors import InvalidInput, MottomoError
from mottomo.messages import Message, say, verbatim

_RESHAPE = say("Reshape your data: X.reshape(-1, 1) is one feature, X.reshape(1, -1) is one row")


class WrongType(InvalidInput, TypeError):
    """Invalid input for which scikit-learn's conventions require a TypeError."""


def as_scikit_learn_says(check: Callable[[], Any], name: str, expected: Message) -> Any:
    """The result of a scikit-learn check of the argument `name`.

    Raises InvalidInput where the check raises, with the text of that error as `got`.
    """
    try:
        return check()
    except MottomoError:
        raise
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, NotImplementedError) as error:
        kind = WrongType if isinstance(error, TypeError) else InvalidInput
        raise kind(
            "not-usable",
            say("{name} cannot be used", name=name),
            verbatim(name),
            expected,
            verbatim(str(error).split("\n")[0]),
            _RESHAPE if "Reshape your data" in str(error) else None,
        ) from error


def refuse_masked(values: Any, name: str) -> Any:
    """Values without a mask. Raises InvalidInput if anything is masked: the number under a mask is no value."""
    if not isinstance(values, np.ma.MaskedArray):
        return unmasked(values)
    mask = np.ma.getmaskarray(values)
    if values.dtype.names is None and mask.any():
        place = np.argwhere(np.atleast_1d(mask))[0] + 1
        raise InvalidInput(
            "masked",
            say("some values of {name} are masked", name=name),
            say("{name}, row {row}", name=name, row=int(place[0]))
            if len(place) == 1
            else say("row {row}, column {column}", row=int(place[0]), column=str(place[1])),
            say("a value in every place"),
            None,
            say("leave such rows out, or fill them in before"),
        )
    return np.asarray(values.data)


def label_array(y: Any, *, warn: bool = False) -> np.ndarray:
    """Labels (n,) of one sortable type, none missing; raises InvalidInput otherwise. `warn` as in ``column_or_1d``."""
    expected = say("one label for each row: texts, whole numbers or true/false")
    given = refuse_masked(y, "y")
    if isinstance(given, list | tuple):  # numpy would turn all of them into text if one is text
        _refuse_missing_and_mixed(given, numbers_are_alike=True)
    labels = as_scikit_learn_says(lambda: column_or_1d(given, warn=warn), "y", expected)
    if labels.dtype.kind in "biuU":
        return np.asarray(labels)
    _refuse_missing_and_mixed(labels.tolist() if labels.dtype.kind in "OT" else list(labels))
    if labels.dtype.kind in "mMcV":
        raise InvalidInput(
            "labels-type",
            say("the labels are neither text nor whole numbers nor true/false"),
            verbatim("y"),
            expected,
            say("type {type}", type=str(labels.dtype)),
            say("convert it first: whole numbers to an integer type, dates to text in a format of your choice"),
        )
    as_scikit_learn_says(lambda: check_classification_targets(labels), "y", expected)
    as_scikit_learn_says(lambda: np.sort(labels), "y", expected)
    return np.asarray(labels)


def _refuse_missing_and_mixed(labels: Sequence[Any], *, numbers_are_alike: bool = False) -> None:
    for row, label in enumerate(labels, start=1):
        if is_missing(label):
            raise InvalidInput(
                "missing-labels",
                say("Input y contains NaN."),
                say("{name}, row {row}", name="y", row=row),
                say("a label for each row"),
                None,
                say("leave such rows out, or fill them in before"),
            )
    kinds = {family(type(label)) for label in labels}
    if numbers_are_alike and all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        return
    if len(kinds) > 1:
        raise InvalidInput(
            "mixed-types",
            say("the labels are of different types"),
            verbatim("y"),
            say("one type: text, whole numbers, or true/false"),
            say("types {names}", names=sorted(kind.__name__ for kind in kinds)),
            say("convert them to one type first"),
        )


_OF_TIME = re.compile(r"(datetime|timedelta|timestamp|duration|date|time|period)", re.IGNORECASE)


def refuse_times(features: Any) -> None:
    """Refuse columns of times, which numpy would convert to counts of units since 1970."""
    for place, kind in enumerate(_types_of_columns(features), start=1):
        if _OF_TIME.match(str(kind)) or getattr(kind, "kind", "") in ("m", "M"):
            raise InvalidInput(
                "features-type",
                say("a column of X holds times, not numbers"),
                say("column {column}", column=str(place)),
                say("numbers"),
                say("type {type}", type=str(kind)),
                say("give the time since some beginning, in a unit of your choice"),
            )


def _types_of_columns(features: Any) -> list[Any]:
    if isinstance(features, list | tuple):
        try:
            features = np.asarray(features)
        except (ValueError, TypeError, OverflowError):  # rows of different lengths: refused later
            return []
    found = getattr(features, "dtypes", None)  # of a frame; for a pandas series it is a single type
    if found is None:
        found = getattr(getattr(features, "schema", None), "types", getattr(features, "dtype", ()))
    return list(found) if np.iterable(found) else [found]
