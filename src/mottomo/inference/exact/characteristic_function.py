r"""Tail probabilities with proven bounds from the characteristic function, for many categories and many outcomes.

Under weights tilted by exp(tau T + sigma sum x), normalised to probabilities P*,

    P(T >= t) = C E*[ exp(-tau (T - t)); T >= t, sum x = n ],    C = exp(Lambda(tau, sigma)) / Poisson(n; n)

    E*[ exp(i theta T); sum x = n ] = (1/M) sum_j exp(-i phi_j n) prod_k G_k(phi_j, theta),  phi_j = 2 pi j / M

where G_k is a Fourier transform over x of one category. The truncated exponential is enclosed between band-limited
functions (``extremal.py``), so finitely many theta give a lower and an upper bound. The difference of the bounds is
about the density of T at t divided by the highest frequency. If the costs are integers (Pearson under a rational null),
T is on a lattice and has only finitely many frequencies, so the bounds agree. Everything that is left out (outcomes far
out, aliased sums, rounding) is bounded and added to the bracket.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mottomo.inference.exact.extremal import truncated_exponential_transforms
from mottomo.inference.exact.kinds import Problem
from mottomo.inference.exact.tilting import (
    OutOfReach,
    Tilt,
    Window,
    best_tilt,
    conditional_variance,
    evaluated,
    log_outside,
    make_windows,
    tail_bound,
    tilt_at,
    total_bound,
)

_EPS = 2.0**-52
_TURN_BITS = 40  # costs are rounded to multiples of period / 2^40, so that phases are exact
_ROWS = 64
_TILT_SHARES = (0.98, 0.95, 0.92, 0.88, 0.84, 0.8, 0.75)
_LEAST_TILT = 0.5  # the least tau times the standard deviation of T; a smaller one would make the period long
_MOST_LOST = 14.0  # natural logarithm of the factor of precision that a smaller tilt may lose
_CHEAP = 1e9  # if a plan takes fewer operations, no cheaper one is looked for
_LEAST_ROW = 5e3  # the overhead of a row, in operations
_WIDEST = 0.5  # a bracket of a larger relative width is useless


@dataclass(frozen=True, slots=True)
class Bracket:
    """A probability with proven bounds.

    Attributes
    ----------
    log_p : natural logarithm of the estimate.
    log_lower : natural logarithm of the lower bound.
    log_upper : natural logarithm of the upper bound.
    """

    log_p: float
    log_lower: float
    log_upper: float


def transformed_tail(
    problem: Problem, threshold: float, log_guess: float, *, relative_width: float, most_operations: float
) -> Bracket:
    """P(T >= threshold) with a bracket of about `relative_width`, or as narrow as `most_operations` allows.

    log_guess : roughly the log of the probability; it decides which far-out outcomes are left out.

    Raises OutOfReach if not even a wide bracket is affordable.
    """
    depth = max(-log_guess, 1.0)
    windows = make_windows(problem, depth)
    # The bounds hold for any positive tilt; the choice decides the cost and how many digits are lost.
    tilts = _useful_tilts(windows, threshold, problem.total)
    plan, tilt = _cheapest_plan(problem, windows, tilts, threshold, relative_width, most_operations)
    above, below, rounding = _sums(problem, windows, tilt, plan, threshold)
    log_constant = tilt.exponent - problem.log_normaliser
    slack = rounding + (plan.wrapped + plan.aliased) / -math.expm1(-min(tilt.tau * plan.period, 50.0))
    upper, lower = above + slack, below - slack
    unsure = 16 * _EPS * (tilt.magnitude(problem.total) + abs(problem.log_normaliser) + 100)
    log_upper = _log(upper) + log_constant
    log_upper = min(float(np.logaddexp(log_upper, log_outside(problem, depth))), 0.0)
    log_upper, log_lower = log_upper + unsure, _log(lower) + log_constant - unsure
    if log_upper - log_lower > _WIDEST:
        raise OutOfReach(2 * most_operations)
    log_p = min(_log(0.5 * (above + max(below, 0.0))) + log_constant, log_upper)
    log_p = min(float(log_p), log_upper)
    return Bracket(log_p, min(float(log_lower), log_p), log_upper)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which frequencies are evaluated, and how much is left out.

    period : of T; the frequencies are 2 pi l / period.
    n_frequencies : the largest l; all from 0 on are evaluated.
    modulus : M; sums of x are known modulo this.
    wrapped : a bound of what the period leaves out, relative to C.
    aliased : a bound of what the modulus leaves out, relative to C.
    negligible : a product of transforms below this is taken for 0.
    lattice : the period in steps of the lattice of T; 0 if T is on no lattice.
    """

    period: float
    n_frequencies: int
    modulus: int
    wrapped: float
    aliased: float
    negligible: float
    lattice: int


