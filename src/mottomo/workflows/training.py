"""``mo.train``: from a table to a trained classifier, with what is known of its fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, Unpack

from mottomo._checks import check_level, check_whole
from mottomo.classification.encoding import Encoding
from mottomo.classification.network_result import NetworkResult
from mottomo.classification.network_training import learnt_network
from mottomo.classification.objective import Data
from mottomo.classification.penalties import L2, Penalty, penalty_of
from mottomo.classification.refusal import check_rate
from mottomo.classification.training import learnt
from mottomo.classification.training_result import TrainingResult
from mottomo.errors import InvalidCall
from mottomo.messages import say, verbatim
from mottomo.sources.reading import Reading
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.picture_rows import PictureProgress
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.tables import ReadProgress, Table, table_of
from mottomo.workflows.training_options import (
    copies_of,
    features_of,
    group_of,
    hidden_of,
    names_of,
    others_of,
    refuse_idle_intervals,
    target_of,
)
from mottomo.workflows.training_plan import REFUSE, TrainingPlan
from mottomo.workflows.training_rows import training_rows


@checked
def train(
    data: Any,
    target: str | None = None,
    *,
    features: Iterable[str] | str | None = None,
    text: Iterable[str] | str = (),
    weights: str | None = None,
    images: str | None = None,
    image_features: str | None = None,
    none: Any = None,
    refuse: float = REFUSE,
    skip_bad: bool = False,
    penalty: Penalty | str | None = None,
    intervals: Literal["wald", "profile"] = "wald",
    level: float = 0.95,
    effects: bool = False,
    accept_limit: bool = False,
    model_type: Literal["softmax", "network"] = "softmax",
    hidden: Iterable[int] | str | None = None,
    copies: int = 0,
    group: str | int | None = None,
    holdout: float | Literal["each"] = 0.0,
    seed: int = 0,
    memory: int = 1024,
    reference: str | None = None,
    categories: Any = None,
    missing: Literal["error", "drop"] = "error",
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    fingerprint: bool = False,
    progress: Callable[[Any], None] | None = None,
    reads: Callable[[float], None] | None = None,
    picture_reads: PictureProgress | None = None,
    label: Any = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
    **reading: Unpack[ReadingOptions],
) -> TrainingResult | NetworkResult:
    """Train a classifier by maximum likelihood: ``mottomo train``.

    Softmax regression: numbers are used as they are, texts as one column a level, pictures as a block of numbers.

    Parameters
    ----------
    data : a data frame of any library, a mapping from names to columns, or a ``pathlib.Path`` to a table or to a folder
        of pictures, which has one folder a category.
    target : the column with the categories to predict; of a folder of pictures ``"category"``.
    features : the columns to predict from; all others unless said. ``"a:b"`` is the product of two columns, ``"a*b"``
        stands for a, b and a:b, ``"a^2"`` is a power; texts are coded in products as R does.
    text : columns of digits that are text.
    weights : a column that says how often each row counts.
    images : a column of pictures: their paths, which are below the folder of a file; pictures of Pillow; or arrays of
        uint8, (height, width) or (height, width, 3 or 4).
    image_features : how a picture becomes numbers: ``"efficientnet-lite0"``, what a network trained on photos makes of
        it; ``"pixels:32"`` or ``"grey:28"``; or the name of an ONNX file.
    none : a folder of pictures of anything else, with one folder a kind: what is none of the categories is learnt from
        them. Without it a picture is refused that is too far from the nearest one of the training.
    refuse : the rate of pictures like those of the training that are refused as none of the categories; 0 for none.
    skip_bad : leave out pictures that cannot be read, and say which.
    penalty : ``"none"`` for maximum likelihood, ``L2(strength)`` or ``"l2=1"``: of standardised columns of numbers.
        By default none, and for networks and pictures, which have more numbers than rows, ``l2=1``. ``"l2=auto"``
        chooses the strength by leaving groups out. ``Firth()`` or ``"firth"`` gives finite coefficients with standard
        errors also where the likelihood has no maximum.
    intervals : of the coefficients: ``"wald"``, by the normal approximation, or ``"profile"``, by the profile
        likelihood, which is more accurate for few rows and says what can be said where there is no maximum.
    level : of each interval.
    effects : average marginal effects: by how much each probability changes, on average over the rows, for 1 more of a
        column, or from the baseline level of a text to another one.
    accept_limit : where there is no maximum, take the probabilities that it approaches.
    model_type : ``"softmax"`` regression, or a neural ``"network"``, whose training ends where the cross-entropy of a
        tenth of the rows, kept aside, no longer falls.
    hidden : units of each hidden layer of a network: ``(64, 32)`` or ``"64,32"``, which is the default.
    copies : of each picture in each epoch of a network, mirrored at random and shifted by up to a pixel; of pixels.
    group : a column whose values are groups of rows that go together, such as the artist of a picture; of a folder of
        pictures the level of folders (2 are those in the folders of the categories).
    holdout, seed : keep this share of the rows, or of the groups, out of the training and measure the cross-entropy on
        them; ``"each"`` leaves each group out of a training of its own.
    memory : MiB of features that are held in memory; more are read in batches.
    reference : the category whose coefficients are 0.
    categories : the declared categories.
    missing : ``"error"`` refuses rows with missing values, ``"drop"`` leaves them out.
    missing_values : texts that stand for one.
    where, fingerprint, reading : of files, as in ``mo.tally`` (`input`, `encoding`, `delimiter`, `names`).
    progress : hears how the fit goes.
    reads : hears how much of a file is read, in percent.
    picture_reads : hears how many pictures of how many are read.
    label : what messages call a stream.
    check_names : may refuse the names of the features before the work.

    Returns
    -------
    TrainingResult : `model` with ``save(path)``, coefficients with standard errors, z and p, likelihood-ratio tests of
    the features, the loss on rows held out, whether there is a maximum and how near it is. Of a network NetworkResult :
    `model`, the learning curve, the loss on rows held out.

    Raises InvalidInput : unknown columns, missing values, one category, a share that leaves no rows.

    >>> pets = {"weight": [3, 4, 5, 20, 25, 8, 9, 30], "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"]}
    >>> found = train(pets, target="pet")
    >>> found.verdict, round(found["dog", "weight"].coefficient, 4)
    ('trained', 0.0372)
    """
    check_whole("memory", memory, 0)
    check_level(level)
    kind = Reading.of(reading)
    with table_of(data, kind, label, fingerprint, images=images, with_categories=True) as opened:
        has_pictures = isinstance(opened.table, PictureTable)
        check_rate(refuse)
        if images is not None and isinstance(opened.table, PictureTable) and opened.table.is_alone:
            raise InvalidCall(
                "images",
                say("--images names a column of a table, and DATA is no table but pictures"),
                verbatim("images"),
                say("a table with a column of paths"),
                None,
                say("leave it out"),
            )
        if not has_pictures and (image_features is not None or skip_bad or none is not None):
            raise InvalidCall(
                "no-images",
                say("--image-features, --none and --skip-bad go with pictures"),
                verbatim("image_features"),
                say("a folder of pictures, or a table and the column that has them"),
                None,
                say("name the column with --images"),
            )
        asked = penalty_of(penalty, L2() if has_pictures or model_type == "network" else None)
        refuse_idle_intervals(intervals, asked, model_type, effects)
        plan = TrainingPlan(
            target=target_of(target, opened.table),
            features=features_of(features, opened.table),
            text=names_of(text),
            weights=weights,
            categories=categories,
            penalty=asked,
            intervals=intervals,
            level=level,
            effects=effects,
            hidden=hidden_of(model_type, hidden, reference, accept_limit),
            copies=copies_of(copies, model_type),
            holdout=0.0 if holdout == "each" else holdout,
            in_turn=holdout == "each",
            group=group_of(group, opened.table),
            seed=seed,
            missing=missing,
            missing_values=names_of(missing_values),
            where=where,
            reference=reference,
            accept_limit=accept_limit,
            memory=memory << 20,
            image_features=image_features,
            none=others_of(none, opened.table),
            refuse=float(refuse) if has_pictures else 0.0,
            skip_bad=skip_bad,
        )
        found = train_on_table(opened.table, plan, progress, reads, picture_reads, check_names)
        provenance = opened.provenance().with_settings(plan.given)
        if plan.none is not None:
            others = tuple(replace(one, role="none") for one in plan.none.provenance().sources)
            provenance = replace(provenance, sources=(*provenance.sources, *others))
        return found.with_provenance(provenance)


def train_on_table(
    table: Table,
    plan: TrainingPlan,
    progress: Callable[[Any], None] | None = None,
    reads: ReadProgress | None = None,
    picture_reads: PictureProgress | None = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
) -> TrainingResult | NetworkResult:
    """Train on an open table: read its columns, encode them, fit, and say how sure the fit is.

    `progress` hears how the fit goes, `reads` how far the file is read, in percent, `picture_reads` how many pictures
    of how many; `check_names` may refuse the names of the features before the work.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    if plan.hidden is None:
        with trained(table, plan, progress, reads, picture_reads, check_names) as (result, _):
            return result
    with training_rows(table, plan, reads, picture_reads) as rows:
        if check_names is not None:
            check_names(feature.name for feature in rows.encoding.features)
        return learnt_network(rows, plan.settings(_side(rows.encoding, plan.copies)), progress)


