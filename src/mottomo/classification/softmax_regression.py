"""Softmax regression by maximum likelihood, as a scikit-learn classifier that reports how its fit ended."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from mottomo import errors
from mottomo.categories import Categories
from mottomo.classification.coefficient_intervals import IntervalMethod
from mottomo.classification.collinearity import Dependence
from mottomo.classification.coordinates import referred
from mottomo.classification.encoding import Encoding, Feature
from mottomo.classification.fitting import Fit
from mottomo.classification.labelled_rows import (
    checked_features,
    checked_targets,
    checked_weights,
    labelled_rows,
    refuse_extremes,
    refuse_malformed,
    refuse_one_category,
)
from mottomo.classification.labels import as_scikit_learn_says, label_array, refuse_masked, refuse_times
from mottomo.classification.penalised_fit import penalised_fit
from mottomo.classification.penalties import L2, Firth, checked_penalty
from mottomo.classification.softmax import log_probabilities, logits, probabilities, relative_logits
from mottomo.classification.training_result import TrainingResult
from mottomo.classification.training_rows import Settings, TrainingRows
from mottomo.errors import InvalidInput, NotDetermined
from mottomo.kernels.threads import one_thread_blas
from mottomo.messages import Message, say, verbatim, written
from mottomo.numerics.sums import accurate_sum
from mottomo.tallies import Tally

_MOST_NAMES = 10  # of columns in a warning; attributes have all
_OF_PENALTY = "penalty__"  # how scikit-learn names the settings of a penalty


class NoMaximum(errors.NoMaximum, ConvergenceWarning):  # type: ignore[misc]
    """As in ``mottomo.errors``; scikit-learn's filters know it too."""


class NotConverged(errors.NotConverged, ConvergenceWarning):  # type: ignore[misc]
    """As in ``mottomo.errors``; scikit-learn's filters know it too."""


class SoftmaxRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Probabilities of categories from features, y = softmax(x W + b), by maximum likelihood.

    log L(W, b) = sum_i w_i sum_k t_ik log y_k(x_i) is the multinomial likelihood with one observation a row. Its
    maximum is found to within `tolerance` nats. If the exact Hessian is affordable, the existence of the maximum and
    the optimality gap are proved. Without features the model would be intercept-only, with the estimate t / n.

    Parameters
    ----------
    penalty : None for maximum likelihood; ``L2(strength)``, which maximises log L - strength/2 sum W^2 instead, with W
        of standardised columns, see ``L2``; or ``Firth()``, which maximises log L + 1/2 log det I.
    fit_intercept : whether the model has intercepts b.
    tolerance : nats. The fit stops when the optimality gap is at most this, or at most the rounding of log L
        (4 eps |log L|, which exceeds 1e-7 beyond some 10^8 nats); see ``gap_``.
    max_passes : passes over all rows after which the fit stops without having converged.

    Attributes
    ----------
    classes_ : (K,) the categories, sorted; for soft targets in the order of their columns.
    coef_ : (K, p) W, adding to zero over the categories.
    intercept_ : (K,) b, adding to zero.
    converged_ : whether the optimality gap is small enough.
    reason_ : why the fit ended.
    n_iter_ : passes over all rows.
    gap_ : optimality gap, nats of log L (less penalty): a bound or an estimate.
    gap_is_proved_ : whether ``gap_`` is a bound.
    existence_ : its `verdict` is ``exists``, ``penalised``, ``complete-separation``, ``quasi-complete-separation`` or
        ``undecided``. If there is no maximum, log L rises towards `supremum` along `direction` (p + 1, K), the
        intercept last. The limit is coef_ + reach * direction[:-1].T, intercept_ + reach * direction[-1].
    log_likelihood_ : log L of the fit, nats.
    null_log_likelihood_ : log L of the intercept-only (null) model, nats.
    gradient_norm_ : the largest component of the gradient of the objective, nats a row.
    collinear_columns_ : columns that are collinear with others, exactly or within rounding; their coefficients are 0.
    nearly_collinear_columns_ : columns that double precision cannot tell apart from combinations of others, or whose
        coefficients it cannot hold to `tolerance`. With them no gap is proved, and ``gap_`` refers to the columns that
        are kept. Give such a column as its difference from the others.
    n_features_in_ : as in scikit-learn.
    feature_names_in_ : as in scikit-learn.

    Methods
    -------
    fit(X, y, sample_weight=None) : X (n, p) is an array, a data frame or a sparse matrix of numbers; y is labels (n,)
        or soft targets (n, K) whose rows are probabilities; sample_weight (n,) says how often each row counts.
    predict(X) : as in scikit-learn.
    predict_proba(X) : as in scikit-learn.
    predict_log_proba(X) : as in scikit-learn.
    decision_function(X) : the logits (n, K), adding to zero; of two categories the log-odds of the second, (n,).
    score(X, y, sample_weight=None) : the share of correctly predicted rows, as in scikit-learn.
    log_likelihood(X, y, sample_weight=None) : log L, nats.
    inference(X, y, sample_weight=None) : standard errors, tests, intervals, covariance: what ``mo.train`` says.
    coefficients(reference) : the same model with the coefficients of one category 0.

    Text columns, batches from disk and model files are available in ``mo.train`` and ``mottomo train``.

    Raises
    ------
    InvalidInput (a ValueError) : a value is not finite (its row and column are named), or all labels are one category.

    Warns
    -----
    NoMaximum : the categories are separated, so the coefficients diverge; the last iterate is kept, not the limit.
    NotConverged : the passes or the precision did not suffice. Both are ConvergenceWarnings of scikit-learn too.
    NotDetermined : some columns are collinear or nearly collinear.

    Source: docs/theory/classifier.md; Agresti, Categorical Data Analysis (2013), chapter 8; Albert and Anderson (1984).

    >>> model = SoftmaxRegression().fit([[0.0], [1.0], [2.0], [3.0]], ["dog", "fox", "dog", "fox"])
    >>> model.predict_proba([[1.5]]).round(6).tolist(), model.existence_.verdict
    ([[0.5, 0.5]], 'exists')
    """

    def __init__(
        self,
        penalty: L2 | Firth | None = None,
        *,
        fit_intercept: bool = True,
        tolerance: float = 1e-7,
        max_passes: int = 1000,
    ) -> None:
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.tolerance = tolerance
        self.max_passes = max_passes

    def set_params(self, **params: Any) -> SoftmaxRegression:
        """As in scikit-learn; the settings of a penalty are ``penalty__strength`` and ``penalty__standardised``.

        A penalty is a value, so it is replaced and not changed.
        """
        own = {name: value for name, value in params.items() if not name.startswith(_OF_PENALTY)}
        nested = {name.removeprefix(_OF_PENALTY): value for name, value in params.items() if name not in own}
        super().set_params(**own)
        penalty = checked_penalty(self.penalty) if nested else None
        if nested:
            if not isinstance(penalty, L2):
                raise InvalidInput(
                    "no-penalty",
                    say("there is no penalty whose settings could be set"),
                    verbatim(_OF_PENALTY + next(iter(nested))),
                    say("SoftmaxRegression(mottomo.L2(strength=1))"),
                    say("penalty={penalty}", penalty=written(penalty, repr)),
                )
            self.penalty = penalty.set_params(**nested)
        return self

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SoftmaxRegression:
        """Fit to features (n, p) and labels (n,), or soft targets (n, K) whose rows are probabilities.

        `X` : an array, a data frame or a sparse matrix of numbers. `sample_weight` : (n,) how often each row counts.
        """
        penalty = checked_penalty(self.penalty)
        self._check_settings()
        with one_thread_blas():
            x = self._checked(X, reset=True)
            weights = checked_weights(refuse_masked(sample_weight, "sample_weight"), x.shape[0])
            codes, targets = self._categories(y, x.shape[0], weights)
            rows = labelled_rows(x, codes, targets, weights, len(self.classes_))
            refuse_extremes(rows, getattr(self, "feature_names_in_", None))
            found = penalised_fit(
                rows,
                penalty,
                intercept=self.fit_intercept,
                tolerance=self.tolerance,
                most_passes=int(self.max_passes),
            )
        self.n_observations_ = rows.weight
        self._keep(found)
        self._warn()
        return self

    def _keep(self, found: Fit) -> None:
        self.coef_, self.intercept_ = np.ascontiguousarray(found.w.T), found.b
        self.n_iter_, self.reason_ = found.n_passes, found.reason
        self.gap_, self.gap_is_proved_ = found.gap, found.gap_is_proved
        self.existence_, self.converged_ = found.existence, found.converged
        self.collinear_columns_, self.nearly_collinear_columns_ = found.collinear, found.near
        self.log_likelihood_, self.null_log_likelihood_ = found.log_likelihood, found.null_log_likelihood
        self.gradient_norm_ = found.gradient_norm

    def _check_settings(self) -> None:
        ok = {
            "tolerance": (_is_number(self.tolerance) and self.tolerance > 0, say("a number above 0")),
            "max_passes": (
                _is_number(self.max_passes) and self.max_passes >= 1 and self.max_passes % 1 == 0,
                say("a whole number of 1 or more"),
            ),
            "fit_intercept": (isinstance(self.fit_intercept, bool | np.bool_), say("True or False")),
        }
        for name, (is_right, expected) in ok.items():
            if not is_right:
                raise InvalidInput(
                    "setting",
                    say("a setting is out of range"),
                    verbatim(name),
                    expected,
                    verbatim(written(getattr(self, name), repr)),
                )

    def _categories(self, y: Any, n: int, weights: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
        """(codes, None) for labels or (None, checked targets) for soft targets; sets ``classes_``."""
        if y is None:
            raise InvalidInput("no-labels", say("requires y to be passed, but the target y is None"), verbatim("y"))
        given = refuse_masked(y, "y")
        array = as_scikit_learn_says(lambda: np.asarray(given), "y", say("one label for each row"))
        if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "fiub":
            if len(array) != n:
                raise _lengths(len(array), n)
            self.classes_ = np.asarray(y.columns) if hasattr(y, "columns") else np.arange(array.shape[1])
            _refuse_twice(self.classes_)
            return _labels_or_targets(checked_targets(array))
        labels = label_array(y, warn=True)
        if len(labels) != n:
            raise _lengths(len(labels), n)
        counted = labels if weights is None else labels[weights > 0]
        self.classes_ = np.unique(counted)
        refuse_one_category(self.classes_.tolist(), verbatim("y"))
        codes = np.clip(np.searchsorted(self.classes_, labels), 0, len(self.classes_) - 1)
        return codes.astype(np.int64), None

    def _warn(self) -> None:
        if self.existence_.verdict == "undecided" and self.reason_ in ("gap", "unproved"):
            warnings.warn(
                "it could not be proved that log L has a maximum; if it has one, about "
                f"{self.gap_:.3g} nats are left to gain. A penalty makes it certain: "
                "SoftmaxRegression(mottomo.L2(strength=1))",
                NotConverged,
                stacklevel=3,
            )
        elif not (self.converged_ or self.existence_.direction is not None):
            warnings.warn(
                f"the fit did not converge ({self.reason_}); about {self.gap_:.3g} nats are left to gain. More passes "
                "(max_passes) may help, or a penalty: SoftmaxRegression(mottomo.L2(strength=1))",
                NotConverged,
                stacklevel=3,
            )
        elif self.existence_.direction is not None:
            warnings.warn(
                f"log L has no maximum ({self.existence_.verdict}): it approaches {self.existence_.supremum:.6g} as "
                "the coefficients grow without end; existence_ says in which direction. A penalty makes the answer "
                "finite: SoftmaxRegression(mottomo.L2(strength=1))",
                NoMaximum,
                stacklevel=3,
            )
        determined = [self._column(one) for one in self.collinear_columns_ if one.kind != "rounding"]
        if determined:
            columns = _some(determined)
            warnings.warn(
                f"columns {columns} are constant or combinations of others; their coefficients are given as 0",
                NotDetermined,
                stacklevel=3,
            )
        if self.nearly_collinear_columns_:
            columns = _some([self._column(one) for one in self.nearly_collinear_columns_])
            warnings.warn(
                f"columns {columns} are nearly collinear: double precision cannot tell them apart from combinations of "
                "others, or cannot hold their coefficients, so that nothing is proved of this fit. Give the difference "
                "from the other columns, computed from exact numbers, in place of such a column",
                NotDetermined,
                stacklevel=3,
            )

    def _column(self, one: Dependence) -> int | str:
        """A column's name where the features have names, else its number."""
        names = getattr(self, "feature_names_in_", None)
        return one.column if names is None else str(names[one.column])

    def _features(self, X: Any) -> Any:
        check_is_fitted(self)
        return self._checked(X, reset=False)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Checked features. `reset` records their number and names; otherwise these must be the recorded ones."""
        refuse_malformed(X)
        given = refuse_masked(X, "X")
        refuse_times(given)
        x = as_scikit_learn_says(
            lambda: validate_data(
                self,
                given,
                accept_sparse="csr",
                dtype=[np.float64, np.float32],
                ensure_all_finite=False,
                reset=reset,
            ),
            "X",
            say("numbers in rows and columns, at least one of each, named as in training"),
        )
        return checked_features(x, getattr(self, "feature_names_in_", None))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """log y_k(x), (n, K) float64 nats; finite where a probability is too small for a float."""
        return log_probabilities(self._features(X), self.coef_.T, self.intercept_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """y_k(x), (n, K) float64; each row sums to 1 within K eps."""
        return probabilities(self._features(X), self.coef_.T, self.intercept_)

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits x W + b, (n, K), adding to zero; of two categories the log-odds of the second, (n,), both in nats."""
        z = logits(self._features(X), self.coef_.T, self.intercept_)
        return z[:, 1] - z[:, 0] if z.shape[1] == 2 else z

    def predict(self, X: Any) -> np.ndarray:
        """The most probable category of each row, (n,); the first one in case of a tie."""
        z = relative_logits(self._features(X), self.coef_.T, self.intercept_)
        return np.asarray(self.classes_[z.argmax(axis=1)])

    def log_likelihood(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """sum_i w_i log y_label(x_i), nats. Raises InvalidInput for a label that is not in ``classes_``."""
        logs = self.predict_log_proba(X)
        labels = label_array(y)
        if len(labels) != len(logs):
            raise _lengths(len(labels), len(logs))
        position = {name: index for index, name in enumerate(self.classes_.tolist())}
        codes = np.array([position.get(label, -1) for label in labels.tolist()], dtype=np.int64)
        unknown = codes < 0
        if unknown.any():
            raise InvalidInput(
                "unknown-category",
                say("a label is none of the categories that the model knows"),
                say("{name}, row {row}", name="y", row=int(np.flatnonzero(unknown)[0]) + 1),
                say("one of {names}", names=[str(name) for name in self.classes_.tolist()]),
                verbatim(written(labels[unknown][0])),
            )
        chosen = logs[np.arange(len(codes)), codes]
        weights = checked_weights(sample_weight, len(codes))
        return float(accurate_sum(chosen if weights is None else chosen * weights))

    def inference(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        reference: Any = None,
        intervals: IntervalMethod = "wald",
        level: float = 0.95,
        effects: bool = False,
    ) -> TrainingResult:
        """How sure the coefficients are: what ``mo.train`` says of the same rows, which an estimator does not keep.

        Parameters
        ----------
        X, y, sample_weight : the rows that the model was fitted to, with labels; whole weights.
        reference : the category whose coefficients are 0; the first one unless said.
        intervals, level, effects : as in ``mo.train``.

        Returns
        -------
        TrainingResult : standard errors, z, p-values, intervals, odds ratios, covariance, tests of the columns.

        Raises
        ------
        InvalidInput : other rows than those of the fit, soft targets, a model without an intercept.
        """
        from mottomo.classification.training import learnt

        x = self._features(X)
        weights = checked_weights(refuse_masked(sample_weight, "sample_weight"), x.shape[0])
        labels = label_array(y)
        if len(labels) != x.shape[0]:
            raise _lengths(len(labels), x.shape[0])
        position = {name: code for code, name in enumerate(self.classes_.tolist())}
        codes = np.array([position.get(label, -1) for label in labels.tolist()], dtype=np.int64)
        if not self.fit_intercept:
            raise _no_inference(say("a model without an intercept"))
        if (codes < 0).any() or (weights is not None and (weights % 1 != 0).any()):
            raise _no_inference(say("labels that the model does not know, or weights that are no whole numbers"))
        rows = labelled_rows(x, codes, None, weights, len(self.classes_))
        names = getattr(self, "feature_names_in_", [f"x{place}" for place in range(x.shape[1])])
        categories = Categories(tuple(written(name) for name in self.classes_.tolist()), False)
        counts = np.bincount(codes, weights, len(self.classes_)).round().astype(np.int64)
        found = learnt(
            TrainingRows(
                rows,
                None,
                Encoding(tuple(Feature(str(name)) for name in names)),
                categories,
                Tally.from_counts(counts, categories),
                0,
            ),
            Settings(
                target="y",
                penalty=checked_penalty(self.penalty),
                level=level,
                intervals=intervals,
                effects=effects,
                reference=None if reference is None else written(reference),
                tolerance=self.tolerance,
            ),
        )
        gap = abs(found.log_likelihood - self.log_likelihood_)
        if rows.weight != self.n_observations_ or gap > 1e-6 * (1 + abs(self.log_likelihood_)):
            raise _no_inference(say("other rows than those of the fit"))
        return found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share, weighted by `sample_weight` (n,), of rows whose most probable category is their label."""
        predicted, labels = self.predict(X), label_array(y)
        if len(labels) != len(predicted):
            raise _lengths(len(labels), len(predicted))
        is_right = np.array([one == other for one, other in zip(predicted.tolist(), labels.tolist(), strict=True)])
        return float(np.average(is_right, weights=checked_weights(sample_weight, len(labels))))

    def coefficients(self, reference: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """(W, b) as (K, p) and (K,): adding to zero, or shifted so that those of category `reference` are 0.

        The model is the same: differences between categories, probabilities and log L are equal.
        """
        check_is_fitted(self)
        if reference is None:
            return self.coef_, self.intercept_
        names = self.classes_.tolist()
        if reference not in names:
            raise InvalidInput(
                "unknown-category",
                say("the reference is none of the categories"),
                verbatim("reference"),
                say("one of {names}", names=[written(name) for name in names]),
                verbatim(written(reference, repr)),
            )
        at = names.index(reference)
        return referred(self.coef_.T, at).T, referred(self.intercept_, at)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _no_inference(got: Message) -> InvalidInput:
    return InvalidInput(
        "no-inference",
        say("how sure these coefficients are cannot be said"),
        verbatim("inference"),
        say("the rows with labels that the model was fitted to, with an intercept"),
        got,
    )


def _some(columns: list[int | str]) -> str:
    """The first columns, and how many more there are."""
    more = len(columns) - _MOST_NAMES
    return f"{columns[:_MOST_NAMES]} and {more} more" if more > 0 else str(columns)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, np.timedelta64)


def _labels_or_targets(targets: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(codes, None) if all targets are 0 or 1, because labels are faster; otherwise (None, targets)."""
    if ((targets == 0) | (targets == 1)).all():
        return targets.argmax(axis=1), None
    return None, targets


def _refuse_twice(classes: np.ndarray) -> None:
    names = classes.tolist()
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise InvalidInput(
            "duplicate-column",
            say("two columns have the same name"),
            verbatim("y"),
            say("one column of that name"),
            verbatim(written(twice)),
        )


def _lengths(found: int, expected: int) -> InvalidInput:
    return InvalidInput(
        "lengths",
        say("features and labels do not have one length: inconsistent numbers of samples"),
        verbatim("y"),
        say("one label for each of {n} rows", n=expected),
        verbatim(str(found)),
    )
