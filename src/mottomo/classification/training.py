"""Train a softmax regression on rows, with tests of its coefficients and losses on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mottomo._version import VERSION
from mottomo.categories import unknown_category
from mottomo.classification.classifier import MOST_KEPT, SoftmaxClassifier
from mottomo.classification.coefficient_intervals import CoefficientIntervals, profile
from mottomo.classification.coefficient_tests import FeatureTest, feature_tests
from mottomo.classification.covariance import Covariance
from mottomo.classification.evaluation import Logits
from mottomo.classification.existence import separators
from mottomo.classification.fitting import Fit
from mottomo.classification.held_out import Refit, held_out_of, settled_penalty
from mottomo.classification.labelled_rows import refuse_extremes
from mottomo.classification.marginal_effects import marginal_effects
from mottomo.classification.objective import Rows
from mottomo.classification.optimisation import FitState, Progress
from mottomo.classification.penalised_fit import penalised_fit
from mottomo.classification.penalties import L2, AutoL2, Firth
from mottomo.classification.refusing import refusal_for
from mottomo.classification.softmax import logits
from mottomo.classification.training_result import TrainingResult
from mottomo.classification.training_rows import Settings, TrainingRows
from mottomo.errors import InvalidInput
from mottomo.held_out import Groups
from mottomo.messages import say, verbatim


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
    inference = _inference(found, rows, reference, plan, progress) if is_tested else _Inference()
    classifier = _classifier(found, rows, plan, inference.covariance)
    effects = None
    if plan.effects and rows.encoding.terms is not None:
        raise InvalidInput(
            "effects-of-terms",
            say("average marginal effects are those of columns by themselves"),
            verbatim("--effects"),
            say("features without products and powers"),
            say("{names}", names=[term.name for term in rows.encoding.terms if not term.is_plain][:5]),
        )
    if plan.effects and inference.covariance is not None:
        effects = marginal_effects(rows.data, classifier, inference.covariance, plan.level)
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
        without_errors=inference.without_errors,
        feature_tests=inference.tests,
        profile=inference.intervals,
        marginal_effects=effects,
        wants_effects=plan.effects,
        wants_profile=plan.intervals == "profile",
        level=plan.level,
        held_out=held_out_of(classifier.logits, rows, plan, choice, refit),
        n_dropped=rows.n_dropped,
        accepts_limit=plan.accept_limit,
        pictures=rows.pictures,
        penalty_choice=choice,
    )


# --- the fit ---------------------------------------------------------------------------------------------------------


def _fitted(rows: TrainingRows, plan: Settings, progress: Progress | None) -> Fit:
    assert not isinstance(plan.penalty, AutoL2)
    numbers = rows.encoding.are_numbers
    return penalised_fit(rows.data, plan.penalty, numbers, tolerance=plan.tolerance, progress=progress)


def _refit(rows: TrainingRows, plan: Settings) -> Refit:
    """Trains on some of the rows."""

    def refit(kept: Rows, groups: Groups | None, penalty: L2 | Firth | None) -> Logits:
        found = penalised_fit(kept, penalty, rows.encoding.are_numbers, tolerance=plan.tolerance)
        w, b = found.at_limit() if plan.accept_limit else (found.w, found.b)
        return lambda features: logits(features, w, b)

    return refit


def _classifier(found: Fit, rows: TrainingRows, plan: Settings, covariance: Covariance | None) -> SoftmaxClassifier:
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
    is_kept = covariance is not None and len(covariance.factor) <= MOST_KEPT
    return SoftmaxClassifier(
        target=plan.target,
        categories=rows.categories,
        encoding=rows.encoding,
        penalty=plan.penalty,
        history=history,
        refusal=refusal_for(rows, plan),
        coefficients=w,
        intercepts=b,
        covariance=covariance if is_kept else None,
    )


def _log_likelihood(found: Fit, plan: Settings) -> float:
    """log L of the reported coefficients, nats; its supremum if these are the limit."""
    at_limit = plan.accept_limit and found.existence.supremum is not None
    return (found.existence.supremum or 0.0) + 0.0 if at_limit else found.log_likelihood


@dataclass(frozen=True)
class _Inference:
    """How sure the coefficients are.

    Attributes
    ----------
    covariance : of the coefficients; None if there is none.
    tests : one for each feature.
    without_errors : why there are none: ``work``, ``rounding``, ``interrupted``; None if not wanted or not meaningful.
    intervals : by the profile likelihood; None if they were not asked for or not computed.
    """

    covariance: Covariance | None = None
    tests: tuple[FeatureTest, ...] = ()
    without_errors: str | None = None
    intervals: CoefficientIntervals | None = None


def _inference(found: Fit, rows: TrainingRows, reference: str, plan: Settings, progress: Progress | None) -> _Inference:
    """Standard errors, intervals and tests.

    They are meaningful if the maximum of the likelihood was reached, or of Firth's. Without a maximum the profile
    likelihood still says what can be said.
    """
    data = rows.data
    is_firth = isinstance(plan.penalty, Firth)
    if isinstance(plan.penalty, L2):
        return _Inference()
    if not Covariance.affordable(data, True):
        return _Inference(without_errors="work")
    if data.is_sparse:
        data = data.mapped(lambda x: x.toarray(), data.n_features)

    def working() -> None:
        if progress is not None:
            progress(FitState(found.n_passes, -found.log_likelihood / data.weight, found.gap, "standard-errors"))

    recoding = found.recoding
    intervals = None
    try:
        if plan.intervals == "profile" and isinstance(data, Rows) and _has_profile(found):
            at = rows.categories.names.index(reference)
            intervals = profile(data, found, at, plan.level, is_firth=is_firth, working=working)
        if not found.converged:
            return _Inference(intervals=intervals)
        covariance = Covariance.of(
            recoding.of(data), found.learnt_w, found.learnt_b, True, recoding.columns, recoding.matrix(), working
        )
        groups = rows.encoding.groups()
        tests = feature_tests(
            data,
            found,
            covariance,
            groups,
            intercept=True,
            tolerance=plan.tolerance,
            working=working,
            refits=not is_firth,
        )
    except np.linalg.LinAlgError:
        return _Inference(without_errors="rounding")
    except KeyboardInterrupt:  # the fit is complete and is kept
        return _Inference(without_errors="interrupted")
    return _Inference(covariance, tests, None, intervals)


def _has_profile(found: Fit) -> bool:
    """Whether the supremum of log L is known."""
    return found.converged or found.existence.supremum is not None
