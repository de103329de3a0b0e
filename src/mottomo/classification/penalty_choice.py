"""The strength of a ridge by leaving groups out: the largest that is within one standard error of the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.classification.evaluation import Logits, parted
from mottomo.classification.objective import Rows
from mottomo.classification.penalties import STRENGTHS
from mottomo.errors import InvalidInput
from mottomo.held_out import Groups
from mottomo.kernels.cross_entropy import cross_entropy_of_logits
from mottomo.losses import Losses, LossSums, clustered
from mottomo.messages import say, verbatim

Refit = Callable[[Rows, Groups, float], Logits]  # from rows, their groups, and the strength of the penalty


@dataclass(frozen=True, slots=True)
class PenaltyChoice:
    """How the strength of a penalty was chosen.

    Attributes
    ----------
    column : what names the groups that were left out in turn.
    strengths : that were tried.
    losses : the mean loss on the groups left out, for each of them.
    chosen : the largest strength whose loss is within one standard error of the smallest loss.
    """

    column: str
    strengths: tuple[float, ...]
    losses: tuple[Losses, ...]
    chosen: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        tried = zip(self.strengths, self.losses, strict=True)
        return {
            "group_column": self.column,
            "tried": [{"strength": strength, "cross_entropy": loss.to_dict()} for strength, loss in tried],
            "chosen": self.chosen,
        }


def chosen_strength(data: Rows, groups: Groups, refit: Refit) -> PenaltyChoice:
    """Leave each group out in turn, for each strength. Raises InvalidInput : there are fewer than two groups."""
    if len(groups.seen()) < 2:
        raise InvalidInput(
            "too-few-groups",
            say("there are too few groups to choose a penalty by leaving one out"),
            verbatim("--penalty l2=auto"),
            say("at least two groups to train on"),
            say("{names}", names=[groups.names[code] for code in groups.seen()]),
            say("name another column with --group, or give the strength"),
        )
    sums: dict[float, list[LossSums]] = {strength: [] for strength in STRENGTHS}
    for _, inside, outside in parted(groups):
        kept, out = data.taken(inside), data.taken(outside)
        assert out.labels is not None
        unseen = kept.category_weights()[out.labels] == 0
        for strength in STRENGTHS:
            logits = np.ascontiguousarray(refit(kept, groups.taken(inside), strength)(out.features))
            losses = cross_entropy_of_logits(logits, out.labels, losses=True).losses
            assert losses is not None
            # A category that only this group has is as impossible with one strength as with another.
            weights = np.ones(out.n) if out.weights is None else out.weights
            sums[strength].append(LossSums.of(losses[~unseen], weights[~unseen]))
    found = [clustered([one for one in sums[strength] if one.n]) for strength in STRENGTHS]
    best = min(found, key=lambda losses: losses.value)
    error = best.standard_error if np.isfinite(best.standard_error) else 0.0
    within = [s for s, losses in zip(STRENGTHS, found, strict=True) if losses.value <= best.value + error]
    return PenaltyChoice(groups.column, STRENGTHS, tuple(found), max(within))
