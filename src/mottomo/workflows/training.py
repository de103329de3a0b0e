"""From a table to a trained classifier, with what is known of its fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from mottomo.categories import unknown_category
from mottomo.classification.classifier import Classifier
from mottomo.classification.coefficient_tests import Covariance, FeatureTest, feature_tests
from mottomo.classification.existence import separators
from mottomo.classification.fitting import Fit, far_centre, fit
from mottomo.classification.labelled_rows import refuse_extremes
from mottomo.classification.objective import Data, Rows, keeping
from mottomo.classification.optimisation import Progress, Standing
from mottomo.classification.penalties import strength_of
from mottomo.classification.training_result import HeldOut, LossSums, TrainingResult
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.messages import verbatim
from mottomo.sources.table import TableFile
from mottomo.tallies import Tally
from mottomo.workflows.training_rows import TrainingPlan, TrainingRows, training_rows


def train_on_table(
    file: TableFile, plan: TrainingPlan, progress: Progress | None = None, reading: Any = None
) -> TrainingResult:
    """Train on a table: read its columns, encode them, fit, and say how sure the fit is.

    `progress` hears how the fit goes, `reading` how far the file is read, in percent.

    Raises InvalidInput for unknown columns, missing values, one category, a share that leaves no rows.
    """
    with trained(file, plan, progress, reading) as (result, _):
        return result


@contextmanager
def trained(
    file: TableFile, plan: TrainingPlan, progress: Progress | None = None, reading: Any = None
) -> Iterator[tuple[TrainingResult, Data]]:
    """What ``train_on_table`` gives, with the rows that it was trained on, for as long as they are kept."""
    with training_rows(file, plan, reading) as rows:
        reference = plan.reference or rows.categories.names[0]
        if reference not in rows.categories.names:
            raise unknown_category(reference, rows.categories, verbatim("--reference"))
        refuse_extremes(rows.data, rows.encoding.columns)
        fitted = _fitted(rows.data, plan, progress)
        yield _result(fitted, rows, plan, reference, progress), rows.data


def _result(
    fitted: _Fitted, rows: TrainingRows, plan: TrainingPlan, reference: str, progress: Progress | None
) -> TrainingResult:
    found = fitted.fit
    classifier = _classifier(fitted, rows, plan)
    inference = _inference(fitted, rows, reference, plan, progress)
    separated = found.existence.direction is not None
    return TrainingResult(
        classifier=classifier,
        tally=rows.tally,
        n_rows=rows.data.n,
        log_likelihood=fitted.log_likelihood(plan.accept_limit),
        null_log_likelihood=found.null_log_likelihood,
        converged=found.converged,
        reason=found.reason,
        n_passes=found.n_passes,
        gap=found.gap,
        gap_is_proved=found.gap_is_proved,
        gradient_norm=found.gradient_norm,
        existence=replace(found.existence, direction=fitted.direction()),
        separators=separators(rows.data, found.existence.categories) if separated else (),
        dependent=tuple(one.moved(fitted.centre) for one in found.dependent),
        reference=reference,
        standard_errors=inference.standard_errors,
        without_errors=inference.without_errors,
        feature_tests=inference.tests,
        held_out=None if rows.held_out is None else _held_out(classifier, rows.tally, rows.held_out, plan.seed),
        n_dropped=rows.n_dropped,
        accepts_limit=plan.accept_limit,
    )


# --- the fit ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fitted:
    """A fit on standardised columns, and what is needed to carry it back to the columns' units."""

    fit: Fit
    data: Data
    centre: np.ndarray
    scale: np.ndarray

    def _unscaled(self, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w = w / self.scale[:, None]
        return w, b - self.centre @ w

    def coefficients(self, at_limit: bool) -> tuple[np.ndarray, np.ndarray]:
        """In the columns' units; at the limit, so far along the direction of separation that log L is its supremum."""
        w, b = self.fit.w, self.fit.b
        found = self.fit.existence
        if at_limit and found.direction is not None:
            w, b = w + found.reach * found.direction[:-1], b + found.reach * found.direction[-1]
        return self._unscaled(w, b)

    def log_likelihood(self, at_limit: bool) -> float:
        """Of those coefficients, nats."""
        found = self.fit.existence
        return found.supremum + 0.0 if at_limit and found.supremum is not None else self.fit.log_likelihood

    def direction(self) -> np.ndarray | None:
        """The direction of separation in the columns' units, its largest coefficient 1."""
        found = self.fit.existence.direction
        if found is None:
            return None
        whole = np.vstack(self._unscaled(found[:-1], found[-1]))
        return np.asarray(whole / np.abs(whole).max())


def _fitted(data: Data, plan: TrainingPlan, progress: Progress | None) -> _Fitted:
    strength = strength_of(plan.penalty)
    p = data.n_features
    centre, scale = np.zeros(p), np.ones(p)
    if strength and p:
        centre, scale = _standard(data)
        data = data.mapped(lambda x: _standardised(x, centre, scale), p)
    else:
        centre = far_centre(data, True)
        if centre.any():
            data = data.mapped(lambda x: x - centre, p)
    found = fit(data, strength=strength, tolerance=plan.tolerance, progress=progress)
    return _Fitted(found, data, centre, scale)


def _standard(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column; 0 and 1 for columns of zeros and ones, and constant ones keep theirs.

    Means first, then squares of what is left of them: two readings, and no digits lost. Sparse columns keep their
    zeros, and so are not centred; a free intercept makes that the same model.
    """
    total, is_indicator = np.zeros(data.n_features), np.ones(data.n_features, dtype=bool)
    first = 0.0 if data.is_sparse else next(iter(data.batches())).features[0].astype(np.float64)
    for rows in data.batches():
        total += _weighted_sum(rows, rows.features if data.is_sparse else rows.features - first)
        is_indicator &= _is_indicator(rows.features)
    mean = np.where(is_indicator, 0.0, first + total / data.weight)  # of a constant column exactly its number
    square = np.zeros(data.n_features)
    for rows in data.batches():
        square += _weighted_squares(rows, mean)
    spread = np.sqrt(square / data.weight)
    rounding = data.n * np.finfo(np.float64).eps * np.abs(mean) if data.is_sparse else 0.0
    is_constant = spread <= rounding
    return np.zeros_like(mean) if data.is_sparse else mean, np.where(is_indicator | is_constant, 1.0, spread)


def _weighted_sum(rows: Rows, x: Any) -> np.ndarray:
    return np.asarray(x.sum(axis=0) if rows.weights is None else x.T @ rows.weights).ravel()


def _is_indicator(x: Any) -> np.ndarray:
    """(p,) whether a column holds zeros and ones alone."""
    if not hasattr(x, "indptr"):
        return np.asarray(((x == 0) | (x == 1)).all(axis=0))
    other = (x.data != 0) & (x.data != 1)
    return np.bincount(x.indices[other], minlength=x.shape[1]) == 0


def _weighted_squares(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """sum_i w_i (x_ij - mean_j)^2, (p,)."""
    if not rows.is_sparse:
        return _weighted_sum(rows, (rows.features - mean) ** 2)
    x = rows.features.copy()
    x.data = (x.data - mean[x.indices]) ** 2
    stored = x.copy()
    stored.data = np.ones_like(x.data)
    return _weighted_sum(rows, x) + (rows.weight - _weighted_sum(rows, stored)) * mean**2


def _standardised(x: Any, centre: np.ndarray, scale: np.ndarray) -> Any:
    if not hasattr(x, "indptr"):
        return (x - centre) / scale
    x = x.copy()
    x.data = x.data / scale[x.indices]
    return x


def _classifier(fitted: _Fitted, rows: TrainingRows, plan: TrainingPlan) -> Classifier:
    w, b = fitted.coefficients(plan.accept_limit)
    history = {
        "version": version("mottomo"),
        "n_observations": rows.data.weight,
        "log_likelihood": fitted.log_likelihood(plan.accept_limit),
        "null_log_likelihood": fitted.fit.null_log_likelihood,
        "existence": fitted.fit.existence.verdict,
        "converged": bool(fitted.fit.converged),
        "seed": plan.seed if plan.holdout else None,
    }
    return Classifier(plan.target, rows.categories, rows.encoding, w, b, strength_of(plan.penalty), history)


@dataclass(frozen=True)
class _Inference:
    """Standard errors (p + 1, K) and tests; or why there are none: ``work``, ``rounding``, ``interrupted``."""

    standard_errors: np.ndarray | None = None
    tests: tuple[FeatureTest, ...] = ()
    without_errors: str | None = None


def _inference(
    fitted: _Fitted, rows: TrainingRows, reference: str, plan: TrainingPlan, progress: Progress | None
) -> _Inference:
    """Standard errors and tests, where they mean something: at a maximum of the likelihood, reached."""
    found, data = fitted.fit, fitted.data
    if plan.penalty is not None or not found.converged:
        return _Inference()
    if not Covariance.affordable(data, True):
        return _Inference(without_errors="work")
    if data.is_sparse:
        data = data.mapped(lambda x: x.toarray(), data.n_features)
    kept = found.kept()
    if found.dependent:
        data = keeping(data, kept)

    def working() -> None:
        if progress is not None:
            progress(Standing(found.n_passes, -found.log_likelihood / data.weight, found.gap, "standard-errors"))

    try:
        moved = fitted.centre[kept] / fitted.scale[kept]
        covariance = Covariance(data, found.w[kept], found.b, True, moved, working)
        errors = np.full((len(rows.encoding.columns) + 1, data.n_categories), np.nan)
        errors[[*kept.tolist(), -1]] = covariance.standard_errors(rows.categories.names.index(reference))
        tests = feature_tests(
            data,
            covariance,
            found.coordinates,
            found.log_likelihood,
            _groups(rows, kept),
            intercept=True,
            tolerance=plan.tolerance,
            working=working,
        )
    except np.linalg.LinAlgError:
        return _Inference(without_errors="rounding")
    except KeyboardInterrupt:  # the fit is there
        return _Inference(without_errors="interrupted")
    return _Inference(errors, tests)


def _groups(rows: TrainingRows, kept: np.ndarray) -> dict[str, list[int]]:
    """The positions of each feature's columns among those that are kept."""
    position = {int(column): index for index, column in enumerate(kept)}
    return {
        name: [position[column] for column in columns if column in position]
        for name, columns in rows.encoding.groups().items()
    }


def _held_out(classifier: Classifier, tally: Tally, data: Data, seed: int) -> HeldOut:
    """Cross-entropy on rows held out, of the classifier and of the die that the training rows are."""
    with np.errstate(divide="ignore"):
        logs = np.log(tally.counts / tally.n_observations)
    model, die, gain, n_impossible = LossSums(), LossSums(), LossSums(), 0
    for rows in data.batches():
        assert rows.labels is not None
        logits = np.ascontiguousarray(classifier.logits(rows.features))
        losses = cross_entropy_of_logits(logits, rows.labels, losses=True).losses
        assert losses is not None
        own = -logs[rows.labels]
        losses = np.where(np.isfinite(own), losses, np.inf)
        impossible = ~np.isfinite(losses)
        n_impossible += round(impossible.sum() if rows.weights is None else rows.weights[impossible].sum())
        with np.errstate(invalid="ignore"):
            model += LossSums.of(losses, rows.weights)
            die += LossSums.of(own, rows.weights)
            gain += LossSums.of(own - losses, rows.weights)
    return HeldOut(data.n, round(data.weight), seed, model.losses(), die.losses(), gain.losses(), n_impossible)
