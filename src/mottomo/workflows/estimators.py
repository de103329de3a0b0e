"""An estimator with ``predict_proba``, as scikit-learn has them: it gets the data as they are."""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories, category_name
from mottomo.classification.foreign import CheckedOutputs
from mottomo.errors import InvalidCall, InvalidInput, MissingExtra, MottomoError
from mottomo.messages import Message, say, say_count, verbatim, written
from mottomo.results import Provenance
from mottomo.sources.frame import Frame
from mottomo.sources.reading import Reading
from mottomo.workflows.provenance import library_of


def is_estimator(model: object) -> bool:
    """Whether a model is an object with ``predict_proba``; a class is none."""
    return callable(_attribute(model, "predict_proba")) and not isinstance(model, type)


def refuse_of_files(reading: Reading, **options: Any) -> None:
    """Refuse options that mean nothing for an estimator, which gets data in memory as they are.

    options : by name; None, False, ``"error"`` and an empty tuple were not given.
    """
    reading.refuse(say("data frame"))
    for name, value in options.items():
        if value not in (None, False, "error", ()):
            raise InvalidCall(
                "estimator-option",
                say("{option} does not go with an estimator, which gets data in memory as they are", option=name),
                verbatim(name),
                say("a model of ours, or an ONNX file"),
                None,
                say("choose or mend the rows before"),
            )


@dataclass(frozen=True, eq=False)
class NativeRows:
    """Rows as an estimator gets them, and the columns beside them.

    Attributes
    ----------
    rows : of the user's own type.
    beside : other columns by name, such as that of the categories.
    where : what messages call the source.
    provenance : where they come from.
    """

    rows: Any
    beside: Mapping[str, Any]
    where: Message
    provenance: Provenance

    @property
    def n(self) -> int | None:
        """How many there are; None where that cannot be asked."""
        shape = getattr(self.rows, "shape", None)
        if isinstance(shape, tuple) and shape and isinstance(shape[0], int):
            return shape[0]
        try:
            return len(self.rows)
        except TypeError:  # a type that has no length
            return None


@dataclass(frozen=True, eq=False)
class Estimator:
    """An estimator, with the categories that it names.

    Attributes
    ----------
    model : the estimator itself.
    name : of its type.
    categories : its ``classes_``, in their order.
    columns : the names of the columns that it was fitted on; None if they had none.
    """

    model: Any
    name: str
    categories: Categories
    columns: tuple[str, ...] | None

    @classmethod
    def of(cls, model: Any, categories: Any = None) -> Estimator:
        """From an estimator that was fitted; `categories` name its classes where it has no ``classes_``.

        Raises InvalidInput : it names no classes, names of one text, or other ones.
        """
        name = type(model).__name__
        declared = None if categories is None else Categories.of(categories)
        classes = _attribute(model, "classes_")
        if classes is None:
            if declared is None:
                raise InvalidInput(
                    "estimator-classes",
                    say("the estimator does not say which classes it knows"),
                    verbatim(name),
                    say("an attribute classes_, which fit sets"),
                    None,
                    say("fit it first, or name the classes in the order of predict_proba with categories"),
                )
            return cls(model, name, declared, _columns(model))
        listed = _as_array(classes)
        if listed.ndim != 1 or not listed.size:
            raise InvalidInput(
                "estimator-classes",
                say("the classes of the estimator are not the categories"),
                verbatim(name),
                say("each category once"),
                verbatim(written(classes, repr)[:60]),
            )
        seen = [_class_name(one, name) for one in listed.tolist()]
        if len(set(seen)) < len(seen) or (declared is not None and set(declared.names) != set(seen)):
            raise InvalidInput(
                "estimator-classes",
                say("the classes of the estimator are not the categories"),
                verbatim(name),
                say("each category once") if declared is None else say("{names}", names=list(declared.names)),
                say("{names}", names=seen[:10]),
            )
        return cls(model, name, Categories(tuple(seen), True), _columns(model))

    def outputs(self, given: NativeRows) -> CheckedOutputs:
        """What it gives for some rows. Raises InvalidInput : it stops, or gives no probabilities, or other rows."""
        where = say("{estimator}: {place}", estimator=self.name, place=given.where)
        try:
            with warnings.catch_warnings():
                # An array for what was fitted on a frame, or the other way round: nothing is wrong with either.
                warnings.filterwarnings("ignore", message="X (has|does not have valid) feature names")
                found = self.model.predict_proba(given.rows)
        except MottomoError:
            raise
        except Exception as error:  # whatever stops somebody else's code
            raise InvalidInput(
                "estimator-failed",
                say("the estimator stops on these rows"),
                where,
                say("rows like those that it was fitted on"),
                verbatim(_said(error)),
            ) from error
        values = found if isinstance(found, np.ndarray) else _as_array(found)
        if given.n is not None and values.ndim and len(values) != given.n:
            raise InvalidInput(
                "estimator-rows",
                say("the estimator does not give a row for each row"),
                where,
                say_count("{number} row", "{number} rows", given.n, number=given.n),
                verbatim(str(values.shape)),
            )
        return CheckedOutputs.of(
            values,
            "probabilities",
            self.categories,
            self.name,
            lambda row: say("{where}, row {row}", where=given.where, row=row + 1),
        )

    def rows_of(self, data: Any, beside: tuple[str, ...] = ()) -> NativeRows:
        """The data as the estimator gets them: as they are in memory, less the columns `beside`.

        Raises InvalidInput : a file, whose types only its reader decides; a column that is not there.
        """
        if isinstance(data, str | os.PathLike) or hasattr(data, "read"):
            raise InvalidInput(
                "estimator-file",
                say("an estimator gets data in memory, and this is a file"),
                say("data"),
                say("a data frame, an array, or what else it was fitted on"),
                verbatim(written(data, str)[:60]),
                say("read the file as it was read for fit, for example with pandas.read_csv"),
            )
        source = Provenance(origins=("table",), library=library_of(data))
        frame = None if isinstance(data, Mapping | np.ndarray) else Frame.of(data)
        if isinstance(data, Mapping):
            frame = Frame.of(_frame_of(data))
        if frame is None or frame.is_series:
            _refuse_beside(beside)
            return NativeRows(data, {}, say("data"), source)
        cells = {name: frame.cells(name) for name in beside}
        wanted = self.columns or [name for name in frame.names if name not in beside]
        return NativeRows(frame.kept(wanted), cells, frame.where, source)


