"""Pictures as a table: a folder of them, files, pictures in memory, or a table with a column of paths."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.errors import InvalidInput, SourceError
from mottomo.messages import say, verbatim, written
from mottomo.results import Provenance, SourceFile
from mottomo.sources.frame import Frame
from mottomo.sources.pictures.folder import PICTURE, PictureFolder, check_name, is_picture
from mottomo.sources.reading import TableFile

_GLOB = "*?["


class PictureHashes:
    """The SHA-256 of several pictures: of one its own, of more that of the lines which sha256sum prints of them.

    Attributes
    ----------
    n : how many there are.
    size : of all, in bytes.
    first, last : their names.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was read: the pictures are read anew."""
        self.n, self.size, self.first, self.last = 0, 0, "", ""
        self._lines, self._own = hashlib.sha256(), ""

    def add(self, name: str, sha256: str, size: int) -> None:
        """Another picture."""
        self._lines.update(f"{sha256}  {name}\n".encode(errors="surrogateescape"))
        self.n, self.size, self._own = self.n + 1, self.size + size, sha256
        self.first, self.last = self.first or name, name

    @property
    def sha256(self) -> str:
        """Of all of them."""
        return self._own if self.n == 1 else self._lines.hexdigest()


@dataclass(frozen=True)
class PictureTable:
    """A table with pictures in one of its columns.

    Attributes
    ----------
    table : what has the columns; that of the pictures holds texts.
    column : the column of the pictures.
    find : from such a text to the picture: a path, or a picture in memory.
    name : of the folder; None where the table is no folder.
    n_others : files of the folder that are no pictures by their names.
    hashes : of the pictures, as far as they were read.
    """

    table: TableFile | Frame | Mapping[str, Any]
    column: str
    find: Callable[[str], Any]
    name: str | None = None
    n_others: int = 0
    hashes: PictureHashes = field(default_factory=PictureHashes)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of pictures."""
        return self.name is not None

    @property
    def is_alone(self) -> bool:
        """Whether it is a folder or a list of pictures, and no table that has other columns."""
        return self.is_folder or (isinstance(self.table, Mapping) and set(self.table) == {PICTURE})

    def provenance(self) -> Provenance:
        """Where the pictures come from, once they were read: their folder, or the first and the last of them."""
        found = self.hashes
        if not found.size:
            return Provenance(origins=("pictures",))
        names = (found.first, found.last) if found.n > 1 else (found.first,)
        return Provenance((SourceFile(self.name or " … ".join(names), found.size, found.sha256),))


def pictures_of(data: Any, *, with_categories: bool) -> PictureTable | None:
    """The table of what is pictures by its form: a folder, a file or several, a pattern, a picture in memory.

    with_categories : of a folder: its folders are the categories.

    None if `data` is something else.
    """
    if isinstance(data, os.PathLike) and os.path.isdir(data):  # of a name that is too long it is none
        folder = PictureFolder.of(Path(data))
        columns = folder.table() if with_categories else {PICTURE: list(folder.pictures)}
        return PictureTable(columns, PICTURE, folder.path.joinpath, str(data), folder.n_others)
    single = _files(data)
    if single is not None:
        return _of_files(single)
    if _is_in_memory(data):
        data = [data]
    if isinstance(data, list | tuple) and data and all(_is_in_memory(one) or _files(one) is not None for one in data):
        if all(_is_in_memory(one) for one in data):
            return _in_memory(data)
        return _of_files([path for one in data for path in _files(one) or ()])
    return None


def with_column(table: Any, column: str) -> PictureTable:
    """A table that has a column of pictures: paths as text, below the folder of a file; or pictures in memory."""
    if isinstance(table, TableFile):
        return PictureTable(table, column, table.path.parent.joinpath)
    cells = _cells(table, column)
    if all(isinstance(one, str | os.PathLike) or one is None for one in cells):
        texts = [None if one is None else os.fspath(one) for one in cells]
        return PictureTable(_replaced(table, column, texts), column, Path)
    found = _in_memory(cells)
    names = found.table[PICTURE] if isinstance(found.table, Mapping) else []
    return PictureTable(_replaced(table, column, names), column, found.find)


def _files(data: Any) -> list[Path] | None:
    """The paths that a path, a name or a pattern stands for; None if it is none of pictures."""
    if not isinstance(data, str | os.PathLike) or not isinstance(os.fspath(data), str):
        return None
    name = os.fspath(data)
    if is_picture(name) and (os.path.exists(name) or not any(letter in name for letter in _GLOB)):
        return [Path(name)]
    if any(letter in name for letter in _GLOB) and not os.path.exists(name):
        found = sorted(one for one in glob.glob(name, recursive=True) if is_picture(one))
        if not found:
            raise SourceError(
                "no-pictures",
                say("no picture has a name of this pattern"),
                verbatim(name),
                say("a pattern such as photos/*.jpg"),
            )
        return [Path(one) for one in found]
    return None


def _of_files(paths: Sequence[Path]) -> PictureTable:
    for path in paths:
        check_name(str(path))
    return PictureTable({PICTURE: [str(path) for path in paths]}, PICTURE, Path)


def _is_in_memory(data: Any) -> bool:
    """Whether this is one picture: of Pillow, or an array of (height, width) or (height, width, colours)."""
    if isinstance(data, np.ndarray):
        return data.ndim in (2, 3) and data.dtype == np.uint8
    return any(one.__module__ == "PIL.Image" and one.__name__ == "Image" for one in type(data).__mro__)


def _in_memory(pictures: Sequence[Any]) -> PictureTable:
    names = [str(number) for number in range(1, len(pictures) + 1)]
    for name, picture in zip(names, pictures, strict=True):
        if not _is_in_memory(picture):
            raise InvalidInput(
                "not-a-picture",
                say("this is no picture"),
                say("picture {number}", number=name),
                say("a path, a picture of Pillow, or an array of uint8"),
                say("{value} of type {type}", value=written(picture, repr)[:60], type=type(picture).__name__),
            )
    return PictureTable({PICTURE: names}, PICTURE, dict(zip(names, pictures, strict=True)).__getitem__)


def _cells(table: Frame | Mapping[str, Any], column: str) -> list[Any]:
    """The cells of a column; none where the table lacks it, which is said where its columns are read."""
    if isinstance(table, Frame):
        return table.cells(column) if column in table.names else []
    return list(table.get(column, ()))


def _replaced(table: Frame | Mapping[str, Any], column: str, cells: list[Any]) -> Mapping[str, Any]:
    """The columns of a table, with other cells in one of them."""
    if isinstance(table, Mapping):
        return {**table, column: cells} if column in table else table
    columns: dict[str, Any] = {}
    for place, name in enumerate(table.names):
        chosen = table.chosen([place])
        chosen = chosen.collect() if hasattr(chosen, "collect") else chosen
        columns[name] = cells if name == column else chosen.get_column("c0")
    return columns
