"""From a table to a trained classifier, and from a classifier and a table to probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from mottomo.categories import Categories, category_name, unknown_category
from mottomo.classification.classifier import Classifier
from mottomo.classification.coefficient_tests import Covariance, FeatureTest, feature_tests
from mottomo.classification.encoding import Encoding
from mottomo.classification.existence import separators
from mottomo.classification.objective import Rows
from mottomo.classification.optimisation import Progress
from mottomo.classification.penalties import L2, strength_of
from mottomo.classification.training_result import HeldOut, Losses, TrainingResult
from mottomo.errors import InvalidInput
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.messages import say, say_count, verbatim
from mottomo.sources.columns import Choice, Columns, read_columns
from mottomo.sources.table import TableFile
from mottomo.tallies import Tally

_BATCH = 1 << 16


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be learnt, and how.

    target : the column to predict. features : the columns to predict it from; all others for None. text : columns that
    are text whatever they look like. weights : a column of frequency weights. categories : the declared categories.
    penalty : None for maximum likelihood. holdout : the share of rows that are kept out of the training, to see what it
    is worth, chosen by `seed`. missing : ``error`` or ``drop``. reference : the category whose coefficients are 0.
    accept_limit : where there is no maximum, go along the direction of separation until log L is at its supremum.
    """

    target: str
    features: tuple[str, ...] | None = None
    text: tuple[str, ...] = ()
    weights: str | None = None
    categories: Any = None
    penalty: L2 | None = None
    holdout: float = 0.0
    seed: int = 0
    missing: str = "error"
    missing_values: tuple[str, ...] = ()
    where: str | None = None
    reference: str | None = None
    accept_limit: bool = False
    tolerance: float = 1e-7


