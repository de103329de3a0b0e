/* One pass of training over rows of features of one type, dense or sparse. */

/* c (mr rows, nv vectors) += sum_s a(s, .) b(s, .): a sum of outer products, held in registers. */
static inline __attribute__((always_inline)) void FN(tile)(
    const REAL *a, ptrdiff_t a_row, ptrdiff_t a_step, const double *b, double *c, ptrdiff_t width, int64_t count,
    const int mr, const int nv)
{
    vd sums[8][4];
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++) sums[i][v] = *(const ud *)(c + i * width + v * LANES);
    for (int64_t s = 0; s < count; s++)
#pragma GCC unroll 8
        for (int i = 0; i < mr; i++) {
            double x = (double)a[i * a_row + s * a_step];
#pragma GCC unroll 4
            for (int v = 0; v < nv; v++) sums[i][v] += x * *(const ud *)(b + s * width + v * LANES);
        }
#pragma GCC unroll 8
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++) *(ud *)(c + i * width + v * LANES) = sums[i][v];
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

/* Few categories: lanes run along the features, and w and its gradient are (k, stride). z (rows, width) += x w for `m`
 * rows side by side. */
static inline __attribute__((always_inline)) void FN(few_logits)(
    const REAL *x, ptrdiff_t row, const double *w, ptrdiff_t stride, double *z, ptrdiff_t width, int64_t p, const int m,
    const int k)
{
    vd sums[4][FEW] = {{{0}}};
    int64_t j = 0;
    for (; j + LANES <= p; j += LANES) {
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) __builtin_prefetch(x + (i + 8) * row + j);
#pragma GCC unroll 4
        for (int c = 0; c < k; c++)
#pragma GCC unroll 4
            for (int i = 0; i < m; i++) sums[i][c] += FN(wide)(x + i * row + j) * *(const ud *)(w + c * stride + j);
    }
    for (int i = 0; i < m; i++)
        for (int c = 0; c < k; c++) {
            double sum = sum_lanes_double(sums[i][c]);
            for (int64_t tail = j; tail < p; tail++) sum += (double)x[i * row + tail] * w[c * stride + tail];
            z[i * width + c] += sum;
        }
}

/* g (k, stride) += r' x for `u` vectors of features; r (rows, width). */
static inline __attribute__((always_inline)) void FN(few_gradients)(
    const REAL *x, ptrdiff_t row, const double *r, ptrdiff_t width, double *g, ptrdiff_t stride, int64_t rows, const int u,
    const int k)
{
    vd sums[4][FEW];
    for (int v = 0; v < u; v++)
        for (int c = 0; c < k; c++) sums[v][c] = *(const ud *)(g + c * stride + v * LANES);
    for (int64_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < u; v++) {
            vd some = FN(wide)(x + i * row + v * LANES);
            __builtin_prefetch(x + (i + rows) * row + v * LANES, 0, 2);
#pragma GCC unroll 4
            for (int c = 0; c < k; c++) sums[v][c] += some * r[i * width + c];
        }
    for (int v = 0; v < u; v++)
        for (int c = 0; c < k; c++) *(ud *)(g + c * stride + v * LANES) = sums[v][c];
}

#define FOR_FEW(call) do { if (t->k == 2) call(2); else if (t->k == 3) call(3); else call(4); } while (0)
static void FN(few_logits_of)(const struct task *t, const REAL *x, double *z, int64_t rows)
{
    int64_t i = 0;
#define CALL(k) for (; i + 4 <= rows; i += 4) \
        FN(few_logits)(x + i * t->row, t->row, t->w, t->p, z + i * t->width, t->width, t->p, 4, k)
    FOR_FEW(CALL);
#undef CALL
#define CALL(k) for (; i < rows; i++) \
        FN(few_logits)(x + i * t->row, t->row, t->w, t->p, z + i * t->width, t->width, t->p, 1, k)
    FOR_FEW(CALL);
#undef CALL
}

