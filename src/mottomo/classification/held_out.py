"""What a training is worth on rows that it did not see, and a penalty chosen on such rows, for any kind of model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mottomo.classification.evaluation import Logits, held_out_losses, left_out_in_turn
from mottomo.classification.objective import Rows
from mottomo.classification.penalties import L2, AutoL2, Firth
from mottomo.classification.penalty_choice import PenaltyChoice, chosen_strength
from mottomo.classification.training_rows import Settings, TrainingRows, grouped, in_memory
from mottomo.held_out import Groups, HeldOut

# Trains on some rows with their groups, and with a penalty.
Refit = Callable[[Rows, Groups | None, L2 | Firth | None], Logits]


def settled_penalty(rows: TrainingRows, plan: Settings, refit: Refit) -> tuple[L2 | Firth | None, PenaltyChoice | None]:
    """The penalty of a plan; one that is to be chosen is chosen by leaving groups out."""
    if not isinstance(plan.penalty, AutoL2):
        return plan.penalty, None
    option = "--penalty l2=auto"
    choice = _chosen(in_memory(rows, option), grouped(rows, option), refit)
    return L2(choice.chosen), choice


def held_out_of(
    logits: Logits, rows: TrainingRows, plan: Settings, choice: PenaltyChoice | None, refit: Refit
) -> HeldOut | None:
    """What a model, or one like it, is worth on rows that it was not trained on; None if there are none.

    logits : of the model.
    plan : with the penalty that was chosen by `choice`; for each group that is left out it is chosen anew.
    """
    if rows.held_out is not None:
        counts = np.asarray(rows.tally.counts, dtype=np.float64)
        return held_out_losses(logits, counts, rows.categories, rows.held_out, plan.seed, rows.held_out_groups)
    if not plan.in_turn:
        return None
    option = "--holdout each"

    def left(kept: Rows, groups: Groups) -> Logits:
        penalty = plan.penalty if choice is None else L2(_chosen(kept, groups, refit).chosen)
        assert not isinstance(penalty, AutoL2)
        return refit(kept, groups, penalty)

    return left_out_in_turn(in_memory(rows, option), grouped(rows, option), rows.categories, left, rows.names)


def _chosen(data: Rows, groups: Groups, refit: Refit) -> PenaltyChoice:
    return chosen_strength(data, groups, lambda kept, own, strength: refit(kept, own, L2(strength)))
