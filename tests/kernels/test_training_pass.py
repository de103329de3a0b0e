"""One pass of training over dense and sparse features on each path."""

from __future__ import annotations

import numpy as np
import pytest

from mottomo.kernels.training import TrainingPass


class Rows:
    """A CSR matrix without scipy, for the C loop; the twin gets scipy's."""


def csr(dense):
    import scipy.sparse

    matrix = scipy.sparse.csr_matrix(dense)
    matrix.indptr = matrix.indptr.astype(np.int64)
    matrix.indices = matrix.indices.astype(np.int32)
    return matrix


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9, 12, 13, 17, 24, 33, 50, 70])
@pytest.mark.parametrize("kind", ["C", "F", "float32", "csr"])
def test_a_training_pass_is_the_formula(path, size, kind):
    generator = np.random.default_rng(size)
    for n, p in ((1, 1), (9, 3), (64, 5), (131, 17)):
        x = generator.normal(size=(n, p))
        if kind == "csr":
            x[generator.random((n, p)) < 0.6] = 0
        features = {
            "C": lambda x: x, "F": np.asfortranarray, "float32": lambda x: x.astype(np.float32), "csr": csr,
        }[kind](x)  # fmt: skip
        x = features.toarray() if kind == "csr" else np.asarray(features, dtype=np.float64)
        w, b = generator.normal(size=(p, size)), generator.normal(size=size)
        labels, weights = generator.integers(0, size, n), generator.exponential(1, n)
        soft = generator.dirichlet(np.ones(size), n)
        for labelled, targets, weighted in ((labels, None, None), (labels, None, weights), (None, soft, weights)):
            with TrainingPass(features, size, labelled, targets, weighted).running() as rows:
                found = rows.sums(w, b)
            t = np.eye(size)[labels] if targets is None else targets
            m = np.ones(n) if weighted is None else weighted
            z = x @ w + b
            e = np.exp(z - z.max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
            loss = (m * (np.log(e.sum(axis=1)) + z.max(axis=1) - (t * z).sum(axis=1))).sum()
            assert found.loss == pytest.approx(loss, rel=1e-12, abs=1e-12)
            np.testing.assert_allclose(found.gradient, x.T @ (m[:, None] * (y - t)), rtol=1e-11, atol=1e-11)
            np.testing.assert_allclose(found.intercept_gradient, (m[:, None] * (y - t)).sum(axis=0), atol=1e-11)