def _useful_tilts(windows: Sequence[Window], threshold: float, total: int) -> list[Tilt]:
    """Positive tilts, the best conditioned first; the smaller ones after it lose digits but may be cheaper."""
    best = best_tilt(windows, threshold, total)
    least = _LEAST_TILT / math.sqrt(conditional_variance(evaluated(windows, 0.0, 0.0, threshold, total).hessian))
    if best.tau < least:
        return [tilt_at(windows, least, 0.0, threshold, total)]
    tilts = [best]
    for share in _TILT_SHARES:
        tilt = tilt_at(windows, share * best.tau, tilts[-1].sigma, threshold, total)
        if tilt.exponent > best.exponent + _MOST_LOST:
            break
        tilts.append(tilt)
    return tilts


def _cheapest_plan(
    problem: Problem,
    windows: Sequence[Window],
    tilts: list[Tilt],
    threshold: float,
    relative_width: float,
    most_operations: float,
) -> tuple[_Plan, Tilt]:
    """The plan with the least work, and its tilt.

    It uses the lattice if that is affordable. If not, its bracket has `relative_width` or the least affordable width.
    """
    hessian = tilts[0].hessian
    # The order of magnitude of the sum, which decides what is negligible.
    determinant = max(float(np.linalg.det(hessian)), 1e-300)
    log_size = -math.log(2 * math.pi * math.sqrt(determinant)) - math.log(tilts[0].tau)
    log_size = min(log_size, problem.log_normaliser - tilts[0].exponent)  # where p is near 1
    step = _lattice_step(problem, windows)
    for on_lattice in (True, False) if step else (False,):
        share = 1e-10 if on_lattice else 1e-3 * relative_width
        options = []
        for tilt in tilts:
            log_negligible = math.log(share) + log_size + tilts[0].exponent - tilt.exponent
            if log_negligible < -600:
                raise OutOfReach(2 * most_operations)
            negligible = math.exp(log_negligible)
            period, modulus = _period(windows, tilt, threshold, problem.total, negligible)
            row = len(windows) * max(modulus * (12 + math.log2(modulus)), _LEAST_ROW)
            if on_lattice:
                frequencies = math.ceil(period / step) // 2
            else:
                density = tilts[0].tau + 1 / math.sqrt(conditional_variance(hessian))  # about -d log P / dt
                frequencies = max(math.ceil(period * density / relative_width), 64)
            options.append((frequencies * row, frequencies, period, modulus, row, negligible, tilt))
            if frequencies * row < _CHEAP:
                break
        work, frequencies, period, modulus, row, negligible, tilt = min(options, key=lambda option: option[0])
        if work > most_operations:
            if on_lattice:
                continue
            frequencies = int(most_operations / row)
            if frequencies * _WIDEST < work / row * relative_width:
                raise OutOfReach(work / row * relative_width / _WIDEST * row)
        lattice = 0
        if on_lattice:
            lattice = _fast_length(math.ceil(period / step))
            period, frequencies = lattice * step, lattice // 2
        largest = sum(window.multiplicity * float(window.costs.max()) for window in windows)
        wrapped = 2 * tail_bound(windows, tilt, period, threshold, problem.total) if period < largest else 0.0
        wrapped += 0.0 if on_lattice else math.exp(-tilt.tau * (period - threshold))
        aliased = total_bound(windows, tilt, float(modulus), problem.total)
        return _Plan(period, frequencies, modulus, wrapped, aliased, negligible * 1e-4, lattice), tilt
    raise AssertionError("unreachable")  # pragma: no cover


