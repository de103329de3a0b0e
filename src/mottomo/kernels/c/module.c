/* The hot loops as a Python module. Each has a numpy twin (counting.py, cross_entropy.py, training.py) that states the
 * mathematics, checks the arguments and serves where this module was not built. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "task.h"

static const struct kernels *chosen = &portable;
static const char *const KERNEL_NAMES[KERNELS] = {"count", "cross_entropy", "gather_log", "training_pass", "exp"};

enum { X, LABELS, TARGETS, WEIGHTS, STARTS, COLUMNS, W, B, GRADIENT, LOSSES, INTERCEPT_GRADIENT, COUNTS, ARRAYS };

/* Fills `views` from the arrays that are not None, each checked to have at least `sizes` bytes. */
static int get_arrays(PyObject **arrays, Py_buffer *views, const int64_t *sizes)
{
    for (int i = 0; i < ARRAYS; i++) {
        if (!arrays[i] || arrays[i] == Py_None) continue;
        int flags = PyBUF_ANY_CONTIGUOUS | PyBUF_FORMAT | (i >= GRADIENT ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(arrays[i], &views[i], flags) < 0) return -1;
        if (views[i].len < sizes[i]) {
            PyErr_Format(PyExc_ValueError, "array %d has %zd bytes, %lld are needed", i, views[i].len, (long long)sizes[i]);
            return -1;
        }
    }
    return 0;
}

/* run(kernel, item, first, last, k, x, ...) -> (sum, impossible, wrong): a kernel of task.h on the rows from `first` to
 * `last`; item is the bytes of a number of x. The interpreter lock is released. */
static PyObject *py_run(PyObject *module, PyObject *args, PyObject *named)
{
    static char *names[] = {"kernel", "item", "first", "last", "k", "x", "labels", "targets", "weights", "starts",
                            "columns", "w", "b", "gradient", "losses", "intercept_gradient", "counts", "scale", "p", "row",
                            "column", "width", NULL};
    PyObject *given[ARRAYS] = {NULL};
    Py_buffer views[ARRAYS] = {{0}};
    struct task t = {.wrong = -1, .p = 0};
    const char *name;
    long long first, last, p = 0, row = 0, column = 1, width = 0;
    if (!PyArg_ParseTupleAndKeywords(args, named, "siLLiO|OOOOOOOOOOOdLLLL", names, &name, &t.item, &first, &last, &t.k,
                                     &given[X], &given[LABELS], &given[TARGETS], &given[WEIGHTS], &given[STARTS],
                                     &given[COLUMNS], &given[W], &given[B], &given[GRADIENT], &given[LOSSES],
                                     &given[INTERCEPT_GRADIENT], &given[COUNTS], &t.scale, &p, &row, &column, &width))
        return NULL;
    int kernel = 0;
    while (kernel < KERNELS && strcmp(name, KERNEL_NAMES[kernel])) kernel++;
    if (kernel == KERNELS) return PyErr_Format(PyExc_ValueError, "no kernel %s", name);
    int training = kernel == TRAINING_PASS, sparse = given[STARTS] && given[STARTS] != Py_None;
    const int few = training && !sparse && column == 1 && t.k >= 2 && t.k <= FEW;
    int64_t across = training ? p : kernel == COUNT || kernel == EXP ? 1 : t.k, item = t.item, k = t.k;
    if (!training) row = across;
    int64_t sizes[ARRAYS] = {
        [X] = sparse ? 0 : last * across * item, [LABELS] = last * 8, [TARGETS] = last * k * (training ? 8 : item),
        [WEIGHTS] = last * 8, [STARTS] = (last + 1) * 8, [W] = p * (few ? k : width) * 8, [B] = width * 8,
        [GRADIENT] = training ? p * (few ? k : width) * 8 : last * across * item, [LOSSES] = last * 8,
        [INTERCEPT_GRADIENT] = width * 8, [COUNTS] = (k + 1) * 8};
    if (!get_arrays(given, views, sizes)) {
        int64_t numbers = kernel == COUNT ? 2 * (k + 1) : BLOCK * width;
        t.room = PyMem_RawMalloc((size_t)numbers * sizeof(double));
        if (!t.room) PyErr_NoMemory();
    }
    if (t.room) {
#define AT(array, bytes) (views[array].buf ? (char *)views[array].buf + first * (bytes) : NULL)
        t.n = last - first, t.p = p, t.row = row, t.column = column, t.width = width;
        t.x = AT(X, sparse ? 0 : row * item);
        t.labels = (int64_t *)AT(LABELS, 8), t.targets = AT(TARGETS, k * (training ? 8 : item));
        t.weights = (double *)AT(WEIGHTS, 8), t.starts = (int64_t *)AT(STARTS, 8), t.columns = (int32_t *)AT(COLUMNS, 0);
        t.w = (double *)AT(W, 0), t.b = (double *)AT(B, 0), t.gradient = AT(GRADIENT, training ? 0 : row * item);
        t.losses = (double *)AT(LOSSES, 8), t.intercept_gradient = (double *)AT(INTERCEPT_GRADIENT, 0);
        t.counts = (int64_t *)AT(COUNTS, 0);
        Py_BEGIN_ALLOW_THREADS
        chosen->of[kernel][item == 8](&t);
        Py_END_ALLOW_THREADS
        PyMem_RawFree(t.room);
    }
    for (int i = 0; i < ARRAYS; i++) PyBuffer_Release(&views[i]);
    if (PyErr_Occurred()) return NULL;
    return Py_BuildValue("dLL", t.sum, (long long)t.impossible, (long long)(t.wrong < 0 ? t.wrong : t.wrong + first));
}

