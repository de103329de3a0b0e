/* exp and log of vectors, and sums of many numbers. */

/* exp(x) for x <= 0, within 1 ulp down to exp(-708); 0 below. With n = round(x / ln 2) and r = x - n ln 2,
 * exp(x) = 2^n (1 + r + r^2 q(r)); q is the minimax polynomial on |r| <= ln 2 / 2, relative error 2^-57.9. */
static inline vd exp_double(vd x)
{
    vd t = x * 0x1.71547652b82fep+0 + 0x1.8p52, n = t - 0x1.8p52;
    vd r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33, r2 = r * r, r4 = r2 * r2;
    vd low = (0x1.000000000000ap-1 + r * 0x1.55555555554fap-3) + r2 * (0x1.555555555087cp-5 + r * 0x1.1111111127be5p-7);
    vd high = (0x1.6c16c1842a126p-10 + r * 0x1.a01a012a57b5ep-13)
            + r2 * (0x1.a0199a0c66195p-16 + r * 0x1.71df255235e0bp-19)
            + r4 * (0x1.28ad72cd4ab37p-22 + r * 0x1.ad7f6f0e24922p-26);
    vd y = 1.0 + (r + r2 * (low + r4 * high));
    return (vd)(((vl)y + ((vl)t << 52)) & (vl)(x >= -708.0));
}

/* The same in single precision down to exp(-87); the polynomial's relative error is 2^-34.2. */
static inline vf exp_float(vf x)
{
    vf t = x * 0x1.715476p+0f + 0x1.8p23f, n = t - 0x1.8p23f;
    vf r = (x - n * 0x1.62ep-1f) - n * 0x1.0bfbe8p-15f, r2 = r * r;
    vf q = (0.500000006768f + r * 0.166666658689f)
         + r2 * ((0.0416662949472f + r * 0.00833349707488f) + r2 * (0.00139446596347f + r * 0.000197903414242f));
    vf y = 1.0f + (r + r2 * q);
    return (vf)(((vi)y + ((vi)t << 23)) & (vi)(x >= -87.0f));
}

/* log(u + lost) for a normal u > 0 and a `lost` below its rounding: with u = 2^k m and s = (m - 1) / (m + 1), a series
 * in s (coefficients of FreeBSD's e_log.c), plus lost / u. One division serves both quotients; it is exact at u = 1. */
static inline vd log_of(vd u, vd lost)
{
    vu bits = (vu)u + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    vd k = (vd)((vl)(bits >> 52) + (0x4338000000000000 - 0x3ff)) - 0x1.8p52;
    vd m = (vd)((bits & 0x000fffffffffffffu) + 0x3fe6a09e00000000u);
    vd f = m - 1.0, above = 2.0 + f, both = 1.0 / (u * above), s = f * (u * both), z = s * s, w = z * z, half = 0.5 * f * f;
    vd even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
    vd odd = z * (0.6666666666666735130 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
    vd rest = s * (half + (even + odd)) + k * 0x1.a39ef35793c76p-33 + lost * above * both;
    return k * 0x1.62e42feep-1 - ((half - rest) - f);
}

/* log(1 + x) for x >= 0 finite. */
static inline vd log1p_of(vd x)
{
    vd u = x + 1.0, back = u - 1.0;
    return log_of(u, (1.0 - (u - back)) + (x - back));
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
