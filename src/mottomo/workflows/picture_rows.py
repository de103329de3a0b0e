"""The pictures of a table as rows of numbers: read once for a training, or batch by batch for a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.classification.encoding import Block
from mottomo.classification.pictures import NearCopies, SkippedPicture, TrainedPictures
from mottomo.classification.refusal import Others
from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.columns import Columns, KeptColumns
from mottomo.sources.pictures.extraction import Extracted
from mottomo.sources.pictures.folder import PICTURE, level_name
from mottomo.sources.pictures.recipe import Recipe, of_pixels
from mottomo.storage.row_file import RowFile
from mottomo.workflows.picture_recipes import extraction_of
from mottomo.workflows.picture_tables import PictureTable

PictureProgress = Callable[[int, int], None]
_SHOWN = 5
_ROWS = 1024  # of the table, at a time
_MOST_COMPARED = 2000  # pictures, in pairs
_THUMB, _NEAR = 64, 0.1  # pixels, and the difference of pictures that look almost alike


@dataclass(frozen=True)
class PictureRows:
    """The pictures of a table as rows of numbers, in the order of its rows.

    Attributes
    ----------
    column : of the table.
    block : what the numbers are.
    file : (n, width) float32.
    names : of the pictures.
    facts : what is known of the pictures.
    """

    column: str
    block: Block
    file: RowFile
    names: tuple[str, ...]
    facts: TrainedPictures

    def added(self, batches: Iterable[Columns], size: int) -> Iterator[Columns]:
        """Batches of `size` rows of the table, in which the column of the pictures holds their numbers."""
        for columns, rows in zip(batches, self.file.batches(size), strict=True):
            yield replace(columns, values={**columns.values, self.column: rows})


def read_pictures(
    kept: KeptColumns,
    table: PictureTable,
    recipe: Recipe,
    target: str,
    place: Path,
    *,
    group: str | None = None,
    skip_bad: bool,
    progress: PictureProgress | None = None,
) -> PictureRows:
    """Read the pictures of all rows, each once; rows of pictures that cannot be read are dropped if that is asked for.

    Raises SourceError at the end, which names the pictures that cannot be read; the numbers of the others are kept in
    the cache, so that another attempt begins where this one ended.
    """
    file = RowFile(place, recipe.width, np.float32)
    bad: list[SkippedPicture] = []
    rows_of_bad: list[int] = []
    groups: list[str] = []
    first_of: dict[bytes, tuple[str, str]] = {}
    n_copies, contradicting = 0, []
    kept_names: list[str] = []
    for columns in kept.batches(_ROWS):
        names, labels = columns.values[table.column].tolist(), columns.values[target].tolist()
        good: list[np.ndarray] = []
        for index, found in enumerate(extracted(recipe, table, names)):
            if found.problem is not None:
                rows_of_bad.append(file.n + len(good) + len(bad))
                bad.append(SkippedPicture(names[index], found.problem))
            else:
                assert found.sha256 is not None
                assert found.features is not None
                good.append(found.features)
                kept_names.append(names[index])
                groups += [columns.values[group][index]] if group is not None else []
                name, label = first_of.setdefault(bytes.fromhex(found.sha256), (names[index], labels[index]))
                n_copies += name != names[index]
                if label != labels[index]:
                    contradicting.append((name, names[index]))
            if progress is not None:
                progress(file.n + len(good) + len(bad), kept.n)
        if good:
            file.append(np.stack(good))
    if bad and not skip_bad:
        raise bad_pictures(bad, kept.n, kept.where)
    if bad:
        kept.drop(rows_of_bad)
    alike = thumbnails = None
    if group is not None and len(kept_names) <= _MOST_COMPARED:
        pixels = small(table, kept_names)
        alike = near_copies(pixels, kept_names, groups)
        thumbnails = (pixels * 255).round().astype(np.uint8).reshape(-1, _THUMB, _THUMB, 3)
    facts = TrainedPictures(
        n=file.n,
        made=str(recipe),
        n_copies=n_copies,
        in_two_categories=tuple(contradicting),
        skipped=tuple(bad),
        near_copies=alike,
        n_other_files=table.n_others,
        thumbnails=thumbnails,
    )
    return PictureRows(table.column, Block(recipe.width, recipe.to_dict()), file, tuple(kept_names), facts)


def read_others(
    others: PictureTable, recipe: Recipe, groups: Sequence[str], column: str | None, *, skip_bad: bool
) -> Others:
    """The pictures of a folder of anything else: one folder a kind, and the groups below as in that of the training.

    groups : the names of the groups of the training, of `column`.

    Raises SourceError : some cannot be read.
    """
    assert isinstance(others.table, Mapping)
    names = list(others.table[PICTURE])
    parts = [name.split("/") for name in names]
    kinds = [one[0] for one in parts]
    position = {name: code for code, name in enumerate(groups)}
    level = next((n for n in range(2, max(map(len, parts))) if level_name(n) == column), None)
    codes = [-1 if level is None or len(one) <= level else position.get(one[level - 1], -1) for one in parts]
    rows, kept, bad = [], [], []
    for index, found in enumerate(extracted(recipe, others, names)):
        if found.problem is not None:
            bad.append(SkippedPicture(names[index], found.problem))
        else:
            assert found.features is not None
            rows.append(found.features)
            kept.append(index)
    if bad and not (skip_bad and rows):
        raise bad_pictures(bad, len(parts), verbatim(others.name or ""))
    number = {kind: code for code, kind in enumerate(dict.fromkeys(kinds))}
    of_kind = np.array([number[kinds[index]] for index in kept])
    return Others(np.stack(rows), of_kind, np.array([codes[index] for index in kept]))


def small(table: PictureTable, names: list[str]) -> np.ndarray:
    """The pictures at 64 x 64 pixels, (n, 64 * 64 * 3) from 0 to 1."""
    found = extraction_of(of_pixels("pixels", _THUMB)).of([table.find(name) for name in names])
    return np.stack([one.features for one in found if one.features is not None]).astype(np.float64)


def near_copies(pixels: np.ndarray, names: list[str], groups: list[str]) -> tuple[NearCopies, ...]:
    """Groups that hold pictures which look almost alike: the root of the mean squared difference of their pixels, each
    from 0 to 1, is below 0.1.
    """
    squares = (pixels**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * pixels @ pixels.T, 0) / pixels.shape[1])
    pairs: dict[tuple[str, str], list[tuple[float, str, str]]] = {}
    for one, other in np.argwhere(np.triu(distances < _NEAR, 1)).tolist():
        if groups[one] != groups[other]:
            (first, a), (second, b) = sorted([(groups[one], names[one]), (groups[other], names[other])])
            pairs.setdefault((first, second), []).append((float(distances[one, other]), a, b))
    return tuple(NearCopies(key, len(found), min(found)[1:]) for key, found in sorted(pairs.items()))


def extracted(recipe: Recipe, table: PictureTable, names: list[str]) -> Iterator[Extracted]:
    """What becomes of the pictures of some cells, in their order; their hashes are added to those of the table."""
    pictures, places = [table.find(name) for name in names], [verbatim(name) for name in names]
    for name, found in zip(names, extraction_of(recipe).of(pictures, places), strict=True):
        if found.sha256 is not None:
            table.hashes.add(name, found.sha256, found.size)
        yield found


def bad_pictures(bad: list[SkippedPicture], n: int, where: Message) -> SourceError:
    """The error of pictures that cannot be read: how many of how many, and the first of them."""
    if len(bad) == 1 and n == 1:
        problem = bad[0].problem
        return SourceError(problem.code, problem.what, problem.where, problem.expected, problem.got, problem.mend)
    shown: list[Any] = [say("{name}: {problem}", name=one.name, problem=one.problem.what) for one in bad[:_SHOWN]]
    return SourceError(
        "bad-pictures",
        say("some pictures cannot be read"),
        where,
        say("pictures that can all be read"),
        say(
            "{count} of {n} pictures: {names}",
            count=len(bad),
            n=n,
            names=shown + ["…"] * (len(bad) > _SHOWN),
        ),
        say("leave them out with --skip-bad, or mend them; the others are not read again"),
    )
