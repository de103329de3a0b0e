"""A trained classifier as a value: its columns, how it computes logits, and its training. A model file holds one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mottomo.categories import Categories
from mottomo.classification.covariance import Covariance
from mottomo.classification.encoding import Encoding, TableRows
from mottomo.classification.layers import Layers, network_logits
from mottomo.classification.penalties import L2, Firth
from mottomo.classification.refusal import Refusal
from mottomo.classification.softmax import log_probabilities, logits, probabilities
from mottomo.errors import InvalidInput
from mottomo.messages import say, verbatim
from mottomo.numerics.softmax import softmax_of_relative

MOST_KEPT = 1024  # coefficients up to which a model keeps their covariance, which has 4 MB then


@dataclass(frozen=True, eq=False, kw_only=True)
class Classifier:
    """y = softmax(z), where the logits z are a function of the encoded columns x of a table.

    Attributes
    ----------
    target : the column that it predicts.
    categories : the K categories of the target.
    encoding : how columns become features.
    penalty : None without one.
    history : the record of the training: log L, number of observations, verdict, version.
    refusal : the rule that refuses pictures as none of the categories; None without one.
    """

    target: str
    categories: Categories
    encoding: Encoding
    penalty: L2 | Firth | None
    history: Mapping[str, Any]
    refusal: Refusal | None = None

    @property
    def image_column(self) -> str | None:
        """The column of pictures that it reads; None without any."""
        return next((one.name for one in self.encoding.features if one.block is not None), None)

    def save(self, path: Any) -> None:
        """Write the model to a file, atomically; ``mo.load_model(path)`` and ``mottomo predict`` read it."""
        import mottomo

        mottomo._load_storage().save_classifier(self, path)

    def probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """y_k of each row, (n, K) float64; `unknown` as in ``Encoding.codes``."""
        z = self.logits(self.encoding.encode(columns, unknown))
        return softmax_of_relative(z - z.max(axis=1, keepdims=True))

    def log_probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """log y_k of each row, (n, K) float64 nats; finite where a probability is too small for a float."""
        z = self.logits(self.encoding.encode(columns, unknown))
        z = z - z.max(axis=1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))

    def logits(self, features: Any) -> np.ndarray:
        """z (n, K) float64, of encoded features (n, p)."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftmaxClassifier(Classifier):
    """Softmax regression: z = x W + b.

    Attributes
    ----------
    coefficients : W (p, K) in the units of the columns; each row sums to zero over the categories.
    intercepts : b (K,), summing to zero.
    covariance : of the coefficients, for intervals of probabilities; None where there is none, as with a penalty.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray
    covariance: Covariance | None = None

    def probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """As in Classifier."""
        return probabilities(self.encoding.encode(columns, unknown), self.coefficients, self.intercepts)

    def log_probabilities(self, columns: TableRows, unknown: str = "error") -> np.ndarray:
        """As in Classifier."""
        return log_probabilities(self.encoding.encode(columns, unknown), self.coefficients, self.intercepts)

    def logits(self, features: Any) -> np.ndarray:
        """As in Classifier."""
        return logits(features, self.coefficients, self.intercepts)


def without_covariance(classifier: Classifier) -> InvalidInput:
    """The error of a classifier that has no covariance of its coefficients, which says why."""
    if not isinstance(classifier, SoftmaxClassifier):
        why, mend = say("a model that has no coefficients with standard errors"), say("train softmax regression")
    elif isinstance(classifier.penalty, L2):
        why = say("a model with the penalty {penalty}", penalty=str(classifier.penalty))
        mend = say("train without a penalty, or with --penalty firth")
    elif classifier.history.get("existence") not in ("exists", "penalised"):
        why, mend = say("a model whose likelihood has no maximum"), say("train with --penalty firth")
    else:
        why = say("a model without it: it was written by an older version, or has too many coefficients")
        mend = say("train it again; up to {n} coefficients their covariance is kept", n=MOST_KEPT)
    return InvalidInput(
        "no-covariance",
        say("how sure the model is, is not known: it has no covariance of its coefficients"),
        verbatim(classifier.target),
        say("a softmax regression at the maximum of its likelihood"),
        why,
        mend,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkClassifier(Classifier):
    """A neural network, see ``network_logits``.

    Attributes
    ----------
    centre, scale : (p,) what is subtracted from the features, and what they are then divided by.
    layers : weights and intercepts of each layer, the last one that of the logits.
    settings : of its training, for the model file: hidden layers, copies, epochs.
    """

    centre: np.ndarray
    scale: np.ndarray
    layers: Layers
    settings: Mapping[str, Any]

    def logits(self, features: Any) -> np.ndarray:
        """As in Classifier."""
        return network_logits(features, self.centre, self.scale, self.layers)


@dataclass(frozen=True, eq=False, kw_only=True)
class ZeroShotClassifier(Classifier):
    """A network's own classes as categories, without training: z_k = log sum exp of the logits of the classes of k.

    So y_k is the probability of its classes divided by that of the classes of all categories.

    Attributes
    ----------
    classes : of the network, for each category.
    """

    classes: tuple[tuple[int, ...], ...]

    def logits(self, features: Any) -> np.ndarray:
        """As in Classifier."""
        x = np.asarray(features, dtype=np.float64)
        largest = x.max(axis=1, keepdims=True)
        sums = [np.exp(x[:, list(own)] - largest).sum(axis=1) for own in self.classes]
        with np.errstate(divide="ignore"):
            return np.log(np.stack(sums, axis=1)) + largest
