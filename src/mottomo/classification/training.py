"""Train a softmax regression on rows, with tests of its coefficients and losses on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mottomo._version import VERSION
from mottomo.categories import unknown_category
from mottomo.classification.classifier import SoftmaxClassifier
from mottomo.classification.coefficient_tests import Covariance, FeatureTest, feature_tests
from mottomo.classification.evaluation import Logits
from mottomo.classification.existence import separators
from mottomo.classification.fitting import Fit, fit
from mottomo.classification.held_out import Refit, held_out_of, settled_penalty
from mottomo.classification.labelled_rows import refuse_extremes
from mottomo.classification.objective import Data, Rows
from mottomo.classification.optimisation import FitState, Progress
from mottomo.classification.penalties import L2, AutoL2, Penalty, ridge_of
from mottomo.classification.refusing import refusal_for
from mottomo.classification.softmax import logits
from mottomo.classification.training_result import TrainingResult
from mottomo.classification.training_rows import Settings, TrainingRows
from mottomo.held_out import Groups
from mottomo.messages import verbatim


def learnt(
    rows: TrainingRows, plan: Settings, progress: Progress | None = None, *, is_tested: bool = True
) -> TrainingResult:
    """Fit the classifier to rows, with standard errors, tests and held-out losses.

    progress : called with a FitState in each iteration.
    is_tested : whether to compute standard errors and tests.

    Raises InvalidInput for an unknown reference, or for features that ``refuse_extremes`` refuses.
    """
    reference = plan.reference or rows.categories.names[0]
    if reference not in rows.categories.names:
        raise unknown_category(reference, rows.categories, verbatim("--reference"))
    refuse_extremes(rows.data, rows.encoding.columns)
    refit = _refit(rows, plan)
    penalty, choice = settled_penalty(rows, plan, refit)
    plan = replace(plan, penalty=penalty)
    found = _fitted(rows, plan, progress)
    classifier = _classifier(found, rows, plan)
    inference = _inference(found, rows, reference, plan, progress) if is_tested else _Inference()
    separated = found.existence.direction is not None
    return TrainingResult(
        classifier=classifier,
        tally=rows.tally,
        n_rows=rows.data.n,
        log_likelihood=_log_likelihood(found, plan),
        null_log_likelihood=found.null_log_likelihood,
        converged=found.converged,
        reason=found.reason,
        n_passes=found.n_passes,
        gap=found.gap,
        gap_is_proved=found.gap_is_proved,
        gradient_norm=found.gradient_norm,
        existence=found.existence,
        separators=separators(rows.data, found.existence.categories) if separated else (),
        collinear=found.collinear,
        near=found.near,
        reference=reference,
        standard_errors=inference.standard_errors,
        without_errors=inference.without_errors,
        feature_tests=inference.tests,
        held_out=held_out_of(classifier.logits, rows, plan, choice, refit),
        n_dropped=rows.n_dropped,
        accepts_limit=plan.accept_limit,
        pictures=rows.pictures,
        penalty_choice=choice,
    )


# --- the fit ---------------------------------------------------------------------------------------------------------


def _fitted(rows: TrainingRows, plan: Settings, progress: Progress | None) -> Fit:
    return fit(rows.data, ridge=_ridge(plan.penalty, rows.data, rows), tolerance=plan.tolerance, progress=progress)


def _refit(rows: TrainingRows, plan: Settings) -> Refit:
    """Trains on some of the rows."""

    def refit(kept: Rows, groups: Groups | None, penalty: L2 | None) -> Logits:
        found = fit(kept, ridge=_ridge(penalty, kept, rows), tolerance=plan.tolerance)
        w, b = found.at_limit() if plan.accept_limit else (found.w, found.b)
        return lambda features: logits(features, w, b)

    return refit


def _ridge(penalty: Penalty | None, data: Data, rows: TrainingRows) -> np.ndarray | None:
    """The ridge of a penalty for these rows, or some of them."""
    assert not isinstance(penalty, AutoL2)
    return ridge_of(penalty, data, rows.encoding.are_numbers)


def _classifier(found: Fit, rows: TrainingRows, plan: Settings) -> SoftmaxClassifier:
    w, b = found.at_limit() if plan.accept_limit else (found.w, found.b)
    history = {
        "version": VERSION,
        "n_observations": rows.data.weight,
        "log_likelihood": _log_likelihood(found, plan),
        "null_log_likelihood": found.null_log_likelihood,
        "existence": found.existence.verdict,
        "converged": bool(found.converged),
        "seed": plan.seed if rows.held_out is not None else None,
    }
    assert not isinstance(plan.penalty, AutoL2)
    return SoftmaxClassifier(
        target=plan.target,
        categories=rows.categories,
        encoding=rows.encoding,
        penalty=plan.penalty,
        history=history,
        refusal=refusal_for(rows, plan),
        coefficients=w,
        intercepts=b,
    )


def _log_likelihood(found: Fit, plan: Settings) -> float:
    """log L of the reported coefficients, nats; its supremum if these are the limit."""
    at_limit = plan.accept_limit and found.existence.supremum is not None
    return (found.existence.supremum or 0.0) + 0.0 if at_limit else found.log_likelihood


@dataclass(frozen=True)
class _Inference:
    """Standard errors and tests of the coefficients.

    Attributes
    ----------
    standard_errors : (p + 1, K), the intercept last; None if there are none.
    tests : one for each feature.
    without_errors : why there are none: ``work``, ``rounding``, ``interrupted``; None if not wanted or not meaningful.
    """

    standard_errors: np.ndarray | None = None
    tests: tuple[FeatureTest, ...] = ()
    without_errors: str | None = None


def _inference(found: Fit, rows: TrainingRows, reference: str, plan: Settings, progress: Progress | None) -> _Inference:
    """Standard errors and tests. They are meaningful only if the maximum of the unpenalised likelihood was reached."""
    data = rows.data
    if plan.penalty is not None or not found.converged:
        return _Inference()
    if not Covariance.affordable(data, True):
        return _Inference(without_errors="work")
    if data.is_sparse:
        data = data.mapped(lambda x: x.toarray(), data.n_features)

    def working() -> None:
        if progress is not None:
            progress(FitState(found.n_passes, -found.log_likelihood / data.weight, found.gap, "standard-errors"))

    recoding = found.recoding
    try:
        covariance = Covariance(recoding.of(data), found.learnt_w, found.learnt_b, True, recoding.matrix(), working)
        errors = np.full((len(rows.encoding.columns) + 1, data.n_categories), np.nan)
        errors[[*recoding.columns.tolist(), -1]] = covariance.standard_errors(rows.categories.names.index(reference))
        groups = rows.encoding.groups()
        tests = feature_tests(
            data, found, covariance, groups, intercept=True, tolerance=plan.tolerance, working=working
        )
    except np.linalg.LinAlgError:
        return _Inference(without_errors="rounding")
    except KeyboardInterrupt:  # the fit is complete and is kept
        return _Inference(without_errors="interrupted")
    return _Inference(errors, tests)
