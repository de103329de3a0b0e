"""The door of the loops: any layout, width or order of bytes gives the right answer or is refused, and nothing is read
beyond an array: by the public functions, by the functions over the loops, and by the C module itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import mottomo as mo
from mottomo.kernels import native
from mottomo.kernels.counting import count_codes
from mottomo.kernels.cross_entropy import cross_entropy_of_logits, gather_log
from mottomo.kernels.training import TrainingPass

N, P, K = 60, 7, 3


def misaligned(x: np.ndarray) -> np.ndarray:
    room = np.zeros(x.nbytes + 1, dtype=np.uint8)
    view = room[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS = {
    "as it is": lambda x: x,
    "Fortran": np.asfortranarray,
    "every other row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "a part of columns": lambda x: np.concatenate([x, x], axis=-1)[..., : x.shape[-1]] if x.ndim > 1 else x,
    "misaligned": misaligned,
    "read-only": read_only,
    "other order of bytes": lambda x: x.astype(x.dtype.newbyteorder()),
}
DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "u1", "?"]


def numbers(seed: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * 3).astype(dtype)


@settings(max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(sorted(LAYOUTS)),
    of_labels=st.sampled_from(["i8", "i4", "u1", "i2", "u8"]),
)
def test_logits_of_any_layout_and_type_give_the_losses_of_the_formula(seed, dtype, layout, of_labels):
    z = numbers(seed, (N, K), dtype)
    labels = np.random.default_rng(seed + 1).integers(0, K, N).astype(of_labels)
    weights = np.random.default_rng(seed + 2).integers(0, 4, N).astype(of_labels)
    exact = z.astype(np.float64)
    e = np.exp(exact - exact.max(axis=1, keepdims=True))
    losses = np.log(e.sum(axis=1)) + exact.max(axis=1) - exact[np.arange(N), labels.astype(int)]
    change = LAYOUTS[layout]
    found = cross_entropy_of_logits(change(z), change(labels), weights=change(weights), losses=True, scale=1.0)
    rel = 1e-5 if dtype == "f4" else 1e-12
    np.testing.assert_allclose(found.losses, losses, rtol=rel, atol=rel)
    assert found.total == pytest.approx(float(losses @ weights.astype(float)), rel=rel, abs=rel)
    soft = np.random.default_rng(seed).dirichlet(np.ones(K), N)
    by_targets = cross_entropy_of_logits(change(z), None, targets=change(soft))
    expected = (np.log(e.sum(axis=1)) + exact.max(axis=1) - (soft * exact).sum(axis=1)).sum()
    assert by_targets.total == pytest.approx(expected, rel=10 * rel, abs=10 * rel)


@settings(max_examples=100)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(["f8", "f4", "f2"]), layout=st.sampled_from(sorted(LAYOUTS)))
def test_probabilities_of_any_layout_and_type_give_the_logs_of_the_formula(seed, dtype, layout):
    y = np.random.default_rng(seed).dirichlet(np.ones(K), N).astype(dtype)
    labels = np.random.default_rng(seed + 1).integers(0, K, N)
    change = LAYOUTS[layout]
    found = gather_log(change(y), change(labels), tolerance=1e-2)
    assert found.total == pytest.approx(np.log(y[np.arange(N), labels].astype(float)).sum(), rel=1e-5)


@settings(max_examples=100)
@given(
    seed=st.integers(0, 10**6),
    dtype=st.sampled_from(["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]),
    layout=st.sampled_from(sorted(set(LAYOUTS) - {"a part of columns"})),
)
def test_codes_of_any_layout_and_type_are_counted(seed, dtype, layout):
    codes = np.random.default_rng(seed).integers(0, 9, 333).astype(dtype)
    counts, stray = count_codes(LAYOUTS[layout](codes), 5)
    assert counts.tolist() == [int((codes == k).sum()) for k in range(5)]
    assert stray == int((codes > 4).sum())


@settings(max_examples=200)
@given(
    seed=st.integers(0, 10**6),
    dtype=st.sampled_from(DTYPES),
    layout=st.sampled_from(sorted(LAYOUTS)),
    size=st.sampled_from([2, 3, 9]),
)
def test_features_of_any_layout_and_type_give_the_pass_of_the_twin(seed, dtype, layout, size):
    x = numbers(seed, (N, P), dtype)
    labels = np.random.default_rng(seed + 1).integers(0, size, N)
    w, b = numbers(seed + 2, (P, size), "f8"), numbers(seed + 3, (size,), "f8")
    with TrainingPass(LAYOUTS[layout](x), size, LAYOUTS[layout](labels)).running() as rows:
        found = rows.sums(w, b)
        twin = rows._with_numpy(w, b)
    assert found.loss == pytest.approx(twin.loss, rel=1e-9)
    np.testing.assert_allclose(found.gradient, twin.gradient, rtol=1e-6, atol=1e-6)


def into(gradient):
    return cross_entropy_of_logits(np.zeros((4, 2)), np.zeros(4, int), scale=1.0, gradient=gradient)


def one_pass(w, b):
    with TrainingPass(np.zeros((4, 2)), 2, np.zeros(4, int)).running() as rows:
        return rows.sums(w, b)


def overlapping(name):
    """The gradient in the memory of what is read: of the logits, where it may be, but a row further."""
    memory = np.full(10, 0.5)
    read = {"logits": memory[2:].reshape(4, 2), "targets": memory[:8].reshape(4, 2), "weights": memory[4:8]}
    arguments = {"logits": np.zeros((4, 2)), "targets": np.full((4, 2), 0.5), name: read[name]}
    return cross_entropy_of_logits(**arguments, labels=None, scale=1.0, gradient=memory[:8].reshape(4, 2))


def test_the_gradient_may_take_the_place_of_the_logits():
    logits, labels = np.random.default_rng(1).normal(size=(4, 3)), np.array([0, 1, 2, 0])
    apart = cross_entropy_of_logits(logits, labels, scale=1.0)
    assert cross_entropy_of_logits(logits, labels, scale=1.0, gradient=logits).total == apart.total
    np.testing.assert_array_equal(logits, apart.gradient)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: cross_entropy_of_logits(np.zeros((4, 2), dtype=complex), np.zeros(4, int)), TypeError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2), dtype="U3"), np.zeros(4, int)), TypeError),
        (lambda: cross_entropy_of_logits(np.zeros(4), np.zeros(4, int)), ValueError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), np.zeros(3, int)), ValueError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), np.zeros(4)), TypeError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), np.full(4, 2**64 - 1, dtype="u8")), ValueError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), None), TypeError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), None, targets=np.zeros((4, 3))), ValueError),
        (lambda: cross_entropy_of_logits(np.zeros((4, 2)), np.zeros(4, int), weights=np.zeros(5)), ValueError),
        (lambda: into(np.zeros((4, 2), "f4")), TypeError),
        (lambda: into(np.zeros((2, 4)).T), ValueError),
        (lambda: into(read_only(np.zeros((4, 2)))), ValueError),
        (lambda: into(np.zeros((3, 2))), ValueError),
        (lambda: gather_log(np.zeros((4, 2)), np.zeros(5, int), tolerance=1.0), ValueError),
        (lambda: count_codes(np.zeros(4), 2), TypeError),
        (lambda: count_codes(np.zeros(4, int), 0), ValueError),
        (lambda: TrainingPass(np.zeros((4, 2)), 2, np.zeros(3, int)), ValueError),
        (lambda: TrainingPass(np.zeros((4, 2)), 2, None, np.zeros((4, 3))), ValueError),
        (lambda: TrainingPass(np.zeros((4, 2)), 2, None), TypeError),
        (lambda: TrainingPass(np.zeros((4, 2)), 2, np.array([0, 1, 2, 0])), ValueError),
        (lambda: TrainingPass(np.zeros((4, 2)), 2, np.array([0, -1, 1, 0])), ValueError),
        (lambda: TrainingPass(scipy.sparse.eye(4, format="csc"), 2, np.zeros(4, int)), ValueError),
        (lambda: TrainingPass(np.ma.array(np.zeros((4, 2)), mask=True), 2, np.zeros(4, int)), TypeError),
        (lambda: one_pass(np.zeros((3, 2)), np.zeros(2)), ValueError),
        (lambda: one_pass(np.zeros((2, 2)), np.zeros(1)), ValueError),
        (lambda: overlapping("logits"), ValueError),
        (lambda: overlapping("targets"), ValueError),
        (lambda: overlapping("weights"), ValueError),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(path, call, error):
    with pytest.raises(error):
        call()


# --- sparse features -------------------------------------------------------------------------------------------------


def sparse_parts(seed=1, n=40, p=6):
    matrix = scipy.sparse.random(n, p, 0.4, "csr", random_state=seed)
    return matrix.data, matrix.indices.copy(), matrix.indptr.copy(), matrix.shape


def unchecked(kind, data, indices, indptr, shape):
    """A matrix as scipy's constructor makes it, which looks at no index."""
    matrix = {"csr": scipy.sparse.csr_matrix, "csc": scipy.sparse.csc_matrix}[kind](shape)
    matrix.data, matrix.indices, matrix.indptr = data, indices, indptr
    return matrix


