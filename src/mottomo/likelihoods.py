r"""The one function and its relatives: likelihood, log-likelihood, its derivatives, entropies and the deviance.

Everything rests on the identity  -log L(y) / n = H(t/n) + KL(t/n || y). Counts are (..., K) and probabilities
(..., K); leading axes broadcast, so 10^5 tallies are one call. Natural logarithms: values are in nats.

Rules for zeros: 0 log 0 = 0, and an outcome that happened although its probability is 0 makes log L = -inf. Nothing is
clipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo._arrays import CheckedProbabilities, as_counts, as_probabilities, as_reals, labelled, row_totals
from mottomo.categories import Categories, by_category_name
from mottomo.errors import InvalidInput
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.numerics.contrasts import contrasts
from mottomo.numerics.series import relative_entropy_term, stirling_error
from mottomo.numerics.softmax import softmax_of_relative
from mottomo.numerics.sums import accurate_sum, two_product
from mottomo.probabilities import Probabilities, are_named, is_fair, parse_number

_EXACT_FLOAT_INTEGERS = 2**53
_SMALLEST_NORMAL = 2.0**-1022
_FAR = 1e100  # so many times the expectation
_LARGEST_POWER = 10**7  # the digits of an exact power are as many as its exponent


def likelihood(counts: Any, probabilities: Any) -> Any:
    r"""Likelihood of category probabilities: the probability of a sequence of outcomes with these counts.

    L(y) = prod_k y_k^t_k, with 0^0 = 1: the same number as the product of all n factors one by one. It is for showing:
    the float underflows to 0 after some hundred throws (use ``log_likelihood``). The multinomial coefficient, which
    would count the orders of the outcomes, is left out.

    Parameters
    ----------
    counts : (..., K) integers, observations; or a Tally.
    probabilities : (..., K); each row sums to 1. A mapping from category to probability goes with a Tally.

    Returns
    -------
    Fraction for one tally of counts up to 10^7 and exact probabilities (Fractions, integers, decimals, text), else
    (...) float64.

    Raises
    ------
    InvalidInput : a count is negative, or a row of probabilities does not sum to 1.

    Source: docs/theory/likelihood.md, eq. (1); the article's eq. 3.3 and 3.4.

    >>> from fractions import Fraction
    >>> likelihood([2, 5, 2, 4, 2, 5], [Fraction(n, 20) for n in (2, 5, 2, 4, 2, 5)])
    Fraction(1, 655360000000000)
    """
    checked_counts, checked = _aligned(counts, probabilities)
    exactly = checked.exact is not None and checked_counts.ndim == 1 and int(checked_counts.max()) <= _LARGEST_POWER
    if exactly and checked.exact is not None:
        return math.prod((y**t for y, t in zip(checked.exact, checked_counts.tolist(), strict=True)), start=Fraction(1))
    with np.errstate(under="ignore"):
        product = np.prod(np.power(checked.values, checked_counts.astype(np.float64)), axis=-1)
    return product[()]


def log_likelihood(counts: Any, probabilities: Any) -> Any:
    r"""Log-likelihood of category probabilities, given how often each category was seen.

    log L(y) = sum_k t_k log y_k, with 0 log 0 = 0. The multinomial coefficient is left out: it does not depend on y,
    so differences and the maximum are unchanged (``log_multinomial_coefficient`` gives it).

    Parameters
    ----------
    counts : (..., K) integers, observations. t_k, each >= 0; or a Tally.
    probabilities : (..., K). y_k, each in [0, 1]; the last axis sums to 1. A mapping goes with a Tally.

    Returns
    -------
    (...) float64, nats, at most 0. ``-inf`` where something with probability 0 was seen (``impossible_categories``
    says what).

    Raises
    ------
    InvalidInput : a count is negative, or a row of probabilities does not sum to 1.

    Source: docs/theory/likelihood.md, eq. (3); Agresti, Categorical Data Analysis (2013).

    >>> round(float(log_likelihood([2, 5, 2, 4, 2, 5], [1 / 6] * 6)), 4)
    -35.8352
    """
    checked_counts, checked = _aligned(counts, probabilities)
    return _weighted_logarithms(checked_counts.astype(np.float64), checked)


def _weighted_logarithms(weights: np.ndarray, probabilities: CheckedProbabilities) -> Any:
    """sum_k w_k log y_k with 0 log 0 = 0; for exact probabilities the logarithms are those of the fractions."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = _logarithms(probabilities)
        terms = np.where(weights == 0, 0.0, weights * logarithms)
    return np.add(accurate_sum(terms), 0.0)[()]  # + 0.0 turns -0.0 into 0.0


