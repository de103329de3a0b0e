"""An estimator with ``predict_proba``, as scikit-learn has them: it gets the data as they are."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories, category_name
from mottomo.classification.foreign import CheckedOutputs
from mottomo.errors import InvalidInput, MissingExtra, MottomoError
from mottomo.messages import Message, say, verbatim
from mottomo.results import Provenance
from mottomo.sources.columns import ColumnSelection
from mottomo.sources.frame import Frame
from mottomo.sources.reading import Reading
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.provenance import library_of
from mottomo.workflows.tables import opened, table_of


def is_estimator(model: Any) -> bool:
    """Whether a model is an object with ``predict_proba``; a class is none."""
    return callable(getattr(model, "predict_proba", None)) and not isinstance(model, type)


@dataclass(frozen=True, eq=False)
class NativeRows:
    """Rows as an estimator gets them, and the columns beside them.

    Attributes
    ----------
    rows : of the user's own type.
    beside : other columns by name, such as that of the categories.
    where : what messages call the source.
    source : where they come from.
    """

    rows: Any
    beside: Mapping[str, Any]
    where: Message
    source: Provenance | Callable[[], Provenance]

    def provenance(self) -> Provenance:
        """Where they come from."""
        return self.source() if callable(self.source) else self.source


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
        seen = [_class_name(one, name) for one in np.asarray(classes, dtype=object).tolist()]
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
        """What it gives for some rows. Raises InvalidInput : it stops, or gives no probabilities."""
        try:
            found = self.model.predict_proba(given.rows)
        except MottomoError:
            raise
        except Exception as error:  # whatever stops somebody else's code
            lines = str(error).splitlines()
            raise InvalidInput(
                "estimator-failed",
                say("the estimator stops on these rows"),
                say("{estimator}: {place}", estimator=self.name, place=given.where),
                say("rows like those that it was fitted on"),
                verbatim(f"{type(error).__name__}: {lines[0][:200] if lines else ''}"),
            ) from error
        values = found if isinstance(found, np.ndarray) else _as_array(found)
        return CheckedOutputs.of(
            values,
            "probabilities",
            self.categories,
            self.name,
            lambda row: say("{where}, row {row}", where=given.where, row=row + 1),
        )

    @contextmanager
    def rows_of(
        self,
        data: Any,
        reading: Reading,
        *,
        where: str | None = None,
        missing_values: tuple[str, ...] = (),
        beside: tuple[str, ...] = (),
    ) -> Iterator[NativeRows]:
        """The data as the estimator gets them: those in memory as they are, a file as a data frame.

        beside : columns that it does not get.
        """
        if isinstance(data, os.PathLike) or hasattr(data, "read"):
            with self._of_file(data, reading, where, missing_values, beside) as rows:
                yield rows
            return
        reading.refuse(say("data frame"))
        if where is not None or missing_values:
            option = "where" if where is not None else "missing_values"
            raise InvalidInput(
                "estimator-option",
                say("{option} goes with a file; an estimator gets data in memory as they are", option=option),
                verbatim(option),
                say("a pathlib.Path to a table"),
            )
        source = Provenance(origins=("table",), library=library_of(data))
        frame = None if isinstance(data, Mapping | np.ndarray) else Frame.of(data)
        if isinstance(data, Mapping):
            frame = Frame.of(_frame_of(data))
        if frame is None or frame.is_series:
            _refuse_beside(beside)
            yield NativeRows(data, {}, say("data"), source)
            return
        cells = {name: frame.cells(name) for name in beside}
        if self.columns is None:  # it was fitted on an array
            native: Any = frame.array([name for name in frame.names if name not in beside])
        else:
            native = frame.kept(self.columns)
        yield NativeRows(native, cells, frame.where, source)

    @contextmanager
    def _of_file(
        self, data: Any, reading: Reading, where: str | None, missing_values: tuple[str, ...], beside: tuple[str, ...]
    ) -> Iterator[NativeRows]:
        names = None if self.columns is None else (*self.columns, *beside)
        choice = ColumnSelection(names, frozenset(beside), missing_values, where, beside)
        with ExitStack() as stack:
            found = stack.enter_context(table_of(data, reading))
            if isinstance(found.table, PictureTable):
                raise InvalidInput(
                    "estimator-pictures",
                    say("an estimator gets a table, and DATA is pictures"),
                    say("data"),
                    say("a table with the columns that it was fitted on"),
                    None,
                    say("give it what you made of the pictures, as an array"),
                )
            kept = stack.enter_context(opened(found.table, choice))
            columns = kept.rows(0, kept.n)
            wanted = self.columns or tuple(name for name in kept.names if name not in beside)
            own = {name: columns.values[name] for name in wanted}
            rows = np.stack(list(own.values()), axis=1) if self.columns is None else _frame_of(own)
            yield NativeRows(rows, {name: columns.values[name] for name in beside}, kept.where, found.provenance)


def _attribute(model: Any, name: str) -> Any:
    """An attribute that an estimator has once it is fitted; a pipeline passes it on from its last step."""
    try:
        return getattr(model, name, None)
    except Exception:  # a property of somebody else's that stops before fit
        return None


def _columns(model: Any) -> tuple[str, ...] | None:
    names = _attribute(model, "feature_names_in_")
    return None if names is None else tuple(map(str, names))


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
    """What ``predict_proba`` gave, such as a data frame, as an array; what is none has no columns."""
    try:
        return np.asarray(found)
    except Exception:
        return np.empty((0, 0))


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
            say("a data frame, a mapping from names to columns, or a pathlib.Path"),
            say("the name of a column: {name}", name=beside[0]),
            say("give the labels themselves, one for each row"),
        )
