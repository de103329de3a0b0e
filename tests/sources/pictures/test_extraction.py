"""From pictures to rows of numbers: in order, the same on any number of threads, each picture once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mottomo.errors import SourceError
from mottomo.messages import verbatim
from mottomo.sources.pictures import extraction
from mottomo.sources.pictures.extraction import Extraction
from mottomo.sources.pictures.network import Network
from mottomo.sources.pictures.recipe import Recipe, of_pixels
from mottomo.storage import pretrained

pytestmark = pytest.mark.xdist_group("extraction")  # on one processor, so that its fixture is made once

NETWORK = Recipe("network", 224, 1280, 1.0, pretrained.NAME, pretrained.WEIGHTS_SHA256, "features")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{number}.png" for number in range(11)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).resize((240, 240)).save(path)
    return paths


def features(found) -> np.ndarray:
    return np.stack([one.features for one in found])


class Memory(dict):
    """A store that counts."""

    hits = 0

    def get(self, sha256):
        self.hits += sha256 in self
        return super().get(sha256)

    def put(self, found):
        self.update(found)


def test_pixels_are_the_colours_from_0_to_1(pictures):
    small = np.array([[[0, 51, 255], [255, 0, 102]], [[1, 2, 3], [4, 5, 6]]], np.uint8)
    (found,) = Extraction(of_pixels("pixels", 2)).of([small])
    assert found.features.tolist() == (small.ravel() / np.float32(255)).astype(np.float32).tolist()
    (grey,) = Extraction(of_pixels("grey", 2)).of([small])
    expected = np.asarray(Image.fromarray(small).convert("L")).ravel() / np.float32(255)
    assert grey.features.tolist() == expected.astype(np.float32).tolist()


def test_numbers_do_not_depend_on_threads_nor_on_neighbours(pictures, monkeypatch):
    content = pretrained.pretrained_network()
    together = features(Extraction(NETWORK, content).of(pictures))
    alone = features(next(Extraction(NETWORK, content).of([one])) for one in pictures)
    monkeypatch.setattr(extraction, "processors", lambda: 1)
    one_thread = features(Extraction(NETWORK, content).of(pictures))
    assert np.array_equal(together, alone)
    assert np.array_equal(together, one_thread)


def test_a_picture_that_is_known_is_not_computed_again(pictures):
    store = Memory()
    first = features(Extraction(of_pixels("pixels", 8), store=store).of(pictures))
    assert (len(store), store.hits) == (len(pictures), 0)
    again = features(Extraction(of_pixels("pixels", 8), store=store).of(pictures))
    assert store.hits == len(pictures)
    assert np.array_equal(first, again)


def test_bad_pictures_stand_in_their_place_and_the_others_are_read(pictures, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    mixed = [*pictures[:5], tmp_path / "bad.png", *pictures[5:], tmp_path / "gone.png"]
    found = list(Extraction(of_pixels("pixels", 8)).of(mixed))
    assert [one.problem.code for one in found if one.problem] == ["not-a-picture", "no-such-file"]
    assert [place for place, one in enumerate(found) if one.problem] == [5, len(mixed) - 1]


def test_no_thread_is_left_when_reading_is_given_up(pictures):
    rows = Extraction(of_pixels("pixels", 8)).of(pictures * 50)
    next(rows)
    rows.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("pictures")]


def test_a_recipe_comes_back_from_its_description():
    for recipe in (NETWORK, of_pixels("grey", 28, 0.875)):
        assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert NETWORK.fingerprint != Recipe.from_dict({**NETWORK.to_dict(), "crop": 0.9}).fingerprint
    for wrong in ({"kind": "other"}, {"network": None}, {"mean": 3}):
        with pytest.raises((ValueError, TypeError)):
            Recipe.from_dict({**NETWORK.to_dict(), **wrong})


# --- networks of others ----------------------------------------------------------------------------------------------


def model(shape, outputs=(("y", ["n", 3]),), kind="FLOAT", n_inputs=1) -> bytes:
    """An ONNX model that takes pictures, or something else, and gives the mean of each colour."""
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info(f"x{i}", getattr(TensorProto, kind), shape) for i in range(n_inputs)]
    first = shape[1] == 3
    nodes = [
        helper.make_node("ReduceMean", ["x0"], [name], axes=[2, 3] if first else [1, 2], keepdims=0)
        for name, _ in outputs
    ]
    results = [helper.make_tensor_value_info(name, getattr(TensorProto, kind), size) for name, size in outputs]
    graph = helper.make_graph(nodes, "g", inputs, results)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return made.SerializeToString()


@pytest.mark.parametrize("shape", [["n", 3, 16, 16], ["n", 16, 16, 3]])
def test_a_network_of_others_sees_its_colours_scaled_in_its_own_order(shape, pictures):
    recipe = Recipe("network", 16, 3, 1.0, "f.onnx", "", "y", (10.0, 20.0, 30.0), (2.0, 4.0, 8.0))
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    (found,) = Extraction(recipe, model(shape)).of([picture])
    expected = (picture.mean(axis=(0, 1)) - [10, 20, 30]) / [2, 4, 8]
    assert found.features == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no model", "not-onnx"),
        (model(["n", 3, 16, 16])[:-20], "not-onnx"),
        (model(["n", 1, 16, 16]), "network-input"),
        (model(["n", 3, 16, 8]), "network-input"),
        (model([1, 3, 16, 16]), "network-input"),
        (model(["n", 3, "h", "w"]), "network-input"),
        (model(["n", 3, 16, 16], n_inputs=2), "network-input"),
        (model(["n", 3, 16, 16], (("y", ["n", 3]), ("z", ["n", 3]))), "onnx-outputs"),
        (model(["n", 3, 16, 16], (("y", ["n"]),)), "onnx-outputs"),
    ],
)
def test_an_onnx_file_that_is_no_network_for_pictures_is_refused(content, code):
    with pytest.raises(SourceError) as caught:
        Network.of(content, verbatim("f.onnx"))
    assert caught.value.code == code
    assert "f.onnx" in str(caught.value)


def test_an_output_is_chosen_by_name():
    content = model(["n", 3, 16, 16], (("y", ["n", 3]), ("z", ["n", 3])))
    assert Network.of(content, verbatim("f"), "z").output == "z"
    with pytest.raises(SourceError, match="no such output"):
        Network.of(content, verbatim("f"), "w")
