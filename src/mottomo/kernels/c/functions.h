/* exp and log of vectors, and sums of many numbers. */

/* Each step is written for `n` vectors, at most AT_ONCE, before the next step: they do not wait for each other, which a
 * processor that looks only a few operations ahead does not find out by itself. */
#define EACH _Pragma("GCC unroll 4") for (int j = 0; j < n; j++)
#define INLINE static inline __attribute__((always_inline))

/* exp(x) for x <= 0, within 1 ulp down to exp(-708); 0 below. With k = round(x / ln 2) and r = x - k ln 2,
 * exp(x) = 2^k (1 + r + r^2 q(r)); q is the minimax polynomial on |r| <= ln 2 / 2, relative error 2^-57.9. */
INLINE void exp_double(const vd *x, vd *y, const int n)
{
    vd t[AT_ONCE], k[AT_ONCE], r[AT_ONCE], r2[AT_ONCE], low[AT_ONCE], middle[AT_ONCE], high[AT_ONCE], last[AT_ONCE];
    EACH t[j] = x[j] * 0x1.71547652b82fep+0 + 0x1.8p52;
    EACH k[j] = t[j] - 0x1.8p52;
    EACH r[j] = x[j] - k[j] * 0x1.62e42feep-1;
    EACH r[j] = r[j] - k[j] * 0x1.a39ef35793c76p-33;
    EACH r2[j] = r[j] * r[j];
    EACH low[j] = 0x1.000000000000ap-1 + r[j] * 0x1.55555555554fap-3;
    EACH middle[j] = 0x1.555555555087cp-5 + r[j] * 0x1.1111111127be5p-7;
    EACH low[j] += r2[j] * middle[j];
    EACH last[j] = 0x1.28ad72cd4ab37p-22 + r[j] * 0x1.ad7f6f0e24922p-26;
    EACH middle[j] = 0x1.a0199a0c66195p-16 + r[j] * 0x1.71df255235e0bp-19;
    EACH high[j] = 0x1.6c16c1842a126p-10 + r[j] * 0x1.a01a012a57b5ep-13;
    EACH middle[j] += r2[j] * last[j];
    EACH high[j] += r2[j] * middle[j];
    EACH low[j] += r2[j] * r2[j] * high[j];
    EACH low[j] = 1.0 + (r[j] + r2[j] * low[j]);
    EACH y[j] = (vd)(((vl)low[j] + ((vl)t[j] << 52)) & (vl)(x[j] >= -708.0));
}

/* The same in single precision down to exp(-87); the polynomial's relative error is 2^-34.2. */
INLINE void exp_float(const vf *x, vf *y, const int n)
{
    vf t[AT_ONCE], k[AT_ONCE], r[AT_ONCE], r2[AT_ONCE], low[AT_ONCE], middle[AT_ONCE], high[AT_ONCE];
    EACH t[j] = x[j] * 0x1.715476p+0f + 0x1.8p23f;
    EACH k[j] = t[j] - 0x1.8p23f;
    EACH r[j] = x[j] - k[j] * 0x1.62ep-1f;
    EACH r[j] = r[j] - k[j] * 0x1.0bfbe8p-15f;
    EACH r2[j] = r[j] * r[j];
    EACH low[j] = 0.500000006768f + r[j] * 0.166666658689f;
    EACH middle[j] = 0.0416662949472f + r[j] * 0.00833349707488f;
    EACH high[j] = 0.00139446596347f + r[j] * 0.000197903414242f;
    EACH middle[j] += r2[j] * high[j];
    EACH low[j] += r2[j] * middle[j];
    EACH low[j] = 1.0f + (r[j] + r2[j] * low[j]);
    EACH y[j] = (vf)(((vi)low[j] + ((vi)t[j] << 23)) & (vi)(x[j] >= -87.0f));
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

/* y += log(1 + x) for a block of numbers x >= 0, finite. */
static inline void add_log1p(const double *x, double *y)
{
    const int n = AT_ONCE;
    for (int i = 0; i < BLOCK; i += n * LANES) {
        vd u[AT_ONCE], lost[AT_ONCE], log[AT_ONCE];
        EACH {
            vd one = *(const ud *)(x + i + j * LANES), back;
            u[j] = one + 1.0, back = u[j] - 1.0;
            lost[j] = (1.0 - (u[j] - back)) + (one - back);
        }
        log_of(u, lost, log, n);
        EACH *(ud *)(y + i + j * LANES) += log[j];
    }
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
    double block = 0;
    for (int lane = 0; lane < LANES; lane++) block += sums[lane];
    add(s, block);
}
