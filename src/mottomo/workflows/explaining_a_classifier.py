"""Train a classifier on a table and explain it: ``mo.explain`` with a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mottomo.classification.penalties import L2, Firth, penalty_of
from mottomo.errors import InvalidCall
from mottomo.explanation import classifier
from mottomo.explanation.classifier import ClassifierExplanation
from mottomo.messages import say, verbatim
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
    """Train on a table as ``mo.train`` does, without tests, and derive the fit on its rows.

    Raises InvalidCall for Firth's penalty, whose steps are others.
    """
    asked = penalty_of(penalty)
    if isinstance(asked, Firth):
        raise InvalidCall(
            "explain-penalty",
            say("the derivation is that of maximum likelihood, or of a ridge penalty"),
            verbatim("penalty"),
            say("none or l2=STRENGTH"),
            verbatim(str(asked)),
        )
    plan = TrainingPlan(
        target=target,
        features=None if features is None else names_of(features),
        text=names_of(text),
        weights=weights,
        categories=options.get("categories"),
        penalty=asked,
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
