/* Vectors, exp, log, counting and matrix tiles for one instruction set: included once for each, after VB (bytes in a
 * vector) and NAME(x) are defined. Written in the vector extensions of GCC and Clang, which lower them to whatever the
 * target has; a product and a sum become one fused operation where there is one. */

typedef double NAME(vd) __attribute__((vector_size(VB)));
typedef int64_t NAME(vl) __attribute__((vector_size(VB)));
typedef uint64_t NAME(vu) __attribute__((vector_size(VB)));
typedef float NAME(vf) __attribute__((vector_size(VB)));
typedef int32_t NAME(vi) __attribute__((vector_size(VB)));
typedef uint8_t NAME(vb) __attribute__((vector_size(VB)));
typedef double NAME(ud) __attribute__((vector_size(VB), aligned(8), may_alias));
typedef float NAME(uf) __attribute__((vector_size(VB), aligned(4), may_alias));
typedef uint8_t NAME(ub) __attribute__((vector_size(VB), aligned(1), may_alias));
#define vd NAME(vd)
#define vl NAME(vl)
#define vu NAME(vu)
#define vf NAME(vf)
#define vi NAME(vi)
#define vb NAME(vb)
#define LANES (VB / 8)

/* exp(x) for x <= 0, within 1 ulp down to exp(-708); 0 below. With n = round(x / ln 2) and r = x - n ln 2,
 * exp(x) = 2^n (1 + r + r^2 q(r)); q is the minimax polynomial on |r| <= ln 2 / 2, relative error 2^-57.9. */
static inline vd NAME(exp_double)(vd x)
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
static inline vf NAME(exp_float)(vf x)
{
    vf t = x * 0x1.715476p+0f + 0x1.8p23f, n = t - 0x1.8p23f;
    vf r = (x - n * 0x1.62ep-1f) - n * 0x1.0bfbe8p-15f, r2 = r * r;
    vf q = (0.500000006768f + r * 0.166666658689f)
         + r2 * ((0.0416662949472f + r * 0.00833349707488f) + r2 * (0.00139446596347f + r * 0.000197903414242f));
    vf y = 1.0f + (r + r2 * q);
    return (vf)(((vi)y + ((vi)t << 23)) & (vi)(x >= -87.0f));
}

/* log(1 + x) for x >= 0 finite: log(u) + lost / u, where u is 1 + x as rounded and lost the rest of it; log(u) by
 * u = 2^k m and the series in s = (m - 1) / (m + 1) (coefficients of FreeBSD's e_log.c). */
static inline vd NAME(log1p)(vd x)
{
    vd u = x + 1.0, back = u - 1.0, lost = (1.0 - (u - back)) + (x - back);
    vu bits = (vu)u + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    vd k = (vd)((vl)(bits >> 52) + (0x4338000000000000 - 0x3ff)) - 0x1.8p52;
    vd m = (vd)((bits & 0x000fffffffffffffu) + 0x3fe6a09e00000000u);
    vd f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    vd even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
    vd odd = z * (0.6666666666666735130 + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
    vd rest = s * (half + (even + odd)) + k * 0x1.a39ef35793c76p-33 + lost / u;
    return k * 0x1.62e42feep-1 - ((half - rest) - f);
}

/* Codes of one byte: how often each of `k` categories from `first` on is seen, one comparison a category and vector. */
static inline __attribute__((always_inline)) void NAME(count_some)(
    const uint8_t *codes, int64_t vectors, int first, int64_t *counts, const int k)
{
    vb seen[8] = {{0}};
    for (int64_t i = 0; i < vectors; i++) {
        vb x = *(const NAME(ub) *)(codes + i * VB);
        for (int j = 0; j < k; j++) seen[j] -= (vb)(x == (uint8_t)(first + j));
    }
    for (int j = 0; j < k; j++) {
        vu low = (vu)seen[j] & 0x00ff00ff00ff00ffu, high = ((vu)seen[j] >> 8) & 0x00ff00ff00ff00ffu, sum = low + high;
        for (int lane = 0; lane < LANES; lane++) counts[first + j] += (int64_t)((sum[lane] * 0x0001000100010001u) >> 48);
    }
}

/* counts[k] for codes of one byte and at most 16 categories; a code out of range is missing from their sum. */
static void NAME(count_bytes)(const uint8_t *codes, int64_t n, int n_categories, int64_t *counts)
{
    int64_t done = 0;
    for (int64_t vectors; (vectors = (n - done) / VB) > 0; done += vectors * VB) {
        if (vectors > 255) vectors = 255; /* a byte counts to 255 */
        for (int first = 0; first < n_categories; first += 8)
            switch (n_categories - first) {
            case 1: NAME(count_some)(codes + done, vectors, first, counts, 1); break;
            case 2: NAME(count_some)(codes + done, vectors, first, counts, 2); break;
            case 3: NAME(count_some)(codes + done, vectors, first, counts, 3); break;
            case 4: NAME(count_some)(codes + done, vectors, first, counts, 4); break;
            case 5: NAME(count_some)(codes + done, vectors, first, counts, 5); break;
            case 6: NAME(count_some)(codes + done, vectors, first, counts, 6); break;
            case 7: NAME(count_some)(codes + done, vectors, first, counts, 7); break;
            default: NAME(count_some)(codes + done, vectors, first, counts, 8); break;
            }
    }
    for (; done < n; done++)
        if (codes[done] < n_categories) counts[codes[done]]++;
}