def train_on_table(
    file: TableFile, plan: TrainingPlan, progress: Progress | None = None, reading: Any = None
) -> TrainingResult:
    """Train on a table: read its columns, encode them, fit, and say how sure the fit is.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    wanted = None if plan.features is None else (*plan.features, plan.target, *filter(None, [plan.weights]))
    text = frozenset({*plan.text, plan.target})
    columns = read_columns(file, Choice(wanted, text, plan.missing_values, plan.where), reading)
    return train_on_columns(columns, plan, progress)


def train_on_columns(columns: Columns, plan: TrainingPlan, progress: Progress | None = None) -> TrainingResult:
    """Train on columns that have been read."""
    columns, n_dropped = _complete(columns, plan)
    names = _feature_names(columns, plan)
    categories, codes = _categories(columns, plan)
    weights = None if plan.weights is None else columns.values[plan.weights]
    inside, outside = _split(columns.n, plan)
    features = {name: columns.values[name][inside] for name in names}
    encoding = Encoding.learn(features, baselines=plan.penalty is None)
    x = encoding.encode(features, columns.where) if names else np.zeros((len(inside), 0))
    fitted = _fit(x, codes[inside], None if weights is None else weights[inside], categories, plan, progress)
    tally = _tally(codes[inside], None if weights is None else weights[inside], categories)
    reference = plan.reference or categories.names[0]
    if reference not in categories.names:
        raise unknown_category(reference, categories, verbatim("--reference"))
    classifier = _classifier(fitted, categories, encoding, plan)
    errors, tests = _inference(fitted, encoding, categories.names.index(reference), plan)
    held_out = None
    if len(outside):
        rows = {name: columns.values[name][outside] for name in names}
        held_out = _held_out(classifier, tally, rows, codes[outside], columns, plan.seed)
    model = fitted.model
    return TrainingResult(
        classifier=classifier,
        tally=tally,
        log_likelihood=model.log_likelihood_,
        null_log_likelihood=model.null_log_likelihood_,
        converged=model.converged_,
        reason=model.reason_,
        n_passes=model.n_iter_,
        gap=model.gap_,
        gap_is_proved=model.gap_is_proved_,
        gradient_norm=model.gradient_norm_,
        existence=replace(model.existence_, direction=fitted.direction()),
        separators=separators(fitted.rows, model.existence_.categories)
        if model.existence_.direction is not None
        else (),
        dependent=model.dependent_columns_,
        reference=reference,
        standard_errors=errors,
        feature_tests=tests,
        held_out=held_out,
        n_dropped=n_dropped,
        accepts_limit=plan.accept_limit,
    )


# --- rows and columns ------------------------------------------------------------------------------------------------


def _complete(columns: Columns, plan: TrainingPlan) -> tuple[Columns, int]:
    """The rows without a missing value; refused, or left out if that was asked for."""
    missing = np.zeros(columns.n, dtype=bool)
    places = []
    for name in columns.values:
        here = columns.missing(name)
        if here.any():
            places.append((name, int(here.sum()), int(np.flatnonzero(here)[0]) + 1))
        missing |= here
    if not missing.any():
        return columns, 0
    if plan.missing != "drop":
        name, _, row = places[0]
        raise InvalidInput(
            "missing-values",
            say("values are missing"),
            say("{where}, row {row}, column {column}", where=columns.where, row=row, column=name),
            say("a value in every cell of the columns that are used"),
            say_count(
                "{count} row with missing values (columns {names})",
                "{count} rows with missing values (columns {names})",
                int(missing.sum()),
                names=[f"{place[0]}: {place[1]}" for place in places[:10]],
            ),
            say("leave such rows out with --missing drop, or leave out the column with --features"),
        )
    if missing.all():
        raise InvalidInput("no-rows", say("every row has a missing value"), columns.where, say("complete rows"))
    return columns.rows(~missing), int(missing.sum())


def _feature_names(columns: Columns, plan: TrainingPlan) -> list[str]:
    names = list(plan.features) if plan.features is not None else list(columns.values)
    names = [name for name in dict.fromkeys(names) if name not in (plan.target, plan.weights)]
    if plan.features is not None and plan.target in plan.features:
        raise InvalidInput(
            "target-among-features",
            say("the target is also among the features"),
            verbatim("--features"),
            say("features other than the target"),
            verbatim(plan.target),
        )
    return names


def _categories(columns: Columns, plan: TrainingPlan) -> tuple[Categories, np.ndarray]:
    """The categories of the target, declared or discovered, and each row's position among them."""
    labels = columns.values[plan.target]
    names = [category_name(value) for value in labels.tolist()]
    categories = Categories.discovered(names) if plan.categories is None else Categories.of(plan.categories)
    position = {name: index for index, name in enumerate(categories.names)}
    unknown = next((row for row, name in enumerate(names) if name not in position), None)
    if unknown is not None:
        place = say("{where}, row {row}, column {column}", where=columns.where, row=unknown + 1, column=plan.target)
        raise unknown_category(names[unknown], categories, place)
    codes = np.array([position[name] for name in names], dtype=np.int64)
    if len(set(names)) < 2:
        raise InvalidInput(
            "one-category",
            say("the labels are all of one category, so there is nothing to tell apart"),
            say("{where}, column {column}", where=columns.where, column=plan.target),
            say("labels of at least two categories (classes)"),
            say_count("{count} class: {names}", "{count} classes: {names}", len(set(names)), names=sorted(set(names))),
            say("choose a target that varies"),
        )
    return categories, codes


def _split(n: int, plan: TrainingPlan) -> tuple[np.ndarray, np.ndarray]:
    """The rows to train on and those held out: the rows with the smallest of n random words, which a seed fixes."""
    if not 0 <= plan.holdout < 1:
        raise InvalidInput(
            "holdout",
            say("the share to hold out is out of range"),
            verbatim("--holdout"),
            say("a share of 0 or more, below 1"),
            verbatim(str(plan.holdout)),
        )
    size = round(n * plan.holdout)
    if plan.holdout and not 0 < size < n - 1:
        raise InvalidInput(
            "holdout-rows",
            say("there are too few rows to hold some out"),
            verbatim("--holdout"),
            say("at least one row held out, and two to train on"),
            say("{size} of {n} rows", size=size, n=n),
        )
    order = np.argsort(np.random.PCG64(plan.seed).random_raw(n), kind="stable")
    return np.sort(order[size:]), np.sort(order[:size])


