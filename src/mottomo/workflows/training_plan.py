"""What is to be learnt, and how: the options of ``train`` as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mottomo.categories import Categories
from mottomo.classification.coefficient_intervals import IntervalMethod
from mottomo.classification.network import NetworkSettings
from mottomo.classification.penalties import Penalty
from mottomo.classification.training_rows import Settings
from mottomo.workflows.picture_tables import PictureTable
from mottomo.workflows.provenance import given

REFUSE = 0.1  # of pictures like those of the training, unless another rate is asked for
IN_MEMORY = 1 << 30  # bytes of features that are held in memory; more are read in batches


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be learnt, and how.

    Attributes
    ----------
    target : the column to predict.
    features : the columns to predict it from; all others for None.
    text : columns that are text whatever they look like.
    weights : a column of frequency weights.
    categories : the declared categories.
    penalty : None for maximum likelihood.
    level : of intervals.
    intervals : of coefficients: ``wald`` or ``profile``.
    effects : whether average marginal effects are wanted.
    holdout : the share of rows, or of groups, that are kept out of the training to see what it is worth, chosen by
        `seed`.
    in_turn : whether each group is left out of a training of its own instead.
    group : a column whose values are groups of rows that go together.
    missing : ``error`` or ``drop``.
    missing_values : texts that stand for a missing value.
    where : of files: an SQL condition.
    reference : the category whose coefficients are 0.
    accept_limit : where there is no maximum, go along the direction of separation until log L is at its supremum.
    tolerance : of the optimality gap, in nats.
    memory : bytes of features up to which they are held in memory; more are kept on disk and read in batches.
    hidden : units of each hidden layer of a neural network; None for softmax regression.
    copies : of each picture in each epoch of a network.
    image_features : of pictures: how they become numbers; by default what a pretrained network makes of them.
    none : a folder of pictures of anything else.
    refuse : the rate of false refusals of pictures that are none of the categories; 0 for no refusals.
    skip_bad : whether pictures that cannot be read are left out.
    """

    target: str
    features: tuple[str, ...] | None = None
    text: tuple[str, ...] = ()
    weights: str | None = None
    categories: Any = None
    penalty: Penalty | None = None
    level: float = 0.95
    intervals: IntervalMethod = "wald"
    effects: bool = False
    holdout: float = 0.0
    in_turn: bool = False
    group: str | None = None
    seed: int = 0
    missing: str = "error"
    missing_values: tuple[str, ...] = ()
    where: str | None = None
    reference: str | None = None
    accept_limit: bool = False
    tolerance: float = 1e-7
    memory: int = IN_MEMORY
    hidden: tuple[int, ...] | None = None
    copies: int = 0
    image_features: str | None = None
    none: PictureTable | None = None
    refuse: float = 0.0
    skip_bad: bool = False

    @property
    def given(self) -> dict[str, str]:
        """What was asked for, as text, for where a result comes from."""
        return given(
            target=self.target,
            features=self.features,
            text=self.text or None,
            weights=self.weights,
            categories=None if self.categories is None else Categories.of(self.categories).names,
            penalty=self.penalty,
            intervals=None if self.intervals == "wald" else self.intervals,
            level=None if self.level == 0.95 else self.level,
            effects=self.effects or None,
            group=self.group,
            holdout="each" if self.in_turn else self.holdout or None,
            seed=self.seed if self.holdout or self.hidden else None,
            missing=None if self.missing == "error" else self.missing,
            missing_values=self.missing_values or None,
            where=self.where,
            reference=self.reference,
            accept_limit=self.accept_limit or None,
            model_type=None if self.hidden is None else "network",
            hidden=self.hidden,
            copies=self.copies or None,
            image_features=self.image_features,
            none=None if self.none is None else self.none.name,
            refuse=None if self.refuse in (0.0, REFUSE) else self.refuse,
            skip_bad=self.skip_bad or None,
        )

    def settings(self, side: int | None = None) -> Settings:
        """What of it says how to learn from rows; `side` of the pictures that are copied, in pixels."""
        network = None
        if self.hidden is not None:
            network = NetworkSettings(self.hidden, self.seed, self.copies, side if self.copies else None)
        return Settings(
            target=self.target,
            penalty=self.penalty,
            level=self.level,
            intervals=self.intervals,
            effects=self.effects,
            reference=self.reference,
            accept_limit=self.accept_limit,
            seed=self.seed,
            tolerance=self.tolerance,
            in_turn=self.in_turn,
            network=network,
            refuse=self.refuse,
        )
