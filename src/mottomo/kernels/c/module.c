/* The hot loops as a Python module. Each has a numpy twin (counting.py, cross_entropy.py, training.py) that states the
 * mathematics, checks the arguments and serves where this module was not built. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "task.h"

static const struct kernels *chosen = &portable;
static const char *const KERNEL_NAMES[KERNELS] = {"count", "cross_entropy", "gather_log", "training_pass", "exp"};

enum { X, LABELS, TARGETS, WEIGHTS, STARTS, COLUMNS, W, B, GRADIENT, LOSSES, INTERCEPT_GRADIENT, COUNTS, ARRAYS };

/* What an array of a kernel holds: `kind` 'd' are floats, 'i' integers with a sign, 'c' integers of any kind; `item` the bytes of
 * a number; `numbers` how many are read; whether rows may be read along either axis. `numbers` below 0 is an array that the
 * kernel does not have. */
struct form { char kind; int item; double numbers; int either_axis; };

static const char *const ARRAY_NAMES[ARRAYS] = {"x", "labels", "targets", "weights", "starts", "columns", "w", "b", "gradient",
                                                "losses", "intercept_gradient", "counts"};

static int is_kind(const char *format, char kind)
{
    char letter = !format ? 'B' : *format == '@' || *format == '=' ? format[1] : *format; /* '<' and '>' have an order of bytes */
    if (format && letter && format[letter != *format ? 2 : 1]) return 0;
    return strchr(kind == 'd' ? "fd" : kind == 'i' ? "bhilqn" : "?bBhHiIlLqQnN", letter) && letter;
}

/* Fills `views` from the arrays that are not None; -1 with an exception where one is not of its form. */
static int get_arrays(PyObject **arrays, Py_buffer *views, const struct form *forms)
{
    for (int i = 0; i < ARRAYS; i++) {
        const struct form *form = &forms[i];
        if (!arrays[i] || arrays[i] == Py_None) continue;
        if (form->numbers < 0) {
            PyErr_Format(PyExc_TypeError, "%s is no array of this kernel", ARRAY_NAMES[i]);
            return -1;
        }
        int flags = (form->either_axis ? PyBUF_ANY_CONTIGUOUS : PyBUF_C_CONTIGUOUS) | PyBUF_FORMAT;
        if (PyObject_GetBuffer(arrays[i], &views[i], flags | (i >= GRADIENT ? PyBUF_WRITABLE : 0)) < 0) return -1;
        if (views[i].itemsize != form->item || !is_kind(views[i].format, form->kind)) {
            PyErr_Format(PyExc_TypeError, "%s holds numbers of format %s and %zd bytes, of which these loops read none",
                         ARRAY_NAMES[i], views[i].format ? views[i].format : "B", views[i].itemsize);
            return -1;
        }
        if ((uintptr_t)views[i].buf % (size_t)form->item) {
            PyErr_Format(PyExc_ValueError, "%s is not aligned", ARRAY_NAMES[i]);
            return -1;
        }
        if ((double)views[i].len / form->item < form->numbers) {
            PyErr_Format(PyExc_ValueError, "%s has too few numbers: %zd bytes", ARRAY_NAMES[i], views[i].len);
            return -1;
        }
    }
    return 0;
}

/* Whether sparse rows lie within their values and columns, and columns within the features; else an exception. */
static int check_sparse(const struct task *t, const Py_buffer *values, const Py_buffer *columns)
{
    const int64_t most = (values->len / t->item < columns->len / 4 ? values->len / t->item : columns->len / 4);
    int64_t before = 0;
    for (int64_t i = 0; i <= t->n; before = t->starts[i++])
        if (t->starts[i] < before || t->starts[i] > most) {
            PyErr_SetString(PyExc_ValueError, "starts do not rise from 0 to at most the number of values");
            return -1;
        }
    uint32_t largest = 0; /* a column below 0 is large without its sign */
    for (int64_t q = t->starts[0]; q < t->starts[t->n]; q++) {
        uint32_t column = (uint32_t)t->columns[q];
        largest = column > largest ? column : largest;
    }
    if (t->starts[t->n] > t->starts[0] && (int64_t)largest >= t->p) {
        PyErr_SetString(PyExc_ValueError, "a column is none of the features");
        return -1;
    }
    return 0;
}

