/* Every kernel for one instruction set, given VB, the bytes of a vector. Written in the vector extensions of GCC and
 * Clang, which lower them to whatever the target has; a product and a sum become one fused operation where there is one. */
#define MOST_VECTORS (VB == 64 ? 4 : 3) /* of a row in registers, in a product of matrices */
#define LANES (VB / 8)
typedef double vd __attribute__((vector_size(VB)));
typedef int64_t vl __attribute__((vector_size(VB)));
typedef uint64_t vu __attribute__((vector_size(VB)));
typedef float vf __attribute__((vector_size(VB)));
typedef int32_t vi __attribute__((vector_size(VB)));
typedef uint32_t vw __attribute__((vector_size(VB)));
typedef double ud __attribute__((vector_size(VB), aligned(8), may_alias)); /* anywhere in memory */
typedef float uf __attribute__((vector_size(VB), aligned(4), may_alias));
typedef ud some_double;
typedef float some_float __attribute__((vector_size(VB / 2), aligned(4), may_alias));
typedef double quad_double __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t quad_long __attribute__((vector_size(32)));
typedef int32_t quad_int __attribute__((vector_size(16)));
typedef float quad_float __attribute__((vector_size(16), aligned(4), may_alias));

#include "counting.h"
#include "functions.h"
#define REAL double
#define VREAL vd
#define UREAL ud
#define MASK vl
#define FN(x) x##_double
#define FAR_BELOW -690.0 /* how far logits may be from the label's: see logits.h */
#define MOST_SQUARES 100000.0
#define MOST_REST 0x1p20
#include "rows.h"
#include "logits.h"
#include "probabilities.h"
#include "training.h"
#undef REAL
#undef VREAL
#undef UREAL
#undef MASK
#undef FN
#undef FAR_BELOW
#undef MOST_SQUARES
#undef MOST_REST
#define REAL float
#define VREAL vf
#define UREAL uf
#define MASK vi
#define FN(x) x##_float
#define FAR_BELOW -0x1.601e66p+6f /* just above -127 ln 2: exp makes 1e-43 of it */
#define MOST_SQUARES 7569.0f
#define MOST_REST 0x1p11f
#include "rows.h"
#include "logits.h"
#include "probabilities.h"
#include "training.h"

#define TABLE {VB, {{count, count}, {cross_entropy_float, cross_entropy_double}, {gather_log_float, gather_log_double}, \
                    {training_pass_float, training_pass_double}, {exp_many_float, exp_many_double}}}