FORMATS = ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"]
FAULTS = {
    "one column beyond the end": lambda d, i, s: (d, np.where(np.arange(len(i)) % 7 == 5, 6, i), s),
    "far beyond the end": lambda d, i, s: (d, np.where(np.arange(len(i)) == 3, 10**8, i), s),
    "a column below 0": lambda d, i, s: (d, np.where(np.arange(len(i)) == 3, -1, i), s),
    "a start far below 0": lambda d, i, s: (d, i, np.where(np.arange(len(s)) == 10, -(10**9), s)),
    "a start far beyond": lambda d, i, s: (d, i, np.where(np.arange(len(s)) == 10, 10**9, s)),
    "starts that fall": lambda d, i, s: (d, i, np.where(np.arange(len(s)) == 10, s[12] + 1, s)),
    "a first start above 0": lambda d, i, s: (d, i, np.where(np.arange(len(s)) == 0, 1, s)),
    "a last start beyond the values": lambda d, i, s: (d, i, np.where(np.arange(len(s)) == len(s) - 1, s[-1] + 1, s)),
    "too few starts": lambda d, i, s: (d, i, s[:-1]),
    "too many starts": lambda d, i, s: (d, i, np.append(s, s[-1])),
    "too few values": lambda d, i, s: (d[:-2], i, s),
    "too few columns": lambda d, i, s: (d, i[:-2], s),
    "columns that are floats": lambda d, i, s: (d, i.astype(float), s),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("call", ["fit", "predict_proba"])
def test_a_sparse_matrix_whose_parts_do_not_fit_is_refused(fault, kind, call):
    data, indices, indptr, shape = sparse_parts()
    labels = np.arange(40) % 2
    model = mo.SoftmaxRegression(mo.L2()).fit(np.zeros((40, 6)), labels)
    matrix = unchecked(kind, *FAULTS[fault](data, indices, indptr), shape if kind == "csr" else shape[::-1])
    if kind == "csc":
        labels, model = np.arange(6) % 2, mo.SoftmaxRegression(mo.L2()).fit(np.zeros((6, 40)), np.arange(6) % 2)
    with pytest.raises(mo.InvalidInput, match="do not fit together"):
        model.fit(matrix, labels) if call == "fit" else model.predict_proba(matrix)


@pytest.mark.parametrize(("row", "column"), [(40, 0), (-1, 0), (0, 6), (0, -1), (10**9, 0)])
def test_coordinates_outside_of_the_shape_are_refused(row, column):
    matrix = scipy.sparse.coo_matrix((40, 6))
    matrix.coords = (np.array([row, 1]), np.array([column, 1]))
    matrix.data = np.ones(2)
    with pytest.raises(mo.InvalidInput, match="do not fit together"):
        mo.SoftmaxRegression(mo.L2()).fit(matrix, np.arange(40) % 2)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["csr", "csc", "coo", "bsr", "lil", "dok", "dia"]),
    wide=st.booleans(),
)
def test_sparse_matrices_of_any_format_are_fitted_as_dense_ones(seed, kind, wide):
    """With 64-bit indices, in any order, and with entries that are given twice and add up."""
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(30, 4)) * (rng.random((30, 4)) < 0.5)
    rows, columns = np.nonzero(dense)
    order = rng.permutation(2 * len(rows))
    twice = [np.tile(part, 2)[order] for part in (dense[rows, columns] / 2, rows, columns)]
    halves = scipy.sparse.coo_matrix((twice[0], (twice[1], twice[2])), dense.shape)
    matrix = halves if kind == "coo" else halves.asformat(kind)
    if wide and kind in ("csr", "csc"):
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    labels = np.arange(30) % 3
    one, other = (mo.SoftmaxRegression(mo.L2()).fit(x, labels) for x in (matrix, dense))
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(one.predict_proba(matrix), other.predict_proba(dense), atol=1e-4)


