/* What every kernel is given and gives back, and the tables through which an instruction set is chosen. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if !defined(__GNUC__)
#error "vector extensions of GCC or Clang are needed; without them mottomo uses numpy"
#endif

/* Rows at a time in the cache; vectors at a time in a long chain of steps; up to how many categories rows stand side by side
 * in the lanes, and features do; how far to look ahead, in bytes of a stream and in entries of a sparse row. */
enum { BLOCK = 64, AT_ONCE = 4, LANE_CATEGORIES = 24, FEW = 4, AHEAD = 2048, ENTRIES_AHEAD = 12 };

struct task {
    /* given: arrays that begin with the first row of the range */
    int64_t n;                           /* rows */
    int k, item;                         /* categories, bytes of a number of x */
    const void *x;                       /* codes (n); logits or probabilities (n, k); features (n, p), or sparse ones' values */
    ptrdiff_t row, column;               /* steps between the rows and the columns of x, in numbers */
    const int64_t *labels;               /* (n); or none, with targets (n, k) */
    const void *targets;
    const double *weights;               /* (n) or none */
    double scale;                        /* of the gradient; for probabilities: how far the sum of a row may miss 1 */
    int64_t p;                           /* training: columns of features, */
    ptrdiff_t width;                     /* numbers in a row of w (p, width), b (width) and the gradients (of few
                                            categories w and its gradient are (k, p)), */
    const int64_t *starts;               /* and where sparse rows begin, with the column of each value */
    const int32_t *columns;
    const double *w, *b;
    /* found */
    void *gradient;                      /* (n, k) in steps of row, or (p, width), to which it adds */
    double *losses, *intercept_gradient; /* (n); (width), to which it adds */
    int64_t *counts;                     /* (k + 1), to which it adds; the last are codes of no category */
    double *room;                        /* (BLOCK, width) */
    double sum;
    int64_t impossible, wrong;           /* rows of probability 0; the first row that is not as it should be, or -1 */
    int careful;                         /* for so many blocks: one whose rows are far from their labels is seldom alone */
};

/* Whether a training pass has its lanes along the features: a row is one piece, and categories fill no vector. */
static inline int is_few(const struct task *t) { return !t->starts && t->column == 1 && t->k >= 2 && t->k <= FEW; }

enum { COUNT, CROSS_ENTROPY, GATHER_LOG, TRAINING_PASS, EXP, KERNELS };
struct kernels {
    int vector_bytes;
    void (*of[KERNELS][2])(struct task *); /* for float and for double */
};
extern __attribute__((visibility("hidden"))) const struct kernels portable, avx2, avx512;
