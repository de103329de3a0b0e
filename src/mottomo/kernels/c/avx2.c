/* For x86 processors with AVX2 and FMA: vectors of 32 bytes. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "task.h"
#define VB 32
#include "loops.h"
const struct kernels avx2 = TABLE;
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
