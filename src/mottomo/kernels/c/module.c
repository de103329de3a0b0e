/* The hot loops as a Python module. Each has a numpy twin beside it (counting.py, cross_entropy.py, training.py) that states the
 * mathematics, checks the arguments and serves where this module was not built. Arrays come as buffers; the interpreter
 * lock is released while they are worked on. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if !defined(__GNUC__)
#error "vector extensions of GCC or Clang are needed; without them mottomo uses numpy"
#endif

/* Rows at a time in the cache; up to how many categories rows stand side by side in the lanes; how far to look ahead. */
enum { BLOCK = 64, LANE_CATEGORIES = 24, PASS_ROWS = 64, AHEAD = 12 };

struct kernels {
    int vector_bytes;
    void (*count_bytes)(const uint8_t *, int64_t, int, int64_t *);
    double (*cross_entropy_double)(const double *, ptrdiff_t, int64_t, int, const int64_t *, const double *, const double *,
                                   double, double *, ptrdiff_t, double *);
    double (*cross_entropy_float)(const float *, ptrdiff_t, int64_t, int, const int64_t *, const float *, const double *,
                                  double, float *, ptrdiff_t, double *);
    double (*gather_log_double)(const double *, int64_t, int, const int64_t *, const double *, double, int64_t *, int64_t *);
    double (*gather_log_float)(const float *, int64_t, int, const int64_t *, const double *, double, int64_t *, int64_t *);
    double (*training_pass_double)(const double *, ptrdiff_t, ptrdiff_t, int64_t, int64_t, const int64_t *, const int32_t *,
                                   const double *, const double *, ptrdiff_t, int, const int64_t *, const double *,
                                   const double *, double *, double *, double *);
    double (*training_pass_float)(const float *, ptrdiff_t, ptrdiff_t, int64_t, int64_t, const int64_t *, const int32_t *,
                                  const double *, const double *, ptrdiff_t, int, const int64_t *, const double *,
                                  const double *, double *, double *, double *);
    void (*exp_double)(double *, int64_t);
    void (*exp_float)(float *, int64_t);
};

#define VB 16
#define NAME(x) x##_portable
#include "isa.h"
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define VB 32
#define NAME(x) x##_avx2
#include "isa.h"
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma")
#endif
#define VB 64
#define NAME(x) x##_avx512
#include "isa.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

static const struct kernels *chosen = &kernels_portable;

/* --- arguments ---------------------------------------------------------------------------------------------------- */

enum { MOST_ARRAYS = 10 };
typedef struct {
    Py_buffer views[MOST_ARRAYS];
    int n;
} Arrays;

static void release(Arrays *arrays)
{
    while (arrays->n) PyBuffer_Release(&arrays->views[--arrays->n]);
}

/* The memory of an array of at least `size` bytes; NULL for None, and for an error, which is then set. */
static void *memory(Arrays *arrays, PyObject *array, int64_t size, int writable)
{
    if (array == Py_None) return NULL;
    Py_buffer *view = &arrays->views[arrays->n];
    if (PyObject_GetBuffer(array, view, PyBUF_ANY_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0)) < 0) return NULL;
    arrays->n++;
    if (view->len < size) {
        PyErr_Format(PyExc_ValueError, "an array has %zd bytes, %lld are needed", view->len, (long long)size);
        return NULL;
    }
    return view->buf;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

/* Codes beyond K, and negative ones, which are large without their sign, count in the place after the last. */
#define COUNT(T)                                                                                          \
    static void count_##T(const T *codes, int64_t n, int64_t n_categories, int64_t *counts, uint32_t *sub)  \
    {                                                                                                     \
        int64_t places = n_categories + 1, tables = places <= 4096 ? 4 : 1;                               \
        for (int64_t done = 0; done < n;) {                                                               \
            int64_t stop = n - done > INT32_MAX ? done + INT32_MAX : n, i = done;                         \
            memset(sub, 0, (size_t)(tables * places) * sizeof(uint32_t));                                 \
            if (tables == 4)                                                                              \
                for (; i + 4 <= stop; i += 4)                                                             \
                    for (int64_t t = 0; t < 4; t++) {                                                     \
                        uint64_t code = (uint64_t)codes[i + t];                                           \
                        sub[t * places + (int64_t)(code < (uint64_t)n_categories ? code : (uint64_t)n_categories)]++; \
                    }                                                                                     \
            for (; i < stop; i++) {                                                                       \
                uint64_t code = (uint64_t)codes[i];                                                       \
                sub[code < (uint64_t)n_categories ? code : (uint64_t)n_categories]++;                     \
            }                                                                                             \
            for (int64_t place = 0; place < tables * places; place++) counts[place % places] += sub[place]; \
            done = stop;                                                                                  \
        }                                                                                                 \
    }
COUNT(uint8_t)
COUNT(uint16_t)
COUNT(uint32_t)
COUNT(uint64_t)

