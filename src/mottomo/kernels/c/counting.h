/* How often each category was seen, in codes of 1, 2, 4 or 8 bytes. */
typedef uint8_t vb __attribute__((vector_size(VB)));
typedef uint8_t ub __attribute__((vector_size(VB), aligned(1), may_alias));

/* Codes of one byte: how often each of `k` categories from `first` on is seen, one comparison a category and vector. */
static inline __attribute__((always_inline)) void count_some(
    const uint8_t *codes, int64_t vectors, int first, int64_t *counts, const int k)
{
    vb seen[8] = {{0}};
    for (int64_t i = 0; i < vectors; i++) {
        vb x = *(const ub *)(codes + i * VB);
        __builtin_prefetch(codes + i * VB + AHEAD);
        for (int j = 0; j < k; j++) seen[j] -= (vb)(x == (uint8_t)(first + j));
    }
    for (int j = 0; j < k; j++) {
        vu low = (vu)seen[j] & 0x00ff00ff00ff00ffu, high = ((vu)seen[j] >> 8) & 0x00ff00ff00ff00ffu, sum = low + high;
        for (int lane = 0; lane < LANES; lane++) counts[first + j] += (int64_t)((sum[lane] * 0x0001000100010001u) >> 48);
    }
}

static void count_bytes(const uint8_t *codes, int64_t n, int n_categories, int64_t *counts)
{
#define CASE(k) case k: count_some(codes + done, vectors, first, counts, k); break;
    int64_t done = 0, before = 0, after = 0;
    for (int k = 0; k < n_categories; k++) before += counts[k];
    for (int64_t vectors; (vectors = (n - done) / VB) > 0; done += vectors * VB) {
        if (vectors > 255) vectors = 255; /* a byte counts to 255 */
        for (int first = 0; first < n_categories; first += 8)
            switch (n_categories - first) {
                CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
                default: count_some(codes + done, vectors, first, counts, 8);
            }
    }
    for (; done < n; done++)
        if (codes[done] < n_categories) counts[codes[done]]++;
    for (int k = 0; k < n_categories; k++) after += counts[k];
    counts[n_categories] += n - (after - before);
#undef CASE
}

/* Codes beyond K, and negative ones, which are large without their sign, count in the place after the last. Four
 * tables, so that one code need not wait for the one before it. */
#define COUNT_CODES(T)                                                                                     \
    static void count_##T(const T *codes, int64_t n, uint64_t k, int64_t *counts, uint32_t *tables)         \
    {                                                                                                      \
        uint32_t *second = tables + (k + 1), *third = second + (k + 1), *fourth = third + (k + 1);          \
        for (int64_t done = 0, stop; done < n; done = stop) {                                              \
            stop = n - done > INT32_MAX ? done + INT32_MAX : n;                                            \
            memset(tables, 0, 4 * (k + 1) * sizeof(uint32_t));                                             \
            int64_t i = done;                                                                              \
            for (; i + 4 <= stop; i += 4) {                                                                \
                uint64_t a = codes[i], b = codes[i + 1], c = codes[i + 2], d = codes[i + 3];               \
                __builtin_prefetch((const char *)(codes + i) + AHEAD);                                     \
                tables[a < k ? a : k]++, second[b < k ? b : k]++, third[c < k ? c : k]++, fourth[d < k ? d : k]++; \
            }                                                                                              \
            for (; i < stop; i++) tables[codes[i] < k ? codes[i] : k]++;                                   \
            for (uint64_t place = 0; place < 4 * (k + 1); place++) counts[place % (k + 1)] += tables[place]; \
        }                                                                                                  \
    }
COUNT_CODES(uint8_t)
COUNT_CODES(uint16_t)
COUNT_CODES(uint32_t)
COUNT_CODES(uint64_t)

static void count(struct task *t)
{
    uint32_t *tables = (uint32_t *)t->room;
    if (t->item == 1 && t->k <= 16) count_bytes(t->x, t->n, t->k, t->counts);
    else if (t->item == 1) count_uint8_t(t->x, t->n, (uint64_t)t->k, t->counts, tables);
    else if (t->item == 2) count_uint16_t(t->x, t->n, (uint64_t)t->k, t->counts, tables);
    else if (t->item == 4) count_uint32_t(t->x, t->n, (uint64_t)t->k, t->counts, tables);
    else count_uint64_t(t->x, t->n, (uint64_t)t->k, t->counts, tables);
}
