/* For x86 processors with AVX-512 (F, BW, DQ, VL): vectors of 64 bytes. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma")
#endif
#include "task.h"
#define VB 64
#include "loops.h"
const struct kernels avx512 = TABLE;
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
