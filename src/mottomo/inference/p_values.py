"""A p-value for one look at a fixed n: its value, its bounds, how it was computed, and the decision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mottomo.inference.binomial_limits import interval_of_share
from mottomo.inference.exact.tail import Tail
from mottomo.numerics.chi_square import log10_chi_square_tail

_LN10 = math.log(10)
_LEAST_FLOAT = 5e-324
_EQUAL = 1e-9  # a p-value within this relative distance counts as equal to the significance, and is rejected

PRemark = Literal["p-exact", "p-monte-carlo", "p-asymptotic"]
_REMARKS: dict[str, PRemark] = {code.removeprefix("p-"): code for code in get_args(PRemark)}


@dataclass(frozen=True, slots=True)
class PValue:
    """A p-value for one look at a fixed n, and how it was computed.

    Attributes
    ----------
    value : the p-value; 0 if it is too small for a float.
    log10 : its log10, also if `value` is 0.
    lower : lower bound: proven for ``exact``, of a 99.9 % interval for ``monte-carlo``, NaN for ``asymptotic``.
    upper : upper bound, likewise.
    method : ``exact``, ``monte-carlo`` or ``asymptotic``.
    algorithm : the name of the algorithm.
    tied : the probability of outcomes exactly as far from the null as the observed one; NaN if unknown.
    log10_lower : log10 of `lower`.
    log10_upper : log10 of `upper`.
    draws : of ``monte-carlo``, else None.
    seed : of ``monte-carlo``, else None.
    is_bracket : whether the bounds of an exact p-value are wider apart than rounding.
    """

    value: float
    log10: float
    lower: float
    upper: float
    method: str
    algorithm: str
    tied: float = math.nan
    log10_lower: float = math.nan
    log10_upper: float = math.nan
    draws: int | None = None
    seed: int | None = None
    is_bracket: bool = False

    @classmethod
    def of_tail(cls, tail: Tail) -> PValue:
        """An exact p-value, from a tail probability in natural logarithms."""
        logs = (tail.log_p, tail.log_lower, tail.log_upper)
        value, lower, upper = (math.exp(log) if log > -745 else 0.0 for log in logs)
        upper = max(upper, _LEAST_FLOAT) if tail.log_upper > -math.inf else upper  # 0 would be no upper bound
        log10, log10_lower, log10_upper = (log / _LN10 for log in logs)
        return cls(
            value,
            log10,
            lower,
            upper,
            "exact",
            tail.algorithm,
            tail.tied,
            log10_lower,
            log10_upper,
            is_bracket=tail.is_bracket,
        )

    @classmethod
    def certain(cls, value: float, algorithm: str) -> PValue:
        """The p-value 0 if the null is refuted, or 1 if there is only one outcome; nothing is computed."""
        log10 = 0.0 if value else -math.inf
        return cls(value, log10, value, value, "exact", algorithm, value, log10, log10)

    @classmethod
    def of_simulation(cls, far: int, draws: int, seed: int, algorithm: str) -> PValue:
        """(1 + far) / (1 + draws), if `far` of `draws` simulated outcomes are at least as far from the null."""
        value, (lower, upper) = (1 + far) / (1 + draws), interval_of_share(far, draws)
        log10, log10_lower, log10_upper = (math.log10(p) if p > 0 else -math.inf for p in (value, lower, upper))
        return cls(
            value, log10, lower, upper, "monte-carlo", algorithm, math.nan, log10_lower, log10_upper, draws, seed
        )

    @classmethod
    def of_chi_square(cls, statistic: float, degrees_of_freedom: int) -> PValue:
        """An asymptotic p-value: P(chi-square >= statistic)."""
        log10 = log10_chi_square_tail(statistic, degrees_of_freedom) if degrees_of_freedom else 0.0
        return cls(10.0**log10, log10, math.nan, math.nan, "asymptotic", "chi-square")

    @property
    def mid(self) -> float:
        """The mid-p-value, p minus half of `tied`: not guaranteed, but 1/2 on average under the null."""
        return self.value - self.tied / 2

    def decision(self, significance: float) -> str:
        """``rejected``, ``not-rejected``, or ``cannot-tell`` if the significance lies between the bounds."""
        lower, upper = (self.value, self.value) if math.isnan(self.lower) else (self.lower, self.upper)
        if upper <= significance * (1 + _EQUAL):
            return "rejected"
        return "not-rejected" if lower > significance * (1 + _EQUAL) else "cannot-tell"

    def to_dict(self) -> dict[str, Any]:
        """The p-value for JSON; its bounds are null where nothing is certain about it."""
        bounded = not math.isnan(self.lower)
        return {
            "method": self.method,
            "algorithm": self.algorithm,
            "p_value": self.value,
            "log10_p_value": self.log10,
            "p_value_bounds": [self.lower, self.upper] if bounded else None,
            "log10_p_value_bounds": [self.log10_lower, self.log10_upper] if bounded else None,
            "mid_p_value": self.mid,
            "draws": self.draws,
            "seed": self.seed,
        }

    @property
    def remark(self) -> PRemark:
        """The code of the method, for the sentence that says how far the p-value can be trusted."""
        return _REMARKS[self.method]