@pytest.mark.parametrize("columns", [[2, 0], [1, 1], [3, 3, 0]])
def test_a_matrix_that_is_wrong_about_its_own_order_is_read_right_and_left_as_it_is(columns):
    indices = np.array(columns * 20, dtype=np.int32)
    data, indptr = np.arange(1.0, len(indices) + 1), np.arange(0, len(indices) + 1, len(columns), dtype=np.int32)
    matrix = scipy.sparse.csr_matrix((data, indices, indptr), shape=(20, 4))
    matrix.has_canonical_format = matrix.has_sorted_indices = True
    dense = np.zeros((20, 4))
    np.add.at(dense, (np.repeat(np.arange(20), len(columns)), indices), data)
    labels = np.arange(20) % 2
    one, other = (mo.SoftmaxRegression(mo.L2()).fit(x, labels) for x in (matrix, dense))
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, abs=1e-9)
    np.testing.assert_array_equal(matrix.indices, columns * 20)
    np.testing.assert_array_equal(matrix.data, np.arange(1.0, len(indices) + 1))


@pytest.mark.parametrize("part", ["rows", "data"])
def test_lists_of_other_lengths_are_refused(part):
    matrix = scipy.sparse.lil_matrix((20, 4))
    matrix[:, 0] = 1.0
    getattr(matrix, part)[3] = [0, 1, 2]
    with pytest.raises(mo.InvalidInput, match="do not fit together"):
        mo.SoftmaxRegression(mo.L2()).fit(matrix, np.arange(20) % 2)


