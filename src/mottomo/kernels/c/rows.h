/* What works on rows of numbers, for one instruction set and one type: included after REAL, VREAL (a vector of it),
 * UREAL (the same, unaligned), EXP and FN(x) are defined. */

#define WIDTH ((int)(VB / sizeof(REAL)))
#define load(p) (*(const UREAL *)(p))

static inline double FN(sum_lanes)(VREAL x)
{
    double sum = 0;
    for (int lane = 0; lane < WIDTH; lane++) sum += (double)x[lane];
    return sum;
}

static inline VREAL FN(larger)(VREAL a, VREAL b)
{
    FN(mask) first = a > b;
    return (VREAL)(((FN(mask))a & first) | ((FN(mask))b & ~first));
}

/* c (mr rows, nv vectors) += sum_s a(s, .) b(s, .): a sum of outer products, held in registers. */
static inline __attribute__((always_inline)) void FN(tile)(
    const REAL *a, ptrdiff_t a_row, ptrdiff_t a_step, const double *b, double *c, ptrdiff_t width, int64_t count,
    const int mr, const int nv)
{
    vd sums[8][4];
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++) sums[i][v] = *(const NAME(ud) *)(c + i * width + v * LANES);
    for (int64_t s = 0; s < count; s++)
#pragma GCC unroll 8
        for (int i = 0; i < mr; i++) {
            double x = (double)a[i * a_row + s * a_step];
#pragma GCC unroll 4
            for (int v = 0; v < nv; v++) sums[i][v] += x * *(const NAME(ud) *)(b + s * width + v * LANES);
        }
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++) *(NAME(ud) *)(c + i * width + v * LANES) = sums[i][v];
}

/* c (rows, width) += a (rows, count) b (count, width), tile by tile; width is a multiple of the lanes, and a may be
 * read along either axis. */
static void FN(product)(const REAL *a, ptrdiff_t a_row, ptrdiff_t a_step, const double *b, double *c, ptrdiff_t width,
                        int64_t rows, int64_t count)
{
#define CASE(mr, nv) case mr * 8 + nv: FN(tile)(ap, a_row, a_step, bp, cp, width, count, mr, nv); break;
    for (int left = (int)(width / LANES), column = 0, nv; left > 0; left -= nv, column += nv * LANES) {
        int panels = (left + MOST_VECTORS - 1) / MOST_VECTORS;
        nv = (left + panels - 1) / panels;
        int most = nv == 1 || (nv == 2 && VB == 64) ? 8 : VB == 64 ? 6 : 4; /* as many sums as registers hold */
        for (int64_t row = 0, step; row < rows; row += step) {
            const REAL *ap = a + row * a_row;
            const double *bp = b + column;
            double *cp = c + row * width + column;
            step = rows - row >= most ? most : 1;
            switch (step * 8 + nv) {
                CASE(8, 1) CASE(8, 2) CASE(6, 3) CASE(6, 4) CASE(4, 2) CASE(4, 3) CASE(1, 1) CASE(1, 2) CASE(1, 3) CASE(1, 4)
            }
        }
    }
#undef CASE
}

/* Few categories: rows stand side by side in the lanes, so that each step is one for many rows. e (K, BLOCK) holds
 * exp(z - top) on return, rest the sum of it without one top. */
static void FN(lane_block)(const REAL *z, ptrdiff_t stride, int rows, int n_categories, REAL *e, REAL *top, double *rest)
{
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < n_categories; k++) e[k * BLOCK + i] = z[i * stride + k];
    for (int i = 0; i < rows; i += WIDTH) {
        VREAL most = load(e + i), sum = {0};
        FN(mask) ties = {0};
        for (int k = 1; k < n_categories; k++) most = FN(larger)(load(e + k * BLOCK + i), most);
        for (int k = 0; k < n_categories; k++) {
            VREAL below = load(e + k * BLOCK + i) - most, y = EXP(below);
            FN(mask) is_top = below == 0;
            *(UREAL *)(e + k * BLOCK + i) = y;
            sum += (VREAL)((FN(mask))y & ~is_top);
            ties -= is_top;
        }
        *(UREAL *)(top + i) = most;
        for (int lane = 0; lane < WIDTH; lane++) rest[i + lane] = (double)sum[lane] + (double)(ties[lane] - 1);
    }
}

