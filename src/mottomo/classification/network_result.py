"""The result of training a neural network: its learning curve, and losses on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mottomo.classification.classifier import NetworkClassifier
from mottomo.classification.network import Epoch
from mottomo.classification.penalty_choice import PenaltyChoice
from mottomo.classification.pictures import TrainedPictures
from mottomo.classification.trained import Trained, TrainedRemark
from mottomo.held_out import HeldOut
from mottomo.tallies import Tally

NetworkVerdict = Literal["network-trained", "network-still-falling", "network-interrupted"]
NetworkRemark = Literal[TrainedRemark, "no-certificate", "nothing-aside"]


@dataclass(frozen=True, eq=False)
class NetworkResult(Trained):
    """A trained neural network with the facts about its training.

    Attributes
    ----------
    classifier : the model.
    tally : the categories of the training rows.
    n_rows : the number of training rows.
    n_aside : how many of them were kept aside to see when to stop.
    log_likelihood : log L of all training rows, nats.
    null_log_likelihood : log L of the intercept-only (null) model, nats.
    curve : the cross-entropy after each epoch; the rows of the table.
    best : the epoch whose weights are kept.
    reason : why the training ended: ``patience``, ``epochs`` or ``interrupted``.
    held_out : losses on held-out rows; None if none were held out.
    n_dropped : rows that were left out because of missing values.
    pictures : what is known of the pictures that were trained on; None without any.
    penalty_choice : how the strength of the penalty was chosen; None if it was given.
    model_file : the file to which the model was written; None if it was not.
    """

    classifier: NetworkClassifier
    tally: Tally
    n_rows: int
    n_aside: int
    log_likelihood: float
    null_log_likelihood: float
    curve: tuple[Epoch, ...]
    best: int
    reason: str
    held_out: HeldOut | None
    n_dropped: int
    pictures: TrainedPictures | None = None
    penalty_choice: PenaltyChoice | None = None
    model_file: str | None = None

    @property
    def model(self) -> NetworkClassifier:
        """The classifier: what ``mo.predict`` takes, and ``save(path)`` writes."""
        return self.classifier

    @property
    def n_parameters(self) -> int:
        """Weights and intercepts."""
        return sum(w.size + b.size for w, b in self.classifier.layers)

    @property
    def is_usable(self) -> bool:
        """True if there is a network: after the first epoch."""
        return self.best > 0

    @property
    def verdict(self) -> NetworkVerdict:
        """As in Result."""
        if self.reason == "interrupted":
            return "network-interrupted"
        return "network-trained" if self.reason == "patience" else "network-still-falling"

    @property
    def remarks(self) -> tuple[NetworkRemark, ...]:
        """As in Result."""
        found: list[NetworkRemark] = ["no-certificate"]
        if self.n_dropped:
            found.append("rows-dropped")
        if not self.n_aside:
            found.append("nothing-aside")
        return (*found, *self._last_remarks())

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""
        return {
            **self.tally.counts_dict(),
            "n_rows": self.n_rows,
            "n_aside": self.n_aside,
            "target": self.classifier.target,
            "features": self.classifier.encoding.to_list(),
            "log_likelihood": self.log_likelihood,
            "cross_entropy": self.cross_entropy,
            "null_log_likelihood": self.null_log_likelihood,
            "null_cross_entropy": self.null_cross_entropy,
            "n_parameters": self.n_parameters,
            "converged": self.reason == "patience",
            "reason": self.reason,
            "method": "neural-network",
            "settings": dict(self.classifier.settings),
            **self._penalty_dict(),
            "curve": [
                {"epoch": one.epoch, "cross_entropy": one.training, "cross_entropy_aside": one.aside}
                for one in self.curve
            ],
            "best_epoch": self.best,
            **self._last_dict(),
        }
