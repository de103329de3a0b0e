"""Model files: what comes back, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from mottomo.categories import Categories
from mottomo.classification.classifier import SoftmaxClassifier
from mottomo.classification.encoding import Encoding, Feature
from mottomo.classification.penalties import L2
from mottomo.errors import SourceError
from mottomo.storage.model_file import _hash, classifier_bytes, load_classifier, save_classifier
from mottomo.storage.whole_file import refuse_unwritable, write_whole
from mottomo.workflows.models import load_model
from tests.classification.data import columns_of

COLUMNS = {"x": np.array([0.5, -1.0]), "c": np.array(["b", "ä"], dtype=object)}


def classifier():
    encoding = Encoding((Feature("x"), Feature("c", ("ä", "b"), "ä")))
    generator = np.random.default_rng(0)
    return SoftmaxClassifier(
        target="動物",
        categories=Categories(("犬", "fox", "wolf")),
        encoding=encoding,
        coefficients=generator.normal(size=(2, 3)),
        intercepts=np.arange(3.0),
        penalty=L2(0.5),
        history={"version": "0.1.0", "n_observations": 20, "converged": True},
    )


def header_of(content: bytes) -> dict:
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["mottomo"])


def with_header(content: bytes, header: dict) -> bytes:
    return save(load(content), metadata={"mottomo": json.dumps(header)})


def test_a_classifier_comes_back_as_it_was(tmp_path):
    one, path = classifier(), tmp_path / "model.safetensors"
    save_classifier(one, path)
    other = load_classifier(path)
    assert (other.target, other.categories, other.encoding) == (one.target, one.categories, one.encoding)
    assert (other.penalty, other.history) == (one.penalty, one.history)
    np.testing.assert_array_equal(other.probabilities(columns_of(COLUMNS)), one.probabilities(columns_of(COLUMNS)))


def test_the_same_classifier_gives_the_same_bytes():
    assert classifier_bytes(classifier()) == classifier_bytes(classifier())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_is_cut_is_refused(tmp_path, share):
    content = classifier_bytes(classifier())
    path = tmp_path / "model.safetensors"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SourceError, match="cut, damaged, or no model file"):
        load_classifier(path)


def test_a_changed_number_is_refused(tmp_path):
    content = bytearray(classifier_bytes(classifier()))
    content[-3] ^= 1
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(content))
    with pytest.raises(SourceError, match="changed after it was written"):
        load_classifier(path)


@pytest.mark.parametrize("key", ["description", "sha256"])
def test_a_changed_description_is_refused(tmp_path, key):
    content = classifier_bytes(classifier())
    header = header_of(content)
    header[key] = header[key].replace("wolf", "woof") if key == "description" else "0" * 64
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_header(content, header))
    with pytest.raises(SourceError, match="changed after it was written"):
        load_classifier(path)


def test_a_newer_format_is_refused(tmp_path):
    content = classifier_bytes(classifier())
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_header(content, {**header_of(content), "format": 99}))
    with pytest.raises(SourceError, match=r"(?s)another format.*format 3.*format 99.*newer version"):
        load_classifier(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(SourceError, match="no such file"):
        load_classifier(path)
    path.write_bytes(save({"weight": np.zeros(3)}))
    with pytest.raises(SourceError, match="no model file of mottomo"):
        load_classifier(path)
    path.write_text("species,x\n")
    with pytest.raises(SourceError, match="cannot be read"):
        load_classifier(path)
    with pytest.raises(SourceError, match="cannot be opened"):
        load_classifier(tmp_path)
    with pytest.raises(SourceError, match="a device or a pipe"):
        load_classifier(Path(os.devnull))


def test_a_name_that_no_file_can_have_is_refused_for_reading_and_writing():
    path = Path("a\0b.onnx")
    for use in (load_classifier, load_model, classifier().save, refuse_unwritable, lambda path: write_whole(path, b"")):
        with pytest.raises(SourceError):
            use(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("encoding"),
        lambda d: d.update(categories=["a"]),
        lambda d: d.update(encoding=[{"name": "x"}]),
        lambda d: d.update(encoding=[]),
        lambda d: d.update(categories=["a", "a", "b"]),
        lambda d: d.update(history=None),
        lambda d: d["penalty"].update(strength="much"),
        lambda d: d["penalty"].update(of="something"),
        lambda d: d.update(penalty="l2"),
        lambda d: d.update(target=None),
        lambda d: d.update(categories="uv"),
        lambda d: d.update(categories=[1, 2]),
        lambda d: d.update(declared=1.5),
        lambda d: d["encoding"][0].update(name=[1]),
        lambda d: d["encoding"][0].update(name=None),
        lambda d: d["encoding"].append(d["encoding"][0]),
        lambda d: d["encoding"][-1].update(levels="uv"),
        lambda d: d["encoding"][-1].update(baseline="another"),
        lambda d: d.clear(),
    ],
)
def test_a_description_that_is_none_is_refused_even_with_its_hash(tmp_path, change):
    content = classifier_bytes(classifier())
    header = header_of(content)
    description = json.loads(header["description"])
    change(description)
    text = json.dumps(description)
    path = tmp_path / "m"
    path.write_bytes(with_header(content, {**header, "description": text, "sha256": _hash(text, load(content))}))
    with pytest.raises(SourceError, match="cannot be read"):
        load_classifier(path)


@pytest.mark.parametrize("description", [None, 5, {}, ["a"], "\ud800"])
def test_a_description_that_is_no_text_is_refused(tmp_path, description):
    content = classifier_bytes(classifier())
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_header(content, {**header_of(content), "description": description}))
    with pytest.raises(SourceError, match="changed after it was written"):
        load_classifier(path)


@pytest.mark.parametrize("depth", [1_000, 100_000])
@pytest.mark.parametrize("part", ["header", "description"])
def test_a_file_nested_without_end_is_refused(part, depth, tmp_path):
    path, content = tmp_path / "m", classifier_bytes(classifier())
    nested = "[" * depth + "]" * depth
    if part == "header":
        path.write_bytes(save(load(content), metadata={"mottomo": nested}))
    else:
        text = '{"categories": ' + nested + "}"
        header = {**header_of(content), "description": text, "sha256": _hash(text, load(content))}
        path.write_bytes(with_header(content, header))
    with pytest.raises(SourceError) as raised:
        load_classifier(path)
    assert raised.value.code in ("model-damaged", "not-a-model")
    assert "Error:" not in str(raised.value)


def test_a_file_of_the_format_before_is_read(tmp_path):
    one, path = classifier(), tmp_path / "model.safetensors"
    content = classifier_bytes(one)
    header = header_of(content)
    description = json.loads(header["description"])
    assert (description.pop("type"), description.pop("refusal")) == ("softmax", None)
    text = json.dumps(description, ensure_ascii=False, sort_keys=True)
    older = {**header, "format": 2, "description": text, "sha256": _hash(text, load(content))}
    path.write_bytes(with_header(content, older))
    np.testing.assert_array_equal(load_classifier(path).coefficients, one.coefficients)