@pytest.mark.parametrize("column", [4, 10**6, -5])
@pytest.mark.parametrize("call", ["fit", "predict"])
def test_a_column_beyond_the_last_is_refused_in_lists_too(column, call):
    matrix = scipy.sparse.lil_matrix((20, 4))
    matrix[:, 0] = 1.0
    matrix.rows[3] = [column]
    model = mo.SoftmaxRegression(mo.L2()).fit(np.eye(4)[np.arange(20) % 4], np.arange(20) % 2)
    use = {"fit": lambda: model.fit(matrix, np.arange(20) % 2), "predict": lambda: model.predict_proba(matrix)}[call]
    with pytest.raises(mo.InvalidInput, match="do not fit together"):
        use()


# --- the C module itself ---------------------------------------------------------------------------------------------


def wrong_calls():
    """Calls of the module with an array that is not what a loop reads, by name."""
    extension = native.extension()
    lanes = extension.lanes()
    z, labels = np.zeros((8, 3)), np.zeros(8, dtype=np.int64)
    w, b = np.zeros((4, lanes)), np.zeros(lanes)
    five = {"p": 4, "w": w, "b": b, "width": lanes, "gradient": w.copy(), "intercept_gradient": b.copy()}
    data, columns, starts = np.ones(8), np.zeros(8, dtype=np.int32), np.arange(9)
    sparse = {**five, "starts": starts, "columns": columns, "labels": labels}
    entropy, train = ("cross_entropy", 8, 0, 8, 3), ("training_pass", 8, 0, 8, 5)
    dense = {**five, "row": 4, "column": 1, "labels": labels}
    return {
        "Fortran": (entropy, np.asfortranarray(z), {"labels": labels}),
        "int32": (("cross_entropy", 4, 0, 8, 3), z.astype("i4"), {"labels": labels}),
        "int64": (entropy, z.astype("i8"), {"labels": labels}),
        "float16": (("cross_entropy", 2, 0, 8, 3), z.astype("f2"), {"labels": labels}),
        "big-endian": (entropy, z.astype(">f8"), {"labels": labels}),
        "another item": (("cross_entropy", 4, 0, 8, 3), z, {"labels": labels}),
        "misaligned": (entropy, misaligned(z), {"labels": labels}),
        "too short": (entropy, z[:7].copy(), {"labels": labels}),
        "labels too short": (entropy, z, {"labels": labels[:7].copy()}),
        "labels of 32 bits": (entropy, z, {"labels": np.zeros(16, dtype="i4")}),
        "labels of floats": (entropy, z, {"labels": np.zeros(8)}),
        "no labels": (entropy, z, {}),
        "labels and targets": (entropy, z, {"labels": labels, "targets": z}),
        "a strange array": (entropy, z, {"labels": labels, "starts": starts}),
        "read-only gradient": (entropy, z, {"labels": labels, "gradient": read_only(z)}),
        "rows below 0": (("cross_entropy", 8, -1, 8, 3), z, {"labels": labels}),
        "last before first": (("cross_entropy", 8, 5, 4, 3), z, {"labels": labels}),
        "no categories": (("cross_entropy", 8, 0, 8, 0), z, {"labels": labels}),
        "so many rows": (("cross_entropy", 8, 0, 2**62, 3), z, {"labels": labels}),
        "counts too short": (("count", 8, 0, 8, 3), labels, {"counts": np.zeros(3, dtype=np.int64)}),
        "codes of floats": (("count", 8, 0, 8, 3), z, {"counts": np.zeros(4, dtype=np.int64)}),
        "w too short": (train, np.zeros((8, 4)), {**dense, "w": w[:3].copy()}),
        "gradient too short": (train, np.zeros((8, 4)), {**dense, "gradient": w[:3].copy()}),
        "steps beyond the end": (train, np.zeros((8, 4)), {**dense, "row": 5}),
        "steps below 0": (train, np.zeros((8, 4)), {**dense, "row": -4}),
        "no whole vectors": (train, np.zeros((8, 4)), {**dense, "width": lanes + 1}),
        "fewer than the categories": (("training_pass", 8, 0, 8, 5 * lanes), np.zeros((8, 4)), dense),
        "features below 0": (train, np.zeros((8, 4)), {**dense, "p": -1}),
        "starts without columns": (train, data, {**five, "starts": starts, "labels": labels}),
        "a column beyond": (train, data, {**sparse, "columns": np.full(8, 4, dtype=np.int32)}),
        "a column below 0": (train, data, {**sparse, "columns": np.full(8, -1, dtype=np.int32)}),
        "a start beyond": (train, data, {**sparse, "starts": np.where(starts == 5, 10**9, starts)}),
        "a start below 0": (train, data, {**sparse, "starts": np.where(starts == 5, -(10**9), starts)}),
        "starts too short": (train, data, {**sparse, "starts": starts[:8].copy()}),
        "columns of 64 bits": (train, data, {**sparse, "columns": columns.astype(np.int64)}),
        "values too short": (train, data[:7].copy(), sparse),
    }  # fmt: skip


