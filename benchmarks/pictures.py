"""Pictures through the pretrained network, from their files on, beside ONNX Runtime alone fed with ready tensors."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from benchmarks.harness import machine
from mottomo.sources.pictures.extraction import Extraction
from mottomo.sources.pictures.recipe import Recipe
from mottomo.storage import pretrained

TITLE = "Pictures a second"
ROUNDS = 3
RECIPE = Recipe("network", 224, 1280, 1.0, pretrained.NAME, pretrained.WEIGHTS_SHA256, pretrained.FEATURES)


def picture(side: tuple[int, int], kind: str, seed: int) -> bytes:
    """A picture with the detail of a photo: noise of several sizes."""
    rng = np.random.default_rng(seed)
    layers = [Image.fromarray(rng.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize(side, Image.Resampling.BICUBIC)
              for n in (6, 40, 250)]  # fmt: skip
    mixed = sum(np.asarray(one, np.float32) * share for one, share in zip(layers, (0.6, 0.3, 0.1), strict=True))
    stream = io.BytesIO()
    Image.fromarray(mixed.astype(np.uint8)).save(stream, kind, quality=88)
    return stream.getvalue()


def runtime(threads: int, batch: int, content: bytes, n: int) -> float:
    """How many pictures a second ONNX Runtime takes, fed with ready tensors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).integers(0, 256, (batch, 224, 224, 3), dtype=np.uint8)
    session.run(["features"], {"pixels": pixels})
    start = time.perf_counter()
    for _ in range(n // batch):
        session.run(["features"], {"pixels": pixels})
    return n / (time.perf_counter() - start)


def ours(extraction: Extraction, paths: list[Path]) -> float:
    """Pictures a second from files to numbers."""
    start = time.perf_counter()
    assert all(one.problem is None for one in extraction.of(paths))
    return len(paths) / (time.perf_counter() - start)


def run() -> str:
    content = pretrained.pretrained_network()
    extraction = Extraction(RECIPE, content)
    kinds = {
        "JPEG 256 x 256": ((256, 256), "JPEG", 320),
        "JPEG 512 x 512": ((512, 512), "JPEG", 320),
        "PNG 448 x 448": ((448, 448), "PNG", 160),
        "JPEG 12 megapixels": ((4000, 3000), "JPEG", 40),
    }
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, list[Path]] = {}
        for name, (side, kind, n) in kinds.items():
            contents = [picture(side, kind, seed) for seed in range(8)]
            paths[name] = [Path(folder) / f"{name} {k}" for k in range(n)]
            for k, path in enumerate(paths[name]):
                path.write_bytes(contents[k % 8])
        for _ in range(ROUNDS):
            for threads, batch in ((1, 8), (2, 1), (2, 8), (2, 32)):
                rates.setdefault(f"ONNX Runtime alone, {threads} threads, batch {batch}", []).append(
                    runtime(threads, batch, content, 320)
                )
            for name, files in paths.items():
                rates.setdefault(f"mottomo, {name}", []).append(ours(extraction, files))
    reference = float(np.median(rates["ONNX Runtime alone, 2 threads, batch 8"]))
    lines = ["| what | pictures a second | x reference |", "| :-- | --: | --: |"]
    for name, found in rates.items():
        rate = float(np.median(found))
        lines.append(f"| {name} | {rate:.0f} | {rate / reference:.2f} |")
    said = (
        "EfficientNet-Lite0 at 224 pixels. The reference is the runtime with two threads and batches of 8; the rows of "
        "mottomo read and decode files, two threads with a picture's batch each."
    )
    return "\n".join(lines) + f"\n\n{said} {machine(['onnxruntime', 'pillow'])}"
