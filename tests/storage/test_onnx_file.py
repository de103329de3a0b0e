"""ONNX files: the runtime of others computes the same probabilities from the same columns."""

from __future__ import annotations

import dataclasses
import importlib.util

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mottomo.categories import Categories
from mottomo.classification.classifier import SoftmaxClassifier
from mottomo.classification.encoding import Encoding, Feature
from mottomo.errors import InvalidInput, MissingExtra, SourceError
from mottomo.storage.onnx_file import onnx_bytes, save_onnx
from tests.classification.data import columns_of


def made(features, n_categories=3, seed=0):
    encoding, generator = Encoding(tuple(features)), np.random.default_rng(seed)
    names = Categories(tuple(f"犬{k}" for k in range(n_categories)))
    w = generator.normal(size=(len(encoding.columns), n_categories)) * 5
    return SoftmaxClassifier(
        target="動物", categories=names, encoding=encoding, coefficients=w, penalty=None, history={"version": "0.1.0"},
        intercepts=generator.normal(size=n_categories),
    )  # fmt: skip


def run(content, columns):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {name: values[:, None] for name, values in columns.items()}
    return session, session.run(None, feed)


FEATURES = st.lists(
    st.one_of(
        st.just(None),
        st.tuples(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=5, unique=True), st.booleans()),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(kinds=FEATURES, n_categories=st.integers(2, 6), seed=st.integers(0, 1000))
def test_the_runtime_gives_the_same_probabilities(kinds, n_categories, seed):
    features = [
        Feature(f"c{index}") if kind is None else Feature(f"c{index}", tuple(kind[0]), kind[0][0] if kind[1] else None)
        for index, kind in enumerate(kinds)
    ]
    classifier, generator = made(features, n_categories, seed), np.random.default_rng(seed)
    columns = {
        one.name: generator.normal(size=20)
        if one.levels is None
        else np.array([one.levels[i] for i in generator.integers(0, len(one.levels), 20)], dtype=object)
        for one in features
    }
    expected = classifier.probabilities(columns_of(columns))
    _, (found, labels) = run(onnx_bytes(classifier), columns)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert labels.tolist() == [classifier.categories.names[k] for k in expected.argmax(axis=1)]


def test_the_file_says_what_it_is_and_columns_may_be_called_like_outputs(tmp_path):
    classifier = made([Feature("label"), Feature("logits"), Feature("probabilities", ("a", "b"), "a")])
    save_onnx(classifier, tmp_path / "m.onnx")
    columns = {"label": np.ones(2), "logits": np.ones(2), "probabilities": np.array(["a", "b"], dtype=object)}
    session, (found, _) = run((tmp_path / "m.onnx").read_bytes(), columns)
    np.testing.assert_allclose(found, classifier.probabilities(columns_of(columns)), rtol=1e-12)
    assert [one.name for one in session.get_outputs()] == ["probabilities_", "label_"]
    assert session.get_modelmeta().custom_metadata_map["target"] == "動物"
    assert onnx_bytes(classifier) == onnx_bytes(classifier)


def test_a_level_that_was_never_seen_is_refused_by_the_runtime():
    with pytest.raises(Exception, match=r"(?i)out of data bounds"):
        run(onnx_bytes(made([Feature("c", ("a", "b"), "a")])), {"c": np.array(["z"], dtype=object)})


def test_without_features_or_without_the_library_it_is_refused(monkeypatch):
    with pytest.raises(InvalidInput, match="without features"):
        onnx_bytes(made([]))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install onnx"):
        onnx_bytes(made([Feature("x")]))


@pytest.mark.parametrize("name", ["", "mottomo:term_0", "\udcff"])
def test_a_column_that_can_be_no_input_is_refused_by_its_name(name):
    with pytest.raises(InvalidInput) as raised:
        onnx_bytes(made([Feature("a"), Feature(name)]))
    assert raised.value.code == "input-name"


@pytest.mark.parametrize("name", [" ", "a b", "犬", "x/y", "probabilities", "label", "0", "\t", "a=b", "n"])
def test_any_other_name_can_be_an_input(name):
    session, _ = run(onnx_bytes(made([Feature(name)])), {name: np.zeros(2)})
    assert [one.name for one in session.get_inputs()] == [name]


def test_a_category_that_is_no_text_is_refused_in_our_words():
    classifier = made([Feature("a")], 2)
    odd = dataclasses.replace(classifier, categories=Categories(("a", "\udcff")))
    with pytest.raises(SourceError, match="cannot be written as ONNX"):
        onnx_bytes(odd)
