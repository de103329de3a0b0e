/* Cross-entropy of rows of logits, and its gradient. */

/* Of every row one category is the reference, r: the label, or the largest logit. Its odds of the others are exp(z_k - z_r),
 * and `rest` is their sum. Where the label is the reference the loss is log1p(rest), without a search for the largest; but
 * then the others have to be `near` it: exp of no difference is 0, infinite or of the size of exp(FAR_BELOW), which the sum
 * of their squares shows, and with sums of few odds at most MOST_REST the largest logit is so near that the rounding of its
 * difference is little and a small weight divided by 1 + rest is still a normal number. */

/* Few categories: rows stand side by side in the lanes, so that each step is one for many rows. e (K, BLOCK) = z - z_r, with
 * `absent` in the place of r. */
static void FN(side_by_side)(const REAL *z, ptrdiff_t stride, int rows, int n_categories, const int64_t *reference, REAL absent,
                             REAL *e)
{
    for (int i = 0; i < rows; i += 4) {
        const REAL *at[4];
        FN(quad) less;
        int k = 0;
        for (int j = 0; j < 4; j++) at[j] = z + (i + j < rows ? i + j : i) * stride;
        for (int j = 0; j < 4; j++) less[j] = at[j][reference[i + j < rows ? i + j : i]];
        for (; k + 4 <= n_categories; k += 4) {
            FN(quad) x[4], y[4];
            for (int j = 0; j < 4; j++) x[j] = *(const FN(quad) *)(at[j] + k);
            FN(transpose)(x, y);
            for (int j = 0; j < 4; j++) *(FN(quad) *)(e + (k + j) * BLOCK + i) = y[j] - less;
        }
        for (; k < n_categories; k++) {
            FN(quad) four = {at[0][k], at[1][k], at[2][k], at[3][k]};
            *(FN(quad) *)(e + k * BLOCK + i) = four - less;
        }
        for (int j = 0; j < 4 && i + j < rows; j++) e[reference[i + j] * BLOCK + i + j] = absent;
    }
}

/* e = exp(e) for rows side by side, and its sums. Whether all are near, and `near` whether that matters; `next` are the rows
 * that come next. */
INLINE int FN(exp_side_by_side)(REAL *e, int rows, int n_categories, double *rest, const REAL *next, const int near)
{
    const int n = AT_ONCE;
    MASK far = {0};
    for (int i = 0; i < rows; i += n * WIDTH) {
        VREAL x[AT_ONCE], y[AT_ONCE], sums[AT_ONCE] = {{0}}, squares[AT_ONCE] = {{0}};
        for (int k = 0; k < n_categories; k++, next += n * WIDTH) {
            for (int at = 0; at < n * VB; at += 64) __builtin_prefetch((const char *)next + at);
            EACH x[j] = load(e + k * BLOCK + i + j * WIDTH);
            EACH squares[j] += x[j] * x[j];
            FN(exp)(x, y, n, near);
            EACH *(UREAL *)(e + k * BLOCK + i + j * WIDTH) = y[j];
            EACH sums[j] += y[j];
        }
        EACH far |= ~(squares[j] <= FAR_BELOW * FAR_BELOW + MOST_SQUARES) | (sums[j] > MOST_REST);
        EACH for (int lane = 0; lane < WIDTH; lane++) rest[i + j * WIDTH + lane] = (double)sums[j][lane];
    }
    return !any_lane((vl)far);
}

/* Many categories: the lanes run along one row. exp(z - z_r) of n vectors to e, if there is one, and to the sums without r's;
 * r counts from the first of them. */
INLINE void FN(add_exp)(const REAL *z, REAL own, int64_t r, REAL *e, VREAL *sums, VREAL *squares, const int near, const int n)
{
    VREAL x[AT_ONCE], y[AT_ONCE];
    EACH x[j] = load(z + j * WIDTH) - own;
    EACH squares[j] += x[j] * x[j];
    FN(exp)(x, y, n, near);
    if (e) EACH *(UREAL *)(e + j * WIDTH) = y[j];
    if (r >= 0 && r < n * WIDTH) {
        REAL lanes[AT_ONCE * WIDTH];
        EACH *(UREAL *)(lanes + j * WIDTH) = y[j];
        lanes[r] = 0;
        EACH y[j] = load(lanes + j * WIDTH);
    }
    EACH sums[j] += y[j];
}

