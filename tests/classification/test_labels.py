"""Features, labels and weights of any kind: trained on as they are, or refused with the row."""

from __future__ import annotations

import datetime
import random
import warnings
from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

import mottomo as mo

X = np.array([[0.0], [1.0], [2.0], [3.0], [1.5]])
Y = ["a", "b", "a", "b", "a"]
MODEL = mo.SoftmaxRegression().fit(X, Y)

LABELS = [
    ([None, "b", "a", "b", "a"], "missing-labels"),
    (["a", "b", float("nan"), "b", "a"], "missing-labels"),
    (np.array(["a", "b", np.nan, "b", "a"], dtype=object), "missing-labels"),
    (np.array([0, 1, np.nan, 1, 0]), "missing-labels"),
    (pd.Series(["a", None, "a", "b", "a"]), "missing-labels"),
    (pd.Series([0, pd.NA, 0, 1, 0], dtype="Int64"), "missing-labels"),
    (pd.Series([True, pd.NA, False, True, False], dtype="boolean"), "missing-labels"),
    (pd.Categorical(["a", None, "a", "b", "a"]), "missing-labels"),
    (pl.Series(["a", None, "a", "b", "a"]), "missing-labels"),
    (pa.array(["a", None, "a", "b", "a"]), "missing-labels"),
    (np.ma.array([0, 1, 0, 1, 0], mask=[0, 0, 1, 0, 0]), "masked"),
    (["a", np.ma.masked, "a", "b", "a"], "missing-labels"),
    (["a", 1, "a", "b", "a"], "mixed-types"),
    ([True, 1, 0, True, 0], "mixed-types"),
    (np.array(["a", 1, "a", "b", "a"], dtype=object), "mixed-types"),
    (np.array([True, 1, 0, 1, 0], dtype=object), "mixed-types"),
    (np.array([1, 2.0, 1, 2, 1], dtype=object), "mixed-types"),
    (pd.Series([1, "b", "a", "b", "a"]), "mixed-types"),
    ([[0], [1, 2], [0], [1], [0]], "not-usable"),
    (np.array([(0, 1)] * 5, dtype="i4,i4"), "labels-type"),
    (np.array([1, 2, 1, 2, 1], "m8[s]"), "labels-type"),
    (np.array([1, 2, 1, 2, 1], "M8[D]"), "labels-type"),
    (np.array([1, 2, 1, 2, 1], complex), "not-usable"),
    (np.array([b"a"] * 5, "V1"), "labels-type"),
    ([0.5, 1.5, 0.5, 1.5, 0.5], "not-usable"),
    ([0, 1, 0, 1], "lengths"),
    (np.ones((5, 2, 2)), "not-usable"),
    ("ab", "not-usable|lengths"),
    (None, "no-labels"),
    ([datetime.date(2026, 1, 1)] * 5, "not-usable|one-category"),
    ([{}, {1}, {}, {1}, {}], "mixed-types|not-usable"),
    (np.ma.array([[0.5, 0.5]] * 5, mask=[[0, 1]] * 5), "masked"),
    (pd.DataFrame([[0.5, None]] * 5), "not-usable"),
]


@pytest.mark.parametrize(("labels", "code"), LABELS, ids=range(len(LABELS)))
def test_labels_that_are_missing_or_of_no_one_type_are_refused(labels, code):
    with pytest.raises(mo.InvalidInput) as raised:
        mo.SoftmaxRegression().fit(X, labels)
    assert raised.value.code in code.split("|"), raised.value
    assert raised.value.where is not None
    if labels is not None:
        for method in (MODEL.score, MODEL.log_likelihood):
            with pytest.raises(mo.InvalidInput):
                method(X, labels)


FEATURES = [
    (np.ma.array(X, mask=[[0], [1], [0], [0], [0]]), "masked", "row 2, column 1"),
    ([np.ma.array([1.0], mask=[1]), *X[1:]], "not-finite|not-usable", None),
    (X[:, 0], "not-usable", None),
    (X + 0j, "not-usable", None),
    (X.astype("m8[s]"), "features-type", "column 1"),
    (pd.DataFrame({"x": pd.date_range("2026-01-01", periods=5)}), "features-type", "column 1"),
    (pl.DataFrame({"x": [datetime.date(2026, 1, 1)] * 5}), "features-type", "column 1"),
    (np.array([[(1, 2)]] * 5, "i4,i4"), "not-usable", None),
    (np.array([["a"]] * 5), "not-usable", None),
    (np.array([[None]] * 5), "not-finite|not-usable", None),
    (np.array([[object()]] * 5), "not-usable", None),
    (pd.DataFrame({"x": pd.array([1, None, 2, 3, 4], dtype="Int64")}), "not-finite", "row 2, column x"),
    (pd.DataFrame([[1.0, 2.0]] * 5, columns=["a", 0]), "not-usable", None),
    (np.ones((5, 0)), "not-usable", None),
    (np.ones((0, 5)), "not-usable", None),
    ("text", "not-usable", None),
    (None, "not-usable", None),
    ([[1.0], [2.0, 3.0]], "not-usable", None),
]


@pytest.mark.parametrize(("features", "code", "place"), FEATURES, ids=range(len(FEATURES)))
def test_features_that_are_no_numbers_are_refused(features, code, place):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X has feature names")
        with pytest.raises(mo.InvalidInput):
            MODEL.predict_proba(features)
    with pytest.raises(mo.InvalidInput) as raised:
        mo.SoftmaxRegression().fit(features, Y)
    assert raised.value.code in code.split("|"), raised.value
    assert place is None or place in str(raised.value.where)


