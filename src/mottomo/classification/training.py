"""Train a classifier on rows, with tests of its coefficients and losses on held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mottomo._version import VERSION
from mottomo.categories import Categories, unknown_category
from mottomo.classification.classifier import Classifier
from mottomo.classification.coefficient_tests import Covariance, FeatureTest, feature_tests
from mottomo.classification.encoding import Encoding
from mottomo.classification.evaluation import Groups, Logits, held_out_losses, left_out_in_turn
from mottomo.classification.existence import separators
from mottomo.classification.fitting import Fit, fit
from mottomo.classification.labelled_rows import refuse_extremes
from mottomo.classification.objective import Data, Rows
from mottomo.classification.optimisation import FitState, Progress
from mottomo.classification.penalties import L2, AutoL2, Penalty, ridge_of
from mottomo.classification.penalty_choice import PenaltyChoice, chosen_strength
from mottomo.classification.pictures import TrainedPictures
from mottomo.classification.softmax import logits
from mottomo.classification.training_result import TrainingResult
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.losses import HeldOut
from mottomo.messages import say, verbatim
from mottomo.tallies import Tally


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a table, ready for training.

    Attributes
    ----------
    data : the training rows with encoded features.
    held_out : rows for evaluation; None if none are held out.
    encoding : how the columns of the table became features.
    categories : the K categories of the target.
    tally : the categories of the training rows.
    n_dropped : rows that were left out because of missing values.
    pictures : what is known of the pictures among the features; None without any.
    groups, held_out_groups : of the rows of `data` and `held_out`; None without any.
    names : what the rows of `data` are called; None if they have no names.
    """

    data: Data
    held_out: Data | None
    encoding: Encoding
    categories: Categories
    tally: Tally
    n_dropped: int
    pictures: TrainedPictures | None = None
    groups: Groups | None = None
    held_out_groups: Groups | None = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a training.

    Attributes
    ----------
    target : the column that is predicted.
    penalty : None for maximum likelihood.
    reference : the category whose coefficients are reported as 0; None for the first one.
    accept_limit : if there is no maximum, whether to move the coefficients along the direction of separation until
        log L is at its supremum.
    seed : the seed with which rows were held out; only recorded.
    tolerance : of the optimality gap, nats.
    in_turn : whether each group is held out in turn.
    """

    target: str
    penalty: Penalty | None = None
    reference: str | None = None
    accept_limit: bool = False
    seed: int = 0
    tolerance: float = 1e-7
    in_turn: bool = False


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
    choice = None
    if isinstance(plan.penalty, AutoL2):
        choice = chosen_strength(*_groups_of(rows, "--penalty l2=auto"), _refit(rows, plan))
        plan = replace(plan, penalty=L2(choice.chosen))
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
        held_out=_held_out(classifier, rows, plan, choice),
        n_dropped=rows.n_dropped,
        accepts_limit=plan.accept_limit,
        pictures=rows.pictures,
        penalty_choice=choice,
    )


# --- the fit ---------------------------------------------------------------------------------------------------------


def _fitted(rows: TrainingRows, plan: Settings, progress: Progress | None) -> Fit:
    return fit(rows.data, ridge=_ridge(plan.penalty, rows.data, rows), tolerance=plan.tolerance, progress=progress)


def _ridge(penalty: Penalty | None, data: Data, rows: TrainingRows) -> np.ndarray | None:
    """The ridge of a penalty for these rows, or some of them."""
    assert not isinstance(penalty, AutoL2)
    is_number = np.array([feature.is_number for feature in rows.encoding.features for _ in feature.columns], bool)
    return ridge_of(penalty, data, is_number)


def _classifier(found: Fit, rows: TrainingRows, plan: Settings) -> Classifier:
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
    return Classifier(plan.target, rows.categories, rows.encoding, w, b, plan.penalty, history)


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


# --- rows that were not trained on -----------------------------------------------------------------------------------


def _held_out(
    classifier: Classifier, rows: TrainingRows, plan: Settings, choice: PenaltyChoice | None
) -> HeldOut | None:
    """What the classifier, or one like it, is worth on rows that it was not trained on; None if there are none."""
    if rows.held_out is not None:
        counts = np.asarray(rows.tally.counts, dtype=np.float64)
        return held_out_losses(
            classifier.logits, counts, rows.categories, rows.held_out, plan.seed, rows.held_out_groups
        )
    if not plan.in_turn:
        return None
    data, groups = _groups_of(rows, "--holdout each")

    def refit(kept: Rows, own: Groups) -> Logits:
        penalty = plan.penalty if choice is None else L2(chosen_strength(kept, own, _refit(rows, plan)).chosen)
        return _logits_of(kept, rows, plan, penalty)

    return left_out_in_turn(data, groups, rows.categories, refit, rows.names)


def _refit(rows: TrainingRows, plan: Settings) -> Callable[[Rows, float], Logits]:
    return lambda kept, strength: _logits_of(kept, rows, plan, L2(strength))


def _logits_of(kept: Rows, rows: TrainingRows, plan: Settings, penalty: Penalty | None) -> Logits:
    """The logits of a classifier that is trained on some of the rows."""
    found = fit(kept, ridge=_ridge(penalty, kept, rows), tolerance=plan.tolerance)
    w, b = found.at_limit() if plan.accept_limit else (found.w, found.b)
    return lambda features: logits(features, w, b)


def _groups_of(rows: TrainingRows, option: str) -> tuple[Rows, Groups]:
    """The rows and their groups. Raises InvalidInput : there are none, or the rows are not in memory."""
    if rows.groups is None:
        raise InvalidCall(
            "no-groups",
            say("{option} needs groups of rows; name their column with --group", option=option),
            verbatim(option),
            say("a column whose values are the groups"),
        )
    if not isinstance(rows.data, Rows):
        raise InvalidInput(
            "rows-on-disk",
            say("the rows do not fit into the memory that is allowed"),
            verbatim(option),
            say("rows in memory, since each group is left out in turn"),
            None,
            say("allow more with --memory, or hold out a share with --holdout"),
        )
    return rows.data, rows.groups
