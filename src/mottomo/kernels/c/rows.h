/* What works on rows of logits or probabilities, for one type: included after REAL, VREAL (a vector of it), UREAL (the
 * same anywhere in memory), MASK (of a comparison) and FN(x) are defined. */
#define WIDTH ((int)(VB / sizeof(REAL)))
#define load(p) (*(const UREAL *)(p))

/* As many numbers as there are doubles in a vector, in double precision. */
static inline vd FN(wide)(const REAL *p) { return __builtin_convertvector(*(const FN(some) *)p, vd); }

static inline double FN(sum_lanes)(VREAL x)
{
    double sum = 0;
    for (int lane = 0; lane < WIDTH; lane++) sum += (double)x[lane];
    return sum;
}

static inline VREAL FN(larger)(VREAL a, VREAL b)
{
    MASK first = a > b;
    return (VREAL)(((MASK)a & first) | ((MASK)b & ~first));
}

/* Asks for memory that a stream comes to soon, as much as `n` numbers. */
static inline void FN(fetch)(const REAL *from, int n)
{
    for (int at = 0; at < n * (int)sizeof(REAL); at += 64) __builtin_prefetch((const char *)from + AHEAD + at);
}

/* exp of many numbers in place, for the tests of its accuracy. */
static void FN(exp_many)(struct task *t)
{
    for (REAL *x = t->gradient; t->n >= WIDTH; t->n -= WIDTH, x += WIDTH) {
        VREAL one = load(x);
        FN(exp)(&one, &one, 1);
        *(UREAL *)x = one;
    }
}

/* Rows stand side by side in the lanes, so that each step is one for many rows: e (K, BLOCK). */
static void FN(side_by_side)(const REAL *x, ptrdiff_t stride, int rows, int n_categories, REAL *e)
{
    for (int i = 0; i < rows; i += 4) {
        const REAL *at[4];
        for (int j = 0; j < 4; j++) at[j] = x + (i + j < rows ? i + j : i) * stride;
        FN(fetch)(at[0], (int)(4 * stride));
        for (int k = 0; k < n_categories; k++) {
            FN(quad) four = {at[0][k], at[1][k], at[2][k], at[3][k]};
            *(FN(quad) *)(e + k * BLOCK + i) = four;
        }
    }
}

/* exp(z - top) of n vectors to e, if there is one; what is below the top is summed up, what is at the top counted. */
INLINE void FN(exp_below)(const REAL *z, const VREAL *top, REAL *e, VREAL *lower, MASK *ties, const int n)
{
    VREAL below[AT_ONCE], y[AT_ONCE];
    EACH below[j] = load(z + j * WIDTH) - top[j];
    FN(exp)(below, y, n);
    if (e) EACH *(UREAL *)(e + j * WIDTH) = y[j];
    EACH {
        MASK at_top = below[j] == 0;
        lower[j] += (VREAL)((MASK)y[j] & ~at_top);
        ties[j] -= at_top;
    }
}

/* e = exp(z - top) for rows side by side, and the sum of it without one top. */
static void FN(exp_side_by_side)(REAL *e, int rows, int n_categories, REAL *top, double *rest)
{
    const int n = AT_ONCE;
    for (int i = 0; i < rows; i += n * WIDTH) {
        VREAL most[AT_ONCE], lower[AT_ONCE] = {{0}};
        MASK ties[AT_ONCE] = {{0}};
        EACH most[j] = load(e + i + j * WIDTH);
        for (int k = 1; k < n_categories; k++) EACH most[j] = FN(larger)(load(e + k * BLOCK + i + j * WIDTH), most[j]);
        for (int k = 0; k < n_categories; k++) FN(exp_below)(e + k * BLOCK + i, most, e + k * BLOCK + i, lower, ties, n);
        EACH *(UREAL *)(top + i + j * WIDTH) = most[j];
        EACH for (int lane = 0; lane < WIDTH; lane++)
            rest[i + j * WIDTH + lane] = (double)lower[j][lane] + (double)((int)ties[j][lane] - 1);
    }
}

