/* What rows of logits and of probabilities have in common, for one type: included after REAL, VREAL (a vector of it), UREAL (the
 * same anywhere in memory), MASK (of a comparison) and FN(x) are defined. */
#define WIDTH ((int)(VB / sizeof(REAL)))
#define load(p) (*(const UREAL *)(p))

/* As many numbers as there are doubles in a vector, in double precision. */
static inline vd FN(wide)(const REAL *p) { return __builtin_convertvector(*(const FN(some) *)p, vd); }

/* Asks for memory that a stream comes to soon, as much as `n` numbers. */
static inline void FN(fetch)(const REAL *from, int n)
{
    for (int at = 0; at < n * (int)sizeof(REAL); at += 64) __builtin_prefetch((const char *)from + AHEAD + at);
}

/* exp of many numbers in place, for the tests of its accuracy. */
static void FN(exp_many)(struct task *t)
{
    for (REAL *x = t->gradient; t->n >= WIDTH; t->n -= WIDTH, x += WIDTH) {
        const VREAL one = load(x);
        VREAL y;
        FN(exp)(&one, &y, 1, 0);
        *(UREAL *)x = y;
    }
}

/* The first row of a block whose label is no category, or -1. */
static int FN(stray)(const int64_t *labels, int rows, int n_categories)
{
    int any = 0;
    for (int i = 0; i < rows; i += 8) __builtin_prefetch(labels + BLOCK + i);
    for (int i = 0; i < rows; i++) any |= (uint64_t)labels[i] >= (uint64_t)n_categories;
    for (int i = 0; any && i < rows; i++)
        if ((uint64_t)labels[i] >= (uint64_t)n_categories) return i;
    return -1;
}