/* Many categories: the lanes run along one row. `tail` is its last, incomplete vector, filled with -infinity. */
static REAL FN(row_top)(const REAL *z, int n_categories, VREAL *tail)
{
    int whole = n_categories / WIDTH * WIDTH;
    for (int lane = 0; lane < WIDTH; lane++) (*tail)[lane] = whole + lane < n_categories ? z[whole + lane] : -INFINITY;
    VREAL most = *tail;
    for (int k = 0; k < whole; k += WIDTH) {
        VREAL x = load(z + k);
        most = FN(larger)(x, most);
    }
    REAL top = most[0];
    for (int lane = 1; lane < WIDTH; lane++) top = most[lane] > top ? most[lane] : top;
    return top;
}

/* exp(z - top) to e, which may be z or nothing; returns their sum without one top. */
static double FN(row_exp)(const REAL *z, int n_categories, VREAL tail, REAL top, REAL *e)
{
    int whole = n_categories / WIDTH * WIDTH;
    VREAL ones = (VREAL){0} + 1, ties = {0};
    double total = 0;
    for (int start = 0; start <= whole; start += 64 * WIDTH) { /* short sums in REAL, their total in double */
        VREAL sum = {0};
        for (int k = start; k <= whole && k < start + 64 * WIDTH; k += WIDTH) {
            VREAL x = tail;
            if (k < whole) x = load(z + k);
            VREAL below = x - top, y = EXP(below);
            FN(mask) is_top = below == 0;
            if (e && k < whole) *(UREAL *)(e + k) = y;
            else if (e) for (int lane = 0; k + lane < n_categories; lane++) e[k + lane] = y[lane];
            sum += (VREAL)((FN(mask))y & ~is_top);
            ties += (VREAL)((FN(mask))ones & is_top);
        }
        total += FN(sum_lanes)(sum);
    }
    return total + (FN(sum_lanes)(ties) - 1);
}

/* sum_k t_k (top - z_k) for soft targets. */
static double FN(below_top)(const REAL *z, double top, int n_categories, const REAL *targets)
{
    double sum = 0;
    for (int k = 0; k < n_categories; k++)
        if (targets[k] != 0) sum += (double)targets[k] * (top - (double)z[k]);
    return sum;
}

/* w (softmax(z) - t) from e = exp(z - top). For a label it is -w (the others' share): exact also where y is near 1. */
static inline void FN(residual)(const REAL *e, int e_step, double rest, double weight, int n_categories, int64_t label,
                                const REAL *targets, REAL *out)
{
    double share = weight / (1 + rest), own = targets ? 0 : (double)e[label * e_step];
    for (int k = 0; k < n_categories; k++) out[k] = e[k * e_step] * (REAL)share;
    if (!targets) out[label] = (REAL)(-share * (rest + (1 - own)));
    else for (int k = 0; k < n_categories; k++) out[k] -= (REAL)(weight * (double)targets[k]);
}

/* sum_i w_i loss_i of rows of logits, loss = log sum_k exp(z_k) - sum_k t_k z_k = log1p(rest) + sum_k t_k (top - z_k);
 * -1 - i where the label of row i is no category. The gradient scale w (softmax(z) - t) goes to `out`, which may be `z`
 * itself, and each row's loss to `losses`. */
