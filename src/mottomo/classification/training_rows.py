"""The rows of a table, ready for training, and the settings of a training."""

from __future__ import annotations

from dataclasses import dataclass

from mottomo.categories import Categories
from mottomo.classification.coefficient_intervals import IntervalMethod
from mottomo.classification.encoding import Encoding
from mottomo.classification.network import NetworkSettings
from mottomo.classification.objective import Data, Rows
from mottomo.classification.penalties import Penalty
from mottomo.classification.pictures import TrainedPictures
from mottomo.classification.refusal import Others
from mottomo.errors import InvalidCall, InvalidInput
from mottomo.held_out import Groups
from mottomo.messages import say, verbatim
from mottomo.tallies import Tally


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a table, ready for training.

    Attributes
    ----------
    data : the training rows with encoded features.
    held_out : rows for evaluation; None if none are held out.
    encoding : how the columns of the table became features.
    categories : the K categories of the target.
    tally : the categories of the training rows.
    n_dropped : rows that were left out because of missing values.
    pictures : what is known of the pictures among the features; None without any.
    groups, held_out_groups : of the rows of `data` and `held_out`; None without any.
    names : what the rows of `data` are called; None if they have no names.
    others : pictures of anything else; None without any.
    """

    data: Data
    held_out: Data | None
    encoding: Encoding
    categories: Categories
    tally: Tally
    n_dropped: int
    pictures: TrainedPictures | None = None
    groups: Groups | None = None
    held_out_groups: Groups | None = None
    names: tuple[str, ...] | None = None
    others: Others | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a training.

    Attributes
    ----------
    target : the column that is predicted.
    penalty : None for maximum likelihood.
    level : of intervals.
    intervals : of coefficients: ``wald`` or ``profile``.
    effects : whether average marginal effects are wanted.
    reference : the category whose coefficients are reported as 0; None for the first one.
    accept_limit : if there is no maximum, whether to move the coefficients along the direction of separation until
        log L is at its supremum.
    seed : the seed with which rows were held out; only recorded.
    tolerance : of the optimality gap, nats.
    in_turn : whether each group is held out in turn.
    network : of a neural network; None for softmax regression.
    refuse : the rate of false refusals of pictures; 0 for no rule.
    """

    target: str
    penalty: Penalty | None = None
    level: float = 0.95
    intervals: IntervalMethod = "wald"
    effects: bool = False
    reference: str | None = None
    accept_limit: bool = False
    seed: int = 0
    tolerance: float = 1e-7
    in_turn: bool = False
    network: NetworkSettings | None = None
    refuse: float = 0.0


def in_memory(rows: TrainingRows, option: str) -> Rows:
    """The rows, if they are in memory; else InvalidInput, which names the option that needs that."""
    if isinstance(rows.data, Rows):
        return rows.data
    raise InvalidInput(
        "rows-on-disk",
        say("the rows do not fit into the memory that is allowed"),
        verbatim(option),
        say("rows in memory, which are read many times"),
        None,
        say("allow more with --memory"),
    )


def grouped(rows: TrainingRows, option: str) -> Groups:
    """The groups of the rows; if there are none InvalidCall, which names the option that needs them."""
    if rows.groups is not None:
        return rows.groups
    raise InvalidCall(
        "no-groups",
        say("{option} needs groups of rows; name their column with --group", option=option),
        verbatim(option),
        say("a column whose values are the groups"),
    )