/* run(kernel, item, first, last, k, x, ...) -> (sum, impossible, wrong): a kernel of task.h on the rows from `first` to
 * `last`; item is the bytes of a number of x. Types, sizes, alignment and the indices of sparse rows are checked before a loop
 * runs; labels are checked in it. The interpreter lock is released. */
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
    int training = kernel == TRAINING_PASS, counting = kernel == COUNT;
    int sparse = training && given[STARTS] && given[STARTS] != Py_None;
    const struct kernels *path = chosen; /* another thread may choose anew */
    const int64_t lanes = path->vector_bytes / 8;
    if (first < 0 || last < first || t.k < 1 || p < 0 || row < 0 || column < 0 || t.k == INT32_MAX
        || (t.item != 4 && t.item != 8 && !(counting && (t.item == 1 || t.item == 2)))
        || (training && (width < t.k || width % lanes || width > INT32_MAX)))
        return PyErr_Format(PyExc_ValueError, "a size is out of range");
    const int few = training && !sparse && column == 1 && t.k >= 2 && t.k <= FEW;
    const double across = training ? (double)p : counting || kernel == EXP ? 1 : t.k, none = -1;
    const int logits = kernel == CROSS_ENTROPY, gathering = kernel == GATHER_LOG;
    const double rows = (double)last, square = (double)p * (few ? t.k : width), k = t.k;
    const double span = last && p ? (rows - 1) * (double)row + (p - 1.0) * (double)column + 1 : 0;
    if (!training) row = (long long)across;
    struct form forms[ARRAYS] = {
        [X] = {counting ? 'c' : 'd', t.item, kernel == EXP ? none : sparse ? 0 : training ? span : rows * across, training},
        [LABELS] = {'i', 8, counting || kernel == EXP ? none : rows, 0},
        [TARGETS] = {'d', training ? 8 : t.item, training || logits ? rows * k : none, 0},
        [WEIGHTS] = {'d', 8, counting || kernel == EXP ? none : rows, 0},
        [STARTS] = {'i', 8, training ? rows + 1 : none, 0}, [COLUMNS] = {'i', 4, training ? 0 : none, 0},
        [W] = {'d', 8, training ? square : none, 0}, [B] = {'d', 8, training ? (double)width : none, 0},
        [GRADIENT] = {'d', training ? 8 : t.item, training ? square : counting || gathering ? none : rows * across, 0},
        [LOSSES] = {'d', 8, logits ? rows : none, 0},
        [INTERCEPT_GRADIENT] = {'d', 8, training ? (double)width : none, 0},
        [COUNTS] = {'i', 8, counting ? k + 1 : none, 0}};
#define HAS(array) (given[array] && given[array] != Py_None)
    if ((kernel != EXP && !HAS(X)) || (kernel == EXP && !HAS(GRADIENT)) || (counting && !HAS(COUNTS))
        || (gathering && !HAS(LABELS)) || ((logits || training) && HAS(LABELS) == HAS(TARGETS))
        || (training && !(HAS(W) && HAS(B) && HAS(GRADIENT) && HAS(INTERCEPT_GRADIENT) && HAS(STARTS) == HAS(COLUMNS))))
        return PyErr_Format(PyExc_TypeError, "an array of the kernel is missing, or one too many is given");
    if (!get_arrays(given, views, forms)) {
        size_t numbers = counting ? 2 * ((size_t)t.k + 1) : BLOCK * (size_t)width;
        t.room = PyMem_RawMalloc(numbers * sizeof(double));
        if (!t.room) PyErr_NoMemory();
    }
    if (t.room) {
#define AT(array, bytes) (views[array].buf ? (char *)views[array].buf + first * (bytes) : NULL)
        t.n = last - first, t.p = p, t.row = row, t.column = column, t.width = width;
        t.x = AT(X, sparse ? 0 : row * t.item);
        t.labels = (int64_t *)AT(LABELS, 8), t.targets = AT(TARGETS, t.k * (training ? 8 : t.item));
        t.weights = (double *)AT(WEIGHTS, 8), t.starts = (int64_t *)AT(STARTS, 8), t.columns = (int32_t *)AT(COLUMNS, 0);
        t.w = (double *)AT(W, 0), t.b = (double *)AT(B, 0), t.gradient = AT(GRADIENT, training ? 0 : row * t.item);
        t.losses = (double *)AT(LOSSES, 8), t.intercept_gradient = (double *)AT(INTERCEPT_GRADIENT, 0);
        t.counts = (int64_t *)AT(COUNTS, 0);
        if (!sparse || !check_sparse(&t, &views[X], &views[COLUMNS])) {
            Py_BEGIN_ALLOW_THREADS
            path->of[kernel][t.item == 8](&t);
            Py_END_ALLOW_THREADS
        }
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
