"""The p-value of counts under a null, by the method asked for or by the one that Auto() chooses."""

from __future__ import annotations

from fractions import Fraction

from mottomo.inference.exact.kinds import multinomial_problem
from mottomo.inference.exact.one_free_count import two_category_tail
from mottomo.inference.exact.tail import Budget, BudgetExceeded, statistic_at, tail_probability
from mottomo.inference.methods import Asymptotic, Auto, Exact, Method, MonteCarlo
from mottomo.inference.monte_carlo import MOST_SIMULATED, simulated_p_value
from mottomo.inference.nulls import LARGE_EXPECTED, budget_error
from mottomo.inference.p_values import PValue
from mottomo.inference.statistics import Statistic


def p_value_of(counts: list[int], null: list[Fraction], is_exact: bool, statistic: Statistic, method: Method) -> PValue:
    """The p-value of K counts under K positive null probabilities, by the method or by the one that Auto() chooses.

    is_exact : whether the probabilities were given exactly, so that ties are decided exactly.
    """
    n = sum(counts)
    if n == 0:
        return PValue.certain(1.0, "no-observations")
    problem, kind_of = multinomial_problem(null, n, statistic, exact=is_exact)
    if isinstance(method, Auto | Exact):
        settings = method if isinstance(method, Exact) else Exact()
        if len(null) == 2:
            threshold = statistic_at(problem, counts, kind_of)
            return PValue.of_tail(two_category_tail(counts, null, statistic, is_exact=is_exact, threshold=threshold))
        try:
            budget = Budget().scaled(settings.budget)
            tail = tail_probability(problem, counts, kind_of, budget, relative_width=settings.relative_width)
            return PValue.of_tail(tail)
        except BudgetExceeded as stop:
            if isinstance(method, Exact):
                raise budget_error(stop.factor * method.budget) from None
        large = n * min(null) >= LARGE_EXPECTED or n >= MOST_SIMULATED
        method = Asymptotic() if large else method.simulation
    if isinstance(method, MonteCarlo):
        return simulated_p_value(problem, null, statistic_at(problem, counts, kind_of), method)
    return PValue.of_chi_square(float(statistic.asymptotic(counts, null)), len(null) - 1)
