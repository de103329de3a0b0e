/* Logarithms of the labels' probabilities, all of which are checked on the way. */

/* The sum of a long row of probabilities, and in `signs` all bits of its numbers. */
static inline double FN(row_sum)(const REAL *p, int n_categories, MASK *signs)
{
    VREAL sums = {0};
    double rest = 0;
    int k = 0;
    for (; k + WIDTH <= n_categories; k += WIDTH) {
        FN(fetch)(p + k, WIDTH);
        sums += load(p + k);
        *signs |= (MASK)load(p + k);
    }
    for (; k < n_categories; k++) {
        rest += (double)p[k];
        if (p[k] < 0) (*signs)[0] = -1;
    }
    return FN(sum_lanes)(sums) + rest;
}

/* The sums of a block of short rows, four at a time so that none waits for another; and the bits of their numbers. */
static inline void FN(block_sums)(const REAL *p, int n_categories, double *sums, MASK *signs)
{
    for (int i = 0; i < BLOCK; i += 4) {
        const REAL *row = p + i * n_categories;
        REAL first = 0, second = 0, third = 0, fourth = 0;
        FN(fetch)(row, 4 * n_categories);
        for (int k = 0; k < n_categories; k++, row++)
            first += row[0], second += row[n_categories], third += row[2 * n_categories], fourth += row[3 * n_categories];
        sums[i] = (double)first, sums[i + 1] = (double)second, sums[i + 2] = (double)third, sums[i + 3] = (double)fourth;
    }
    for (int k = 0; k < BLOCK * n_categories; k += WIDTH) *signs |= (MASK)load(p + k);
}

/* The first row of a block that is no probability vector or whose label is no category, or -1. */
static int FN(wrong_row)(const REAL *p, int n_categories, const int64_t *labels, int rows, double tolerance)
{
    double sums[BLOCK];
    MASK signs = {0};
    if (n_categories < 2 * WIDTH && rows == BLOCK) FN(block_sums)(p, n_categories, sums, &signs);
    else for (int i = 0; i < rows; i++) sums[i] = FN(row_sum)(p + (ptrdiff_t)i * n_categories, n_categories, &signs);
    int wrong = FN(stray)(labels, rows, n_categories) >= 0 || any_lane((vl)(signs < 0)); /* -0 is not wrong: look closer */
    for (int i = 0; i < rows; i++) wrong |= !(fabs(sums[i] - 1) <= tolerance);
    for (int i = 0; wrong && i < rows; i++) {
        int negative = 0;
        for (int k = 0; k < n_categories; k++) negative |= p[(ptrdiff_t)i * n_categories + k] < 0;
        if (negative || !(fabs(sums[i] - 1) <= tolerance) || (uint64_t)labels[i] >= (uint64_t)n_categories) return i;
    }
    return -1;
}

/* sum_i w_i log p(i, label_i) over rows of probabilities that are each checked: all >= 0, sum within t->scale of 1.
 * Rows whose label has probability 0 are counted and left out of the sum. */
static void FN(gather_log)(struct task *t)
{
    struct sum sum = {0, 0};
    for (int64_t start = 0; start < t->n; start += BLOCK) {
        int rows = t->n - start < BLOCK ? (int)(t->n - start) : BLOCK;
        const REAL *p = (const REAL *)t->x + start * t->k;
        const int64_t *labels = t->labels + start;
        const int wrong = FN(wrong_row)(p, t->k, labels, rows, t->scale);
        if (wrong >= 0) {
            t->wrong = start + wrong;
            return;
        }
        double own[BLOCK];
        vl small = {0};
        for (int i = 0; i < BLOCK; i++) own[i] = i < rows ? (double)p[(ptrdiff_t)i * t->k + labels[i]] : 1;
        for (int i = 0; i < BLOCK; i += LANES) small |= *(ud *)(own + i) < 0x1p-240;
        const int any_small = any_lane(small); /* their products could vanish: one by one */
        for (int i = 0; any_small && i < rows; i++)
            if (own[i] < 0x1p-240) {
                if (own[i] == 0) t->impossible++;
                else add(&sum, (t->weights ? t->weights[start + i] : 1) * log(own[i]));
                own[i] = 1;
            }
        if (!t->weights) {
            add(&sum, sum_log(own));
            continue;
        }
        const vd nothing[AT_ONCE] = {{0}};
        for (int i = 0; i < BLOCK; i += AT_ONCE * LANES) {
            const int n = AT_ONCE;
            vd logs[AT_ONCE];
            EACH logs[j] = *(ud *)(own + i + j * LANES);
            log_of(logs, nothing, logs, n);
            EACH *(ud *)(own + i + j * LANES) = logs[j];
        }
        add_block(&sum, own, t->weights + start, rows);
    }
    t->sum = value(sum);
}
