"""What every training of a classifier says of its rows, its fit, and the rows held out of it."""

from __future__ import annotations

from typing import Any, Literal

from mottomo.classification.classifier import Classifier
from mottomo.classification.penalty_choice import PenaltyChoice
from mottomo.classification.pictures import PictureRemark, TrainedPictures
from mottomo.held_out import HeldOut
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally

TrainedRemark = Literal["rows-dropped", "held-out-impossible", PictureRemark, "refusal"]


class Trained(ResultWithRows):
    """The part of a training that does not depend on the kind of model.

    Attributes
    ----------
    classifier : the model.
    tally : the categories of the training rows.
    n_rows : the number of training rows; with weights it differs from ``n_observations``.
    log_likelihood : log L of the training rows, nats.
    null_log_likelihood : log L of the intercept-only (null) model, nats.
    held_out : losses on held-out rows; None if none were held out.
    n_dropped : rows that were left out because of missing values.
    pictures : what is known of the pictures that were trained on; None without any.
    penalty_choice : how the strength of the penalty was chosen; None if it was given.
    model_file : the file to which the model was written; None if it was not.
    """

    classifier: Classifier
    tally: Tally
    n_rows: int
    log_likelihood: float
    null_log_likelihood: float
    held_out: HeldOut | None
    n_dropped: int
    pictures: TrainedPictures | None
    penalty_choice: PenaltyChoice | None
    model_file: str | None

    @property
    def n_observations(self) -> int:
        """The sum of the weights of the training rows."""
        return int(self.tally.n_observations)

    @property
    def cross_entropy(self) -> float:
        """-log L / n, nats a row."""
        return -self.log_likelihood / self.n_observations

    @property
    def null_cross_entropy(self) -> float:
        """-log L / n of the intercept-only (null) model, nats a row."""
        return -self.null_log_likelihood / self.n_observations

    def _last_remarks(self) -> list[TrainedRemark]:
        """The codes of what has to be known of the rows held out, of the pictures and of their refusal."""
        found: list[TrainedRemark] = []
        if self.held_out is not None and self.held_out.n_impossible:
            found.append("held-out-impossible")
        if self.pictures is not None:
            found += self.pictures.remarks
        if self.classifier.refusal is not None:
            found.append("refusal")
        return found

    def _penalty_dict(self) -> dict[str, Any]:
        """The penalty and how it was chosen, for JSON."""
        penalty, choice = self.classifier.penalty, self.penalty_choice
        return {
            "penalty": None if penalty is None else penalty.to_dict(),
            "penalty_choice": None if choice is None else choice.to_dict(),
        }

    def _last_dict(self) -> dict[str, Any]:
        """Rows held out, pictures, their refusal and the file of the model, for JSON."""
        refusal = self.classifier.refusal
        return {
            "held_out": None if self.held_out is None else self.held_out.to_dict(),
            "pictures": None if self.pictures is None else self.pictures.to_dict(),
            "refusal": None if refusal is None else refusal.to_dict(),
            "model": self.model_file,
        }
