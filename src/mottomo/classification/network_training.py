"""Train a neural network on rows, with losses on held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np

from mottomo._version import VERSION
from mottomo.classification.classifier import NetworkClassifier
from mottomo.classification.evaluation import Logits
from mottomo.classification.held_out import Refit, held_out_of, settled_penalty
from mottomo.classification.labelled_rows import refuse_extremes
from mottomo.classification.network import Epoch, FittedNetwork, NetworkSettings, fit_network
from mottomo.classification.network_result import NetworkResult
from mottomo.classification.objective import Rows
from mottomo.classification.penalties import L2, AutoL2, Firth
from mottomo.classification.refusing import refusal_for
from mottomo.classification.training_rows import Settings, TrainingRows, in_memory
from mottomo.held_out import Groups
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.numerics.sums import accurate_sum


def learnt_network(
    rows: TrainingRows, plan: Settings, progress: Callable[[Epoch], None] | None = None
) -> NetworkResult:
    """Train a network.

    progress : called after each epoch; a KeyboardInterrupt out of it ends the training with what was found.

    Raises InvalidInput for rows that are not in memory, or for features that ``refuse_extremes`` refuses.
    """
    data = in_memory(rows, "--model-type network")
    refuse_extremes(data, rows.encoding.columns)
    settings = plan.network
    assert settings is not None
    refit = _refit(rows, settings)
    penalty, choice = settled_penalty(rows, plan, refit)
    assert not isinstance(penalty, Firth)
    plan = replace(plan, penalty=penalty)
    found = _fitted(data, rows, settings, penalty, rows.groups, progress)
    counts = data.category_weights()
    with np.errstate(divide="ignore", invalid="ignore"):
        null = float(accurate_sum(np.where(counts > 0, counts * np.log(counts / counts.sum()), 0.0)))
    log_likelihood = _log_likelihood(data, found) if found.best else null
    return NetworkResult(
        classifier=_classifier(found, rows, plan, settings, penalty, log_likelihood, null),
        tally=rows.tally,
        n_rows=data.n,
        n_aside=found.n_aside,
        log_likelihood=log_likelihood,
        null_log_likelihood=null,
        curve=found.curve,
        best=found.best,
        reason=found.reason,
        held_out=held_out_of(found.logits, rows, plan, choice, refit) if found.best else None,
        n_dropped=rows.n_dropped,
        pictures=rows.pictures,
        penalty_choice=choice,
    )


def _refit(rows: TrainingRows, settings: NetworkSettings) -> Refit:
    def refit(kept: Rows, groups: Groups | None, penalty: L2 | Firth | None) -> Logits:
        assert not isinstance(penalty, Firth)
        return _fitted(kept, rows, settings, penalty, groups, None).logits

    return refit


def _fitted(
    data: Rows,
    rows: TrainingRows,
    settings: NetworkSettings,
    penalty: L2 | None,
    groups: Groups | None,
    progress: Callable[[Epoch], None] | None,
) -> FittedNetwork:
    strength = 0.0 if penalty is None else float(penalty.strength)
    return fit_network(data, settings, strength, rows.encoding.are_numbers, groups, progress)


def _log_likelihood(data: Rows, found: FittedNetwork) -> float:
    logits = np.ascontiguousarray(found.logits(data.features))
    assert data.labels is not None
    losses = cross_entropy_of_logits(logits, data.labels, losses=True).losses
    assert losses is not None
    return -float(accurate_sum(losses if data.weights is None else losses * data.weights))


def _classifier(
    found: FittedNetwork,
    rows: TrainingRows,
    plan: Settings,
    settings: NetworkSettings,
    penalty: L2 | None,
    log_likelihood: float,
    null: float,
) -> NetworkClassifier:
    assert not isinstance(plan.penalty, AutoL2)
    return NetworkClassifier(
        target=plan.target,
        categories=rows.categories,
        encoding=rows.encoding,
        penalty=penalty,
        history={
            "version": VERSION,
            "n_observations": rows.data.weight,
            "log_likelihood": log_likelihood,
            "null_log_likelihood": null,
            "epochs": len(found.curve),
            "best_epoch": found.best,
            "seed": settings.seed,
        },
        refusal=refusal_for(rows, plan),
        centre=found.centre,
        scale=found.scale,
        layers=found.layers,
        settings={**asdict(settings), "hidden": list(settings.hidden)},
    )