/* count(codes, item_size, first, last, n_categories, counts): adds to counts (K + 1) int64. */
static PyObject *py_count(PyObject *module, PyObject *args)
{
    PyObject *codes_, *counts_;
    int item;
    long long first, last, n_categories;
    if (!PyArg_ParseTuple(args, "OiLLLO", &codes_, &item, &first, &last, &n_categories, &counts_)) return NULL;
    Arrays arrays = {.n = 0};
    const char *codes = memory(&arrays, codes_, last * item, 0);
    int64_t *counts = codes ? memory(&arrays, counts_, (n_categories + 1) * 8, 1) : NULL;
    uint32_t *sub = counts ? PyMem_RawMalloc((size_t)(n_categories + 1) * 16) : NULL;
    if (counts && !sub) PyErr_NoMemory();
    if (sub) {
        int64_t n = last - first;
        codes += first * item;
        Py_BEGIN_ALLOW_THREADS
        if (item == 1 && n_categories <= 16) {
            int64_t before = 0, after = 0;
            for (int64_t k = 0; k < n_categories; k++) before += counts[k];
            chosen->count_bytes((const uint8_t *)codes, n, (int)n_categories, counts);
            for (int64_t k = 0; k < n_categories; k++) after += counts[k];
            counts[n_categories] += n - (after - before);
        } else if (item == 1) count_uint8_t((const uint8_t *)codes, n, n_categories, counts, sub);
        else if (item == 2) count_uint16_t((const uint16_t *)codes, n, n_categories, counts, sub);
        else if (item == 4) count_uint32_t((const uint32_t *)codes, n, n_categories, counts, sub);
        else count_uint64_t((const uint64_t *)codes, n, n_categories, counts, sub);
        Py_END_ALLOW_THREADS
        PyMem_RawFree(sub);
    }
    release(&arrays);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* --- cross-entropy ------------------------------------------------------------------------------------------------ */

/* cross_entropy(logits, item, first, last, K, labels, targets, weights, scale, gradient, losses) -> sum of losses */
static PyObject *py_cross_entropy(PyObject *module, PyObject *args)
{
    PyObject *z_, *labels_, *targets_, *weights_, *out_, *losses_;
    int item, k;
    long long first, last;
    double scale, sum = 0;
    if (!PyArg_ParseTuple(args, "OiLLiOOOdOO", &z_, &item, &first, &last, &k, &labels_, &targets_, &weights_, &scale, &out_,
                          &losses_))
        return NULL;
    Arrays arrays = {.n = 0};
    const char *z = memory(&arrays, z_, last * k * item, 0);
    const int64_t *labels = PyErr_Occurred() ? NULL : memory(&arrays, labels_, last * 8, 0);
    const char *targets = PyErr_Occurred() ? NULL : memory(&arrays, targets_, last * k * item, 0);
    const double *weights = PyErr_Occurred() ? NULL : memory(&arrays, weights_, last * 8, 0);
    char *out = PyErr_Occurred() ? NULL : memory(&arrays, out_, last * k * item, 1);
    double *losses = PyErr_Occurred() ? NULL : memory(&arrays, losses_, last * 8, 1);
    if (!PyErr_Occurred()) {
        ptrdiff_t at = first * k * item;
        Py_BEGIN_ALLOW_THREADS
#define CROSS_ENTROPY(T)                                                                                         \
    chosen->cross_entropy_##T((const T *)(z + at), k, last - first, k, labels ? labels + first : NULL,           \
                              targets ? (const T *)(targets + at) : NULL, weights ? weights + first : NULL, scale, \
                              out ? (T *)(out + at) : NULL, k, losses ? losses + first : NULL)
        sum = item == 8 ? CROSS_ENTROPY(double) : CROSS_ENTROPY(float);
        Py_END_ALLOW_THREADS
    }
    release(&arrays);
    return PyErr_Occurred() ? NULL : PyFloat_FromDouble(sum);
}

/* gather_log(probabilities, item, first, last, K, labels, weights, tolerance) -> (sum, impossible, wrong row or -1) */
static PyObject *py_gather_log(PyObject *module, PyObject *args)
{
    PyObject *p_, *labels_, *weights_;
    int item, k;
    long long first, last;
    double tolerance, sum = 0;
    int64_t impossible = 0, wrong = -1;
    if (!PyArg_ParseTuple(args, "OiLLiOOd", &p_, &item, &first, &last, &k, &labels_, &weights_, &tolerance)) return NULL;
    Arrays arrays = {.n = 0};
    const char *p = memory(&arrays, p_, last * k * item, 0);
    const int64_t *labels = p ? memory(&arrays, labels_, last * 8, 0) : NULL;
    const double *weights = labels ? memory(&arrays, weights_, last * 8, 0) : NULL;
    if (labels && !PyErr_Occurred()) {
        p += first * k * item;
        Py_BEGIN_ALLOW_THREADS
#define GATHER_LOG(T)                                                                                                  \
    chosen->gather_log_##T((const T *)p, last - first, k, labels + first, weights ? weights + first : NULL, tolerance, \
                           &impossible, &wrong)
        sum = item == 8 ? GATHER_LOG(double) : GATHER_LOG(float);
        Py_END_ALLOW_THREADS
    }
    release(&arrays);
    if (PyErr_Occurred()) return NULL;
    return Py_BuildValue("dLL", sum, (long long)impossible, (long long)(wrong < 0 ? wrong : wrong + first));
}