# --- the fit ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fitted:
    """A fitted estimator on standardised columns, and what is needed to carry it back to the columns' units."""

    model: Any
    rows: Rows
    centre: np.ndarray
    scale: np.ndarray
    present: np.ndarray

    def _unscaled(self, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w = w / self.scale[:, None]
        return w, b - self.centre @ w

    def coefficients(self, at_limit: bool) -> tuple[np.ndarray, np.ndarray]:
        """In the columns' units; at the limit, so far along the direction of separation that log L is its supremum."""
        w, b = self.model.coef_.T, self.model.intercept_
        found = self._whole_direction()
        if at_limit and found is not None:
            reach = self.model.existence_.reach
            w, b = w + reach * found[:-1], b + reach * found[-1]
        return self._unscaled(w, b)

    def _whole_direction(self) -> np.ndarray | None:
        """The direction over all columns, dependent ones with 0."""
        found = self.model.existence_.direction
        if found is None:
            return None
        dependent = [one.column for one in self.model.dependent_columns_]
        full = np.zeros((len(self.scale) + 1, found.shape[1]))
        full[np.setdiff1d(np.arange(len(self.scale) + 1), dependent)] = found
        return full

    def direction(self) -> np.ndarray | None:
        """The direction of separation in the columns' units, its largest coefficient 1."""
        found = self._whole_direction()
        if found is None:
            return None
        whole = np.vstack(self._unscaled(found[:-1], found[-1]))
        return np.asarray(whole / np.abs(whole).max())


def _fit(
    x: Any,
    codes: np.ndarray,
    weights: np.ndarray | None,
    categories: Categories,
    plan: TrainingPlan,
    progress: Progress | None,
) -> _Fitted:
    from mottomo.classification.labelled_rows import checked_features, checked_weights, labelled_rows
    from mottomo.classification.softmax_regression import SoftmaxRegression

    strength = strength_of(plan.penalty)
    p = x.shape[1]
    centre, scale = np.zeros(p), np.ones(p)
    if strength and p and not hasattr(x, "indptr"):
        indicator = ((x == 0) | (x == 1)).all(axis=0)
        centre = np.where(indicator, 0.0, x.mean(axis=0))
        spread = x.std(axis=0)
        scale = np.where(indicator | (spread == 0), 1.0, spread)
        x = (x - centre) / scale
    rows = labelled_rows(checked_features(x), codes, None, checked_weights(weights, len(codes)), len(categories))
    model = SoftmaxRegression(plan.penalty, tolerance=plan.tolerance)
    model.classes_ = np.array(categories.names, dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the result says it all, in words
        model.fit_rows(rows, progress)
    return _Fitted(model, rows, centre, scale, np.unique(codes))


def _tally(codes: np.ndarray, weights: np.ndarray | None, categories: Categories) -> Tally:
    if weights is None:
        return Tally.from_counts(np.bincount(codes, minlength=len(categories)), categories)
    sums = np.bincount(codes, weights, minlength=len(categories))
    if not (weights == np.round(weights)).all():
        raise InvalidInput(
            "weights-whole",
            say("a frequency weight is not a whole number"),
            verbatim("--weights"),
            say("how often each row counts: whole numbers of 0 or more"),
            verbatim(str(weights[weights != np.round(weights)][0])),
        )
    return Tally.from_counts(sums.astype(np.int64), categories)


def _classifier(fitted: _Fitted, categories: Categories, encoding: Encoding, plan: TrainingPlan) -> Classifier:
    w, b = fitted.coefficients(plan.accept_limit)
    model = fitted.model
    history = {
        "version": version("mottomo"),
        "n_observations": model.n_observations_,
        "log_likelihood": model.log_likelihood_,
        "null_log_likelihood": model.null_log_likelihood_,
        "existence": model.existence_.verdict,
        "converged": bool(model.converged_),
        "seed": plan.seed if plan.holdout else None,
    }
    return Classifier(plan.target, categories, encoding, w, b, strength_of(plan.penalty), history)


def _inference(
    fitted: _Fitted, encoding: Encoding, reference: int, plan: TrainingPlan
) -> tuple[np.ndarray | None, tuple[FeatureTest, ...]]:
    """Standard errors and tests, where they mean something: at a maximum of the likelihood, reached."""
    model, rows = fitted.model, fitted.rows
    if plan.penalty is not None or not model.converged_ or not Covariance.affordable(rows, True):
        return None, ()
    if rows.is_sparse:
        rows = rows.dense()
    dependent = [one.column for one in model.dependent_columns_]
    kept = np.setdiff1d(np.arange(rows.n_features), dependent)
    position = {int(column): index for index, column in enumerate(kept)}
    if dependent:
        rows = replace(rows, features=np.ascontiguousarray(rows.features[:, kept]))
    covariance = Covariance(rows, model.coef_.T[kept], model.intercept_, True)
    errors = np.full((len(encoding.columns) + 1, rows.n_categories), np.nan)
    errors[[*kept.tolist(), -1]] = covariance.standard_errors(reference)
    groups = {
        name: [position[column] for column in columns if column in position]
        for name, columns in encoding.groups().items()
    }
    tests = feature_tests(
        rows, covariance, model.coordinates_, model.log_likelihood_, groups, intercept=True, tolerance=plan.tolerance
    )
    return errors, tests


def _held_out(
    classifier: Classifier, tally: Tally, rows: dict[str, np.ndarray], codes: np.ndarray, columns: Columns, seed: int
) -> HeldOut:
    """Cross-entropy on rows held out, of the classifier and of the die that the training rows are."""
    logits = classifier.logits(rows or {"": codes}, columns.where)
    losses = cross_entropy_of_logits(np.ascontiguousarray(logits), codes, losses=True).losses
    assert losses is not None
    with np.errstate(divide="ignore"):
        logs = np.log(tally.counts / tally.n_observations)
    die = -logs[codes]
    impossible = ~np.isfinite(losses) | ~np.isfinite(die)
    losses = np.where(np.isfinite(die), losses, np.inf)
    with np.errstate(invalid="ignore"):
        gain = die - losses
    return HeldOut(len(codes), seed, Losses.of(losses), Losses.of(die), Losses.of(gain), int(impossible.sum()))


# --- prediction ------------------------------------------------------------------------------------------------------


def predict_table(
    classifier: Classifier, file: TableFile, *, missing_values: tuple[str, ...] = (), where: str | None = None,
    unknown: str = "error", reading: Any = None,
) -> Iterator[np.ndarray]:  # fmt: skip
    """The probabilities of each row of a table, (m, K) at a time, in the order of its rows."""
    text = frozenset(one.name for one in classifier.encoding.features if one.levels is not None)
    names = tuple(one.name for one in classifier.encoding.features)
    columns = read_columns(file, Choice(names or None, text, missing_values, where), reading)
    for name in names:
        missing = columns.missing(name)
        if missing.any():
            row = int(np.flatnonzero(missing)[0]) + 1
            raise InvalidInput(
                "missing-values",
                say("values are missing"),
                say("{where}, row {row}, column {column}", where=columns.where, row=row, column=name),
                say("a value in every cell of the columns that are used"),
                say_count("{count} row", "{count} rows", int(missing.sum())),
                say("fill them in, or leave such rows out with --where"),
            )
    for first in range(0, columns.n, _BATCH):
        part = {name: columns.values[name][first : first + _BATCH] for name in columns.values}
        yield classifier.probabilities(part, columns.where, unknown)
