"""What every result of one test has: the test statistic, its p-value, and the chi-square approximations beside it."""

from __future__ import annotations

from typing import Any

from mottomo.inference.p_values import PValue
from mottomo.inference.statistics import Statistic
from mottomo.numerics.chi_square import chi_square_tail, log10_chi_square_tail
from mottomo.results import ResultWithRows


class Tested(ResultWithRows):
    """A result with one p-value.

    Attributes
    ----------
    statistic : the test statistic.
    deviance : G of the data.
    pearson : X² of the data.
    degrees_of_freedom : of both, for chi-square.
    p : the p-value, and how far it is known.
    significance : the significance level of the verdict.
    """

    statistic: Statistic
    deviance: float
    pearson: float
    degrees_of_freedom: int
    p: PValue
    significance: float

    @property
    def ordering(self) -> str:
        """The name of the test statistic."""
        return self.statistic.name

    @property
    def p_value(self) -> float:
        """The p-value as a number; `p` also has its bounds and its logarithm."""
        return self.p.value

    @property
    def method(self) -> str:
        """How the p-value was computed: ``exact``, ``monte-carlo`` or ``asymptotic``."""
        return self.p.method

    @property
    def decision(self) -> str:
        """What the p-value says about the null at `significance`."""
        return self.p.decision(self.significance)

    @property
    def asymptotic_p_value(self) -> dict[str, float]:
        """The p-values of ``deviance`` and ``pearson`` by chi-square."""
        return {
            name: float(chi_square_tail(value, self.degrees_of_freedom))
            for name, value in (("deviance", self.deviance), ("pearson", self.pearson))
        }

    @property
    def log10_asymptotic_p_value(self) -> dict[str, float]:
        """log10 of ``asymptotic_p_value``, also of those too small for floats."""
        return {
            name: log10_chi_square_tail(value, self.degrees_of_freedom)
            for name, value in (("deviance", self.deviance), ("pearson", self.pearson))
        }

    def test_dict(self) -> dict[str, Any]:
        """The test for JSON: statistics, p-values, decision."""
        return {
            "deviance": self.deviance,
            "pearson": self.pearson,
            "degrees_of_freedom": self.degrees_of_freedom,
            **self.p.to_dict(),
            "ordering": self.ordering,
            "asymptotic_p_value": self.asymptotic_p_value,
            "log10_asymptotic_p_value": self.log10_asymptotic_p_value,
            "significance": self.significance,
            "decision": self.decision,
        }