def _logarithms(probabilities: CheckedProbabilities) -> np.ndarray:
    logarithms: np.ndarray = np.log(probabilities.values)
    if probabilities.exact is not None:
        # Near 1, and below the smallest normal float, the float has lost digits that the fraction still has.
        lossy = (probabilities.values > 0.5) | (probabilities.values < _SMALLEST_NORMAL)
        for index in np.flatnonzero(lossy):
            logarithms[index] = log_of_fraction(probabilities.exact[index])
    return logarithms


def log_of_fraction(value: Fraction) -> float:
    """log of a fraction in [0, 1], accurate near 1 and below the smallest float; -inf at 0."""
    if value > Fraction(1, 2):
        return math.log1p(float(value - 1))
    return math.log(value.numerator) - math.log(value.denominator) if value else -math.inf


def log_multinomial_coefficient(counts: Any) -> Any:
    r"""Logarithm of the number of orders in which the outcomes of a tally can come.

    log [ n! / prod_k t_k! ]. Adding it to ``log_likelihood`` turns the probability of the sequence into the
    probability of the table; it does not depend on y.

    counts : (..., K) integers, or a Tally. Returns (...) float64, nats.

    >>> round(float(log_multinomial_coefficient([2, 5, 2, 4, 2, 5])), 6)
    27.503138
    """
    checked = as_counts(counts)
    totals = np.asarray(row_totals(checked))[..., None]
    # n H(t/n) plus Stirling's corrections, so that no two large terms of opposite sign are added.
    t, n = checked.astype(np.float64), np.maximum(totals.astype(np.float64), 1.0)
    positive = np.maximum(t, 1.0)
    others = (totals - checked).astype(np.float64) / n
    log_share = np.where(t / n > 0.5, np.log1p(-np.minimum(others, 0.5)), np.log(positive / n))
    corrections = np.where(t > 0, 0.5 * np.log(2 * np.pi * positive) + stirling_error(positive), 0.0)
    correction_of_n = np.where(totals > 0, 0.5 * np.log(2 * np.pi * n) + stirling_error(n), 0.0)
    parts = np.concatenate([np.where(t > 0, -t * log_share, 0.0), -corrections, correction_of_n], axis=-1)
    return np.add(accurate_sum(parts), 0.0)[()]


def impossible_categories(counts: Any, probabilities: Any) -> tuple[int, ...]:
    """Positions of the categories that were seen although their probability is 0 (of one tally): why log L is -inf.

    >>> impossible_categories([1, 2, 3], [0.5, 0.5, 0])
    (2,)
    """
    checked_counts, checked = _aligned(counts, probabilities)
    impossible = checked.values == 0 if checked.exact is None else np.array([y == 0 for y in checked.exact])
    return tuple(int(index) for index in np.flatnonzero((checked_counts > 0) & impossible))


def log_likelihood_gradient(counts: Any, probabilities: Any) -> np.ndarray:
    r"""Gradient of the log-likelihood with respect to the probabilities, before the constraint sum_k y_k = 1.

    d log L / d y_k = t_k / y_k, and 0 where t_k = 0 (the term is absent). At the maximum it equals n for every
    category that was seen: that n is the Lagrange multiplier. ``inf`` where an impossible outcome was seen.

    Parameters and errors as for ``log_likelihood``. Returns (..., K) float64.

    >>> log_likelihood_gradient([2, 5, 2, 4, 2, 5], [.1, .25, .1, .2, .1, .25]).tolist()
    [20.0, 20.0, 20.0, 20.0, 20.0, 20.0]
    """
    checked_counts, checked = _aligned(counts, probabilities)
    return _ratio(checked_counts, checked.values)


