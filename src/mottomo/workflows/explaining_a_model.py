"""Explain the probabilities that a given model computes: ``mo.explain`` with a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mottomo.classification.classifier import Classifier, NetworkClassifier, SoftmaxClassifier, ZeroShotClassifier
from mottomo.classification.score import Scoring
from mottomo.errors import InvalidInput
from mottomo.explanation import given_model
from mottomo.explanation.given_model import ModelExplanation, ModelKind, ModelRows
from mottomo.messages import say, verbatim
from mottomo.sources.reading import Reading
from mottomo.workflows.labelled_rows import Asked, labelled_rows, refuse_unscored
from mottomo.workflows.models import model_of
from mottomo.workflows.picture_rows import PictureProgress
from mottomo.workflows.provenance import given
from mottomo.workflows.training_options import names_of

_KINDS: dict[type[Classifier], ModelKind] = {
    SoftmaxClassifier: "softmax",
    NetworkClassifier: "network",
    ZeroShotClassifier: "zero-shot",
}


def explain_model(
    model: Any,
    data: Any,
    target: Any,
    *,
    outputs: Any,
    features: Iterable[str] | str | None,
    weights: str | None,
    missing_values: Iterable[str] | str,
    unknown: str,
    skip_bad: bool,
    picture_reads: PictureProgress | None,
    options: Mapping[str, Any],
) -> ModelExplanation:
    """The derivation on the rows of data, with the probabilities of a model.

    Raises InvalidInput : a row has a category that the model does not know, or to which it gives probability 0.
    """
    known = model_of(model, outputs, options.get("categories"), features)
    asked = Asked(
        reading=Reading.of(options),
        weights=weights,
        unknown=unknown,
        missing=options.get("missing", "error"),
        missing_values=names_of(missing_values),
        where=options.get("where"),
        skip_bad=skip_bad,
        fingerprint=options.get("fingerprint", False),
        progress=options.get("progress"),
        picture_reads=picture_reads,
        label=options.get("label"),
    )
    with labelled_rows(known, data, target, asked) as found:
        sums, rows = Scoring(found.categories), ModelRows(found.categories)
        for batch in found.batches:
            sums.add(batch)
            if sums.impossible:
                one = sums.impossible[0]
                raise InvalidInput(
                    "impossible-row",
                    say(
                        "the model gives probability 0 to what happened, so log L is -inf and nothing is left to derive"
                    ),
                    say("{where}, row {row}", where=found.where, row=one.row),
                    say("categories that the model knows and holds possible"),
                    verbatim(one.category),
                    say("mottomo score counts such rows, and names the first of them"),
                )
            if batch.outcomes:
                rows.add(batch)
        refuse_unscored(sums, found.where, asked)
        score = sums.found(found.model, found.target, n_dropped=found.n_dropped)
        classifier = found.classifier
        kind = "foreign" if classifier is None else _KINDS.get(type(classifier), "foreign")
        layers: tuple[int, ...] = ()
        if isinstance(classifier, NetworkClassifier):
            layers = (len(classifier.centre), *(len(b) for _, b in classifier.layers))
        settings = given(
            target=target if isinstance(target, str) else None,
            outputs=outputs,
            categories=None if options.get("categories") is None else found.categories.names,
            features=None if features is None else names_of(features),
            weights=weights,
            unknown=None if unknown == "error" else unknown,
            skip_bad=skip_bad or None,
            missing=options.get("missing"),
            missing_values=names_of(missing_values) or None,
            where=options.get("where"),
        )
        explained = given_model.explain_model(rows, score, kind, layers)
        return explained.with_provenance(found.provenance().with_settings(settings))
