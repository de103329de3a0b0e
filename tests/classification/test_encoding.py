"""From columns to features: what is kept, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from mottomo.classification.encoding import Encoding
from mottomo.errors import InvalidInput
from tests.classification.data import columns_of

COLUMNS = {
    "height": np.array([1.5, 2.0, 3.0]),
    "colour": np.array(["red", "blue", "red"], dtype=object),
}
LEVELS = {"height": None, "colour": ["red", "blue"]}


def test_numbers_stay_and_texts_get_a_column_for_each_level_but_the_first():
    encoding = Encoding.learn(LEVELS, baselines=True)
    assert encoding.columns == ("height", "colour=red")
    assert encoding.encode(columns_of(COLUMNS)).tolist() == [[1.5, 1], [2, 0], [3, 1]]
    assert encoding.groups() == {"height": [0], "colour": [1]}


def test_without_baselines_each_level_has_a_column():
    encoding = Encoding.learn(LEVELS, baselines=False)
    assert encoding.columns == ("height", "colour=blue", "colour=red")
    assert encoding.encode(columns_of(COLUMNS)).tolist() == [[1.5, 0, 1], [2, 1, 0], [3, 0, 1]]


def test_an_encoding_comes_back_from_plain_data():
    for baselines in (True, False):
        encoding = Encoding.learn(LEVELS, baselines=baselines)
        assert Encoding.from_list(encoding.to_list()) == encoding


def test_an_unknown_level_is_refused_with_its_row_or_taken_for_none():
    encoding = Encoding.learn(LEVELS, baselines=False)
    others = {"height": np.array([1.0, 1.0]), "colour": np.array(["blue", "bleu"], dtype=object)}
    with pytest.raises(InvalidInput, match=r"(?s)row 2, column colour.*bleu.*did you mean blue"):
        encoding.encode(columns_of(others))
    assert encoding.encode(columns_of(others), unknown="baseline").tolist() == [[1, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(("name", "values"), [("height", ["a", "b"]), ("colour", [1.0, 2.0])])
def test_a_column_of_another_kind_is_refused(name, values):
    encoding = Encoding.learn(LEVELS, baselines=True)
    dtype = object if isinstance(values[0], str) else float
    columns = {**{key: column[:2] for key, column in COLUMNS.items()}, name: np.array(values, dtype=dtype)}
    with pytest.raises(InvalidInput, match=f"(?s)another type.*column {name}"):
        encoding.encode(columns_of(columns))


def test_many_levels_are_encoded_as_a_sparse_matrix_with_the_same_numbers():
    values = np.array([f"level {i % 700}" for i in range(1400)], dtype=object)
    columns = {"x": np.arange(1400.0), "level": values}
    encoding = Encoding.learn({"x": None, "level": values.tolist()}, baselines=True)
    encoded = encoding.encode(columns_of(columns))
    assert scipy.sparse.issparse(encoded)
    assert encoded.shape == (1400, 700)
    assert (encoded.toarray()[:, 0] == columns["x"]).all()
    assert encoded.toarray()[:, 1:].sum() == 1400 - 2  # the two rows of the baseline