def hessian(counts: Any, probabilities: Any) -> np.ndarray:
    r"""Second derivatives of the log-likelihood with respect to the probabilities, before the constraint.

    d^2 log L / d y_j d y_k = -t_k / y_k^2 if j = k, else 0; 0 where t_k = 0. Parameters and errors as for
    ``log_likelihood``. Returns (..., K, K) float64.

    >>> hessian([1, 3], [0.25, 0.75]).diagonal().round(6).tolist()
    [-16.0, -5.333333]
    """
    checked_counts, checked = _aligned(counts, probabilities)
    return _diagonal_matrices(np.negative(_ratio(checked_counts, np.square(checked.values))))


def _diagonal_matrices(diagonal: np.ndarray) -> np.ndarray:
    matrices = np.zeros((*diagonal.shape, diagonal.shape[-1]))
    index = np.arange(diagonal.shape[-1])
    matrices[..., index, index] = diagonal + 0.0  # + 0.0 turns -0.0 into 0.0
    return matrices


def tangent_hessian(counts: Any, probabilities: Any) -> np.ndarray:
    r"""The Hessian restricted to directions that keep sum_k y_k = 1.

    B' H B, where the K - 1 columns of B are an orthonormal basis of {v : sum_k v_k = 0}. Its eigenvalues decide
    whether a stationary point is a maximum (all negative: yes). Returns (..., K-1, K-1) float64.

    >>> np.linalg.eigvalsh(tangent_hessian([2, 5, 2, 4, 2, 5], [.1, .25, .1, .2, .1, .25])).round(4).tolist()
    [-200.0, -200.0, -144.207, -92.4597, -80.0]
    """
    full = hessian(counts, probabilities)
    basis = contrasts(full.shape[-1])
    return basis.T @ full @ basis


def fisher_information(probabilities: Any, n_observations: int = 1) -> np.ndarray:
    r"""Fisher information of `n_observations` outcomes about the probabilities, before the constraint.

    I(y) = n diag(1 / y). On the directions that keep the sum at 1 its inverse is the covariance of the estimate,
    (diag(y) - y y') / n. ``inf`` where y_k = 0: do not read a standard error of 0 out of it.

    probabilities : (..., K), or one row of them as text or a mapping. Returns (..., K, K) float64.

    >>> fisher_information([0.5, 0.5], n_observations=10).tolist()
    [[20.0, 0.0], [0.0, 20.0]]
    """
    values = _distribution(probabilities, say("probabilities")).values
    n_observations = int(as_counts([n_observations], verbatim("n_observations"))[0])
    with np.errstate(divide="ignore"):
        return _diagonal_matrices(n_observations / values)


def entropy(probabilities: Any) -> Any:
    r"""Entropy of a distribution.

    H(p) = -sum_k p_k log p_k, with 0 log 0 = 0. It takes probabilities, never raw counts or outcomes.
    probabilities : (..., K), or one row of them as text or a mapping. Returns (...) float64, nats.

    >>> round(float(entropy([0.5, 0.25, 0.25])), 6)
    1.039721
    >>> round(float(entropy("2:1:1")), 6)
    1.039721
    """
    checked = _distribution(probabilities, say("probabilities"))
    return np.add(-_weighted_logarithms(checked.values, checked), 0.0)[()]


def cross_entropy(target: Any, predicted: Any) -> Any:
    r"""Cross-entropy of predicted probabilities under a target distribution.

    H(p, q) = -sum_k p_k log q_k = H(p) + KL(p || q); with p = t/n it is -log L(q) / n. ``inf`` where q_k = 0 < p_k.
    target, predicted : (..., K), text or a mapping; matched by name if both have names. Returns (...) float64, nats.

    >>> round(float(cross_entropy([1, 0, 0], [0.8, 0.1, 0.1])), 10)
    0.2231435513
    """
    weights, checked = _two_distributions(target, predicted)
    return np.add(-_weighted_logarithms(weights.values, checked), 0.0)[()]


