"""Train a classifier on a table and explain it: ``mo.explain`` with a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mottomo.classification.penalties import L2, penalty_of
from mottomo.explanation import classifier
from mottomo.explanation.classifier import ClassifierExplanation
from mottomo.sources.reading import Reading
from mottomo.workflows.tables import table_of
from mottomo.workflows.training import trained
from mottomo.workflows.training_options import names_of
from mottomo.workflows.training_plan import TrainingPlan


def explain_classifier(
    data: Any,
    target: str,
    *,
    features: Iterable[str] | str | None,
    text: Iterable[str] | str,
    weights: str | None,
    penalty: L2 | str | None,
    missing_values: Iterable[str] | str,
    options: Mapping[str, Any],
) -> ClassifierExplanation:
    """Train on a table as ``mo.train`` does, without tests, and derive the fit on its rows."""
    plan = TrainingPlan(
        target=target,
        features=None if features is None else names_of(features),
        text=names_of(text),
        weights=weights,
        categories=options.get("categories"),
        penalty=penalty_of(penalty),
        missing=options.get("missing", "error"),
        missing_values=names_of(missing_values),
        where=options.get("where"),
    )
    with (
        table_of(data, Reading.of(options), fingerprint=options.get("fingerprint", False)) as found,
        trained(found.table, plan, reads=options.get("progress"), is_tested=False) as (training, rows),
    ):
        return classifier.explain_classifier(training, rows).with_provenance(
            found.provenance().with_settings(plan.given)
        )