def _attribute(model: object, name: str) -> Any:
    """An attribute that an estimator has once it is fitted; a pipeline passes it on from its last step."""
    try:
        return getattr(model, name, None)
    except Exception:  # a property of somebody else's that stops before fit
        return None


def _columns(model: object) -> tuple[str, ...] | None:
    names = _attribute(model, "feature_names_in_")
    if names is None or isinstance(names, str) or not isinstance(names, Iterable):
        return None
    return tuple(map(str, names))


def _said(error: Exception) -> str:
    """What somebody else's exception says, in one line."""
    try:
        lines = str(error).splitlines()
    except Exception:  # its own __str__ stops
        lines = []
    return f"{type(error).__name__}: {lines[0][:200] if lines else ''}"


def _class_name(value: Any, estimator: str) -> str:
    try:
        return category_name(value)
    except InvalidInput as error:
        raise InvalidInput(
            error.code,
            error.what,
            say("classes_ of {estimator}", estimator=estimator),
            error.expected,
            error.got,
            say("fit it on labels that are texts or whole numbers"),
        ) from None


def _as_array(found: Any) -> np.ndarray:
    """What an estimator gave, such as a data frame, as an array; what is none has no axes."""
    try:
        return np.asarray(found)
    except Exception:  # its own __array__ stops
        return np.empty(())


def _frame_of(columns: Mapping[str, Any]) -> Any:
    """A data frame of pandas or polars. Raises MissingExtra : neither is installed."""
    for library in ("pandas", "polars"):
        if importlib.util.find_spec(library) is not None:
            return importlib.import_module(library).DataFrame(dict(columns))
    raise MissingExtra(
        "missing-extra",
        say("an estimator that knows its columns by name needs a data frame, and no library for one is installed"),
        None,
        verbatim("pandas"),
        None,
        say("install it: python -m pip install pandas"),
    )


def _refuse_beside(beside: tuple[str, ...]) -> None:
    if beside:
        raise InvalidInput(
            "no-columns",
            say("this has no columns"),
            say("data"),
            say("a data frame, or a mapping from names to columns"),
            say("the name of a column: {name}", name=beside[0]),
            say("give the labels themselves, one for each row"),
        )