def kl_divergence(p: Any, q: Any) -> Any:
    r"""Kullback-Leibler divergence of q from p, at least 0, and 0 only where p = q.

    KL(p || q) = sum_k p_k log(p_k / q_k), computed as sum_k q_k h(p_k / q_k - 1) with h(u) = (1 + u) log(1 + u) - u,
    which has no cancellation when p is near q. ``inf`` where q_k = 0 < p_k. p, q : (..., K), text or a
    mapping; matched by name if both have names. Returns (...), nats.

    >>> round(float(kl_divergence([0.5, 0.5], [0.25, 0.75])), 6)
    0.143841
    """
    left, right = _two_distributions(p, q)
    if left.exact is not None and right.exact is not None:
        differences = np.array([float(a - b) for a, b in zip(left.exact, right.exact, strict=True)])
    else:
        differences = left.values - right.values
    return _divergence(right.values, differences, left.values, lambda: _logarithms(right))


def deviance(counts: Any, probabilities: Any) -> Any:
    r"""Deviance of category probabilities: twice the log-likelihood that they fall short of the maximum.

    G(y) = 2 [log L(t/n) - log L(y)] = 2 n KL(t/n || y) = 2 sum_k e_k h(d_k / e_k), e = n y, d = t - e,
    h(u) = (1 + u) log(1 + u) - u. The last form keeps its digits where t is near e; d is computed exactly.

    Parameters and errors as for ``log_likelihood``. Returns (...) float64, at least 0; ``inf`` where an outcome of
    probability 0 was seen. Source: docs/theory/likelihood.md, eq. (8); Loader (2000).

    >>> round(float(deviance([2, 5, 2, 4, 2, 5], [1 / 6] * 6)), 6)
    3.437967
    """
    checked_counts, checked = _aligned(counts, probabilities)
    totals = np.asarray(row_totals(checked_counts))[..., None]
    expected = totals.astype(np.float64) * checked.values
    differences = _differences(checked_counts, totals, checked)

    def logarithms() -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(totals.astype(np.float64)) + _logarithms(checked)

    return np.multiply(2.0, _divergence(expected, differences, checked_counts, logarithms))[()]


def pearson_statistic(counts: Any, probabilities: Any) -> Any:
    r"""Pearson's statistic sum_k (t_k - e_k)^2 / e_k, e = n y: the score statistic beside the deviance.

    Parameters and errors as for ``log_likelihood``. Returns (...) float64, at least 0; ``inf`` where an outcome of
    probability 0 was seen. Source: docs/theory/exact_tests.md; Pearson (1900).

    >>> round(float(pearson_statistic([2, 5, 2, 4, 2, 5], [1 / 6] * 6)), 12)
    3.4
    """
    checked_counts, checked = _aligned(counts, probabilities)
    totals = np.asarray(row_totals(checked_counts))[..., None]
    expected = totals.astype(np.float64) * checked.values
    differences = _differences(checked_counts, totals, checked)
    possible = expected > 0
    with np.errstate(over="ignore"):  # beyond the largest float it is infinite
        terms = differences * np.divide(differences, expected, out=np.zeros(differences.shape), where=possible)
    return accurate_sum(np.where(~possible & (checked_counts > 0), np.inf, terms))[()]


def _differences(counts: np.ndarray, totals: np.ndarray, probabilities: CheckedProbabilities) -> np.ndarray:
    """t_k - n y_k, rounded once: in rationals if the probabilities are exact, else by the exact product of floats."""
    if probabilities.exact is not None:
        largest = int(totals.max()) if totals.size else 0
        if (
            counts.dtype == np.int64
            and largest * max(y.denominator for y in probabilities.exact) < _EXACT_FLOAT_INTEGERS
        ):
            numerators, denominators = np.array([(y.numerator, y.denominator) for y in probabilities.exact]).T
            return (counts * denominators - totals * numerators) / denominators  # whole numbers below 2**53: exact
        exact = np.array(probabilities.exact, dtype=object)
        return np.asarray(counts.astype(object) - totals.astype(object) * exact).astype(np.float64)
    if counts.dtype == np.int64 and (totals.size == 0 or int(totals.max()) <= _EXACT_FLOAT_INTEGERS):
        rounded, rest = two_product(totals.astype(np.float64), probabilities.values)
        return (counts - rounded) - rest
    values = np.vectorize(Fraction, otypes=[object])(probabilities.values)
    return np.asarray(counts.astype(object) - totals.astype(object) * values).astype(np.float64)


