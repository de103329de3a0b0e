"""The result of a training: existence of the maximum, optimality gap, standard errors, tests, held-out losses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from mottomo.categories import unknown_category
from mottomo.classification.classifier import SoftmaxClassifier, without_covariance
from mottomo.classification.coefficient_intervals import CoefficientIntervals, wald
from mottomo.classification.coefficient_tests import FeatureTest
from mottomo.classification.collinearity import Dependence
from mottomo.classification.coordinates import referred
from mottomo.classification.covariance import Covariance
from mottomo.classification.existence import Existence, Separator
from mottomo.classification.marginal_effects import MarginalEffects
from mottomo.classification.penalty_choice import PenaltyChoice
from mottomo.classification.pictures import TrainedPictures
from mottomo.classification.trained import Trained, TrainedRemark
from mottomo.held_out import HeldOut
from mottomo.messages import verbatim
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.tallies import Tally

TrainingVerdict = Literal["trained", "no-maximum", "never-seen", "existence-undecided", "not-converged"]
TrainingRemark = Literal[
    TrainedRemark,
    "collinear-column",
    "nearly-collinear",
    "penalised",
    "no-standard-errors",
    "no-effects",
    "no-profile",
    "one-sided",
    "ends-not-found",
    "baseline",
    "rare-categories",
]


@dataclass(frozen=True, eq=False)
class TrainingResult(Trained):
    """A trained classifier with the facts about its fit.

    Attributes
    ----------
    classifier : the model.
    tally : the categories of the training rows.
    n_rows : the number of training rows; with weights it differs from ``n_observations``.
    log_likelihood : log L of the reported coefficients, nats; the supremum if they are the limit.
    null_log_likelihood : log L of the intercept-only (null) model, nats.
    converged : True if the maximum (less the penalty) exists and was reached.
    reason : why the fit ended, such as ``gap``, ``passes`` or ``rounding``.
    n_passes : passes over all rows.
    gap : optimality gap, nats: a bound or an estimate.
    gap_is_proved : True if `gap` is a bound.
    gradient_norm : the largest component of the gradient of the objective, nats a row.
    existence : whether a maximum exists.
    separators : single columns that separate two categories.
    collinear : columns that are collinear with others, exactly or within rounding; they are left out.
    near : nearly collinear columns; with any of them no gap is proved.
    reference : the category whose coefficients are reported as 0.
    without_errors : why standard errors were not computed: ``work``, ``rounding``, ``interrupted``; else None.
    feature_tests : a test of each feature given the others.
    profile : intervals of the coefficients by the profile likelihood; None if they were not asked for or not computed.
    wants_profile : whether they were asked for.
    marginal_effects : averages over the rows; None if they were not asked for or not computed.
    wants_effects : whether they were asked for.
    level : of intervals.
    held_out : losses on held-out rows; None if none were held out.
    n_dropped : rows that were left out because of missing values.
    accepts_limit : True if the limit was asked for, should there be no maximum.
    model_file : the file to which the model was written; None if it was not.
    pictures : what is known of the pictures that were trained on; None without any.
    penalty_choice : how the strength of the penalty was chosen; None if it was given.
    """

    classifier: SoftmaxClassifier
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
    collinear: tuple[Dependence, ...]
    near: tuple[Dependence, ...]
    reference: str
    without_errors: str | None
    feature_tests: tuple[FeatureTest, ...]
    held_out: HeldOut | None
    n_dropped: int
    accepts_limit: bool = False
    model_file: str | None = None
    pictures: TrainedPictures | None = None
    penalty_choice: PenaltyChoice | None = None
    profile: CoefficientIntervals | None = None
    wants_profile: bool = False
    marginal_effects: MarginalEffects | None = None
    wants_effects: bool = False
    level: float = 0.95

    @property
    def model(self) -> SoftmaxClassifier:
        """The classifier: what ``mo.predict`` takes, and ``save(path)`` writes."""
        return self.classifier

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the encoded columns and, last, ``intercept``; in brackets if a column has that name."""
        columns = self.classifier.encoding.columns
        return (*columns, "(intercept)" if "intercept" in columns else "intercept")

    def coefficients(self) -> np.ndarray:
        """(p + 1, K) coefficients relative to the reference category, whose own are 0; the intercept last."""
        full = np.vstack([self.classifier.coefficients, self.classifier.intercepts])
        return referred(full, self.classifier.categories.names.index(self.reference))

    @property
    def never_seen(self) -> tuple[str, ...]:
        """Declared categories without observations, if they are the only reason why there is no maximum."""
        names = self.classifier.categories.names
        found = self.existence.categories if self.existence.direction is not None else ()
        return () if self.tally.counts[list(found)].any() else tuple(names[k] for k in found)

    @property
    def shows_direction(self) -> bool:
        """True if the coefficients diverge and their limit was not asked for; their direction is shown instead."""
        return self.existence.direction is not None and not self.accepts_limit

    def direction(self) -> np.ndarray:
        """The direction of separation (p + 1, K) relative to the reference category, whose own entries are 0."""
        assert self.existence.direction is not None
        return referred(self.existence.direction, self.classifier.categories.names.index(self.reference))

    @property
    def n_parameters(self) -> int:
        """Free parameters: (p + 1) (K - 1), less those of collinear columns that are left out."""
        return (len(self.columns) - len(self.collinear)) * (len(self.classifier.categories) - 1)

    @property
    def degrees_of_freedom(self) -> int:
        """Degrees of freedom of the test against the null model: the parameters other than intercepts."""
        return self.n_parameters - (len(self.classifier.categories) - 1)

    @property
    def likelihood_ratio(self) -> float:
        """2 (log L - log L of the null model), at least 0; 0 without features."""
        if not self.degrees_of_freedom:
            return 0.0
        return max(2 * (self.log_likelihood - self.null_log_likelihood), 0.0)

    @property
    def p_value(self) -> float:
        """The p-value of ``likelihood_ratio``, by its asymptotic chi-square distribution."""
        return float(chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom))

    @property
    def log10_p_value(self) -> float:
        """log10 of ``p_value``; finite also where the p-value underflows."""
        return log10_chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom)

    @property
    def aic(self) -> float:
        """2 n_parameters - 2 log L."""
        return 2 * self.n_parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """n_parameters log n - 2 log L, with n = ``n_observations``."""
        return self.n_parameters * math.log(self.n_observations) - 2 * self.log_likelihood

    @property
    def is_maximum_likelihood(self) -> bool:
        """True if there is no penalty."""
        return self.classifier.penalty is None

    @property
    def is_usable(self) -> bool:
        """True if the optimum was reached, or if there is none and the limit was asked for."""
        return self.converged or (self.accepts_limit and self.existence.direction is not None)

    def to_dict(self) -> dict[str, Any]:
        """As in Result; p-values, AIC and BIC are None with a penalty."""
        names, terms = self.classifier.categories.names, self.classifier.encoding.terms
        coefficients = self.coefficients()
        return {  # in the order of a report: data and model, fit, convergence, coefficients, evaluation
            **self.tally.counts_dict(),
            "n_rows": self.n_rows,
            "target": self.classifier.target,
            "features": self.classifier.encoding.to_list(),
            "terms": None if terms is None else [term.name for term in terms],
            "log_likelihood": self.log_likelihood,
            "cross_entropy": self.cross_entropy,
            "null_log_likelihood": self.null_log_likelihood,
            "null_cross_entropy": self.null_cross_entropy,
            "likelihood_ratio": self.likelihood_ratio,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value if self.is_maximum_likelihood else None,  # not valid with a penalty
            "log10_p_value": self.log10_p_value if self.is_maximum_likelihood else None,
            "n_parameters": self.n_parameters,
            "aic": self.aic if self.is_maximum_likelihood else None,
            "bic": self.bic if self.is_maximum_likelihood else None,
            "mcfadden": self.mcfadden if self.is_maximum_likelihood else None,
            "converged": self.converged,
            "reason": self.reason,
            "n_passes": self.n_passes,
            "gap": self.gap,
            "gap_is_proved": self.gap_is_proved,
            "gradient_norm": self.gradient_norm,
            "method": "softmax-regression",
            "existence": self._existence(),
            "collinear_columns": [self._dependence(one) for one in self.collinear],
            "nearly_collinear_columns": [self._dependence(one) for one in self.near],
            **self._penalty_dict(),
            "reference": self.reference,
            "columns": list(self.columns),
            "coefficients": {name: coefficients[:, k].tolist() for k, name in enumerate(names)},
            "standard_errors": self._by_category(self.standard_errors),
            "z": self._by_category(self.z),
            "odds_ratios": self._by_category(self.odds_ratios),
            "intervals": None if self.intervals is None else self.intervals.to_dict(names),
            "p_values": self._by_category(self.p_values),
            "log10_p_values": self._by_category(self.log10_p_values),
            "marginal_effects": None if self.marginal_effects is None else self.marginal_effects.to_dict(names),
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
            **self._last_dict(),
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
    def leaves_out(self) -> bool:
        """True if a column was left out that may be collinear only because of rounding."""
        return any(one.kind == "rounding" for one in self.collinear)

    @property
    def rare(self) -> tuple[str, ...]:
        """Categories with at most one row."""
        counts = self.tally.counts.tolist()
        return tuple(name for name, count in zip(self.tally.categories, counts, strict=True) if count < 2)

    @property
    def shown_rows(self) -> tuple[tuple[int, int], ...]:
        """(column, category) of each coefficient in the order of display: by category, the intercept first."""
        last = len(self.columns) - 1
        names = self.classifier.categories.names
        return tuple((j, k) for k in range(len(names)) if names[k] != self.reference for j in (last, *range(last)))

    @property
    def verdict(self) -> TrainingVerdict:
        """As in Result; the existence of a maximum comes before convergence."""
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
        """As in Result."""
        found: list[TrainingRemark] = []
        if self.n_dropped:
            found.append("rows-dropped")
        if any(one.kind != "rounding" for one in self.collinear):
            found.append("collinear-column")
        if self.near:
            found.append("nearly-collinear")
        if self.classifier.penalty is not None:
            found.append("penalised")
        if self.without_errors is not None:
            found.append("no-standard-errors")
        if self.wants_effects and self.marginal_effects is None and self.converged:
            found.append("no-effects")
        if self.wants_profile and self.profile is None and (self.converged or self.existence.supremum is not None):
            found.append("no-profile")
        if self.profile is not None and self.profile.is_one_sided:
            found.append("one-sided")
        if self.profile is not None and self._lacks_ends(self.profile):
            found.append("ends-not-found")
        if any(feature.baseline is not None for feature in self.classifier.encoding.features):
            found.append("baseline")
        if self.rare:
            found.append("rare-categories")
        return (*found, *self._last_remarks())

    @cached_property
    def standard_errors(self) -> np.ndarray | None:
        """(p + 1, K) of the coefficients relative to the reference, the intercept last; NaN for columns left out.

        None if they are not meaningful or were not computed.
        """
        covariance = self.classifier.covariance
        if covariance is None:
            return None
        errors = np.full((len(self.columns), len(self.classifier.categories)), np.nan)
        at = self.classifier.categories.names.index(self.reference)
        errors[[*covariance.columns.tolist(), -1]] = covariance.standard_errors(at)
        return errors

    @property
    def intervals(self) -> CoefficientIntervals | None:
        """Of the coefficients: by the profile likelihood if that was asked for, else Wald's; None if there are none."""
        if self.profile is not None or self.standard_errors is None:
            return self.profile
        return wald(self.coefficients(), self.standard_errors, self.level)

    def _lacks_ends(self, intervals: CoefficientIntervals) -> bool:
        """Whether ends of intervals are unknown of columns that are not left out."""
        kept = np.setdiff1d(np.arange(len(self.columns)), [one.column for one in self.collinear])
        return bool(np.isnan(intervals.lower[kept]).any() or np.isnan(intervals.upper[kept]).any())

    @property
    def odds_ratios(self) -> np.ndarray:
        """(p + 1, K) exp(b): by what the odds of a category against the reference are multiplied for 1 more."""
        with np.errstate(over="ignore"):
            return np.exp(self.coefficients())

    def parameters(self, reference: str | None = None) -> tuple[tuple[str, str], ...]:
        """(category, column) of each row of ``covariance``; `reference` as there."""
        names = self.classifier.categories.names
        covariance = self._known_covariance()
        columns = [self.columns[place] for place in (*covariance.columns.tolist(), -1)]
        return tuple((name, column) for name in names if name != (reference or self.reference) for column in columns)

    def covariance(self, reference: str | None = None) -> np.ndarray:
        """The covariance matrix of the coefficients relative to a category, in the order of ``parameters``.

        reference : the category whose coefficients are 0; by default that of this result. Columns that are left out as
            collinear are not in it.

        Raises InvalidInput : there is no such category, or no covariance, as with a ridge or without a maximum.
        """
        names = self.classifier.categories.names
        chosen = reference or self.reference
        if chosen not in names:
            raise unknown_category(chosen, self.classifier.categories, verbatim("reference"))
        return self._known_covariance().matrix(names.index(chosen))

    def _known_covariance(self) -> Covariance:
        found = self.classifier.covariance
        if found is None:
            raise without_covariance(self.classifier)
        return found

    @property
    def mcfadden(self) -> float:
        """McFadden's share, 1 - log L / log L of the null model: how much of its loss the features take away."""
        return 1 - self.log_likelihood / self.null_log_likelihood

    @property
    def z(self) -> np.ndarray | None:
        """(p + 1, K) coefficient / standard error; NaN if the latter is 0 or NaN. None without standard errors."""
        if self.standard_errors is None:
            return None
        errors = self.standard_errors
        return np.divide(self.coefficients(), errors, out=np.full(errors.shape, np.nan), where=errors > 0)

    @property
    def p_values(self) -> np.ndarray | None:
        """(p + 1, K) two-sided p-values of ``z``, which is asymptotically normal. None without standard errors."""
        if self.z is None:
            return None
        return np.array([[math.erfc(abs(z) / math.sqrt(2)) for z in row] for row in self.z.tolist()])

    @property
    def log10_p_values(self) -> np.ndarray | None:
        """(p + 1, K) log10 of ``p_values``; finite also where these underflow. None without standard errors."""
        if self.z is None:
            return None
        rows = self.z.tolist()
        return np.array([[math.nan if math.isnan(z) else log10_chi_square_tail(z**2, 1) for z in row] for row in rows])
