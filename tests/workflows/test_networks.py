"""Neural networks: beside the softmax, on tables and pixels, seeded, with their file and their graph."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from make_silhouettes import main as write_silhouettes
from sklearn.datasets import load_digits, load_iris

import mottomo as mo
from mottomo.classification.layers import network_logits
from mottomo.classification.network import NetworkSettings, _copied, _Network
from mottomo.storage.onnx_file import onnx_bytes
from mottomo.workflows.picture_recipes import save_onnx

PENGUINS = Path(__file__).parent.parent.parent / "examples" / "penguins.csv"


def rings(n: int = 400) -> pd.DataFrame:
    """Two rings, which no line tells apart."""
    rng = np.random.default_rng(1)
    radius = np.repeat([1.0, 2.0], n // 2) + rng.normal(0, 0.1, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    return pd.DataFrame({
        "x": radius * np.cos(angle), "y": 100 + 50 * radius * np.sin(angle), "ring": np.repeat(["in", "out"], n // 2)
    })  # fmt: skip


def test_a_network_learns_what_softmax_regression_cannot():
    options = {"target": "ring", "holdout": 0.25, "seed": 3}
    network = mo.train(rings(), model_type="network", **options)
    softmax = mo.train(rings(), penalty="l2", **options)
    assert isinstance(network, mo.NetworkResult)
    assert softmax.held_out.model.value > 0.6
    assert network.held_out.model.value < 0.1
    assert network.held_out.null.value == softmax.held_out.null.value
    assert network.verdict == "network-trained"
    assert "no-certificate" in network.remarks


@pytest.mark.parametrize("name", ["penguins", "digits", "iris"])
@pytest.mark.slow
def test_a_network_is_better_than_the_die_beside_the_softmax(name):
    if name == "penguins":
        data, options = PENGUINS, {"target": "species", "missing": "drop"}
    else:
        found = (load_digits if name == "digits" else load_iris)(as_frame=True)
        data, options = found.frame.assign(target=found.target.astype(str)), {"target": "target"}
    both = [
        mo.train(data, model_type=kind, hidden=hidden, holdout=0.25, seed=1, penalty="l2", **options).held_out
        for kind, hidden in (("network", "32"), ("softmax", None))
    ]
    for one in both:
        assert one.model.value < 0.35 * one.null.value
    assert both[0].n_rows == both[1].n_rows


@pytest.mark.slow
def test_the_file_of_a_network_is_the_same_on_two_runs_and_any_number_of_threads(tmp_path):
    rings().to_csv(tmp_path / "rings.csv", index=False)
    code = (
        "import sys, mottomo as mo; from pathlib import Path; "
        "mo.train(Path(sys.argv[1]), target='ring', model_type='network', seed=5).model.save(sys.argv[2])"
    )
    for run, threads in enumerate((1, 1, 2)):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        call = [sys.executable, "-c", code, tmp_path / "rings.csv", tmp_path / str(run)]
        subprocess.run(call, env=environment, check=True)
    first, second, third = ((tmp_path / str(run)).read_bytes() for run in range(3))
    assert first == second == third
    other = mo.train(rings(), target="ring", model_type="network", seed=6)
    assert other.model.layers[0][0].tolist() != mo.load_model(tmp_path / "0").layers[0][0].tolist()


def test_the_file_and_the_graph_of_a_network_give_its_probabilities(tmp_path):
    import onnxruntime

    result = mo.train(PENGUINS, target="species", missing="drop", model_type="network", hidden=(16, 8))
    result.model.save(tmp_path / "m")
    again = mo.load_model(tmp_path / "m")
    frame = pd.read_csv(PENGUINS).dropna()
    expected = mo.predict(result.model, frame).probabilities
    assert np.array_equal(mo.predict(again, frame).probabilities, expected)
    assert expected.sum(axis=1) == pytest.approx(np.ones(len(frame)))
    session = onnxruntime.InferenceSession(onnx_bytes(result.model))
    feed = {
        one.name: frame[[one.name]].to_numpy(object if one.levels else float) for one in result.model.encoding.features
    }
    (found,) = session.run(["probabilities"], feed)
    assert np.abs(found - expected).max() < 1e-9


@pytest.mark.slow
def test_a_network_on_pixels_and_its_graph(tmp_path):
    import onnxruntime
    from PIL import Image

    rng = np.random.default_rng(0)
    pictures = [Image.fromarray((rng.random((6, 6)) * 100 + 100 * (k % 2)).astype(np.uint8)) for k in range(60)]
    table = {"picture": pictures, "kind": ["ab"[k % 2] for k in range(60)]}
    options = {"target": "kind", "images": "picture", "image_features": "grey:6", "model_type": "network"}
    result = mo.train(table, copies=2, hidden="8", **options)
    assert result.model.settings["copies"] == 2
    assert result.model.settings["side"] == 6
    save_onnx(result.model, tmp_path / "m.onnx")
    pixels = np.stack([np.asarray(one.convert("RGB")) for one in pictures])
    (found,) = onnxruntime.InferenceSession(tmp_path / "m.onnx").run(["probabilities"], {"picture": pixels})
    assert np.abs(found - mo.predict(result.model, pictures).probabilities).max() < 1e-6


@pytest.mark.parametrize("strength", [1.0, 20.0])
@pytest.mark.slow
def test_without_hidden_layers_the_penalised_optimum_is_that_of_softmax_regression(strength):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(150, 3))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    labels = (x @ rng.normal(size=(3, 3)) + rng.gumbel(size=(150, 3))).argmax(axis=1)
    network = _Network(3, NetworkSettings(()), strength, len(x))
    for _ in range(600):
        network.step(x, labels, np.ones(len(x)))
    found = network_logits(x, np.zeros(3), np.ones(3), network.layers())
    frame = pd.DataFrame(x, columns=list("abc")).assign(kind=labels.astype(str))
    expected = mo.predict(mo.train(frame, target="kind", penalty=mo.L2(strength)).model, frame).probabilities
    likely = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    assert np.abs(likely - expected).max() < 0.02


@pytest.mark.slow
def test_weights_count_as_copies_of_rows_do_for_the_losses():
    frame = rings(120).assign(times=np.tile([0, 1, 2], 40))
    result = mo.train(frame, target="ring", weights="times", model_type="network")
    assert result.n_observations == int(frame["times"].sum())
    likely = mo.predict(result.model, frame).probabilities
    own = np.where(frame["ring"] == "in", likely[:, 0], likely[:, 1])
    assert result.log_likelihood == pytest.approx(float(frame["times"].to_numpy() @ np.log(own)), rel=1e-9)


@pytest.mark.slow
def test_the_curve_is_the_table_and_the_best_epoch_is_kept():
    result = mo.train(rings(), target="ring", model_type="network")
    curve = result.to_dict()["curve"]
    aside = [one["cross_entropy_aside"] for one in curve]
    assert aside.index(min(aside)) + 1 == result.best
    assert len(result) == len(curve) == len(result.to_frame())
    assert result.n_aside == 40
    assert "40 rows were kept aside" in " ".join(result.render("text", "en").split())


def test_few_rows_are_all_learnt_and_that_is_said():
    result = mo.train(rings(12), target="ring", model_type="network")
    assert result.n_aside == 0
    assert "nothing-aside" in result.remarks
    assert all(np.isnan(one.aside) for one in result.curve)


@pytest.mark.slow
def test_groups_are_kept_aside_whole_and_left_out_in_turn():
    frame = rings().assign(who=np.arange(400) % 6)
    result = mo.train(frame, target="ring", model_type="network", group="who", holdout="each")
    assert result.n_aside in (66, 67)
    assert len(result.held_out.left_out.groups) == 6
    assert result.held_out.model.value < 0.1


def test_an_interrupt_keeps_the_best_so_far():
    def interrupt(epoch) -> None:
        if epoch.epoch == 3:
            raise KeyboardInterrupt

    result = mo.train(rings(), target="ring", model_type="network", progress=interrupt)
    assert (result.verdict, len(result.curve)) == ("network-interrupted", 3)
    assert result.is_usable


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"hidden": "64"}, "--hidden goes with"),
        ({"copies": 2}, "--copies goes with"),
        ({"model_type": "network", "hidden": "0"}, "units of each hidden layer"),
        ({"model_type": "network", "hidden": ()}, "units of each hidden layer"),
        ({"model_type": "network", "hidden": [1.5]}, "units of each hidden layer"),
        ({"model_type": "network", "hidden": True}, "units of each hidden layer"),
        ({"model_type": "network", "reference": "in"}, "goes with --model-type softmax"),
        ({"model_type": "network", "accept_limit": True}, "goes with --model-type softmax"),
        ({"model_type": "network", "copies": 2}, "features are pixels"),
        ({"model_type": "network", "copies": -1}, "copies"),
        ({"model_type": "netwrok"}, "did you mean network"),
        ({"model_type": "network", "memory": 0}, "do not fit into the memory"),
    ],
)
def test_what_does_not_go_with_a_network_is_refused(options, match):
    with pytest.raises(mo.InvalidInput, match=match):
        mo.train(rings(40), target="ring", **options)


def test_copies_are_mirrored_and_shifted_by_up_to_a_pixel():
    pictures = np.arange(2 * 5 * 5 * 3, dtype=float).reshape(2, -1)
    found = _copied(pictures, NetworkSettings((4,), 0, 30, 5), np.random.default_rng(0)).reshape(30, 2, 5, 5, 3)
    square = pictures.reshape(2, 5, 5, 3)
    seen = set()
    for picture in range(2):
        padded = np.pad(square[picture], ((1, 1), (1, 1), (0, 0)), mode="edge")
        possible = {}
        for down in range(3):
            for right in range(3):
                moved = padded[down : down + 5, right : right + 5]
                possible[moved.tobytes()] = (down, right, False)
                possible[moved[:, ::-1].tobytes()] = (down, right, True)
        seen |= {possible[np.ascontiguousarray(copy).tobytes()] for copy in found[:, picture]}
    assert len(seen) > 12


@pytest.mark.slow
def test_silhouettes_of_ten_animals(tmp_path):
    write_silhouettes(tmp_path)
    options = {"image_features": "grey:28", "refuse": 0.0}
    network = mo.train(tmp_path / "learnt", model_type="network", hidden="256", penalty="l2=4", **options)
    softmax = mo.train(tmp_path / "learnt", **options)
    every = mo.score(network.model, tmp_path / "new")
    new = mo.score(network.model, tmp_path / "new-without-copies")
    assert (every.n_observations, new.n_observations) == (2000, 1887)
    assert every.held_out.model.value < 0.40
    assert new.held_out.model.value < 0.40
    assert mo.score(softmax.model, tmp_path / "new").held_out.model.value > every.held_out.model.value + 0.3
