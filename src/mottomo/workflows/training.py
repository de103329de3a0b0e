"""``mo.train``: from a table to a trained classifier, with what is known of its fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, Unpack

from mottomo._checks import check_whole
from mottomo.classification.objective import Data
from mottomo.classification.optimisation import Progress
from mottomo.classification.penalties import L2, penalty_of
from mottomo.classification.training import learnt
from mottomo.classification.training_result import TrainingResult
from mottomo.sources.reading import Reading
from mottomo.workflows.options import ReadingOptions, checked
from mottomo.workflows.tables import ReadProgress, Table, table_of
from mottomo.workflows.training_plan import TrainingPlan
from mottomo.workflows.training_rows import training_rows


@checked
def train(
    data: Any,
    target: str,
    *,
    features: Iterable[str] | str | None = None,
    text: Iterable[str] | str = (),
    weights: str | None = None,
    penalty: L2 | str | None = None,
    accept_limit: bool = False,
    holdout: float = 0.0,
    seed: int = 0,
    memory: int = 1024,
    reference: str | None = None,
    categories: Any = None,
    missing: Literal["error", "drop"] = "error",
    missing_values: Iterable[str] | str = (),
    where: str | None = None,
    fingerprint: bool = False,
    progress: Progress | None = None,
    reads: Callable[[float], None] | None = None,
    label: Any = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
    **reading: Unpack[ReadingOptions],
) -> TrainingResult:
    """Train a classifier by maximum likelihood: ``mottomo train``.

    Softmax regression: numbers are used as they are, texts as one column a level.

    Parameters
    ----------
    data : a data frame of any library, a mapping from names to columns, or a ``pathlib.Path`` to a table.
    target : the column with the categories to predict.
    features : the columns to predict from; all others unless said.
    text : columns of digits that are text.
    weights : a column that says how often each row counts.
    penalty : None for maximum likelihood, ``L2(strength)`` or ``"l2=1"``: of standardised columns of numbers.
    accept_limit : where there is no maximum, take the probabilities that it approaches.
    holdout, seed : keep this share of the rows out of the training and measure the cross-entropy on them.
    memory : MiB of features that are held in memory; more are read in batches.
    reference : the category whose coefficients are 0.
    categories : the declared categories.
    missing : ``"error"`` refuses rows with missing values, ``"drop"`` leaves them out.
    missing_values : texts that stand for one.
    where, fingerprint, reading : of files, as in ``mo.tally`` (`input`, `encoding`, `delimiter`, `names`).
    progress : hears how the fit goes.
    reads : hears how much of a file is read, in percent.
    label : what messages call a stream.
    check_names : may refuse the names of the features before the work.

    Returns
    -------
    TrainingResult : `model` with ``save(path)``, coefficients with standard errors, z and p, likelihood-ratio tests of
    the features, the loss on rows held out, whether there is a maximum and how near it is.

    Raises InvalidInput : unknown columns, missing values, one category, a share that leaves no rows.

    >>> pets = {"weight": [3, 4, 5, 20, 25, 8, 9, 30], "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"]}
    >>> found = train(pets, target="pet")
    >>> found.verdict, round(found["dog", "weight"].coefficient, 4)
    ('trained', 0.0372)
    """
    check_whole("memory", memory, 0)
    plan = TrainingPlan(
        target=target,
        features=None if features is None else names_of(features),
        text=names_of(text),
        weights=weights,
        categories=categories,
        penalty=penalty_of(penalty),
        holdout=holdout,
        seed=seed,
        missing=missing,
        missing_values=names_of(missing_values),
        where=where,
        reference=reference,
        accept_limit=accept_limit,
        memory=memory << 20,
    )
    with table_of(data, Reading.of(reading), label, fingerprint) as opened:
        found = train_on_table(opened.table, plan, progress, reads, check_names)
        return found.with_provenance(opened.provenance().with_settings(plan.given))


def names_of(given: Iterable[str] | str | None) -> tuple[str, ...]:
    """The names of a list, or of text separated by commas; none of None."""
    if given is None:
        return ()
    return tuple(name for name in given.split(",") if name) if isinstance(given, str) else tuple(given)


def train_on_table(
    table: Table,
    plan: TrainingPlan,
    progress: Progress | None = None,
    reads: ReadProgress | None = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
) -> TrainingResult:
    """Train on an open table: read its columns, encode them, fit, and say how sure the fit is.

    `progress` hears how the fit goes, `reads` how far the file is read, in percent; `check_names` may refuse the
    names of the features before the work.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    with trained(table, plan, progress, reads, check_names) as (result, _):
        return result


@contextmanager
def trained(
    table: Table,
    plan: TrainingPlan,
    progress: Progress | None = None,
    reads: ReadProgress | None = None,
    check_names: Callable[[Iterable[str]], None] | None = None,
    *,
    is_tested: bool = True,
) -> Iterator[tuple[TrainingResult, Data]]:
    """What ``train_on_table`` gives, with the rows that it was trained on, for as long as they are kept.

    is_tested : whether standard errors and tests are wanted too.
    """
    with training_rows(table, plan, reads) as rows:
        if check_names is not None:
            check_names(feature.name for feature in rows.encoding.features)
        yield learnt(rows, plan.settings, progress, is_tested=is_tested), rows.data