/* The features after the last whole vector come one by one. */
static void FN(few_gradients_of)(const struct task *t, const REAL *x, const double *r, int64_t rows)
{
    double *g = t->gradient;
    int64_t j = 0;
#define CALL(k) for (; VB == 64 && j + 4 * LANES <= t->p; j += 4 * LANES) \
        FN(few_gradients)(x + j, t->row, r, t->width, g + j, t->p, rows, 4, k)
    FOR_FEW(CALL);
#undef CALL
#define CALL(k) for (; j + LANES <= t->p; j += LANES) FN(few_gradients)(x + j, t->row, r, t->width, g + j, t->p, rows, 1, k)
    FOR_FEW(CALL);
#undef CALL
    for (; j < t->p; j++)
        for (int c = 0; c < t->k; c++)
            for (int64_t i = 0; i < rows; i++) g[c * t->p + j] += (double)x[i * t->row + j] * r[i * t->width + c];
}
#undef FOR_FEW

/* z (rows, width) += x w for rows of a sparse matrix, and g += x' r. Both touch rows of `width` numbers. */
static inline __attribute__((always_inline)) void FN(sparse_some)(
    const int64_t *starts, const int32_t *columns, const REAL *values, int64_t rows, const double *from, double *to,
    ptrdiff_t width, const int backward, const int nv)
{
    for (int64_t i = 0; i < rows; i++) {
        vd held[8];
#pragma GCC unroll 8
        for (int v = 0; v < nv; v++) held[v] = *(const ud *)((backward ? from : to) + i * width + v * LANES);
        for (int64_t q = starts[i]; q < starts[i + 1]; q++) {
            double x = (double)values[q];
            ptrdiff_t at = columns[q] * width;
            if (q + ENTRIES_AHEAD < starts[rows]) __builtin_prefetch((backward ? to : from) + columns[q + ENTRIES_AHEAD] * width);
#pragma GCC unroll 8
            for (int v = 0; v < nv; v++)
                if (backward) *(ud *)(to + at + v * LANES) += x * held[v];
                else held[v] += x * *(const ud *)(from + at + v * LANES);
        }
#pragma GCC unroll 8
        for (int v = 0; v < nv && !backward; v++) *(ud *)(to + i * width + v * LANES) = held[v];
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

/* Logits, losses and residuals for a block of rows at a time while they are in the cache; gradient += x' residual. */
static void FN(training_pass)(struct task *t)
{
    struct sum sum = {0, 0};
    struct task block = {0};
    const ptrdiff_t width = t->width;
    const int few = is_few(t);
    double *z = t->room, *gradient = t->gradient;
    int64_t most = t->starts ? BLOCK : 10000 / (t->p + 1) / 8 * 8;
    most = most < 8 ? 8 : most > BLOCK ? BLOCK : most;
    for (int64_t start = 0, rows; start < t->n; start += rows) {
        rows = t->n - start < most ? t->n - start : most;
        const REAL *x = (const REAL *)t->x + (t->starts ? 0 : start * t->row);
        const int64_t *starts = t->starts ? t->starts + start : 0;
        block = (struct task){.n = rows, .k = t->k, .x = z, .row = width, .labels = t->labels ? t->labels + start : 0,
                              .targets = t->targets ? (const double *)t->targets + start * t->k : 0,
                              .weights = t->weights ? t->weights + start : 0, .scale = 1, .gradient = z, .wrong = -1,
                              .careful = block.careful};
        for (int64_t i = 0; i < rows; i++) memcpy(z + i * width, t->b, (size_t)width * sizeof(double));
        if (starts) FN(sparse_product)(starts, t->columns, x, rows, t->w, z, width, 0);
        else if (few) FN(few_logits_of)(t, x, z, rows);
        else {
            if (t->column == 1 && t->p <= 128) FN(fetch)(x + rows * t->row, (int)(rows * t->row)); /* the next block, if short */
            FN(product)(x, t->row, t->column, t->w, z, width, rows, t->p);
        }
        cross_entropy_double(&block);
        if (block.wrong >= 0) {
            t->wrong = start + block.wrong;
            return;
        }
        add(&sum, block.sum);
        for (int64_t i = 0; i < rows; i++) {
            for (ptrdiff_t k = t->k; k < width; k++) z[i * width + k] = 0;
            for (ptrdiff_t k = 0; k < t->k; k++) t->intercept_gradient[k] += z[i * width + k];
        }
        if (starts) FN(sparse_product)(starts, t->columns, x, rows, z, gradient, width, 1);
        else if (few) FN(few_gradients_of)(t, x, z, rows);
        else FN(product)(x, t->column, t->row, z, gradient, width, t->p, rows);
    }
    t->sum = value(sum);
}

#undef WIDTH
#undef load