/* --- training ----------------------------------------------------------------------------------------------------- */

/* training_pass(x, item, row, column, first, last, p, starts, columns, w, b, width, K, labels, targets, weights, g, gb)
 * -> sum of losses; adds to g (p, width) and gb (width). Steps are counted in items; x holds the values if sparse. */
static PyObject *py_training_pass(PyObject *module, PyObject *args)
{
    PyObject *x_, *starts_, *columns_, *w_, *b_, *labels_, *targets_, *weights_, *g_, *gb_;
    int item, k;
    long long row, column, first, last, p, width;
    double sum = 0;
    if (!PyArg_ParseTuple(args, "OiLLLLLOOOOLiOOOOO", &x_, &item, &row, &column, &first, &last, &p, &starts_, &columns_, &w_,
                          &b_, &width, &k, &labels_, &targets_, &weights_, &g_, &gb_))
        return NULL;
    PyObject *given[] = {x_, starts_, columns_, w_, b_, labels_, targets_, weights_, g_, gb_};
    int64_t sizes[] = {starts_ == Py_None ? last * p * item : 0, (last + 1) * 8, 0, p * width * 8, width * 8,
                       last * 8, last * k * 8, last * 8, p * width * 8, width * 8};
    Arrays arrays = {.n = 0};
    void *at[10];
    for (int i = 0; i < 10; i++) at[i] = PyErr_Occurred() ? NULL : memory(&arrays, given[i], sizes[i], i >= 8);
    double *room = PyErr_Occurred() ? NULL : PyMem_RawMalloc((size_t)(PASS_ROWS * width) * sizeof(double));
    if (!PyErr_Occurred() && !room) PyErr_NoMemory();
    if (room) {
        const int64_t *starts = at[1], *labels = at[5];
        const double *targets = at[6], *weights = at[7];
        Py_BEGIN_ALLOW_THREADS
#define TRAINING_PASS(T)                                                                                                \
    chosen->training_pass_##T((const T *)at[0] + (starts ? 0 : first * row), row, column, last - first, p,             \
                              starts ? starts + first : NULL, at[2], at[3], at[4], width, k, labels ? labels + first : NULL, \
                              targets ? targets + first * k : NULL, weights ? weights + first : NULL, at[8], at[9], room)
        sum = item == 8 ? TRAINING_PASS(double) : TRAINING_PASS(float);
        Py_END_ALLOW_THREADS
        PyMem_RawFree(room);
    }
    release(&arrays);
    return PyErr_Occurred() ? NULL : PyFloat_FromDouble(sum);
}

/* exp(array, item): in place, for a number of values that fills vectors; for the tests of its accuracy. */
static PyObject *py_exp(PyObject *module, PyObject *args)
{
    PyObject *x_;
    int item;
    if (!PyArg_ParseTuple(args, "Oi", &x_, &item)) return NULL;
    Arrays arrays = {.n = 0};
    void *x = memory(&arrays, x_, 0, 1);
    if (x && item == 8) chosen->exp_double(x, arrays.views[0].len / 8);
    else if (x) chosen->exp_float(x, arrays.views[0].len / 4);
    release(&arrays);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static int use_path(const char *wanted)
{
    const char *path = "portable";
    chosen = &kernels_portable;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
              && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && (!wanted || !strcmp(wanted, "avx512"))) path = "avx512", chosen = &kernels_avx512;
    else if (avx2 && (!wanted || !strcmp(wanted, "avx2"))) path = "avx2", chosen = &kernels_avx2;
#endif
    return !wanted || !strcmp(wanted, path);
}

static const char *path_name(void)
{
    return chosen->vector_bytes == 64 ? "avx512" : chosen->vector_bytes == 32 ? "avx2" : "portable";
}

/* use(path): whether that instruction set is here, and is used from now on; "" is the best there is. */
static PyObject *py_use(PyObject *module, PyObject *args)
{
    const char *wanted;
    if (!PyArg_ParseTuple(args, "s", &wanted)) return NULL;
    return PyBool_FromLong(use_path(*wanted ? wanted : NULL));
}

static PyObject *py_path(PyObject *module, PyObject *args) { return PyUnicode_FromString(path_name()); }

/* lanes(): how many doubles a vector has; widths of matrices are multiples of it. */
static PyObject *py_lanes(PyObject *module, PyObject *args) { return PyLong_FromLong(chosen->vector_bytes / 8); }

static PyMethodDef methods[] = {
    {"count", py_count, METH_VARARGS, NULL},
    {"cross_entropy", py_cross_entropy, METH_VARARGS, NULL},
    {"gather_log", py_gather_log, METH_VARARGS, NULL},
    {"training_pass", py_training_pass, METH_VARARGS, NULL},
    {"exp", py_exp, METH_VARARGS, NULL},
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
    return PyModule_Create(&definition);
}
