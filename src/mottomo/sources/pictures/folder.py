"""A folder of pictures as a table: one folder a category, and the folders below it as groups."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mottomo.categories import natural_order
from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.pictures.decoding import ENDINGS

PICTURE, CATEGORY = "picture", "category"  # the columns of such a table
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """The pictures of a folder, in the natural order of their names.

    Attributes
    ----------
    path : the folder.
    pictures : their paths below it, with ``/``.
    n_others : how many other files there are, which are left out.
    """

    path: Path
    pictures: tuple[str, ...]
    n_others: int

    @classmethod
    def of(cls, path: Path) -> PictureFolder:
        """Look through a folder; hidden files and folders are passed over.

        Raises SourceError : it cannot be read, has no pictures, or a link in it leads out of it.
        """
        where = verbatim(str(path))
        try:
            found = sorted(_files(path, path.resolve()))
        except OSError as error:
            got = verbatim(error.strerror or str(error))
            raise SourceError("unreadable", say("the folder cannot be read"), where, say("a folder"), got) from None
        pictures = tuple(name for name in natural_order(found) if is_picture(name))
        if not pictures:
            raise SourceError(
                "no-pictures",
                say("there are no pictures in the folder"),
                where,
                say("files that end in {names}", names=list(ENDINGS)),
            )
        return cls(path, pictures, len(found) - len(pictures))

    @property
    def n_levels(self) -> int:
        """How many folders a picture lies in, at most."""
        return max(name.count("/") for name in self.pictures)

    def table(self) -> dict[str, list[str]]:
        """Its columns: ``picture``, ``category`` (the folder), and ``level 2``, ... (the folders below it).

        Raises InvalidInput : a picture lies in no folder, a folder has no pictures, or two names look alike.
        """
        self._check_categories()
        parts = [name.split("/")[:-1] for name in self.pictures]
        table = {PICTURE: list(self.pictures), CATEGORY: [one[0] for one in parts]}
        for level in range(1, self.n_levels):
            table[level_name(level + 1)] = [one[level] if level < len(one) else "" for one in parts]
        return table

    def _check_categories(self) -> None:
        where = verbatim(str(self.path))
        alone = [name for name in self.pictures if "/" not in name]
        if alone:
            raise InvalidInput(
                "picture-without-category",
                say("a picture lies in no folder, so its category is not known"),
                where,
                say("one folder a category, and the pictures in them"),
                say("{names}", names=_some(alone)),
                say("put it into the folder of its category"),
            )
        folders = [one.name for one in self.path.iterdir() if one.is_dir() and not one.name.startswith(".")]
        empty = sorted(set(folders) - {name.partition("/")[0] for name in self.pictures})
        if empty:
            raise InvalidInput(
                "empty-category",
                say("the folder of a category has no pictures"),
                where,
                say("pictures in the folder of each category"),
                say("{names}", names=_some(empty)),
                say("put pictures into it, or remove it"),
            )
        seen: dict[str, str] = {}
        for name in sorted(folders):
            other = seen.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
            if other != name:
                raise InvalidInput(
                    "categories-look-alike",
                    say("two folders have names that look alike"),
                    where,
                    say("one folder a category"),
                    say("{names}", names=[other, name]),
                    say("put their pictures into one folder, or rename one"),
                )


def level_name(level: int) -> str:
    """The name of the column of a level of folders; the first one is the category.

    >>> level_name(1), level_name(2)
    ('category', 'level 2')
    """
    return CATEGORY if level == 1 else f"level {level}"


def is_picture(name: str | os.PathLike[str]) -> bool:
    """Whether a file is a picture by its name."""
    return os.fspath(name).lower().endswith(ENDINGS)


def _files(folder: Path, root: Path) -> Iterator[str]:
    """The files below a folder, as paths below `root`."""
    for place, folders, files in os.walk(folder, onerror=_raised):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(place).relative_to(folder)
        for name in folders:
            if Path(place, name).is_symlink():
                raise _link(folder, below / name)
        for name in files:
            if name.startswith("."):
                continue
            file = Path(place, name)
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                raise _link(folder, below / name)
            check_name((below / name).as_posix())
            yield (below / name).as_posix()


def check_name(name: str) -> None:
    """Raise SourceError if the name of a file is no text, so that no result could say which picture it is."""
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise SourceError(
            "file-name",
            say("the name of a picture is no text in UTF-8"),
            verbatim(name),
            say("names in UTF-8"),
            None,
            say("rename the file or its folder"),
        )


def _raised(error: OSError) -> None:
    raise error


def _link(folder: Path, name: Path) -> SourceError:
    return SourceError(
        "link-out-of-folder",
        say("a symbolic link leads out of the folder of the pictures, or to another folder"),
        verbatim(str(folder)),
        say("pictures in the folder itself"),
        verbatim(name.as_posix()),
        say("copy the picture into the folder, or remove the link"),
    )


def _some(names: Sequence[str]) -> list[str | Message]:
    return [*names[:_SHOWN], *["…"] * (len(names) > _SHOWN)]