def test_what_a_mask_hides_is_never_used():
    hidden = np.ma.array(np.where(X == 2.0, 1e6, X), mask=X == 2.0)
    with pytest.raises(mo.InvalidInput, match="masked"):
        mo.SoftmaxRegression().fit(hidden, Y)
    with pytest.raises(mo.InvalidInput, match="masked"):
        MODEL.predict(hidden)
    open_ = mo.SoftmaxRegression().fit(np.ma.array(X), np.ma.array(Y), np.ma.array([1, 1, 1, 1, 1]))
    assert open_.log_likelihood_ == MODEL.log_likelihood_
    with pytest.raises(mo.InvalidInput, match="sample_weight are masked"):
        mo.SoftmaxRegression().fit(X, Y, np.ma.array([1, 1, 1, 1, 1], mask=[0, 0, 1, 0, 0]))


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(Y), pd.Series(Y, dtype="category"), pd.Series(Y, dtype="string"), pl.Series(Y), pa.array(Y),
        pd.Series(Y, dtype=pd.ArrowDtype(pa.string())), np.array(Y, dtype=object), tuple(Y),
    ],
    ids=range(8),
)  # fmt: skip
def test_labels_of_every_library_are_the_same_labels(labels):
    fitted = mo.SoftmaxRegression().fit(X, labels)
    assert fitted.log_likelihood_ == MODEL.log_likelihood_
    assert fitted.score(X, labels) == MODEL.score(X, Y)
    assert fitted.log_likelihood(X, labels) == MODEL.log_likelihood(X, Y)


ODD: list[Any] = [
    0,
    1,
    "a",
    "b",
    True,
    None,
    float("nan"),
    0.5,
    pd.NA,
    np.ma.masked,
    Decimal(1),
    b"a",
    (1,),
    10**400,
    pd.NaT,
    1j,
]


def some(random_: random.Random) -> Any:
    """Features, labels or weights, of five rows more often than not."""
    n = random_.choice([5, 5, 5, 5, 1, 0])
    kind = random_.choice(["usual", "usual", "odd", "array", "masked", "sparse", "rows", "scalar"])
    if kind == "usual":
        return random_.choice(
            [X, Y, [1, 2, 1, 2, 1], [0.5, 0.5, 0.5, 0.5, 0.5], X.tolist(), pd.DataFrame(X, columns=["x"])]
        )
    if kind == "odd":
        return [random_.choice(ODD if random_.random() < 0.3 else ["a", "b"]) for _ in range(n)]
    if kind == "rows":
        return [[random_.choice(ODD if random_.random() < 0.3 else [1.0, 2.0])] for _ in range(n)]
    if kind == "scalar":
        return random_.choice(ODD)
    dtype = random_.choice(["i8", "f4", "f2", "c8", "?", "U1", "S1", "O", "V2", "m8[s]", "M8[D]", "g", "i4,f4"])
    array = np.ones((n, *random_.choice([(), (1,), (2,), (1, 1)])), dtype=dtype)
    if kind == "masked":
        return np.ma.array(array, mask=np.arange(array.size).reshape(array.shape) % 3 == 1)
    return scipy.sparse.random(n, 2, 0.5, "csr", rng=1) if kind == "sparse" else array


def fitted(seed: int, n: int) -> Counter[str]:
    random_, seen = random.Random(seed), Counter()
    for number in range(n):
        x, y, w = some(random_), some(random_), random_.choice([None, None, some(random_)])
        try:
            said = _said(x, y, w)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {x!r}, {y!r}, {w!r}") from error
        seen["fitted" if said is None else "refused"] += 1
    return seen


def _said(x: Any, y: Any, w: Any) -> str | None:
    with warnings.catch_warnings():
        for kind in (mo.NoMaximum, mo.NotConverged, mo.NotDetermined):
            warnings.simplefilter("ignore", kind)
        warnings.filterwarnings("ignore", message="A column-vector y was passed")
        try:
            mo.SoftmaxRegression(mo.L2(1.0)).fit(x, y, w).score(x, y)
        except mo.InvalidInput as error:
            return str(error)
    return None


def test_features_labels_and_weights_of_any_kind_are_fitted_or_refused():
    assert fitted(20_265, 600)["fitted"] > 10


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_features_labels_and_weights_of_any_kind_are_fitted_or_refused():
    assert fitted(70_000, 10_000)["fitted"] > 200


@pytest.mark.parametrize("time", [np.datetime64("2020-01-01"), np.timedelta64(3, "s")])
def test_times_in_lists_are_refused_like_those_in_arrays(time):
    with pytest.raises(mo.InvalidInput, match="holds times"):
        mo.SoftmaxRegression(mo.L2()).fit([[time], [time]] * 3, [0, 1, 0, 1, 0, 1])


def test_a_series_is_no_table_of_features():
    with pytest.raises(mo.InvalidInput, match="X cannot be used"):
        mo.SoftmaxRegression(mo.L2()).fit(pd.Series([1.0, 2, 3, 4]), [0, 1, 0, 1])


def test_what_is_wrong_with_weights_is_said():
    x, y = np.arange(4.0).reshape(-1, 1), [0, 1, 0, 1]
    hidden = np.ma.array([1.0, 2, 3, 4], mask=[False, False, True, False])
    for weights, words in ((["a"] * 4, "<U1"), ([1, 2, 3, np.inf], "row 4"), ([1, 2], "shape (2,)"), (hidden, "row 3")):
        with pytest.raises(mo.InvalidInput) as raised:
            mo.SoftmaxRegression(mo.L2()).fit(x, y, weights)
        assert words in str(raised.value)
