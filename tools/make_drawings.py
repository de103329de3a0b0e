"""Draws examples/drawings and examples/others from the SVG of six icon packages: animals of three vendors.

Needs npm, Pillow and resvg-py. Dogs, foxes and wolves are 448 pixels wide, over white. The other animals are 224 pixels
wide, made of such pictures just as the pretrained network sees them, so that nothing but the animal tells them apart.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import resvg_py
from PIL import Image

from mottomo.messages import verbatim
from mottomo.sources.pictures.decoding import square

EXAMPLES = Path(__file__).parent.parent / "examples"
SIDE, SEEN = 448, 224  # pixels
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
# Animals that are none of these, and under which other names they are drawn.
OTHERS = [
    "ant",
    "badger",
    "bat",
    "bear",
    "beaver",
    "beetle",
    "bird",
    "bison",
    "boar",
    "butterfly",
    "camel",
    "cat",
    "chicken",
    "chipmunk",
    "cockroach",
    "cow",
    "crab",
    "cricket",
    "crocodile",
    "deer",
    "dodo",
    "dolphin",
    "donkey",
    "dove",
    "dragon",
    "duck",
    "eagle",
    "elephant",
    "ewe",
    "fish",
    "flamingo",
    "fly",
    "frog",
    "giraffe",
    "goat",
    "goose",
    "gorilla",
    "hamster",
    "hedgehog",
    "hippopotamus",
    "honeybee",
    "horse",
    "jellyfish",
    "kangaroo",
    "koala",
    "leopard",
    "lion",
    "lizard",
    "llama",
    "lobster",
    "mammoth",
    "monkey",
    "moose",
    "mosquito",
    "mouse",
    "octopus",
    "orangutan",
    "otter",
    "owl",
    "ox",
    "panda",
    "parrot",
    "peacock",
    "penguin",
    "pig",
    "rabbit",
    "raccoon",
    "ram",
    "rat",
    "rhinoceros",
    "rooster",
    "scorpion",
    "seal",
    "shark",
    "sheep",
    "shrimp",
    "skunk",
    "sloth",
    "snail",
    "snake",
    "spider",
    "squid",
    "swan",
    "t-rex",
    "tiger",
    "turkey",
    "turtle",
    "unicorn",
    "whale",
    "zebra",
]
OTHER_NAMES = {
    "bear": "polar-bear",
    "beetle": "bug lady-beetle ladybeetle",
    "bird": "black-bird blackbird",
    "camel": "bactriancamel dromedarycamel two-hump-camel",
    "cat": "black-cat cat-face catside",
    "chicken": "baby-chick babychick front-facing-baby-chick frontfacingchick hatching-chick hatchingchick",
    "cow": "cow-face cowface",
    "dove": "doveofpeace",
    "dragon": "dragon-face dragonhead dragonside",
    "ewe": "sheep",
    "fish": "blowfish tropical-fish tropicalfish",
    "hamster": "hampster",
    "horse": "horse-face horseface",
    "leopard": "leopardside",
    "monkey": "monkey-face monkeyface",
    "mouse": "mouse-face mouseside",
    "ox": "water-buffalo waterbuffalo",
    "panda": "pandaface",
    "pig": "pig-face pigside",
    "rabbit": "bunny bunnyside rabbit-face",
    "tiger": "tiger-face tigerside",
    "whale": "spouting-whale spurtingwhale",
}
SPECIES = {
    **{name: name for name in OTHERS},
    **{name: species for species, names in OTHER_NAMES.items() for name in names.split()},
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


def part_of(category: str, package: str, name: str) -> str:
    """What a drawing shows: ``face`` or ``body``. Foxes and wolves are faces."""
    is_face = category != "dog" or name == "dog-face" or (package, name) == ("fxemoji", "dog")
    return "face" if is_face else "body"


def main() -> None:
    n_others = 0
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for package, (version, vendor) in PACKAGES.items():
            found = icons_of(package, version, Path(folder))
            for category, names in CATEGORIES.items():
                for name in names:
                    if name in found["icons"]:
                        path = EXAMPLES / "drawings" / category / vendor / package / f"{name}.png"
                        path.parent.mkdir(parents=True, exist_ok=True)
                        drawn(found, name).save(path, optimize=True)
                        shown = path.relative_to(EXAMPLES).as_posix()
                        rows.append((shown, category, vendor, package, part_of(category, package, name)))
            for name, species in SPECIES.items():
                if name in found["icons"]:
                    path = EXAMPLES / "others" / species / vendor / package / f"{name}.webp"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    seen = square(drawn(found, name), verbatim(name), SEEN, 1.0)
                    Image.fromarray(seen).save(path, lossless=True, method=6)
                    n_others += 1
    with (EXAMPLES / "drawings.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("picture", "category", "vendor", "package", "part"))
        writer.writerows(sorted(rows))
    print(f"{len(rows)} drawings and {n_others} of other animals in {EXAMPLES}")


if __name__ == "__main__":
    main()