def _divergence(
    expected: np.ndarray, differences: np.ndarray, amounts: np.ndarray, logarithms: Callable[[], np.ndarray]
) -> Any:
    """sum_k e_k h(d_k / e_k); infinite if something was seen where e is 0.

    expected : e, (..., K).
    differences : d, (..., K).
    amounts : a = e + d, (..., K): what was seen.
    logarithms : returns log e; called only if some e is too small for a float, or for the quotient d / e.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.divide(differences, expected)
        is_far = (expected < _SMALLEST_NORMAL) | ~(relative < _FAR)
        terms = np.where(
            is_far, 0.0, expected * relative_entropy_term(np.where(is_far, 0.0, np.maximum(relative, -1.0)))
        )
        if is_far.any():
            # Here a is far from e, so a log (a / e) - d loses no digits.
            seen = amounts.astype(np.float64)
            plain = np.where(seen > 0, seen * (np.log(seen) - logarithms()), 0.0) - differences
            terms = np.where(is_far, plain, terms)
    return accurate_sum(terms)[()]


def perplexity(nats: Any) -> Any:
    """exp of a cross-entropy in nats: the size of the fair die that would be as hard to predict.

    >>> round(float(perplexity(math.log(6))), 6)
    6.0
    """
    with np.errstate(over="ignore"):
        return np.exp(as_reals(nats, say("nats")))[()]


def bits(nats: Any) -> Any:
    """A value in nats as bits: divided by log 2.

    >>> float(bits(math.log(8)))
    3.0
    """
    return np.divide(as_reals(nats, say("nats")), math.log(2))[()]


def softmax(logits: Any) -> np.ndarray:
    r"""Probabilities from logits: y_k = exp(z_k) / sum_j exp(z_j), over the last axis.

    Adding a constant to all logits of a row changes nothing; the largest is subtracted before exp, so that none
    overflows. ``-inf`` is a category of probability 0. logits : (..., K) float. Returns (..., K) float64.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    values = as_reals(logits, say("logits"))
    largest = values.max(axis=-1, keepdims=True) if values.ndim and values.shape[-1] else np.full((1,), np.nan)
    if not np.isfinite(largest).all() or np.isnan(values).any():
        raise InvalidInput(
            "logits-range",
            say("logits have no softmax"),
            say("logits"),
            say("real numbers, at least one finite in each row, none NaN or +inf"),
            say("{values}", values=str(values.tolist())),
        )
    return softmax_of_relative(values - largest)


