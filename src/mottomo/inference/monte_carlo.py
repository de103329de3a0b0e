"""p-values by simulation under the null, valid for any number of draws and repeatable by their seed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from mottomo.errors import InvalidInput
from mottomo.inference.exact.kinds import Problem
from mottomo.inference.methods import MonteCarlo
from mottomo.inference.p_values import PValue
from mottomo.inference.statistics import TIE_BAND
from mottomo.messages import say, verbatim

MOST_SIMULATED = 2**62  # observations in one draw
_CHUNK_CELLS = 4_000_000


def simulated_p_value(problem: Problem, null: Sequence[Fraction], threshold: float, method: MonteCarlo) -> PValue:
    """p = (1 + draws with T >= threshold) / (1 + draws), with a 99.9 % interval of the exact p-value.

    Draws whose T is within a relative 1e-9 of the threshold count as tied, which can only increase p.
    """
    limit = threshold - TIE_BAND * max(threshold, 1.0)
    far = int((simulated_statistics(problem, null, method) >= limit).sum())
    return PValue.of_simulation(far, method.draws, method.seed, "multinomial")


def simulated_statistics(problem: Problem, null: Sequence[Fraction], method: MonteCarlo) -> np.ndarray:
    """T of `draws` tallies simulated under the null, (draws,) float64."""
    if problem.total >= MOST_SIMULATED:
        raise InvalidInput(
            "too-many-to-simulate",
            say("so many observations cannot be simulated"),
            say("counts"),
            say("fewer than 2**62 observations"),
            verbatim(str(problem.total)),
            say("use --method asymptotic (Asymptotic())"),
        )
    generator = np.random.Generator(np.random.PCG64(method.seed))
    order = [index for kind in problem.kinds for index, p in enumerate(null) if p * problem.total == kind.rate]
    weights = np.array([float(null[index]) for index in order])
    weights /= weights.sum()
    rows = max(1, min(method.draws, _CHUNK_CELLS // len(order)))
    parts = [
        _statistics(problem, generator.multinomial(problem.total, weights, size=min(rows, method.draws - start)))
        for start in range(0, method.draws, rows)
    ]
    return np.concatenate(parts)


def _statistics(problem: Problem, counts: np.ndarray) -> np.ndarray:
    """T of each row; the columns come in the order of the kinds."""
    total = np.zeros(len(counts))
    column = 0
    for kind in problem.kinds:
        part = counts[:, column : column + kind.multiplicity]
        low, high = int(part.min()), int(part.max())
        if high - low < part.size:  # a table of costs is cheaper than a logarithm for each cell
            table = kind.costs(np.arange(low, high + 1, dtype=np.int64))
            total += table[part - low].sum(axis=1)
        else:
            total += kind.costs(part.ravel()).reshape(part.shape).sum(axis=1)
        column += kind.multiplicity
    return total
