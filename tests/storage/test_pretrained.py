"""The pretrained network: its logits by an own forward pass in numpy, and nothing but the known file is read."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from mottomo.errors import SourceError
from mottomo.messages import verbatim
from mottomo.sources.pictures.network import Network
from mottomo.storage import pretrained


def convolved(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """TensorFlow's convolution with padding SAME: (channels, h, w) by (out, channels or 1, k, k)."""
    n_out, _, k, _ = kernel.shape
    size = -(-x.shape[1] // stride)
    total = max((size - 1) * stride + k - x.shape[1], 0)
    x = np.pad(x, ((0, 0), (total // 2, total - total // 2), (total // 2, total - total // 2)))
    y = np.zeros((n_out, size, size))
    for i in range(k):
        for j in range(k):
            seen = x[:, i : i + stride * size : stride, j : j + stride * size : stride]
            one = kernel[:, :, i, j]
            y += seen * one[:, :1, None] if kernel.shape[1] == 1 else np.tensordot(one, seen, 1)
    return y


class Reference:
    """The network from its published description, in double precision, with the batch normalisation not folded."""

    BLOCKS = ((3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1))  # kernel, stride, blocks

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = {name: np.asarray(values, np.float64) for name, values in weights.items()}

    def layer(
        self, x: np.ndarray, convolution: str, norm: str, stride: int = 1, *, is_last: bool = False
    ) -> np.ndarray:
        get = self.weights
        x = convolved(x, get[f"{convolution}.weight"], stride)
        mean, variance = get[f"{norm}.running_mean"], get[f"{norm}.running_var"]
        x = (x - mean[:, None, None]) / np.sqrt(variance + 1e-3)[:, None, None]
        x = x * get[f"{norm}.weight"][:, None, None] + get[f"{norm}.bias"][:, None, None]
        return x if is_last else x.clip(0, 6)

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        x = self.layer(((pixels.astype(np.float64) - 127) / 128).transpose(2, 0, 1), "_conv_stem", "_bn0", 2)
        index = 0
        for _, stride, n in self.BLOCKS:
            for block in range(n):
                name, before = f"_blocks.{index}.", x
                if index:
                    x = self.layer(x, f"{name}_expand_conv", f"{name}_bn0")
                x = self.layer(x, f"{name}_depthwise_conv", f"{name}_bn1", stride if block == 0 else 1)
                x = self.layer(x, f"{name}_project_conv", f"{name}_bn2", is_last=True)
                x, index = x + before if x.shape == before.shape and index else x, index + 1
        x = self.layer(x, "_conv_head", "_bn1").mean(axis=(1, 2))
        return self.weights["_fc.weight"] @ x + self.weights["_fc.bias"]


def test_the_logits_are_those_of_an_own_forward_pass_to_1e_4():
    weights = pretrained._weights(pretrained._weights_file())
    assert sum(values.size for values in weights.values()) == 4_694_073
    network = Network.of(pretrained.pretrained_network(), verbatim("network"), pretrained.LOGITS)
    y, x = np.mgrid[0:224, 0:224]
    wave = 127 + 120 * np.stack([np.sin(x / 9), np.cos(y / 5), np.sin((x + y) / 13)], axis=2)
    noise = np.random.default_rng(3).integers(0, 256, (224, 224, 3))
    for pixels in (wave.astype(np.uint8), noise.astype(np.uint8)):
        found = network.run(pixels[None], (0.0,), (1.0,))[0]
        assert np.abs(found - Reference(weights).logits(pixels)).max() < 1e-4


def test_the_network_is_kept_and_made_again_where_it_was_damaged(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("MOTTOMO_CACHE", str(tmp_path))
    content = pretrained.pretrained_network()
    (kept,) = (tmp_path / "networks").iterdir()
    assert hashlib.sha256(kept.read_bytes()).hexdigest() in kept.name
    kept.write_bytes(content[:-1])
    assert pretrained.pretrained_network() == content
    assert kept.read_bytes() == content
    monkeypatch.setattr(pretrained, "_weights_file", lambda: pytest.fail("the weights are read again"))
    assert pretrained.pretrained_network() == content


def test_weights_that_are_not_those_that_are_known_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pretrained, "_FILE", "__init__.py")
    with pytest.raises(SourceError, match="not those that are known") as caught:
        pretrained._weights_file()
    assert pretrained.WEIGHTS_SHA256 in str(caught.value)


def test_the_reader_of_the_weights_calls_nothing_else():
    class Harmful:
        def __reduce__(self):
            return (print, ("called",))

    for content in (pickle.dumps(Harmful()), pickle.dumps(Path("x")), pickle.dumps(np.float64(1))):
        with pytest.raises(pickle.UnpicklingError):
            pretrained._weights(content)
