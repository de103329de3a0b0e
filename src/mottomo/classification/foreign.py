"""Somebody else's classifier: what it gives for each row is declared, checked, and never repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.classifier import Classifier
from mottomo.classification.encoding import TableRows
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, say, verbatim, written
from mottomo.numerics.softmax import softmax_of_relative
from mottomo.results import SourceFile

Outputs = Literal["probabilities", "log-probabilities", "logits"]
_SHOWN = 5  # categories, numbers of a row
_ROUNDING = 8  # eps of the type, by which a number may miss what it stands for
_FARTHEST = 0.01  # by which the sum of many in float16 may miss 1
_FLOAT32 = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False, kw_only=True)
class ForeignClassifier(Classifier):
    """Somebody else's classifier, such as an ONNX file: from the columns of a table to a row of numbers for each row.

    Attributes
    ----------
    run : from the columns of some rows to numbers (n, K), one for each category.
    outputs : what the numbers are.
    name : what messages call it.
    file : where it was read.
    """

    run: Callable[[TableRows], np.ndarray]
    outputs: Outputs
    name: str
    file: SourceFile | None = None

    def save(self, path: Any) -> None:
        """Refused: it is not ours to write."""
        raise InvalidCall(
            "foreign-model",
            say("somebody else's model is not written again"),
            verbatim(self.name),
            say("a model that mo.train has trained"),
            None,
            say("keep its own file"),
        )

    def probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """As in Classifier. Raises InvalidInput for a row that is no probabilities."""
        return self._checked(columns).probabilities()

    def log_probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """As in Classifier. Raises InvalidInput for a row that is no probabilities."""
        return self._checked(columns).log_probabilities()

    def _checked(self, columns: TableRows) -> CheckedOutputs:
        self.encoding.check_kinds(columns)
        mend = say("declare with --outputs what it gives: probabilities, log-probabilities or logits")
        return CheckedOutputs.of(self.run(columns), self.outputs, self.categories, self.name, columns.row_place, mend)


def outputs_of(given: Any) -> Outputs:
    """What the outputs of somebody else's classifier are, as declared. Raises InvalidCall for another word, or none."""
    if given in get_args(Outputs):
        found: Outputs = given
        return found
    raise InvalidCall(
        "outputs",
        say("what the outputs of the model are is not known; say it with --outputs"),
        verbatim("outputs"),
        say("probabilities, log-probabilities or logits"),
        None if given is None else verbatim(written(given, str)[:60]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class CheckedOutputs:
    """What somebody else's classifier gave, known to be what was declared.

    Attributes
    ----------
    values : (n, K) float64.
    outputs : what they are.
    sums : (n, 1) of the probabilities, 1 but for rounding; None for logits.
    """

    values: np.ndarray
    outputs: Outputs
    sums: np.ndarray | None

    @classmethod
    def of(
        cls,
        given: Any,
        outputs: Outputs,
        categories: Categories,
        name: str,
        place: Callable[[int], Message],
        mend: Message | None = None,
    ) -> CheckedOutputs:
        """Check numbers (n, K).

        Probabilities may miss the sum 1 by 8 K eps, and one of 0 may come as a negative number of at most 8 eps, as
        those of summed trees do. eps is that of the type in which they were given, but at least that of float32, in
        which most models compute whatever they give.

        place : what messages call a row.
        mend : what to do about rows that are something else.

        Raises InvalidInput : other numbers of columns than categories; a number that is not finite, or outside [0, 1];
        a sum that is not 1.
        """
        given = np.asarray(given)
        where = verbatim(name)
        if given.ndim != 2 or given.shape[1] != len(categories) or given.dtype.kind not in "fiu":
            raise InvalidInput(
                "outputs-shape",
                say("the model does not give a number for each category"),
                where,
                say("{n} numbers a row: {names}", n=len(categories), names=list(categories.names[:_SHOWN])),
                verbatim(f"{given.dtype} {given.shape}"),
                _of_one_column(given),
            )
        eps = max(_FLOAT32, float(np.finfo(given.dtype).eps) if given.dtype.kind == "f" else 0.0)
        x = given.astype(np.float64)
        if outputs == "logits":
            _refuse(np.isfinite(x).all(axis=1), x, where, place, mend, say("finite logits"))
            return cls(x, outputs, None)
        if outputs == "log-probabilities":
            _refuse(
                (x <= _ROUNDING * eps).all(axis=1), x, where, place, mend, say("logarithms of probabilities, at most 0")
            )
            y = np.exp(x)
        else:
            is_inside = (x >= -_ROUNDING * eps) & (x <= 1 + _ROUNDING * eps)
            _refuse(is_inside.all(axis=1), x, where, place, mend, say("probabilities from 0 to 1"))
            x = y = np.maximum(x, 0.0)
        sums = y.sum(axis=1, keepdims=True)
        near = min(_ROUNDING * len(categories) * eps, _FARTHEST)
        _refuse(np.abs(sums[:, 0] - 1) <= near, x, where, place, mend, say("a sum of 1"), sums[:, 0])
        return cls(x, outputs, sums)

    def probabilities(self) -> np.ndarray:
        """y_k of each row, (n, K) float64, divided by their sum."""
        if self.sums is None:
            return softmax_of_relative(self._relative())
        return np.asarray((np.exp(self.values) if self.outputs == "log-probabilities" else self.values) / self.sums)

    def _relative(self) -> np.ndarray:
        """Logits less the largest of their row; -inf where that is too far for a float."""
        with np.errstate(over="ignore"):
            return np.asarray(self.values - self.values.max(axis=1, keepdims=True))

    def log_probabilities(self) -> np.ndarray:
        """log y_k of each row, (n, K) float64 nats; -inf for a probability of 0."""
        if self.sums is None:
            z = self._relative()
            return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
        with np.errstate(divide="ignore"):
            logs = self.values if self.outputs == "log-probabilities" else np.log(self.values)
            return np.asarray(logs - np.log(self.sums))


def _of_one_column(given: np.ndarray) -> Message | None:
    """The way out for models of two categories that give a single number."""
    if given.ndim == 2 and given.shape[1] > 1:
        return None
    return say("a model of two categories has to give a number for each of them")


def _refuse(
    is_right: Any,
    values: np.ndarray,
    where: Message,
    place: Callable[[int], Message],
    mend: Message | None,
    expected: Message,
    sums: np.ndarray | None = None,
) -> None:
    rows = np.flatnonzero(~np.asarray(is_right))
    if not rows.size:
        return
    row = int(rows[0])
    shown = ", ".join(f"{one:.6g}" for one in values[row, :_SHOWN].tolist())
    more = ", …" if values.shape[1] > _SHOWN else ""
    got = (
        f"{shown}{more}" if sums is None else f"{sums[row]:.9g} = {' + '.join(shown.split(', '))}{' + …' * bool(more)}"
    )
    raise InvalidInput(
        "outputs-no-probabilities",
        say("what the model gives is no probabilities"),
        say("{model}: {place}", model=where, place=place(row)),
        expected,
        say("{got} ({n} of {rows} rows are like this)", got=got, n=len(rows), rows=len(values)),
        mend,
    )
