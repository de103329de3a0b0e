"""The fourteen steps of the derivation from throws to cross-entropy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.explanation.case import MOST_TERMS, TOLERANCE, Case
from mottomo.explanation.notation import (
    Line,
    Math,
    elided,
    fraction,
    indexed,
    likelihood_value,
    line,
    log,
    minus,
    negative,
    number,
    over_categories,
    parenthesised,
    power,
    product,
    rounded_number,
    shows_exactly,
    symbol,
    total,
)
from mottomo.explanation.steps import Derivation, Step
from mottomo.explanation.underflow import MOST_FACTORS, underflow_throw
from mottomo.likelihoods import (
    bits,
    deviance,
    log_likelihood,
    log_of_fraction,
    perplexity,
    tangent_hessian,
)
from mottomo.messages import say, say_count
from mottomo.tallies import Tally, TallyRemark, check_tally

_MOST_FACTORS = 30  # up to here a product with one factor a throw is written out
_MOST_EIGENVALUES = 60  # categories up to which the eigenvalues of the Hessian are computed

L, LOG_L, N = symbol("L"), Math(r"\log L", "log L", atomic=False), symbol("n")
LAMBDA = symbol(r"\lambda", "λ")

ExplanationVerdict = Literal["explained", "explanation-fails", "no-observations"]
ExplanationRemark = Literal[TallyRemark, "categories-discovered"]


@dataclass(frozen=True, eq=False)
class Explanation(Derivation):
    """The derivation from the tally to the estimate and on to the cross-entropy, on the numbers of the tally.

    Attributes
    ----------
    tally : the tally that is explained.
    steps : the steps of the derivation, in order.
    """

    tally: Tally
    steps: tuple[Step, ...]

    def to_dict(self) -> dict[str, Any]:
        """As in Result."""
        return {"n_observations": self.tally.n_observations, "steps": [step.to_dict() for step in self.steps]}

    @property
    def verdict(self) -> ExplanationVerdict:
        """``explained`` if the claims of all steps hold; ``no-observations`` for an empty tally."""
        if self.tally.n_observations == 0:
            return "no-observations"
        return "explanation-fails" if self.failed else "explained"

    @property
    def remarks(self) -> tuple[ExplanationRemark, ...]:
        """The remarks of the tally, and ``categories-discovered`` if its categories were not declared."""
        if self.tally.categories.declared:
            return self.tally.remarks
        return (*self.tally.remarks, "categories-discovered")


def explain(tally: Tally) -> Explanation:
    """The derivation of the maximum likelihood estimate on the numbers of one tally, as steps that are data.

    The steps are: events, constraint, tally, the likelihood as a product, as powers and with the product sign (the
    article's eq. 3.1 to 3.4); the question; why the logarithm is taken, its rules (3.5), the log-likelihood (3.6); the
    maximum by a Lagrange multiplier, and why it is a maximum; cross-entropy, and the same with one-hot rows. Each step
    computes its claims again and says in ``holds`` whether they are true. Zero counts, one throw, two categories and
    huge n have their own wording. Without observations the derivation ends at the question.

    tally : one Tally without groups.

    Raises InvalidInput for a tally with groups or without categories.

    >>> explanation = explain(Tally.from_counts([2, 5, 2, 4, 2, 5]))
    >>> len(explanation.steps), all(step.holds for step in explanation.steps)
    (14, True)
    """
    check_tally(tally)
    if tally.is_grouped or tally.n_categories == 0:
        raise InvalidInput(
            "one-tally",
            say("only a single tally can be explained"),
            say("tally"),
            say("one tally with at least one category"),
            say_count("{count} group", "{count} groups", len(tally.groups)),
            say("choose one with tally.group(...)") if tally.is_grouped else None,
        )
    case = Case(tally)
    makers = _STEPS if case.n else _STEPS[:_QUESTION]
    return Explanation(tally, tuple(make(case) for make in makers))


def _y(index: int) -> Math:
    return indexed("y", index + 1)


def _t(index: int) -> Math:
    return indexed("t", index + 1)


def _y_hat(index: int) -> Math:
    return Math(rf"\hat{{y}}_{{{index + 1}}}", f"ŷ_{index + 1}")


def _share(case: Case, index: int) -> Math:
    """ŷ_k as a number: the reduced fraction."""
    return number(case.shares[index])


def _events(case: Case) -> Step:
    lines = (line(symbol("K"), ("=", number(case.n_categories))),)
    values = {"n_categories": case.n_categories, "categories": list(case.tally.categories)}
    return Step("events", None, lines, values, len(set(case.tally.categories)) == case.n_categories)


def _constraint(case: Case) -> Step:
    lines = (
        line(total(case.over(_y)), ("=", number(1)), number="3.1"),
        line(over_categories("sum", case.n_categories, indexed("y", "k")), ("=", number(1)), number="3.2"),
    )
    sum_of_estimates = sum(case.shares) if case.n else Fraction(1)
    return Step("constraint", "3.1, 3.2", lines, {"sum": int(sum_of_estimates)}, sum_of_estimates == 1)


def _tally(case: Case) -> Step:
    lines = (line(total(case.over(lambda k: number(case.counts[k]))), ("=", number(case.n))),)
    return Step("tally", None, lines, {"counts": case.counts, "n": case.n}, sum(case.counts) == case.n)


def _sequence_product(case: Case) -> Step:
    """The likelihood as a product with one factor a throw, as in section 3-4 of the article."""
    exact = case.exact_likelihood(case.shares) if case.n else Fraction(1)
    values: dict[str, Any] = {"n_factors": case.n, "log_likelihood": case.log_maximum if case.n else 0.0}
    if case.n == 0:
        return Step("product", None, (line(L, ("=", number(1))),), values, True, "no-observations")
    order = [index for index, count in enumerate(case.counts) for _ in range(min(count, _MOST_FACTORS + 1))]
    factors = elided(_y, order, _MOST_FACTORS)
    lines = [line(L, ("=", product(factors, "×")))]
    holds = True
    if exact is not None:
        one_by_one = Fraction(1)
        for index in (index for index, count in enumerate(case.counts) for _ in range(count)):
            one_by_one *= case.shares[index]
        holds = one_by_one == exact
        values["likelihood"] = str(exact) if shows_exactly(exact) else None
    return Step("product", None, tuple(lines), values, holds, "one-throw" if case.n == 1 else "")


def _powers(case: Case) -> Step:
    symbols = product(case.over(lambda k: power(_y(k), _t(k))))
    with_counts = product(case.over(lambda k: power(_y(k), number(case.counts[k]))))
    lines = [line(L, ("=", symbols), ("=", with_counts), number="3.3")]
    values: dict[str, Any] = {"exponents": case.counts}
    if case.n == 0:
        return Step("powers", "3.3", tuple(lines), values, True, "no-observations")
    exact = case.exact_likelihood(case.shares)
    numbers = product(case.over(lambda k: power(_share(case, k), number(case.counts[k]))))
    lines.append(line(L, ("=", numbers), *likelihood_value(exact, case.log_maximum)))
    values["likelihood_at_estimate"] = float(exact) if exact is not None else math.exp(case.log_maximum)
    holds = exact is None or _close(log_of_fraction(exact), case.log_maximum)
    return Step("powers", "3.3", tuple(lines), values, holds, case.variant)


def _product_sign(case: Case) -> Step:
    body = power(indexed("y", "k"), Math("t_{k}", "t_k"))
    lines = [line(L, ("=", over_categories("prod", case.n_categories, body)), number="3.4")]
    if case.n == 0:
        return Step("product-sign", "3.4", tuple(lines), {}, True, "no-observations")
    exact = case.exact_likelihood(case.fair)
    fair = power(number(Fraction(1, case.n_categories)), number(case.n))
    lines.append(line(_at_fair(L), ("=", fair), *likelihood_value(exact, case.log_fair)))
    values = {"log_likelihood_fair": case.log_fair, "log_ratio": case.log_maximum - case.log_fair}
    holds = (
        _close(case.log_fair, -case.n * math.log(case.n_categories)) and case.log_maximum >= case.log_fair - case.slack
    )
    return Step("product-sign", "3.4", tuple(lines), values, holds, "one-category" if case.n_categories == 1 else "")


def _at_fair(name: Math) -> Math:
    return Math(rf"{name.latex}_{{\mathrm{{fair}}}}", f"{name.text}(fair)")


def _at_estimate(name: Math) -> Math:
    return Math(rf"{name.latex}_{{\mathrm{{max}}}}", f"{name.text}(max)")


def _question(case: Case) -> Step:
    if case.n == 0:
        return Step("question", None, (line(L, ("=", number(1))),), {}, True, "no-observations")
    half = [(share + fair) / 2 for share, fair in zip(case.shares, case.fair, strict=True)]
    log_half = float(log_likelihood(case.tally.counts, half))
    values = {
        "log_likelihood_estimate": case.log_maximum,
        "log_likelihood_halfway": log_half,
        "log_likelihood_fair": case.log_fair,
    }
    holds = case.log_maximum + case.slack >= log_half and log_half + case.slack >= case.log_fair
    return Step("question", None, (), values, holds, "one-category" if case.n_categories == 1 else "")


def _why_log(case: Case) -> Step:
    """At which throw the product underflows to 0, for a fair die and for these data."""
    fair_die = np.full(case.n_categories, 1 / case.n_categories)
    throws: dict[str, Any] = {
        "underflow_throw_fair": underflow_throw(fair_die, np.ones(case.n_categories, dtype=np.int64)),
        "underflow_throw_estimate": underflow_throw(case.estimate.probabilities, case.tally.counts),
    }
    smallest = power(number(2), number(-1074))
    lines = [line(smallest, ("≈", rounded_number(2.0**-1074, 3)))]
    holds = True
    at_fair = throws["underflow_throw_fair"]
    if at_fair is not None:
        value = -at_fair * math.log10(case.n_categories)
        tiny = power(number(Fraction(1, case.n_categories)), number(at_fair))
        lines.append(line(tiny, ("≈", _ten_to(value)), ("<", smallest)))
        holds = value < -1074 * math.log10(2)
    if max(case.counts) == case.n:
        variant = "one-category" if case.n_categories == 1 else "stays-one"
        return Step(
            "why-log", None, tuple(lines), throws, holds and throws["underflow_throw_estimate"] is None, variant
        )
    own = throws["underflow_throw_estimate"]
    if own is not None:  # check by logarithms that the exact product is below the smallest float
        holds = holds and case.log_of_first(own) < -1073 * math.log(2)
    if own is None:
        throws["factors_tried"] = MOST_FACTORS
    variant = "late" if own is None else ""
    return Step("why-log", None, tuple(lines), throws, holds, variant)


def _ten_to(log10: float) -> Math:
    exponent = f"{log10:.2f}"
    return Math(f"10^{{{exponent}}}", f"10^({exponent})", atomic=False)


def _log_rules(case: Case) -> Step:
    powers = product(case.over(lambda k: power(_y(k), _t(k))))
    lines = [
        line(
            LOG_L, ("=", Math(rf"\log \left({powers.latex}\right)", f"log({powers.text})", atomic=False)), number="3.5"
        ),
        line(LOG_L, ("=", total(case.over(lambda k: log(power(_y(k), _t(k))))))),
        line(LOG_L, ("=", total(case.over(lambda k: product([_t(k), log(_y(k))]))))),
    ]
    terms = elided(lambda k: product([number(case.counts[k]), log(_share(case, k))]), case.seen, MOST_TERMS)
    lines.append(line(LOG_L, ("=", total(terms)), _approximately(case.log_maximum)))
    summed = math.fsum(
        count * log_of_fraction(share) for count, share in zip(case.counts, case.shares, strict=True) if count
    )
    return Step(
        "log-rules",
        "3.5",
        tuple(lines),
        {"log_likelihood": case.log_maximum},
        _close(summed, case.log_maximum),
        case.variant,
    )


def _log_likelihood(case: Case) -> Step:
    body = product([indexed("t", "k"), log(indexed("y", "k"))])
    lines = (
        line(LOG_L, ("=", over_categories("sum", case.n_categories, body)), number="3.6"),
        line(_at_estimate(LOG_L), _approximately(case.log_maximum)),
        line(over_categories("sum", case.n_categories, indexed("t", "k")), ("=", number(case.n)), ("=", N)),
    )
    values = {"log_likelihood": case.log_maximum, "n": case.n}
    again = float(log_likelihood(case.tally.counts, list(case.shares)))
    return Step("log-likelihood", "3.6", lines, values, _close(again, case.log_maximum), case.variant)


def _lagrange(case: Case) -> Step:
    """The maximum under the constraint that probabilities sum to 1, which the article's "slope 0" leaves out."""
    t_k, y_k = indexed("t", "k"), indexed("y", "k")
    slope = fraction(t_k, y_k)
    derivative = Math(r"\frac{\partial \log L}{\partial y_{k}}", "∂ log L/∂y_k", atomic=False)
    lines = [line(derivative, ("=", slope), ("=", LAMBDA)), line(y_k, ("=", fraction(t_k, LAMBDA)))]
    lines.append(line(number(1), ("=", fraction(N, LAMBDA))))
    lines.append(line(LAMBDA, ("=", N), ("=", number(case.n))))
    for k in case.some_of(range(case.n_categories)):
        ratio = fraction(number(case.counts[k]), number(case.n))
        reduced = number(case.shares[k])
        more = [] if reduced.text == ratio.text else [("=", reduced)]
        lines.append(line(_y_hat(k), ("=", fraction(_t(k), N)), ("=", ratio), *more))
    floats = case.estimate.probabilities.tolist()
    slopes = [case.counts[k] / floats[k] for k in case.seen]
    holds = all(math.isclose(slope, case.n, rel_tol=TOLERANCE) for slope in slopes) and sum(case.shares) == 1
    values = {
        "multiplier": case.n,
        "probabilities": [float(share) for share in case.shares],
        "probabilities_exact": [str(share) for share in case.shares],
        "gap": float(case.estimate.check.gap),
    }
    return Step("lagrange", None, tuple(lines), values, holds, case.variant)


def _second_derivative(case: Case) -> Step:
    """Why it is a maximum: the Hessian on the tangent space is negative, and the KL divergence is never negative."""
    lines: list[Line] = []
    for k in case.some_of(case.seen):
        curvature = Math(
            rf"\frac{{\partial^2 \log L}}{{\partial y_{{{k + 1}}}^2}}", f"∂² log L/∂y_{k + 1}²", atomic=False
        )
        symbols = negative(fraction(_t(k), power(_y_hat(k), number(2))))
        exact = -Fraction(case.counts[k]) / case.shares[k] ** 2
        lines.append(line(curvature, ("=", symbols), ("=", number(exact))))
    values: dict[str, Any] = {}
    holds = True
    if 1 < len(case.seen) <= _MOST_EIGENVALUES:
        face = [case.shares[k] for k in case.seen]
        eigenvalues = np.linalg.eigvalsh(tangent_hessian([case.counts[k] for k in case.seen], face))
        values["eigenvalues"] = eigenvalues.tolist()
        holds = bool((eigenvalues < 0).all())
    divergence = case.divergence_from_fair
    values |= {"kl_divergence_fair": divergence, "deviance_fair": float(deviance(case.tally.counts, case.fair))}
    difference = minus(LOG_L, _at_fair(LOG_L))
    kl = Math(r"\mathrm{KL}", "KL")
    numbers = minus(number(case.log_maximum), number(case.log_fair))
    lines.append(line(difference, ("=", product([N, kl])), ("≥", number(0))))
    lines.append(
        line(numbers, ("≈", product([number(case.n), number(divergence)])), ("≈", number(values["deviance_fair"] / 2)))
    )
    holds = holds and abs(case.log_maximum - case.log_fair - case.n * divergence) <= case.slack
    return Step("second-derivative", None, tuple(lines), values, holds, case.variant)


def _cross_entropy(case: Case) -> Step:
    nats = float(case.estimate.cross_entropy)
    in_bits, size = float(bits(nats)), float(perplexity(nats))
    fair_nats = math.log(case.n_categories)
    divergence = case.divergence_from_fair
    mean = Math(r"-\frac{1}{n} \log L", "-(1/n) log L", atomic=False)
    share = fraction(indexed("t", "k"), N)
    body = product([share, log(indexed("y", "k"))])
    lines = [
        line(mean, ("=", negative(over_categories("sum", case.n_categories, body)))),
        line(Math(r"-\frac{1}{n} \log L_{\mathrm{max}}", "-(1/n) log L(max)", atomic=False), _approximately(nats)),
        line(_quotient(nats, Math(r"\log 2", "log 2", atomic=False)), ("≈", number(in_bits))),
        line(power(symbol("e"), number(nats)), ("≈", number(size))),
        line(total([number(nats), number(divergence)]), ("≈", number(fair_nats))),
    ]
    values = {
        "nats": nats,
        "bits": in_bits,
        "perplexity": size,
        "nats_fair": fair_nats,
        "kl_divergence_fair": divergence,
    }
    holds = abs(nats + divergence - fair_nats) <= TOLERANCE * max(1.0, fair_nats)
    return Step("cross-entropy", None, tuple(lines), values, holds, "certain" if nats == 0 else case.variant)


def _quotient(value: float, below: Math) -> Math:
    above = number(value)
    return Math(rf"\frac{{{above.latex}}}{{{below.latex}}}", f"{parenthesised(above).text}/{below.text}", atomic=False)


def _one_hot(case: Case) -> Step:
    """The same sum with each throw as a one-hot row; the gradient; the formula for two categories."""
    inner = rf"\sum_{{i=1}}^{{n}} \sum_{{k=1}}^{{{case.n_categories}}} t_{{ik}} \log y_{{k}}"
    rows = Math(f"-{inner}", f"-Σ(i=1..n) Σ(k=1..{case.n_categories}) t_ik log y_k", atomic=False)
    costs = elided(
        lambda k: product([number(case.counts[k]), parenthesised(negative(log(_share(case, k))))], "×"),
        case.seen,
        MOST_TERMS,
    )
    lines = [
        line(rows, ("=", negative(LOG_L))),
        line(total(costs), _approximately(-case.log_maximum)),
    ]
    for k in case.some_of(range(case.n_categories)):
        left = minus(_t(k), product([N, _y_hat(k)]))
        numbers = minus(number(case.counts[k]), product([number(case.n), parenthesised(_share(case, k))]))
        lines.append(line(left, ("=", numbers), ("=", number(0))))
    if case.n_categories == 2:
        lines.append(_binary())
    gradient = [count - case.n * share for count, share in zip(case.counts, case.shares, strict=True)]
    costs_sum = math.fsum(-case.counts[k] * log_of_fraction(case.shares[k]) for k in case.seen)
    values = {"sum_of_losses": -case.log_maximum + 0.0, "gradient": [float(part) for part in gradient]}
    holds = not any(gradient) and _close(costs_sum, -case.log_maximum)
    variant = "two-categories" if case.n_categories == 2 else "one-throw" if case.n == 1 else ""
    return Step("one-hot", None, tuple(lines), values, holds, variant)


def _binary() -> Line:
    """The two-term formula of logistic regression, for two categories."""
    latex = r"\frac{t_{1}}{n} \log y_{1} + \left(1 - \frac{t_{1}}{n}\right) \log \left(1 - y_{1}\right)"
    text = "(t_1/n) log y_1 + (1 - t_1/n) log(1 - y_1)"
    mean = Math(r"\frac{1}{n} \log L", "(1/n) log L", atomic=False)
    return line(mean, ("=", Math(latex, text, atomic=False)))


def _approximately(value: float) -> tuple[str, Math]:
    """A float as a side of a ``line``, after ≈, or after = if it is 0."""
    return ("=" if value == 0 else "≈", number(value + 0.0))


def _close(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


_STEPS: tuple[Callable[[Case], Step], ...] = (
    _events,
    _constraint,
    _tally,
    _sequence_product,
    _powers,
    _product_sign,
    _question,
    _why_log,
    _log_rules,
    _log_likelihood,
    _lagrange,
    _second_derivative,
    _cross_entropy,
    _one_hot,
)
_QUESTION = 7  # steps up to the question; without observations every y is as likely, and the derivation ends there
