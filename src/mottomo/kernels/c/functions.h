/* exp and log of vectors, and sums of many numbers. */

/* Each step is written for `n` vectors, at most AT_ONCE, before the next step: they do not wait for each other, which a
 * processor that looks only a few operations ahead does not find out by itself. */
#define EACH _Pragma("GCC unroll 4") for (int j = 0; j < n; j++)
#define INLINE static inline __attribute__((always_inline))

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(mask, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(mask, a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

/* Four rows of four become columns; each with the pairs that its vectors can take in one step. */
INLINE void transpose_float(const quad_float *x, quad_float *y)
{
    quad_float a = SHUFFLE(quad_int, x[0], x[1], 0, 4, 1, 5), b = SHUFFLE(quad_int, x[0], x[1], 2, 6, 3, 7);
    quad_float c = SHUFFLE(quad_int, x[2], x[3], 0, 4, 1, 5), d = SHUFFLE(quad_int, x[2], x[3], 2, 6, 3, 7);
    y[0] = SHUFFLE(quad_int, a, c, 0, 1, 4, 5), y[1] = SHUFFLE(quad_int, a, c, 2, 3, 6, 7);
    y[2] = SHUFFLE(quad_int, b, d, 0, 1, 4, 5), y[3] = SHUFFLE(quad_int, b, d, 2, 3, 6, 7);
}
INLINE void transpose_double(const quad_double *x, quad_double *y)
{
    quad_double a = SHUFFLE(quad_long, x[0], x[1], 0, 4, 2, 6), b = SHUFFLE(quad_long, x[0], x[1], 1, 5, 3, 7);
    quad_double c = SHUFFLE(quad_long, x[2], x[3], 0, 4, 2, 6), d = SHUFFLE(quad_long, x[2], x[3], 1, 5, 3, 7);
    y[0] = SHUFFLE(quad_long, a, c, 0, 1, 4, 5), y[1] = SHUFFLE(quad_long, b, d, 0, 1, 4, 5);
    y[2] = SHUFFLE(quad_long, a, c, 2, 3, 6, 7), y[3] = SHUFFLE(quad_long, b, d, 2, 3, 6, 7);
}

/* exp(x) within 1 ulp for x from -708 to 708; below it 0 and of a NaN NaN, unless it is known that all are `near` 0. With
 * k = round(x / ln 2) and r = x - k ln 2, exp(x) = 2^k (1 + r + r^2 q(r)); q is the minimax polynomial on |r| <= ln 2 / 2,
 * relative error 2^-57.9. */
INLINE void exp_double(const vd *x, vd *y, const int n, const int near)
{
    vd t[AT_ONCE], k[AT_ONCE], r[AT_ONCE], r2[AT_ONCE], even[AT_ONCE], odd[AT_ONCE];
    EACH t[j] = x[j] * 0x1.71547652b82fep+0 + 0x1.8p52;
    EACH k[j] = t[j] - 0x1.8p52;
    EACH r[j] = x[j] - k[j] * 0x1.62e42feep-1;
    EACH r[j] = r[j] - k[j] * 0x1.a39ef35793c76p-33;
    EACH r2[j] = r[j] * r[j];
    EACH even[j] = 0x1.a0199a0c66195p-16 + r2[j] * 0x1.28ad72cd4ab37p-22;
    EACH odd[j] = 0x1.71df255235e0bp-19 + r2[j] * 0x1.ad7f6f0e24922p-26;
    EACH even[j] = 0x1.6c16c1842a126p-10 + r2[j] * even[j];
    EACH odd[j] = 0x1.a01a012a57b5ep-13 + r2[j] * odd[j];
    EACH even[j] = 0x1.555555555087cp-5 + r2[j] * even[j];
    EACH odd[j] = 0x1.1111111127be5p-7 + r2[j] * odd[j];
    EACH even[j] = 0x1.000000000000ap-1 + r2[j] * even[j];
    EACH odd[j] = 0x1.55555555554fap-3 + r2[j] * odd[j];
    EACH even[j] += r[j] * odd[j];
    EACH even[j] = 1.0 + (r[j] + r2[j] * even[j]);
    EACH y[j] = (vd)((vu)even[j] + ((vu)t[j] << 52));
    if (!near) EACH y[j] = (vd)((vl)y[j] & ~(vl)(x[j] < -708.0));
}

/* The same in single precision from -87 to 87; the polynomial's relative error is 2^-34.2. */
INLINE void exp_float(const vf *x, vf *y, const int n, const int near)
{
    vf t[AT_ONCE], k[AT_ONCE], r[AT_ONCE], r2[AT_ONCE], even[AT_ONCE], odd[AT_ONCE];
    EACH t[j] = x[j] * 0x1.715476p+0f + 0x1.8p23f;
    EACH k[j] = t[j] - 0x1.8p23f;
    EACH r[j] = x[j] - k[j] * 0x1.62ep-1f;
    EACH r[j] = r[j] - k[j] * 0x1.0bfbe8p-15f;
    EACH r2[j] = r[j] * r[j];
    EACH even[j] = 0.0416662949472f + r2[j] * 0.00139446596347f;
    EACH odd[j] = 0.00833349707488f + r2[j] * 0.000197903414242f;
    EACH even[j] = 0.500000006768f + r2[j] * even[j];
    EACH odd[j] = 0.166666658689f + r2[j] * odd[j];
    EACH even[j] += r[j] * odd[j];
    EACH even[j] = 1.0f + (r[j] + r2[j] * even[j]);
    EACH y[j] = (vf)((vw)even[j] + ((vw)t[j] << 23));
    if (!near) EACH y[j] = (vf)((vi)y[j] & ~(vi)(x[j] < -87.0f));
}

static inline double sum_lanes_double(vd x)
{
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += x[lane];
    return sum;
}
static inline double sum_lanes_float(vf x)
{
    double sum = 0;
    for (int lane = 0; lane < 2 * LANES; lane++) sum += (double)x[lane];
    return sum;
}

/* log(u + lost) for a normal u > 0 and a `lost` below its rounding: with u = 2^k m and s = (m - 1) / (m + 1), a series
 * in s (coefficients of FreeBSD's e_log.c), plus lost / u. One division serves both quotients; it is exact at u = 1. */
INLINE void log_of(const vd *u, const vd *lost, vd *y, const int n)
{
    vd k[AT_ONCE], f[AT_ONCE], above[AT_ONCE], both[AT_ONCE], s[AT_ONCE], z[AT_ONCE], w[AT_ONCE], half[AT_ONCE];
    vd even[AT_ONCE], odd[AT_ONCE];
    vu bits[AT_ONCE];
    EACH bits[j] = (vu)u[j] + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    EACH k[j] = (vd)((vl)(bits[j] >> 52) + (0x4338000000000000 - 0x3ff)) - 0x1.8p52;
    EACH f[j] = (vd)((bits[j] & 0x000fffffffffffffu) + 0x3fe6a09e00000000u) - 1.0;
    EACH above[j] = 2.0 + f[j];
    EACH both[j] = 1.0 / (u[j] * above[j]);
    EACH s[j] = f[j] * (u[j] * both[j]);
    EACH z[j] = s[j] * s[j];
    EACH w[j] = z[j] * z[j];
    EACH half[j] = 0.5 * f[j] * f[j];
    EACH even[j] = w[j] * (0.3999999999940941908 + w[j] * (0.2222219843214978396 + w[j] * 0.1531383769920937332));
    EACH odd[j] = 0.1818357216161805012 + w[j] * 0.1479819860511658591;
    EACH odd[j] = z[j] * (0.6666666666666735130 + w[j] * (0.2857142874366239149 + w[j] * odd[j]));
    EACH even[j] = s[j] * (half[j] + (even[j] + odd[j])) + k[j] * 0x1.a39ef35793c76p-33 + lost[j] * above[j] * both[j];
    EACH y[j] = k[j] * 0x1.62e42feep-1 - ((half[j] - even[j]) - f[j]);
}

/* log(1 + x) of n vectors of numbers x >= 0, finite. */
INLINE void log1p_of(const double *x, vd *y, const int n)
{
    vd u[AT_ONCE], lost[AT_ONCE];
    EACH {
        vd one = *(const ud *)(x + j * LANES), back;
        u[j] = one + 1.0, back = u[j] - 1.0;
        lost[j] = (1.0 - (u[j] - back)) + (one - back);
    }
    log_of(u, lost, y, n);
}

/* y += log(1 + x) for a block of numbers x >= 0, finite. */
static inline void add_log1p(const double *x, double *y)
{
    const int n = AT_ONCE;
    for (int i = 0; i < BLOCK; i += n * LANES) {
        vd log[AT_ONCE];
        log1p_of(x + i, log, n);
        EACH *(ud *)(y + i + j * LANES) += log[j];
    }
}

/* sum_i log(1 + x_i) over a block of numbers 0 <= x <= 2^100: since (1 + a)(1 + b) = 1 + (a + b + a b), where small
 * ones keep their digits, one logarithm serves many. It overwrites x. */
static inline double sum_log1p(double *x, int rows)
{
    const int n = AT_ONCE;
    vd logs[AT_ONCE], sums = {0};
    for (int i = rows; i < BLOCK; i++) x[i] = 0;
    for (int half = BLOCK / 2; half >= n * LANES; half /= 2)
        for (int i = 0; i < half; i += LANES) {
            vd a = *(ud *)(x + i), b = *(ud *)(x + half + i);
            *(ud *)(x + i) = a + b + a * b;
        }
    log1p_of(x, logs, n);
    EACH sums += logs[j];
    return sum_lanes_double(sums);
}

/* sum_i log(x_i) over a block of numbers 2^-240 <= x <= 2: what rounding takes from their products comes along. It
 * overwrites x. */
static inline double sum_log(double *x)
{
    const int n = AT_ONCE;
    double lost[BLOCK] = {0};
    vd sums = {0};
    int left = BLOCK;
    for (; VB > 16 && left > n * LANES; left /= 2) /* where a product and a sum are one operation */
        for (int i = 0; i < left / 2; i++) {
            const double a = x[i], b = x[left / 2 + i], product = a * b;
            lost[i] = __builtin_fma(a, b, -product) + (a * lost[left / 2 + i] + b * lost[i]);
            x[i] = product;
        }
    for (int i = 0; i < left; i += n * LANES) {
        vd u[AT_ONCE], less[AT_ONCE], logs[AT_ONCE];
        EACH u[j] = *(ud *)(x + i + j * LANES), less[j] = *(ud *)(lost + i + j * LANES);
        log_of(u, less, logs, n);
        EACH sums += logs[j];
    }
    return sum_lanes_double(sums);
}

static inline int any_lane(vl mask)
{
    int64_t any = 0;
    for (int lane = 0; lane < LANES; lane++) any |= mask[lane];
    return any != 0;
}

/* A sum with Neumaier's compensation. */
struct sum { double total, lost; };
static inline void add(struct sum *s, double term)
{
    double next = s->total + term;
    s->lost += fabs(s->total) >= fabs(term) ? (s->total - next) + term : (term - next) + s->total;
    s->total = next;
}
static inline double value(struct sum s) { return isfinite(s.total) ? s.total + s.lost : s.total; }

/* Adds sum_i w_i x_i over a block of rows. */
static inline void add_block(struct sum *s, const double *x, const double *weights, int rows)
{
    double weighted[BLOCK] = {0};
    vd sums = {0};
    for (int i = 0; i < rows; i++) weighted[i] = !weights ? x[i] : weights[i] != 0 ? weights[i] * x[i] : 0;
    for (int i = 0; i < BLOCK; i += LANES) sums += *(const ud *)(weighted + i);
    add(s, sum_lanes_double(sums));
}
