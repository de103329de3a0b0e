"""A folder of pictures as a table: a folder a category, the folders below as levels; what is odd is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mottomo.errors import InvalidInput, SourceError
from mottomo.sources.pictures.folder import PictureFolder, is_picture


def made(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_the_folders_are_the_categories_and_those_below_are_levels(tmp_path: Path):
    names = ("dog/a/1.png", "dog/a/b/2.JPG", "fox/3.webp", "fox/notes.txt", "README", ".hidden/4.png", "fox/.5.png")
    folder = PictureFolder.of(made(tmp_path, *names))
    assert folder.table() == {
        "picture": ["dog/a/1.png", "dog/a/b/2.JPG", "fox/3.webp"],
        "category": ["dog", "dog", "fox"],
        "level 2": ["a", "a", ""],
        "level 3": ["", "b", ""],
    }
    assert folder.n_others == 2


def test_the_order_does_not_depend_on_the_disk(tmp_path: Path):
    names = [f"{category}/{number}.png" for category in "ba" for number in (10, 2, 1)]
    folders = [PictureFolder.of(made(tmp_path / str(turn), *names[::turn])) for turn in (1, -1)]
    assert folders[0].pictures == folders[1].pictures == tuple(sorted(names))


@pytest.mark.parametrize(
    ("names", "code", "named"),
    [
        (["dog/1.png", "2.png"], "picture-without-category", "2.png"),
        (["dog/1.png", "fox/notes.txt"], "empty-category", "fox"),
        (["dog/1.png", "Dog/2.png"], "categories-look-alike", "Dog"),
        (["caf\u00e9/1.png", "cafe\u0301/2.png"], "categories-look-alike", "caf"),
        (["dog/notes.txt"], "no-pictures", ".jpeg"),
    ],
)
def test_what_is_no_data_set_is_refused_by_name(tmp_path: Path, names, code, named):
    with pytest.raises((InvalidInput, SourceError)) as caught:
        PictureFolder.of(made(tmp_path, *names)).table()
    assert caught.value.code == code
    assert named in str(caught.value)


def test_links_that_lead_out_of_the_folder_or_to_folders_are_refused(tmp_path: Path):
    made(tmp_path / "outside", "secret.png")
    for link, goal in (("dog/link.png", "outside/secret.png"), ("loop", "pictures")):
        folder = made(tmp_path / "pictures", "dog/1.png")
        (folder / link).symlink_to(tmp_path / goal)
        with pytest.raises(SourceError, match="link"):
            PictureFolder.of(folder)
        (folder / link).unlink()
    (folder / "dog" / "2.png").symlink_to(folder / "dog" / "1.png")
    assert PictureFolder.of(folder).pictures == ("dog/1.png", "dog/2.png")


def test_a_picture_is_told_by_its_name():
    assert is_picture("A.JPG")
    assert is_picture(Path("x/y.tiff"))
    assert not is_picture("x.svg")
    assert not is_picture("png")