def _side(encoding: Encoding, copies: int) -> int | None:
    """The side of the pictures that are copied, in pixels. Raises InvalidCall : the features are no pixels."""
    if not copies:
        return None
    blocks = [feature.block for feature in encoding.features]
    kinds = [None if block is None else block.recipe["kind"] for block in blocks]
    if kinds not in (["pixels"], ["grey"]):
        raise InvalidCall(
            "copies",
            say("--copies goes with pictures alone, whose features are pixels"),
            verbatim("copies"),
            say("--image-features pixels:SIDE or grey:SIDE, and no other features"),
        )
    assert blocks[0] is not None
    return int(blocks[0].recipe["side"])


@contextmanager
def trained(
    table: Table,
    plan: TrainingPlan,
    progress: Callable[[Any], None] | None = None,
    reads: ReadProgress | None = None,
    picture_reads: PictureProgress | None = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
    *,
    is_tested: bool = True,
) -> Iterator[tuple[TrainingResult, Data]]:
    """What ``train_on_table`` gives, with the rows that it was trained on, for as long as they are kept.

    is_tested : whether standard errors and tests are wanted too.
    """
    with training_rows(table, plan, reads, picture_reads) as rows:
        if check_names is not None:
            check_names(feature.name for feature in rows.encoding.features)
        yield learnt(rows, plan.settings(), progress, is_tested=is_tested), rows.data