static double FN(cross_entropy)(const REAL *z, ptrdiff_t stride, int64_t n, int n_categories, const int64_t *labels,
                                const REAL *targets, const double *weights, double scale, REAL *out, ptrdiff_t out_stride,
                                double *losses)
{
    REAL e[LANE_CATEGORIES * BLOCK] = {0}, top[BLOCK];
    double rest[BLOCK] = {0}, below[BLOCK] = {0}, weight[BLOCK], total = 0, lost = 0;
    const int in_lanes = n_categories <= LANE_CATEGORIES;
    for (int64_t start = 0; start < n; start += BLOCK) {
        int rows = n - start < BLOCK ? (int)(n - start) : BLOCK, stray = 0;
        for (int i = 0; labels && i < rows; i++) stray |= (uint64_t)labels[start + i] >= (uint64_t)n_categories;
        for (int i = 0; stray && i < rows; i++)
            if ((uint64_t)labels[start + i] >= (uint64_t)n_categories) return (double)(-1 - (start + i));
        if (in_lanes) FN(lane_block)(z + start * stride, stride, rows, n_categories, e, top, rest);
        for (int i = 0; i < rows; i++) {
            const REAL *row = z + (start + i) * stride;
            VREAL tail = {0};
            if (!in_lanes) top[i] = FN(row_top)(row, n_categories, &tail);
            below[i] = labels ? (double)top[i] - (double)row[labels[start + i]]
                              : FN(below_top)(row, (double)top[i], n_categories, targets + (start + i) * n_categories);
            if (!in_lanes)
                rest[i] = FN(row_exp)(row, n_categories, tail, top[i], out ? out + (start + i) * out_stride : 0);
        }
        for (int i = 0; i < BLOCK; i++) weight[i] = i >= rows ? 0 : weights ? weights[start + i] : 1;
        for (int i = rows; i < BLOCK; i++) rest[i] = below[i] = 0;
        vd sums = {0};
        for (int i = 0; i < BLOCK; i += LANES) {
            vd loss = NAME(log1p)(*(NAME(ud) *)(rest + i)) + *(NAME(ud) *)(below + i);
            *(NAME(ud) *)(below + i) = loss;
            sums += loss * *(NAME(ud) *)(weight + i);
        }
        if (losses) memcpy(losses + start, below, (size_t)rows * sizeof(double));
        double block = NAME(sum_lanes_double)(sums), sum = total + block;
        lost += total >= block ? (total - sum) + block : (block - sum) + total; /* Neumaier's compensation */
        total = sum;
        for (int i = 0; out && i < rows; i++) {
            REAL *row = out + (start + i) * out_stride;
            FN(residual)(in_lanes ? e + i : row, in_lanes ? BLOCK : 1, rest[i], scale * weight[i], n_categories,
                         labels ? labels[start + i] : 0, targets ? targets + (start + i) * n_categories : 0, row);
        }
    }
    return isfinite(total) ? total + lost : total;
}

/* sum_i w_i log p(i, label_i) over rows of probabilities that are each checked: all >= 0, sum within `tolerance` of 1.
 * Rows whose label has probability 0 are counted in *impossible and left out of the sum. Returns in *wrong the first
 * row that is none, or -1. Many factors are multiplied, with their rounding kept, before one logarithm is taken. */
static double FN(gather_log)(const REAL *p, int64_t n, int n_categories, const int64_t *labels, const double *weights,
                             double tolerance, int64_t *impossible, int64_t *wrong)
{
    double sum = 0, lost = 0, product = 1, rounding = 0;
    int64_t zeros = 0, doublings = 0;
    for (int64_t i = 0; i < n; i++) {
        const REAL *row = p + i * n_categories;
        VREAL sums = {0}, least = {0};
        int k = 0;
        double total = 0, lowest = 0;
        if (n_categories >= 2 * WIDTH) {
            for (; k + WIDTH <= n_categories; k += WIDTH) {
                VREAL x = load(row + k);
                sums += x;
                least = -FN(larger)(-x, -least);
            }
            total = FN(sum_lanes)(sums);
            lowest = FN(sum_lanes)(least);
        }
        for (; k < n_categories; k++) total += (double)row[k], lowest += row[k] < 0 ? (double)row[k] : 0;
        if (!(total - 1 <= tolerance && 1 - total <= tolerance && lowest == 0) || (uint64_t)labels[i] >= (uint64_t)n_categories) {
            *wrong = i;
            return 0;
        }
        double one = (double)row[labels[i]];
        if (one == 0) zeros++;
        else if (weights || one < 0x1p-500) {
            double term = (weights ? weights[i] : 1) * log(one), next = sum + term;
            lost += sum <= term ? (sum - next) + term : (term - next) + sum;
            sum = next;
        } else {
            double next = product * one;
            rounding += __builtin_fma(product, one, -next) / next;
            product = next;
            if (product < 0x1p-500) product *= 0x1p500, doublings -= 500;
        }
    }
    *impossible = zeros;
    *wrong = -1;
    return sum + (lost + log(product) + rounding + (double)doublings * 0x1.62e42fefa39efp-1);
}

