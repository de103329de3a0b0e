"""The options of a training as they are given, and what they mean for a table or a folder of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mottomo._checks import check_whole
from mottomo.classification.network import NetworkSettings
from mottomo.classification.penalties import L2, AutoL2, Firth, Penalty
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.messages import Message, say, verbatim, written
from mottomo.sources.pictures.folder import CATEGORY, PICTURE, PictureFolder, level_name
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.tables import Table

_MOST_UNITS = 10_000  # of a hidden layer


def hidden_of(
    model_type: str, hidden: Iterable[int] | str | None, reference: str | None, accept_limit: bool
) -> tuple[int, ...] | None:
    """Units of the hidden layers of a network; None for softmax regression. Raises InvalidCall, InvalidInput."""
    if model_type == "softmax":
        if hidden is not None:
            raise InvalidCall("hidden", say("--hidden goes with --model-type network"), verbatim("hidden"))
        return None
    for name, value in (("--reference", reference is not None), ("--accept-limit", accept_limit)):
        if value:
            raise InvalidCall(
                "network-option", say("{option} goes with --model-type softmax", option=name), verbatim(name)
            )
    if hidden is None:
        return NetworkSettings().hidden
    parts: list[Any] = [hidden]
    if isinstance(hidden, str | Iterable):
        parts = list(hidden.split(",") if isinstance(hidden, str) else hidden)
    units = [int(one) if isinstance(one, str) and one.strip().isdecimal() else one for one in parts]
    are_whole = all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in units)
    if not units or not are_whole or not all(1 <= int(one) <= _MOST_UNITS for one in units):
        raise InvalidCall(
            "hidden",
            say("--hidden takes the units of each hidden layer, such as 64,32"),
            verbatim("hidden"),
            say("whole numbers from 1 to {most}", most=_MOST_UNITS),
            verbatim(written(hidden, repr)),
        )
    return tuple(int(one) for one in units)


def refuse_idle_intervals(intervals: str, penalty: Penalty | None, model_type: str, effects: bool) -> None:
    """Raise InvalidCall for Firth's penalty of a network, and for intervals of what has no covariance."""
    if isinstance(penalty, Firth) and model_type == "network":
        raise InvalidCall(
            "network-option",
            say("{option} goes with --model-type softmax", option="--penalty firth"),
            verbatim("penalty"),
            say("l2=STRENGTH or none, with a network"),
        )
    option = "--intervals profile" if intervals == "profile" else "--effects" if effects else None
    if option is not None and (model_type == "network" or isinstance(penalty, L2 | AutoL2)):
        raise InvalidCall(
            "idle-intervals",
            say("{option} goes with maximum likelihood or --penalty firth", option=option),
            verbatim("intervals" if intervals == "profile" else "effects"),
            say("softmax regression without a ridge penalty"),
            say("a network") if model_type == "network" else verbatim(str(penalty)),
        )


def others_of(none: Any, table: Table) -> PictureTable | None:
    """The folder of pictures of anything else. Raises InvalidInput, SourceError : it is none, or is that of `table`."""
    if none is None:
        return None
    if not isinstance(none, str | os.PathLike):
        raise InvalidInput(
            "option-type",
            say("an option is of the wrong type"),
            verbatim("none"),
            say("a folder of pictures"),
            say("{value} of type {type}", value=written(none, repr)[:60], type=type(none).__name__),
        )
    folder = PictureFolder.of(Path(none))
    if isinstance(table, PictureTable) and table.name is not None and os.path.samefile(table.name, folder.path):
        raise InvalidInput(
            "none-is-training",
            say("the pictures of anything else are those of the training"),
            verbatim("none"),
            say("a folder of other pictures"),
            verbatim(str(folder.path)),
        )
    names = list(folder.pictures)
    return PictureTable({PICTURE: names}, PICTURE, folder.path.joinpath, str(folder.path), folder.n_others)


def copies_of(copies: int, model_type: str) -> int:
    """How many copies of a picture. Raises InvalidCall, InvalidInput."""
    check_whole("copies", copies, 0)
    if copies and model_type != "network":
        raise InvalidCall("copies", say("--copies goes with --model-type network"), verbatim("copies"))
    return copies


def features_of(features: Iterable[str] | str | None, table: Table) -> tuple[str, ...] | None:
    """The columns to predict from: of a folder the pictures, since its folders are categories and groups."""
    if features is None and isinstance(table, PictureTable) and table.is_folder:
        return (table.column,)
    return None if features is None else names_of(features)


def group_of(group: str | int | None, table: Table) -> str | None:
    """The column of groups; of a folder of pictures a level of its folders.

    Raises InvalidInput : the folder has no such level, or some pictures do not lie that deep.
    """
    text = str(group)
    if not (isinstance(table, PictureTable) and table.is_folder and text.isascii() and text.isdigit()):
        return None if group is None else text
    assert isinstance(table.table, Mapping)
    levels = [name for name in table.table if name not in (PICTURE, CATEGORY)]
    name = level_name(int(text))
    if name not in levels:
        raise _no_level(table, say("a level of folders below those of the categories"), text, len(levels) + 1)
    alone = [one for one, folder in zip(table.table[PICTURE], table.table[name], strict=True) if not folder]
    if alone:
        raise _no_level(table, say("each picture in a folder of level {level}", level=text), alone[0], len(levels) + 1)
    return name


def _no_level(table: PictureTable, expected: Message, got: str, deepest: int) -> InvalidInput:
    mend = say("the folders of level 1 are the categories; put those of the groups into them, level 2")
    if deepest > 1:
        mend = say("the folders of level 1 are the categories; the deepest level is {deepest}", deepest=deepest)
    return InvalidInput(
        "group-level",
        say("--group names a level of folders that does not group the pictures"),
        verbatim(table.name or ""),
        expected,
        verbatim(got),
        mend,
    )


def target_of(target: str | None, table: Table) -> str:
    """The column to predict: of a folder of pictures the category, unless another one is named."""
    if target is not None:
        return target
    if isinstance(table, PictureTable) and table.is_folder:
        return CATEGORY
    if isinstance(table, PictureTable) and table.is_alone:
        raise InvalidInput(
            "pictures-without-categories",
            say("pictures alone have no categories"),
            verbatim("data"),
            say("a folder with one folder a category, or a table with a column of paths and one of categories"),
            say("pictures"),
        )
    raise no_target()


def no_target() -> InvalidCall:
    """The error where nothing says which categories happened."""
    return InvalidCall(
        "no-target",
        say("which column has the categories is not known; name it with --target"),
        verbatim("target"),
        say("the column with the categories"),
    )


def names_of(given: Iterable[str] | str | None) -> tuple[str, ...]:
    """The names of a list, or of text separated by commas; none of None."""
    if given is None:
        return ()
    return tuple(name for name in given.split(",") if name) if isinstance(given, str) else tuple(given)