def _lattice_step(problem: Problem, windows: Sequence[Window]) -> float:
    """The spacing of the lattice of T, or 0 if T is on no known lattice."""
    if problem.unit is None or any(window.units is None for window in windows):
        return 0.0
    return _lattice_remainder(windows)[1] * float(problem.unit)


def _period(
    windows: Sequence[Window], tilt: Tilt, threshold: float, total: int, negligible: float
) -> tuple[float, int]:
    """A period of T and a modulus of sum x, beyond which the tilted measure has a mass of less than `negligible`."""
    spread = math.sqrt(conditional_variance(tilt.hessian))
    largest = sum(window.multiplicity * float(window.costs.max()) for window in windows)
    end = threshold - math.log(min(negligible, 0.5)) / tilt.tau
    while end < largest and tail_bound(windows, tilt, end, threshold, total) > negligible:
        end += max(spread / 2, end / 16)
    deviation = math.sqrt(float(tilt.hessian[1, 1]))
    reach = 4.0
    while total_bound(windows, tilt, reach * deviation, total) > negligible and reach < 60:
        reach += 0.5
    longest = max(window.costs.size for window in windows)
    return min(end, largest + spread), _fast_length(max(math.ceil(reach * deviation) + 1, longest))


def _fast_length(size: int) -> int:
    """The smallest 2^a 3^b 5^c that is at least `size`: a length for which FFTs are fast."""
    best = 1 << max(size - 1, 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = three
            while two < size:
                two *= 2
            best = min(best, two)
            three *= 3
        five *= 5
    return best


def _sums(
    problem: Problem, windows: Sequence[Window], tilt: Tilt, plan: _Plan, threshold: float
) -> tuple[float, float, float]:
    """E*[F(T); sum x = n] for F above and F below the truncated exponential, and a bound of their rounding error."""
    indices = np.arange(plan.n_frequencies + 1)
    if plan.lattice:
        above = below = _lattice_coefficients(problem, windows, tilt, plan, threshold)
    else:
        scaled = plan.n_frequencies / plan.period  # the highest frequency of the functions
        slack = sum(window.multiplicity for window in windows) * plan.period * 2.0 ** -(_TURN_BITS + 1)
        slack += 1e-13 * max(threshold, 1.0)
        coefficients = truncated_exponential_transforms(indices / plan.n_frequencies, tilt.tau / scaled)
        phases = 2 * np.pi * np.modf(indices * (threshold / plan.period))[0]
        shifted = [
            part * np.exp(-1j * (phases + 2 * np.pi * indices * (sign * slack / plan.period))) / plan.n_frequencies
            for part, sign in zip(coefficients, (-1, 1), strict=True)
        ]
        # Costs off by up to `slack` also move exp(-tau (T - t)).
        grown = math.exp(2 * tilt.tau * slack)
        above = np.where(indices == 0, shifted[0], 2 * shifted[0]) * grown
        below = np.where(indices == 0, shifted[1], 2 * shifted[1]) / grown
    rows = _transformed_rows(problem, windows, tilt, plan)
    total_above = total_below = rounding = 0.0
    for start, values, error in rows:
        part = slice(start, start + values.size)
        total_above += float((above[part] * values).real.sum())
        total_below += float((below[part] * values).real.sum())
        rounding += float((np.maximum(np.abs(above[part]), np.abs(below[part])) * error).sum())
    return total_above, total_below, rounding


def _lattice_coefficients(
    problem: Problem, windows: Sequence[Window], tilt: Tilt, plan: _Plan, threshold: float
) -> np.ndarray:
    """The Fourier coefficients of the truncated exponential itself, on the lattice of T."""
    assert problem.unit is not None
    step = plan.period / plan.lattice
    remainder, _ = _lattice_remainder(windows)
    offset = remainder * float(problem.unit)
    # The first lattice point that is not below the threshold; the relative error of costs is below 1e-12.
    first = max(math.ceil((threshold * (1 - 1e-12) - offset) / step - 1e-6), 0)
    values = np.zeros(plan.lattice)
    values[first:] = np.exp(-tilt.tau * (offset + np.arange(first, plan.lattice) * step - threshold))
    spectrum = np.fft.rfft(values) / plan.lattice
    weight = np.full(spectrum.size, 2.0)
    weight[0] = 1.0
    if plan.lattice % 2 == 0:
        weight[-1] = 1.0
    return np.asarray(spectrum * weight)


def _lattice_remainder(windows: Sequence[Window]) -> tuple[int, int]:
    """The remainder of every T modulo the step of the lattice, and that step, both in units."""
    units = [window.units for window in windows if window.units is not None]
    step = int(np.gcd.reduce(np.concatenate([np.diff(part) for part in units])))
    shared = sum(window.multiplicity * (int(part[0]) % step) for window, part in zip(windows, units, strict=True))
    return shared, step


def _transformed_rows(
    problem: Problem, windows: Sequence[Window], tilt: Tilt, plan: _Plan
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Chunks of E*[exp(i theta_l T); sum x = n]: the first l, the values, and bounds of their rounding errors."""
    weights = [window.log_sum(tilt.tau, tilt.sigma)[1] for window in windows]
    turns = [_turns(window, plan, _lattice_remainder(windows)[1] if plan.lattice else 1) for window in windows]
    bits_mask = plan.lattice or 1 << _TURN_BITS
    offset = sum(window.multiplicity * window.first for window in windows)
    extraction = np.exp(
        -2j * np.pi * ((np.arange(plan.modulus) * (problem.total - offset)) % plan.modulus) / plan.modulus
    )
    extraction /= plan.modulus
    rows = max(1, min(_ROWS, 2**21 // plan.modulus, 2**23 // (len(windows) * plan.modulus)))
    inner = [np.exp(2j * np.pi * (np.outer(np.arange(rows), turn) % bits_mask) / bits_mask) for turn in turns]
    unit = 20 * _EPS * (math.log2(plan.modulus) + 4)
    for start in range(0, plan.n_frequencies + 1, rows):
        stop = min(start + rows, plan.n_frequencies + 1)
        transforms = []
        log_largest = np.zeros(stop - start)
        for window, weight, turn, table in zip(windows, weights, turns, inner, strict=True):
            outer = weight * np.exp(2j * np.pi * ((start * turn) % bits_mask) / bits_mask)
            # ifft uses exp(+i phi x), as the characteristic function does.
            transform = np.fft.ifft(table[: stop - start] * outer, n=plan.modulus, axis=1, norm="forward")
            squares = (transform.real**2 + transform.imag**2).max(axis=1)
            log_largest += window.multiplicity / 2 * np.log(np.maximum(squares, 1e-300))
            transforms.append(transform)
        # Far from the origin nearly all products are negligible; they are bounded, not computed.
        kept = np.flatnonzero(log_largest > math.log(plan.negligible))
        values = np.zeros(stop - start, dtype=np.complex128)
        error = np.full(stop - start, plan.negligible)
        if kept.size:
            product = np.ones((kept.size, plan.modulus), dtype=np.complex128)
            lost = np.zeros((kept.size, plan.modulus))  # sum_k m_k / |G_k|: the product's relative error in units
            for window, transform in zip(windows, transforms, strict=True):
                product *= _power(transform[kept], window.multiplicity)
                lost += window.multiplicity / np.maximum(np.abs(transform[kept]), unit)
            values[kept] = product @ extraction
            error[kept] = unit * (np.abs(product) * lost).mean(axis=1)
        yield start, values, error


def _turns(window: Window, plan: _Plan, step: int) -> np.ndarray:
    """The costs as integers modulo the period, in units of period / 2^40 or, on a lattice, of its step."""
    if plan.lattice:
        assert window.units is not None
        return (window.units // step) % plan.lattice
    return np.rint(window.costs / plan.period * 2.0**_TURN_BITS).astype(np.int64) % (1 << _TURN_BITS)


def _power(values: np.ndarray, exponent: int) -> np.ndarray:
    """values ** exponent by repeated squaring; numpy would compute it through logarithms."""
    result = None
    while exponent:
        if exponent & 1:
            result = values if result is None else result * values
        exponent >>= 1
        if exponent:
            values = values * values
    return np.ones_like(values) if result is None else result