/* Many categories: the lanes run along one row. `tail` is its last, incomplete vector, filled with -infinity. */
static REAL FN(row_top)(const REAL *z, int n_categories, VREAL *tail)
{
    int whole = n_categories / WIDTH * WIDTH;
    for (int lane = 0; lane < WIDTH; lane++) (*tail)[lane] = whole + lane < n_categories ? z[whole + lane] : -INFINITY;
    VREAL most = *tail, other = *tail;
    int k = 0;
    for (; k + WIDTH < whole; k += 2 * WIDTH) {
        FN(fetch)(z + k, 2 * WIDTH);
        most = FN(larger)(load(z + k), most);
        other = FN(larger)(load(z + k + WIDTH), other);
    }
    if (k < whole) most = FN(larger)(load(z + k), most);
    most = FN(larger)(other, most);
    REAL top = most[0];
    for (int lane = 1; lane < WIDTH; lane++) top = most[lane] > top ? most[lane] : top;
    return top;
}

/* exp(z - top) to e, which may be z or nothing; returns their sum without one top. */
static double FN(row_exp)(const REAL *z, int n_categories, VREAL tail, REAL top, REAL *e)
{
    int whole = n_categories / WIDTH * WIDTH, n_ties = 0;
    VREAL tops[AT_ONCE], y;
    for (int j = 0; j < AT_ONCE; j++) tops[j] = (VREAL){0} + top;
    double sum = 0;
    for (int start = 0, stop; start <= whole; start = stop) { /* short sums in REAL, their total in double */
        VREAL lower[AT_ONCE] = {{0}};
        MASK ties[AT_ONCE] = {{0}};
        int k = start;
        stop = whole - start > 64 * WIDTH ? start + 64 * WIDTH : whole;
        for (; k + AT_ONCE * WIDTH <= stop; k += AT_ONCE * WIDTH)
            FN(exp_below)(z + k, tops, e ? e + k : 0, lower, ties, AT_ONCE);
        for (; k < stop; k += WIDTH) FN(exp_below)(z + k, tops, e ? e + k : 0, lower, ties, 1);
        if (stop == whole) {
            FN(exp_below)((const REAL *)&tail, tops, (REAL *)&y, lower, ties, 1);
            for (int lane = 0; e && whole + lane < n_categories; lane++) e[whole + lane] = y[lane];
            stop++;
        }
        for (int j = 1; j < AT_ONCE; j++) lower[0] += lower[j], ties[0] += ties[j];
        sum += FN(sum_lanes)(lower[0]);
        for (int lane = 0; lane < WIDTH; lane++) n_ties += (int)ties[0][lane];
    }
    return sum + (double)(n_ties - 1);
}

/* sum_k t_k (top - z_k) for soft targets. */
static double FN(below_top)(const REAL *z, double top, int n_categories, const REAL *targets)
{
    double sum = 0;
    for (int k = 0; k < n_categories; k++)
        if (targets[k] != 0) sum += (double)targets[k] * (top - (double)z[k]);
    return sum;
}

/* w (softmax(z) - t) from e = exp(z - top) is share e, with share = w / (1 + rest), less w t. For a label it is minus the
 * others' share, so that it is exact also where its probability is near 1. */
static inline double FN(less_label)(double own, double share, double rest) { return -share * (rest + (1 - own)); }

static inline void FN(scale_row)(REAL *e, double share, double rest, int n_categories, int64_t label)
{
    const REAL times = (REAL)share;
    double own = label < 0 ? 0 : FN(less_label)((double)e[label], share, rest);
    for (int k = 0; k < n_categories; k++) e[k] *= times;
    if (label >= 0) e[label] = (REAL)own;
}