def _ratio(counts: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    """t / y with 0 / 0 = 0 and t / 0 = inf."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts == 0, 0.0, counts.astype(np.float64) / divisor)


def _aligned(counts: Any, probabilities: Any) -> tuple[np.ndarray, CheckedProbabilities]:
    """Counts and probabilities, checked, over the same K categories; if both have names, these are matched."""
    checked_counts = as_counts(counts)
    categories = getattr(counts, "categories", None)
    if isinstance(probabilities, Probabilities | str):
        return checked_counts, _worded(probabilities, categories, checked_counts.shape[-1])
    by_name = labelled(probabilities)
    if by_name is not None:
        probabilities = _by_name(categories, by_name)
    elif categories is not None and not categories.declared:
        raise _needs_names(categories)
    checked = as_probabilities(_numbers(probabilities))
    _same_length(checked_counts, checked.values, say("counts"), say("probabilities"))
    return checked_counts, checked


def _worded(given: Probabilities | str, categories: Categories | None, size: int) -> CheckedProbabilities:
    """Probabilities from what tests take for a null: ``"fair"``, ``"1:1:2"``, ``"a=0.2,b=0.8"``, a result's null."""
    over = Categories.numbered(size) if categories is None else categories
    if over.declared or is_fair(given):
        found = Probabilities.of(given, over)  # refuses "fair" of discovered categories, and says how to declare them
    elif not are_named(given):
        raise _needs_names(over)
    else:
        found = Probabilities.of(given).reordered(over)
    return CheckedProbabilities(found.values, found.exact)


def _numbers(probabilities: Any) -> Any:
    """Probabilities in which text is read exactly: ``["1/3", "2/3"]``."""
    if isinstance(probabilities, list | tuple) and any(isinstance(value, str) for value in probabilities):
        return [parse_number(value) if isinstance(value, str) else value for value in probabilities]
    return probabilities


def _needs_names(categories: Categories) -> InvalidInput:
    return InvalidInput(
        "positions-of-discovered",
        say("the categories were discovered, so a list of probabilities does not say which is whose"),
        say("probabilities"),
        say("a probability by name for each of {names}", names=list(categories.names[:10])),
        say("probabilities by position"),
        say("give a mapping such as {{'a': 0.5, 'b': 0.5}}, or declare the categories when counting"),
    )


def _by_name(categories: Categories | None, probabilities: Mapping[Any, Any]) -> list[Any]:
    if categories is None:
        raise InvalidInput(
            "unnamed-counts",
            say("probabilities have names and the counts have none"),
            say("counts"),
            say("a Tally, whose categories have names"),
            None,
            say("build one with Tally.from_counts({{...}}), or give the probabilities as a list"),
        )
    named = by_category_name(probabilities)
    if set(named) != set(categories.names):
        missing = [name for name in categories.names if name not in named]
        foreign = [name for name in named if name not in set(categories.names)]
        raise InvalidInput(
            "probabilities-names",
            say("the probabilities do not name the same categories as the counts"),
            say("probabilities"),
            say("a probability for each of {names}", names=list(categories.names[:10])),
            say("missing: {missing}; unknown: {foreign}", missing=missing[:10] or "-", foreign=foreign[:10] or "-"),
        )
    return [named[name] for name in categories.names]


def _distribution(given: Any, where: Message, over: Categories | None = None) -> CheckedProbabilities:
    """Probabilities in any form that a test takes for its null, over some categories; or an array of rows of them."""
    if isinstance(given, Probabilities | str) or labelled(given) is not None:
        found = Probabilities.of(given, over)
        return CheckedProbabilities(found.values, found.exact)
    return as_probabilities(_numbers(given), where)


def _names_in(given: Any) -> Categories | None:
    """The categories that probabilities name."""
    return Probabilities.of(given).categories if are_named(given) else None


def _two_distributions(p: Any, q: Any) -> tuple[CheckedProbabilities, CheckedProbabilities]:
    """Both over the same categories: by name if both have names, else by position; ``"fair"`` is over the other's."""
    over = _names_in(p) or _names_in(q)
    sides = [(p, say("the first distribution")), (q, say("the second distribution"))]
    if over is None:
        known = [_distribution(*side) for side in sides if not is_fair(side[0])]
        over = Categories.numbered(known[0].values.shape[-1]) if known else None
    elif any(hasattr(given, "columns") for given, _ in sides):
        raise InvalidInput(
            "frame-beside-names",
            say("a data frame beside probabilities with names"),
            say("the first distribution") if hasattr(p, "columns") else say("the second distribution"),
            say("an array of rows, and probabilities by position"),
        )
    left, right = (_distribution(*side, over) for side in sides)
    _same_length(left.values, right.values, say("the first distribution"), say("the second distribution"))
    return left, right


def _same_length(left: np.ndarray, right: np.ndarray, left_name: Message, right_name: Message) -> None:
    if left.shape[-1] != right.shape[-1]:
        raise InvalidInput(
            "different-lengths",
            say("{left} and {right} are not over the same categories", left=left_name, right=right_name),
            right_name,
            say_count("{count} value", "{count} values", left.shape[-1]),
            say_count("{count} value", "{count} values", right.shape[-1]),
        )
    try:
        np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise InvalidInput(
            "different-shapes",
            say("{left} and {right} have shapes that do not go together", left=left_name, right=right_name),
            right_name,
            say("a shape that broadcasts with {shape}", shape=str(left.shape)),
            say("{shape}", shape=str(right.shape)),
        ) from None
