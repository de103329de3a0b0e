"""Draws examples/drawings from the SVG of six icon packages: dogs, foxes and wolves of three vendors.

Needs npm, Pillow and resvg-py. The pictures are 448 pixels wide, over white.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import resvg_py
from PIL import Image

PLACE = Path(__file__).parent.parent / "examples" / "drawings"
SIDE = 448
# The packages with their versions and vendors. The three of one vendor are the same drawings in three renderings.
PACKAGES = {
    "fluent-emoji": ("1.2.7", "microsoft"),
    "fluent-emoji-flat": ("1.2.6", "microsoft"),
    "fluent-emoji-high-contrast": ("1.2.6", "microsoft"),
    "fxemoji": ("1.2.2", "mozilla"),
    "noto": ("1.2.9", "google"),
    "noto-v1": ("1.2.5", "google"),
}
CATEGORIES = {
    "dog": ("dog", "dog-face", "dogside", "guide-dog", "poodle", "service-dog"),
    "fox": tuple(
        f"fox{face}"
        for face in ("", "crying", "grin", "heart", "kissing", "pouting", "smiling", "tearofjoy", "weary", "wry")
    ),
    "wolf": ("wolf", "wolf-face", "wolfface"),
}


def icons_of(package: str, version: str, folder: Path) -> dict[str, Any]:
    """The icons of a package, by name."""
    subprocess.run(["npm", "pack", "--silent", f"@iconify-json/{package}@{version}"], cwd=folder, check=True)
    with tarfile.open(folder / f"iconify-json-{package}-{version}.tgz") as archive:
        stream = archive.extractfile("package/icons.json")
        assert stream is not None
        found: dict[str, Any] = json.load(stream)
        return found


def drawn(found: dict[str, Any], name: str) -> Image.Image:
    """One icon as a picture over white."""
    icon = found["icons"][name]
    left, top = icon.get("left", 0), icon.get("top", 0)
    width, height = (icon.get(side, found.get(side, 16)) for side in ("width", "height"))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="{SIDE}" height="{SIDE}">{icon["body"]}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE))
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def main() -> None:
    n = 0
    with tempfile.TemporaryDirectory() as folder:
        for package, (version, vendor) in PACKAGES.items():
            found = icons_of(package, version, Path(folder))
            for category, names in CATEGORIES.items():
                for name in names:
                    if name in found["icons"]:
                        path = PLACE / category / vendor / package / f"{name}.png"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        drawn(found, name).save(path, optimize=True)
                        n += 1
    print(f"{n} drawings in {PLACE}")


if __name__ == "__main__":
    main()