static void FN(residual_side_by_side)(const REAL *e, const double *weight, const double *rest, int rows, int n_categories,
                                      const int64_t *labels, REAL *out, ptrdiff_t stride)
{
    double share[BLOCK];
    REAL times[BLOCK];
    for (int i = 0; i < BLOCK; i++) share[i] = weight[i] / (1 + rest[i]);
    for (int i = 0; i < BLOCK; i++) times[i] = (REAL)share[i];
    for (int i = 0; i < rows; i += 4) {
        for (int at = 0; at < 4 * n_categories * (int)sizeof(REAL); at += 64)
            __builtin_prefetch((char *)(out + i * stride) + AHEAD + at, 1);
        for (int k = 0; k < n_categories; k++) {
            FN(quad) y = *(const FN(quad) *)(times + i) * *(const FN(quad) *)(e + k * BLOCK + i);
            for (int j = 0; j < 4 && i + j < rows; j++) out[(i + j) * stride + k] = y[j];
        }
    }
    for (int i = 0; labels && i < rows; i++)
        out[i * stride + labels[i]] = (REAL)FN(less_label)((double)e[labels[i] * BLOCK + i], share[i], rest[i]);
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

/* sum_i w_i loss_i of rows of logits, loss = log sum_k exp(z_k) - sum_k t_k z_k = log1p(rest) + sum_k t_k (top - z_k).
 * The gradient scale w (softmax(z) - t) goes to t->gradient, which may be the logits themselves. */
static void FN(cross_entropy)(struct task *t)
{
    REAL e[LANE_CATEGORIES * BLOCK] = {0}, top[BLOCK];
    double rest[BLOCK] = {0}, weight[BLOCK] = {0}, loss[BLOCK];
    const int K = t->k, in_lanes = K <= LANE_CATEGORIES;
    struct sum sum = {0, 0};
    for (int64_t start = 0; start < t->n; start += BLOCK) {
        int rows = t->n - start < BLOCK ? (int)(t->n - start) : BLOCK, stray;
        const REAL *z = (const REAL *)t->x + start * t->row, *targets = t->targets;
        const int64_t *labels = t->labels ? t->labels + start : 0;
        const double *weights = t->weights ? t->weights + start : 0;
        REAL *out = t->gradient ? (REAL *)t->gradient + start * t->row : 0;
        if (targets) targets += start * K;
        if (labels && (stray = FN(stray)(labels, rows, K)) >= 0) {
            t->wrong = start + stray;
            return;
        }
        if (in_lanes) {
            FN(side_by_side)(z, t->row, rows, K, e);
            FN(exp_side_by_side)(e, rows, K, top, rest);
        }
        for (int i = 0; out && i < rows; i++) weight[i] = t->scale * (weights ? weights[i] : 1);
        for (int i = 0; in_lanes && labels && i < rows; i++) loss[i] = (double)top[i] - (double)z[i * t->row + labels[i]];
        for (int i = 0; !(in_lanes && labels) && i < rows; i++) {
            const REAL *row = z + i * t->row;
            VREAL tail = {0};
            if (!in_lanes) top[i] = FN(row_top)(row, K, &tail);
            loss[i] = labels ? (double)top[i] - (double)row[labels[i]] : FN(below_top)(row, (double)top[i], K, targets + i * K);
            if (!in_lanes) rest[i] = FN(row_exp)(row, K, tail, top[i], out ? out + i * t->row : 0);
            if (!in_lanes && out) FN(scale_row)(out + i * t->row, weight[i] / (1 + rest[i]), rest[i], K, labels ? labels[i] : -1);
        }
        if (in_lanes && out) FN(residual_side_by_side)(e, weight, rest, rows, K, labels, out, t->row);
        for (int i = 0; out && targets && i < rows; i++)
            for (int k = 0; k < K; k++) out[i * t->row + k] -= (REAL)(weight[i] * (double)targets[i * K + k]);
        add_log1p(rest, loss);
        if (t->losses) memcpy(t->losses + start, loss, (size_t)rows * sizeof(double));
        add_block(&sum, loss, weights, rows);
    }
    t->sum = value(sum);
}

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
    else for (int i = 0; i < rows; i++) sums[i] = FN(row_sum)(p + i * n_categories, n_categories, &signs);
    int wrong = FN(stray)(labels, rows, n_categories) >= 0 || any_lane((vl)(signs < 0)); /* -0 is not wrong: look closer */
    for (int i = 0; i < rows; i++) wrong |= !(fabs(sums[i] - 1) <= tolerance);
    for (int i = 0; wrong && i < rows; i++) {
        int negative = 0;
        for (int k = 0; k < n_categories; k++) negative |= p[i * n_categories + k] < 0;
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
        for (int i = 0; i < BLOCK; i++) own[i] = i < rows ? (double)p[i * t->k + labels[i]] : 1;
        for (int i = 0; i < BLOCK; i += LANES) small |= *(ud *)(own + i) < 0x1p-1022;
        const int any_small = any_lane(small); /* no normal numbers, one by one */
        for (int i = 0; any_small && i < rows; i++)
            if (own[i] < 0x1p-1022) {
                if (own[i] == 0) t->impossible++;
                else add(&sum, (t->weights ? t->weights[start + i] : 1) * log(own[i]));
                own[i] = 1;
            }
        const vd nothing[AT_ONCE] = {{0}};
        for (int i = 0; i < BLOCK; i += AT_ONCE * LANES) {
            const int n = AT_ONCE;
            vd logs[AT_ONCE];
            EACH logs[j] = *(ud *)(own + i + j * LANES);
            log_of(logs, nothing, logs, n);
            EACH *(ud *)(own + i + j * LANES) = logs[j];
        }
        add_block(&sum, own, t->weights ? t->weights + start : 0, rows);
    }
    t->sum = value(sum);
}
