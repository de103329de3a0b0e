"""The refusal of a training: from its pictures, their groups, and pictures of anything else."""

from __future__ import annotations

import numpy as np

from mottomo.classification.objective import Rows
from mottomo.classification.refusal import Refusal, refusal_of
from mottomo.classification.training_rows import Settings, TrainingRows, in_memory


def refusal_for(rows: TrainingRows, plan: Settings) -> Refusal | None:
    """The rule for the pictures of a training; None where there are none, or where none is asked for."""
    feature = next((one for one in rows.encoding.features if one.block is not None), None)
    if feature is None or not plan.refuse:
        return None
    if rows.others is not None:
        in_memory(rows, "--none")
    if not isinstance(rows.data, Rows):
        return None
    positions = rows.encoding.groups()[feature.name]
    features = np.asarray(rows.data.features)[:, positions]
    return refusal_of(
        feature.name,
        features,
        None if rows.groups is None else rows.groups.codes,
        None if rows.groups is None else rows.groups.column,
        rows.others,
        rate=plan.refuse,
        seed=plan.seed,
    )
