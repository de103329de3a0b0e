"""Cross-entropy of rows: from logits, with or without its gradient, and from probabilities, which are checked too.

The functions whose names end in ``_with_numpy`` show the mathematics. They compute the same as the C loops, are used if
these were not built, and are the reference in their tests. No (n, K) array is made except those that are returned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mottomo.kernels.arrays import floats, integers, writable
from mottomo.kernels.native import extension
from mottomo.kernels.threads import Range, ranges, workers

_PART = 1 << 18  # the least number of numbers in a range
_MOST_RANGES = 32  # handing a range to a thread takes about as long as processing 50,000 numbers
_NUMPY_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class LogitLosses:
    """The sum of the losses, and what else was asked for.

    Attributes
    ----------
    total : sum_i w_i loss_i, nats; NaN if a label is no category.
    gradient : (n, K), or None.
    losses : (n,) float64, or None.
    stray : the first row whose label is no category, or None.
    """

    total: float
    gradient: np.ndarray | None = None
    losses: np.ndarray | None = None
    stray: int | None = None


def cross_entropy_of_logits(
    logits: np.ndarray,
    labels: np.ndarray | None,
    *,
    targets: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    scale: float | None = None,
    gradient: np.ndarray | None = None,
    losses: bool = False,
) -> LogitLosses:
    """sum_i w_i loss_i with loss_i = log sum_k exp(z_ik) - sum_k t_ik z_ik, nats.

    It is computed as log1p(rest) + sum_k t_k (z_r - z_k), where z_r is a largest logit and rest is the sum of
    exp(z_k - z_r) over the others. So (0, -50, -50) with label 0 gives 3.857e-22, and nothing overflows. In blocks of
    rows whose logits are all near that of the label, the C loops take the label for r instead.

    Parameters
    ----------
    logits : (n, K) float32 or float64; -inf is probability 0, but the largest of a row is finite.
    labels : (n,) int64, the category that happened in each row; or None with `targets`.
    targets : (n, K) of the dtype of the logits, >= 0, each row summing to 1.
    weights : (n,) float64 >= 0.
    scale : if given, the gradient of scale * total is returned too, (n, K): scale w_i (softmax(z_i) - t_i).
    gradient : an array for the gradient, contiguous and with the shape and dtype of the logits; it may be `logits`
        itself. Without it a new one is made.
    losses : whether the loss of each row is returned, (n,) float64.

    Arrays of another layout or dtype are copied first. Raises TypeError or ValueError if arrays do not fit together.

    >>> round(cross_entropy_of_logits(np.array([[0.0, -50.0, -50.0]]), np.array([0])).total / 1e-22, 3)
    3.857
    """
    logits = floats(logits, (-1, -1), "logits")
    n, size = logits.shape
    if (labels is None) == (targets is None):
        raise TypeError("either labels or targets are given")
    labels = None if labels is None else integers(labels, (n,), "labels")
    targets = None if targets is None else floats(targets, (n, size), "targets").astype(logits.dtype, copy=False)
    weights = None if weights is None else floats(weights, (n,), "weights").astype(np.float64, copy=False)
    if scale is None:
        gradient = None
    elif gradient is None:
        gradient = np.empty_like(logits)
    else:
        gradient = writable(gradient, logits.dtype, (n, size), "gradient")
        in_place = gradient.ctypes.data == logits.ctypes.data
        read = [array for array in (labels, targets, weights, None if in_place else logits) if array is not None]
        if any(np.may_share_memory(gradient, array) for array in read):
            raise ValueError("gradient overlaps an array that is read")
    each = np.empty(n) if losses else None
    native = extension()

    def part(first: int, last: int) -> tuple[float, int]:
        if native is None:
            return _losses_with_numpy(logits, labels, targets, weights, scale, gradient, each, (first, last))
        total, _, wrong = native.run(
            "cross_entropy", logits.itemsize, first, last, size, logits, labels=labels, targets=targets,
            weights=weights, scale=scale or 0.0, gradient=gradient, losses=each,
        )  # fmt: skip
        return total, wrong

    where = _ranges(logits)
    with workers(logits.size * 4 if native else 0, len(where)) as run:
        parts = run(part, where)
    stray = next((row for _, row in parts if row >= 0), None)
    if stray is not None:
        return LogitLosses(math.nan, stray=stray)
    return LogitLosses(_sum([total for total, _ in parts]), gradient, each)


def _ranges(rows: np.ndarray) -> list[Range]:
    """Ranges of rows: in C one or more for each thread, in numpy short ones to keep temporary arrays small."""
    if extension() is None:
        return ranges(len(rows), rows.size // _NUMPY_PART)
    return ranges(len(rows), min(rows.size // _PART, _MOST_RANGES))


def _sum(totals: list[float]) -> float:
    return math.fsum(totals) if all(map(math.isfinite, totals)) else sum(totals)


def _losses_with_numpy(
    logits: np.ndarray,
    labels: np.ndarray | None,
    targets: np.ndarray | None,
    weights: np.ndarray | None,
    scale: float | None,
    gradient: np.ndarray | None,
    losses: np.ndarray | None,
    rows: Range,
) -> tuple[float, int]:
    """The same as the C loop: the sum over some rows, and the first row whose label is no category, or -1."""
    at = slice(*rows)
    z = logits[at]
    if labels is not None:
        stray = np.flatnonzero((labels[at] < 0) | (labels[at] >= z.shape[1]))
        if stray.size:
            return math.nan, rows[0] + int(stray[0])
    residual, loss = softmax_losses(z, None if labels is None else labels[at], None if targets is None else targets[at])
    w = np.ones(len(z)) if weights is None else weights[at]
    if losses is not None:
        losses[at] = loss
    if gradient is not None and scale is not None:
        gradient[at] = residual * (scale * w)[:, None]
    return weighted_sum(loss, w), -1


def weighted_sum(losses: np.ndarray, weights: np.ndarray) -> float:
    """sum_i w_i loss_i; rows of weight 0 are skipped, even if their loss is infinite."""
    return _sum((weights[weights != 0] * losses[weights != 0]).tolist())


def softmax_losses(
    z: np.ndarray, labels: np.ndarray | None, targets: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """softmax(z) - t (n, K) and losses (n,) of some rows; t is the one-hot code of the labels, or `targets`."""
    index = np.arange(len(z))
    place = z.argmax(axis=1)
    top = z[index, place].astype(np.float64)
    e = np.exp(z - top[:, None].astype(z.dtype))
    e[index, place] = 0
    rest = e.sum(axis=1, dtype=np.float64)
    e[index, place] = 1
    residual = e / (1 + rest)[:, None]
    if labels is not None:
        below = top - z[index, labels]
        # y - 1 is computed as minus the share of the others, which is accurate also if y is near 1
        residual[index, labels] = -(rest + (1 - e[index, labels].astype(np.float64))) / (1 + rest)
    else:
        assert targets is not None
        distance = np.where(targets != 0, top[:, None] - z, 0)  # so that a target of 0 with an infinite distance adds 0
        below = (targets * distance).sum(axis=1, dtype=np.float64)
        residual = residual - targets
    return residual, np.log1p(rest) + below


@dataclass(frozen=True, slots=True)
class GatheredLogs:
    """The log-likelihood of labels under predicted probabilities.

    Attributes
    ----------
    total : sum_i w_i log p(i, label_i), nats, over the rows whose label has a probability above 0.
    impossible : in how many rows the label has the probability 0.
    wrong : the first row that is no probability vector or whose label is no category, or None.
    """

    total: float
    impossible: int
    wrong: int | None = None


def gather_log(
    probabilities: np.ndarray, labels: np.ndarray, *, weights: np.ndarray | None = None, tolerance: float
) -> GatheredLogs:
    """sum_i w_i log p(i, label_i), nats; the same pass checks every row: p >= 0 and |sum - 1| <= tolerance.

    Parameters
    ----------
    probabilities : (n, K) float32 or float64.
    labels : (n,) int64.
    weights : (n,) float64 >= 0.
    tolerance : by how much the sum of a row may miss 1.

    Arrays of another layout or dtype are copied first. Raises TypeError or ValueError if arrays do not fit together.

    >>> gather_log(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]), tolerance=1e-15)
    GatheredLogs(total=-0.6931471805599453, impossible=1, wrong=None)
    """
    probabilities = floats(probabilities, (-1, -1), "probabilities")
    n, size = probabilities.shape
    labels = integers(labels, (n,), "labels")
    weights = None if weights is None else floats(weights, (n,), "weights").astype(np.float64, copy=False)
    native = extension()

    def part(first: int, last: int) -> tuple[float, int, int]:
        if native is None:
            return _gathered_with_numpy(probabilities, labels, weights, tolerance, (first, last))
        return native.run(
            "gather_log", probabilities.itemsize, first, last, size, probabilities, labels=labels, weights=weights,
            scale=tolerance,
        )  # fmt: skip

    where = _ranges(probabilities)
    with workers(probabilities.size if native else 0, len(where)) as run:
        parts = run(part, where)
    wrong = next((row for _, _, row in parts if row >= 0), None)
    if wrong is not None:
        return GatheredLogs(math.nan, 0, wrong)
    return GatheredLogs(_sum([total for total, _, _ in parts]), sum(zeros for _, zeros, _ in parts))


def _gathered_with_numpy(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None, tolerance: float, rows: Range
) -> tuple[float, int, int]:
    p, k = probabilities[slice(*rows)], labels[slice(*rows)]
    totals = p.sum(axis=1, dtype=np.float64)
    right = (p >= 0).all(axis=1) & (np.abs(totals - 1) <= tolerance) & (k >= 0) & (k < p.shape[1])
    if not right.all():
        return 0.0, 0, rows[0] + int(np.flatnonzero(~right)[0])
    chosen = p[np.arange(len(p)), k].astype(np.float64)
    seen = chosen > 0
    logs = np.log(chosen[seen])
    return _sum((logs if weights is None else weights[slice(*rows)][seen] * logs).tolist()), int((~seen).sum()), -1