/* A row's exp(z - z_r) to e, if there is one, which may be z, and `rest`. Whether all are near. */
INLINE int FN(exp_row)(const REAL *z, int n_categories, int64_t r, REAL *e, double *rest, const int near)
{
    const int whole = n_categories / WIDTH * WIDTH;
    const REAL own = z[r];
    MASK far = {0};
    REAL tail[WIDTH], last[WIDTH]; /* the last, incomplete vector */
    for (int lane = 0; lane < WIDTH; lane++) tail[lane] = whole + lane < n_categories ? z[whole + lane] : own;
    double sum = 0;
    for (int k = 0, stop; k < n_categories; k = stop) { /* short sums in REAL, their total in double */
        VREAL sums[AT_ONCE] = {{0}}, squares[AT_ONCE] = {{0}};
        stop = whole - k > 32 * WIDTH ? k + 32 * WIDTH : whole;
        for (; k + AT_ONCE * WIDTH <= stop; k += AT_ONCE * WIDTH) {
            FN(fetch)(z + k, AT_ONCE * WIDTH);
            FN(add_exp)(z + k, own, r - k, e ? e + k : 0, sums, squares, near, AT_ONCE);
        }
        for (; k < stop; k += WIDTH) FN(add_exp)(z + k, own, r - k, e ? e + k : 0, sums, squares, near, 1);
        if (stop == whole) {
            VREAL others = {0};
            FN(add_exp)(tail, own, -1, last, &others, squares, near, 1);
            for (int lane = 0; whole + lane < n_categories; lane++) {
                if (e) e[whole + lane] = last[lane];
                if (whole + lane != r) sum += (double)last[lane];
            }
            far |= others > MOST_REST;
            stop = n_categories;
        }
        for (int j = 0; j < AT_ONCE; j++) {
            far |= ~(squares[j] <= MOST_SQUARES) | (sums[j] > MOST_REST);
            sum += FN(sum_lanes)(sums[j]);
        }
    }
    *rest = sum;
    return !any_lane((vl)far);
}

/* Where a row's largest logit is. */
static int64_t FN(largest)(const REAL *z, int n_categories)
{
    int64_t largest = 0;
    for (int k = 1; k < n_categories; k++)
        if (z[k] > z[largest]) largest = k;
    return largest;
}

/* w (softmax(z) - t) from e = exp(z - z_r) is share e, with share = w / (1 + rest), less w t. For a label it is minus the
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
        int k = 0;
        for (; i + 4 <= rows && k + 4 <= n_categories; k += 4) {
            FN(quad) x[4], y[4];
            for (int j = 0; j < 4; j++) x[j] = *(const FN(quad) *)(times + i) * *(const FN(quad) *)(e + (k + j) * BLOCK + i);
            FN(transpose)(x, y);
            for (int j = 0; j < 4; j++) *(FN(quad) *)(out + (i + j) * stride + k) = y[j];
        }
        for (; k < n_categories; k++) {
            FN(quad) y = *(const FN(quad) *)(times + i) * *(const FN(quad) *)(e + k * BLOCK + i);
            for (int j = 0; j < 4 && i + j < rows; j++) out[(i + j) * stride + k] = y[j];
        }
    }
    for (int i = 0; labels && i < rows; i++)
        out[i * stride + labels[i]] = (REAL)FN(less_label)((double)e[labels[i] * BLOCK + i], share[i], rest[i]);
}

/* A block of rows of logits: given z, labels or targets (n, k), and for a gradient `weight`; found rest and loss, so that a
 * row's loss is loss + log1p(rest), and in `out`, if there is one, weight softmax(z), less the weight for the label. */
struct FN(block) {
    int rows;
    const REAL *z, *targets;
    const int64_t *labels;
    REAL *out;
    double weight[BLOCK], rest[BLOCK], loss[BLOCK];
};

/* z_r - z_label of row i, or sum_k t_k (z_r - z_k). */
static inline double FN(below)(const struct FN(block) *b, int i, const REAL *z, int64_t r, int n_categories)
{
    const double top = (double)z[r];
    if (b->labels) return top - (double)z[b->labels[i]];
    const REAL *targets = b->targets + (ptrdiff_t)i * n_categories;
    double sum = 0;
    for (int k = 0; k < n_categories; k++)
        if (targets[k] != 0) sum += (double)targets[k] * (top - (double)z[k]);
    return sum;
}

