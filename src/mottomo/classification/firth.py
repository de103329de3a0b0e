"""Fit by Firth's penalised likelihood, log L + 1/2 log det I: finite also where log L has no maximum.

Each iteration takes the step that the information proposes; the penalty changes the Hessian by a share of about
parameters / rows, so few iterations are needed. The optimality gap is estimated, not proved: the penalty is not known
to be concave for more than two categories.

Source: Firth, Biometrika 80 (1993); Kosmidis and Firth, Biometrika 108 (2021), on finiteness;
docs/theory/classifier.md.
"""

from __future__ import annotations

import math

import numpy as np

from mottomo.classification.collinearity import recoded
from mottomo.classification.existence import Existence
from mottomo.classification.fitting import Fit, middle_of, null_log_likelihood
from mottomo.classification.local_likelihood import At, FirthLikelihood, LocalLikelihood, widest_change
from mottomo.classification.objective import Data, Rows
from mottomo.classification.optimisation import FitState, Progress
from mottomo.classification.scaling import Scaling
from mottomo.errors import InvalidInput
from mottomo.kernels.threads import one_thread_blas
from mottomo.messages import say, verbatim

_MOST_WORK = 4e10  # operations of an iteration, some seconds
_MOST_PARAMETERS = 2000
_WIDEST_STEP = 3.0  # by which a step may change the difference of two logits of a row
_MOST_HALVINGS = 40
_NEARLY = 1e-3  # nats
_NOTHING = 1e-22  # nats, a change of a coefficient by 1e-11 standard errors


@one_thread_blas()
def fit_firth(
    data: Data,
    *,
    intercept: bool = True,
    tolerance: float,
    most_passes: int = 1000,
    progress: Progress | None = None,
) -> Fit:
    """Fit to checked rows; the options are those of ``fit``.

    Raises InvalidInput : the information of so many rows and coefficients is too large.
    """
    rows = _in_memory(data, intercept)
    recoding, collinear = recoded(rows, intercept)
    learnt = recoding.of(rows)
    assert isinstance(learnt, Rows)
    scaling = Scaling.robust(learnt, intercept)
    likelihood = LocalLikelihood(learnt, scaling)
    start = _start(likelihood, data.category_weights() if intercept else None)
    v, found, n_steps, gap = _climbed(FirthLikelihood(likelihood), start, tolerance, most_passes, progress)
    scaled = likelihood.coefficients(v)
    full = scaling.step(scaled)
    learnt_w, learnt_b = (full[:-1], full[-1]) if intercept else (full, np.zeros(data.n_categories))
    w, b = recoding.back(learnt_w, learnt_b, middle_of(rows))
    near = tuple(one for one in collinear if one.kind == "rounding")
    return Fit(
        w=w,
        b=b,
        recoding=recoding,
        learnt_w=learnt_w,
        learnt_b=learnt_b,
        collinear=collinear,
        near=near,
        existence=Existence("penalised"),
        converged=gap <= tolerance,
        reason="gap" if gap <= tolerance else "passes" if n_steps >= most_passes else "rounding",
        n_passes=n_steps,
        gap=gap,
        gap_is_proved=False,
        log_likelihood=likelihood.value_and_probabilities(v)[0],
        null_log_likelihood=null_log_likelihood(data, intercept),
        gradient_norm=float(np.abs(found.gradient).max(initial=0.0)) / data.weight,
    )


def highest_of_firth(likelihood: LocalLikelihood, category_weights: np.ndarray) -> np.ndarray:
    """v of the maximum of Firth's penalised likelihood of a model with intercepts, nearly."""
    return _climbed(FirthLikelihood(likelihood), _start(likelihood, category_weights), _NEARLY, 100, None)[0]


def _start(likelihood: LocalLikelihood, category_weights: np.ndarray | None) -> np.ndarray:
    """v of the intercept-only model; 0 without intercepts."""
    start = np.zeros((likelihood.design.shape[1], len(likelihood.q)))
    if category_weights is not None:
        logs = np.log(np.maximum(category_weights, 0.5))
        start[-1] = logs - logs.mean()
    return likelihood.coordinates(start)


def _climbed(
    surface: FirthLikelihood, v: np.ndarray, tolerance: float, most: int, progress: Progress | None
) -> tuple[np.ndarray, At, int, float]:
    """The best point, what the surface is there, the iterations, and the estimated optimality gap, nats."""
    found, n_steps, gap = surface(v), 1, math.inf
    while True:
        step, before = _newton(found), gap
        gap = 0.5 * float(step @ found.gradient)
        if progress is not None:
            progress(FitState(n_steps, -found.value, gap))
        # Past the tolerance steps cost little and sharpen the coefficients, until rounding ends that.
        if (gap <= tolerance and (gap <= _NOTHING or gap >= 0.9 * before)) or n_steps >= most:
            return v, found, n_steps, max(gap, 4e-16 * abs(found.value))
        share = min(1.0, _WIDEST_STEP / widest_change(surface, step))
        for _ in range(_MOST_HALVINGS):
            n_steps += 1
            try:
                new = surface(v + share * step)
            except np.linalg.LinAlgError:  # too far: the information is singular there
                new = None
            if new is not None and new.value > found.value - 1e-14 * abs(found.value):
                break
            share /= 2
        else:
            return v, found, n_steps, gap
        v, found = v + share * step, new


def _newton(found: At) -> np.ndarray:
    """I^-1 g."""
    import scipy.linalg

    units = 1 / np.sqrt(np.maximum(np.diag(found.curvature), 1e-300))
    factor = scipy.linalg.cho_factor(found.curvature * units * units[:, None], lower=True, check_finite=False)
    return np.asarray(scipy.linalg.cho_solve(factor, found.gradient * units, check_finite=False) * units)


def _in_memory(data: Data, intercept: bool) -> Rows:
    """The rows, dense and in memory. Raises InvalidInput : they are too many for the information of each iteration."""
    parameters = (data.n_features + intercept) * (data.n_categories - 1)
    work = 4.0 * data.n * parameters * parameters
    if work > _MOST_WORK or parameters > _MOST_PARAMETERS:
        raise InvalidInput(
            "firth-size",
            say("Firth's penalty needs the information of all coefficients in each iteration, and these are too many"),
            verbatim("penalty"),
            say(
                "rows times the square of the coefficients up to {most}, and at most {parameters} coefficients",
                most=f"{_MOST_WORK / 4:.0e}",
                parameters=_MOST_PARAMETERS,
            ),
            say(
                "{work}, with {rows} rows and {parameters} coefficients",
                work=f"{work / 4:.1e}",
                rows=data.n,
                parameters=parameters,
            ),
            say("take l2=1, or fewer columns with --features"),
        )
    batches = list(data.batches())
    if len(batches) == 1 and isinstance(data, Rows):
        return data.dense() if data.is_sparse else data

    def joined(name: str) -> np.ndarray | None:
        parts = [getattr(rows, name) for rows in batches]
        return None if parts[0] is None else np.concatenate(parts)

    features = np.concatenate([one.features.toarray() if one.is_sparse else one.features for one in batches])
    return Rows(features, data.n_categories, joined("labels"), joined("targets"), joined("weights"))