static int use_path(const char *wanted)
{
    const char *path = "portable";
    chosen = &portable;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                  && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (has_avx512 && (!wanted || !strcmp(wanted, "avx512"))) path = "avx512", chosen = &avx512;
    else if (has_avx2 && (!wanted || !strcmp(wanted, "avx2"))) path = "avx2", chosen = &avx2;
#endif
    return !wanted || !strcmp(wanted, path);
}

/* use(path): whether that instruction set is here, and is used from now on; "" is the best there is. */
static PyObject *py_use(PyObject *module, PyObject *args)
{
    const char *wanted;
    if (!PyArg_ParseTuple(args, "s", &wanted)) return NULL;
    return PyBool_FromLong(use_path(*wanted ? wanted : NULL));
}

static PyObject *py_path(PyObject *module, PyObject *args)
{
    return PyUnicode_FromString(chosen->vector_bytes == 64 ? "avx512" : chosen->vector_bytes == 32 ? "avx2" : "portable");
}

/* lanes(): how many doubles a vector has; widths of matrices are multiples of it. */
static PyObject *py_lanes(PyObject *module, PyObject *args) { return PyLong_FromLong(chosen->vector_bytes / 8); }

static PyMethodDef methods[] = {
    {"run", (PyCFunction)(void (*)(void))py_run, METH_VARARGS | METH_KEYWORDS, NULL},
    {"use", py_use, METH_VARARGS, NULL},
    {"path", py_path, METH_NOARGS, NULL},
    {"lanes", py_lanes, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "mottomo.kernels._native", .m_methods = methods};

/* MOTTOMO_KERNELS=numpy leaves the module out; portable, avx2 or avx512 ask for a path. */
PyMODINIT_FUNC PyInit__native(void)
{
    const char *wanted = getenv("MOTTOMO_KERNELS");
    if (wanted && !*wanted) wanted = NULL;
    if (!use_path(wanted)) return PyErr_Format(PyExc_ImportError, "MOTTOMO_KERNELS=%s", wanted);
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddIntConstant(module, "FEW", FEW) < 0) Py_CLEAR(module);
    return module;
}
