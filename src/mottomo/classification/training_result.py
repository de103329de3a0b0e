"""What a training answers: is there a maximum, how near is it, how sure is each coefficient, what do inputs buy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mottomo.classification.classifier import Classifier
from mottomo.classification.coefficient_tests import FeatureTest
from mottomo.classification.collinearity import Dependence
from mottomo.classification.coordinates import referred
from mottomo.classification.existence import Existence, Separator
from mottomo.losses import HeldOut
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.results import ResultWithRows
from mottomo.tallies import Tally

TrainingVerdict = Literal["trained", "no-maximum", "never-seen", "existence-undecided", "not-converged"]
TrainingRemark = Literal[
    "rows-dropped",
    "dependent-column",
    "nearly-collinear",
    "penalised",
    "no-standard-errors",
    "baseline",
    "rare-categories",
    "held-out-impossible",
]


@dataclass(frozen=True, eq=False)
class TrainingResult(ResultWithRows):
    """A classifier with all that is known of its fit.

    Attributes
    ----------
    classifier : the model. tally : of the categories among the rows it was trained on. n_rows : how many these were.
    log_likelihood, null_log_likelihood : nats, of the fit and of the die. converged, reason, n_passes.
    gap, gap_is_proved : what may be left to gain, nats: a bound or an estimate. gradient_norm : the largest component
    of the gradient of the objective, nats a row.
    existence : whether there is a maximum; separators : single columns that separate two categories.
    dependent : columns that others determine, exactly or within rounding; they are left out. near : columns that are
    nearly collinear, with which no gap is proved. standard_errors : (p + 1, K) for coefficients with those of the
    reference 0, the intercept last; None where they mean nothing, or were not computed: `without_errors` says why
    (``work``, ``rounding``, ``interrupted``).
    feature_tests, held_out, reference.
    """

    classifier: Classifier
    tally: Tally
    n_rows: int
    log_likelihood: float
    null_log_likelihood: float
    converged: bool
    reason: str
    n_passes: int
    gap: float
    gap_is_proved: bool
    gradient_norm: float
    existence: Existence
    separators: tuple[Separator, ...]
    dependent: tuple[Dependence, ...]
    near: tuple[Dependence, ...]
    reference: str
    standard_errors: np.ndarray | None
    without_errors: str | None
    feature_tests: tuple[FeatureTest, ...]
    held_out: HeldOut | None
    n_dropped: int
    accepts_limit: bool = False
    model_file: str | None = None

    @property
    def model(self) -> Classifier:
        """The classifier: what ``mo.predict`` takes, and ``save(path)`` writes."""
        return self.classifier

    @property
    def n_observations(self) -> int:
        return int(self.tally.n_observations)

    @property
    def columns(self) -> tuple[str, ...]:
        """The encoded columns and, last, the intercept: in brackets beside a column of that name."""
        columns = self.classifier.encoding.columns
        return (*columns, "(intercept)" if "intercept" in columns else "intercept")

    def coefficients(self) -> np.ndarray:
        """(p + 1, K) with those of the reference category 0, the intercept last."""
        full = np.vstack([self.classifier.coefficients, self.classifier.intercepts])
        return referred(full, self.classifier.categories.names.index(self.reference))

    @property
    def never_seen(self) -> tuple[str, ...]:
        """Declared categories that never came up, where they alone are why there is no maximum."""
        names = self.classifier.categories.names
        found = self.existence.categories if self.existence.direction is not None else ()
        return () if self.tally.counts[list(found)].any() else tuple(names[k] for k in found)

    @property
    def shows_direction(self) -> bool:
        """Whether the coefficients have no end and their limit was not asked for: then their direction is shown."""
        return self.existence.direction is not None and not self.accepts_limit

    def direction(self) -> np.ndarray:
        """The direction of separation (p + 1, K), with the coefficients of the reference category 0."""
        assert self.existence.direction is not None
        return referred(self.existence.direction, self.classifier.categories.names.index(self.reference))

    @property
    def n_parameters(self) -> int:
        """Free parameters: (p + 1) (K - 1), less those of dependent columns."""
        return (len(self.columns) - len(self.dependent)) * (len(self.classifier.categories) - 1)

    @property
    def degrees_of_freedom(self) -> int:
        """Of the test against the die: the parameters beside the intercepts."""
        return self.n_parameters - (len(self.classifier.categories) - 1)

    @property
    def likelihood_ratio(self) -> float:
        """2 (log L - log L of the die); 0 without features, whose model is the die."""
        if not self.degrees_of_freedom:
            return 0.0
        return max(2 * (self.log_likelihood - self.null_log_likelihood), 0.0)

    @property
    def p_value(self) -> float:
        return float(chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom))

    @property
    def log10_p_value(self) -> float:
        return log10_chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom)

    @property
    def aic(self) -> float:
        """2 parameters - 2 log L."""
        return 2 * self.n_parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """parameters log n - 2 log L."""
        return self.n_parameters * math.log(self.n_observations) - 2 * self.log_likelihood

    @property
    def is_maximum_likelihood(self) -> bool:
        return self.classifier.penalty is None

    @property
    def is_usable(self) -> bool:
        """Whether the model is an answer: its optimum was reached, or its limit was asked for."""
        return self.converged or (self.accepts_limit and self.existence.direction is not None)

    def to_dict(self) -> dict[str, Any]:
        names = self.classifier.categories.names
        coefficients = self.coefficients()
        return {  # in the order of the questions: what was fitted, how well, how sure, what it is worth
            **self.tally.to_dict(),
            "n_rows": self.n_rows,
            "target": self.classifier.target,
            "features": self.classifier.encoding.to_list(),
            "log_likelihood": self.log_likelihood,
            "cross_entropy": self.cross_entropy,
            "null_log_likelihood": self.null_log_likelihood,
            "likelihood_ratio": self.likelihood_ratio,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value if self.is_maximum_likelihood else None,  # of a maximum alone, as are the others
            "log10_p_value": self.log10_p_value if self.is_maximum_likelihood else None,
            "n_parameters": self.n_parameters,
            "aic": self.aic if self.is_maximum_likelihood else None,
            "bic": self.bic if self.is_maximum_likelihood else None,
            "converged": self.converged,
            "reason": self.reason,
            "n_passes": self.n_passes,
            "gap": self.gap,
            "gap_is_proved": self.gap_is_proved,
            "gradient_norm": self.gradient_norm,
            "method": "softmax-regression",
            "existence": self._existence(),
            "dependent_columns": [self._dependence(one) for one in self.dependent],
            "nearly_collinear_columns": [self._dependence(one) for one in self.near],
            "penalty": None if self.classifier.penalty is None else self.classifier.penalty.to_dict(),
            "reference": self.reference,
            "columns": list(self.columns),
            "coefficients": {name: coefficients[:, k].tolist() for k, name in enumerate(names)},
            "standard_errors": self._by_category(self.standard_errors),
            "z": self._by_category(self.z),
            "p_values": self._by_category(self.p_values),
            "log10_p_values": self._by_category(self.log10_p_values),
            "feature_tests": [
                {
                    "name": test.name,
                    "degrees_of_freedom": test.degrees_of_freedom,
                    "wald": test.wald,
                    "wald_p_value": test.wald_p_value,
                    "log10_wald_p_value": test.log10_wald_p_value,
                    "likelihood_ratio": test.likelihood_ratio,
                    "p_value": test.p_value,
                    "log10_p_value": test.log10_p_value,
                }
                for test in self.feature_tests
            ],
            "held_out": None if self.held_out is None else self.held_out.to_dict(),
            "model": self.model_file,
        }

    def _by_category(self, values: np.ndarray | None) -> dict[str, list[float]] | None:
        names = self.classifier.categories.names
        return None if values is None else {name: values[:, k].tolist() for k, name in enumerate(names)}

    def _existence(self) -> dict[str, Any]:
        found, names = self.existence, self.classifier.categories.names
        direction = None
        if found.direction is not None:
            direction = {name: found.direction[:, k].tolist() for k, name in enumerate(names)}
        return {
            "verdict": found.verdict,
            "direction": direction,
            "direction_from_reference": None if direction is None else self._by_category(self.direction()),
            "categories": [names[k] for k in found.categories],
            "supremum": found.supremum,
            "n_separated": found.n_separated,
            "separators": [self._separator(one) for one in self.separators],
        }

    def _separator(self, one: Separator) -> dict[str, Any]:
        names = self.classifier.categories.names
        return {
            "column": self.columns[one.column],
            "lower": names[one.lower],
            "upper": names[one.upper],
            "lower_maximum": one.lower_maximum,
            "upper_minimum": one.upper_minimum,
        }

    def _dependence(self, one: Dependence) -> dict[str, Any]:
        return {
            "column": self.columns[one.column],
            "kind": one.kind,
            "shares": {self.columns[j]: share for j, share in one.shares.items()},
            "constant": one.constant,
            "remainder": one.remainder,
        }

    @property
    def cross_entropy(self) -> float:
        """-log L / n, nats a row."""
        return -self.log_likelihood / self.n_observations

    @property
    def null_cross_entropy(self) -> float:
        """That of the model without features."""
        return -self.null_log_likelihood / self.n_observations

    @property
    def leaves_out(self) -> bool:
        """Whether a column was left out that only rounding may have made collinear."""
        return any(one.kind == "rounding" for one in self.dependent)

    @property
    def rare(self) -> tuple[str, ...]:
        """Categories with at most one row."""
        counts = self.tally.counts.tolist()
        return tuple(name for name, count in zip(self.tally.categories, counts, strict=True) if count < 2)

    @property
    def shown_rows(self) -> tuple[tuple[int, int], ...]:
        """(column, category) of each coefficient in the order in which they are shown: the intercept first."""
        last = len(self.columns) - 1
        names = self.classifier.categories.names
        return tuple((j, k) for k in range(len(names)) if names[k] != self.reference for j in (last, *range(last)))

    @property
    def verdict(self) -> TrainingVerdict:
        if self.never_seen:
            return "never-seen"
        if self.existence.direction is not None:
            return "no-maximum"
        if not self.converged:
            unknown = self.existence.verdict == "undecided" and self.reason in ("gap", "unproved")
            return "existence-undecided" if unknown else "not-converged"
        return "trained"

    @property
    def remarks(self) -> tuple[TrainingRemark, ...]:
        found: list[TrainingRemark] = []
        if self.n_dropped:
            found.append("rows-dropped")
        if any(one.kind != "rounding" for one in self.dependent):
            found.append("dependent-column")
        if self.near:
            found.append("nearly-collinear")
        if self.classifier.penalty is not None:
            found.append("penalised")
        if self.without_errors is not None:
            found.append("no-standard-errors")
        if any(feature.baseline is not None for feature in self.classifier.encoding.features):
            found.append("baseline")
        if self.rare:
            found.append("rare-categories")
        if self.held_out is not None and self.held_out.n_impossible:
            found.append("held-out-impossible")
        return tuple(found)

    @property
    def z(self) -> np.ndarray | None:
        """(p + 1, K) coefficient / standard error; NaN where that is 0. None without standard errors."""
        if self.standard_errors is None:
            return None
        errors = self.standard_errors
        return np.divide(self.coefficients(), errors, out=np.full(errors.shape, np.nan), where=errors > 0)

    @property
    def p_values(self) -> np.ndarray | None:
        """(p + 1, K) two-sided, of the coefficients, by the normal distribution of z."""
        if self.z is None:
            return None
        return np.array([[math.erfc(abs(z) / math.sqrt(2)) for z in row] for row in self.z.tolist()])

    @property
    def log10_p_values(self) -> np.ndarray | None:
        """Their log10, also of those too small for floats."""
        if self.z is None:
            return None
        rows = self.z.tolist()
        return np.array([[math.nan if math.isnan(z) else log10_chi_square_tail(z**2, 1) for z in row] for row in rows])
