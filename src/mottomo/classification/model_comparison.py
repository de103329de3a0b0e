"""Do more features say more? Two nested softmax regressions, compared by their likelihoods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from mottomo._checks import check_between
from mottomo.classification.training_result import TrainingResult
from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, verbatim, written
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.results import Result

ModelComparisonVerdict = Literal["larger-says-more", "no-evidence"]


@dataclass(frozen=True, eq=False)
class ModelComparison(Result):
    """The likelihood-ratio test of a softmax regression against one with fewer columns, on the same rows.

    Attributes
    ----------
    smaller, larger : the two models; the columns of the first are among those of the second.
    significance : below which p-value the larger one is said to say more.
    """

    smaller: TrainingResult
    larger: TrainingResult
    significance: float

    @property
    def likelihood_ratio(self) -> float:
        """G = 2 (log L of the larger model - log L of the smaller one), at least 0."""
        return max(2 * (self.larger.log_likelihood - self.smaller.log_likelihood), 0.0)

    @property
    def degrees_of_freedom(self) -> int:
        """The parameters that the larger model has more."""
        return self.larger.n_parameters - self.smaller.n_parameters

    @property
    def p_value(self) -> float:
        """The upper tail of chi-square at the likelihood ratio: asymptotic."""
        return float(chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom))

    @property
    def log10_p_value(self) -> float:
        """log10 of ``p_value``; finite also where the p-value underflows."""
        return log10_chi_square_tail(self.likelihood_ratio, self.degrees_of_freedom)

    @property
    def more(self) -> tuple[str, ...]:
        """The columns that only the larger model has."""
        own = set(self.smaller.classifier.encoding.columns)
        return tuple(name for name in self.larger.classifier.encoding.columns if name not in own)

    @property
    def tally(self) -> Any:
        """The categories of the rows."""
        return self.larger.tally

    @property
    def verdict(self) -> ModelComparisonVerdict:
        """As in Result."""
        return "larger-says-more" if self.p_value < self.significance else "no-evidence"

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""

        def described(model: TrainingResult) -> dict[str, Any]:
            return {
                "columns": list(model.classifier.encoding.columns),
                "n_columns": len(model.classifier.encoding.columns),
                "n_parameters": model.n_parameters,
                "log_likelihood": model.log_likelihood,
                "aic": model.aic,
                "bic": model.bic,
                "mcfadden": model.mcfadden,
            }

        return {
            "n_observations": self.larger.n_observations,
            "target": self.larger.classifier.target,
            "smaller": described(self.smaller),
            "larger": described(self.larger),
            "more": list(self.more),
            "likelihood_ratio": self.likelihood_ratio,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_value,
            "log10_p_value": self.log10_p_value,
            "significance": self.significance,
            "method": "likelihood-ratio",
        }


def compare_models(a: Any, b: Any, *, significance: float = 0.05) -> ModelComparison:
    """Compare two nested softmax regressions by their likelihood ratio: G = 2 (log L_larger - log L_smaller).

    Parameters
    ----------
    a, b : results of ``mo.train`` on the same rows by maximum likelihood, in either order; the columns of one are among
        those of the other.
    significance : below which p-value the larger model is said to say more.

    Returns
    -------
    ModelComparison : G, its degrees of freedom and p-value, and of each model log L, AIC and BIC.

    Raises
    ------
    InvalidInput : a model is no softmax regression at its maximum, the rows differ, or neither is nested in the other.

    >>> from mottomo.workflows.training import train
    >>> pets = {"weight": [3, 4, 5, 20, 25, 8, 9, 30], "pet": ["cat", "cat", "dog", "dog", "dog", "cat", "dog", "cat"]}
    >>> found = compare_models(train(pets, "pet", features=()), train(pets, "pet"))
    >>> round(found.likelihood_ratio, 4), found.degrees_of_freedom, round(found.p_value, 4)
    (0.2576, 1, 0.6118)
    """
    check_between("significance", significance, "0.05")
    for name, one in (("a", a), ("b", b)):
        _refuse_unsuited(one, name)
    smaller, larger = sorted((a, b), key=lambda one: one.n_parameters)
    if _rows(smaller) != _rows(larger):
        raise InvalidInput(
            "other-rows",
            say("the two models were trained on different rows"),
            verbatim("b"),
            say("the same rows of the same table"),
            say("{n} rows and {m} rows", n=smaller.n_rows, m=larger.n_rows),
            say("leave rows with missing values out of both: choose the complete rows first"),
        )
    few, many = (set(one.classifier.encoding.columns) for one in (smaller, larger))
    alone = sorted(few - many)[:5]
    if not few < many or smaller.n_parameters == larger.n_parameters:
        raise InvalidInput(
            "not-nested",
            say("the models are not nested, so their likelihood ratio has no known distribution"),
            verbatim("b"),
            say("a model with all columns of the other, and more"),
            say("only in the smaller one: {names}", names=alone) if alone else say("equal columns"),
            say("compare their AIC, or their losses on rows held out"),
        )
    return ModelComparison(smaller, larger, float(significance))


def _rows(model: TrainingResult) -> tuple[Any, ...]:
    """What two models on the same rows have in common."""
    counts = dict(zip(model.tally.categories, map(int, model.tally.counts), strict=True))
    return model.classifier.target, model.n_rows, counts


def _refuse_unsuited(model: Any, name: str) -> None:
    """Raise InvalidInput for what is no softmax regression at the maximum of its likelihood."""
    got: Message | None = None
    if not isinstance(model, TrainingResult):
        got = say("{value} of type {type}", value=written(model, repr)[:60], type=type(model).__name__)
    elif not model.is_maximum_likelihood:
        got = say("a model with the penalty {penalty}", penalty=str(model.classifier.penalty))
    elif not model.converged:
        got = say("a model whose likelihood has no maximum, or did not reach it")
    if got is not None:
        raise InvalidInput(
            "not-comparable",
            say("this model cannot be compared by its likelihood"),
            verbatim(name),
            say("the result of mo.train by maximum likelihood"),
            got,
        )
