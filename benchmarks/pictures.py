"""Pictures through the pretrained network, from their files on, beside ONNX Runtime alone fed with ready tensors."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
import onnxruntime
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

import mottomo as mo
from benchmarks.harness import machine
from mottomo.messages import verbatim
from mottomo.sources.pictures.decoding import square
from mottomo.sources.pictures.extraction import Extraction
from mottomo.sources.pictures.recipe import Recipe
from mottomo.storage import pretrained
from mottomo.workflows import picture_recipes

ROOT = Path(__file__).parent.parent
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


def peak_mib(folder: Path, n: int) -> float:
    """The peak memory of a process that takes n pictures from files to numbers."""
    child = (
        "import resource, sys\n"
        "from benchmarks.pictures import RECIPE, Extraction, Path, pretrained\n"
        "paths = [Path(sys.argv[1]) / str(k % 8) for k in range(int(sys.argv[2]))]\n"
        "n = sum(one.problem is None for one in Extraction(RECIPE, pretrained.pretrained_network()).of(paths))\n"
        "assert n == len(paths)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    for k in range(8):
        (folder / str(k)).write_bytes(picture((256, 256), "JPEG", k))
    ran = subprocess.run(
        [sys.executable, "-c", child, str(folder), str(n)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(ran.stdout)


def draft_effect(folder: Path) -> str:
    """The loss on drawings as JPEG of several sizes, a vendor left out, with Pillow's draft mode and without it."""
    lines = [
        "| drawings as JPEG | loss with draft mode | without | pixels differ by (rms, of 255) |",
        "|---|---|---|---|",
    ]
    sources = sorted((ROOT / "examples" / "drawings").rglob("*.png"))
    for side in (448, 900, 1800):
        place = folder / f"jpeg {side}"
        paths = []
        for path in sources:
            paths.append(place / path.relative_to(ROOT / "examples" / "drawings").with_suffix(".jpg"))
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            Image.open(path).resize((side, side), Image.Resampling.BICUBIC).save(paths[-1], quality=92)
        found = []
        for drafts in (True, False):
            draft = JpegImageFile.draft if drafts else lambda *given: None
            cache = {"MOTTOMO_CACHE": str(folder / f"cache {side} {drafts}")}
            with mock.patch.object(JpegImageFile, "draft", draft), mock.patch.dict(os.environ, cache):
                picture_recipes._extractions.clear()
                losses = mo.train(place, group=2, holdout="each").held_out.model
                seen = np.stack([square(path.read_bytes(), verbatim(""), 224, 1.0) for path in paths])
            found.append((losses, seen.astype(np.float64)))
        (drafted, pixels), (whole, plain) = found
        rms = float(np.sqrt(((pixels - plain) ** 2).mean()))
        lines.append(
            f"| {side} pixels | {drafted.value:.4f} ± {drafted.standard_error:.3f} | {whole.value:.4f} | {rms:.2f} |"
        )
    picture_recipes._extractions.clear()
    return "\n".join(lines)


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
        memory = {n: peak_mib(Path(folder), n) for n in (200, 10_000)}
        drafted = draft_effect(Path(folder))
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
    flat = ", ".join(f"{n:,} pictures {peak:.0f} MiB" for n, peak in memory.items())
    return "\n\n".join([
        "\n".join(lines), f"{said} Peak memory of the process: {flat}.", drafted, machine(["onnxruntime", "pillow"])
    ])  # fmt: skip
