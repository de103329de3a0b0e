/* Everything for one instruction set: vectors, then what works on rows, for double and for float. */
#define MOST_VECTORS (VB == 64 ? 4 : 3)
#include "vectors.h"
#define REAL double
#define VREAL vd
#define UREAL NAME(ud)
#define EXP NAME(exp_double)
#define FN(x) NAME(x##_double)
typedef vl FN(mask);
#include "rows.h"
#undef REAL
#undef VREAL
#undef UREAL
#undef EXP
#undef FN
#define REAL float
#define VREAL vf
#define UREAL NAME(uf)
#define EXP NAME(exp_float)
#define FN(x) NAME(x##_float)
typedef vi FN(mask);
#include "rows.h"
#undef REAL
#undef VREAL
#undef UREAL
#undef EXP
#undef FN

/* exp of many numbers, for the tests of its accuracy. */
static void NAME(exp_many_double)(double *x, int64_t n)
{
    for (int64_t i = 0; i + LANES <= n; i += LANES) *(NAME(ud) *)(x + i) = NAME(exp_double)(*(NAME(ud) *)(x + i));
}
static void NAME(exp_many_float)(float *x, int64_t n)
{
    for (int64_t i = 0; i + 2 * LANES <= n; i += 2 * LANES) *(NAME(uf) *)(x + i) = NAME(exp_float)(*(NAME(uf) *)(x + i));
}

static const struct kernels NAME(kernels) = {
    VB, NAME(count_bytes), NAME(cross_entropy_double), NAME(cross_entropy_float), NAME(gather_log_double),
    NAME(gather_log_float), NAME(training_pass_double), NAME(training_pass_float), NAME(exp_many_double),
    NAME(exp_many_float),
};
#undef MOST_VECTORS
#undef LANES
#undef vd
#undef vl
#undef vu
#undef vf
#undef vi
#undef vb
#undef VB
#undef NAME