@pytest.mark.skipif(native.extension() is None, reason="the C loops were not built: there is no module to refuse")
def test_the_module_refuses_what_its_loops_do_not_read():
    extension = native.extension()
    for name, ((kernel, item, first, last, k), x, arrays) in wrong_calls().items():
        try:
            extension.run(kernel, item, first, last, k, x, **arrays)
        except (TypeError, ValueError, BufferError):
            continue
        pytest.fail(name)


# --- under sanitizers ------------------------------------------------------------------------------------------------


def sanitizers() -> list[str]:
    """The libraries of AddressSanitizer and UndefinedBehaviorSanitizer of the compiler, if it has them."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return []
    asked = [[compiler, f"-print-file-name={name}"] for name in ("libasan.so", "libubsan.so")]
    found = [subprocess.run(one, capture_output=True, text=True, check=True).stdout.strip() for one in asked]
    return [one for one in found if Path(one).is_absolute()]


@pytest.mark.slow
@pytest.mark.skipif(len(sanitizers()) < 2, reason="gcc with libasan and libubsan is not here")
@pytest.mark.parametrize("instructions", ["portable", "avx2", "avx512"])
def test_no_call_reads_beyond_its_arrays_under_the_sanitizers(tmp_path, instructions):
    """Random calls, valid and not, of the module built with -fsanitize=address,undefined: no report, nothing wrong."""
    sources = Path(__file__).parents[2] / "src" / "mottomo" / "kernels" / "c"
    target = tmp_path / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
    flags = ["-O1", "-g", "-std=gnu11", "-Wno-psabi", "-fPIC", "-shared", "-fno-omit-frame-pointer"]
    sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    include = f"-I{sysconfig.get_path('include')}"
    command = ["gcc", *flags, *sanitize, include, *map(str, sorted(sources.glob("*.c"))), "-o", str(target)]
    subprocess.run(command, check=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join(sanitizers()),
        "ASAN_OPTIONS": "detect_leaks=0",
        "MOTTOMO_KERNELS": instructions,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    script = Path(__file__).parent / "random_calls.py"
    done = subprocess.run(
        [sys.executable, str(script), str(target), "3000"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "calls" in done.stdout or "is not here" in done.stdout