/* z (rows, width) += x w for rows of a sparse matrix, and g += x' r. Both touch rows of `width` numbers. */
static inline __attribute__((always_inline)) void FN(sparse_some)(
    const int64_t *starts, const int32_t *columns, const REAL *values, int64_t rows, const double *from, double *to,
    ptrdiff_t width, const int backward, const int nv)
{
    for (int64_t i = 0; i < rows; i++) {
        vd held[8];
#pragma GCC unroll 8
        for (int v = 0; v < nv; v++) held[v] = *(const NAME(ud) *)((backward ? from : to) + i * width + v * LANES);
        for (int64_t q = starts[i]; q < starts[i + 1]; q++) {
            double x = (double)values[q];
            ptrdiff_t at = columns[q] * width;
            if (q + AHEAD < starts[rows]) __builtin_prefetch((backward ? to : from) + columns[q + AHEAD] * width);
#pragma GCC unroll 8
            for (int v = 0; v < nv; v++)
                if (backward) *(NAME(ud) *)(to + at + v * LANES) += x * held[v];
                else held[v] += x * *(const NAME(ud) *)(from + at + v * LANES);
        }
#pragma GCC unroll 8
        for (int v = 0; v < nv && !backward; v++) *(NAME(ud) *)(to + i * width + v * LANES) = held[v];
    }
}

static void FN(sparse_product)(const int64_t *starts, const int32_t *columns, const REAL *values, int64_t rows,
                               const double *from, double *to, ptrdiff_t width, int backward)
{
#define CASE(nv)                                                                                          \
    case nv: FN(sparse_some)(starts, columns, values, rows, from + at, to + at, width, 0, nv); break;     \
    case 8 + nv: FN(sparse_some)(starts, columns, values, rows, from + at, to + at, width, 1, nv); break;
    for (int left = (int)(width / LANES), at = 0, nv; left > 0; left -= nv, at += nv * LANES) {
        nv = left > 8 ? 8 : left;
        switch (8 * backward + nv) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
    }
#undef CASE
}

/* One pass of training over rows of a matrix, dense (starts = 0) or sparse: logits, losses and residuals for a block of
 * rows at a time while they are in the cache, and g (p, width) += x' residual. `w` is (p, width), `b` and `gb` (width). */
static double FN(training_pass)(const REAL *x, ptrdiff_t row, ptrdiff_t column, int64_t n, int64_t p,
                                const int64_t *starts, const int32_t *columns, const double *w, const double *b, ptrdiff_t width, int n_categories,
                                const int64_t *labels, const double *targets, const double *weights, double *g, double *gb,
                                double *z)
{
    double total = 0, lost = 0;
    int64_t most = starts ? PASS_ROWS : 40000 / (p + 1) / 8 * 8;
    most = most < 8 ? 8 : most > PASS_ROWS ? PASS_ROWS : most;
    for (int64_t start = 0, rows; start < n; start += rows) {
        rows = n - start < most ? n - start : most;
        for (int64_t i = 0; i < rows; i++) memcpy(z + i * width, b, (size_t)width * sizeof(double));
        if (starts) FN(sparse_product)(starts + start, columns, x, rows, w, z, width, 0);
        else FN(product)(x + start * row, row, column, w, z, width, rows, p);
        double part = NAME(cross_entropy_double)(z, width, rows, n_categories, labels ? labels + start : 0,
                                                 targets ? targets + start * n_categories : 0, weights ? weights + start : 0,
                                                 1, z, width, 0);
        if (part < 0) return part - (double)start;
        double sum = total + part;
        lost += total >= part ? (total - sum) + part : (part - sum) + total;
        total = sum;
        for (int64_t i = 0; i < rows; i++) {
            for (ptrdiff_t k = n_categories; k < width; k++) z[i * width + k] = 0;
            for (ptrdiff_t k = 0; k < n_categories; k++) gb[k] += z[i * width + k];
        }
        if (starts) FN(sparse_product)(starts + start, columns, x, rows, z, g, width, 1);
        else FN(product)(x + start * row, column, row, z, g, width, p, rows);
    }
    return isfinite(total) ? total + lost : total;
}

#undef WIDTH
#undef load
