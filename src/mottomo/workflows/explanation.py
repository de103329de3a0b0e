"""``mo.explain``: the derivation, step by step, on the user's own numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from mottomo.errors import InvalidCall
from mottomo.explanation import explain as derivation
from mottomo.explanation.explain import Explanation
from mottomo.messages import say
from mottomo.workflows.counts import counted
from mottomo.workflows.options import DataOptions, checked
from mottomo.workflows.tally_plan import TallyPlan

if TYPE_CHECKING:  # a die is explained without what a classifier needs
    from mottomo.classification.foreign import Outputs
    from mottomo.classification.penalties import L2
    from mottomo.explanation.classifier import ClassifierExplanation
    from mottomo.explanation.given_model import ModelExplanation
    from mottomo.workflows.picture_rows import PictureProgress

_OF_A_TALLY = ("column", "count_column", "by", "null", "normalise")


@checked
def explain(
    data: Any,
    *,
    target: Any = None,
    model: Any = None,
    outputs: Outputs | None = None,
    features: Iterable[str] | str | None = None,
    text: Iterable[str] | str = (),
    weights: str | None = None,
    penalty: L2 | str | None = None,
    missing_values: Iterable[str] | str = (),
    unknown: Literal["error", "baseline"] = "error",
    skip_bad: bool = False,
    picture_reads: PictureProgress | None = None,
    **options: Unpack[DataOptions],
) -> Explanation | ClassifierExplanation | ModelExplanation:
    """Derive the estimate step by step, with your numbers; with `target` a classifier: ``mottomo explain``.

    Parameters
    ----------
    data : counts, outcomes or a Tally; with `target` a table, as ``mo.train`` takes it; with `model` what ``mo.score``
        takes.
    model, outputs : a model that computes the probabilities, as ``mo.score`` takes it: a network, anybody's ONNX file
        or estimator. Without it softmax regression is trained, and derived down to its coefficients.
    target, features, text, weights, penalty, missing_values : of a classifier, as in ``mo.train``; with `model` the
        target and the features are those of ``mo.score``, and `categories` too.
    unknown, skip_bad, picture_reads : with `model`, as in ``mo.score``.
    options : as those of ``mo.tally``.

    Returns
    -------
    Explanation : fourteen steps with formulas, values and a check; of a classifier ClassifierExplanation, of a model
    that is given ModelExplanation.

    >>> found = explain([2, 5, 2, 4, 2, 5])
    >>> len(found.steps), all(step.holds for step in found.steps)
    (14, True)
    """
    if model is not None:
        from mottomo.workflows.explaining_a_model import explain_model

        _refuse_others(
            {**options, "text": text or None, "penalty": penalty}, (*_OF_A_TALLY, "text", "penalty"), "model"
        )
        return explain_model(
            model,
            data,
            target,
            outputs=outputs,
            features=features,
            weights=weights,
            missing_values=missing_values,
            unknown=unknown,
            skip_bad=skip_bad,
            picture_reads=picture_reads,
            options=options,
        )
    if unknown != "error" or skip_bad:
        name = "skip_bad" if skip_bad else "unknown"
        raise InvalidCall("explain-model", say("{option} goes with --model", option=_option(name)))
    own = {
        "outputs": outputs,
        "features": features,
        "text": text,
        "weights": weights,
        "penalty": penalty,
        "missing_values": missing_values,
    }
    if target is None:
        for name, value in own.items():
            if value is not None and not (isinstance(value, tuple) and not value):
                raise InvalidCall("explain-target", say("{option} goes with --target", option=_option(name)))
        return derivation.explain(counted(data, TallyPlan.of(options)).tally)
    _refuse_others({**options, "outputs": outputs}, (*_OF_A_TALLY, "outputs"), "target")
    from mottomo.workflows.explaining_a_classifier import explain_classifier

    return explain_classifier(
        data,
        target,
        features=features,
        text=text,
        weights=weights,
        penalty=penalty,
        missing_values=missing_values,
        options=options,
    )


def _refuse_others(options: Mapping[str, Any], names: Iterable[str], beside: str) -> None:
    """Refuse options that mean nothing beside another one."""
    for name in names:
        if (said := options.get(name)) is not None and said is not False:
            raise InvalidCall(
                "explain-target",
                say("{option} does not go with {other}", option=_option(name), other=_option(beside)),
            )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