/* Few categories. Whether all rows are near their label: then loss = 0. */
static int FN(short_rows)(struct task *t, struct FN(block) *b, REAL *e)
{
    int64_t largest[BLOCK];
    const int64_t *reference = b->labels;
    const REAL *next = b->z + BLOCK * t->row;
    int near = reference && t->k > 1;
    if (t->careful > 0) t->careful--, near = 0;
    if (near) {
        FN(side_by_side)(b->z, t->row, b->rows, t->k, reference, FAR_BELOW, e);
        near = FN(exp_side_by_side)(e, b->rows, t->k, b->rest, next, 1);
        if (!near) t->careful = 3;
    }
    if (!near) {
        for (int i = 0; i < b->rows; i++) largest[i] = FN(largest)(b->z + i * t->row, t->k);
        reference = largest;
        FN(side_by_side)(b->z, t->row, b->rows, t->k, reference, -INFINITY, e);
        FN(exp_side_by_side)(e, b->rows, t->k, b->rest, next, 0);
    }
    for (int i = 0; i < b->rows; i++)
        b->loss[i] = near ? 0 : FN(below)(b, i, b->z + i * t->row, reference[i], t->k);
    if (b->out) {
        for (int i = 0; i < b->rows; i++) e[reference[i] * BLOCK + i] = 1;
        FN(residual_side_by_side)(e, b->weight, b->rest, b->rows, t->k, b->labels, b->out, t->row);
    }
    return near;
}

/* Many categories; before residuals take the place of logits, these are kept in `room`, for they may turn out to be far. */
static int FN(long_rows)(const struct task *t, struct FN(block) *b, REAL *room)
{
    int all_near = 1;
    for (int i = 0; i < b->rows; i++) {
        const REAL *z = b->z + i * t->row;
        REAL *e = b->out ? b->out + i * t->row : 0;
        const int64_t label = b->labels ? b->labels[i] : -1;
        if (e == z && t->k <= LANE_CATEGORIES * BLOCK) z = memcpy(room, z, (size_t)t->k * sizeof(REAL));
        const int near = label >= 0 && e != z && FN(exp_row)(z, t->k, label, e, &b->rest[i], 1);
        b->loss[i] = 0;
        if (!near) {
            const int64_t r = FN(largest)(z, t->k);
            b->loss[i] = FN(below)(b, i, z, r, t->k);
            FN(exp_row)(z, t->k, r, e, &b->rest[i], 0);
        }
        if (e) FN(scale_row)(e, b->weight[i] / (1 + b->rest[i]), b->rest[i], t->k, label);
        all_near &= near;
    }
    return all_near;
}

/* sum_i w_i loss_i of rows of logits, loss = log sum_k exp(z_k) - sum_k t_k z_k = log1p(rest) + sum_k t_k (z_r - z_k).
 * The gradient scale w (softmax(z) - t) goes to t->gradient, which may be the logits themselves. */
static void FN(cross_entropy)(struct task *t)
{
    REAL e[LANE_CATEGORIES * BLOCK] = {0};
    struct FN(block) b = {0};
    struct sum sum = {0, 0};
    for (int64_t start = 0; start < t->n; start += BLOCK) {
        const double *weights = t->weights ? t->weights + start : 0;
        b.rows = t->n - start < BLOCK ? (int)(t->n - start) : BLOCK;
        b.z = (const REAL *)t->x + start * t->row;
        b.labels = t->labels ? t->labels + start : 0;
        b.targets = t->targets ? (const REAL *)t->targets + start * t->k : 0;
        b.out = t->gradient ? (REAL *)t->gradient + start * t->row : 0;
        const int stray = b.labels ? FN(stray)(b.labels, b.rows, t->k) : -1;
        if (stray >= 0) {
            t->wrong = start + stray;
            return;
        }
        for (int i = 0; b.out && i < b.rows; i++) b.weight[i] = t->scale * (weights ? weights[i] : 1);
        const int near = t->k <= LANE_CATEGORIES ? FN(short_rows)(t, &b, e) : FN(long_rows)(t, &b, e);
        for (int i = 0; b.out && b.targets && i < b.rows; i++)
            for (int k = 0; k < t->k; k++) b.out[i * t->row + k] -= (REAL)(b.weight[i] * (double)b.targets[(ptrdiff_t)i * t->k + k]);
        if (near && !weights && !t->losses) add(&sum, sum_log1p(b.rest, b.rows));
        else {
            add_log1p(b.rest, b.loss);
            if (t->losses) memcpy(t->losses + start, b.loss, (size_t)b.rows * sizeof(double));
            add_block(&sum, b.loss, weights, b.rows);
        }
    }
    t->sum = value(sum);
}
