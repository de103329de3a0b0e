"""The pictures of a table as rows of numbers: read once for a training, or batch by batch for a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mottomo.classification.encoding import Block
from mottomo.classification.pictures import SkippedPicture, TrainedPictures
from mottomo.errors import SourceError
from mottomo.messages import Message, say, verbatim
from mottomo.sources.columns import Columns, KeptColumns
from mottomo.sources.pictures.extraction import Extracted
from mottomo.sources.pictures.recipe import Recipe
from mottomo.storage.row_file import RowFile
from mottomo.workflows.picture_recipes import extraction_of
from mottomo.workflows.picture_tables import PictureTable

PictureProgress = Callable[[int, int], None]
_SHOWN = 5
_ROWS = 1024  # of the table, at a time


@dataclass(frozen=True)
class PictureRows:
    """The pictures of a table as rows of numbers, in the order of its rows.

    Attributes
    ----------
    column : of the table.
    block : what the numbers are.
    file : (n, width) float32.
    facts : what is known of the pictures.
    """

    column: str
    block: Block
    file: RowFile
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
    first_of: dict[bytes, tuple[str, str]] = {}
    n_copies, contradicting = 0, []
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
    facts = TrainedPictures(file.n, str(recipe), n_copies, tuple(contradicting), tuple(bad))
    return PictureRows(table.column, Block(recipe.width, recipe.to_dict()), file, facts)


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
