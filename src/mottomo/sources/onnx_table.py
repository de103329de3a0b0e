"""Somebody else's ONNX model of a table: from columns, or a matrix of numbers, to a row of numbers for each row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.sources.onnx_session import FLOATS, output_of, run

_TYPES = {
    **FLOATS,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
_MAPPINGS = "seq(map("  # how the type of such an output begins
_TRUTH = {"true": True, "false": False, "True": True, "False": False, "1": True, "0": False}
_WHOLE = 2.0**53  # up to which every whole number is a float, as which columns are read
_OURS = "mottomo"  # who produced a file that says itself what its outputs are


@dataclass(frozen=True, slots=True)
class Described:
    """What an ONNX file says of itself, if mottomo wrote it.

    Attributes
    ----------
    target : the column that is predicted.
    categories : in the order of the probabilities.
    levels : of each column of text, those that were seen in training; empty in files of version 0.1.
    """

    target: str
    categories: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class OnnxTable:
    """An ONNX model whose inputs are columns of a table.

    Attributes
    ----------
    session : of ONNX Runtime.
    columns : the columns that it reads, and the type of each.
    inputs : the input of each column, and how many axes it has; of a matrix the one that it is.
    is_matrix : whether it reads them as one matrix of numbers.
    output : the name of the output that is read.
    where : what messages call it.
    """

    session: Any
    columns: Mapping[str, Any]
    inputs: Mapping[str, tuple[str, int]]
    is_matrix: bool
    output: str
    where: Message

    @classmethod
    def of(cls, session: Any, where: Message, output: str | None, features: Sequence[str]) -> OnnxTable:
        """From a session. `output` may be left out where one alone can be the probabilities.

        features : the columns of a matrix, in their order; of a model with an input a column they are its inputs.

        Raises SourceError : its inputs are no columns, or it has no such output. InvalidInput : columns that are not
        said, are said twice, or are others than its inputs.
        """
        inputs = session.get_inputs()
        widths = [_width(one) for one in inputs]
        are_columns = all(width == 1 for width in widths)
        if not inputs or any(one.type not in _TYPES for one in inputs) or not (are_columns or len(inputs) == 1):
            raise _inputs(inputs, where)
        if widths == [0]:
            raise _inputs(inputs, where)
        twice = next((name for place, name in enumerate(features) if name in features[:place]), None)
        if twice is not None:
            raise InvalidInput(
                "duplicate-column",
                say("--features names a column twice"),
                where,
                say("each column once"),
                verbatim(twice),
            )
        expected = say("an output (n, K) of floats, or one mapping from categories to floats for each row")
        name = str(output_of(session, output, _is_rows, expected, where).name)
        first = inputs[0]
        if len(inputs) == 1 and (widths[0] != 1 or len(features) > 1):
            columns = _matrix(first, widths[0], features, where)
            return cls(session, columns, dict.fromkeys(columns, (first.name, 2)), True, name, where)
        called = {one.name: one.name for one in inputs}
        if len(inputs) == 1 and features:
            called = {features[0]: first.name}
        elif features and set(features) != set(called):
            raise InvalidInput(
                "onnx-features",
                say("the inputs of the ONNX model are other columns than --features names"),
                where,
                say("{names}", names=list(called)),
                say("{names}", names=list(features)),
                say("leave --features out, and rename the columns of the table"),
            )
        by_name = {one.name: one for one in inputs}
        columns = {column: _TYPES[by_name[own].type] for column, own in called.items()}
        axes = {column: (own, len(by_name[own].shape)) for column, own in called.items()}
        return cls(session, columns, axes, False, name, where)

    def is_text(self, name: str) -> bool:
        """Whether a column is read as text, as those of true and false are."""
        return self.columns[name] in (np.object_, np.bool_)

    def run(
        self,
        values: Mapping[str, np.ndarray],
        place: Callable[[int, str], Message],
        categories: Sequence[str],
    ) -> np.ndarray:
        """(n, K) numbers, from the columns of some rows, in the order of the categories.

        place : what messages call a cell.

        Raises InvalidInput : a cell that is no whole number, where the model reads such. SourceError : the model
        stops, or names other categories.
        """
        n = len(next(iter(values.values())))
        found = self._raw({name: _as_type(values[name], kind, name, place) for name, kind in self.columns.items()})
        if isinstance(found, list):
            kind = next(one.type for one in self.session.get_outputs() if one.name == self.output)
            rows = _by_name(found, categories, "double" in kind, self.where)
        else:
            rows = np.asarray(found)
        if len(rows) != n:
            raise SourceError(
                "network-rows",
                say("the ONNX model does not give a row for each row of the table"),
                self.where,
                say("{rows} rows", rows=n),
                verbatim(str(rows.shape)),
            )
        return rows

    def named(self) -> tuple[str, ...] | None:
        """The categories that the model names in each row, found by a row of zeros; None if it names none, or stops."""
        one = next(each for each in self.session.get_outputs() if each.name == self.output)
        if not one.type.startswith(_MAPPINGS):
            return None
        zeros = {
            name: np.array([""], dtype=object) if kind is np.object_ else np.zeros(1, dtype=kind)
            for name, kind in self.columns.items()
        }
        try:
            return tuple(str(name) for name in self._raw(zeros)[0])
        except SourceError:
            return None

    def _raw(self, cells: Mapping[str, np.ndarray]) -> Any:
        """The output as it is, from columns in the types of the inputs."""
        if self.is_matrix:
            one = next(name for name, _ in self.inputs.values())
            return run(self.session, self.output, {one: np.stack(list(cells.values()), axis=1)}, self.where)
        given = {}
        for column, values in cells.items():
            name, axes = self.inputs[column]
            given[name] = values[:, None] if axes == 2 else values
        return run(self.session, self.output, given, self.where)


def described(session: Any) -> Described | None:
    """What an ONNX file says of itself, if mottomo wrote it."""
    found = session.get_modelmeta()
    if found.producer_name != _OURS:
        return None
    try:
        properties = found.custom_metadata_map
        levels = {name: _names(one) for name, one in json.loads(properties.get("levels", "{}")).items()}
        return Described(properties["target"], _names(json.loads(properties["categories"])), levels)
    except (AttributeError, KeyError, ValueError, TypeError):
        return None


def _names(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found))


def reads_pictures(session: Any) -> bool:
    """Whether the input of a model is a batch of pictures by its shape."""
    return any(len(one.shape) == 4 for one in session.get_inputs())


def _inputs(inputs: Sequence[Any], where: Message) -> SourceError:
    return SourceError(
        "onnx-inputs",
        say("the inputs of the ONNX model are no columns of a table"),
        where,
        say("an input (n, 1) for each column, or one input (n, p); of numbers or texts, with a free n"),
        verbatim("; ".join(f"{one.name}: {one.type} {one.shape}" for one in inputs)[:300]) if inputs else say("none"),
        say("export the model with a free number of rows"),
    )


def _width(one: Any) -> int | None:
    """The columns of an input: None if any number will do, 0 if it is no column and no matrix."""
    shape = [axis if isinstance(axis, int) and axis > 0 else None for axis in one.shape]
    if not 1 <= len(shape) <= 2 or shape[0] is not None:
        return 0
    return 1 if len(shape) == 1 else shape[1]


def _matrix(one: Any, width: int | None, features: Sequence[str], where: Message) -> dict[str, Any]:
    """The columns of a matrix."""
    n = say_count("{n} column", "{n} columns", width, n=width) if width else say("the columns")
    if not features or (width is not None and len(features) != width):
        raise InvalidInput(
            "onnx-features",
            say("the ONNX model reads a matrix, whose columns have to be named with --features"),
            where,
            say("{n}, in the order in which the model was trained", n=n),
            say("{names}", names=list(features)) if features else None,
        )
    return dict.fromkeys(features, _TYPES[one.type])


def _is_rows(one: Any) -> bool:
    """Whether an output is a matrix of floats, or a mapping for each row."""
    if one.type.startswith(_MAPPINGS):
        return bool(one.type.endswith(",tensor(float)))") or one.type.endswith(",tensor(double)))"))
    return one.type in FLOATS and len(one.shape) == 2


def _by_name(rows: list[Any], categories: Sequence[str], is_double: bool, where: Message) -> np.ndarray:
    """The numbers of rows that are mappings, in the order of the categories. Raises InvalidInput : other names."""
    names = [str(name) for name in rows[0]] if rows else list(categories)
    if set(names) != set(categories):
        raise InvalidInput(
            "onnx-categories",
            say("the ONNX model names other categories"),
            where,
            say("{names}", names=list(categories)),
            say("{names}", names=names),
            say("leave --categories out"),
        )
    keys = {str(name): name for name in rows[0]} if rows else {}
    if any(set(row) != set(keys.values()) for row in rows):
        raise SourceError(
            "onnx-categories",
            say("the ONNX model names other categories in one row than in another"),
            where,
            say("{names}", names=names),
        )
    found = [[row[keys[name]] for name in categories] for row in rows]
    return np.array(found, dtype=np.float64 if is_double else np.float32).reshape(len(rows), len(categories))


def _as_type(values: np.ndarray, kind: Any, name: str, place: Callable[[int, str], Message]) -> np.ndarray:
    """A column in the type that the model reads. Raises InvalidInput : a cell is none of that type."""
    if kind is np.object_:
        return np.asarray(values, dtype=object)
    if kind is np.bool_:
        found = [_TRUTH.get(text) for text in values.tolist()]
        if None in found:
            row = found.index(None)
            raise InvalidInput(
                "onnx-truth",
                say("the ONNX model reads true or false in this column"),
                place(row, name),
                say("true or false, or 1 or 0"),
                verbatim(str(values[row])),
            )
        return np.array(found, dtype=np.bool_)
    if kind in (np.int64, np.int32):
        low, high = (-_WHOLE, _WHOLE) if kind is np.int64 else (-(2.0**31), 2.0**31 - 1)
        wrong = np.flatnonzero((values % 1 != 0) | (values < low) | (values > high))
        if wrong.size:
            raise InvalidInput(
                "onnx-whole",
                say("the ONNX model reads whole numbers in this column"),
                place(int(wrong[0]), name),
                say("a whole number from {low} to {high}", low=f"{low:.0f}", high=f"{high:.0f}"),
                verbatim(f"{values[wrong[0]]:.17g}"),
            )
        return values.astype(kind)
    with np.errstate(over="ignore"):
        found_as = np.asarray(values).astype(kind)
    large = np.flatnonzero(~np.isfinite(found_as))
    if large.size:
        raise InvalidInput(
            "onnx-range",
            say("a number is too large for the type in which the ONNX model reads it"),
            place(int(large[0]), name),
            say("a number that {type} has", type=np.dtype(kind).name),
            verbatim(f"{values[large[0]]:.17g}"),
        )
    return found_as
